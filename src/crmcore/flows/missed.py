"""The text that goes where nobody was reached for days (C18b): queued, and sent by the usual way with its permit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from crmcore.db import bulk, contact_facts
from crmcore.db.columns import stamp
from crmcore.db.engine import take_ids
from crmcore.db.schema import contact_point, message, message_event
from crmcore.flows import naming
from crmcore.flows.desk import Desk
from crmcore.flows.due_texts import shipped_suffix
from crmcore.flows.queued import COLUMNS, text_row
from crmcore.rules.care import best_point
from crmcore.rules.templates import render
from crmcore.types.contact import MessageClass
from crmcore.types.customer import Channel, Customer


def queue_text(connection: Connection, desk: Desk, row: Row[Any], at: datetime, now: datetime) -> bool:
    """Queue the text of a call that was given up, due at `at`; False where there is no number for it, or no time left.

    Each call has one at most, whatever is imported again.
    """
    template = desk.settings.templates.get(desk.policy.missed_template)
    customer = _customer(connection, row.customer_id, now)
    point = best_point(customer, Channel.SMS)
    over = row.expires_at is not None and row.expires_at <= stamp(at)
    if (
        template is None
        or over
        or point is None
        or not point.mobile
        or Channel.SMS in point.refused
        or not point.reachable
    ):
        return False
    store = desk.settings.store(row.store)
    rule = desk.settings.rules.get(row.rule)
    names = naming.staff_names(connection) | {one.code: one.name for one in desk.settings.staff}
    advisor = row.advisor or row.customer_advisor or ""
    params = {
        "name": customer.full_name,
        "store": store.name,
        "phone": store.phone or "",
        "advisor": names.get(advisor, advisor),
    }
    words = render(
        template,
        params,
        desk.settings.lang,
        store,
        shared=point.shared,
        message_class=MessageClass.SERVICE,
        suffix=desk.settings.suffix or shipped_suffix(),
    )
    (number,) = take_ids(connection, message, 1)
    values = text_row(
        words,
        store,
        touchpoint=row.id,
        customer=row.customer_id,
        to=point.value,
        channel=Channel.SMS,
        message_class=MessageClass.SERVICE,
        purpose="CALLBACK" if rule is None else rule.purpose,
        template=template.code,
        due=max(at, now),
        expires_at=row.expires_at,
        now=now,
    )
    bulk.insert(connection, message, COLUMNS, [(number, *values)], ignore=True)
    if connection.execute(select(message.c.id).where(message.c.id == number)).first() is None:
        return False
    (event,) = take_ids(connection, message_event, 1)
    logged = [(event, number, stamp(now), "QUEUED")]
    bulk.insert(connection, message_event, ("id", "message_id", "at", "state"), logged)
    return True


def _customer(connection: Connection, person: int, now: datetime) -> Customer:
    values = (
        connection.execute(select(contact_point.c.value).where(contact_point.c.customer_id == person)).scalars().all()
    )
    return contact_facts.customers(connection, [person], values, now)[person]
