"""What the durations of care rules mean."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.durations import Duration, before, parse, shift


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("P3D", Duration(days=3)),
        ("-PT72H", Duration(clock=timedelta(hours=-72))),
        ("P12M", Duration(months=12)),
        ("-P1Y2M", Duration(months=-14)),
        ("P2W", Duration(days=14)),
        ("+P1DT12H", Duration(days=1, clock=timedelta(hours=12))),
        ("PT0H", Duration(clock=timedelta(0))),
        ("PT90M", Duration(clock=timedelta(minutes=90))),
    ],
)
def test_a_duration_is_read_as_written(text, meant):
    """With a T it is an instant, without one it is days."""
    assert meant == parse(text)


@pytest.mark.parametrize("text", ["P", "PT", "-P", "3D", "P3", "P1.5D", "P3D ", "三天", "P1DT"])
def test_nonsense_is_refused(text):
    """What is no duration is not guessed at."""
    with pytest.raises(ValueError, match="^" + text[:1].replace("P", "P")):
        parse(text)


def test_a_month_without_that_day_ends_on_its_last():
    """Six months after 31 August is 28 February."""
    assert date(2027, 2, 28) == shift(date(2026, 8, 31), parse("P6M"))
    assert date(2028, 2, 29) == shift(date(2027, 8, 31), parse("P6M"))
    assert date(2025, 11, 30) == shift(date(2026, 8, 31), parse("-P9M"))


def test_repeats_add_up():
    """The third of 30 days is 60 days later; hours stay hours."""
    assert Duration(days=60) == parse("P30D").times(2)
    assert Duration(clock=timedelta(hours=48)) == parse("PT24H").times(2)
    assert Duration(days=-30) == parse("-P90D").plus(parse("P30D").times(2))
    assert Duration(days=1, clock=timedelta(hours=-1)) == parse("P1D").plus(parse("-PT1H"))


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(-40, 40), st.integers(-400, 400))
def test_looking_back_misses_no_day(on, months, days):
    """Wherever a duration ends, it began within what `before` says."""
    length = Duration(months=months, days=days)
    low, high = before(shift(on, length), length)

    assert low <= on <= high
    assert months or low == high
