"""What would have been due in a period, had every contact been made on its day: counted, never written."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection

from crmcore.flows.cases import cases_of
from crmcore.flows.found import Found
from crmcore.flows.gather import Gathering
from crmcore.flows.planning import PlanReport, Settings
from crmcore.rules.anchors import unlisted
from crmcore.rules.care import Stop, decide, local_day, timing
from crmcore.types.contact import TouchpointState


def replay(
    connection: Connection, settings: Settings, now: datetime, since: date | None, until: date | None
) -> PlanReport:
    """Count what would fall due on each day of a period, had every contact been made on its day."""
    today = local_day(now, settings.stores[0])
    first = since or until or today
    last = until or today
    report = PlanReport(dry_run=True)
    gathering = Gathering(
        connection=connection,
        settings=settings,
        today=first,
        first=first,
        last=last,
        broadcast_first=first,
        broadcast_last=last,
        answered=True,
    )
    found = [
        each
        for rule in settings.active.values()
        for each in gathering.fresh(rule)
        if _may_fall(each, settings, first, last)
    ]
    cases = cases_of(connection, settings, first, found, now)
    for each in found:
        case = cases.get(id(each))
        if case is None:
            continue
        store = settings.store(each.anchor.store)
        result = decide(each.rule, case, store, settings.policy, now, occurrence=each.occurrence)
        if isinstance(result, Stop):
            continue
        on = local_day(result.timing.due, store)
        if first <= on <= last:
            code = each.rule.code
            counter = report.suppressed if result.state is TouchpointState.SUPPRESSED else report.added
            counter[code] += 1
            if counter is report.added:
                report.days[on, code] += 1
    report.unlisted = [(rule.code, year) for rule in settings.active.values() for year in unlisted(rule, first, last)]
    return report


def _may_fall(found: Found, settings: Settings, first: date, last: date) -> bool:
    """Can its contact fall due from `first` to `last`? Before anything but the event is known."""
    store = settings.store(found.anchor.store)
    times = timing(found.rule, found.anchor, store, found.occurrence)
    booked = found.order is not None and found.order.booked_at is not None
    return booked or first <= local_day(times.due, store) <= last
