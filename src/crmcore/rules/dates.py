"""Dates and instants in every dress an export gives them.

    2026-11-03   2026/11/3   2026.11.3   2026年11月3日   20261103   ２０２６－１１－３
    2026-11-3 8:05   2026/11/03 08:05:09.120   2026年11月3日 下午3点05分   2026-11-03 星期二 8:05 AM
    20261103153000   202611031530   20261103 1530   2026-11-03T08:05:00Z   2026-11-03T08:05:00+08:00
    46327   46327.5            Excel's serial numbers, 1900 system, from 10000 (1927) to 73050 (2099)
    13/11/2026   11/13/2026    only where one of the two cannot be a month, or both are the same; 11/01/2026 is Bad

Two-digit years, months without a day and epoch seconds are Bad: what they mean is a guess. What databases and spreadsheets
write for nothing (0000-00-00, 1900-01-01, 9999-12-31 …) is None.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import attrs

from crmcore.rules.text import DESTROYED, Bad, blank, destroyed, fold

FORM = Bad("DATE_FORM")
AMBIGUOUS = Bad("DATE_AMBIGUOUS")
TWO_DIGIT_YEAR = Bad("DATE_TWO_DIGIT_YEAR")
INCOMPLETE = Bad("DATE_INCOMPLETE")
IMPOSSIBLE = Bad("DATE_IMPOSSIBLE")
TOO_EARLY = Bad("DATE_TOO_EARLY")
TOO_LATE = Bad("DATE_TOO_LATE")
NEEDS_ZONE = Bad("DATE_NEEDS_ZONE")
TIME_IMPOSSIBLE = Bad("TIME_IMPOSSIBLE")

#: No car, owner or insurance of ours is older or ends later; a year outside is a typo.
FIRST_YEAR = 1901
LAST_YEAR = 2099

#: MySQL, .NET, SQL Server, Excel (serials 0 and 1), Oracle: nothing was entered.
_FILLERS = frozenset(
    [(0, 0, 0), (1, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 0), (1900, 1, 1), (9999, 12, 31)]
)
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 73_050
_A_DAY = timedelta(days=1)

_YEAR = r"(?:19(?!00)|20)[0-9]{2}"
_ISO_DAY = re.compile(_YEAR + r"-[0-9]{2}-[0-9]{2}")
_ISO = re.compile(_YEAR + r"-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_USUAL = re.compile(
    rf"({_YEAR})[-/]([0-9]{{1,2}})[-/]([0-9]{{1,2}}) ([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?"
)

_YEAR_FIRST = re.compile(
    r"([0-9]{4}) ?[-/.年] ?([0-9]{1,2}) ?[-/.月] ?([0-9]{1,2})(?: ?[日号]|(?![0-9]))(?: ?\(?(?:星期|周)[一二三四五六日天]\)?)?"
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9](?![0-9]{3}$|[0-9]{5}$))")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})(?![0-9])")
_SERIAL = re.compile(r"([0-9]{5})(\.[0-9]+)?")
_CLOCK = re.compile(
    r"[Tt ]?(?P<half>上午|下午)? ?(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:[.,][0-9]+)?)?"
    r"|[时点](?:(?P<minute_>[0-9]{1,2})(?:分(?:(?P<second_>[0-9]{1,2})秒?)?)?)?"
    r"|(?P<minute__>[0-9]{2})(?P<second__>[0-9]{2})?)"
    r"(?: ?(?P<ampm>[AP]M))?(?: ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?",
    re.IGNORECASE,
)
_TWO_DIGIT_YEAR = re.compile(
    r"(?:[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}|[0-9]{1,2}[-/][^-/]{1,4}[-/][0-9]{2})日?(?: .*)?|[0-9]{6}"
)
_INCOMPLETE = re.compile(
    r"(?:19|20)[0-9]{2}(?:年|[-/.年]?(?:0?[1-9]|1[0-2])月?)?|(?:0?[1-9]|1[0-2])[-/.月][0-9]{1,2}[日号]?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
)


@attrs.frozen
class _Read:
    """What is written: the day and the time on it, and the offset where one is written too."""

    at: datetime
    offset: timezone | None = None


@functools.lru_cache(maxsize=8192)
def day(raw: str) -> date | Bad | None:
    """The calendar date in `raw`, as it is written; a time behind it is dropped.

    A time in UTC is Bad unless it is midnight: which day that was depends on the zone, and it is not known here.
    """
    if _ISO_DAY.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            return IMPOSSIBLE
    read = _read(raw)
    if not isinstance(read, _Read):
        return read
    if read.offset is UTC and read.at.time() != time(0):
        return NEEDS_ZONE
    return read.at.date()


def instant(raw: str, zone: str) -> datetime | Bad | None:
    """The instant in UTC, to the second; a time without offset is local time in the IANA zone `zone`, a date its midnight.

    Where clocks jump, RFC 5545 (3.3.5) decides: a time that was skipped counts from the offset before, one that came twice
    is the first.

    Raises:
        ZoneInfoNotFoundError: `zone` is none; that is for the config to check, never for a row to suffer.
    """
    if iso := raw if _ISO.fullmatch(raw) else _iso(raw):
        try:
            ahead = _ahead(iso[:10], zone)
        except ValueError:
            return IMPOSSIBLE
        if ahead is not None:
            return datetime.fromisoformat(iso + "+00:00") - ahead
    read = _read(raw)
    if not isinstance(read, _Read):
        return read
    return read.at.replace(tzinfo=read.offset or ZoneInfo(zone)).astimezone(UTC)


def _iso(raw: str) -> str | None:
    """2026/11/3 8:05 as 2026-11-03 08:05:00."""
    usual = _USUAL.fullmatch(raw)
    if not usual:
        return None
    year, month, dom, hour, minute, second = usual.groups("00")
    return f"{year}-{month:0>2}-{dom:0>2} {hour:0>2}:{minute}:{second}"


@functools.lru_cache(maxsize=8192)
def _ahead(iso_day: str, zone: str) -> timedelta | None:
    """How far `zone` is ahead of UTC on that day; None when its clocks jump on it."""
    morning = datetime.fromisoformat(iso_day).replace(tzinfo=ZoneInfo(zone))
    ahead = morning.utcoffset()
    return ahead if ahead == morning.replace(hour=23, minute=59, second=59, fold=1).utcoffset() else None


def placeholder_birthday(born: date) -> bool:
    """Is it a date that a form or a database put there: the first of January, or the year 1900?"""
    return (born.month, born.day) == (1, 1) or born.year <= 1900


@functools.lru_cache(maxsize=8192)
def _read(raw: str) -> _Read | Bad | None:
    text = fold(raw)
    if blank(text) or text in {"0", "0.0"}:
        return None
    if destroyed(text):
        return DESTROYED
    if found := _YEAR_FIRST.match(text) or _COMPACT.match(text):
        year, month, dom = map(int, found.groups())
    elif found := _YEAR_LAST.match(text):
        first, second, year = map(int, found.groups())
        if first <= 12 and second <= 12 and first != second:
            return AMBIGUOUS
        month, dom = (second, first) if first > 12 else (first, second)
    else:
        return _serial(text) or _why(text)
    return _dated(year, month, dom, text[found.end() :])


def _dated(year: int, month: int, dom: int, rest: str) -> _Read | Bad | None:
    clock = _clock(rest)
    if isinstance(clock, Bad):
        return clock
    seconds, offset = clock
    if (year, month, dom) in _FILLERS:
        return None if year == 9999 or not seconds else INCOMPLETE
    try:
        at = datetime(year, month, dom) + timedelta(seconds=seconds)  # noqa: DTZ001 - local time until its zone is known
    except ValueError:
        return IMPOSSIBLE
    # An offset may carry a good local time over the edge: a cleaned instant stays what it is.
    slack = _A_DAY if offset else timedelta()
    if at < datetime(FIRST_YEAR, 1, 1) - slack:  # noqa: DTZ001
        return TOO_EARLY
    return TOO_LATE if at >= datetime(LAST_YEAR + 1, 1, 1) + slack else _Read(at, offset)  # noqa: DTZ001


def _clock(text: str) -> tuple[int, timezone | None] | Bad:
    """Seconds since midnight, and the offset where one is written."""
    if not text.strip():
        return 0, None
    found = _CLOCK.fullmatch(text)
    if not found:
        return FORM
    part = found.groupdict()
    hour = int(part["hour"])
    minute = int(part["minute"] or part["minute_"] or part["minute__"] or 0)
    second = int(part["second"] or part["second_"] or part["second__"] or 0)
    half = (part["half"] or part["ampm"] or "").upper()
    if half in {"下午", "PM"} and hour < 12:
        hour += 12
    elif half in {"上午", "AM"}:
        hour = 0 if hour == 12 else hour if hour < 12 else 99
    if hour > 23 or minute > 59 or second > 59:
        return TIME_IMPOSSIBLE
    offset = _offset(part["zone"])
    return offset if isinstance(offset, Bad) else (hour * 3600 + minute * 60 + second, offset)


def _offset(zone: str | None) -> timezone | Bad | None:
    if not zone:
        return None
    if zone.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    digits = zone[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if ahead > timedelta(hours=15):
        return TIME_IMPOSSIBLE
    return timezone(-ahead if zone[0] == "-" else ahead) if ahead else UTC


def _serial(text: str) -> _Read | None:
    found = _SERIAL.fullmatch(text)
    if not found or not _FIRST_SERIAL <= int(found[1]) <= _LAST_SERIAL:
        return None
    return _Read((_EXCEL_EPOCH + timedelta(seconds=round(float(text) * 86_400))).replace(tzinfo=None))


def _why(text: str) -> Bad:
    if _INCOMPLETE.fullmatch(text):
        return INCOMPLETE
    return TWO_DIGIT_YEAR if _TWO_DIGIT_YEAR.fullmatch(text) else FORM
