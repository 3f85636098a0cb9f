"""What the callback clerk works through: the calls that are due, with what he must know before he dials."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from crmcore.db.among import among
from crmcore.db.columns import stamp
from crmcore.db.schema import attempt, consent, contact_point, customer, opt_out, touchpoint, vehicle, visit


def due_calls(
    connection: Connection, now: datetime, *, store: str | None = None, executor: str | None = None
) -> list[Row[Any]]:
    """All calls whose time has come, of one store or one executor or of all, the nearest deadline first."""
    query = (
        select(
            touchpoint,
            customer.c.name,
            customer.c.kind,
            customer.c.advisor.label("customer_advisor"),
            visit.c.ro_number,
            visit.c.handed_on,
            visit.c.advisor,
            visit.c.injury_accident,
        )
        .join(customer, customer.c.id == touchpoint.c.customer_id)
        .outerjoin(visit, visit.c.id == touchpoint.c.visit_id)
        .where(
            touchpoint.c.channel == "PHONE",
            touchpoint.c.state.in_(["PLANNED", "DUE"]),
            touchpoint.c.bundled_into.is_(None),  # what rides on another call is named there
            touchpoint.c.due_at <= stamp(now),
            or_(touchpoint.c.expires_at.is_(None), touchpoint.c.expires_at > stamp(now)),
        )
        .order_by(func.coalesce(touchpoint.c.deadline_at, "9999"), touchpoint.c.due_at, touchpoint.c.id)
    )
    if store:
        query = query.where(touchpoint.c.store == store)
    if executor is not None:
        query = query.where(touchpoint.c.executor == executor)
    return list(connection.execute(query))


def phones(connection: Connection, customers: Collection[int]) -> dict[int, str]:
    """The number to dial for each customer: preferred first, then the one known to be good, then the oldest."""
    refused = and_(opt_out.c.value == contact_point.c.value, opt_out.c.channel == "PHONE", opt_out.c.until.is_(None))
    rows = connection.execute(
        select(contact_point.c.customer_id, contact_point.c.value)
        .outerjoin(opt_out, refused)
        .where(
            among(contact_point.c.customer_id, customers),
            contact_point.c.state.in_(["UNKNOWN", "VALID"]),
            opt_out.c.value.is_(None),
        )
        .order_by(contact_point.c.preferred, contact_point.c.state, contact_point.c.id.desc())
    )
    return {row.customer_id: row.value for row in rows}  # the last one written wins: preferred, valid, oldest


def refuses_surveys(connection: Connection, customers: Collection[int]) -> set[int]:
    """Who has said that he does not want to be asked how content he is, on the phone or at all."""
    return set(
        connection.execute(
            select(consent.c.customer_id).where(
                among(consent.c.customer_id, customers),
                consent.c.purpose == "SURVEY",
                consent.c.channel.in_(["", "PHONE"]),
                consent.c.status.in_(["DENIED", "WITHDRAWN"]),
            )
        ).scalars()
    )


def last_visits(connection: Connection, customers: Collection[int]) -> dict[int, str]:
    """The local date of each customer's last hand-over, of a car of his own or one that he brought."""
    found: dict[int, str] = {}
    for who in (visit.c.customer_id, visit.c.brought_by_id):
        rows = connection.execute(
            select(who.label("who"), func.max(visit.c.handed_on).label("last"))
            .where(among(who, customers), visit.c.handed_on.is_not(None))
            .group_by(who)
        )
        for row in rows:
            found[row.who] = max(row.last, found.get(row.who, ""))
    return found


def cars(connection: Connection, ids: Collection[int]) -> dict[int, Any]:
    """Plate, series and model of cars, by id."""
    rows = connection.execute(
        select(vehicle.c.id, vehicle.c.plate, vehicle.c.series, vehicle.c.model).where(among(vehicle.c.id, ids))
    )
    return {row.id: row for row in rows}


def attempts(connection: Connection, touchpoints: Collection[int]) -> dict[int, int]:
    """How often each call was tried."""
    rows = connection.execute(
        select(attempt.c.touchpoint_id, func.count().label("n"))
        .where(among(attempt.c.touchpoint_id, touchpoints))
        .group_by(attempt.c.touchpoint_id)
    )
    return {row.touchpoint_id: row.n for row in rows}


def explanation(row: Row[Any]) -> dict[str, Any]:
    """What `explain` knows of this touchpoint."""
    found: dict[str, Any] = json.loads(row.explanation)
    return found
