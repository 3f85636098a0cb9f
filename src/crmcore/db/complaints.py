"""Complaints as they are kept: one row a case, locked by whoever changes it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select, update

from crmcore.db import bulk, complaint_clocks, complaint_history
from crmcore.db.columns import instant, stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import attempt, complaint, complaint_clock, complaint_evidence, customer, reply, setting, visit
from crmcore.types.complaint import (
    ENDED,
    Complaint,
    ComplaintChannel,
    ComplaintForm,
    ComplaintState,
    CustomerType,
    EvidenceKind,
    Need,
    Origin,
    Restoration,
    Severity,
    SlaClock,
)
from crmcore.types.store import Department

_OVER = [state.value for state in ENDED]


def hold(connection: Connection) -> None:
    """Let one case be opened at a time, so that two answers about one cause meet; the counter of ids is the lock."""
    take_ids(connection, complaint, 0)
    complaint_history.hold(connection)


def find(connection: Connection, number: int, *, lock: bool = False) -> Complaint | None:
    """One case with its clocks; `lock`: nobody else changes it until the transaction ends."""
    query = select(complaint).where(complaint.c.id == number)
    if lock:
        complaint_history.hold(connection)
        query = for_update(query)
    row = connection.execute(query).one_or_none()
    return None if row is None else _many(connection, [row])[0]


def open_of(
    connection: Connection, customer_id: int | None, evidence: tuple[EvidenceKind, int] | None = None
) -> list[Complaint]:
    """The open cases of a customer, locked, oldest first; without one, those of the number that sent this reply."""
    ours = (complaint.c.origin == Origin.CRM.value, complaint.c.state.not_in(_OVER))
    query = select(complaint).where(*ours).order_by(complaint.c.id)
    if customer_id is not None:
        query = query.where(complaint.c.customer_id == customer_id)
    elif evidence is not None and evidence[0] is EvidenceKind.REPLY:
        sender = select(reply.c.sender).where(reply.c.id == evidence[1]).scalar_subquery()
        texts = select(reply.c.id).where(reply.c.sender == sender)
        same = and_(complaint_evidence.c.kind == EvidenceKind.REPLY.value, complaint_evidence.c.evidence_id.in_(texts))
        theirs = select(complaint_evidence.c.complaint_id).where(same)
        query = query.where(complaint.c.customer_id.is_(None), complaint.c.id.in_(theirs))
    else:
        return []
    return _many(connection, connection.execute(for_update(query)).all())


def enter(connection: Connection, case: Complaint, now: datetime) -> int:
    """Keep a new case with its clocks; returns its number."""
    (number,) = take_ids(connection, complaint, 1)
    values = {
        "store": case.store,
        "customer_id": _id(case.customer_id),
        "visit_id": _id(case.visit_id),
        "vehicle_id": _id(case.vehicle_id),
        "origin": case.origin,
        "state": case.state,
        "received_at": case.received_at,
        "recorded_at": now,
        "form": case.form,
        "channel": case.channel,
        "category": case.category,
        "severity": case.severity,
        "verbatim": case.verbatim or None,
        "demand": case.demand or None,
        "first_asked": case.first_asked,
        "owner": case.owner,
        "department": case.department,
        "updated_at": now,
    }
    connection.execute(complaint.insert().values(id=number, **{key: _stored(value) for key, value in values.items()}))
    complaint_clocks.start(connection, number, case.clocks)
    return number


def change(connection: Connection, number: int, values: Mapping[str, Any], now: datetime) -> None:
    """Set columns of a case, whose row is locked by the caller; enums, instants and lists as they are."""
    stored = {key: _stored(value) for key, value in values.items()}
    connection.execute(update(complaint).where(complaint.c.id == number).values(**stored, updated_at=stamp(now)))


def overdue(connection: Connection, now: datetime, since: datetime | None) -> list[int]:
    """Cases with a clock that has run out and still runs; and those where it was stopped late, as far as written `since`."""
    ran_out = complaint_clock.c.due_at < stamp(now)
    missed = complaint_clock.c.stopped_at > complaint_clock.c.due_at
    if since is not None:
        missed = and_(missed, complaint.c.updated_at >= stamp(since))
    query = select(complaint.c.id).join(complaint_clock, complaint_clock.c.complaint_id == complaint.c.id)
    late = and_(ran_out, or_(complaint_clock.c.stopped_at.is_(None), missed))
    return list(connection.execute(query.where(late).distinct().order_by(complaint.c.id)).scalars())


_ESCALATED = "escalate.at"


def escalated_at(connection: Connection) -> str | None:
    """When escalation last looked at everything."""
    return connection.execute(select(setting.c.value).where(setting.c.key == _ESCALATED)).scalar_one_or_none()


def keep_escalated_at(connection: Connection, now: datetime) -> None:
    """Escalation has looked at everything up to `now`."""
    bulk.upsert(connection, setting, ("key", "value"), [(_ESCALATED, stamp(now))], key=("key",), change=("value",))


def owned_by(connection: Connection, staff: str) -> list[Complaint]:
    """The open cases somebody answers for, locked."""
    query = select(complaint).where(
        complaint.c.owner == staff, complaint.c.state.not_in(_OVER), complaint.c.origin == Origin.CRM.value
    )
    return _many(connection, connection.execute(for_update(query.order_by(complaint.c.id))).all())


def lock_owned(connection: Connection, staff: str) -> None:
    """Lock the open cases of somebody before anything else of him is written."""
    complaint_history.hold(connection)
    query = select(complaint.c.id).where(complaint.c.owner == staff, complaint.c.state.not_in(_OVER))
    connection.execute(for_update(query.order_by(complaint.c.id))).all()


def owners(connection: Connection) -> dict[str, int]:
    """How many open cases each owner has."""
    query = select(complaint.c.owner, func.count().label("n")).where(
        complaint.c.owner.is_not(None), complaint.c.state.not_in(_OVER), complaint.c.origin == Origin.CRM.value
    )
    return {row.owner: row.n for row in connection.execute(query.group_by(complaint.c.owner))}


def listed(
    connection: Connection,
    *,
    states: Collection[str] = (),
    store: str | None = None,
    owner: str | None = None,
    customer_id: int | None = None,
    limit: int = 1000,
) -> list[tuple[Complaint, Row[Any]]]:
    """Cases, newest first, each with its row (with `customer_name`); no states: those that are open."""
    query = select(complaint, customer.c.name.label("customer_name")).outerjoin(
        customer, customer.c.id == complaint.c.customer_id
    )
    query = query.where(complaint.c.state.in_(states) if states else complaint.c.state.not_in(_OVER))
    for column, wanted in (
        (complaint.c.store, store),
        (complaint.c.owner, owner),
        (complaint.c.customer_id, customer_id),
    ):
        query = query if wanted is None else query.where(column == wanted)
    newest = (complaint.c.received_at.desc(), complaint.c.id.desc())
    rows = connection.execute(query.order_by(*newest).limit(limit)).all()
    return list(zip(_many(connection, rows), rows, strict=True))


def latest_of(connection: Connection, customer_id: int, limit: int) -> list[Complaint]:
    """The latest cases of a customer, those that have ended and those that the DMS keeps included."""
    query = select(complaint).where(complaint.c.customer_id == customer_id)
    newest = (func.coalesce(complaint.c.received_at, complaint.c.updated_at).desc(), complaint.c.id.desc())
    return _many(connection, connection.execute(query.order_by(*newest).limit(limit)).all())


def row_of(connection: Connection, number: int) -> Row[Any] | None:
    """The row of one case, with `customer_name`: what `Complaint` has no field for."""
    query = select(complaint, customer.c.name.label("customer_name")).outerjoin(
        customer, customer.c.id == complaint.c.customer_id
    )
    return connection.execute(query.where(complaint.c.id == number)).one_or_none()


def visit_of(connection: Connection, number: int) -> Row[Any] | None:
    """Where, whose and about which car a visit was."""
    return connection.execute(select(visit).where(visit.c.id == number)).one_or_none()


def callback_of(connection: Connection, number: int) -> Row[Any]:
    """The second callback of a case."""
    return connection.execute(select(attempt).where(attempt.c.id == number)).one()


def earlier(connection: Connection, case: int, customer_id: int, since: datetime) -> int:
    """How many other cases of a customer came since then, those of the dealer's own list included."""
    query = select(complaint.c.id).where(
        complaint.c.customer_id == customer_id,
        complaint.c.id != case,
        or_(complaint.c.received_at >= stamp(since), complaint.c.received_at.is_(None)),
    )
    return len(connection.execute(query).all())


def _many(connection: Connection, rows: Collection[Row[Any]]) -> list[Complaint]:
    clocks = complaint_clocks.of(connection, [row.id for row in rows])
    return [_case(row, clocks.get(row.id, ())) for row in rows]


def _case(row: Row[Any], clocks: tuple[SlaClock, ...]) -> Complaint:
    return Complaint(
        id=f"K{row.id}",
        store=row.store,
        customer_id=_name("C", row.customer_id),
        visit_id=_name("R", row.visit_id),
        vehicle_id=_name("V", row.vehicle_id),
        origin=Origin(row.origin),
        state=ComplaintState(row.state),
        received_at=instant(row.received_at or row.updated_at),
        form=ComplaintForm(row.form),
        channel=ComplaintChannel(row.channel),
        category=row.category,
        root_cause=row.root_cause,
        severity=Severity(row.severity),
        customer_type=CustomerType(row.customer_type) if row.customer_type else None,
        needs=tuple(Need(each) for each in json.loads(row.needs)),
        magnitude=row.magnitude,
        verbatim=row.verbatim or "",
        demand=row.demand or "",
        first_asked=row.first_asked,
        owner=row.owner,
        accused=tuple(json.loads(row.accused)),
        responsible=row.responsible,
        department=Department(row.department) if row.department else None,
        round=row.round,
        resolved_at=instant(row.resolved_at) if row.resolved_at else None,
        outcome=Restoration(row.outcome) if row.outcome else None,
        avoidable=None if row.avoidable is None else bool(row.avoidable),
        restored=bool(row.restored),
        clocks=clocks,
    )


def _stored(value: Any) -> Any:
    """A value as its column keeps it."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, tuple | list):
        return json.dumps([_stored(each) for each in value])
    return value


def _id(name: str | None) -> int | None:
    return None if name is None else int(name[1:])


def _name(letter: str, number: int | None) -> str | None:
    return None if number is None else f"{letter}{number}"
