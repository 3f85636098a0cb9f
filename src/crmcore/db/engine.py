"""Opening the store, and the two ways to use it: `reading()` and `writing()`.

SQLite runs in WAL with `synchronous=FULL` (WAL with NORMAL lost acknowledged commits in power cuts, and a lost intent means a
text sent twice). `BEGIN IMMEDIATE` is for transactions that write, and only for those: in every `begin` it would make a
second reader wait. No transaction is held across a call to a vendor or a plugin.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, Table, create_engine, event, exc, make_url, text, update
from sqlalchemy.engine import URL

from crmcore.db import schema
from crmcore.db.borrowed import Borrowed
from crmcore.errors import Busy, MissingExtra, StoreError

BUSY_SECONDS = 15.0
SQLITE_FLOOR = (3, 37)  # STRICT tables
LONGEST = 19  # digits: an id of so many is none, and no column could hold it


class Database:
    """The store of one dealer or group; open it once, share it between threads, close it.

    Args:
        at: "sqlite:///crm.db" or "postgresql://user:password@host/name"; or the engine of an application, which stays open.
    """

    def __init__(self, at: str | Engine) -> None:
        self.engine: Engine = _engine(_normalised(at)) if isinstance(at, str) else _borrowed(at)
        self.url = self.engine.url
        self._process = os.getpid()
        self._inherited: list[object] = []
        self._arriving = threading.Lock()

    @property
    def postgresql(self) -> bool:
        """True on PostgreSQL, where rows are locked one by one; SQLite locks as a whole."""
        return self.engine.dialect.name == "postgresql"

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot to read from; never blocks a writer."""
        with self._connected() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes; commits at the end, rolls back on any exception."""
        with self._connected() as connection:
            writer = connection.execution_options(writing=True)
            with writer.begin():
                yield writer

    def _connected(self) -> Connection:
        """A connection of the pool; raises `Busy` CRM-D117 when none comes free in time."""
        try:
            return self._here().connect()
        except exc.TimeoutError:
            raise Busy("CRM-D117", at=self.place) from None

    def _here(self) -> Engine:
        """The engine in this process: what a fork inherited is left alone, also by the collector, as it is still the parent's."""
        if self._process != os.getpid():
            # the first threads of a child come together, and none may pass before the pool is a new one
            with self._arriving:
                if self._process != os.getpid():
                    self._inherited.append(self.engine.pool)
                    self.engine.dispose(close=False)
                    self._process = os.getpid()
        return self.engine

    @property
    def place(self) -> str:
        """How messages call it: its file, or the host and the name."""
        return _place(self.url)

    def forget(self) -> None:
        """Make what was deleted unreadable in the file as well; PostgreSQL's own vacuum sees to it there."""
        if self.postgresql:
            return
        with contextlib.closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("vacuum")
            cursor.execute("pragma wal_checkpoint(truncate)")
            cursor.close()

    def close(self) -> None:
        """Give back every connection; an application keeps its own, and the parent of a fork those that it has."""
        self._here().dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def take_ids(connection: Connection, table: Table, count: int) -> range:
    """Reserve `count` ids of `table`, inside a writing transaction; its counter row is the lock."""
    rows = connection.execute(
        update(schema.next_id)
        .where(schema.next_id.c.name == table.name)
        .values(value=schema.next_id.c.value + count)
        .returning(schema.next_id.c.value)
    ).all()
    if rows:
        end: int = rows[0][0]
        return range(end - count, end)
    # the first ids of a table: whoever else takes them at this moment waits for us and goes on where we stop
    first = text(
        "INSERT INTO next_id (name, value) VALUES (:name, :first) "
        "ON CONFLICT (name) DO UPDATE SET value = next_id.value + :count RETURNING value"
    )
    end = connection.execute(first, {"name": table.name, "first": 1 + count, "count": count}).scalar_one()
    return range(end - count, end)


def for_update(statement: Any) -> Any:
    """Lock the selected rows until the transaction ends; SQLite, where `writing()` locks the whole store, ignores it."""
    return statement.with_for_update()


def _normalised(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise StoreError("CRM-D101") from None
    if parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError("CRM-D102", backend=parsed.get_backend_name())
    return parsed


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, isolation_level="READ COMMITTED")
        else:
            _private_file(url.database)
            arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
            engine = create_engine(url, connect_args=arguments, hide_parameters=True)  # no names, no numbers in errors
            _guard_sqlite(engine)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("psycopg"):
            raise MissingExtra("CRM-X001", extra="pg") from None
        raise
    event.listen(engine, "handle_error", _translate, retval=True)
    return engine


def _borrowed(theirs: Engine) -> Engine:
    engine = Borrowed(theirs)
    # on the dialect, which counts a listener once, however often a store is opened on the application's engine
    event.listen(engine.dialect, "handle_error", _translate_ours, retval=True)
    return engine


def _private_file(path: str | None) -> None:
    """Create the file for its owner alone before SQLite would create it for everybody; WAL files inherit the mode."""
    if not path or path == ":memory:" or Path(path).exists():
        return
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError("CRM-D103", at=Path(path).name, why=type(error).__name__) from None


def _guard_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say
        cursor = connection.cursor()
        version = tuple(int(part) for part in cursor.execute("select sqlite_version()").fetchone()[0].split("."))
        if version < SQLITE_FLOOR:
            raise StoreError("CRM-D104", version=".".join(map(str, version)), floor=".".join(map(str, SQLITE_FLOOR)))
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "cache_size=-16384",
        ):
            cursor.execute(f"pragma {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


#: A fragment of the driver's message -> the error that tells what to do. The driver has no codes for these in SQLite.
_SQLITE_WORDS = {
    "database is locked": (Busy, "CRM-D110"),
    "database or disk is full": (StoreError, "CRM-D111"),
    "disk i/o error": (StoreError, "CRM-D112"),
    "readonly database": (StoreError, "CRM-D113"),
    "file is not a database": (StoreError, "CRM-D114"),
    "malformed": (StoreError, "CRM-D115"),
    "unable to open": (StoreError, "CRM-D103"),
    "no such table": (StoreError, "CRM-D120"),
}


def _translate(context: Any) -> BaseException | None:
    """Turn what the driver says into an error with a code and a fix; bugs (bad SQL, broken constraints) pass as they are."""
    original = context.original_exception
    words = str(original).lower()
    name = type(original).__name__
    for fragment, (kind, code) in _SQLITE_WORDS.items():
        if fragment in words:
            return kind(code, at=_place(context.engine.url), why=name)
    if context.is_disconnect or (name == "OperationalError" and context.engine.dialect.name == "postgresql"):
        return StoreError("CRM-D116", at=_place(context.engine.url), why=name)
    if name == "UndefinedTable":
        return StoreError("CRM-D120", at=_place(context.engine.url), why=name)
    return None


def _translate_ours(context: Any) -> BaseException | None:
    """The events of errors belong to the dialect, which an application's engine shares with ours."""
    return _translate(context) if isinstance(context.engine, Borrowed) else None


def _place(url: URL) -> str:
    """Which store: its file, or the host and the name; never the user."""
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "").name
    return f"{url.host or ''}/{url.database or ''}"
