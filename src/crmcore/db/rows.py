"""Many rows at once, by key, as plain dicts: one statement per table and batch, the same on both databases.

A list of keys travels as one parameter (a JSON array to SQLite, an array to PostgreSQL), so the statement text stays the same
and is prepared once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table

from crmcore.db import bulk

Row = dict[str, Any]
_BLOBS = 500


def pick(connection: Connection, statement: str, values: Iterable[Any], *before: Any) -> list[tuple[Any, ...]]:
    """The rows of `statement`, whose `{any}` stands for the list of `values` and each `{}` before it for one of `before`."""
    wanted = list(values)
    if not wanted:
        return []
    if connection.dialect.name == "postgresql":
        marks, given, term = ["%s"] * len(before), wanted, "= ANY(%s)"
    else:
        marks, given, term = ["?"] * len(before), json.dumps(wanted), "IN (SELECT value FROM json_each(?))"  # type: ignore[assignment]
    return _fetch(connection, statement.format(*marks, any=term), (*before, given))


def _fetch(connection: Connection, statement: str, given: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The driver's own tuples: there is nothing in them that SQLAlchemy's rows would add."""
    with connection.exec_driver_sql(statement, given) as found:
        assert found.cursor is not None
        return list(found.cursor.fetchall())


def by_digest(connection: Connection, statement: str, digests: Sequence[bytes], *before: Any) -> list[tuple[Any, ...]]:
    """As `pick`, for digests, which JSON cannot carry."""
    if connection.dialect.name == "postgresql":
        return pick(connection, statement, digests, *before)
    found: list[tuple[Any, ...]] = []
    marks = ["?"] * len(before)
    for start in range(0, len(digests), _BLOBS):
        part = digests[start : start + _BLOBS]
        term = f"IN ({', '.join('?' * len(part))})"
        found += _fetch(connection, statement.format(*marks, any=term), (*before, *part))
    return found


def load(
    connection: Connection, table: Table, columns: Sequence[str], values: Iterable[Any], *, key: str = "id"
) -> list[Row]:
    """The rows of `table` whose `key` is among `values`."""
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f'SELECT {names} FROM "{table.name}" WHERE "{key}" {{any}}'  # noqa: S608 - names from the schema
    return [dict(zip(columns, row)) for row in pick(connection, statement, values)]  # noqa: B905 - costs a tenth of the read


def insert(
    connection: Connection, table: Table, columns: Sequence[str], new: Iterable[Row], *, ignore: bool = False
) -> None:
    """Write new rows."""
    bulk.insert(connection, table, columns, list(map(_getter(tuple(columns)), new)), ignore=ignore)


def update(
    connection: Connection, table: Table, columns: Sequence[str], changed: Iterable[Row], *, key: str = "id"
) -> None:
    """Write all `columns` of rows that exist."""
    rest = tuple(name for name in columns if name != key)
    bulk.update(connection, table, rest, list(map(_getter((*rest, key)), changed)), key=key)


def _getter(columns: tuple[str, ...]) -> Callable[[Row], tuple[Any, ...]]:
    return itemgetter(*columns)


def columns_of(table: Table) -> tuple[str, ...]:
    """The names of all columns, in order."""
    return tuple(column.name for column in table.columns)
