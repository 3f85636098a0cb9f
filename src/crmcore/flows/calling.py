"""One call is recorded: the attempt, its answers, the case it opens and what follows for the touchpoint, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import attempts, bulk, invitations, leases, optouts, touchpoints
from crmcore.db import worklist as query
from crmcore.db.columns import instant, stamp
from crmcore.db.engine import take_ids
from crmcore.db.schema import proposal
from crmcore.db.surveys import keep_response
from crmcore.flows.case_calling import Spoken, give_up, settle, waiting
from crmcore.flows.casework import File
from crmcore.flows.desk import Desk
from crmcore.flows.evidence import Found
from crmcore.flows.missed import queue_text
from crmcore.rules import clean
from crmcore.rules.attempts import GiveUp, Mend, Next, Settled, Try, after_attempt
from crmcore.rules.worktime import local
from crmcore.types.complaint import ComplaintChannel, ComplaintState, EvidenceKind
from crmcore.types.contact import AttemptOutcome, CallResult, Effect
from crmcore.types.survey import Response

_PROPOSAL = (
    "id", "kind", "entity", "entity_id", "other_id", "field", "old", "new", "source", "why", "created_at", "fingerprint",
)  # fmt: skip
SOURCE = "callbacks"


@attrs.frozen(kw_only=True)
class Call:
    """A call as it was made, with what the finders made of it outside the transaction.

    Attributes:
        number: as the sheet says it was dialled, E.164; None where it cannot be read.
        category: of a complaint; None: the clerk saw none.
        responses: what was answered, by questionnaire, each with what was found in it.
        since: from when on an opt-out or a complaint is news to who called.
        by: who hands it in.
        case: of a second callback: what it says of its case.
    """

    touchpoint: int
    fingerprint: str
    at: datetime
    result: CallResult
    staff: str | None
    number: str | None = attrs.field(default=None, repr=False)
    remark: str = attrs.field(default="", repr=False)
    category: str | None = None
    referral: str = attrs.field(default="", repr=False)
    note: str = attrs.field(default="", repr=False)
    next_at: datetime | None = None
    next_channel: str | None = None
    found: tuple[Found, ...] = ()
    responses: tuple[tuple[Response, tuple[Found, ...]], ...] = ()
    since: datetime | None = None
    by: str = ""
    case: Spoken | None = None


@attrs.define(kw_only=True)
class Recorded:
    """What came of recording one call.

    Attributes:
        follows: DONE, RETRY, BOOKED, GIVEN_UP, MEND, or OVER where the touchpoint was over already.
        notices: reason codes of what the clerk should know.
        opened / joined / closed / reopened: numbers of complaints.
    """

    attempt: int
    follows: str = "OVER"
    notices: list[str] = attrs.field(factory=list)
    opened: list[int] = attrs.field(factory=list)
    joined: list[int] = attrs.field(factory=list)
    closed: list[int] = attrs.field(factory=list)
    reopened: list[int] = attrs.field(factory=list)
    responses: int = 0
    proposals: int = 0
    opted_out: int = 0
    texts: int = 0


def record(connection: Connection, desk: Desk, call: Call, now: datetime) -> Recorded | None:
    """Keep a call in this writing transaction; None when this very row was kept before."""
    touchpoints.lock(connection)  # plans run before it or after it, never between
    row = attempts.call(connection, call.touchpoint)
    if row is None or attempts.known(connection, call.fingerprint):
        return None
    return _Recording(connection, desk, call, row, now).run()


class _Recording:
    """One call being written down."""

    def __init__(self, connection: Connection, desk: Desk, call: Call, row: Row[Any], now: datetime) -> None:
        self.connection, self.desk, self.call, self.row, self.now = connection, desk, call, row, now
        self.numbers = attempts.numbers(connection, row.customer_id)
        self.dialled = self._dialled()
        self.file: File | None = None

    def _dialled(self) -> Row[Any] | None:
        """The number that was called: the one on the sheet where it is the customer's, else the one the worklist shows."""
        by_sheet = next((one for one in self.numbers if one.value == self.call.number), None)
        if by_sheet is not None:
            return by_sheet
        shown = query.phones(self.connection, [self.row.customer_id]).get(self.row.customer_id)
        return next((one for one in self.numbers if one.value == shown), None)

    def run(self) -> Recorded:
        news = attempts.since(self.connection, self.row.customer_id, self.call.since)
        self.done = Recorded(attempt=self._attempt(), notices=news)
        self._cases()
        self._effects()
        self._follow()
        leases.give_back(self.connection, self.row.id)
        return self.done

    def _attempt(self) -> int:
        call = self.call
        return attempts.keep(
            self.connection,
            touchpoint_id=self.row.id,
            complaint_id=None if call.case is None else call.case.case,
            customer_id=self.row.customer_id,
            contact_point_id=None if self.dialled is None else self.dialled.id,
            at=stamp(call.at),
            recorded_at=stamp(self.now),
            staff=call.staff,
            channel="PHONE",
            outcome=call.result.outcome.value,
            result=call.result.code,
            remark=call.remark or None,
            category=call.category,
            referral=call.referral or None,
            note=call.note or None,
            next_at=None if call.next_at is None else stamp(call.next_at),
            next_channel=call.next_channel,
            fingerprint=call.fingerprint,
        )

    # -------------------------------------------------------------- what was said

    def _cases(self) -> None:
        """The answers, and the cases they and the call itself open: in this transaction or not at all (promise 5)."""
        kept = [(self._response(response), found) for response, found in self.call.responses]
        self.done.responses += len(kept)
        if self.call.case is not None:
            self.file = waiting(
                self.connection, self.desk, self.call.case, self.row, at=self.call.at, by=self._who, now=self.now
            )
        self._case(EvidenceKind.ATTEMPT, self.done.attempt, self.call.found)
        for number, found in kept:
            self._case(EvidenceKind.RESPONSE, number, found)
        self._settle()
        for response, _ in self.call.responses:  # after the cases: whoever writes of both does so in this order
            self._decline(response)

    def _decline(self, response: Response) -> None:
        """An invitation to answer the same by a link has no use any more."""
        if response.complete and self.row.visit_id is not None:
            invitations.decline(self.connection, self.row.visit_id, response.survey, "ANSWERED_BY_PHONE", self.now)

    def _response(self, response: Response) -> int:
        return keep_response(
            self.connection,
            response,
            source=SOURCE,
            key=f"A{self.done.attempt}.{response.survey}",
            attempt_id=self.done.attempt,
            invitation_id=None,
            phone=None if self.dialled is None else self.dialled.value,
            now=self.now,
            zone=self.desk.settings.store(self.row.store).timezone,
        )

    def _settle(self) -> None:
        """Of a second callback: what it heard becomes of the case."""
        if self.file is None or self.call.case is None:
            return
        case = self.call.case.case
        doubt = case in self.done.joined
        state = settle(self.file, self.call.case, self.done.attempt, self.call.result, doubt=doubt)
        if state is ComplaintState.CLOSED:
            self.done.closed.append(case)
        elif state is ComplaintState.REOPENED:
            self.done.reopened.append(case)
        elif self.call.case.said is not None:
            self.done.notices.append("CASE_LEFT_OPEN")

    def _case(self, kind: EvidenceKind, number: int, found: tuple[Found, ...]) -> None:
        opened = self.desk.cases.keep(
            self.connection,
            found,
            kind=kind,
            evidence_id=number,
            store=self.row.store,
            customer_id=self.row.customer_id,
            visit_id=self.row.visit_id,
            vehicle_id=self.row.vehicle_id,
            received_at=self.call.at,
            channel=ComplaintChannel.CALLBACK,
            first_asked=self.call.staff,
            into=self._into(kind),
            now=self.now,
        )
        if opened is not None:
            cases = self.done.joined if opened.joined else self.done.opened
            if opened.id not in self.done.opened:
                cases.append(opened.id)

    def _into(self, kind: EvidenceKind) -> int | None:
        """The case that a second callback speaks of, but for a complaint about something else that the clerk has ticked."""
        if self.file is None or self.call.case is None or (kind is EvidenceKind.ATTEMPT and self.call.case.elsewhere):
            return None
        return self.call.case.case

    # -------------------------------------------------------------- what it says of the customer

    def _effects(self) -> None:
        match self.call.result:
            case CallResult(effect=Effect.BAD_NUMBER):
                self._bad_number()
            case CallResult(effect=Effect.REFUSES):
                self._refuses()
            case CallResult(effect=Effect.CAR_GONE):
                self._car_gone()
            case CallResult(outcome=AttemptOutcome.SUCCESS) if (
                self.dialled is not None and self.dialled.state == "UNKNOWN"
            ):
                attempts.judge(self.connection, self.dialled.id, "VALID", self.now)

    def _bad_number(self) -> None:
        if self.dialled is None:
            self.done.notices.append("NO_NUMBER")
            return
        state = self.call.result.number.value
        attempts.judge(self.connection, self.dialled.id, state, self.now)
        self._propose("CONTACT", "customer", self.row.customer_id, "phone", self.dialled.value, f"NUMBER_{state}")

    def _refuses(self) -> None:
        if self.dialled is None:
            self.done.notices.append("NO_NUMBER")
            return
        optouts.refuse(self.connection, [(self.dialled.value, "PHONE")], f"callback:A{self.done.attempt}", self.now)
        attempts.touch(self.connection, self.row.customer_id, self.now)
        self.done.opted_out += 1

    def _car_gone(self) -> None:
        cars = (
            [self.row.vehicle_id]
            if self.row.vehicle_id is not None
            else json.loads(self.row.explanation).get("vehicles", [])
        )
        if len(cars) != 1:
            self.done.notices.append("WHICH_CAR")
            return
        on = local(self.call.at, self.desk.settings.store(self.row.store).timezone).date().isoformat()
        self._propose("OWNERSHIP", "vehicle", cars[0], "end_on", None, "CAR_GONE", new=on, other=self.row.customer_id)

    def _propose(
        self,
        kind: str,
        entity: str,
        number: int,
        field: str,
        old: str | None,
        why: str,
        *,
        new: str | None = None,
        other: int = 0,
    ) -> None:
        """A question for a person, once: the same is not asked again, also after it was answered."""
        said = json.dumps([SOURCE, kind, entity, number, field, old, other])
        print_ = hashlib.sha256(said.encode()).hexdigest()
        (id_,) = take_ids(self.connection, proposal, 1)
        values = (id_, kind, entity, number, other, field, old, new, SOURCE, why, stamp(self.now), print_)
        bulk.insert(self.connection, proposal, _PROPOSAL, [values], ignore=True)
        self.done.proposals += 1

    # -------------------------------------------------------------- what follows for the touchpoint

    def _follow(self) -> None:
        """The rules decide over all attempts of this callback, late ones included; a case that has heard needs no more."""
        if self.file is not None and self.call.case is not None and self.call.case.said is not None:
            self.done.follows = "DONE"
            return
        if self.row.state not in touchpoints.OPEN:
            self.done.notices.append("TOUCHPOINT_OVER")
            return
        made = attempts.of_call(self.connection, [self.row.id])[self.row.id]
        tries = [
            Try(at=instant(one.at), result=one.result, next_at=instant(one.next_at) if one.next_at else None)
            for one in made
            if one.result in self.desk.results
        ]
        store = self.desk.settings.store(self.row.store)
        match after_attempt(self.desk.policy, self.desk.results, tries, store):
            case Settled() if self.file is not None:
                self._give_up("CALL_INVALID", None)  # somebody was spoken to, and nothing was heard of the case
            case Settled():
                touchpoints.done(self.connection, self.row.id, self.now, by=self._who)
                self.done.follows = "DONE"
            case Next(at, booked):
                self._again(at, booked=booked)
            case GiveUp(why, text_at):
                self._give_up(why, text_at)
            case Mend():
                self._mend()

    @property
    def _who(self) -> str:
        return self.call.staff or self.call.by

    def _again(self, at: datetime, *, booked: bool) -> None:
        told: dict[str, Any] = {"next_at": stamp(at), "booked_next": booked, "booked_by": None}
        values: dict[str, Any] = {"due_at": stamp(at), "state": "DUE" if at <= self.now else "PLANNED"}
        if booked:
            told["booked_by"] = self.call.next_channel
            values |= _later(self.row, at)
        if self.row.state == "SUPPRESSED":
            del values["state"]  # what keeps it back still does; the next plan looks at it
        attempts.postpone(self.connection, self.row, values, told, self.now)
        touchpoints.note(
            self.connection, [self.row.id], "BOOKED" if booked else "RETRY", {"at": stamp(at)}, self.now, self._who
        )
        self.done.follows = "BOOKED" if booked else "RETRY"

    def _give_up(self, why: str, text_at: datetime | None) -> None:
        """No further call, also for what would have been said in it; a text instead where one may still reach him."""
        closing = [(number, "SKIPPED", why) for number in (self.row.id, *attempts.riding(self.connection, self.row.id))]
        touchpoints.close_many(self.connection, closing, self.now)
        self.done.follows = "GIVEN_UP"
        if self.file is not None:
            give_up(self.file, why, self.desk.settings.lang)
            self.done.notices.append("CASE_NEEDS_WAIVER")
        if text_at is not None and queue_text(self.connection, self.desk, self.row, text_at, self.now):
            self.done.texts += 1

    def _mend(self) -> None:
        """Another number of the customer is called next; without one the call waits, as a plan would keep it back."""
        others = [one for one in attempts.numbers(self.connection, self.row.customer_id) if _usable(one)]
        self.done.follows = "MEND"
        if others or self.file is not None:  # no plan looks at what a case owes: it stays on the list
            told = {"next_at": stamp(self.call.at), "booked_next": False, "booked_by": None}
            values = {"due_at": stamp(self.call.at), "state": "DUE"}
            attempts.postpone(self.connection, self.row, values, told, self.now)
        else:
            reason = f"NUMBER_{self.call.result.number.value}"
            values = {"state": "SUPPRESSED", "reason": reason}
            attempts.postpone(self.connection, self.row, values, {}, self.now)
        touchpoints.note(self.connection, [self.row.id], "MEND", {}, self.now, self._who)


def _usable(number: Row[Any]) -> bool:
    return number.state in {"UNKNOWN", "VALID"} and not number.refused


def _later(row: Row[Any], at: datetime) -> Mapping[str, str]:
    """A booked time moves the deadline where it is later, and how long the contact is worth making with it."""
    said = json.loads(row.explanation)
    first_due, first_expires = said.get("first_due", row.due_at), said.get("first_expires", row.expires_at)
    values = {}
    if row.deadline_at is not None:
        values["deadline_at"] = max(row.deadline_at, stamp(at))
    if first_expires is not None:
        moved = instant(first_expires) + (at - instant(first_due))
        values["expires_at"] = max(stamp(moved), first_expires)
    return values


def read_number(cell: str) -> str | None:
    """The number on the sheet, where a spreadsheet has left it one."""
    found = clean.phone(cell)
    return found if isinstance(found, str) else None
