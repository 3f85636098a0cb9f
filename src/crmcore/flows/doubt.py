"""doubt: what became of texts whose outcome is not known, by what their vendor can prove (`rules.messages.reconcile`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from crmcore.db import messages
from crmcore.db.engine import Database
from crmcore.errors import CrmError, UsageError
from crmcore.hooks.adapters import (
    Clock,
    DedupesKeys,
    FindsMessages,
    MessagingAdapter,
    ParsesReceipts,
    PullsReceipts,
)
from crmcore.rules.messages import (
    Ask,
    Dedupes,
    Finds,
    Nothing,
    Outcome,
    Receipts,
    Reconcile,
    Resend,
    Review,
    SendPolicy,
    Verdict,
    Wait,
    after_receipt,
    may_become,
    reconcile,
)
from crmcore.types.contact import MessageState

#: What a person may say of a text in doubt -> the state it takes.
ANSWERS = {"sent": MessageState.ACCEPTED, "not-sent": MessageState.QUEUED, "drop": MessageState.CANCELLED}


def reconcile_all(
    db: Database, adapters: Mapping[str, MessagingAdapter[Any]], policy: SendPolicy, clock: Clock
) -> dict[str, int]:
    """Look at every text in doubt; returns how many were found, resent, left waiting or handed to a person."""
    now = clock.now()
    with db.reading() as connection:
        rows = messages.in_doubt(connection, now, now - timedelta(seconds=policy.lease_seconds))
    done: dict[str, int] = {}
    for row in rows:
        adapter = adapters.get(row.account or "")
        what = _look(db, row, adapter, policy, clock)
        done[what] = done.get(what, 0) + 1
    return done


def _look(db: Database, row: Row[Any], adapter: object, policy: SendPolicy, clock: Clock) -> str:
    now = clock.now()
    if row.state == "SENDING":  # its sender died between claim and record
        _record(db, row, Outcome(state=MessageState.UNKNOWN, due_at=now, reason="SENDER_DIED"), now)
    absent_at = datetime.fromisoformat(row.absent_at) if row.absent_at else None
    verdict = reconcile(datetime.fromisoformat(row.first_at), proof_of(adapter, policy), row.absences, absent_at, now)
    if isinstance(verdict, Ask) and isinstance(adapter, FindsMessages):
        return _ask(db, row, adapter, policy, clock)
    return _carry_out(db, row, verdict, now)


def proof_of(adapter: object, policy: SendPolicy) -> Reconcile:
    """What this vendor can prove, the strongest first."""
    window = adapter.dedupes_for if isinstance(adapter, DedupesKeys) else None
    if isinstance(adapter, FindsMessages):
        return Finds(adapter.absence_is_proof_after, window)
    if window is not None:
        return Dedupes(window)
    if isinstance(adapter, ParsesReceipts | PullsReceipts):
        return Receipts(timedelta(hours=policy.receipt_wait_hours))
    return Nothing()


def _carry_out(db: Database, row: Row[Any], verdict: Verdict, now: datetime) -> str:
    match verdict:
        case Resend(before):
            # inside a window nothing is disproved: `send` claims it before the window closes, or a person decides
            reason = "PROVEN_NOT_SENT" if before is None else "SAME_KEY_AGAIN"
            _record(db, row, Outcome(state=MessageState.QUEUED, due_at=now, reason=reason), now)
            return "resent"
        case Wait(until):
            _record(db, row, Outcome(state=MessageState.UNKNOWN, due_at=until, reason="WAITING_FOR_PROOF"), now)
            return "waiting"
        case Review() | Ask():
            _record(db, row, Outcome(state=MessageState.NEEDS_REVIEW, reason="NEEDS_PERSON"), now)
            return "review"


def _ask(db: Database, row: Row[Any], adapter: FindsMessages, policy: SendPolicy, clock: Clock) -> str:
    try:
        found = adapter.find(messages.to_message(row), key=row.key, sent_at=datetime.fromisoformat(row.claimed_at))
    except CrmError:  # the vendor cannot be asked now; the doubt stays
        return "waiting"
    now = clock.now()
    if found is not None:
        state = after_receipt(MessageState.ACCEPTED, found.receipt) if found.receipt else MessageState.ACCEPTED
        _record(db, row, Outcome(state=state, reason="FOUND_AT_VENDOR", ref=found.ref), now)
        return "found"
    with db.writing() as connection:
        messages.note_absence(connection, row.id, now)
    verdict = reconcile(datetime.fromisoformat(row.first_at), proof_of(adapter, policy), row.absences + 1, now, now)
    return _carry_out(db, row, verdict, now)


def _record(db: Database, row: Row[Any], outcome: Outcome, now: datetime) -> None:
    with db.writing() as connection:
        messages.record(connection, row.id, outcome, now, claimed_at=row.claimed_at)


def settle(db: Database, number: int, answer: str, who: str, now: datetime) -> MessageState:
    """A person says what became of a text in doubt: "sent", "not-sent" (it goes again) or "drop".

    Raises:
        UsageError: CRM-U120 there is no such text, CRM-U121 it is in no doubt, CRM-U122 another answer.
    """
    if answer not in ANSWERS:
        raise UsageError("CRM-U122", answer=answer, known=", ".join(ANSWERS))
    with db.writing() as connection:
        rows = messages.by_id(connection, [number])
        if not rows:
            raise UsageError("CRM-U120", id=f"M{number}")
        wanted = ANSWERS[answer]
        current = MessageState(rows[0].state)
        if current not in {MessageState.NEEDS_REVIEW, MessageState.UNKNOWN} or not may_become(current, wanted):
            raise UsageError("CRM-U121", id=f"M{number}", state=current.value)
        outcome = Outcome(
            state=wanted, due_at=now if wanted is MessageState.QUEUED else None, reason="SETTLED", code=who
        )
        return messages.record(connection, number, outcome, now)
