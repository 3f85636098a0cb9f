"""complaints: the life of a case up to its solution, step by step; each step is one transaction and one line of its history.

`by` is who does it (a staff code), `at` when it was done if it is written down later: clocks stop then, and the history shows
both. What ends a case is in `complaint_end`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from crmcore.db import complaint_history, complaints
from crmcore.db import customers as kept
from crmcore.errors import UsageError
from crmcore.flows.casework import File, Office, number_of
from crmcore.flows.colleague import colleague, signed
from crmcore.flows.customers import one
from crmcore.flows.evidence import Arrival, Opened
from crmcore.flows.plan_who import staff_of
from crmcore.rules import grievance
from crmcore.rules.complaints import clocks as sla
from crmcore.rules.complaints import owners, states
from crmcore.rules.complaints.cause import OTHER
from crmcore.rules.complaints.drafts import together
from crmcore.types.complaint import (
    ENDED,
    Complaint,
    ComplaintChannel,
    ComplaintDraft,
    ComplaintEvent,
    ComplaintForm,
    ComplaintState,
    CustomerType,
    EventKind,
    EvidenceKind,
    Need,
    Origin,
    Severity,
)
from crmcore.types.store import Department, Role

#: Why a clock stands still; reason codes.
PAUSES = ("PAUSE_CUSTOMER", "PAUSE_PARTS", "PAUSE_MAKER", "PAUSE_AUTHORITY")


# ------------------------------------------------------------------ opening


@attrs.frozen(kw_only=True)
class Told:
    """What somebody at the desk writes down of a complaint.

    Attributes:
        customer: id, number, plate or VIN; None: nobody knows who it is.
        visit / vehicle: ids, "R9", "V5".
        category / severity: None: what the words say, else OTHER and what the category starts with.
        received_at: when the customer said it; None: now.
        first_asked: staff code of whom the customer told first; None: `by`.
        apart: a case of its own, also when one is open for the same cause.
    """

    words: str
    customer: str | None = None
    visit: str | None = None
    vehicle: str | None = None
    store: str = ""
    category: str | None = None
    severity: Severity | None = None
    form: ComplaintForm | None = None
    channel: ComplaintChannel = ComplaintChannel.STORE
    demand: str = ""
    received_at: datetime | None = None
    first_asked: str | None = None
    apart: bool = False


def open_case(office: Office, told: Told, *, by: str) -> Opened:
    """Open a case by hand, or join the one that is open for the same cause.

    Raises:
        UsageError: CRM-T505 no such category, CRM-T507 received in the future, CRM-S230 and CRM-S231 for the customer, CRM-U117
            for `first_asked` and `by`.
    """
    draft, now = _draft(office, told), office.clock.now()
    received_at = told.received_at or now
    if received_at > now:
        raise UsageError("CRM-T507", id="")
    with office.db.writing() as connection:
        signed(connection, office.cases, by)
        people = staff_of(connection, office.cases)
        if told.first_asked is not None:
            colleague(people, told.first_asked)
        customer = None if told.customer is None else one(connection, told.customer)
        visit = None if told.visit is None else number_of(told.visit, "R")
        about = None if visit is None else complaints.visit_of(connection, visit)
        if visit is not None and about is None:
            raise UsageError("CRM-T501", id=told.visit)
        arrival = Arrival(
            kind=EvidenceKind.PERSON,
            evidence_id=None,
            store=told.store or (about.store if about is not None else ""),
            customer_id=customer if customer is not None or about is None else about.customer_id,
            visit_id=visit,
            vehicle_id=kept.vehicle_id(connection, told.vehicle) if told.vehicle else about and about.vehicle_id,
            received_at=received_at,
            channel=told.channel,
            first_asked=told.first_asked or (by if by in {one.code for one in people} else None),
            who=by,
        )
        why = [{"by": by, "category": draft.category, "why": list(draft.why)}]
        return office.cases.take(connection, draft, arrival, why, now, apart=told.apart)


def _draft(office: Office, told: Told) -> ComplaintDraft:
    """What was said, with what its words tell where nobody has said it; what somebody has said holds."""
    cases = office.cases
    code = told.category or OTHER
    if code not in cases.categories:
        raise UsageError("CRM-T505", value=code, what="category", known=", ".join(cases.categories))
    said = ComplaintDraft(
        category=code,
        severity=cases.categories[code].severity,
        verbatim=told.words,
        demand=told.demand,
        why=("person",),
    )
    heard = grievance.find(told.words, cases.categories, cases.policy)
    draft = said if heard is None else together([said, heard])
    return attrs.evolve(draft, severity=told.severity or draft.severity, form=told.form or draft.form)


def adopt(office: Office, case: str, *, by: str) -> Complaint:
    """Work here on a case that the DMS keeps: from now on it has clocks, and the DMS no longer changes it.

    Raises:
        UsageError: CRM-T501, or CRM-T503: it is ours already, or has ended.
    """
    with office.db.writing() as connection:
        signed(connection, office.cases, by)
        now = office.clock.now()
        file = File.open(connection, office.cases, case, by=by, at=now, now=now)
        if file.case.origin is not Origin.DMS or file.case.state in ENDED:
            raise UsageError("CRM-T503", id=file.case.id, event="ADOPT", state=file.case.state.value, can="-")
        values = {"origin": Origin.CRM, "state": ComplaintState.RECEIVED, "recorded_at": now, "received_at": now}
        detail = {"kind": "DMS", "before": file.case.state.value, "received_at": file.case.received_at.isoformat()}
        complaints.change(connection, file.number, values, now)
        after = ComplaintState.RECEIVED
        line = ComplaintEvent(at=now, recorded_at=now, who=by, kind=EventKind.OPEN, after=after, detail=detail)
        complaint_history.note(connection, file.number, line)
        file.start_clocks(sla.open_clocks(office.cases.policy, file.case.severity, file.store, now))
        file.read_again()
        file.tell("OPENED", role=Role.CR_AGENT)
        return file.case


# ------------------------------------------------------------------ at work


def acknowledge(office: Office, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
    """The customer knows that we know."""
    with office.at_work(case, at=at, by=by) as file:
        file.happen(EventKind.ACKNOWLEDGE, values={"acknowledged_at": file.at}, note=note)
        return file.case


def assign(
    office: Office, case: str, to: str | None = None, *, by: str, at: datetime | None = None, note: str = ""
) -> Complaint:
    """Put it on an owner's desk, which ends the handover clock; later, on another's. `to` None: whom the rules choose.

    Raises:
        UsageError: CRM-T504 with the reason why this colleague may not own it, CRM-T506 nobody may, CRM-U117 no such colleague.
    """
    with office.at_work(case, at=at, by=by) as file:
        file.give(to, note=note)
        return file.case


def note(office: Office, case: str, text: str, *, by: str, at: datetime | None = None) -> Complaint:
    """Write something down."""
    with office.at_work(case, at=at, by=by) as file:
        file.happen(EventKind.NOTE, note=text)
        return file.case


def investigate(office: Office, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
    """Somebody looks into it."""
    with office.at_work(case, at=at, by=by) as file:
        file.happen(EventKind.INVESTIGATE, note=note, values=_taken(file))
        return file.case


def respond(office: Office, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
    """The customer has an answer; this ends the response clock."""
    with office.at_work(case, at=at, by=by) as file:
        file.happen(EventKind.RESPOND, values={"responded_at": file.at} | _taken(file), note=note)
        return file.case


def _taken(file: File) -> dict[str, Any]:
    """Who works on a case that was on nobody's desk has it now."""
    return {} if file.case.state not in states.WAITING else {"handed_over_at": file.at}


# ------------------------------------------------------------------ what it is about


@attrs.frozen(kw_only=True)
class Judged:
    """What is known better now; None: no change.

    Attributes:
        customer: whose case it is, where nobody knew.
        magnitude: expectation less satisfaction (S2).
        accused / needs: in place of those before.
        prevention: what keeps it from happening again.
    """

    category: str | None = None
    severity: Severity | None = None
    form: ComplaintForm | None = None
    customer: str | None = None
    customer_type: CustomerType | None = None
    needs: tuple[Need, ...] | None = None
    magnitude: int | None = None
    root_cause: str | None = None
    responsible: str | None = None
    accused: tuple[str, ...] | None = None
    department: Department | None = None
    avoidable: bool | None = None
    demand: str | None = None
    background: str | None = None
    prevention: str | None = None


#: What a person wrote about a person: kept in its column, and out of the history's codes.
_WORDS = ("demand", "background", "prevention")


def classify(
    office: Office, case: str, judged: Judged, *, by: str, at: datetime | None = None, note: str = ""
) -> Complaint:
    """Say what it is about, how grave it is, who it is about; deadlines follow the severity, the owner the accused.

    Raises:
        UsageError: CRM-T505 a code nobody knows, CRM-U117 no such colleague, CRM-T510 nothing was said.
    """
    with office.at_work(case, at=at, by=by) as file:
        values = {key: value for key, value in attrs.asdict(judged, recurse=False).items() if value is not None}
        if not values:
            raise UsageError("CRM-T510", id=file.case.id)
        _check(file, values)
        if values.get("severity", file.case.severity) is not file.case.severity:
            file.keep_clocks(sla.reclassify(file.case.clocks, file.cases.policy, values["severity"], file.store))
        detail = {key: _code(value) for key, value in values.items() if key not in _WORDS}
        file.happen(EventKind.CLASSIFY, values=values, detail=detail, note=note)
        needs = owners.hand_over(file.case, file.staff(), file.today, file.case.department)
        if file.case.owner is not None and file.case.state not in ENDED and needs is not None:
            file.take_away(needs.why)
        return file.case


def _check(file: File, values: dict[str, Any]) -> None:
    """Codes must be known; a category brings its department along, a customer becomes a number."""
    categories = file.cases.categories
    for name in ("category", "root_cause"):
        if name in values:
            file.among(values[name], tuple(categories), name)
    for code in (*values.get("accused", ()), *filter(None, [values.get("responsible")])):
        file.person(code)
    if "category" in values and file.case.department in {None, file.cases.department(file.case.category)}:
        values.setdefault("department", file.cases.department(values["category"]))
    if "customer" in values:
        values["customer_id"] = one(file.connection, values.pop("customer"))


def _code(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


# ------------------------------------------------------------------ standing still


def pause(office: Office, case: str, why: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
    """Let the clocks stand still that may: it waits for somebody else (`PAUSES`). The handover never does.

    Raises:
        UsageError: CRM-T505 for another `why`, CRM-T504 when no clock may be paused.
    """
    with office.at_work(case, at=at, by=by) as file:
        file.among(why, PAUSES, "pause")
        reasons = [sla.may_pause(clock, file.at) for clock in file.running() if clock.kind not in sla.NEVER_PAUSED]
        if None not in reasons:
            file.refuse(next(iter(reasons), "CLOCK_STOPPED"))
        clocks = [sla.pause(clock, file.at, why) for clock in file.case.clocks]
        file.happen(EventKind.PAUSE, detail={"why": why}, note=note)
        file.keep_clocks(clocks)
        return file.case


def resume(office: Office, case: str, *, by: str, at: datetime | None = None, note: str = "") -> Complaint:
    """Let the clocks run again, due later by what they stood still.

    Raises:
        UsageError: CRM-T508, none of them stands still.
    """
    with office.at_work(case, at=at, by=by) as file:
        if not any(sla.resting(clock) for clock in file.running()):
            raise UsageError("CRM-T508", id=file.case.id)
        file.happen(EventKind.RESUME, note=note)
        file.keep_clocks([sla.resume(clock, file.store, file.at) for clock in file.case.clocks])
        return file.case
