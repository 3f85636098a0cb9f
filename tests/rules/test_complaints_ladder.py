"""Who is told when a deadline has passed: each level once in a round, late rather than never."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.complaining import POLICY, STORE, at, case, minutes

from crmcore.rules.complaints.clocks import breached, callback_clock, open_clocks, pause, resume, stop
from crmcore.rules.complaints.ladder import escalations
from crmcore.rules.complaints.policy import Rung
from crmcore.types.complaint import ClockKind, ComplaintState, Severity
from crmcore.types.store import Department, Role


def complaint(severity=Severity.NORMAL, **known):
    clocks = open_clocks(POLICY, severity, STORE, at("09:00"))
    return case(**{"clocks": clocks, "severity": severity, "department": Department.SERVICE} | known)


def climbed(found):
    return [(each.round, each.level, each.role) for each in found]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("09:30", []),
        ("09:31", [(1, 1, Role.CR_MANAGER)]),
        ("11:00", [(1, 1, Role.CR_MANAGER)]),
        ("11:01", [(1, 1, Role.CR_MANAGER), (1, 2, Role.SERVICE_MANAGER)]),
    ],
)
def test_the_ladder_is_climbed_as_the_deadlines_pass(now, expected):
    """The CR manager after thirty minutes, the head of the department after two store hours; at the very minute nobody yet."""
    assert expected == climbed(escalations(complaint(), POLICY, set(), at(now)))


def test_the_general_manager_hears_of_what_is_not_closed():
    """And of a safety case that half an hour has not answered; once, not twice."""
    slow = escalations(complaint(), POLICY, {(1, 1), (1, 2)}, at("17:31", 27))
    grave = escalations(complaint(Severity.CRITICAL), POLICY, set(), at("17:30", 27))

    assert [(1, 3, Role.GENERAL_MANAGER)] == climbed(slow)
    assert [(1, 2, Role.SERVICE_MANAGER), (1, 1, Role.CR_MANAGER), (1, 3, Role.GENERAL_MANAGER)] == climbed(grave)
    assert (ClockKind.RESPONSE, at("09:30")) == (grave[2].clock, grave[2].due_at)


@pytest.mark.parametrize(
    ("department", "role"),
    [
        (Department.SALES, Role.SALES_MANAGER),
        (Department.PARTS, Role.SERVICE_MANAGER),
        (None, Role.CR_MANAGER),
    ],
)
def test_a_rung_without_a_role_means_the_head_of_the_department(department, role):
    """A sales complaint is not the workshop's."""
    (found,) = escalations(complaint(department=department), POLICY, {(1, 1)}, at("11:01"))

    assert role is found.role


def test_done_in_time_nobody_is_told():
    """At the very minute is in time."""
    one = complaint()
    done = attrs.evolve(one, clocks=stop(one.clocks, {ClockKind.HANDOVER}, STORE, at("09:30")))

    assert () == escalations(done, POLICY, set(), at("10:59"))


def test_a_rung_nobody_noticed_is_climbed_late():
    """The machine was off: the clock has stopped since, the case has ended, and yet it stands in the record, marked."""
    one = complaint(state=ComplaintState.CLOSED)
    done = attrs.evolve(one, clocks=stop(one.clocks, set(ClockKind), STORE, at("09:31")))
    (found,) = escalations(done, POLICY, set(), at("09:32"))

    assert (True, at("09:30"), at("09:32"), ClockKind.HANDOVER) == (found.late, found.due_at, found.at, found.clock)
    assert () == escalations(done, POLICY, {(1, 1)}, at("09:32"))


@pytest.mark.parametrize(("now", "late"), [("09:31", False), ("09:35", False), ("09:36", True)])
def test_five_minutes_are_not_late(now, late):
    """The threshold is data."""
    (found,) = escalations(complaint(), POLICY, set(), at(now))

    assert late is found.late


def test_a_clock_that_stands_still_wakes_nobody():
    """After it goes on, the rung falls due that much later; a pause behind the deadline hides nothing."""
    handover, response, close = complaint().clocks
    paused = complaint(clocks=(handover, pause(response, at("10:00"), "PAUSE_CUSTOMER"), close))
    again = complaint(clocks=(handover, resume(paused.clocks[1], STORE, at("10:30")), close))
    known = {(1, 1)}

    assert () == escalations(paused, POLICY, known, at("11:20"))
    assert () == escalations(again, POLICY, known, at("11:30"))
    assert at("11:30") == escalations(again, POLICY, known, at("11:31"))[0].due_at


def test_a_pause_written_behind_the_deadline_hides_nothing():
    """What had run out when it began had run out."""
    handover, response, close = complaint().clocks
    since = pause(attrs.evolve(response, due_at=at("12:00")), at("11:30"), "PAUSE_PARTS")
    behind = complaint(clocks=(handover, attrs.evolve(since, due_at=at("11:00")), close))

    assert [(1, 2, Role.SERVICE_MANAGER)] == climbed(escalations(behind, POLICY, {(1, 1)}, at("11:40")))


def test_a_reopened_case_climbs_its_ladder_anew():
    """What was climbed in the first round does not count in the second."""
    first = stop(complaint().clocks, set(ClockKind), STORE, at("09:10"))
    second = open_clocks(POLICY, Severity.NORMAL, STORE, at("14:00"), 2)
    again = complaint(clocks=(*first, *second), round=2)

    assert [(2, 1, Role.CR_MANAGER)] == climbed(escalations(again, POLICY, {(1, 1)}, at("14:31")))


def test_a_clock_without_a_rung_wakes_nobody():
    """As shipped the second callback has none: the clock of the close stands behind it."""
    one = case(clocks=(callback_clock(POLICY, STORE, at("09:00")),))

    assert () == escalations(one, POLICY, set(), at("09:00", 30))


@given(seconds=st.integers(-90, 90))
def test_who_is_escalated_is_late_and_who_is_late_is_escalated(seconds):
    """One meaning of the deadline: on the second before, at and after it the ladder and the list say the same."""
    one = complaint()
    now = at("09:30") + timedelta(seconds=seconds)
    late = breached(one.clocks[0], now)

    assert late is (seconds > 0)
    assert late is bool(escalations(one, POLICY, set(), now))


LADDERS = st.lists(
    st.builds(
        Rung,
        level=st.integers(1, 4),
        clock=st.sampled_from(ClockKind),
        after_minutes=st.integers(0, 300),
        role=st.none() | st.sampled_from(Role),
        severities=st.frozensets(st.sampled_from(Severity), max_size=2),
    ),
    max_size=6,
)


@given(
    ladder=LADDERS,
    severity=st.sampled_from(Severity),
    stopped=st.none() | st.integers(0, 3000),
    looks=st.lists(st.integers(0, 6000), min_size=1, max_size=6),
)
def test_however_often_one_looks_the_same_rungs_are_climbed_once(ladder, severity, stopped, looks):
    """Looking every minute, seldom or only at the end: never twice, never fewer, only later."""
    policy = attrs.evolve(POLICY, ladder=tuple(ladder))
    one = complaint(severity)
    if stopped is not None:
        one = attrs.evolve(one, clocks=stop(one.clocks, set(ClockKind), STORE, at("09:00") + minutes(stopped)))
    known = {}
    for look in sorted(looks):
        for each in escalations(one, policy, set(known), at("09:00") + minutes(look)):
            assert (each.round, each.level) not in known
            known[each.round, each.level] = each
    at_once = escalations(one, policy, set(), at("09:00") + minutes(max(looks)))

    assert {key: each.due_at for key, each in known.items()} == {(e.round, e.level): e.due_at for e in at_once}
    assert [each.due_at for each in at_once] == sorted(each.due_at for each in at_once)
    assert all(each.at > each.due_at for each in known.values())
