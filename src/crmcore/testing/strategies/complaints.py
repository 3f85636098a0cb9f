"""Complaints, with histories that can have happened: every step is one that the table of states allows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.rules.complaints.clocks import PAUSES
from crmcore.rules.complaints.states import TRANSITIONS, stops
from crmcore.testing.strategies import plain
from crmcore.testing.strategies.plain import KNOWN, Fields, few, makes, maybe
from crmcore.types.complaint import (
    ENDED,
    Basis,
    Category,
    ClockKind,
    Complaint,
    ComplaintChannel,
    ComplaintDraft,
    ComplaintEvent,
    ComplaintForm,
    ComplaintState,
    CustomerType,
    Escalation,
    EventKind,
    Need,
    OfferKind,
    Origin,
    Pause,
    RecoveryOffer,
    Restoration,
    Severity,
    SlaClock,
)
from crmcore.types.store import Department, Role

#: Minutes that each clock has at first; of a wall clock, so that nothing depends on the hours of a store.
_TARGETS = {ClockKind.HANDOVER: 30, ClockKind.RESPONSE: 120, ClockKind.CLOSE: 3 * 24 * 60, ClockKind.CALLBACK: 24 * 60}
_OPENED = (ClockKind.HANDOVER, ClockKind.RESPONSE, ClockKind.CLOSE)
_LONGEST = 8  # steps of a history


@attrs.frozen(kw_only=True)
class CaseFile:
    """A case as it stands, and how it came there, oldest first."""

    case: Complaint
    events: tuple[ComplaintEvent, ...]


@st.composite
def case_files(draw: DrawFn, /, **fields: Any) -> CaseFile:
    """A case that was opened and went some steps further, with the clocks that its steps have started and stopped.

    Args:
        fields: strategies that stand in for what a field of the `Complaint` is drawn from.
    """
    at = draw(plain.instants())
    events = [draw(_event(None, EventKind.OPEN, at))]
    clocks = [_clock(kind, 1, at) for kind in _OPENED]
    rounds, resolved, solved = 1, None, at
    for _ in range(draw(st.integers(0, _LONGEST))):
        before = events[-1].after
        at += timedelta(minutes=1) + draw(plain.spans(timedelta(days=2)))
        onward = draw(st.booleans())
        event = draw(_event(before, draw(st.sampled_from(_possible(before, onward=onward))), at))
        events.append(event)
        reached = event.detail.get("reached") is not False
        clocks = [_stopped(clock, event.kind, reached=reached, at=at) for clock in clocks]
        if event.kind is EventKind.RESOLVE:
            resolved = solved = at
            clocks.append(_clock(ClockKind.CALLBACK, rounds, at))
        if event.kind is EventKind.REOPEN:
            rounds, resolved = rounds + 1, None
            clocks += [_clock(kind, rounds, at) for kind in _OPENED]
    told = _told(draw, events, resolved=resolved, solved=solved)
    values = {**told, "round": rounds, "clocks": tuple(clocks)} | {name: draw(each) for name, each in fields.items()}
    return CaseFile(case=Complaint(**values), events=tuple(events))


def complaints(**fields: SearchStrategy[Any]) -> SearchStrategy[Complaint]:
    """Cases as they stand after a history that can have happened."""
    return case_files(**fields).map(lambda file: file.case)


KNOWN[Complaint] = complaints


def _possible(before: ComplaintState, *, onward: bool) -> list[EventKind]:
    """What may happen next: what leads on, or what leads nowhere; what ends the case comes last, so that shrinking keeps it open."""
    moves = [
        event
        for state, event in TRANSITIONS
        if state is before and (TRANSITIONS[before, event] is not before) is onward
    ]
    return sorted(moves, key=lambda event: (TRANSITIONS[before, event] in ENDED, list(EventKind).index(event)))


def _event(before: ComplaintState | None, kind: EventKind, at: datetime) -> SearchStrategy[ComplaintEvent]:
    detail: SearchStrategy[dict[str, bool]] = st.builds(dict)
    if kind is EventKind.CALL_BACK:
        detail = st.booleans().map(lambda missed: {"reached": not missed})
    return st.builds(
        ComplaintEvent,
        at=st.just(at),
        recorded_at=plain.spans(timedelta(hours=8)).map(lambda later: at + later),
        who=st.just("crmcore") | plain.staff_codes(),
        kind=st.just(kind),
        before=st.just(before),
        after=st.just(TRANSITIONS[before, kind]),
        detail=detail,
        note=plain.texts(),
    )


def _clock(kind: ClockKind, number: int, at: datetime) -> SlaClock:
    target = timedelta(minutes=_TARGETS[kind])
    return SlaClock(kind=kind, round=number, basis=Basis.WALL, target=target, started_at=at, due_at=at + target)


def _stopped(clock: SlaClock, event: EventKind, *, reached: bool, at: datetime) -> SlaClock:
    if clock.stopped_at is not None or clock.kind not in stops(event, reached=reached):
        return clock
    return attrs.evolve(clock, stopped_at=at)


def _told(draw: DrawFn, events: list[ComplaintEvent], *, resolved: datetime | None, solved: datetime) -> dict[str, Any]:
    """Everything about a case but its rounds and clocks."""
    state = events[-1].after
    accused = draw(few(plain.staff_codes(), 2, unique=True))
    called = any(each.kind is EventKind.CALL_BACK and each.at >= solved for each in events) and resolved is not None
    outcome = draw(st.sampled_from(Restoration)) if called else None
    owned = any(each.kind is EventKind.HAND_OVER for each in events)
    return {
        "id": draw(plain.ids("K")),
        "store": draw(plain.store_codes()),
        "customer_id": draw(maybe(plain.ids("C"))),
        "visit_id": draw(maybe(plain.ids("R"))),
        "vehicle_id": draw(maybe(plain.ids("V"))),
        "origin": Origin.CRM,
        "state": state,
        "received_at": events[0].at,
        "form": draw(st.sampled_from(ComplaintForm)),
        "channel": draw(st.sampled_from(ComplaintChannel)),
        "category": draw(st.sampled_from(["OTHER", "SERVICE_ATTITUDE", "REPAIR_QUALITY"])),
        "root_cause": draw(maybe(plain.codes())),
        "severity": draw(st.sampled_from(Severity)),
        "customer_type": draw(maybe(st.sampled_from(CustomerType))),
        "needs": draw(few(st.sampled_from(Need), 2, unique=True)),
        "magnitude": draw(maybe(st.integers(1, 5))),
        "verbatim": draw(plain.texts()),
        "demand": draw(plain.texts()),
        "first_asked": draw(maybe(plain.staff_codes())),
        "owner": draw(plain.staff_codes().filter(lambda code: code not in accused)) if owned else None,
        "accused": accused,
        "responsible": draw(maybe(plain.staff_codes())),
        "department": draw(maybe(st.sampled_from(Department))),
        "resolved_at": resolved,
        "outcome": outcome,
        "avoidable": draw(maybe(st.booleans())) if resolved else None,
        "restored": outcome is not Restoration.NOT_RESTORED,
    }


# ------------------------------------------------------------------ parts of a case


@makes(Pause)
def pauses(draw: DrawFn) -> Fields:
    """Stretches in which a clock stands still."""
    since = draw(plain.instants())
    lasts = draw(maybe(plain.spans()))
    return {"since": since, "until": None if lasts is None else since + lasts, "why": draw(st.sampled_from(PAUSES))}


@makes(SlaClock)
def sla_clocks(draw: DrawFn) -> Fields:
    """Deadlines without a store: a wall clock, due later by what it stood still, stopped or not."""
    kind = draw(st.sampled_from(ClockKind))
    started = draw(plain.instants())
    target = timedelta(minutes=_TARGETS[kind])
    rest = draw(maybe(plain.spans())) if kind is not ClockKind.HANDOVER else None
    since = started + target / 2
    paused = () if rest is None else (Pause(since=since, until=since + rest, why=draw(st.sampled_from(PAUSES))),)
    later = draw(maybe(plain.spans()))
    return {
        "kind": kind,
        "round": draw(st.integers(1, 3)),
        "basis": Basis.WALL,
        "target": target,
        "started_at": started,
        "due_at": started + target + (rest or timedelta(0)),
        "stopped_at": None if later is None else started + (rest or timedelta(0)) + target / 2 + later,
        "pauses": paused,
    }


@makes(ComplaintEvent)
def complaint_events(draw: DrawFn) -> Fields:
    """One step that the table of states allows."""
    before, kind = draw(st.sampled_from(list(TRANSITIONS)))
    return attrs.asdict(draw(_event(before, kind, draw(plain.instants()))), recurse=False)


@makes(RecoveryOffer)
def recovery_offers(draw: DrawFn) -> Fields:
    """Offers: nobody approves his own, and the customer answers only what is approved."""
    offered = draw(plain.staff_codes())
    approved = draw(maybe(plain.staff_codes().filter(lambda code: code != offered)))
    return {
        "id": draw(plain.ids("O")),
        "kind": draw(st.sampled_from(OfferKind)),
        "cost": draw(plain.money(10_000)),
        "offered_by": offered,
        "offered_at": draw(plain.instants()),
        "approved_by": approved,
        "accepted": draw(maybe(st.booleans())) if approved else None,
    }


@makes(Category)
def categories(draw: DrawFn) -> Fields:
    """Lines of a taxonomy, groups and branches."""
    group = draw(st.sampled_from(["REPAIR_QUALITY", "SERVICE_ATTITUDE", "TIMELINESS"]))
    branch = draw(maybe(plain.codes()))
    return {
        "code": f"{group}.{branch}" if branch else group,
        "label": draw(plain.labels()),
        "department": draw(st.sampled_from(Department)),
        "words": draw(few(st.sampled_from(["态度差", "没修好", "rude"]), unique=True)),
        "severity": draw(st.sampled_from(Severity)),
        "source": draw(st.sampled_from(["", "S2"])),
    }


@makes(ComplaintDraft)
def complaint_drafts(draw: DrawFn) -> Fields:
    """What a finder makes of what it heard; it always says why."""
    return {
        "category": draw(st.sampled_from(["OTHER", "SERVICE_ATTITUDE", "REPAIR_QUALITY"])),
        "severity": draw(st.sampled_from(Severity)),
        "form": draw(st.sampled_from(ComplaintForm)),
        "verbatim": draw(plain.texts()),
        "demand": draw(plain.texts()),
        "why": draw(few(st.sampled_from(["word:退钱", "alert:OVERALL<6", "no:FIXED"]), min_size=1, unique=True)),
    }


@makes(Escalation)
def escalations(draw: DrawFn) -> Fields:
    """Rungs that were climbed, after they were due."""
    due = draw(plain.instants())
    late = draw(st.booleans())
    return {
        "level": draw(st.integers(1, 4)),
        "round": draw(st.integers(1, 3)),
        "clock": draw(st.sampled_from(ClockKind)),
        "role": draw(st.sampled_from(Role)),
        "staff": draw(maybe(plain.staff_codes())),
        "due_at": due,
        "at": due + (timedelta(days=1) if late else timedelta(0)) + draw(plain.spans(timedelta(minutes=5))),
        "late": late,
    }
