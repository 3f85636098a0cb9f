"""Deadlines: what counts, what stands still, and that a minute is never lost or counted twice."""

from datetime import UTC, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.complaining import CHINA, POLICY, STORE, at, minutes

from crmcore import lang
from crmcore.rules.complaints.clocks import (
    PAUSES,
    breached,
    callback_clock,
    due,
    explain,
    may_pause,
    open_clocks,
    pause,
    reclassify,
    remaining,
    resting,
    resume,
    stop,
)
from crmcore.types.complaint import Basis, ClockKind, Pause, Severity, SlaClock

STEP = timedelta(minutes=1)


def clocks(severity=Severity.NORMAL, received=None, **known):
    made = open_clocks(POLICY, severity, STORE, received or at("09:00"), **known)
    return {clock.kind: clock for clock in made}


def made(basis=Basis.STORE, target=60, started=None, pauses=()):
    start = started or at("09:00")
    clock = SlaClock(
        kind=ClockKind.CLOSE, basis=basis, target=minutes(target), started_at=start, due_at=start, pauses=pauses
    )
    return attrs.evolve(clock, due_at=due(clock, STORE).at)


# ------------------------------------------------------------------ a new round


def test_three_clocks_start_with_the_receipt():
    """Thirty minutes by the wall, two hours and twenty-four hours of the store; the round stands in each."""
    found = clocks(round=2)

    assert [ClockKind.HANDOVER, ClockKind.RESPONSE, ClockKind.CLOSE] == list(found)
    assert at("09:30") == found[ClockKind.HANDOVER].due_at
    assert at("11:00") == found[ClockKind.RESPONSE].due_at
    assert at("09:00", 26) + minutes(30 * 3) <= found[ClockKind.CLOSE].due_at <= at("17:30", 26)
    assert {2} == {clock.round for clock in found.values()}
    assert {at("09:00")} == {clock.started_at for clock in found.values()}


def test_the_handover_runs_while_the_store_is_closed():
    """At eleven at night the thirty minutes run; the response waits for the opening."""
    found = clocks(received=at("23:00"))

    assert at("23:30") == found[ClockKind.HANDOVER].due_at
    assert at("10:30", 24) == found[ClockKind.RESPONSE].due_at


def test_lunch_does_not_count():
    """Two hours from eleven on: one before lunch, one after."""
    found = clocks(received=at("11:00"))

    assert at("14:30") == found[ClockKind.RESPONSE].due_at


def test_safety_is_answered_within_ten_minutes_by_the_wall():
    """Day or night."""
    found = clocks(Severity.CRITICAL, at("23:00"))

    assert (Basis.WALL, at("23:10")) == (found[ClockKind.RESPONSE].basis, found[ClockKind.RESPONSE].due_at)


def test_the_second_callback_has_its_own_clock():
    """It starts with the solution."""
    clock = callback_clock(POLICY, STORE, at("09:00"), 3)

    assert (ClockKind.CALLBACK, 3, at("09:00"), None) == (clock.kind, clock.round, clock.started_at, clock.stopped_at)
    assert POLICY.callback.minutes == clock.target / STEP
    assert clock.due_at == due(clock, STORE).at


# ------------------------------------------------------------------ pauses


def counts(basis, minute):
    """Does the minute that begins here count? Written down without the rules it checks."""
    clock = minute.astimezone(CHINA).time()
    hours = [(8, 30, 12, 0), (13, 30, 17, 30)]
    now = clock.hour * 60 + clock.minute
    return basis is Basis.WALL or any(a * 60 + b <= now < c * 60 + d for a, b, c, d in hours)


def counted_out(basis, target, start, pauses):
    """The oracle: minute by minute, until enough of them have counted."""
    minute, left = start, target
    while left:
        stands = any(each.since <= minute < each.until for each in pauses)
        left -= counts(basis, minute) and not stands
        minute += STEP
    return minute


MINUTE_OF_THREE_DAYS = st.integers(0, 3 * 24 * 60)
PAUSED = st.lists(st.tuples(st.integers(-90, 3 * 24 * 60), st.integers(0, 900)), max_size=4)


@given(
    basis=st.sampled_from(Basis),
    target=st.integers(0, 900),
    begin=MINUTE_OF_THREE_DAYS,
    paused=PAUSED,
)
def test_a_deadline_is_what_counting_minute_by_minute_gives(basis, target, begin, paused):
    """Store hours or wall time, with lunch, nights and any pauses, overlapping ones and such from before the start."""
    start = at("00:00") + minutes(begin)
    pauses = tuple(
        Pause(since=start + minutes(since), until=start + minutes(since + length), why="PAUSE_PARTS")
        for since, length in paused
    )
    clock = made(basis, target, start, pauses)
    found = due(clock, STORE)

    assert counted_out(basis, target, start, pauses) == found.at
    assert minutes(target) == sum((line.length for line in found.ledger), timedelta(0))
    assert all(a.end <= b.start for a, b in zip(found.ledger, found.ledger[1:], strict=False))
    assert not [line for line in found.ledger for each in pauses if line.start < each.until and each.since < line.end]


def test_what_stands_still_makes_it_due_later():
    """An hour of a pause, within store hours, is an hour more; what fell into lunch is not."""
    clock = pause(made(target=120), at("10:00"), "PAUSE_CUSTOMER")
    an_hour = resume(clock, STORE, at("11:00"))
    over_lunch = resume(clock, STORE, at("13:30"))

    assert at("12:00") == an_hour.due_at
    assert at("14:30") == over_lunch.due_at
    assert (at("10:00"), at("11:00"), "PAUSE_CUSTOMER") == attrs.astuple(an_hour.pauses[0])


def test_a_pause_that_is_not_over_counts_for_nothing_until_it_is_asked():
    """The deadline kept is the earliest possible; asked with `now`, the pause counts up to it."""
    clock = pause(made(target=120), at("10:00"), "PAUSE_CUSTOMER")

    assert at("11:00") == clock.due_at == due(clock, STORE).at
    assert at("11:30") == due(clock, STORE, at("10:30")).at
    assert at("11:00") == due(clock, STORE, at("09:30")).at
    assert clock.pauses[0] == resting(clock)


@pytest.mark.parametrize(
    ("clock", "when", "why"),
    [
        (clocks()[ClockKind.HANDOVER], "09:10", "CLOCK_NEVER_PAUSED"),
        (attrs.evolve(made(), stopped_at=at("09:05")), "09:10", "CLOCK_STOPPED"),
        (pause(made(), at("09:05"), "PAUSE_PARTS"), "09:10", "CLOCK_PAUSED"),
        (made(), "08:59", "CLOCK_PAUSE_TOO_EARLY"),
        (resume(pause(made(), at("09:05"), "PAUSE_PARTS"), STORE, at("09:20")), "09:10", "CLOCK_PAUSE_TOO_EARLY"),
        (made(), "10:00", "CLOCK_RAN_OUT"),
        (made(), "09:59", None),
        (made(), "09:00", None),
    ],
)
def test_when_a_clock_may_stand_still(clock, when, why):
    """Never the handover, never what has run out, never twice; refused, it runs on as it was."""
    paused = pause(clock, at(when), "PAUSE_MAKER")

    assert why == may_pause(clock, at(when))
    assert (why is not None) is (paused == clock)


def test_going_on_with_what_runs_changes_nothing():
    """And a pause cannot end before it began."""
    clock = made(target=120)
    backwards = resume(pause(clock, at("10:00"), "PAUSE_PARTS"), STORE, at("09:30"))

    assert clock == resume(clock, STORE, at("10:00"))
    assert clock.due_at == backwards.due_at
    assert at("10:00") == backwards.pauses[0].until


# ------------------------------------------------------------------ stopping


def test_only_the_named_clocks_stop_and_each_once():
    """The others run on; one that has stopped keeps its time."""
    first = stop(clocks().values(), {ClockKind.HANDOVER}, STORE, at("09:20"))
    second = stop(first, {ClockKind.HANDOVER, ClockKind.RESPONSE}, STORE, at("10:00"))

    assert [at("09:20"), None, None] == [clock.stopped_at for clock in first]
    assert [at("09:20"), at("10:00"), None] == [clock.stopped_at for clock in second]


def test_a_clock_that_stands_still_is_stopped_with_its_pause_over():
    """So its deadline is right for ever."""
    (clock,) = stop([pause(made(target=120), at("10:00"), "PAUSE_PARTS")], {ClockKind.CLOSE}, STORE, at("11:30"))

    assert (at("11:30"), None, at("14:00")) == (clock.stopped_at, resting(clock), clock.due_at)
    assert not breached(clock, at("12:00", 30))


@pytest.mark.parametrize(
    ("stopped", "now", "late"),
    [
        (None, "10:00", False),
        (None, "10:01", True),
        ("10:00", "12:00", False),
        ("10:01", "12:00", True),
    ],
)
def test_a_deadline_is_inclusive(stopped, now, late):
    """Done at the very minute is in time."""
    clock = attrs.evolve(made(), stopped_at=stopped and at(stopped))

    assert late is breached(clock, at(now))


def test_standing_still_before_it_ran_out_is_not_late():
    """But a pause written behind the deadline hides nothing."""
    clock = made()
    after = attrs.evolve(clock, pauses=(Pause(since=clock.due_at, why="PAUSE_PARTS"),))

    assert not breached(pause(clock, at("09:30"), "PAUSE_PARTS"), at("11:00"))
    assert breached(after, at("11:00"))


def test_what_is_left_is_counted_in_the_time_of_the_clock():
    """Over lunch an hour is left at noon; late time counts below nothing; standing still keeps what was left."""
    clock = made(target=60 * 4)
    paused = pause(clock, at("11:00"), "PAUSE_PARTS")
    (stopped,) = stop([clock], {ClockKind.CLOSE}, STORE, at("10:00"))

    assert minutes(60) == remaining(clock, STORE, at("12:45"))
    assert minutes(-30) == remaining(clock, STORE, at("15:00"))
    assert minutes(120) == remaining(paused, STORE, at("16:00")) == remaining(paused, STORE, at("16:00", 25))
    assert minutes(180) == remaining(stopped, STORE, at("17:00"))
    assert minutes(-5) == remaining(made(Basis.WALL), STORE, at("10:05"))


# ------------------------------------------------------------------ another severity


def test_a_graver_case_has_its_new_deadlines_from_the_old_start():
    """What runs is aimed anew, pauses and all; what has stopped, and the handover, stay."""
    handover, response, close = clocks().values()
    close = resume(pause(close, at("10:00"), "PAUSE_PARTS"), STORE, at("11:00"))
    (handover,) = stop([handover], {ClockKind.HANDOVER}, STORE, at("09:10"))
    found = reclassify([handover, response, close], POLICY, Severity.CRITICAL, STORE)

    assert (handover, at("09:00"), at("09:10"), Basis.WALL) == (
        found[0],
        found[1].started_at,
        found[1].due_at,
        found[1].basis,
    )
    assert (close.pauses, close.due_at) == (found[2].pauses, found[2].due_at)


def test_what_was_answered_stays_answered():
    """A new severity does not make an answer late that was in time."""
    (_, response, _) = stop(clocks().values(), {ClockKind.RESPONSE}, STORE, at("10:30"))

    assert (response,) == reclassify([response], POLICY, Severity.CRITICAL, STORE)


# ------------------------------------------------------------------ explained


def test_a_clock_says_line_by_line_what_it_counted():
    """Stretches of the store, the pauses with their reason, the sum so far."""
    clock = resume(pause(made(target=240), at("10:00"), "PAUSE_PARTS"), STORE, at("11:00"))
    lines = explain(clock, STORE, at("18:00"))

    assert [
        ("COUNTED", at("09:00"), at("10:00"), minutes(60), ""),
        ("PAUSED", at("10:00"), at("11:00"), minutes(60), "PAUSE_PARTS"),
        ("COUNTED", at("11:00"), at("12:00"), minutes(120), ""),
        ("COUNTED", at("13:30"), at("15:30"), minutes(240), ""),
    ] == [attrs.astuple(line) for line in lines]


def test_a_clock_that_runs_or_stands_says_how_far_it_is():
    """Until now, or until it was stopped."""
    running = made(target=240)
    standing = pause(running, at("10:00"), "PAUSE_PARTS")
    (stopped,) = stop([running], {ClockKind.CLOSE}, STORE, at("09:15"))

    assert [("COUNTED", minutes(30))] == [(each.code, each.total) for each in explain(running, STORE, at("09:30"))]
    assert [("COUNTED", at("10:00")), ("STILL_PAUSED", at("11:30"))] == [
        (each.code, each.end) for each in explain(standing, STORE, at("11:30"))
    ]
    assert [at("09:15")] == [each.end for each in explain(stopped, STORE, at("11:30"))]


def test_every_line_and_every_pause_has_words():
    """In both languages."""
    for language in lang.LANGUAGES:
        for code in ("COUNTED", "PAUSED", "STILL_PAUSED", *ClockKind):
            assert f"clock.{code}" != lang.say(f"clock.{code}", language)
        for code in PAUSES:
            assert code != lang.reason(code, language)[0]


def test_instants_are_kept_in_utc():
    """Whatever zone the receipt was written in."""
    (clock, *_) = open_clocks(POLICY, Severity.NORMAL, STORE, at("09:00").astimezone(CHINA))

    assert {UTC} == {clock.started_at.tzinfo, clock.due_at.tzinfo}
