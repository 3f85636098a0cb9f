"""The days a report counts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.periods import Period, days, month_back, months, names

DAYS = st.dates(date(2001, 1, 1), date(2099, 12, 31))


def test_three_months_are_this_one_and_two_before():
    """In November: September to now, compared with June to August."""
    assert Period(date(2026, 6, 1), date(2026, 9, 1), date(2026, 11, 22)) == months(3, date(2026, 11, 22))
    assert Period(date(2025, 12, 1), date(2026, 1, 1), date(2026, 1, 5)) == months(1, date(2026, 1, 5))


@given(DAYS, st.integers(0, 400))
def test_days_are_compared_with_as_many_days_before(since, length):
    """Both periods are equally long, and touch."""
    period = days(since, since + timedelta(days=length))

    assert period.since - period.before == period.until - period.since + timedelta(days=1)


def test_a_period_does_not_end_before_it_begins():
    """A period that runs backwards is refused."""
    with pytest.raises(ValueError, match="end before"):
        days(date(2026, 2, 1), date(2026, 1, 31))


@given(DAYS, st.integers(0, 60))
def test_going_back_and_forth_ends_in_the_same_month(on, count):
    """So many months back and forth is the first of the same month."""
    assert on.replace(day=1) == month_back(month_back(on, count), -count)


def test_every_month_of_a_period_has_its_name():
    """Months in which nobody said anything are named as well."""
    assert ("2025-12", "2026-01", "2026-02") == names(date(2025, 12, 31), date(2026, 2, 1))
