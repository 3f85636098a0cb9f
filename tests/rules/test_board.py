"""Where a case stands on the board."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.board import Lane, quantile, standing
from crmcore.types.complaint import Basis, ClockKind, Pause, SlaClock
from crmcore.types.store import CalendarId, Store

STORE = Store(code="S01", name="示范店")
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, open from 08:30


def clock(minutes: float, kind: ClockKind = ClockKind.RESPONSE, basis: Basis = Basis.WALL, **more) -> SlaClock:
    """A clock that ran out, or will, so many minutes of its own time from NOW."""
    target = timedelta(minutes=90)
    due = NOW + timedelta(minutes=minutes)
    return SlaClock(kind=kind, basis=basis, target=target, started_at=due - target, due_at=due, **more)


@pytest.mark.parametrize(
    ("clocks", "lane"),
    [
        ([], Lane.NO_CLOCK),
        ([clock(-1, stopped_at=NOW)], Lane.NO_CLOCK),
        ([clock(-1)], Lane.OVERDUE),
        ([clock(0)], Lane.SOON),
        ([clock(120)], Lane.SOON),
        ([clock(121)], Lane.LATER),
        ([clock(30, ClockKind.CALLBACK)], Lane.CALLBACK),
        ([clock(-30, ClockKind.CALLBACK)], Lane.OVERDUE),
        ([clock(30, pauses=(Pause(since=NOW - timedelta(minutes=5), why="X"),))], Lane.PAUSED),
    ],
)
def test_the_lane_of_a_case(clocks, lane):
    """Late is late, two hours are soon, a solved case waits for its callback, a clock that stands still is said to."""
    assert lane is standing(clocks, STORE, NOW).lane


def test_what_has_run_out_counts_before_what_will():
    """Of several clocks the board shows the one that burns."""
    paused = (Pause(since=NOW - timedelta(minutes=10), why="X"),)
    late, soon, still = clock(-5, ClockKind.HANDOVER), clock(3, ClockKind.CLOSE), clock(1, pauses=paused)

    assert late is standing([soon, still, late], STORE, NOW).clock
    assert soon is standing([soon, still], STORE, NOW).clock


def test_time_left_is_of_the_clocks_own_time():
    """At 17:00 a clock of store hours that runs out at 09:30 has an hour and a half left, and one by the wall sixteen and a half."""
    evening, morning = datetime(2026, 11, 22, 9, 0, tzinfo=UTC), datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    wall = SlaClock(
        kind=ClockKind.RESPONSE,
        basis=Basis.WALL,
        target=morning - evening,
        started_at=evening,
        due_at=morning,
    )
    store = SlaClock(
        kind=ClockKind.RESPONSE,
        basis=Basis.STORE,
        target=timedelta(minutes=90),
        started_at=evening,
        due_at=morning,
    )

    assert timedelta(hours=16.5) == standing([wall], STORE, evening).left
    assert timedelta(minutes=90) == standing([store], STORE, evening).left
    assert (Lane.LATER, Lane.SOON) == tuple(standing([each], STORE, evening).lane for each in (wall, store))


def test_a_year_without_announced_holidays_is_marked():
    """A deadline in a year whose calendar is not known is provisional."""
    far = datetime(2030, 3, 1, 2, 0, tzinfo=UTC)
    cn = Store(code="S01", name="示范店", calendar=CalendarId.CN)
    late = SlaClock(kind=ClockKind.CLOSE, basis=Basis.STORE, target=timedelta(hours=2), started_at=far, due_at=far + timedelta(hours=3.5))  # fmt: skip

    assert standing([late], cn, far).provisional


@given(st.lists(st.integers(0, 10_000)), st.floats(0.01, 1.0))
def test_a_quantile_is_one_of_the_values(values, share):
    """At least that share of all values is not above it, and less than that share is below it."""
    found = quantile(values, share)
    if not values:
        assert found is None
        return

    assert found in values
    assert sum(each <= found for each in values) >= share * len(values) - 1e-9
    assert sum(each < found for each in values) < share * len(values) + 1e-9
