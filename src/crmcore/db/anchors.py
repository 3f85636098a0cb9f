"""What care rules hang on, fetched by the date on which it falls: one indexed query per rule, never a scan of what is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import Column, ColumnElement, Connection, Row, Select, and_, func, literal_column, or_, select

from crmcore.db.among import among, paged
from crmcore.db.columns import day, instant, stamp
from crmcore.db.schema import appointment, customer, relative, vehicle, vehicle_party, visit
from crmcore.rules.case import Order
from crmcore.types.contact import AnchorKind
from crmcore.types.customer import Channel

_ORDER = (
    visit.c.id,
    visit.c.kind,
    visit.c.ro_number,
    visit.c.store,
    func.coalesce(visit.c.brought_by_id, visit.c.customer_id).label("person"),
    visit.c.vehicle_id,
    visit.c.advisor,
    visit.c.opened_at,
    visit.c.promised_at,
    visit.c.completed_at,
    visit.c.delivered_at,
    visit.c.handed_on,
    visit.c.handed_basis,
    visit.c.status,
    visit.c.order_type,
    visit.c.injury_accident,
    visit.c.do_not_message,
    visit.c.booked_at,
    visit.c.booked_channel,
)

#: Dates of a car that rules hang on, by anchor.
CAR_DATES = {
    AnchorKind.NEXT_SERVICE: ("next_service_on",),
    AnchorKind.FIRST_SERVICE: ("delivered_on",),
    AnchorKind.INSURANCE_END: ("commercial_insurance_until", "compulsory_insurance_until"),
    AnchorKind.INSPECTION_DUE: ("inspection_due_on",),
    AnchorKind.WARRANTY_END: ("warranty_until",),
    AnchorKind.LAST_VISIT: ("last_service_on",),
}

_CAR = (
    vehicle.c.id,
    vehicle.c.status,
    vehicle.c.powertrain,
    vehicle.c.last_service_on,
    vehicle.c.delivered_on,
    vehicle.c.next_service_on,
    vehicle.c.next_service_basis,
    vehicle.c.inspection_due_on,
    vehicle.c.compulsory_insurance_until,
    vehicle.c.commercial_insurance_until,
    vehicle.c.warranty_until,
)

_PARTY = (
    vehicle_party.c.vehicle_id,
    vehicle_party.c.customer_id,
    vehicle_party.c.role,
    vehicle_party.c.end_on,
    customer.c.home_store,
)


@attrs.frozen(kw_only=True)
class Window:
    """Dates of events: from `first` to `last`; of those before `new` only what was written `since` (a stamp)."""

    first: date
    last: date
    new: date
    since: str = ""

    def holds(self, column: Column[Any], written: Column[Any]) -> ColumnElement[bool]:
        """The condition on a date, or on an instant with a day to spare at each end."""
        inside = and_(column >= self.first.isoformat(), column <= f"{self.last.isoformat()}T99")
        if self.new <= self.first:
            return inside
        return and_(inside, or_(column >= self.new.isoformat(), written >= self.since))


# ------------------------------------------------------------------ visits


def orders_between(kind: AnchorKind, dates: Window) -> Select[Any]:
    """The visits whose event falls into `dates`."""
    column, only = {
        AnchorKind.PROSPECT_LEFT: (visit.c.opened_at, visit.c.kind == "SHOWROOM"),
        AnchorKind.DELIVERY_PLANNED: (visit.c.promised_at, visit.c.kind == "DELIVERY"),
        AnchorKind.READY: (visit.c.completed_at, visit.c.status == "READY"),
        AnchorKind.DELIVERED: (visit.c.handed_on, visit.c.kind == "DELIVERY"),
        AnchorKind.HANDED_OVER: (visit.c.handed_on, visit.c.kind == "SERVICE"),
    }[kind]
    return select(*_ORDER).where(dates.holds(column, visit.c.updated_at), only)


def orders_of_cars(connection: Connection, cars: Iterable[int], dates: Window) -> dict[int, Order]:
    """The workshop visits of these cars that were handed over within `dates`."""
    rows = paged(
        connection,
        cars,
        lambda block: select(*_ORDER).where(
            among(visit.c.vehicle_id, block),
            visit.c.handed_on >= dates.first.isoformat(),
            visit.c.handed_on <= dates.last.isoformat(),
            visit.c.kind == "SERVICE",
        ),
    )
    return {row.id: _order(row) for row in rows}


def orders(connection: Connection, query: Select[Any]) -> list[Order]:
    """The visits of a query as the rules see them."""
    return [_order(row) for row in connection.execute(query).all()]


def orders_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Order]:
    """Visits by id."""
    rows = paged(connection, ids, lambda block: select(*_ORDER).where(among(visit.c.id, block)))
    return {row.id: _order(row) for row in rows}


def _order(row: Sequence[Any]) -> Order:
    (
        number, kind, ro_number, store, person, car, advisor, opened, promised, completed, delivered,
        handed, basis, status, order_type, injury, silent, booked, booked_channel,
    ) = row  # fmt: skip
    return Order(
        id=number,
        kind=kind,
        ro_number=ro_number,
        store=store,
        customer=person,
        vehicle=car,
        advisor=advisor,
        opened_at=_at(opened),
        promised_at=_at(promised),
        completed_at=_at(completed),
        delivered_at=_at(delivered),
        handed_on=day(handed) if handed else None,
        handed_basis=basis,
        status=status,
        order_type=order_type,
        injury=bool(injury),
        do_not_message=bool(silent),
        booked_at=_at(booked),
        booked_channel=Channel(booked_channel) if booked_channel in Channel.__members__ else None,
    )


def _at(stored: str | None) -> datetime | None:
    return instant(stored) if stored else None


# ------------------------------------------------------------------ appointments


def appointments_between(dates: Window) -> Select[Any]:
    """Booked visits that stand, within `dates`."""
    return _appointments().where(dates.holds(appointment.c.start_at, appointment.c.updated_at))


def appointments_by_id(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    """Booked visits that stand, by id."""
    return list(paged(connection, ids, lambda block: _appointments().where(among(appointment.c.id, block))))


def _appointments() -> Select[Any]:
    return select(
        appointment.c.id,
        appointment.c.store,
        appointment.c.customer_id,
        appointment.c.vehicle_id,
        appointment.c.start_at,
    ).where(
        appointment.c.status.in_(["REQUESTED", "CONFIRMED"]),
        appointment.c.customer_id.is_not(None),
        appointment.c.start_at.is_not(None),
    )


# ------------------------------------------------------------------ dates of cars and people


def cars_between(field: str, dates: Window) -> Select[Any]:
    """The cars whose date `field` falls into `dates`."""
    return select(*_CAR).where(dates.holds(vehicle.c[field], vehicle.c.updated_at))


def new_cars_between(dates: Window) -> Select[Any]:
    """The cars that were handed over new within `dates`, by their delivery order."""
    delivered = select(visit.c.vehicle_id).where(
        dates.holds(visit.c.handed_on, visit.c.updated_at), visit.c.kind == "DELIVERY"
    )
    return select(*_CAR).where(vehicle.c.id.in_(delivered))


def delivery_days(connection: Connection, cars: Collection[int]) -> dict[int, str]:
    """The local date on which each car was handed over new, where there is a delivery order."""
    rows = paged(
        connection,
        cars,
        lambda block: (
            select(visit.c.vehicle_id, func.max(visit.c.handed_on).label("handed_on"))
            .where(among(visit.c.vehicle_id, block), visit.c.handed_on.is_not(None), visit.c.kind == "DELIVERY")
            .group_by(visit.c.vehicle_id)
        ),
    )
    return {row.vehicle_id: row.handed_on for row in rows}


def cars_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    """Cars by id."""
    rows = paged(connection, ids, lambda block: select(*_CAR).where(among(vehicle.c.id, block)))
    return {row.id: row for row in rows}


def parties(
    connection: Connection, cars: Collection[int]
) -> tuple[dict[int, list[tuple[int, str, str | None]]], dict[int, str | None]]:
    """(customer, role, end_on) for each car, and the home store of each of these customers; those merged away are left out."""
    found: dict[int, list[tuple[int, str, str | None]]] = {}
    homes: dict[int, str | None] = {}
    rows: Iterable[Sequence[Any]] = paged(
        connection,
        cars,
        lambda block: (
            select(*_PARTY)
            .join(customer, customer.c.id == vehicle_party.c.customer_id)
            .where(among(vehicle_party.c.vehicle_id, block), customer.c.merged_into.is_(None))
        ),
    )
    for car, person, role, end_on, home in rows:
        found.setdefault(car, []).append((person, role, end_on))
        homes[person] = home
    return found, homes


def birthdays(month_days: Sequence[str], dates: Window) -> Select[Any]:
    """Customers with their birthday on one of these days; those before `dates.new` only where something was written."""
    query = select(customer.c.id, customer.c.birth_md, customer.c.home_store).where(
        customer.c.birth_md.in_(month_days), customer.c.merged_into.is_(None)
    )
    if dates.new <= dates.first:
        return query
    new = [on for on in month_days if _is_new(on, dates)]
    return query.where(or_(customer.c.birth_md.in_(new), customer.c.updated_at >= dates.since))


def _is_new(month_day: str, dates: Window) -> bool:
    """Does "MM-DD" fall between `dates.new` and `dates.last`? 29 February counts with the 28th."""
    day_of = "02-28" if month_day == "02-29" else month_day
    on = dates.new
    while on <= dates.last:
        if on.strftime("%m-%d") in {month_day, day_of}:
            return True
        on += timedelta(days=1)
    return False


def family_birthdays(month_days: Sequence[str]) -> Select[Any]:
    """Customers and the relative of theirs whose birthday is on one of these days."""
    return (
        select(customer.c.id, relative.c.birth_md, customer.c.home_store, relative.c.id.label("relative"))
        .join(customer, customer.c.id == relative.c.customer_id)
        .where(relative.c.birth_md.in_(month_days), customer.c.merged_into.is_(None))
    )


def everybody() -> Select[Any]:
    """(customer, home store) of all who have a car today."""
    return (
        select(customer.c.id, customer.c.home_store)
        .join(vehicle_party, vehicle_party.c.customer_id == customer.c.id)
        .join(vehicle, vehicle.c.id == vehicle_party.c.vehicle_id)
        .where(
            customer.c.merged_into.is_(None),
            customer.c.deceased == 0,
            vehicle_party.c.end_on.is_(None),
            vehicle_party.c.role.in_(["OWNER", "CO_OWNER", "PRIMARY_DRIVER", "BUYER"]),
            vehicle.c.status == "ACTIVE",
        )
        .distinct()
    )


def still_born(connection: Connection, ids: Collection[int], *, family: bool) -> dict[int, str]:
    """The "MM-DD" of customers, or of relatives, by id; who has none any more is missing."""
    table = relative if family else customer
    rows = paged(connection, ids, lambda block: select(table.c.id, table.c.birth_md).where(among(table.c.id, block)))
    return {row.id: row.birth_md for row in rows if row.birth_md}


def in_shop(connection: Connection, cars: Collection[int], since: datetime) -> set[int]:
    """Cars that stand in the workshop: with an order that is open and was opened `since` (older ones were forgotten)."""
    return {
        row.vehicle_id
        for row in paged(
            connection,
            cars,
            lambda block: select(visit.c.vehicle_id).where(
                among(visit.c.vehicle_id, block),
                visit.c.handed_on.is_(None),
                visit.c.kind == "SERVICE",
                visit.c.opened_at >= stamp(since),
                visit.c.status.not_in(["DELIVERED", "CLOSED", "VOID"]),
                visit.c.order_type != "VOID",
            ),
        )
    }


def hurt(connection: Connection, people: Collection[int], since: datetime) -> set[int]:
    """Customers with an accident in which somebody was hurt, `since`."""
    rows = paged(
        connection,
        people,
        lambda block: select(visit.c.customer_id, visit.c.brought_by_id).where(
            among(visit.c.customer_id, block),
            visit.c.injury_accident == literal_column("1"),  # written out, as in its index
            visit.c.opened_at >= stamp(since),
        ),
    )
    return {number for row in rows for number in row if number is not None}


def booked_in(connection: Connection, cars: Collection[int], after: datetime) -> set[int]:
    """Cars with an appointment that stands, later than `after`."""
    rows = paged(
        connection,
        cars,
        lambda block: select(appointment.c.vehicle_id).where(
            among(appointment.c.vehicle_id, block),
            appointment.c.start_at > stamp(after),
            appointment.c.status.in_(["REQUESTED", "CONFIRMED"]),
        ),
    )
    return {row.vehicle_id for row in rows}
