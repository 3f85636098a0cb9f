"""Complaints from their first word to their second callback: `crm.complaints`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from crmcore.errors import UsageError
from crmcore.types.complaint import (
    ENDED,
    Complaint,
    ComplaintChannel,
    ComplaintEvent,
    ComplaintForm,
    ComplaintState,
    CustomerType,
    Escalation,
    Need,
    OfferKind,
    RecoveryOffer,
    Restoration,
    Severity,
)
from crmcore.types.store import Department

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from crmcore.app.crm import Crm

T = TypeVar("T")


class Complaints:
    """Cases, their history, and every step on them; each is what the command of its name does.

    `by` is who does it: the code of a colleague, or "api" for the program itself. `at` is when it happened, aware, if not now.
    A step that cannot be taken is a `UsageError`: CRM-T501 no such case, CRM-T502 the DMS keeps it, CRM-T503 not in this state,
    CRM-T504 with the reason, CRM-T505 a code nobody knows, CRM-T507 a time that lies ahead, CRM-U117 nobody of this code.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    # ------------------------------------------------------------------ reading

    def open(self, store: str | None = None, owner: str | None = None, limit: int = 1000) -> tuple[Complaint, ...]:
        """The cases that have not ended, newest first, with their clocks."""
        states = (state for state in ComplaintState if state not in ENDED)
        return self.find(*states, store=store, owner=owner, limit=limit)

    def find(
        self,
        *states: ComplaintState,
        store: str | None = None,
        owner: str | None = None,
        customer: str | None = None,
        limit: int = 1000,
    ) -> tuple[Complaint, ...]:
        """Cases in one of these states, none named: in any; the newest first, with their clocks.

        Raises:
            UsageError: CRM-U113 there is no such store, CRM-S230 what is no id of a customer.
        """
        from crmcore.db import complaints
        from crmcore.flows.casework import number_of

        code = None if store is None else self._crm.store(store).code
        person = None if customer is None else number_of(customer, "C", "CRM-S230")
        wanted = states or tuple(ComplaintState)
        with self._crm.db.reading() as connection:
            found = complaints.listed(
                connection, states=wanted, store=code, owner=owner, customer_id=person, limit=limit
            )
        return tuple(case for case, _ in found)

    def of(self, customer: str, limit: int = 100) -> tuple[Complaint, ...]:
        """The latest cases of a customer, those that have ended included; CRM-S230 for what is no id."""
        from crmcore.db import complaints
        from crmcore.flows.casework import number_of

        with self._crm.db.reading() as connection:
            return tuple(complaints.latest_of(connection, number_of(customer, "C", "CRM-S230"), limit))

    def get(self, case: str) -> Complaint:
        """One case with its clocks; CRM-T501."""
        from crmcore.db import complaints
        from crmcore.flows.casework import number_of

        with self._crm.db.reading() as connection:
            found = complaints.find(connection, number_of(case))
        if found is None:
            raise UsageError("CRM-T501", id=case)
        return found

    def history(self, case: str) -> tuple[ComplaintEvent, ...]:
        """What happened to a case, in order; CRM-T501."""
        from crmcore.db import complaint_history

        return tuple(self._of(case, complaint_history.events))

    def escalations(self, case: str) -> tuple[Escalation, ...]:
        """The rungs of the ladder that were climbed, in order; CRM-T501."""
        from crmcore.db import complaint_history

        return tuple(self._of(case, complaint_history.climbed))

    def offers(self, case: str) -> tuple[RecoveryOffer, ...]:
        """What was offered, in order; CRM-T501."""
        from crmcore.db import complaint_history

        return tuple(self._of(case, complaint_history.offers))

    def _of(self, case: str, read: Callable[[Connection, int], list[T]]) -> list[T]:
        number = int(self.get(case).id[1:])
        with self._crm.db.reading() as connection:
            return read(connection, number)

    # ------------------------------------------------------------------ from the first word to the solution

    def register(
        self,
        words: str,
        *,
        by: str,
        customer: str | None = None,
        visit: str | None = None,
        vehicle: str | None = None,
        store: str | None = None,
        category: str | None = None,
        severity: Severity | None = None,
        form: ComplaintForm | None = None,
        channel: ComplaintChannel = ComplaintChannel.STORE,
        demand: str = "",
        received_at: datetime | None = None,
        first_asked: str | None = None,
        apart: bool = False,
    ) -> Complaint:
        """Open a case by hand, or join the one that is open for the same cause (its history then ends with JOIN).

        Args:
            words: what the customer said.
            customer: phone, plate, VIN or id; None: whoever the visit is of.
            store: default: that of the visit, else the first.
            category / severity / form: what is left out is told by the words.
            received_at: when customer relations had it; default: now. Clocks run from then.
            first_asked: whom the customer told first; default: `by`.
            apart: a case of its own, also when one is open for the same cause.

        Raises:
            UsageError: also CRM-S230 and CRM-S231 for the customer.
        """
        from crmcore.flows.complaints import Told, open_case

        told = Told(
            words=words,
            customer=customer,
            visit=visit,
            vehicle=vehicle,
            store=self._crm.store(store).code if store else "",
            category=category,
            severity=severity,
            form=form,
            channel=channel,
            demand=demand,
            received_at=received_at,
            first_asked=first_asked,
            apart=apart,
        )
        return self.get(f"K{open_case(self._crm.office(), told, by=by).id}")

    def adopt(self, case: str, *, by: str) -> Complaint:
        """Work here on a case that the DMS keeps: from now on it has clocks, and the DMS no longer changes it."""
        from crmcore.flows import complaints

        return complaints.adopt(self._crm.office(), case, by=by)

    def acknowledge(self, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
        """The customer knows that we know."""
        from crmcore.flows import complaints

        return complaints.acknowledge(self._crm.office(), case, by=by, at=at, note=note)

    def assign(
        self, case: str, to: str | None = None, *, by: str, at: datetime | None = None, note: str = ""
    ) -> Complaint:
        """Put it on an owner's desk, which ends the handover clock; `to` None: whom the rules choose. CRM-T506 nobody may."""
        from crmcore.flows import complaints

        return complaints.assign(self._crm.office(), case, to, by=by, at=at, note=note)

    def note(self, case: str, text: str, *, by: str, at: datetime | None = None) -> Complaint:
        """Write something down."""
        from crmcore.flows import complaints

        return complaints.note(self._crm.office(), case, text, by=by, at=at)

    def investigate(self, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
        """Somebody looks into it."""
        from crmcore.flows import complaints

        return complaints.investigate(self._crm.office(), case, by=by, at=at, note=note)

    def respond(self, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
        """The customer has an answer; this ends the response clock."""
        from crmcore.flows import complaints

        return complaints.respond(self._crm.office(), case, by=by, at=at, note=note)

    def classify(
        self,
        case: str,
        *,
        by: str,
        at: datetime | None = None,
        note: str = "",
        category: str | None = None,
        severity: Severity | None = None,
        form: ComplaintForm | None = None,
        customer: str | None = None,
        customer_type: CustomerType | None = None,
        needs: tuple[Need, ...] | None = None,
        magnitude: int | None = None,
        root_cause: str | None = None,
        responsible: str | None = None,
        accused: tuple[str, ...] | None = None,
        department: Department | None = None,
        avoidable: bool | None = None,
        demand: str | None = None,
        background: str | None = None,
        prevention: str | None = None,
    ) -> Complaint:
        """Say what it is about, how grave it is, who it is about; what is left out stays.

        Deadlines follow the severity, and an owner who is accused loses the case.

        Args:
            customer: whose case it is, where nobody knew: phone, plate, VIN or id.
            magnitude: expectation less satisfaction (S2).
            needs / accused: in place of those before.
        """
        from crmcore.flows import complaints

        judged = complaints.Judged(
            category=category,
            severity=severity,
            form=form,
            customer=customer,
            customer_type=customer_type,
            needs=needs,
            magnitude=magnitude,
            root_cause=root_cause,
            responsible=responsible,
            accused=accused,
            department=department,
            avoidable=avoidable,
            demand=demand,
            background=background,
            prevention=prevention,
        )
        return complaints.classify(self._crm.office(), case, judged, by=by, at=at, note=note)

    def pause(self, case: str, why: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
        """It waits for somebody else: PAUSE_CUSTOMER, PAUSE_PARTS, PAUSE_MAKER or PAUSE_AUTHORITY. The handover never does."""
        from crmcore.flows import complaints

        return complaints.pause(self._crm.office(), case, why, by=by, at=at, note=note)

    def resume(self, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
        """Let the clocks run again, due later by what they stood still; CRM-T508 none of them stands."""
        from crmcore.flows import complaints

        return complaints.resume(self._crm.office(), case, by=by, at=at, note=note)

    # ------------------------------------------------------------------ making good, and the end

    def offer(
        self, case: str, kind: OfferKind, cost: Decimal, *, by: str, at: datetime | None = None, note: str = ""
    ) -> RecoveryOffer:
        """Offer something that costs so many yuan; the customer hears of it once it is approved."""
        from crmcore.flows import complaint_end

        return complaint_end.offer(self._crm.office(), case, kind, cost, by=by, at=at, note=note)

    def approve(self, offer: str, *, by: str) -> RecoveryOffer:
        """Say yes to an offer ("O3"), as far as one's role may; CRM-T509 there is none."""
        from crmcore.flows import complaint_end

        return complaint_end.approve(self._crm.office(), offer, by=by)

    def answer(self, offer: str, *, accepted: bool, by: str) -> RecoveryOffer:
        """What the customer says to an offer that is approved; CRM-T509 there is none."""
        from crmcore.flows import complaint_end

        return complaint_end.answer(self._crm.office(), offer, accepted=accepted, by=by)

    def resolve(self, case: str, resolution: str, *, by: str, at: datetime | None = None) -> Complaint:
        """The solution stands; from now on the customer is owed a second callback."""
        from crmcore.flows import complaint_end

        return complaint_end.resolve(self._crm.office(), case, resolution, by=by, at=at)

    def call_back(
        self,
        case: str,
        result: str,
        said: Restoration | None = None,
        *,
        by: str,
        at: datetime | None = None,
        remark: str = "",
        close: bool = False,
    ) -> Complaint:
        """The second callback: who is not content has the case reopened; `close`: who is, closed. CRM-T511 of nobody.

        Args:
            result: a code of the call results.
            said: what the customer said; None when nobody was reached.
        """
        from crmcore.flows import complaint_end

        office = self._crm.office()
        return complaint_end.call_back(office, case, result, said, by=by, at=at, remark=remark, close=close)

    def waive(self, case: str, why: str, *, by: str, note: str = "") -> Complaint:
        """Answer for it that there is no second callback, e.g. WAIVER_UNREACHABLE."""
        from crmcore.flows import complaint_end

        return complaint_end.waive(self._crm.office(), case, why, by=by, note=note)

    def close(self, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
        """Close it; CRM-T504 says what is missing: a solution, a second callback, a waiver."""
        from crmcore.flows import complaint_end

        return complaint_end.close(self._crm.office(), case, by=by, at=at, note=note)

    def reopen(self, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
        """It is not over: a new round with clocks of its own."""
        from crmcore.flows import complaint_end

        return complaint_end.reopen(self._crm.office(), case, by=by, at=at, note=note)

    def withdraw(self, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
        """The customer takes it back, or it was none."""
        from crmcore.flows import complaint_end

        return complaint_end.withdraw(self._crm.office(), case, by=by, at=at, note=note)
