"""What vendors pushed, raw and durable, and the replies that came out of it."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from crmcore.db.columns import instant, stamp
from crmcore.db.engine import take_ids
from crmcore.db.schema import contact_point, customer, inbox, reply
from crmcore.hooks.adapters import WebhookRequest


def store(connection: Connection, account: str, request: WebhookRequest, now: datetime) -> int:
    """Keep a push as it came; it is answered only after this has committed. Returns its id."""
    (number,) = take_ids(connection, inbox, 1)
    connection.execute(
        inbox.insert().values(
            id=number,
            account=account,
            received_at=stamp(now),
            method=request.method,
            path=request.path,
            query=json.dumps(dict(request.query), ensure_ascii=False),
            headers=json.dumps(dict(request.headers), ensure_ascii=False),
            body=request.body,
        )
    )
    return number


def unread(connection: Connection, limit: int, *, after: int = 0) -> list[Row[Any]]:
    """Pushes that were not worked through yet, in the order they came."""
    return list(
        connection.execute(
            select(inbox).where(inbox.c.state == "NEW", inbox.c.id > after).order_by(inbox.c.id).limit(limit)
        )
    )


def to_request(row: Row[Any]) -> WebhookRequest:
    """A stored push as the adapter parses it."""
    return WebhookRequest(
        method=row.method,
        path=row.path,
        query=json.loads(row.query),
        headers=json.loads(row.headers),
        body=row.body,
        received_at=instant(row.received_at),
    )


def mark(connection: Connection, number: int, state: str, code: str | None, now: datetime) -> bool:
    """Say that a push was worked through; False when somebody else did so first."""
    changed = connection.execute(
        update(inbox)
        .where(inbox.c.id == number, inbox.c.state == "NEW")
        .values(state=state, code=code, done_at=stamp(now))
    )
    return changed.rowcount == 1


def counts(connection: Connection) -> dict[str, int]:
    """How many pushes are in each state."""
    return {
        row.state: row.n
        for row in connection.execute(select(inbox.c.state, func.count().label("n")).group_by(inbox.c.state))
    }


# ------------------------------------------------------------------ replies


def known_reply(connection: Connection, account: str, vendor_id: str) -> bool:
    """True when this reply was kept before: vendors repeat what was not answered in time."""
    return (
        connection.execute(select(reply.c.id).where(reply.c.account == account, reply.c.vendor_id == vendor_id)).first()
        is not None
    )


def keep_reply(connection: Connection, *, account: str, vendor_id: str, **values: Any) -> int | None:
    """Keep a reply; returns its id, or None where somebody kept it in this very moment: whoever takes an id waits for him."""
    (number,) = take_ids(connection, reply, 1)
    if known_reply(connection, account, vendor_id):
        return None
    values |= {"account": account, "vendor_id": vendor_id}
    connection.execute(reply.insert().values(id=number, **values))
    return number


def owner_of(connection: Connection, value: str) -> int | None:
    """The one living customer with this number; None when there is none, or several (then nobody is guessed)."""
    rows = connection.execute(
        select(contact_point.c.customer_id)
        .join(customer, customer.c.id == contact_point.c.customer_id)
        .where(contact_point.c.value == value, customer.c.merged_into.is_(None))
        .distinct()
        .limit(2)
    ).all()
    return rows[0].customer_id if len(rows) == 1 else None


def home_of(connection: Connection, customer_id: int | None) -> str | None:
    """The store a customer belongs to, where it is known."""
    mine = customer.c.id == customer_id
    return connection.execute(select(customer.c.home_store).where(mine)).scalar_one_or_none()


def replies(connection: Connection, states: Collection[str] = ("WAITING",), limit: int = 200) -> list[Row[Any]]:
    """Replies in `states`, oldest first, with the customer's name."""
    return list(
        connection.execute(
            select(reply, customer.c.name.label("customer_name"))
            .outerjoin(customer, customer.c.id == reply.c.customer_id)
            .where(reply.c.state.in_(states))
            .order_by(reply.c.id)
            .limit(limit)
        )
    )


def close_reply(connection: Connection, number: int, who: str, now: datetime) -> bool:
    """A person has dealt with a reply; False when it was not waiting."""
    changed = connection.execute(
        update(reply)
        .where(reply.c.id == number, reply.c.state == "WAITING")
        .values(state="CLOSED", closed_at=stamp(now), closed_by=who)
    )
    return changed.rowcount == 1
