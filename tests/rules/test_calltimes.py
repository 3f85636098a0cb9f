"""The time of a call, however it was written."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules import calltimes, dates
from crmcore.rules.calltimes import Clock, Yearless, booked, called, plausible, said

ZONE = "Asia/Shanghai"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


NOW = at("2026-11-22 17:00")
MORNING = at("2026-11-22 08:30")


@pytest.mark.parametrize(
    "raw",
    ["10:35", "10：35", " 10:35:00 ", "１０：３５", "10点35分", "10时35", "上午10:35", "10:35 AM", "0.440972222222222",
     ".4409722", "1899-12-31 10:35:00", "1900-01-00 10:35:00", "1899-12-30T10:35:00"],
)  # fmt: skip
def test_a_time_of_day_in_any_dress(raw):
    """What Excel, WPS and LibreOffice make of 10:35 is 10:35."""
    assert Clock(time(10, 35)) == said(raw, ZONE)


@pytest.mark.parametrize(
    "raw",
    ["2026-11-22 10:35", "2026/11/22 10:35:00", "2026年11月22日10:35", "46348.4409722222", "2026-11-22T10:35:00+08:00"],
)
def test_a_whole_date_in_any_dress(raw):
    """Text, slashes, or the serial number of a cell that was made a number."""
    assert at("2026-11-22 10:35") == said(raw, ZONE)


@pytest.mark.parametrize("raw", ["11-22 10:35", "11/22 10:35", "11月22日 10:35", "11月22日10:35", "11.22 10点35分"])
def test_a_day_without_its_year(raw):
    """Month and day with a time."""
    assert Yearless(11, 22, time(10, 35)) == said(raw, ZONE)


@pytest.mark.parametrize("raw", ["", "  ", "-", "无"])
def test_nothing_is_nothing(raw):
    """An empty cell, or a stroke."""
    assert said(raw, ZONE) is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("2026-11-22", "CALL_TIME_NO_CLOCK"),
        ("2026-11-22 00:00:00", "CALL_TIME_NO_CLOCK"),
        ("46348", "CALL_TIME_NO_CLOCK"),
        ("1035", "DATE_FORM"),
        ("25:70", "TIME_IMPOSSIBLE"),
        ("早上", "DATE_FORM"),
        ("初五月初六日10:35", "DATE_FORM"),
        ("11-22 早上", "DATE_FORM"),
        ("#####", "TEXT_DESTROYED"),
    ],
)
def test_what_would_be_a_guess_is_none(raw, reason):
    """A day without a time, a bare number, words."""
    found = said(raw, ZONE)

    assert reason == getattr(found, "reason", found)


def test_a_bare_time_is_the_one_since_the_export():
    """Exported in the morning, imported in the evening: today's."""
    assert at("2026-11-22 10:35") == called(Clock(time(10, 35)), ZONE, MORNING, NOW)


def test_a_bare_time_of_yesterdays_list_is_yesterdays():
    """Imported next morning at nine, 10:35 can only be yesterday's."""
    assert at("2026-11-22 10:35") == called(Clock(time(10, 35)), ZONE, MORNING, at("2026-11-23 09:00"))


def test_a_bare_time_that_fits_two_days_is_asked_back():
    """Imported in the evening of the next day, 10:35 may be either day's."""
    assert calltimes.WHICH_DAY == called(Clock(time(10, 35)), ZONE, MORNING, at("2026-11-23 17:00"))


def test_a_call_made_just_before_the_export_is_of_that_day():
    """08:10 in a list exported at 08:30."""
    assert at("2026-11-22 08:10") == called(Clock(time(8, 10)), ZONE, MORNING, at("2026-11-22 09:00"))


def test_a_bare_time_without_an_export_is_todays():
    """The column of the export was lost: today, or nothing."""
    assert at("2026-11-22 10:35") == called(Clock(time(10, 35)), ZONE, None, NOW)
    assert calltimes.FUTURE == called(Clock(time(17, 1)), ZONE, None, NOW)


def test_a_bare_time_of_an_old_list_is_asked_back():
    """Nobody counts days of a list that is weeks old, or of one that was exported tomorrow."""
    assert calltimes.WHICH_DAY == called(Clock(time(10, 35)), ZONE, at("2026-11-01 08:30"), NOW)
    assert calltimes.WHICH_DAY == called(Clock(time(10, 35)), ZONE, at("2026-11-23 08:30"), NOW)


def test_a_day_without_its_year_is_the_last_one():
    """In January, 12-30 was last year; what is still to come stays in the future."""
    january = at("2027-01-02 09:00")

    assert at("2026-12-30 10:35") == called(Yearless(12, 30, time(10, 35)), ZONE, None, january)
    assert at("2026-11-22 10:35") == called(Yearless(11, 22, time(10, 35)), ZONE, None, NOW)
    assert dates.IMPOSSIBLE == called(Yearless(2, 30, time(10, 35)), ZONE, None, january)
    assert at("2024-02-29 10:35") == called(Yearless(2, 29, time(10, 35)), ZONE, None, at("2024-02-20 09:00"))


def test_a_whole_date_is_taken_as_it_is():
    """Nothing is added to what is complete."""
    assert MORNING == called(MORNING, ZONE, None, NOW)


def test_a_booked_time_lies_behind_the_call():
    """Bare: the same day; without its year: the next one; in the past: refused."""
    call = at("2026-11-22 10:35")

    assert at("2026-11-22 16:30") == booked(Clock(time(16, 30)), ZONE, call)
    assert at("2027-01-05 16:30") == booked(Yearless(1, 5, time(16, 30)), ZONE, call)
    assert at("2026-11-24 15:00") == booked(at("2026-11-24 15:00"), ZONE, call)
    assert calltimes.BOOKED_PAST == booked(Clock(time(9, 0)), ZONE, call)
    assert calltimes.BOOKED_FAR == booked(at("2062-11-24 15:00"), ZONE, call)
    assert dates.IMPOSSIBLE == booked(Yearless(2, 30, time(9, 0)), ZONE, call)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (NOW + timedelta(seconds=1), calltimes.FUTURE),
        (NOW, None),
        (MORNING - timedelta(seconds=1), calltimes.BEFORE_DUE),
        (MORNING, None),
        (NOW - timedelta(days=60, seconds=1), calltimes.OLD),
    ],
)
def test_a_call_is_made_between_its_due_time_and_now(when, expected):
    """Not in the future, not before it was due, not months ago."""
    assert expected == plausible(when, MORNING, NOW, 60)


@given(st.times(), st.datetimes(datetime(2026, 11, 20), datetime(2026, 11, 22, 9)))
def test_a_bare_time_never_lies_in_the_future_nor_before_the_day_of_the_export(clock, exported):
    """Whatever is written, it is refused or lies where the list was in somebody's hands."""
    since = exported.replace(tzinfo=UTC)
    found = called(Clock(clock.replace(tzinfo=None)), ZONE, since, NOW)
    if isinstance(found, datetime):
        assert since.astimezone(ZoneInfo(ZONE)).date() <= found.astimezone(ZoneInfo(ZONE)).date()
        assert found <= NOW
