"""Which days a report counts, and which days before them it compares with."""

from __future__ import annotations

from datetime import date, timedelta

import attrs


@attrs.frozen
class Period:
    """Local dates, `since` and `until` inclusive; what is compared with runs from `before` to the day before `since`."""

    before: date
    since: date
    until: date


def months(count: int, today: date) -> Period:
    """The month of `today` and those before it, `count` in all, up to `today`; compared with as many months before."""
    return Period(month_back(today, 2 * count - 1), month_back(today, count - 1), today)


def days(since: date, until: date) -> Period:
    """From one date to another, compared with as many days before; `ValueError` when they run backwards."""
    if until < since:
        raise ValueError("a period does not end before it begins")
    return Period(since - (until - since) - timedelta(days=1), since, until)


def month_back(on: date, count: int) -> date:
    """The first day of the month that lies `count` months before that of `on`."""
    year, month = divmod(on.year * 12 + on.month - 1 - count, 12)
    return date(year, month + 1, 1)


def names(since: date, until: date) -> tuple[str, ...]:
    """The months from one date to another, "2026-11"; those without an answer as well."""
    found, month = [], month_back(since, 0)
    while month <= until:
        found.append(f"{month:%Y-%m}")
        month = month_back(month, -1)
    return tuple(found)
