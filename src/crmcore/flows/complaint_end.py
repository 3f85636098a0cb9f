"""complaints: making good and coming to an end. A case is closed by a second callback, or by somebody who answers for none."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from crmcore.db import attempts, complaint_history, complaints
from crmcore.db.columns import instant, stamp
from crmcore.db.schema import attempt
from crmcore.errors import UsageError
from crmcore.flows import second_callback
from crmcore.flows.casework import File, Office, number_of
from crmcore.rules.complaints import clocks as sla
from crmcore.rules.complaints import closing, offers, states
from crmcore.rules.complaints.ending import restored
from crmcore.types.complaint import ENDED, Complaint, EventKind, OfferKind, RecoveryOffer, Restoration
from crmcore.types.contact import AttemptOutcome, ContactAttempt
from crmcore.types.customer import Channel
from crmcore.types.store import Role

# ------------------------------------------------------------------ offers


def offer(
    office: Office,
    case: str,
    kind: OfferKind,
    cost: Decimal,
    *,
    by: str,
    at: datetime | None = None,
    note: str = "",
) -> RecoveryOffer:
    """Offer something that costs so many yuan; the customer hears of it once it is approved.

    Raises:
        UsageError: CRM-T505 for a cost below nothing or finer than fen.
    """
    with office.at_work(case, at=at, by=by) as file:
        if not cost.is_finite() or not 0 <= cost <= _MOST or cost != cost.quantize(Decimal("0.01")):
            raise UsageError("CRM-T505", value=str(cost), what="cost", known=f"0 – {_MOST}")
        made = RecoveryOffer(id="", kind=kind, cost=cost, offered_by=by, offered_at=file.at)
        number = complaint_history.offer(file.connection, file.number, made, note)
        detail = {"offer": f"O{number}", "kind": kind.value, "cost": str(cost)}
        file.happen(EventKind.OFFER, detail=detail)
        enough = offers.approvers(file.cases.policy, cost)
        file.tell("OFFER", role=enough[0] if enough else Role.GENERAL_MANAGER, level=number)
        return complaint_history.offers(file.connection, file.number)[-1]


_MOST = Decimal(10_000_000)


def approve(office: Office, offer_id: str, *, by: str) -> RecoveryOffer:
    """Say yes to an offer, as far as one's role may.

    Raises:
        UsageError: CRM-T509 no such offer, CRM-U117 no such colleague, CRM-T504 why he may not approve it.
    """
    number = number_of(offer_id, "O", "CRM-T509")
    with office.at_work(_case_of(office, number), by=by) as file:
        made = _offer(file, number)
        person = file.person(by)
        if made.approved_by is not None:
            return made
        policy = file.cases.policy
        file.refuse(offers.may_approve(policy, person.role, made.cost, approver=by, offered_by=made.offered_by))
        complaint_history.approve(file.connection, number, by, file.now)
        file.happen(EventKind.OFFER, detail={"offer": f"O{number}", "approved_by": by})
        return _offer(file, number)


def answer(office: Office, offer_id: str, *, accepted: bool, by: str) -> RecoveryOffer:
    """What the customer says to an offer.

    Raises:
        UsageError: CRM-T509 no such offer, CRM-T504 he must not have heard of it, or has answered.
    """
    number = number_of(offer_id, "O", "CRM-T509")
    with office.at_work(_case_of(office, number), by=by) as file:
        file.refuse(offers.may_tell(_offer(file, number)))
        complaint_history.answer(file.connection, number, accepted, file.now)
        file.happen(EventKind.OFFER, detail={"offer": f"O{number}", "accepted": accepted})
        return _offer(file, number)


def _case_of(office: Office, number: int) -> str:
    with office.db.reading() as connection:
        found = complaint_history.offer_of(connection, number)
    if found is None:
        raise UsageError("CRM-T509", id=f"O{number}")
    return f"K{found[0]}"


def _offer(file: File, number: int) -> RecoveryOffer:
    """An offer as it is now, under the lock of its case."""
    found = complaint_history.offer_of(file.connection, number)
    assert found is not None
    return found[1]


# ------------------------------------------------------------------ the solution and the second callback


def resolve(office: Office, case: str, resolution: str, *, by: str, at: datetime | None = None) -> Complaint:
    """The solution stands; from now on the customer is owed a second callback."""
    with office.at_work(case, at=at, by=by) as file:
        waits = file.case.state in states.WAITING
        values = {"resolved_at": file.at, "resolution": resolution} | ({"handed_over_at": file.at} if waits else {})
        file.happen(EventKind.RESOLVE, values=values)
        file.start_clocks([sla.callback_clock(file.cases.policy, file.store, file.at, file.case.round)])
        file.tell("CALLBACK_DUE", role=Role.CR_AGENT)
        return file.case


def call_back(
    office: Office,
    case: str,
    result: str,
    said: Restoration | None = None,
    *,
    by: str,
    at: datetime | None = None,
    remark: str = "",
    close: bool = False,
) -> Complaint:
    """The second callback: an attempt of this case. Who is not content has the case reopened; `close`: who is, closed.

    Args:
        result: a code of the call results; whether anybody was reached is its family.
        said: what the customer said; None when nobody was reached.

    Raises:
        UsageError: CRM-T505 no such result, CRM-T511 nobody knows whose case it is.
    """
    with office.at_work(case, at=at, by=by, ahead=attempt) as file:
        file.among(result, tuple(file.cases.results), "result")
        if file.case.customer_id is None:
            raise UsageError("CRM-T511", id=file.case.id)
        outcome = file.cases.results[result].outcome
        number = attempts.keep(
            file.connection,
            complaint_id=file.number,
            customer_id=int(file.case.customer_id[1:]),
            at=stamp(file.at),
            recorded_at=stamp(file.now),
            staff=by,
            channel=Channel.PHONE.value,
            outcome=outcome.value,
            result=result,
            remark=remark or None,
        )
        called(file, number, result, said, close=close)
        return file.case


def called(file: File, number: int, result: str, said: Restoration | None, *, close: bool) -> None:
    """What follows from a second callback that is kept as attempt `number`; as `call_back` otherwise."""
    outcome = file.cases.results[result].outcome
    reached = outcome is AttemptOutcome.SUCCESS
    heard = said if reached else None
    values: dict[str, Any] = {"callback_id": number, "outcome": heard} if reached else {}
    detail = {"attempt": f"A{number}", "result": result, "said": heard.value if heard else None}
    file.happen(EventKind.CALL_BACK, values=values, detail=detail, reached=heard is not None)
    second_callback.follow(file)  # heard is heard, also of a case that begins anew
    follows = closing.after_callback(outcome, heard)
    if follows is EventKind.REOPEN:
        _reopen(file, "")
    elif follows is EventKind.CLOSE and close:
        _close(file, "")
    second_callback.follow(file)


def waive(office: Office, case: str, why: str, *, by: str, note: str = "") -> Complaint:
    """Answer for it that there is no second callback (`WAIVERS`).

    Raises:
        UsageError: CRM-T505 for another `why`.
    """
    with office.at_work(case, by=by) as file:
        file.among(why, closing.WAIVERS, "waiver")
        file.happen(EventKind.WAIVE, values={"waiver": why}, detail={"why": why}, note=note)
        return file.case


# ------------------------------------------------------------------ the end


def close(office: Office, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
    """Close it. Care and marketing come back, unless the customer is not known to be content.

    Raises:
        UsageError: CRM-T503 it is not open, CRM-T504 what is missing: a solution, a second callback, a waiver.
    """
    with office.at_work(case, at=at, by=by) as file:
        _close(file, note)
        return file.case


def _close(file: File, note: str) -> None:
    row = complaints.row_of(file.connection, file.number)
    assert row is not None
    if file.case.state not in ENDED:
        callback = None if row.callback_id is None else _callback(file, row.callback_id)
        file.refuse(closing.may_close(file.case, callback, said=file.case.outcome, waiver=row.waiver))
    content = restored(file.case.outcome, row.waiver)
    detail = {"restored": content, "waiver": row.waiver}
    file.happen(EventKind.CLOSE, values={"closed_at": file.at, "restored": content}, detail=detail, note=note)


def _callback(file: File, number: int) -> ContactAttempt:
    row = complaints.callback_of(file.connection, number)
    return ContactAttempt(
        id=f"A{row.id}",
        complaint_id=f"K{row.complaint_id}",
        at=instant(row.at),
        outcome=AttemptOutcome(row.outcome),
        result=row.result,
    )


def reopen(office: Office, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
    """It is not over: a new round with clocks of its own; what was keeps its place in the history."""
    with office.at_work(case, at=at, by=by) as file:
        _reopen(file, note)
        return file.case


def _reopen(file: File, note: str) -> None:
    round_ = file.case.round + 1
    values = {
        "round": round_, "resolved_at": None, "responded_at": None, "handed_over_at": None, "closed_at": None,
        "outcome": None, "callback_id": None, "waiver": None, "restored": True,
    }  # fmt: skip
    file.happen(EventKind.REOPEN, values=values, detail={"round": round_}, note=note)
    file.start_clocks(sla.open_clocks(file.cases.policy, file.case.severity, file.store, file.at, round_))
    file.tell("REOPENED", role=Role.CR_MANAGER, staff=file.case.owner)


def withdraw(office: Office, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
    """The customer takes it back, or it was none."""
    with office.at_work(case, at=at, by=by) as file:
        file.happen(EventKind.WITHDRAW, values={"closed_at": file.at}, note=note)
        return file.case
