"""meetings: what a meeting goes through, and the record that it leaves (S1: 质量例会; S3: 客诉例会, 改善专题会议)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from crmcore.db import improvement as query
from crmcore.db import values
from crmcore.db.columns import instant, stamp
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.flows import improve
from crmcore.flows.rework import Row as Returned
from crmcore.flows.rework import look_up
from crmcore.hooks.adapters import Clock
from crmcore.rules.rework import ReworkPolicy
from crmcore.rules.worktime import local
from crmcore.types.complaint import ComplaintState, MeetingKind, Restoration, Severity
from crmcore.types.improvement import Action, Meeting
from crmcore.types.store import Store

WEEK = timedelta(days=6)  # and its last day


@attrs.frozen(kw_only=True)
class Discussed:
    """A complaint as a meeting goes through it; no customer is named."""

    id: str
    received_at: datetime
    category: str
    severity: Severity
    state: ComplaintState
    owner: str | None
    responsible: str | None
    root_cause: str | None
    avoidable: bool | None
    outcome: Restoration | None
    prevention: str | None


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
    cases: tuple[Discussed, ...]
    returned: tuple[Returned, ...]
    actions: tuple[Action, ...]


def agenda(
    db: Database,
    kind: MeetingKind,
    store: Store,
    since: date | None,
    until: date | None,
    rework: ReworkPolicy,
    clock: Clock,
) -> Agenda:
    """The sheet for a meeting about the days from `since` to `until`, inclusive; codes and ids, no customer is named.

    Args:
        until: default: today at the store; `since`: the first of the seven days that end with it.
    """
    until = until or local(clock.now(), store.timezone).date()
    since = since or until - WEEK
    zone = ZoneInfo(store.timezone)
    first, last = (stamp(datetime.combine(day, time(0), zone)) for day in (since, until + timedelta(days=1)))
    with db.reading() as connection:
        cases = [] if kind is MeetingKind.IMPROVEMENT else query.cases_between(connection, store.code, first, last)
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
        actions=improve.find(db, store=store.code),
    )


def record(
    db: Database,
    kind: MeetingKind,
    *,
    store: Store,
    held_on: date | None = None,
    chair: str,
    attendees: Collection[str],
    said: str,
    actions: Collection[int],
    clock: Clock,
    wave: str = "",
) -> int:
    """Keep what a meeting decided; raises `UsageError` for an action that does not exist.

    Args:
        held_on: default: today at the store.
    """
    held_on = held_on or local(clock.now(), store.timezone).date()
    with db.writing() as connection:
        known = {row.id for row in query.actions(connection, numbers=actions)}
        for number in actions:
            if number not in known:
                raise UsageError("CRM-U132", id=f"B{number}")
        row = {
            "store": store.code,
            "kind": kind.value,
            "held_on": held_on.isoformat(),
            "chair": chair or None,
            "wave": wave,
            "record": said or None,
        }
        return query.add_meeting(connection, row, list(attendees), sorted(set(actions)), clock.now())


def find(
    db: Database,
    *,
    kind: MeetingKind | None = None,
    store: str = "",
    numbers: Collection[int] | None = None,
    limit: int = 200,
) -> tuple[Meeting, ...]:
    """The records, the latest first, of one kind or all, of one store or all."""
    with db.reading() as connection:
        rows = query.meetings(connection, kind=kind or "", store=store, numbers=numbers, limit=limit)
        linked = query.actions_of(connection, [row.id for row in rows])
    return tuple(values.meeting(row, linked.get(row.id, ())) for row in rows)


def _case(row: Any) -> Discussed:
    return Discussed(
        id=f"K{row.id}",
        received_at=instant(row.received_at),
        category=row.category,
        severity=Severity(row.severity),
        state=ComplaintState(row.state),
        owner=row.owner,
        responsible=row.responsible,
        root_cause=row.root_cause,
        avoidable=None if row.avoidable is None else bool(row.avoidable),
        outcome=Restoration(row.outcome) if row.outcome else None,
        prevention=row.prevention,
    )
