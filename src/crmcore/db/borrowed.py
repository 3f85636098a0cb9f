"""The engine of an application, borrowed: its connections are used, and whatever else uses them notices nothing.

Ours has the same pool and dialect and events of its own. What SQLite is told on a connection is told when we take it and taken
back when it returns to the pool, so that the application's own transactions stay what they were.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool, SingletonThreadPool, StaticPool

from crmcore.errors import Busy, StoreError

DRIVERS = {"pysqlite", "psycopg"}
#: What a connection is set to while it is ours; the write-ahead log is not taken back, as it is a property of the file.
PRAGMAS = {"busy_timeout": "15000", "synchronous": "FULL", "foreign_keys": "ON", "trusted_schema": "OFF"}
_BEFORE = "crmcore.before"


class Borrowed(Engine):
    """An engine over the pool that the application's engine has at the moment; it never disposes of it.

    Raises `StoreError` where two users of a pool would be in one transaction, or the driver is one we do not know.
    """

    def __init__(self, theirs: object) -> None:
        if not isinstance(theirs, Engine) or theirs.driver not in DRIVERS:
            raise StoreError("CRM-D105", driver=getattr(theirs, "driver", type(theirs).__name__))
        if isinstance(theirs.pool, StaticPool | SingletonThreadPool):
            raise StoreError("CRM-D106")
        self._theirs = theirs
        postgresql = theirs.dialect.name == "postgresql"
        options = {"isolation_level": "READ COMMITTED"} if postgresql else {}
        super().__init__(theirs.pool, theirs.dialect, theirs.url, hide_parameters=True, execution_options=options)
        if not postgresql:
            event.listen(self, "engine_connect", _take)
            event.listen(self, "begin", _begin)
            if not event.contains(theirs.pool, "checkin", _give_back):
                event.listen(theirs.pool, "checkin", _give_back)

    @property
    def pool(self) -> Pool:
        """Theirs: a new one after they disposed of it, e.g. in a forked process."""
        return self._theirs.pool

    @pool.setter
    def pool(self, _pool: Pool) -> None:
        """It is not ours to change."""

    def dispose(self, close: bool = True) -> None:
        """Nothing: the connections are not ours."""


def _take(connection: Connection) -> None:
    """Make a connection ours, or give it back at once: nobody else would, as it is not anybody's yet."""
    try:
        _set(connection)
    except BaseException:
        connection.close()
        raise


def _set(connection: Connection) -> None:
    """Set what we need, and remember what was there."""
    raw: Any = connection.connection.driver_connection
    _end(raw)
    before = {name: raw.execute(f"pragma {name}").fetchone()[0] for name in PRAGMAS}
    connection.connection.info[_BEFORE] = (raw.isolation_level, before)
    raw.isolation_level = None  # BEGIN is ours to say
    for name, value in PRAGMAS.items():
        raw.execute(f"pragma {name}={value}")
    if raw.execute("pragma journal_mode").fetchone()[0] != "wal":
        _to_wal(raw, connection.engine)


def _to_wal(raw: Any, engine: Engine) -> None:
    """Once in the life of a file; nobody else may be in it at that moment."""
    try:
        raw.execute("pragma journal_mode=WAL")
    except sqlite3.OperationalError:
        raise Busy("CRM-D110", at=Path(engine.url.database or "").name) from None


def _begin(connection: Connection) -> None:
    _end(connection.connection.driver_connection)
    writing = connection.get_execution_options().get("writing", False)
    # by SQLAlchemy, so that a refusal gets its code
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _end(raw: Any) -> None:
    """An application that listens to every engine may have said BEGIN already, which would be the wrong one."""
    if raw.in_transaction:
        raw.execute("rollback")


def _give_back(raw: Any, record: Any) -> None:
    """The connection returns to the pool as it was; None is one that is broken."""
    level, before = record.info.pop(_BEFORE, (None, {}))
    if raw is None or not before:
        return
    for name, value in before.items():
        raw.execute(f"pragma {name}={value}")
    raw.isolation_level = level
