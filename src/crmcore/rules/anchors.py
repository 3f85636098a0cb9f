"""What happened, or will, as the event that a care rule hangs on: one row of the store -> an `Anchor`."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from crmcore.rules.care import local_day
from crmcore.rules.case import Anchor, Order
from crmcore.rules.durations import Duration, shift
from crmcore.types.contact import AnchorKind, CareEvent, TouchpointRule
from crmcore.types.customer import PartyRole
from crmcore.types.store import Store

#: Who speaks for a car: the first of these whose part in it has not ended.
SPEAKERS = (
    PartyRole.OWNER,
    PartyRole.PRIMARY_DRIVER,
    PartyRole.CO_OWNER,
    PartyRole.BUYER,
    PartyRole.CONTACT,
    PartyRole.SECONDARY_DRIVER,
    PartyRole.PAYER,
)
#: Maintenance is the concern of whoever drives (S3 keeps buyer and user apart).
DRIVERS = (PartyRole.PRIMARY_DRIVER, *(role for role in SPEAKERS if role is not PartyRole.PRIMARY_DRIVER))

#: Role as stored -> its place in line.
_SPEAKER = {role.value: place for place, role in enumerate(SPEAKERS)}
_DRIVER = {role.value: place for place, role in enumerate(DRIVERS)}

MAINTENANCE = frozenset({AnchorKind.FIRST_SERVICE, AnchorKind.NEXT_SERVICE, AnchorKind.LAST_VISIT})


def speaker(parties: Sequence[tuple[int, str, str | None]], kind: AnchorKind, today: date) -> tuple[int, bool] | None:
    """(customer, part has ended) for the car's contact, of (customer, role, end_on); None when the car has nobody."""
    if not parties:
        return None
    rank = _DRIVER if kind in MAINTENANCE else _SPEAKER
    ended, _, customer = min(
        (end is not None and end <= today.isoformat(), rank[role], customer) for customer, role, end in parties
    )
    return customer, ended


def of_order(kind: AnchorKind, order: Order, store: Store) -> Anchor | None:
    """The event of one visit: a visitor left, a delivery is planned or done, a car is ready. None when it did not happen."""
    at, on = _moment(kind, order)
    if order.customer is None or order.void or (at is None and on is None):
        return None
    return Anchor(
        kind=kind,
        subject=f"visit:{order.id}",
        key=f"visit:{order.id}",
        on=on or local_day(at, store) if at is not None else on or date.min,
        at=at,
        store=order.store,
        customer=order.customer,
        vehicle=order.vehicle,
        visit=order.id,
        basis=order.handed_basis or "" if kind is AnchorKind.DELIVERED else "",
        visits=(order.id,),
        orders=(order.ro_number,) if order.ro_number else (),
    )


def _moment(kind: AnchorKind, order: Order) -> tuple[datetime | None, date | None]:
    match kind:
        case AnchorKind.PROSPECT_LEFT:
            return order.delivered_at or order.completed_at or order.opened_at, None
        case AnchorKind.DELIVERY_PLANNED:
            return (None, None) if order.delivered_at is not None else (order.promised_at, None)
        case AnchorKind.READY:
            ready = order.kind == "SERVICE" and order.status == "READY"  # a visitor who left is "ready" as well
            return (order.completed_at, None) if ready else (None, None)
        case _:
            return order.delivered_at, order.handed_on


def of_appointment(number: int, customer: int, vehicle: int | None, at: datetime, store: Store) -> Anchor:
    """A booked visit."""
    return Anchor(
        kind=AnchorKind.APPOINTMENT,
        subject=f"appointment:{number}",
        key=f"appointment:{number}",
        on=local_day(at, store),
        at=at,
        store=store.code,
        customer=customer,
        vehicle=vehicle,
    )


def of_car(
    kind: AnchorKind, field: str, vehicle: int, on: date, *, customer: int, store: str, basis: str = "", since: str = ""
) -> Anchor:
    """A date of a car.

    Args:
        since: what the date was derived from (the last service); then a new prediction moves the event and makes no other.
    """
    return Anchor(
        kind=kind,
        subject=f"vehicle:{vehicle}",
        key=f"{field}:{since or on.isoformat()}",
        on=on,
        store=store,
        customer=customer,
        vehicle=vehicle,
        basis=basis,
    )


def of_person(
    kind: AnchorKind,
    key: str,
    on: date,
    *,
    customer: int,
    store: str,
    yearly: bool = True,
    label: Mapping[str, str] | None = None,
) -> Anchor:
    """A day of a person, or a day that everybody shares."""
    return Anchor(
        kind=kind,
        subject=f"customer:{customer}",
        key=key,
        on=on,
        occurrence=str(on.year) if yearly else None,
        store=store,
        customer=customer,
        label=tuple((label or {}).items()),
    )


def birthday_in(year: int, month_day: str) -> date:
    """The birthday "MM-DD" in `year`; who was born on 29 February has it on the 28th of a common year."""
    month, day = int(month_day[:2]), int(month_day[3:])
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def month_days(first: date, last: date) -> dict[str, date]:
    """The date between `first` and `last` on which each "MM-DD" is kept, 29 February included."""
    found: dict[str, date] = {}
    on = first
    while on <= last:
        found[on.strftime("%m-%d")] = on
        if on.month == 2 and on.day == 28 and not calendar.isleap(on.year):
            found["02-29"] = on
        on = shift(on, Duration(days=1))
    return found


def shared_days(
    rule: TouchpointRule, events: Sequence[CareEvent], first: date, last: date
) -> list[tuple[date, str, Mapping[str, str], CareEvent | None]]:
    """The days from `first` to `last` that a rule for everybody has: (date, key, what a text calls it, event)."""
    if rule.anchor is AnchorKind.EVENT:
        return [
            (event.on, f"event:{event.code}", event.label, event)
            for event in events
            if event.rule == rule.code and first <= event.on <= last
        ]
    name = rule.params.get("name")
    label = name if isinstance(name, Mapping) else rule.label
    if rule.anchor is AnchorKind.SEASON:
        on = month_days(first, last).get(str(rule.params.get("month_day")))
        return [] if on is None else [(on, "season", label, None)]
    return [(on, "holiday", label, None) for on in greeting_dates(rule) if first <= on <= last]


def greeting_dates(rule: TouchpointRule) -> list[date]:
    """The dates that the pack lists."""
    listed = rule.params.get("dates", ())
    return [on for on in listed if isinstance(on, date)] if isinstance(listed, Sequence) else []


def unlisted(rule: TouchpointRule, first: date, last: date) -> list[int]:
    """The years between `first` and `last` for which the pack lists no greeting date: reported, never computed."""
    listed = {on.year for on in greeting_dates(rule)}
    return (
        []
        if rule.anchor is not AnchorKind.HOLIDAY
        else [year for year in range(first.year, last.year + 1) if year not in listed]
    )
