"""When a call was made or is to be made, as a clerk writes it: "10:35", "11-22 10:35", a full date, or what Excel made of it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs

from crmcore.rules import dates
from crmcore.rules.text import Bad, blank, fold

NO_CLOCK = Bad("CALL_TIME_NO_CLOCK")
WHICH_DAY = Bad("CALL_TIME_WHICH_DAY")
FUTURE = Bad("CALL_TIME_FUTURE")
OLD = Bad("CALL_TIME_OLD")
BEFORE_DUE = Bad("CALL_TIME_BEFORE_DUE")
BOOKED_PAST = Bad("BOOKED_TIME_PAST")
BOOKED_FAR = Bad("BOOKED_TIME_FAR")
#: What lies further ahead is a wrong year. [J]
FARTHEST = timedelta(days=366)

_FRACTION = re.compile(r"0?\.[0-9]{1,17}")
#: A time of day in a cell that Excel shows with its day zero.
_DAY_ZERO = re.compile(r"(?:1899[-/]12[-/]3[01]|1900[-/]0?1[-/]0?[01])[ T]+")
_SPOKEN = re.compile(r"[:时点]")
_YEARLESS = re.compile(
    r"(1[0-2]|0?[1-9]) ?[-/.月] ?(3[01]|[12][0-9]|0?[1-9])(?: ?[日号])? +(.+)|(.+?)月(.+?)[日号](.+)"
)


@attrs.frozen
class Clock:
    """A time of day without a day."""

    at: time


@attrs.frozen
class Yearless:
    """A day of some year, with its time."""

    month: int
    day: int
    at: time


Said = datetime | Clock | Yearless


def said(raw: str, zone: str) -> Said | Bad | None:
    """What is written, as far as it goes; an instant in UTC where the day is there, None for nothing.

    A bare number such as 1035 is no time: it would be a guess.
    """
    text = _DAY_ZERO.sub("", fold(raw))
    if blank(text):
        return None
    bare = _clock(text)
    if bare is not None:
        return Clock(bare) if isinstance(bare, time) else bare
    if yearless := _YEARLESS.fullmatch(text):
        month, day, rest = (part for part in yearless.groups() if part is not None)
        clock = _clock(rest.strip())
        if isinstance(clock, time) and month.strip().isdecimal() and day.strip().isdecimal():
            return Yearless(int(month), int(day), clock)
    at = dates.instant(text, zone)
    if isinstance(at, datetime) and at.astimezone(ZoneInfo(zone)).time() == time(0):
        return NO_CLOCK
    return at


def _clock(text: str) -> time | Bad | None:
    """A time of day alone, also as the fraction of a day; Bad for one that no clock shows."""
    if _FRACTION.fullmatch(text):
        return (datetime.min.replace(tzinfo=UTC) + timedelta(seconds=round(float(text) * 86_400))).time()
    if not _SPOKEN.search(text):
        return None
    at = dates.instant(f"2026-01-05 {text}", "UTC")
    if at == dates.TIME_IMPOSSIBLE:
        return dates.TIME_IMPOSSIBLE
    return at.time() if isinstance(at, datetime) else None


def called(what: Said, zone: str, exported: datetime | None, now: datetime) -> datetime | Bad:
    """The instant of a call that `what` means; Bad where more than one day fits.

    A bare time is one between the export and now; on the day of the export it may lie before it. Without an export it is today's.

    Args:
        exported: when the row was exported; None: not known.
    """
    if isinstance(what, datetime):
        return what
    today = now.astimezone(ZoneInfo(zone)).date()
    if isinstance(what, Yearless):
        found = [_on(_day(year, what), what.at, zone) for year in (today.year, today.year - 1)]
        made = [at for at in found if at is not None and at <= now]
        return max(made) if made else next((at for at in found if at is not None), dates.IMPOSSIBLE)
    first = today if exported is None else exported.astimezone(ZoneInfo(zone)).date()
    if (today - first).days not in range(8):
        return WHICH_DAY
    fitting = [at for days in range((today - first).days + 1) if (at := _instant(first, days, what, zone)) <= now]
    later = [at for at in fitting if exported is not None and at >= exported]
    if len(later or fitting) == 1:
        return (later or fitting)[0]
    return WHICH_DAY if fitting else FUTURE


def booked(what: Said, zone: str, after: datetime) -> datetime | Bad:
    """The instant the customer named in a call at `after`; a bare time is that of the same day."""
    day = after.astimezone(ZoneInfo(zone)).date()
    if isinstance(what, Clock):
        at: datetime | None = _on(day, what.at, zone)
    elif isinstance(what, Yearless):
        found = [_on(_day(year, what), what.at, zone) for year in (day.year, day.year + 1)]
        at = next((at for at in found if at is not None and at > after), found[0])
    else:
        at = what
    if at is None:
        return dates.IMPOSSIBLE
    if at <= after:
        return BOOKED_PAST
    return BOOKED_FAR if at - after > FARTHEST else at


def plausible(at: datetime, due: datetime, now: datetime, days: int) -> Bad | None:
    """Why a call cannot have been made at `at`: not yet, before it was due, or longer ago than anything is read back."""
    if at > now:
        return FUTURE
    if now - at > timedelta(days=days):
        return OLD
    return BEFORE_DUE if at < due else None


def _instant(first: date, days: int, what: Clock, zone: str) -> datetime:
    return datetime.combine(first + timedelta(days=days), what.at, ZoneInfo(zone)).astimezone(UTC)


def _day(year: int, what: Yearless) -> date | None:
    try:
        return date(year, what.month, what.day)
    except ValueError:
        return None


def _on(day: date | None, at: time, zone: str) -> datetime | None:
    return None if day is None else datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
