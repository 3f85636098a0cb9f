"""When is the next service due? From the odometer where two readings tell how far the car goes in a day, else by the calendar."""

from __future__ import annotations

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
        readings: the latest readings, oldest first, at most one a day.
        own: the interval is this car's own, not the default of its powertrain.

    Returns:
        basis PREDICTED when the odometer decided, else MODEL (`own`) or FIXED.
    """
    if last_service_on is None:
        return None
    by_calendar = add_months(last_service_on, interval.months)
    basis = ServiceBasis.MODEL if own else ServiceBasis.FIXED
    at_service = [reading.km for reading in readings if reading.on <= last_service_on]
    if interval.km is None or not at_service:
        return NextService(due_on=by_calendar, due_km=None, basis=basis)
    due_km = at_service[-1] + interval.km
    by_odometer = _reaches(due_km, readings)
    if by_odometer is not None and by_odometer < by_calendar:
        return NextService(due_on=max(by_odometer, last_service_on), due_km=due_km, basis=ServiceBasis.PREDICTED)
    return NextService(due_on=by_calendar, due_km=due_km, basis=basis)


def _reaches(km: int, readings: Sequence[OdometerReading]) -> date | None:
    """The day on which the odometer shows `km`, going on at the pace of the two latest readings."""
    if len(readings) < 2:
        return None
    older, newer = readings[-2:]
    days, gone = (newer.on - older.on).days, newer.km - older.km
    if days <= 0 or gone <= 0:
        return None
    left = -(-(km - newer.km) * days // gone)
    return newer.on + timedelta(days=left) if left <= FAR else None


def add_months(on: date, months: int) -> date:
    """The same day `months` later, or the last day of that month."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    first_after = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_after - timedelta(days=1)).day
    return date(year, month + 1, min(on.day, last))
