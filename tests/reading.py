"""A store that may only be read, how many statements a reading takes, and in which order a writing touches tables."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import event

from crmcore.db.engine import Database


@contextlib.contextmanager
def only_reading(db: Database) -> Iterator[None]:
    """Whoever writes into the store meanwhile is refused by the database itself."""
    forbid = "SET TRANSACTION READ ONLY" if db.postgresql else "PRAGMA query_only = ON"
    allow = "SELECT 1" if db.postgresql else "PRAGMA query_only = OFF"

    def begin(connection: Any) -> None:
        connection.exec_driver_sql(forbid)

    event.listen(db.engine, "begin", begin)
    try:
        yield
    finally:
        event.remove(db.engine, "begin", begin)
        with db.reading() as connection:  # the pragma stays with the connection, which goes back to its pool
            connection.exec_driver_sql(allow)


@contextlib.contextmanager
def counting(db: Database) -> Iterator[list[str]]:
    """The statements that run meanwhile, but for those that begin a transaction."""
    said: list[str] = []

    def execute(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET")):
            said.append(statement)

    event.listen(db.engine, "before_cursor_execute", execute)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", execute)


def writing(said: list[str]) -> list[str]:
    """Of these statements, those that write."""
    return [statement for statement in said if statement.lstrip().upper().startswith(("UPDATE", "INSERT", "DELETE"))]


def touched(written: list[str]) -> set[str]:
    """The tables that such statements write."""
    return {
        re.split(r"(?:UPDATE|INSERT (?:OR IGNORE )?INTO|DELETE FROM)\s+", each, maxsplit=1)[1].split()[0].strip('"')
        for each in written
    }
