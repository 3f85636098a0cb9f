"""The next service: by calendar, or by the odometer when that is earlier."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.odometer import INTERVALS, Interval, add_months, predict
from crmcore.types.vehicle import NextService, OdometerReading, Powertrain, ServiceBasis

HALF_A_YEAR = Interval(6, 10_000)
SERVED = date(2026, 6, 1)


def read(*pairs):
    return [OdometerReading(on, km) for on, km in pairs]


def test_a_car_that_was_never_serviced_has_no_next_service():
    """The first service has a rule of its own."""
    assert predict(last_service_on=None, readings=[], interval=HALF_A_YEAR) is None


def test_without_a_pace_the_calendar_decides():
    """One reading gives a due mileage and no pace."""
    found = predict(last_service_on=SERVED, readings=read((SERVED, 20_000)), interval=HALF_A_YEAR)

    assert NextService(due_on=date(2026, 12, 1), due_km=30_000, basis=ServiceBasis.FIXED) == found


def test_who_drives_much_is_due_earlier():
    """100 km a day from 20,000 km: 30,000 km is reached 100 days after the reading."""
    readings = read((SERVED - timedelta(days=100), 10_000), (SERVED, 20_000))
    found = predict(last_service_on=SERVED, readings=readings, interval=HALF_A_YEAR)

    assert NextService(due_on=SERVED + timedelta(days=100), due_km=30_000, basis=ServiceBasis.PREDICTED) == found


def test_the_interval_of_the_car_itself_is_named_as_the_basis():
    """MODEL where the car has its own interval."""
    found = predict(last_service_on=SERVED, readings=[], interval=Interval(12, None), own=True)

    assert NextService(due_on=date(2027, 6, 1), due_km=None, basis=ServiceBasis.MODEL) == found


@pytest.mark.parametrize(
    "readings",
    [
        read((SERVED, 20_000), (SERVED + timedelta(days=30), 19_000)),
        read((SERVED, 20_000), (SERVED + timedelta(days=30), 20_000)),
        read((SERVED, 20_000), (SERVED, 21_000)),
        read((SERVED - timedelta(days=3000), 20_000), (SERVED, 20_001)),
        read((SERVED + timedelta(days=1), 20_000), (SERVED + timedelta(days=2), 29_000)),
    ],
)
def test_an_odometer_that_tells_nothing_leaves_it_to_the_calendar(readings):
    """Running backwards, standing still, twice on one day, hardly moving, or not read at the service."""
    assert predict(last_service_on=SERVED, readings=readings, interval=HALF_A_YEAR).basis is ServiceBasis.FIXED


def test_what_was_driven_past_is_due_at_once_and_not_before_the_service():
    """A mileage that was passed long ago is due on the day it was passed, at the earliest on that of the service."""
    readings = read((SERVED, 20_000), (SERVED + timedelta(days=60), 40_000))
    found = predict(last_service_on=SERVED, readings=readings, interval=HALF_A_YEAR)

    assert SERVED + timedelta(days=30) == found.due_on


@given(gap=st.integers(1, 700), less=st.integers(1, 40_000), more=st.integers(0, 40_000), later=st.integers(0, 300))
def test_more_kilometres_a_day_never_make_it_later(gap, less, more, later):
    """The same car driven more between the same two days is due on the same day or earlier."""
    on = SERVED + timedelta(days=later)
    found = [
        predict(
            last_service_on=on,
            readings=read((on - timedelta(days=gap), 50_000 - gone), (on, 50_000)),
            interval=HALF_A_YEAR,
        )
        for gone in (less, less + more)
    ]

    assert found[1].due_on <= found[0].due_on
    assert on <= found[1].due_on <= add_months(on, 6)


@given(on=st.dates(date(1990, 1, 1), date(2090, 1, 1)), months=st.integers(0, 60))
def test_months_are_calendar_months(on, months):
    """The same day of the month, or the month's last; adding in two steps never gets past adding at once by more than that."""
    found = add_months(on, months)

    assert months == (found.year - on.year) * 12 + found.month - on.month
    assert found.day == on.day or (found.day < on.day and (found + timedelta(days=1)).day == 1)


def test_every_powertrain_has_an_interval():
    """No car is without a default."""
    assert set(Powertrain) == set(INTERVALS)
