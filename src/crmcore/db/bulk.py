"""Many rows in one call of the driver's `executemany`, the same statement text for both databases.

Building a Core insert per row costs more than the write; here the text is made once from the table's own names.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table


def insert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    ignore: bool = False,
) -> None:
    """Insert `rows` (tuples in the order of `columns`); `ignore` leaves rows whose key is taken as they are."""
    if rows:
        tail = " ON CONFLICT DO NOTHING" if ignore else ""
        connection.exec_driver_sql(_insert(table, tuple(columns), _mark(connection)) + tail, list(rows))


def upsert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    key: Sequence[str],
    change: Sequence[str],
) -> None:
    """Insert `rows`, or set the columns `change` where `key` is taken."""
    if rows:
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in change)
        names = ", ".join(f'"{name}"' for name in key)
        statement = f"{_insert(table, tuple(columns), _mark(connection))} ON CONFLICT ({names}) DO UPDATE SET {sets}"
        connection.exec_driver_sql(statement, list(rows))


def update(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, key: str = "id"
) -> None:
    """Set `columns` by `key`; each row is the values in order, then the key."""
    if rows:
        mark = _mark(connection)
        sets = ", ".join(f'"{name}" = {mark}' for name in columns)
        connection.exec_driver_sql(f'UPDATE "{table.name}" SET {sets} WHERE "{key}" = {mark}', list(rows))  # noqa: S608 - names from the schema


def _mark(connection: Connection) -> str:
    return "%s" if connection.dialect.name == "postgresql" else "?"


@functools.cache
def _insert(table: Table, columns: tuple[str, ...], mark: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join([mark] * len(columns))
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names from the schema
