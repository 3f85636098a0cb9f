"""What a store's hours promise: a due time that can be counted line by line."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.errors import ConfigError
from crmcore.rules.worktime import (
    Counted,
    Due,
    Ledger,
    Moment,
    Working,
    add,
    between,
    instant,
    is_working_day,
    local,
    opening,
)
from crmcore.types.store import CalendarId, Opening, Store

# The State Council's 2026 notice, typed in here so that the calendar library is checked too: Spring Festival and National Day.
HOLIDAYS = {date(2026, 2, 15) + timedelta(days=n) for n in range(9)} | {
    date(2026, 10, 1) + timedelta(days=n) for n in range(7)
}
MAKE_UP = {date(2026, 2, 14), date(2026, 2, 28), date(2026, 9, 20), date(2026, 10, 10)}


def store(**changes):
    return Store(**({"code": "S01", "name": "示范店"} | changes))


def shanghai(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(*pairs):
    return tuple(Opening(time.fromisoformat(start), time.fromisoformat(end)) for start, end in pairs)


# ------------------------------------------------------------------ days


@pytest.mark.parametrize("day", sorted(MAKE_UP))
def test_a_make_up_workday_is_a_working_day(day):
    """An office open on the Chinese calendar works the weekend days that the State Council swaps."""
    assert Working(working=True) == is_working_day(store(calendar=CalendarId.CN), day)


@pytest.mark.parametrize("day", sorted(HOLIDAYS))
def test_a_public_holiday_is_no_working_day_of_the_office_calendar(day):
    """Nobody is in the office during the Spring Festival and National Day."""
    assert Working(working=False) == is_working_day(store(calendar=CalendarId.CN), day)


def test_a_4s_store_is_open_every_day():
    """Unless told otherwise a store works on the first day of the Spring Festival too, a Sunday."""
    assert Working(working=True) == is_working_day(store(), date(2026, 2, 15))


def test_weekdays_know_no_holidays():
    """The plain week works Monday to Friday, the swapped Saturday not."""
    plain = store(calendar=CalendarId.WEEKDAYS)

    assert Working(working=True) == is_working_day(plain, date(2026, 10, 1))
    assert Working(working=False) == is_working_day(plain, date(2026, 10, 10))


def test_an_unannounced_year_is_marked_never_silently_computed():
    """For 2027 the plain week is assumed and every answer built on it says so."""
    office = store(calendar=CalendarId.CN)

    assert Working(working=True, provisional=True) == is_working_day(office, date(2027, 10, 1))
    assert Working(working=False, provisional=True) == is_working_day(office, date(2027, 10, 2))
    assert opening(office, date(2027, 10, 1)).provisional
    assert add(office, shanghai("2026-12-31T17:00"), timedelta(hours=2)).provisional
    assert between(office, shanghai("2026-12-31T17:00"), shanghai("2027-01-04T09:00")).provisional


def test_one_day_in_doubt_puts_all_that_follows_in_doubt():
    """The day after a Saturday that may turn out a make-up workday is certain; when the store next opens is not."""
    office = store(calendar=CalendarId.CN, extra_on=frozenset({date(2027, 10, 3)}))
    weekend = (shanghai("2027-10-02T12:00"), shanghai("2027-10-03T12:00"))

    assert Moment(utc("2027-10-03T00:30"), provisional=True) == opening(office, date(2027, 10, 2))
    assert add(office, weekend[0], timedelta(hours=1)).provisional
    assert between(office, *weekend).provisional
    assert not opening(office, date(2027, 10, 3)).provisional


def test_a_due_time_that_ends_in_an_announced_year_is_certain():
    """New Year's Eve is not in doubt because the next day is."""
    assert not add(store(calendar=CalendarId.CN), shanghai("2026-12-31T13:30"), timedelta(hours=4)).provisional


def test_the_dealer_knows_his_own_days_best():
    """A day the dealer lists himself is certain, and closed beats open."""
    office = store(
        calendar=CalendarId.CN,
        extra_on=frozenset({date(2027, 10, 2), date(2027, 10, 1)}),
        extra_off=frozenset({date(2027, 10, 1)}),
    )

    assert Working(working=True) == is_working_day(office, date(2027, 10, 2))
    assert Working(working=False) == is_working_day(office, date(2027, 10, 1))


# ------------------------------------------------------------------ opening


def test_day_n_is_due_at_opening():
    """On a working day the store opens at its first hour, in its own zone."""
    assert Moment(utc("2026-11-22T00:30")) == opening(store(), date(2026, 11, 22))
    assert Moment(utc("2026-11-22T02:30")) == opening(store(timezone="Asia/Urumqi"), date(2026, 11, 22))


def test_what_falls_on_a_closed_day_is_due_when_the_store_opens_again():
    """A reminder for the Spring Festival waits for 2026-02-24."""
    assert Moment(utc("2026-02-24T00:30")) == opening(store(calendar=CalendarId.CN), date(2026, 2, 15))


def test_a_store_that_never_opens_is_a_mistake_in_the_config():
    """No due time is made up, and nobody waits for ever, when all openings are gone."""
    for ask in (lambda s: opening(s, date(2026, 1, 1)), lambda s: add(s, utc("2026-01-01T00:00"), timedelta(hours=1))):
        with pytest.raises(ConfigError) as error:
            ask(store(hours=()))

        assert error.value.code == "CRM-T901"
        assert "S01" in error.value.render("zh")


# ------------------------------------------------------------------ adding and measuring


def test_lunch_does_not_count():
    """Two hours from 11:30 are half an hour before lunch and an hour and a half after it."""
    due = add(store(), shanghai("2026-11-23T11:30"), timedelta(hours=2))

    expected = (
        Counted(utc("2026-11-23T03:30"), utc("2026-11-23T04:00")),
        Counted(utc("2026-11-23T05:30"), utc("2026-11-23T07:00")),
    )
    assert Due(utc("2026-11-23T07:00"), expected) == due


def test_work_that_ends_with_the_day_is_due_at_closing():
    """Not at the next opening, where it would look late by a night."""
    assert utc("2026-11-23T09:30") == add(store(), shanghai("2026-11-23T13:30"), timedelta(hours=4)).at


def test_nothing_is_due_at_once():
    """No work at all is over when it begins, also at night."""
    assert Due(utc("2026-11-23T15:00"), ()) == add(store(hours=()), shanghai("2026-11-23T23:00"), timedelta(0))


def test_eight_hours_from_friday_evening_end_on_the_make_up_saturday():
    """2026-10-10 is a Saturday on which the office works."""
    office = store(calendar=CalendarId.CN)

    assert shanghai("2026-10-10T16:30") == add(office, shanghai("2026-10-09T16:30"), timedelta(hours=7.5)).at


def test_nothing_is_counted_backwards():
    """An answer recorded before the question took no working time."""
    assert Ledger((), timedelta(0)) == between(store(), shanghai("2026-11-23T12:00"), shanghai("2026-11-22T12:00"))
    assert Ledger((), timedelta(0)) == between(store(), shanghai("2026-11-23T11:00"), shanghai("2026-11-23T10:00"))


def test_a_due_time_lies_ahead():
    """A negative amount and an instant without a zone are mistakes of the caller."""
    with pytest.raises(ValueError, match="negative"):
        add(store(), utc("2026-11-23T00:00"), timedelta(minutes=-1))
    with pytest.raises(ValueError, match="zone"):
        add(store(), datetime(2026, 11, 23), timedelta(minutes=1))
    with pytest.raises(ValueError, match="zone"):
        between(store(), utc("2026-11-23T00:00"), datetime(2026, 11, 23))
    with pytest.raises(ValueError, match="zone"):
        local(datetime(2026, 11, 23), "Asia/Shanghai")


# ------------------------------------------------------------------ clocks that jump


def test_a_night_shift_loses_the_hour_that_springs_forward():
    """01:00-05:00 in Berlin on 2026-03-29 are three hours, since 02:00-03:00 do not exist."""
    berlin = store(timezone="Europe/Berlin", hours=hours(("01:00", "05:00")))

    ledger = between(berlin, utc("2026-03-28T12:00"), utc("2026-03-29T12:00"))

    assert Ledger((Counted(utc("2026-03-29T00:00"), utc("2026-03-29T03:00")),), timedelta(hours=3)) == ledger


def test_an_opening_inside_the_gap_opens_at_the_jump():
    """A shop that opens at 02:30 opens when the clock jumps from 02:00 to 03:00, and one that closes then closes then."""
    assert utc("2026-03-29T01:00") == instant(date(2026, 3, 29), time(2, 30), "Europe/Berlin")
    assert utc("2026-03-29T01:00") == instant(date(2026, 3, 29), time(2, 0, 1), "Europe/Berlin")
    assert utc("2026-03-29T01:00") == instant(date(2026, 3, 29), time(2), "Europe/Berlin")


def test_an_opening_that_the_jump_swallows_is_not_counted():
    """02:00-03:00 does not happen on that day, so the next day's is the opening."""
    berlin = store(timezone="Europe/Berlin", hours=hours(("02:10", "02:50")))

    assert utc("2026-03-30T00:10") == opening(berlin, date(2026, 3, 29)).at


def test_the_hour_that_comes_twice_is_worked_once_it_is_open():
    """01:00-05:00 on the night of 2026-10-25 are five hours; a shop that closed at 02:30 does not open again."""
    berlin = {"timezone": "Europe/Berlin"}
    night = (utc("2026-10-24T12:00"), utc("2026-10-25T12:00"))

    assert timedelta(hours=5) == between(store(**berlin, hours=hours(("01:00", "05:00"))), *night).total
    assert timedelta(hours=1.5) == between(store(**berlin, hours=hours(("01:00", "02:30"))), *night).total


def test_round_the_clock_is_every_hour_of_every_day():
    """00:00-00:00 is the whole day: a rescue line waits for nothing, also over a clock change."""
    always = store(timezone="Europe/Berlin", hours=hours(("00:00", "00:00")))
    start = utc("2026-03-28T12:00")

    assert start + timedelta(hours=48) == add(always, start, timedelta(hours=48)).at
    assert timedelta(hours=48) == between(always, start, start + timedelta(hours=48)).total


# ------------------------------------------------------------------ the oracle

#: zone, calendar, and a date near which something happens: holidays and swaps, or clocks that jump by an hour or a half.
SCENES = [
    ("Asia/Shanghai", CalendarId.CN, date(2026, 2, 12)),
    ("Asia/Shanghai", CalendarId.CN, date(2026, 2, 22)),
    ("Asia/Shanghai", CalendarId.CN, date(2026, 10, 6)),
    ("Asia/Shanghai", CalendarId.EVERY_DAY, date(2026, 11, 20)),
    ("Europe/Berlin", CalendarId.EVERY_DAY, date(2026, 3, 27)),
    ("Europe/Berlin", CalendarId.WEEKDAYS, date(2026, 10, 23)),
    ("America/New_York", CalendarId.EVERY_DAY, date(2026, 3, 6)),
    ("Australia/Lord_Howe", CalendarId.EVERY_DAY, date(2026, 10, 2)),
    ("Australia/Lord_Howe", CalendarId.EVERY_DAY, date(2026, 4, 3)),
]
DEALER_HOURS = hours(("08:30", "12:00"), ("13:30", "17:30"))


@st.composite
def days_of_hours(draw):
    if draw(st.booleans()):
        return DEALER_HOURS
    marks = sorted(draw(st.sets(st.integers(0, 287), min_size=2, max_size=6)))
    clocks = [time(mark // 12, mark % 12 * 5) for mark in marks]
    if len(clocks) % 2 or draw(st.booleans()):
        clocks = [*clocks[: len(clocks) // 2 * 2 - 1], time(0)]  # the last opening runs to midnight
    return tuple(Opening(start, end) for start, end in zip(clocks[::2], clocks[1::2], strict=True))


@st.composite
def cases(draw):
    zone, calendar, day = draw(st.sampled_from(SCENES))
    near = st.integers(0, 6).map(lambda n: day + timedelta(days=n))
    shop = store(
        timezone=zone,
        calendar=calendar,
        hours=draw(days_of_hours()),
        extra_on=frozenset(draw(st.sets(near, max_size=1))),
        extra_off=frozenset(draw(st.sets(near, max_size=1))),
    )
    start = datetime.combine(day, time(0), UTC) + timedelta(minutes=draw(st.integers(0, 4 * 24 * 60)))
    return shop, start, timedelta(minutes=draw(st.integers(0, 3 * 24 * 60)))


def works(shop, day):
    if day in shop.extra_off or day in shop.extra_on:
        return day not in shop.extra_off
    match shop.calendar:
        case CalendarId.EVERY_DAY:
            return True
        case CalendarId.WEEKDAYS:
            return day.isoweekday() <= 5
        case CalendarId.CN:
            return day in MAKE_UP or (day.isoweekday() <= 5 and day not in HOLIDAYS)


def open_minutes(shop, start, until):
    """Walk minute by minute with a clerk whose clock is never set back: is the shop open?"""
    zone, found, minute = ZoneInfo(shop.timezone), [], start - timedelta(hours=3)
    shown = datetime(1, 1, 1)
    while minute < until:
        shown = max(shown, minute.astimezone(zone).replace(tzinfo=None))
        clock = shown.time()
        is_open = any(one.start <= clock and (clock < one.end or one.end == time(0)) for one in shop.hours)
        if minute >= start and is_open and works(shop, shown.date()):
            found.append(minute)
        minute += timedelta(minutes=1)
    return found


def minutes_of(lines):
    return [line.start + timedelta(minutes=n) for line in lines for n in range(int(line.length / timedelta(minutes=1)))]


@settings(max_examples=150, deadline=None)
@given(cases())
def test_measuring_agrees_with_a_clerk_who_looks_every_minute(case):
    """The ledger holds exactly the minutes in which the wall clock was inside store hours."""
    shop, start, length = case

    ledger = between(shop, start, start + length)

    assert open_minutes(shop, start, start + length) == minutes_of(ledger.intervals)
    assert timedelta(minutes=len(minutes_of(ledger.intervals))) == ledger.total


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 20 * 60))
def test_adding_agrees_with_a_clerk_who_looks_every_minute(case, amount):
    """N minutes of work are over at the end of the N-th open minute."""
    shop, start, _ = case

    due = add(shop, start, timedelta(minutes=amount))

    found = open_minutes(shop, start, due.at)
    assert amount == len(found)
    assert found[-1] + timedelta(minutes=1) == due.at
    assert found == minutes_of(due.ledger)


@settings(deadline=None)
@given(cases(), st.timedeltas(timedelta(0), timedelta(days=3)), st.timedeltas(timedelta(0), timedelta(hours=1)))
def test_adding_and_measuring_undo_each_other(case, amount, later):
    """What was added is what is measured, to the microsecond and line by line; what was measured is never more to add."""
    shop, start, length = case
    start += later

    due = add(shop, start, amount)
    measured = between(shop, start, due.at)
    again = add(shop, start, between(shop, start, start + length).total)

    assert Ledger(due.ledger, amount) == attrs_without_doubt(measured)
    assert again.at <= start + length


def attrs_without_doubt(ledger):
    return Ledger(ledger.intervals, ledger.total)


@settings(deadline=None)
@given(cases(), st.timedeltas(timedelta(0), timedelta(days=2)))
def test_measuring_in_two_parts_measures_the_whole(case, part):
    """No working time is lost or counted twice at a hand-over."""
    shop, start, length = case
    middle, end = sorted([start + part, start + length])

    whole = between(shop, start, end).total

    assert whole == between(shop, start, middle).total + between(shop, middle, end).total
