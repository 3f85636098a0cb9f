"""The second callback of a case among the calls that are due: one touchpoint for each round, kept by the case and by no plan."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from crmcore.db import touchpoints
from crmcore.db.among import among
from crmcore.db.columns import stamp
from crmcore.db.engine import take_ids
from crmcore.db.schema import complaint, touchpoint


def subject(number: int) -> str:
    """What the call is about: "complaint:12"."""
    return f"{touchpoints.CASE}{number}"


def case_of(row: Row[Any]) -> int | None:
    """The case that a touchpoint is the second callback of."""
    prefix, _, digits = str(row.subject).rpartition(":")
    return int(digits) if f"{prefix}:" == touchpoints.CASE else None


def of(connection: Connection, numbers: Collection[int]) -> list[int]:
    """The cases whose second callbacks are among these touchpoints, in order."""
    calls = connection.execute(select(touchpoint.c.subject).where(among(touchpoint.c.id, numbers)))
    return sorted({case for row in calls if (case := case_of(row)) is not None})


def cases(connection: Connection, calls: Iterable[Row[Any]]) -> dict[int, Row[Any]]:
    """The cases of those of `calls` that are second callbacks, by touchpoint."""
    numbers = {row.id: number for row in calls if (number := case_of(row)) is not None}
    found = {
        row.id: row for row in connection.execute(select(complaint).where(among(complaint.c.id, numbers.values())))
    }
    return {call: found[number] for call, number in numbers.items() if number in found}


def accused(case: Row[Any] | None) -> frozenset[str]:
    """Staff codes."""
    return frozenset(json.loads(case.accused)) if case is not None else frozenset()


def of_case(connection: Connection, number: int) -> list[Row[Any]]:
    """Every round's call."""
    return list(connection.execute(select(touchpoint).where(touchpoint.c.subject == subject(number))))


def owe(connection: Connection, values: Mapping[str, Any], said: Mapping[str, Any], now: datetime) -> None:
    """A call of a round that has none yet."""
    (id_,) = take_ids(connection, touchpoint, 1)
    own = {"id": id_, "explanation": json.dumps(said), "created_at": stamp(now), "updated_at": stamp(now)}
    row = {**dict.fromkeys(touchpoints.COLUMNS), **values, **own}
    touchpoints.insert(connection, [tuple(row[name] for name in touchpoints.COLUMNS)])


def move(connection: Connection, row: Row[Any], values: Mapping[str, Any], now: datetime) -> None:
    """Columns of a call that is still owed, where they differ."""
    if any(row._mapping[name] != value for name, value in values.items()):  # noqa: SLF001 - SQLAlchemy's public name
        connection.execute(update(touchpoint).where(touchpoint.c.id == row.id).values(**values, updated_at=stamp(now)))
