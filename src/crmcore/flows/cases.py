"""The facts about the people and cars of a plan's events, fetched for all in a few statements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from crmcore.db import anchors as db_anchors
from crmcore.db import contact_facts
from crmcore.db.among import among, paged, pages
from crmcore.db.schema import complaint, contact_point, vehicle_party
from crmcore.flows.found import Found
from crmcore.flows.planning import Settings
from crmcore.rules.care import end_of_day
from crmcore.rules.case import Anchor, Car, Case
from crmcore.types.complaint import ENDED
from crmcore.types.customer import Customer

#: An order that has been open for longer was forgotten, not the car. [J]
SHOP_DAYS = timedelta(days=60)
#: For so long after an accident with injured people only a person decides about any contact. [J]
INJURY_DAYS = timedelta(days=180)


def cases_of(
    connection: Connection, settings: Settings, today: date, found: Iterable[Found], now: datetime
) -> dict[int, Case]:
    """`id(found)` -> the case: the facts about every person and car, in a few statements for all."""
    everything = list(found)
    people = {each.anchor.customer for each in everything}
    cars = {each.anchor.vehicle for each in everything if each.anchor.vehicle is not None}
    customers = _customers(connection, people, now)
    open_cases = _complaints(connection, people)
    counts = _vehicles(connection, people)
    hurt = db_anchors.hurt(connection, people, now - INJURY_DAYS)
    known = _known_cars(connection, settings, today, cars, now)
    return {
        id(each): Case(
            anchor=each.anchor,
            customer=customers[each.anchor.customer],
            car=known.get(each.anchor.vehicle) if each.anchor.vehicle is not None else None,
            order=each.order,
            vehicles=counts.get(each.anchor.customer, 0),
            unresolved=customers[each.anchor.customer].has_open_complaint,
            order_complaint=_about(open_cases.get(each.anchor.customer, ()), each.anchor),
            injury=each.anchor.customer in hurt or (each.order is not None and each.order.injury),
        )
        for each in everything
        if each.anchor.customer in customers
    }


def _known_cars(
    connection: Connection, settings: Settings, today: date, cars: set[int], now: datetime
) -> dict[int, Car]:
    in_shop = db_anchors.in_shop(connection, cars, now - SHOP_DAYS)
    yesterday = end_of_day(today - timedelta(days=1), settings.stores[0])
    booked = db_anchors.booked_in(connection, cars, yesterday)  # who came this morning may not be written down yet
    return {
        number: Car(
            id=number,
            status=row.status,
            powertrain=row.powertrain,
            last_service_on=date.fromisoformat(row.last_service_on) if row.last_service_on else None,
            in_shop=number in in_shop,
            appointment=number in booked,
        )
        for number, row in db_anchors.cars_by_id(connection, cars).items()
    }


def _customers(connection: Connection, people: set[int], now: datetime) -> dict[int, Customer]:
    found: dict[int, Customer] = {}
    for block in pages(people):
        values = connection.execute(
            select(contact_point.c.value).where(
                among(contact_point.c.customer_id, block), contact_point.c.channel == "PHONE"
            )
        ).scalars()
        found |= contact_facts.customers(connection, block, list(set(values)), now)
    return found


def _complaints(connection: Connection, people: set[int]) -> dict[int, list[tuple[int | None, int | None]]]:
    """(visit, vehicle) of the complaints of each customer that are open."""
    found: dict[int, list[tuple[int | None, int | None]]] = {}
    for row in paged(
        connection,
        people,
        lambda block: select(complaint.c.customer_id, complaint.c.visit_id, complaint.c.vehicle_id).where(
            among(complaint.c.customer_id, block), complaint.c.state.not_in([state.value for state in ENDED])
        ),
    ):
        found.setdefault(row.customer_id, []).append((row.visit_id, row.vehicle_id))
    return found


def _about(cases: Iterable[tuple[int | None, int | None]], anchor: Anchor) -> bool:
    """A complaint that names no visit may be about this one, unless it names another car."""
    return any(
        visit in anchor.visits if visit is not None else vehicle is None or vehicle == anchor.vehicle
        for visit, vehicle in cases
    )


def _vehicles(connection: Connection, people: set[int]) -> dict[int, int]:
    """How many cars each customer has today."""
    rows = paged(
        connection,
        people,
        lambda block: (
            select(vehicle_party.c.customer_id, func.count(vehicle_party.c.vehicle_id.distinct()).label("n"))
            .where(among(vehicle_party.c.customer_id, block), vehicle_party.c.end_on.is_(None))
            .group_by(vehicle_party.c.customer_id)
        ),
    )
    return {row.customer_id: row.n for row in rows}
