"""What happened to a case, what it rests on, who was told, what was offered: rows that are added and not taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from crmcore.db import bulk
from crmcore.db.columns import instant, stamp
from crmcore.db.engine import take_ids
from crmcore.db.schema import complaint_event, complaint_evidence, escalation, recovery_offer
from crmcore.types.complaint import (
    ClockKind,
    ComplaintEvent,
    ComplaintState,
    Escalation,
    EventKind,
    EvidenceKind,
    OfferKind,
    RecoveryOffer,
)
from crmcore.types.store import Role

_EVIDENCE = ("kind", "evidence_id", "complaint_id", "at", "why")
_ESCALATION = ("complaint_id", "round", "level", "clock", "role", "staff", "due_at", "at", "late")


def hold(connection: Connection) -> None:
    """Before a case is locked: lines of histories are numbered one transaction after another, so who waits holds no case."""
    take_ids(connection, complaint_event, 0)


def note(connection: Connection, number: int, event: ComplaintEvent) -> None:
    """Add a line to the history of a case, whose row is locked by the caller."""
    (id_,) = take_ids(connection, complaint_event, 1)
    last = select(func.coalesce(func.max(complaint_event.c.seq), 0)).where(complaint_event.c.complaint_id == number)
    connection.execute(
        complaint_event.insert().values(
            id=id_,
            complaint_id=number,
            seq=connection.execute(last).scalar_one() + 1,
            at=stamp(event.at),
            recorded_at=stamp(event.recorded_at),
            who=event.who,
            kind=event.kind.value,
            before=event.before.value if event.before else None,
            after=event.after.value,
            detail=json.dumps(dict(event.detail), ensure_ascii=False, sort_keys=True),
            note=event.note or None,
        )
    )


def events(connection: Connection, number: int) -> list[ComplaintEvent]:
    """The history of a case, in order."""
    mine = complaint_event.c
    return [
        ComplaintEvent(
            at=instant(row.at),
            recorded_at=instant(row.recorded_at),
            who=row.who,
            kind=EventKind(row.kind),
            before=ComplaintState(row.before) if row.before else None,
            after=ComplaintState(row.after),
            detail=json.loads(row.detail),
            note=row.note or "",
        )
        for row in connection.execute(select(complaint_event).where(mine.complaint_id == number).order_by(mine.seq))
    ]


# ------------------------------------------------------------------ evidence


def rests_on(connection: Connection, kind: EvidenceKind, evidence_id: int) -> int | None:
    """The case that this piece of evidence opened or joined."""
    mine = complaint_evidence.c
    key = (mine.kind == kind.value, mine.evidence_id == evidence_id)
    return connection.execute(select(mine.complaint_id).where(*key)).scalar_one_or_none()


def keep_evidence(
    connection: Connection,
    number: int,
    kind: EvidenceKind,
    evidence_id: int,
    why: Sequence[Mapping[str, Any]],
    at: datetime,
) -> None:
    """A case rests on this too; the key makes sure that it is the only one."""
    said = json.dumps(list(why), ensure_ascii=False)
    bulk.insert(connection, complaint_evidence, _EVIDENCE, [(kind.value, evidence_id, number, stamp(at), said)])


def evidence_of(connection: Connection, number: int) -> list[Row[Any]]:
    """What a case rests on, oldest first."""
    mine = complaint_evidence.c
    query = select(complaint_evidence).where(mine.complaint_id == number)
    return list(connection.execute(query.order_by(mine.at, mine.kind, mine.evidence_id)))


# ------------------------------------------------------------------ escalations


def climb(connection: Connection, number: int, step: Escalation) -> bool:
    """Climb a rung; False when it was climbed before (the key is the promise)."""
    row = (
        number, step.round, step.level, step.clock.value, step.role.value, step.staff, stamp(step.due_at), stamp(step.at),
        int(step.late),
    )  # fmt: skip
    before = len(climbed(connection, number))
    bulk.insert(connection, escalation, _ESCALATION, [row], ignore=True)
    return len(climbed(connection, number)) > before


def climbed(connection: Connection, number: int) -> list[Escalation]:
    """The rungs of a case, in order."""
    mine = escalation.c
    query = select(escalation).where(mine.complaint_id == number).order_by(mine.round, mine.level)
    return [
        Escalation(
            level=row.level,
            round=row.round,
            clock=ClockKind(row.clock),
            role=Role(row.role),
            staff=row.staff,
            due_at=instant(row.due_at),
            at=instant(row.at),
            late=bool(row.late),
        )
        for row in connection.execute(query)
    ]


# ------------------------------------------------------------------ offers


def offer(connection: Connection, number: int, made: RecoveryOffer, note: str) -> int:
    """Keep an offer; returns its number. `made.id` is not looked at."""
    (id_,) = take_ids(connection, recovery_offer, 1)
    connection.execute(
        recovery_offer.insert().values(
            id=id_,
            complaint_id=number,
            kind=made.kind.value,
            cost=int(made.cost * 100),
            offered_by=made.offered_by,
            offered_at=stamp(made.offered_at),
            approved_by=made.approved_by,
            approved_at=stamp(made.offered_at) if made.approved_by else None,
            note=note or None,
        )
    )
    return id_


def offer_of(connection: Connection, id_: int) -> tuple[int, RecoveryOffer] | None:
    """The case an offer belongs to, and the offer."""
    row = connection.execute(select(recovery_offer).where(recovery_offer.c.id == id_)).one_or_none()
    return None if row is None else (row.complaint_id, _offer(row))


def offers(connection: Connection, number: int) -> list[RecoveryOffer]:
    """What was offered in a case, in order."""
    query = select(recovery_offer).where(recovery_offer.c.complaint_id == number).order_by(recovery_offer.c.id)
    return [_offer(row) for row in connection.execute(query)]


def approve(connection: Connection, id_: int, by: str, now: datetime) -> None:
    """Somebody who may has said yes to an offer."""
    connection.execute(
        update(recovery_offer).where(recovery_offer.c.id == id_).values(approved_by=by, approved_at=stamp(now))
    )


def answer(connection: Connection, id_: int, accepted: bool, now: datetime) -> None:
    """The customer's answer to an offer."""
    connection.execute(
        update(recovery_offer).where(recovery_offer.c.id == id_).values(accepted=int(accepted), decided_at=stamp(now))
    )


def _offer(row: Row[Any]) -> RecoveryOffer:
    return RecoveryOffer(
        id=f"O{row.id}",
        kind=OfferKind(row.kind),
        cost=Decimal(row.cost) / 100,
        offered_by=row.offered_by,
        offered_at=instant(row.offered_at),
        approved_by=row.approved_by,
        accepted=None if row.accepted is None else bool(row.accepted),
    )
