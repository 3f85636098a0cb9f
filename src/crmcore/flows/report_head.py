"""Which stores and which days a report is about, in the time of the first store."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs

from crmcore import lang as catalogue
from crmcore.db.columns import instant, stamp
from crmcore.errors import UsageError
from crmcore.reports.facts import Head
from crmcore.rules import periods
from crmcore.rules.periods import Period
from crmcore.types.store import Store

MONTHS = 3


@attrs.frozen(kw_only=True)
class Frame:
    """Stores, period and the moment of one report.

    Attributes:
        stores: one, or all of a group; the first gives the zone.
        name: what the title calls them.
    """

    stores: tuple[Store, ...]
    name: str
    now: datetime
    period: Period

    @property
    def codes(self) -> tuple[str, ...]:
        """Their codes."""
        return tuple(store.code for store in self.stores)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the page."""
        return ZoneInfo(self.stores[0].timezone)

    @property
    def today(self) -> date:
        """The local date of the moment."""
        return self.now.astimezone(self.zone).date()

    def instant(self, on: date) -> str:
        """The first moment of a local date, as it is stored."""
        return stamp(datetime.combine(on, time(0), self.zone))

    def instants(self) -> tuple[str, str, str]:
        """The beginnings of the period before, of the period, and of the day after it."""
        period = self.period
        return self.instant(period.before), self.instant(period.since), self.instant(period.until + timedelta(days=1))

    def minute(self, stored: str | None, store: Store | None = None) -> str:
        """A stored instant on the wall clock of its store; "" for none."""
        zone = self.zone if store is None else ZoneInfo(store.timezone)
        return f"{instant(stored).astimezone(zone):%Y-%m-%d %H:%M}" if stored else ""

    def head(self, newest: str | None) -> Head:
        """What the page says of itself."""
        return Head(
            store=self.name,
            stores=self.codes,
            made=self.now.astimezone(self.zone).replace(tzinfo=None, second=0, microsecond=0),
            through=self.minute(newest),
            since=self.period.since,
            until=self.period.until,
        )


def frame(
    stores: tuple[Store, ...],
    now: datetime,
    *,
    since: date | None = None,
    until: date | None = None,
    months: int | None = None,
    lang: str,
) -> Frame:
    """The frame of a report.

    Args:
        stores: whose.
        now: aware.
        since: first local date; `until` the last one, default today.
        until: see `since`.
        months: this one and those before it; default 3. Not together with dates.
        lang: of the name of a group.

    Raises:
        UsageError: CRM-U401 dates and months together, CRM-U402 a period that ends before it begins.
    """
    today = now.astimezone(ZoneInfo(stores[0].timezone)).date()
    if months is not None and (since is not None or until is not None):
        raise UsageError("CRM-U401")
    if since is None and until is None:
        period = periods.months(months or MONTHS, today)
    else:
        last = until or today
        first = since or periods.month_back(last, MONTHS - 1)
        if last < first:
            raise UsageError("CRM-U402", since=first, until=last)
        period = periods.days(first, last)
    name = stores[0].name if len(stores) == 1 else catalogue.say("reports.stores", lang, "crmcore", n=len(stores))
    return Frame(stores=stores, name=name, now=now, period=period)
