"""The deadlines of cases as they are kept, with the pauses that moved them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from crmcore.db import bulk
from crmcore.db.among import among, paged
from crmcore.db.columns import instant, stamp
from crmcore.db.schema import complaint_clock
from crmcore.types.complaint import Basis, ClockKind, Pause, SlaClock

_KINDS = tuple(ClockKind)
_COLUMNS = (
    "complaint_id", "round", "kind", "basis", "target_minutes", "started_at", "due_at", "stopped_at", "pauses",
)  # fmt: skip


def start(connection: Connection, number: int, clocks: Iterable[SlaClock]) -> None:
    """New clocks of a case; one that runs in its round already goes on as it is."""
    rows = [
        (
            number,
            clock.round,
            clock.kind.value,
            clock.basis.value,
            int(clock.target.total_seconds() // 60),
            stamp(clock.started_at),
            stamp(clock.due_at),
            stamp(clock.stopped_at) if clock.stopped_at else None,
            _pauses(clock),
        )
        for clock in clocks
    ]
    bulk.insert(connection, complaint_clock, _COLUMNS, rows, ignore=True)


def of(connection: Connection, numbers: Collection[int]) -> dict[int, tuple[SlaClock, ...]]:
    """The clocks of each case, of all rounds, in the order in which they are owed."""
    found: dict[int, tuple[SlaClock, ...]] = {}
    for row in paged(
        connection,
        set(numbers),
        lambda block: select(complaint_clock).where(among(complaint_clock.c.complaint_id, block)),
    ):
        found[row.complaint_id] = (*found.get(row.complaint_id, ()), _clock(row))
    return {number: tuple(sorted(clocks, key=_order)) for number, clocks in found.items()}


def _order(clock: SlaClock) -> tuple[int, int]:
    return clock.round, _KINDS.index(clock.kind)


def keep(connection: Connection, number: int, clock: SlaClock) -> None:
    """What became of a clock: stopped, paused, moved."""
    mine = complaint_clock.c
    connection.execute(
        update(complaint_clock)
        .where(mine.complaint_id == number, mine.round == clock.round, mine.kind == clock.kind.value)
        .values(
            target_minutes=int(clock.target.total_seconds() // 60),
            basis=clock.basis.value,
            due_at=stamp(clock.due_at),
            stopped_at=stamp(clock.stopped_at) if clock.stopped_at else None,
            pauses=_pauses(clock),
        )
    )


def _clock(row: Row[Any]) -> SlaClock:
    return SlaClock(
        kind=ClockKind(row.kind),
        round=row.round,
        basis=Basis(row.basis),
        target=timedelta(minutes=row.target_minutes),
        started_at=instant(row.started_at),
        due_at=instant(row.due_at),
        stopped_at=instant(row.stopped_at) if row.stopped_at else None,
        pauses=tuple(
            Pause(
                since=instant(each["since"]),
                until=instant(each["until"]) if each["until"] else None,
                why=each["why"],
            )
            for each in json.loads(row.pauses)
        ),
    )


def _pauses(clock: SlaClock) -> str:
    return json.dumps(
        [
            {"since": stamp(each.since), "until": stamp(each.until) if each.until else None, "why": each.why}
            for each in clock.pauses
        ]
    )
