"""ISO 8601 durations of care rules: "-PT72H" is an instant, "P3D" or "P12M" a calendar day.

The difference matters: 72 hours before a hand-over at 10:00 is 10:00, the third day after it is a whole day.
"""

from __future__ import annotations

import calendar
import functools
import re
from datetime import date, timedelta

import attrs

_SHAPE = re.compile(
    r"(?P<sign>[+-])?P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?P<clock>T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?"
)


@attrs.frozen(kw_only=True)
class Duration:
    """A signed duration.

    Attributes:
        months / days: calendar distance.
        clock: elapsed time; None for a duration of whole days.
    """

    months: int = 0
    days: int = 0
    clock: timedelta | None = None

    def times(self, count: int) -> Duration:
        """`count` of these in a row."""
        return Duration(
            months=self.months * count, days=self.days * count, clock=None if self.clock is None else self.clock * count
        )

    def plus(self, other: Duration) -> Duration:
        """Both in a row; a clock in either makes it an instant."""
        clocks = [clock for clock in (self.clock, other.clock) if clock is not None]
        return Duration(
            months=self.months + other.months,
            days=self.days + other.days,
            clock=sum(clocks, timedelta(0)) if clocks else None,
        )


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Duration:
    """Read "P3D", "-PT72H", "P12M", "P1Y2M", "P1DT12H".

    Raises:
        ValueError: `text` is no duration of this kind.
    """
    found = _SHAPE.fullmatch(text)
    if found is None or text[-1] in "PT":
        raise ValueError(text)
    parts = {name: int(found[name] or 0) for name in ("years", "months", "weeks", "days", "hours", "minutes")}
    sign = -1 if found["sign"] == "-" else 1
    clock = timedelta(hours=parts["hours"], minutes=parts["minutes"]) * sign if found["clock"] else None
    return Duration(
        months=sign * (parts["years"] * 12 + parts["months"]),
        days=sign * (parts["weeks"] * 7 + parts["days"]),
        clock=clock,
    )


def shift(on: date, by: Duration) -> date:
    """`on` moved by months, then days; a day that its month does not have becomes the month's last.

    31 August and six months is 28 February (or 29).
    """
    if by.months:
        year, month = divmod(on.year * 12 + on.month - 1 + by.months, 12)
        on = date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))
    return on + timedelta(days=by.days)


def before(on: date, by: Duration) -> tuple[date, date]:
    """The earliest and the latest date that `shift` can bring to `on`; months end on different days."""
    if not by.months:
        return on - timedelta(days=by.days), on - timedelta(days=by.days)
    back = shift(on - timedelta(days=by.days), Duration(months=-by.months))
    return back - timedelta(days=3), back + timedelta(days=3)
