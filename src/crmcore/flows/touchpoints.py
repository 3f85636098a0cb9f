"""touchpoints list, done, assign, cancel: what staff see of what is owed, and what they decide about it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from crmcore.db import case_calls, touchpoints
from crmcore.db.engine import LONGEST, Database
from crmcore.errors import UsageError
from crmcore.flows.explain import shown
from crmcore.flows.plan_who import staff_of
from crmcore.flows.planning import Settings, said_by
from crmcore.hooks.adapters import Clock
from crmcore.lang import say
from crmcore.types.contact import TouchpointRule

SCHEMA = "crmcore/touchpoints@1"


def list_touchpoints(
    db: Database,
    settings: Settings,
    *,
    states: Collection[str] = (),
    rule: str | None = None,
    store: str | None = None,
    customer: str | None = None,
    until: datetime | None = None,
    limit: int = 1000,
) -> dict[str, Any]:
    """The object of `crmcore touchpoints list --json`: flat rows by due time, times with the store's offset."""
    with db.reading() as connection:
        rows = touchpoints.listed(
            connection,
            states=states,
            rule=rule,
            store=store,
            customer=None if customer is None else number_of(customer, "C"),
            until=until,
            limit=limit,
        )
    return {"schema": SCHEMA, "touchpoints": [flat(row, settings) for row in rows]}


def flat(row: Any, settings: Settings) -> dict[str, Any]:
    """One touchpoint as `--json` shows it."""
    zone = settings.store(row.store).timezone
    return {
        "id": f"T{row.id}",
        "rule": row.rule,
        "customer": f"C{row.customer_id}",
        "vehicle": None if row.vehicle_id is None else f"V{row.vehicle_id}",
        "visit": None if row.visit_id is None else f"R{row.visit_id}",
        "anchor": row.anchor,
        "due_at": shown(row.due_at, zone),
        "deadline_at": shown(row.deadline_at, zone),
        "channel": row.channel,
        "executor": row.executor,
        "supervisors": json.loads(row.supervisors),
        "state": row.state,
        "reason": row.reason,
        "bundled_into": None if row.bundled_into is None else f"T{row.bundled_into}",
        "explanation": said_by(row),
    }


def done(db: Database, identity: str, clock: Clock, *, by: str | None = None) -> None:
    """Close it as done, with what rode on it, e.g. when somebody called without the worklist."""
    with db.writing() as connection:
        _no_case(connection, identity)
        if not touchpoints.done(connection, number_of(identity, "T"), clock.now(), reason="BY_HAND", by=by):
            raise UsageError("CRM-T203", id=identity)


def cancel(db: Database, identity: str, clock: Clock, *, by: str | None = None) -> None:
    """Take it off the list for good; planning does not bring it back."""
    with db.writing() as connection:
        _no_case(connection, identity)
        if not touchpoints.cancel(connection, number_of(identity, "T"), "BY_HAND", clock.now(), by=by):
            raise UsageError("CRM-T203", id=identity)


def _no_case(connection: Connection, identity: str) -> None:
    """Refuse what must be said of the case (CRM-T205): a second callback that nobody heard closes nothing."""
    row = touchpoints.find(connection, number_of(identity, "T"))
    case = None if row is None else case_calls.case_of(row)
    if case is not None:
        raise UsageError("CRM-T205", id=identity, case=f"K{case}")


def _not_accused(connection: Connection, identity: str, staff: str) -> None:
    """Nobody asks a customer whether he is content with what was done about the caller himself."""
    row = touchpoints.find(connection, number_of(identity, "T"))
    for case in case_calls.cases(connection, [] if row is None else [row]).values():
        if staff in case_calls.accused(case):
            raise UsageError("CRM-T504", id=f"K{case.id}", reason="OWNER_ACCUSED")


def assign(db: Database, identity: str, staff: str, settings: Settings, clock: Clock, *, by: str | None = None) -> None:
    """Give it to a colleague who is there; what only a person may decide is decided by this.

    Raises:
        UsageError: CRM-T203 when it is not open, CRM-T204 when nobody of this code works here, CRM-T504 when it is the second
            callback of a case that is about this colleague.
    """
    with db.writing() as connection:
        touchpoints.lock(connection)  # who is accused does not change meanwhile
        known = sorted(one.code for one in staff_of(connection, settings) if one.active)
        if staff not in known:
            raise UsageError("CRM-T204", staff=staff, known=", ".join(known))
        _not_accused(connection, identity, staff)
        if not touchpoints.assign(connection, number_of(identity, "T"), staff, clock.now(), by=by):
            raise UsageError("CRM-T203", id=identity)


def number_of(identity: str, letter: str) -> int:
    """The number in "T12".

    Raises:
        UsageError: CRM-T201, it is no such id.
    """
    if identity[:1].upper() != letter or not identity[1:].isdecimal() or len(identity) > LONGEST:
        raise UsageError("CRM-T201", id=identity)
    return int(identity[1:])


def questions(rule: TouchpointRule, lang: str) -> Sequence[str]:
    """The script of a call: each question by its code, or as the dealer has written it."""
    found = []
    for code in rule.questions:
        words = say(f"question.{code}", lang)
        found.append(code if words == f"question.{code}" else words)
    return found
