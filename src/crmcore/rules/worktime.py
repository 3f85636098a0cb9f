"""Store hours: when it opens, when N hours of work are over, how much work lies between two instants.

Every answer carries the ledger of what was counted, so that a due time can be read line by line (`crmcore explain`).

An opening runs from the instant its wall clock first shows the start to the instant it first shows the end. When the
clock jumps forward over one of them, the jump is that instant; when it falls back, a shop that is open stays open and one
that has closed stays closed. Elapsed time is counted, not differences of wall clocks.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs

from crmcore.errors import ConfigError
from crmcore.types.store import CalendarId, Opening, Store

#: A store closed for this many days in a row never opens; more than any holiday or rebuilding that has a due time.
CLOSED_FOR_GOOD = 400

SATURDAY = 5


@attrs.frozen
class Working:
    """Is it a working day? `provisional`: the year's holidays are not announced, the plain week was assumed."""

    working: bool
    provisional: bool = False


@attrs.frozen
class Moment:
    """An instant in UTC, with the doubt of the calendar it came from."""

    at: datetime
    provisional: bool = False


@attrs.frozen
class Counted:
    """One line of a ledger: a stretch of store hours, or the part of it that counted, in UTC; `end` is exclusive."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Elapsed time of this line."""
        return self.end - self.start


@attrs.frozen
class Due:
    """When an amount of working time is over, and what was counted on the way."""

    at: datetime
    ledger: tuple[Counted, ...]
    provisional: bool = False


@attrs.frozen
class Ledger:
    """The working time between two instants, line by line."""

    intervals: tuple[Counted, ...]
    total: timedelta
    provisional: bool = False


def is_working_day(store: Store, on: date) -> Working:
    """Does `store` work on the local date `on`? `extra_off` beats `extra_on`, both beat the calendar."""
    if on in store.extra_off:
        return Working(working=False)
    if on in store.extra_on or store.calendar is CalendarId.EVERY_DAY:
        return Working(working=True)
    if store.calendar is CalendarId.WEEKDAYS:
        return Working(on.weekday() < SATURDAY)
    return _office_day(on)


def opening(store: Store, on: date) -> Moment:
    """The opening of the local date `on`, or of the next working day when the store is closed on it.

    Raises:
        ConfigError: CRM-T901, the store never opens.
    """
    return next(Moment(day.hours[0].start, day.provisional) for day in _days(store, on) if day.hours)


def add(store: Store, start: datetime, amount: timedelta) -> Due:
    """The earliest instant at which `amount` of store hours has passed since `start`.

    What ends with the day is due at closing, not at the next opening; nothing at all is due at `start` itself.

    Raises:
        ConfigError: CRM-T901, the store never opens.
        ValueError: `amount` is negative, or `start` has no zone.
    """
    if amount < timedelta(0):
        raise ValueError("a due time lies ahead: the amount cannot be negative")
    at, left, provisional = start.astimezone(UTC), amount, False
    lines: list[Counted] = []
    days = _days(store, local(start, store.timezone).date())
    while left:
        day = next(days)
        provisional = day.provisional
        for stretch in day.hours:
            begin = max(at, stretch.start)
            end = min(begin + left, stretch.end)
            if begin < end:
                lines.append(Counted(begin, end))
                left -= end - begin
    return Due(lines[-1].end if lines else at, tuple(lines), provisional)


def between(store: Store, start: datetime, end: datetime) -> Ledger:
    """The store hours from `start` to `end`; none when `end` is not after `start`.

    Raises:
        ValueError: an instant has no zone.
    """
    lines: list[Counted] = []
    provisional = False
    on, last = local(start, store.timezone).date(), local(end, store.timezone).date()
    while on <= last:
        today = _day(store, on)
        provisional = provisional or today.provisional
        for stretch in today.hours:
            counted = Counted(max(stretch.start, start.astimezone(UTC)), min(stretch.end, end.astimezone(UTC)))
            if counted.start < counted.end:
                lines.append(counted)
        on += timedelta(days=1)
    return Ledger(tuple(lines), sum((line.length for line in lines), timedelta(0)), provisional)


def local(at: datetime, zone: str) -> datetime:
    """`at` on the wall clock of `zone`.

    Raises:
        ValueError: `at` has no zone; the machine's own would be a guess.
    """
    if at.tzinfo is None:
        raise ValueError("an instant without a zone is no instant")
    return at.astimezone(ZoneInfo(zone))


@functools.lru_cache(maxsize=4096)
def instant(on: date, clock: time, zone: str) -> datetime:
    """The instant in UTC at which the wall clock of `zone` first shows `clock` on `on`, or jumps over it."""
    shown = datetime.combine(on, clock, ZoneInfo(zone))
    at = shown.astimezone(UTC)
    before = shown.replace(fold=1).astimezone(UTC)
    if at <= before:
        return at
    while at - before > timedelta(seconds=1):  # in the gap: close in on the jump, which lies in (before, at]
        middle = before + (at - before) // 2
        if middle.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < datetime.combine(on, clock):
            before = middle
        else:
            at = middle
    return at.replace(microsecond=0)


@attrs.frozen
class _Day:
    """The store hours of one local date, in UTC; `provisional` also when an earlier day looked at was."""

    hours: tuple[Counted, ...]
    provisional: bool


def _day(store: Store, on: date) -> _Day:
    working = is_working_day(store, on)
    hours = _hours(store.hours, on, store.timezone) if working.working else ()
    return _Day(hours, working.provisional)


def _days(store: Store, on: date) -> Iterator[_Day]:
    """Day after day from `on`, open or closed; ends by raising when the store has not opened for too long."""
    closed, provisional = 0, False
    while closed < CLOSED_FOR_GOOD:
        day = _day(store, on)
        provisional = provisional or day.provisional
        yield _Day(day.hours, provisional)
        closed = 0 if day.hours else closed + 1
        on += timedelta(days=1)
    raise ConfigError("CRM-T901", store=store.code, days=CLOSED_FOR_GOOD)


@functools.lru_cache(maxsize=2048)
def _hours(hours: tuple[Opening, ...], on: date, zone: str) -> tuple[Counted, ...]:
    """The openings of a working day; one that a clock change swallows whole is left out."""
    stretches = (Counted(instant(on, one.start, zone), _closing(on, one.end, zone)) for one in hours)
    return tuple(stretch for stretch in stretches if stretch.start < stretch.end)


def _closing(on: date, end: time, zone: str) -> datetime:
    """Closing time; an `end` of 00:00 is the midnight that ends the day, since no opening ends before it starts."""
    return instant(on, end, zone) if end > time(0) else instant(on + timedelta(days=1), end, zone)


@functools.lru_cache(maxsize=2048)
def _office_day(on: date) -> Working:
    """The Chinese office calendar, make-up workdays (调休) included; the plain week, marked, where it is not announced."""
    from chinese_calendar import is_workday  # here: 30 ms that most stores never need

    try:
        return Working(bool(is_workday(on)))
    except NotImplementedError:
        return Working(on.weekday() < SATURDAY, provisional=True)
