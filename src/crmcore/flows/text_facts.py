"""What `rules.permit` is told of texts that are about to go, in a handful of statements however many they are.

It is read where the texts are claimed, also when plugins were told of the same customers before: a no that came meanwhile counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from crmcore.db import contact_facts
from crmcore.rules.permit import ContactFacts
from crmcore.types.contact import MessageClass
from crmcore.types.customer import Channel, ContactPoint, Customer, Purpose
from crmcore.types.store import Store

CAP_DAYS = 8  # the caps look at seven local dates; one more for the zone


def facts_of(
    connection: Connection,
    rows: Sequence[Row[Any]],
    stores: Mapping[str, Store],
    fits: Callable[[str], bool],
    now: datetime,
) -> dict[int, ContactFacts]:
    """By the number of each text; `fits`: whether the account takes words of such a length."""
    ids = {row.customer_id for row in rows}
    people = contact_facts.customers(connection, ids, {row.value for row in rows}, now)
    spoken = contact_facts.spoken(connection, ids, now - timedelta(days=CAP_DAYS))
    flags = contact_facts.visit_flags(connection, {row.touchpoint_id for row in rows if row.touchpoint_id is not None})
    found = {}
    for row in rows:
        injury, silent = flags.get(row.touchpoint_id, (False, False))
        found[row.id] = ContactFacts(
            point=_point(people[row.customer_id], row.value),
            customer=people[row.customer_id],
            store=stores.get(row.store) or next(iter(stores.values())),
            channel=Channel(row.channel),
            message_class=MessageClass(row.message_class),
            purpose=Purpose.SURVEY if row.purpose == Purpose.SURVEY.value else None,
            sent_recently=spoken.get(row.customer_id, ()),
            fits=fits(row.text),
            names_customer=bool(row.names_customer),
            expires_at=datetime.fromisoformat(row.expires_at) if row.expires_at else None,
            injury_accident=injury,
            do_not_message=silent,
        )
    return found


def _point(customer: Customer, value: str) -> ContactPoint | None:
    return next((point for point in customer.contact_points if point.value == value), None)
