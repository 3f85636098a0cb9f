"""From whatever schema is found to the one this version knows: refused, created or migrated, and never without a way back.

Looking costs one query and no Alembic; only a store that has to change pays for loading it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import attrs
from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from crmcore.db import schema
from crmcore.db.engine import Database
from crmcore.errors import StoreError

#: Every migration, oldest first; a test holds it against the folder.
REVISIONS = ("0001", "0002", "0003")
HEAD = REVISIONS[-1]

#: As Alembic makes it, so that it goes on from a store it did not create.
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
_LOCK = 0x63726D  # PostgreSQL advisory lock: one upgrade at a time
_ALEMBIC = threading.Lock()  # its `context` and `op` are the process's: one upgrade at a time, of whatever store


@attrs.frozen(kw_only=True)
class Upgraded:
    """What an upgrade did.

    Attributes:
        found: the revision before; None for an empty store.
        known: the revision now.
        backup: the copy that was made before anything changed; None when nothing could be lost.
    """

    found: str | None
    known: str
    backup: Path | None = None

    @property
    def changed(self) -> bool:
        """False when there was nothing to do."""
        return self.found != self.known


def check_schema(db: Database) -> None:
    """Raise unless the store has the schema of this version: CRM-D120 when it is older, CRM-D121 when it is newer."""
    found = _revision(db)
    if found != HEAD:
        if found is not None and found not in REVISIONS:
            raise StoreError("CRM-D121", at=db.place, found=found, known=HEAD)
        raise StoreError("CRM-D120", at=db.place)


def ready(db: Database, now: datetime) -> None:
    """Create what a new SQLite file needs, so that nobody's first command is an upgrade; otherwise `check_schema`."""
    if not db.postgresql and _revision(db) is None and _empty(db):
        upgrade(db, now)
        return
    check_schema(db)


def upgrade(db: Database, now: datetime | None = None) -> Upgraded:
    """Bring the store to this version's schema; an SQLite file that holds anything is copied first, next to itself.

    One transaction: it is created or migrated as a whole or not at all. `now` names the copy.
    """
    found = _revision(db)
    if found == HEAD:
        return Upgraded(found=found, known=HEAD)
    if found is not None and found not in REVISIONS:
        raise StoreError("CRM-D121", at=db.place, found=found, known=HEAD)
    if found is None and _empty(db):
        _create(db)
        return Upgraded(found=None, known=HEAD)
    copy = None
    if not db.postgresql:
        stamp = f"{now:%Y%m%dT%H%M%S}" if now else "upgrade"
        path = Path(str(db.url.database))
        copy = backup(db, path.with_name(f"{path.name}.{found or 'unversioned'}-{stamp}.bak"))
    migrate(db)
    return Upgraded(found=found, known=HEAD, backup=copy)


def backup(db: Database, target: Path) -> Path:
    """Copy an SQLite store while it is in use, check the copy, and return its path; mode 0600, never over another file."""
    if db.postgresql:
        raise StoreError("CRM-D122")
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        raise StoreError("CRM-D123", at=target.name) from None
    except OSError as error:
        raise StoreError("CRM-D124", at=target.name, why=type(error).__name__) from None
    try:
        _copy(db, target)
    except BaseException:
        target.unlink(missing_ok=True)  # half a copy looks like a backup
        raise
    return target


def _copy(db: Database, target: Path) -> None:
    with db.engine.connect() as connection, contextlib.closing(sqlite3.connect(target)) as copy:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        try:
            source.backup(copy)
            copy.execute("pragma journal_mode=DELETE").fetchone()  # one file, nothing beside it
            sound = copy.execute("pragma integrity_check").fetchone()[0] == "ok"
        except sqlite3.Error as error:
            raise StoreError("CRM-D124", at=target.name, why=type(error).__name__) from None
    if not sound:
        raise StoreError("CRM-D115", at=target.name)


def _create(db: Database) -> None:
    """All tables of this version at once: a new store has no history to walk through."""
    with _alone(db) as connection:
        if _tables(connection):  # somebody else was quicker
            return
        schema.metadata.create_all(connection, checkfirst=False)
        _VERSION.create(connection)
        connection.execute(_VERSION.insert().values(version_num=HEAD))


def migrate(db: Database, to: str = HEAD) -> None:
    """Walk through the migrations up to a revision, from wherever the store is."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _ALEMBIC, _alone(db) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


@contextlib.contextmanager
def _alone(db: Database) -> Iterator[Connection]:
    """A transaction beside which no other upgrade of this store runs."""
    with db.writing() as connection:
        if db.postgresql:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield connection


def _revision(db: Database) -> str | None:
    """The revision of the store; None when no migration ever ran."""
    try:
        with db.reading() as connection:
            found: str | None = connection.execute(text("select version_num from alembic_version")).scalar()
    except StoreError as error:
        if error.code != "CRM-D120":
            raise
        return None
    return found


def _empty(db: Database) -> bool:
    with db.reading() as connection:
        return not _tables(connection)


def _tables(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()
