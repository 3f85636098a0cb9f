"""Rows by a list of ids, however long: the list travels as one value.

A statement with a mark for each of thousands of ids costs more to build than to run, and no two of them are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, Row, Select, Text, bindparam, cast, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T", int, str)

#: Ids in one statement, so that the rows of one stay few enough to be held.
PAGE = 20_000


class _Each(FunctionElement[Any]):
    """The elements of a JSON array, as rows of one column `value`."""

    inherit_cache = True
    name = "each"


@compiles(_Each, "sqlite")
def _sqlite(element: _Each, compiler: Any, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(_Each, "postgresql")
def _postgresql(element: _Each, compiler: Any, **kw: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **kw)} AS JSON))"


def among(column: ColumnElement[Any], ids: Collection[T]) -> ColumnElement[bool]:
    """The condition that `column` is one of `ids`."""
    each = _Each(bindparam(None, json.dumps(list(ids)), type_=Text(), unique=True)).table_valued("value")
    kind = BigInteger() if isinstance(column.type, Integer) else Text()
    return column.in_(select(cast(each.c.value, kind)))


def pages(ids: Iterable[T]) -> Iterator[list[T]]:
    """`ids` without repeats, in order, in blocks that one statement takes."""
    everything = sorted(set(ids))
    for start in range(0, len(everything), PAGE):
        yield everything[start : start + PAGE]


def paged(connection: Connection, ids: Iterable[T], query: Callable[[list[T]], Select[Any]]) -> Iterator[Row[Any]]:
    """The rows of `query` over all `ids`, block by block."""
    for block in pages(ids):
        yield from connection.execute(query(block)).all()
