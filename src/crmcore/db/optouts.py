"""Numbers that said no.

An opt-out is per number and channel, across all customers and stores. It locks the contact rows of the number, as a claim
does, so on PostgreSQL too no text is claimed after an opt-out has committed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from crmcore.db import bulk
from crmcore.db.among import among, paged
from crmcore.db.columns import stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import audit, contact_point, opt_out


def refuse(connection: Connection, numbers: Iterable[tuple[str, str]], source: str, now: datetime) -> None:
    """Opt out each (E.164, channel "SMS" or "PHONE"); one that is out already keeps its date and source."""
    wanted = sorted(set(numbers))
    if not wanted:
        return
    _lock(connection, [value for value, _ in wanted])
    said_yes_again = opt_out.c.until.is_not(None)
    for value, channel in wanted:
        connection.execute(
            update(opt_out)
            .where(opt_out.c.value == value, opt_out.c.channel == channel, said_yes_again)
            .values(since=stamp(now), source=source, until=None)
        )
    bulk.insert(
        connection,
        opt_out,
        ("value", "channel", "since", "source"),
        [(value, channel, stamp(now), source) for value, channel in wanted],
        ignore=True,
    )


def allow(connection: Connection, value: str, channel: str, now: datetime) -> bool:
    """The customer asked to hear from us again on this number; False when it was not out."""
    _lock(connection, [value])
    changed = connection.execute(
        update(opt_out)
        .where(opt_out.c.value == value, opt_out.c.channel == channel, opt_out.c.until.is_(None))
        .values(until=stamp(now))
    )
    return changed.rowcount == 1


def note(connection: Connection, numbers: Iterable[tuple[str, str]], verb: str, who: str, now: datetime) -> None:
    """Keep in the audit trail of whoever has one of these numbers that it said no, or yes again: once a customer and channel.

    Args:
        numbers: (E.164, channel "SMS" or "PHONE").
        verb: "optout" or "optin".
        who: a staff code, or the source that said so: "dms:main".
    """
    channels: dict[str, set[str]] = {}
    for value, channel in numbers:
        channels.setdefault(value, set()).add(channel)
    points = contact_point.c
    query = select(points.value, points.customer_id)
    holders = paged(connection, channels, lambda block: query.where(among(points.value, block)))
    told = sorted({(row.customer_id, channel) for row in holders for channel in channels[row.value]})
    if not told:
        return
    rows = [
        (id_, stamp(now), who, verb, "customer", customer, json.dumps({"channel": channel}))
        for id_, (customer, channel) in zip(take_ids(connection, audit, len(told)), told, strict=True)
    ]
    bulk.insert(connection, audit, ("id", "at", "who", "verb", "entity", "entity_id", "detail"), rows)


def _lock(connection: Connection, values: list[str]) -> None:
    connection.execute(
        for_update(select(contact_point.c.id).where(contact_point.c.value.in_(values)).order_by(contact_point.c.id))
    ).all()
