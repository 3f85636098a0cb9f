"""Cases as they are shown: flat rows of codes, times with the offset of the store, nobody's name in full unless asked for."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from crmcore.db import complaint_history, complaints
from crmcore.errors import UsageError
from crmcore.flows.casework import Office, number_of
from crmcore.flows.evidence import LETTERS
from crmcore.rules.complaints import clocks as sla
from crmcore.rules.masking import mask_name
from crmcore.rules.worktime import local
from crmcore.types.complaint import (
    Complaint,
    ComplaintEvent,
    ComplaintState,
    Escalation,
    EvidenceKind,
    Origin,
    RecoveryOffer,
    SlaClock,
)


def list_cases(
    office: Office,
    *,
    states: Collection[str] = (),
    store: str | None = None,
    owner: str | None = None,
    customer: int | None = None,
    limit: int = 1000,
    full: bool = False,
) -> list[dict[str, Any]]:
    """Cases, newest first; no states: those that are open."""
    now = office.clock.now()
    with office.db.reading() as connection:
        found = complaints.listed(
            connection, states=states, store=store, owner=owner, customer_id=customer, limit=limit
        )
    return [_summary(office, case, row, now, full=full) for case, row in found]


def show_case(office: Office, case: str, *, full: bool = False) -> dict[str, Any]:
    """One case with its clocks, history, evidence, offers and escalations, each a list of flat rows.

    Raises:
        UsageError: CRM-T501, there is none of this number.
    """
    now, number = office.clock.now(), number_of(case)
    with office.db.reading() as connection:
        found, row = complaints.find(connection, number), complaints.row_of(connection, number)
        if found is None or row is None:
            raise UsageError("CRM-T501", id=case)
        return _summary(office, found, row, now, full=full) | _rest(office, connection, found, row, now, full=full)


def _summary(office: Office, case: Complaint, row: Row[Any], now: datetime, *, full: bool) -> dict[str, Any]:
    zone = office.cases.store(case.store).timezone
    clock = min((each for each in case.clocks if each.stopped_at is None), key=lambda each: each.due_at, default=None)
    name = row.customer_name or ""
    return {
        "id": case.id,
        "state": case.state.value,
        "origin": case.origin.value,
        "store": case.store,
        "customer": case.customer_id,
        "name": name if full else mask_name(name),
        "visit": case.visit_id,
        "vehicle": case.vehicle_id,
        "received_at": at(case.received_at, zone),
        "channel": case.channel.value,
        "form": case.form.value,
        "category": case.category,
        "severity": case.severity.value,
        "first_asked": case.first_asked,
        "owner": case.owner,
        "department": case.department.value if case.department else None,
        "round": case.round,
        "clock": clock.kind.value if clock else None,
        "clock_due_at": at(clock.due_at, zone) if clock else None,
        "overdue": any(sla.breached(each, now) for each in case.clocks if each.stopped_at is None),
    }


def _rest(
    office: Office, connection: Connection, case: Complaint, row: Row[Any], now: datetime, *, full: bool
) -> dict[str, Any]:
    zone = office.cases.store(case.store).timezone
    number = row.id
    times = ("recorded_at", "handed_over_at", "acknowledged_at", "responded_at", "resolved_at", "closed_at")
    return {
        **{name: stored(getattr(row, name), zone) for name in times},
        "customer_type": row.customer_type,
        "needs": [need.value for need in case.needs],
        "magnitude": case.magnitude,
        "root_cause": case.root_cause,
        "responsible": case.responsible,
        "accused": list(case.accused),
        "outcome": row.outcome,
        "avoidable": case.avoidable,
        "restored": case.restored if _ended_here(case) else None,
        "waiver": row.waiver,
        "callback": None if row.callback_id is None else f"A{row.callback_id}",
        "prevention": row.prevention if full else None,
        **{name: getattr(row, name) if full else None for name in ("verbatim", "demand", "background", "resolution")},
        "clocks": [clock_row(clock, now, zone) for clock in case.clocks],
        "events": [event_row(event, zone, full=full) for event in complaint_history.events(connection, number)],
        "evidence": evidence_rows(complaint_history.evidence_of(connection, number), zone),
        "offers": [offer_row(offer, zone) for offer in complaint_history.offers(connection, number)],
        "escalations": [rung_row(step, zone) for step in complaint_history.climbed(connection, number)],
    }


def _ended_here(case: Complaint) -> bool:
    """Only then is it known whether the customer was content: of what is open, taken back or kept by the DMS nobody has said."""
    return case.state is ComplaintState.CLOSED and case.origin is Origin.CRM


def clock_row(clock: SlaClock, now: datetime, zone: str) -> dict[str, Any]:
    """One deadline."""
    return {
        "kind": clock.kind.value,
        "round": clock.round,
        "basis": clock.basis.value,
        "target_minutes": int(clock.target.total_seconds() // 60),
        "started_at": at(clock.started_at, zone),
        "due_at": at(clock.due_at, zone),
        "stopped_at": at(clock.stopped_at, zone),
        "breached": sla.breached(clock, now),
        "paused": clock.stopped_at is None and sla.resting(clock) is not None,
    }


def event_row(event: ComplaintEvent, zone: str, *, full: bool = False) -> dict[str, Any]:
    """One line of the history; what was noted shows in full only."""
    return {
        "at": at(event.at, zone),
        "recorded_at": at(event.recorded_at, zone),
        "who": event.who,
        "event": event.kind.value,
        "before": event.before.value if event.before else None,
        "after": event.after.value,
        "detail": dict(event.detail),
        "note": event.note if full else None,
    }


def evidence_rows(rows: list[Row[Any]], zone: str) -> list[dict[str, Any]]:
    """What a case rests on, with every reason and who gave it."""
    found = []
    for row in rows:
        reasons: list[Mapping[str, Any]] = json.loads(row.why)
        found.append(
            {
                "kind": row.kind,
                "id": f"{LETTERS[EvidenceKind(row.kind)]}{row.evidence_id}",
                "at": stored(row.at, zone),
                "by": [reason["by"] for reason in reasons],
                "why": [why for reason in reasons for why in reason["why"]],
            }
        )
    return found


def offer_row(offer: RecoveryOffer, zone: str) -> dict[str, Any]:
    """One offer; `cost` in yuan."""
    return {
        "id": offer.id,
        "kind": offer.kind.value,
        "cost": str(offer.cost),
        "offered_by": offer.offered_by,
        "offered_at": at(offer.offered_at, zone),
        "approved_by": offer.approved_by,
        "accepted": offer.accepted,
    }


def rung_row(step: Escalation, zone: str) -> dict[str, Any]:
    """One rung that was climbed; `minutes_late`: from its due time until it was noticed."""
    return {
        "round": step.round,
        "level": step.level,
        "clock": step.clock.value,
        "role": step.role.value,
        "staff": step.staff,
        "due_at": at(step.due_at, zone),
        "at": at(step.at, zone),
        "late": step.late,
        "minutes_late": max(int((step.at - step.due_at).total_seconds() // 60), 0),
    }


def at(moment: datetime | None, zone: str) -> str | None:
    """An instant with the offset of the store."""
    return None if moment is None else local(moment, zone).isoformat(timespec="seconds")


def stored(moment: str | None, zone: str) -> str | None:
    """A stored instant, likewise."""
    return None if moment is None else at(datetime.fromisoformat(moment), zone)
