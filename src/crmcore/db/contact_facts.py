"""What the store knows of a customer when he is about to be contacted: the facts that `rules.permit` decides on.

A handful of statements however many customers there are.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, union_all

from crmcore.db.among import among
from crmcore.db.columns import instant, stamp
from crmcore.db.schema import attempt, complaint, consent, contact_point, customer, message, opt_out, touchpoint, visit
from crmcore.rules.phone import is_mobile
from crmcore.types.complaint import ENDED
from crmcore.types.customer import (
    Channel,
    Consent,
    ConsentStatus,
    ContactPoint,
    Customer,
    CustomerKind,
    NumberState,
    Purpose,
)

#: A text in one of these states has reached, or may have reached, the customer; caps count them.
SPOKEN = ("SENDING", "ACCEPTED", "DELIVERED", "UNKNOWN", "NEEDS_REVIEW")

_POINT = (
    contact_point.c.customer_id,
    contact_point.c.channel,
    contact_point.c.value,
    contact_point.c.label,
    contact_point.c.preferred,
    contact_point.c.state,
)
_CUSTOMER = (
    customer.c.id,
    customer.c.kind,
    customer.c.name,
    customer.c.deceased,
    customer.c.merged_into,
    customer.c.home_store,
    customer.c.advisor,
)
# Asked of every customer of a plan; calling an enumeration takes ten times as long as looking its value up.
_CHANNELS = {each.value: each for each in Channel}
_STATES = {each.value: each for each in NumberState}
_KINDS = {each.value: each for each in CustomerKind}
_PURPOSES = {each.value: each for each in Purpose}
_STATUSES = {each.value: each for each in ConsentStatus}
_NOTHING: frozenset[Channel] = frozenset()


def customers(
    connection: Connection, ids: Collection[int], values: Collection[str], now: datetime
) -> dict[int, Customer]:
    """The customers with all that a permit asks of them, in five statements however many they are."""
    shared = _shared(connection, values)
    refused = _refused(connection, values, now)
    points: dict[int, list[ContactPoint]] = {}
    for owner, channel, value, label, preferred, state in connection.execute(
        select(*_POINT).where(among(contact_point.c.customer_id, ids)).order_by(contact_point.c.id)
    ).all():
        points.setdefault(owner, []).append(
            ContactPoint(
                channel=_CHANNELS[channel],
                value=value,
                label=label,
                preferred=bool(preferred),
                state=_STATES[state],
                refused=refused.get(value, _NOTHING),
                shared=value in shared,
                mobile=is_mobile(value),
            )
        )
    consents: dict[int, list[Consent]] = {}
    for row in connection.execute(select(consent).where(among(consent.c.customer_id, ids))).all():
        consents.setdefault(row.customer_id, []).append(_consent(row))
    complaining = {
        row.customer_id
        for row in connection.execute(
            select(complaint.c.customer_id)
            .where(
                among(complaint.c.customer_id, ids),
                or_(complaint.c.state.not_in([state.value for state in ENDED]), complaint.c.restored == 0),
            )
            .distinct()
        )
    }
    return {
        number: Customer(
            id=f"C{number}",
            kind=_KINDS[kind],
            full_name=name,
            contact_points=tuple(points.get(number, ())),
            consents=tuple(consents.get(number, ())),
            deceased=bool(deceased),
            merged_into=None if merged_into is None else f"C{merged_into}",
            has_open_complaint=number in complaining,
            home_store=home_store,
            advisor=advisor,
        )
        for number, kind, name, deceased, merged_into, home_store, advisor in connection.execute(
            select(*_CUSTOMER).where(among(customer.c.id, ids))
        ).all()
    }


def _shared(connection: Connection, values: Collection[str]) -> set[str]:
    """Numbers that belong to more than one living (not merged-away) customer."""
    rows = connection.execute(
        select(contact_point.c.value)
        .join(customer, customer.c.id == contact_point.c.customer_id)
        .where(among(contact_point.c.value, values), customer.c.merged_into.is_(None))
        .group_by(contact_point.c.value)
        .having(func.count() > 1)
    )
    return {row.value for row in rows}


def _refused(connection: Connection, values: Collection[str], now: datetime) -> dict[str, frozenset[Channel]]:
    found: dict[str, set[Channel]] = {}
    for row in connection.execute(
        select(opt_out.c.value, opt_out.c.channel).where(
            among(opt_out.c.value, values), or_(opt_out.c.until.is_(None), opt_out.c.until > stamp(now))
        )
    ):
        found.setdefault(row.value, set()).add(Channel(row.channel))
    return {value: frozenset(channels) for value, channels in found.items()}


def _consent(row: Row[Any]) -> Consent:
    return Consent(
        purpose=_PURPOSES[row.purpose],
        status=_STATUSES[row.status],
        channel=_CHANNELS[row.channel] if row.channel else None,
        evidence=row.evidence,
        expires_at=instant(row.expires_at) if row.expires_at else None,
    )


def spoken(connection: Connection, ids: Collection[int], since: datetime) -> dict[int, tuple[datetime, ...]]:
    """When care and marketing contacts of each customer were made, by any rule: texts, and calls that reached him."""
    texts = select(message.c.customer_id, message.c.claimed_at.label("at")).where(
        among(message.c.customer_id, ids),
        message.c.claimed_at >= stamp(since),
        message.c.message_class != "SERVICE",
        message.c.state.in_(SPOKEN),
    )
    calls = (
        select(attempt.c.customer_id, attempt.c.at)
        .join(touchpoint, touchpoint.c.id == attempt.c.touchpoint_id)
        .where(
            among(attempt.c.customer_id, ids),
            attempt.c.at >= stamp(since),
            attempt.c.outcome == "SUCCESS",
            touchpoint.c.message_class != "SERVICE",
        )
    )
    found: dict[int, list[datetime]] = {}
    for row in connection.execute(union_all(texts, calls)):
        found.setdefault(row.customer_id, []).append(instant(row.at))
    return {number: tuple(times) for number, times in found.items()}


def visit_flags(connection: Connection, touchpoints: Collection[int]) -> dict[int, tuple[bool, bool]]:
    """(injury accident, do not message) of the visit behind each touchpoint."""
    rows = connection.execute(
        select(touchpoint.c.id, visit.c.injury_accident, visit.c.do_not_message)
        .join(visit, visit.c.id == touchpoint.c.visit_id)
        .where(among(touchpoint.c.id, touchpoints))
    )
    return {row.id: (bool(row.injury_accident), bool(row.do_not_message)) for row in rows}
