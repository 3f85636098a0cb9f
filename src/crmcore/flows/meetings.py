"""meetings: what a meeting goes through, and the record that it leaves (S1: 质量例会; S3: 客诉例会, 改善专题会议)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from crmcore.db import improvement as query
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.flows.rework import Row as Returned
from crmcore.flows.rework import look_up
from crmcore.hooks.adapters import Clock
from crmcore.rules.rework import ReworkPolicy
from crmcore.types.complaint import ActionStatus, MeetingKind
from crmcore.types.store import Store

#: Actions that a meeting still has to speak about.
LIVE = (ActionStatus.OPEN.value, ActionStatus.DOING.value, ActionStatus.DONE.value)


@attrs.frozen(kw_only=True)
class Agenda:
    """What lies on the table: a store's week, or any other stretch of days.

    Attributes:
        cases: complaints that were received or closed in these days; for a quality meeting those about repairs alone.
        returned: the register of rework of these days; for a quality meeting.
        actions: what is still to be done or measured.
    """

    kind: MeetingKind
    store: str
    since: date
    until: date
    cases: tuple[Mapping[str, Any], ...]
    returned: tuple[Returned, ...]
    actions: tuple[Mapping[str, Any], ...]


def agenda(
    db: Database, kind: MeetingKind, store: Store, since: date, until: date, rework: ReworkPolicy, clock: Clock
) -> Agenda:
    """The sheet for a meeting about the days from `since` to `until`, inclusive; codes and ids, no customer is named."""
    zone = ZoneInfo(store.timezone)
    first, last = (stamp(datetime.combine(day, time(0), zone)) for day in (since, until + timedelta(days=1)))
    with db.reading() as connection:
        cases = [] if kind is MeetingKind.IMPROVEMENT else query.cases_between(connection, store.code, first, last)
        actions = query.actions(connection, states=LIVE, store=store.code)
    if kind is MeetingKind.QUALITY:
        cases = [row for row in cases if row.category.startswith("REPAIR_QUALITY")]
    quality = kind is MeetingKind.QUALITY
    returned = look_up(db, rework, store, since, until, clock).rows if quality else ()
    return Agenda(
        kind=kind,
        store=store.code,
        since=since,
        until=until,
        cases=tuple(_case(row) for row in cases),
        returned=returned,
        actions=tuple(action_of(row) for row in actions),
    )


def record(
    db: Database,
    kind: MeetingKind,
    *,
    store: str,
    held_on: date,
    chair: str,
    attendees: Collection[str],
    said: str,
    actions: Collection[int],
    clock: Clock,
    wave: str = "",
) -> int:
    """Keep what a meeting decided; raises `UsageError` for an action that does not exist."""
    with db.writing() as connection:
        known = {row.id for row in query.actions(connection, numbers=actions)}
        for number in actions:
            if number not in known:
                raise UsageError("CRM-U132", id=f"B{number}")
        values = {
            "store": store,
            "kind": kind.value,
            "held_on": held_on.isoformat(),
            "chair": chair or None,
            "wave": wave,
        }
        return query.add_meeting(
            connection, {**values, "record": said or None}, list(attendees), sorted(set(actions)), clock.now()
        )


def action_of(row: Any) -> dict[str, Any]:
    """One row of the improvement plan, as it is listed."""

    def index(hundredths: int | None) -> float | None:
        return None if hundredths is None else hundredths / 100

    return {
        "id": f"B{row.id}",
        "factor": row.factor,
        "item": row.item,
        "last_score": index(row.last_score),
        "target_score": index(row.target_score),
        "cause": row.cause,
        "measure": row.measure,
        "responsible": row.responsible,
        "supervisor": row.supervisor,
        "due_on": row.due_on,
        "priority": row.priority,
        "state": row.status,
        "survey": row.survey,
        "wave": row.wave,
        "side": row.side,
        "staff": row.staff,
        "result_wave": row.result_wave,
        "result_score": index(row.result_score),
        "verdict": row.verdict,
    }


def _case(row: Any) -> dict[str, Any]:
    return {
        "id": f"K{row.id}",
        "received_at": row.received_at,
        "category": row.category,
        "severity": row.severity,
        "state": row.state,
        "owner": row.owner,
        "responsible": row.responsible,
        "root_cause": row.root_cause,
        "avoidable": None if row.avoidable is None else bool(row.avoidable),
        "outcome": row.outcome,
        "prevention": row.prevention,
    }
