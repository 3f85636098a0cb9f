"""The life of a case is a table, and the table is what the docs draw."""

import re

import pytest

from crmcore.rules.complaints.states import AFTERWARDS, ASIDE, TRANSITIONS, drawn, stops, transition
from crmcore.types.complaint import ENDED, ClockKind, ComplaintState, EventKind

OPEN = [state for state in ComplaintState if state not in ENDED]


def test_a_case_begins_with_its_receipt():
    """It is opened once, and nothing else can happen to what is not there."""
    assert ComplaintState.RECEIVED is transition(None, EventKind.OPEN)
    assert {EventKind.OPEN} == {event for state, event in TRANSITIONS if state is None}
    assert not [state for state in ComplaintState if transition(state, EventKind.OPEN)]


def test_the_straight_way():
    """Received, handed over, looked into, answered, solved, called back, closed."""
    state = None
    seen = []
    for event in ("OPEN", "HAND_OVER", "INVESTIGATE", "RESPOND", "RESOLVE", "CALL_BACK", "CLOSE"):
        state = transition(state, EventKind(event))
        seen.append(state)

    assert [
        "RECEIVED",
        "HANDED_OVER",
        "INVESTIGATING",
        "RESPONDED",
        "RESOLVED",
        "CALLBACK_PENDING",
        "CLOSED",
    ] == seen


@pytest.mark.parametrize("state", sorted(ENDED))
def test_out_of_the_end_leads_only_a_reopening(state):
    """What else is written down of an ended case changes nothing, and nothing but remarks is."""
    leads = {event for before, event in TRANSITIONS if before is state and TRANSITIONS[before, event] is not state}
    stays = {event for before, event in TRANSITIONS if before is state and TRANSITIONS[before, event] is state}

    assert {EventKind.REOPEN} == leads
    assert set(AFTERWARDS) == stays


@pytest.mark.parametrize("state", OPEN)
def test_an_open_case_can_always_be_spoken_of_and_withdrawn(state):
    """Notes, offers, pauses, a new owner: they are possible in every open state and lead nowhere."""
    assert [state] * len(ASIDE) == [transition(state, event) for event in ASIDE]
    assert ComplaintState.WITHDRAWN is transition(state, EventKind.WITHDRAW)


@pytest.mark.parametrize("state", OPEN)
def test_only_what_is_solved_is_closed_or_called_back(state):
    """No solution, no second callback, no waiver, no end."""
    solved = state in {ComplaintState.RESOLVED, ComplaintState.CALLBACK_PENDING}

    for event in (EventKind.CLOSE, EventKind.CALL_BACK, EventKind.WAIVE, EventKind.REOPEN):
        assert solved is (transition(state, event) is not None)
    assert solved is (transition(state, EventKind.RESOLVE) is None)


def test_every_state_can_be_reached_and_left():
    """There is no dead end and no state without a way in."""
    moves = {(before, after) for (before, _), after in TRANSITIONS.items() if before is not after}

    assert set(ComplaintState) == {after for _, after in moves}
    assert {None, *ComplaintState} == {before for before, _ in moves}


def test_which_event_stops_which_clock():
    """A remark stops none, work stops the handover, an answer the response, the second callback its own."""
    none, handover = frozenset(), {ClockKind.HANDOVER}

    assert [none] * len(ASIDE) == [stops(event) for event in ASIDE]
    assert none == stops(EventKind.OPEN)
    assert handover == stops(EventKind.HAND_OVER) == stops(EventKind.INVESTIGATE)
    assert {ClockKind.HANDOVER, ClockKind.RESPONSE} == stops(EventKind.RESPOND) == stops(EventKind.RESOLVE)
    assert {ClockKind.CALLBACK} == stops(EventKind.CALL_BACK) == stops(EventKind.WAIVE)
    assert none == stops(EventKind.CALL_BACK, reached=False)
    for event in (EventKind.CLOSE, EventKind.WITHDRAW, EventKind.REOPEN):
        assert set(ClockKind) == stops(event)


def test_the_drawing_is_the_table():
    """Every arrow that leads somewhere is drawn once with all its events, and nothing else is."""
    lines = drawn().splitlines()
    arrows = [re.fullmatch(r"    (\S+) --> (\S+): (.+)", line).groups() for line in lines[1:]]
    shown = {(before, event): after for before, after, events in arrows for event in events.split(", ")}

    assert "stateDiagram-v2" == lines[0]
    assert len(arrows) == len({(before, after) for before, after, _ in arrows})
    assert {
        (str(before or "[*]"), str(event)): str(after)
        for (before, event), after in TRANSITIONS.items()
        if before is not after
    } == shown
