"""The second callback of a case as one of the calls that are due: owed from the solution on, over with what the customer says.

The call follows the case, in the transaction of each step: solved, it is owed; heard, waived, closed, reopened or withdrawn, it is
over. A plan has no part in it. One that was given up stays with the case: somebody must answer for closing without it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from crmcore.db import case_calls, complaints, touchpoints
from crmcore.db.columns import instant, stamp
from crmcore.db.customers import advisor_of
from crmcore.rules import people, worktime
from crmcore.rules.care import timing
from crmcore.rules.case import Anchor
from crmcore.rules.complaints.states import SOLVED
from crmcore.types.complaint import ClockKind, ComplaintState
from crmcore.types.contact import AnchorKind, TouchpointRule
from crmcore.types.customer import Channel

if TYPE_CHECKING:
    from crmcore.flows.casework import File

#: packs/second_callback.toml
RULE = "COMPLAINT_CALLBACK"
_WHY = {ComplaintState.CLOSED: "CASE_CLOSED", ComplaintState.WITHDRAWN: "CASE_WITHDRAWN"}


def follow(file: File) -> None:
    """Bring the call to where the case is; the caller holds the lock of plans (`touchpoints.lock`) and that of the case."""
    known = case_calls.of_case(file.connection, file.number)
    owed, this_round = _owed(file), str(file.case.round)
    for call in known:
        if call.state in touchpoints.OPEN:
            if owed and call.occurrence == this_round:
                case_calls.move(file.connection, call, _where(file, call) | _whose(file, call), file.now)
            else:
                _end(file, call)
    if owed and this_round not in {call.occurrence for call in known}:
        _owe(file)


def _owed(file: File) -> bool:
    """Is it solved, with nothing heard of it and nobody who answers for not asking?"""
    row, case = complaints.row_of(file.connection, file.number), file.case
    return row is not None and case.state in SOLVED and case.outcome is None and row.waiver is None


def _end(file: File, call: Row[Any]) -> None:
    case, row = file.case, complaints.row_of(file.connection, file.number)
    if call.occurrence == str(case.round) and case.outcome is not None:
        touchpoints.done(file.connection, call.id, file.now, by=file.by)
        return
    waiver = row.waiver if row is not None else None
    why = waiver or _WHY.get(case.state, "CASE_REOPENED")
    touchpoints.cancel(file.connection, call.id, why, file.now, by=file.by)


def _owe(file: File) -> None:
    rule, case = file.cases.callback, file.case
    if rule is None or case.customer_id is None or case.resolved_at is None:
        return
    anchor = Anchor(
        kind=AnchorKind.RESOLVED,
        subject=case_calls.subject(file.number),
        key=f"round:{case.round}",
        on=worktime.local(case.resolved_at, file.store.timezone).date(),
        at=case.resolved_at,
        customer=int(case.customer_id[1:]),
        store=case.store,
    )
    due = min(timing(rule, anchor, file.store).due, _deadline(file))
    values = {
        "rule": rule.code,
        "subject": anchor.subject,
        "anchor": anchor.key,
        "anchor_on": stamp(case.resolved_at),
        "occurrence": str(case.round),
        "due_at": stamp(due),
        "channel": Channel.PHONE.value,
        "message_class": rule.message_class.value,
        "executor": _executor(file, rule),
        "supervisors": json.dumps([role.value for role in rule.supervisors]),
        "state": "DUE" if due <= file.now else "PLANNED",
        "store": case.store,
        **_where(file),
    }
    case_calls.owe(file.connection, values, _said(file, rule, anchor), file.now)


def _said(file: File, rule: TouchpointRule, anchor: Anchor) -> dict[str, Any]:
    """What `explain` and the worklist show."""
    case = file.case
    visit = None if case.visit_id is None else complaints.visit_of(file.connection, int(case.visit_id[1:]))
    said = {
        "anchor": anchor.kind.value,
        "on": anchor.on.isoformat(),
        "at": stamp(anchor.at) if anchor.at is not None else None,
        "offset": rule.offset,
        "complaint": case.id,
        "visits": [] if visit is None else [visit.id],
        "orders": [visit.ro_number] if visit is not None and visit.ro_number else [],
        "vehicles": [] if case.vehicle_id is None else [int(case.vehicle_id[1:])],
    }
    return {name: value for name, value in said.items() if value not in (None, [])}


def _where(file: File, call: Row[Any] | None = None) -> dict[str, Any]:
    """Whose call it is, about what, and until when; a time that the customer has named moves the deadline where it is later."""
    case = file.case
    said = {} if call is None else json.loads(call.explanation)
    booked = instant(said["next_at"]) if said.get("booked_next") else _deadline(file)
    return {
        "customer_id": _id(case.customer_id),
        "visit_id": _id(case.visit_id),
        "vehicle_id": _id(case.vehicle_id),
        "deadline_at": stamp(max(booked, _deadline(file))),
    }


def _deadline(file: File) -> datetime:
    """When the clock of the second callback of this round runs out."""
    mine = (ClockKind.CALLBACK, file.case.round)
    return next(clock.due_at for clock in file.case.clocks if (clock.kind, clock.round) == mine)


def _whose(file: File, call: Row[Any]) -> dict[str, Any]:
    """Somebody else's, where it is nobody's or an accused has it."""
    rule = file.cases.callback
    stays = rule is None or (call.executor is not None and call.executor not in file.case.accused)
    return {} if rule is None or stays else {"executor": _executor(file, rule)}


def _executor(file: File, rule: TouchpointRule) -> str:
    """Neither an accused nor an advisor of the customer."""
    case, customer = file.case, _id(file.case.customer_id) or 0
    visit = None if case.visit_id is None else complaints.visit_of(file.connection, int(case.visit_id[1:]))
    own = (None if visit is None else visit.advisor, advisor_of(file.connection, customer), *case.accused)
    there = people.there(file.staff(), case.store, rule.executor, file.today)
    return people.executor(rule, there, store=case.store, customer=customer, advisors=own, today=file.today)


def _id(name: str | None) -> int | None:
    return None if name is None else int(name[1:])
