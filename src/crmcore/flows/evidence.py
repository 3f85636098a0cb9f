"""From what a customer said to a case (promise 5): looked at outside the transaction, kept inside the one that keeps the words.

`look` asks the finders; `keep` writes the case, its clocks, its history and the alert it owes in the transaction of the caller,
which is the one that stores the answer, the call or the text. So there is never one without the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection

from crmcore.db import alerts, complaint_clocks, complaint_history, complaints
from crmcore.flows import finding
from crmcore.flows.finding import Evidence, Finder, Found
from crmcore.rules.complaints import clocks as sla
from crmcore.rules.complaints.cause import OTHER, same_cause, severer
from crmcore.rules.complaints.drafts import together
from crmcore.rules.complaints.policy import ComplaintPolicy
from crmcore.types.complaint import (
    Category,
    Complaint,
    ComplaintChannel,
    ComplaintDraft,
    ComplaintEvent,
    ComplaintState,
    EventKind,
    EvidenceKind,
    Severity,
    SlaClock,
)
from crmcore.types.contact import CallResult, TouchpointRule
from crmcore.types.store import Department, Role, Staff, Store
from crmcore.types.survey import Survey

__all__ = ["Cases", "Evidence", "Finder", "Found", "Opened"]

#: Letters of ids at the boundary.
LETTERS = {EvidenceKind.RESPONSE: "Q", EvidenceKind.ATTEMPT: "A", EvidenceKind.REPLY: "I", EvidenceKind.PERSON: "K"}


@attrs.frozen
class Opened:
    """The case that a piece of evidence opened or, `joined`, that was there."""

    id: int
    joined: bool


@attrs.frozen(kw_only=True)
class Arrival:
    """What came in, beside its words: whose, about what, when, how.

    Attributes:
        received_at: when the CR department had it; clocks run from then.
        evidence_id: None for what a person says, which has no row of its own.
        first_asked: staff code of whom the customer told first.
        who: staff code, or "crmcore".
    """

    kind: EvidenceKind
    evidence_id: int | None
    store: str
    customer_id: int | None = None
    visit_id: int | None = None
    vehicle_id: int | None = None
    received_at: datetime
    channel: ComplaintChannel
    first_asked: str | None = None
    who: str = "crmcore"


@attrs.frozen(kw_only=True)
class Cases:
    """What opening and working on cases goes by; `Crm.cases()` makes it.

    Attributes:
        staff: as configured; whom the DMS knows is added where it is needed.
        finders: of plugins; those built in are made here.
        callback: the rule of the second callback; None: the dealer lets it stand on no worklist.
    """

    policy: ComplaintPolicy
    categories: Mapping[str, Category]
    results: Mapping[str, CallResult]
    stores: Mapping[str, Store]
    staff: tuple[Staff, ...] = ()
    finders: tuple[Finder, ...] = ()
    callback: TouchpointRule | None = None

    def store(self, code: str) -> Store:
        """The store of a case; the first where its code is not in the file any more."""
        return self.stores.get(code) or next(iter(self.stores.values()))

    def look(self, evidence: Evidence, *, survey: Survey | None = None) -> tuple[Found, ...]:
        """Ask every finder, outside any transaction; in the order in which they are believed. Never raises.

        Args:
            survey: of a response: the questionnaire whose limits count.
        """
        built_in = (
            finding.ticked(self.results, self.categories),
            finding.worded(self.categories, self.policy),
            finding.low(survey),
        )
        found = (finding.ask(find, evidence) for find in (*built_in, *self.finders))
        return tuple(each for each in found if each is not None)

    def keep(
        self,
        connection: Connection,
        found: Sequence[Found],
        *,
        kind: EvidenceKind,
        evidence_id: int,
        store: str,
        customer_id: int | None,
        visit_id: int | None = None,
        vehicle_id: int | None = None,
        received_at: datetime,
        channel: ComplaintChannel,
        first_asked: str | None = None,
        into: int | None = None,
        now: datetime,
    ) -> Opened | None:
        """Open a case or join the one that is open for the same cause, inside the transaction that stores the evidence.

        One piece of evidence does so once, however often it comes. Nothing found: nothing done, None.

        Args:
            into: the case that was spoken of; it is joined if it is open.
        """
        if not found:
            return None
        arrival = Arrival(
            kind=kind,
            evidence_id=evidence_id,
            store=store,
            customer_id=customer_id,
            visit_id=visit_id,
            vehicle_id=vehicle_id,
            received_at=received_at,
            channel=channel,
            first_asked=first_asked,
        )
        why = [{"by": each.by, "category": each.draft.category, "why": list(each.draft.why)} for each in found]
        return self.take(connection, together([each.draft for each in found]), arrival, why, now, into=into)

    def take(
        self,
        connection: Connection,
        draft: ComplaintDraft,
        arrival: Arrival,
        why: Sequence[Mapping[str, Any]],
        now: datetime,
        *,
        apart: bool = False,
        into: int | None = None,
    ) -> Opened:
        """As `keep`, for a draft that is made; `apart`: a case of its own, whatever is open."""
        complaints.hold(connection)
        evidence = None if arrival.evidence_id is None else (arrival.kind, arrival.evidence_id)
        known = None if evidence is None else complaint_history.rests_on(connection, *evidence)
        if known is not None:
            return Opened(known, joined=True)
        about = (name("R", arrival.visit_id), name("V", arrival.vehicle_id))
        open_cases = [] if apart else complaints.open_of(connection, arrival.customer_id, evidence)
        case = next((each for each in open_cases if each.id == name("K", into)), None) or next(
            (each for each in open_cases if same_cause(each, draft, *about)), None
        )
        if case is None:
            number = self._open(connection, draft, arrival, now)
        else:
            number = self._join(connection, case, draft, arrival, now)
        if evidence is not None or case is None:
            rests_on = evidence or (EvidenceKind.PERSON, number)
            complaint_history.keep_evidence(connection, number, *rests_on, why, arrival.received_at)
        return Opened(number, joined=case is not None)

    def department(self, category: str) -> Department | None:
        """Who is answerable for a category as a rule."""
        known = self.categories.get(category)
        return None if known is None else known.department

    def _open(self, connection: Connection, draft: ComplaintDraft, arrival: Arrival, now: datetime) -> int:
        store = self.store(arrival.store)
        case = Complaint(
            id="",
            store=store.code,
            customer_id=name("C", arrival.customer_id),
            visit_id=name("R", arrival.visit_id),
            vehicle_id=name("V", arrival.vehicle_id),
            received_at=arrival.received_at,
            form=draft.form,
            channel=arrival.channel,
            category=draft.category,
            severity=draft.severity,
            verbatim=draft.verbatim,
            demand=draft.demand,
            first_asked=arrival.first_asked,
            department=self.department(draft.category),
            clocks=sla.open_clocks(self.policy, draft.severity, store, arrival.received_at),
        )
        number = complaints.enter(connection, case, now)
        case = attrs.evolve(case, id=f"K{number}")
        detail = {"category": case.category, "severity": case.severity.value, **_origin(draft, arrival)}
        _note(connection, case, EventKind.OPEN, None, arrival, detail, now)
        tell(connection, case, "OPENED", now, role=Role.CR_AGENT, clock=first_due(case))
        return number

    def _join(
        self, connection: Connection, case: Complaint, draft: ComplaintDraft, arrival: Arrival, now: datetime
    ) -> int:
        """What was not known of the case yet is taken from the new words; a graver word makes it graver."""
        number = int(case.id[1:])
        values: dict[str, Any] = {}
        if case.category == OTHER != draft.category:
            values["category"] = draft.category
            if case.department in {None, self.department(OTHER)}:
                values["department"] = self.department(draft.category)
        fresh = (
            ("verbatim", case.verbatim, draft.verbatim),
            ("demand", case.demand, draft.demand),
            ("visit_id", case.visit_id, arrival.visit_id),
            ("vehicle_id", case.vehicle_id, arrival.vehicle_id),
            ("first_asked", case.first_asked, arrival.first_asked),
        )
        values |= {column: said for column, known, said in fresh if said and not known}
        detail = _origin(draft, arrival) | {key: values[key] for key in ("category", "first_asked") if key in values}
        severity = severer(case.severity, draft.severity)
        if severity is not case.severity:
            values["severity"] = severity
            detail["severity"] = severity.value
            case = self.aim(connection, case, severity)
            tell(connection, case, "RAISED", now, role=Role.CR_AGENT, clock=first_due(case), level=_rank(severity))
        complaints.change(connection, number, values, now)
        _note(connection, case, EventKind.JOIN, case.state, arrival, detail, now)
        return number

    def aim(self, connection: Connection, case: Complaint, severity: Severity) -> Complaint:
        """The case with the deadlines of another severity; its clocks are kept, its row is the caller's."""
        clocks = sla.reclassify(case.clocks, self.policy, severity, self.store(case.store))
        keep_clocks(connection, case, clocks)
        return attrs.evolve(case, severity=severity, clocks=clocks)


def keep_clocks(connection: Connection, case: Complaint, clocks: Sequence[SlaClock]) -> None:
    """Write those clocks of a case that are not what they were."""
    for before, after in zip(case.clocks, clocks, strict=True):
        if before != after:
            complaint_clocks.keep(connection, int(case.id[1:]), after)


def first_due(case: Complaint) -> SlaClock:
    """Of the clocks of this round that run, the one that runs out first; of a case that has none, its last."""
    running = [clock for clock in case.clocks if clock.stopped_at is None]
    return min(running or case.clocks[-1:], key=lambda clock: clock.due_at)


def tell(
    connection: Connection,
    case: Complaint,
    kind: str,
    now: datetime,
    *,
    clock: SlaClock,
    role: Role,
    staff: str | None = None,
    level: int = 0,
) -> None:
    """Owe the colleagues an alert about a case: its number, what it is about, until when; nothing of the customer."""
    alerts.owe(
        connection,
        store=case.store,
        complaint_id=int(case.id[1:]),
        kind=kind,
        round=case.round,
        level=level,
        role=role.value,
        staff=staff,
        params={
            "case": case.id,
            "category": case.category,
            "severity": case.severity.value,
            "clock": clock.kind.value,
            "owner": case.owner,
        },
        due_at=clock.due_at,
        now=now,
    )


def name(letter: str, number: int | None) -> str | None:
    """9 -> "R9"."""
    return None if number is None else f"{letter}{number}"


def _origin(draft: ComplaintDraft, arrival: Arrival) -> dict[str, Any]:
    evidence = name(LETTERS[arrival.kind], arrival.evidence_id)
    return {"kind": arrival.kind.value, "evidence": evidence, "channel": arrival.channel.value, "why": list(draft.why)}


def _note(
    connection: Connection,
    case: Complaint,
    kind: EventKind,
    before: ComplaintState | None,
    arrival: Arrival,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    event = ComplaintEvent(
        at=arrival.received_at,
        recorded_at=now,
        who=arrival.who,
        kind=kind,
        before=before,
        after=case.state,
        detail=detail,
    )
    complaint_history.note(connection, int(case.id[1:]), event)


def _rank(severity: Severity) -> int:
    return list(Severity).index(severity)
