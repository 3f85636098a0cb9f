"""When is the next service due? From the odometer where two readings tell how far the car goes in a day, else by the calendar."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import attrs

from crmcore.types.vehicle import NextService, OdometerReading, Powertrain, ServiceBasis

#: A reading that is this far in the future says that the car stands still; the calendar decides then.
FAR = 3650


@attrs.frozen
class Interval:
    """A service is due after `months` or `km`, whichever comes first; `km` None: by the calendar alone."""

    months: int
    km: int | None


#: Defaults [J], until the model or the dealer says otherwise: what most makers print in the service booklet.
INTERVALS: Mapping[Powertrain, Interval] = {
    Powertrain.ICE: Interval(6, 10_000),
    Powertrain.MHEV: Interval(6, 10_000),
    Powertrain.HEV: Interval(6, 10_000),
    Powertrain.PHEV: Interval(12, 10_000),
    Powertrain.BEV: Interval(12, 20_000),
    Powertrain.FCEV: Interval(12, 20_000),
    Powertrain.OTHER: Interval(12, None),
}


def predict(
    *,
    last_service_on: date | None,
    readings: Sequence[OdometerReading],
    interval: Interval,
    own: bool = False,
) -> NextService | None:
    """The next service after `last_service_on`; None for a car that never had one (its first service has a rule of its own).

    The date is the earlier of the interval and of the day on which the odometer, at the pace of the two latest readings,
    shows the due mileage; never before the last service itself. Average daily km of the last two visits: F6 [C9].

    Args:
        last_service_on: local date of the last service.
        readings: the latest readings, oldest first, at most one a day.
        interval: what is usual for this car.
        own: the interval is this car's own, not the default of its powertrain.

    Returns:
        basis PREDICTED when the odometer decided, else MODEL (`own`) or FIXED.
    """
    if last_service_on is None:
        return None
    plain = [(reading.on.toordinal(), reading.km) for reading in readings]
    due_on, due_km, predicted = due(last_service_on.toordinal(), plain, interval.months, interval.km)
    basis = ServiceBasis.MODEL if own else ServiceBasis.FIXED
    return NextService(
        due_on=date.fromordinal(due_on), due_km=due_km, basis=ServiceBasis.PREDICTED if predicted else basis
    )


def due(last: int, readings: Sequence[tuple[int, int]], months: int, km: int | None) -> tuple[int, int | None, bool]:
    """As `predict`, in ordinal days and plain tuples for the bulk: (due on, due km, did the odometer decide?)."""
    by_calendar = _months_after(last, months)
    at_service = [shown for on, shown in readings if on <= last]
    if km is None or not at_service:
        return by_calendar, None, False
    due_km = at_service[-1] + km
    by_odometer = _reaches(due_km, readings)
    if by_odometer is not None and by_odometer < by_calendar:
        return max(by_odometer, last), due_km, True
    return by_calendar, due_km, False


def _reaches(km: int, readings: Sequence[tuple[int, int]]) -> int | None:
    """The day on which the odometer shows `km`, going on at the pace of the two latest readings."""
    if len(readings) < 2:
        return None
    (older_on, older), (newer_on, newer) = readings[-2:]
    days, gone = newer_on - older_on, newer - older
    if days <= 0 or gone <= 0:
        return None
    left = -(-(km - newer) * days // gone)
    return newer_on + left if left <= FAR else None


@functools.lru_cache(4096)
def _months_after(on: int, months: int) -> int:
    return add_months(date.fromordinal(on), months).toordinal()


def add_months(on: date, months: int) -> date:
    """The same day `months` later, or the last day of that month."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    first_after = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_after - timedelta(days=1)).day
    return date(year, month + 1, min(on.day, last))
