"""Numbers that said no.

An opt-out is per number and channel, across all customers and stores. It locks the contact rows of the number, as a claim
does, so on PostgreSQL too no text is claimed after an opt-out has committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from crmcore.db import bulk
from crmcore.db.columns import stamp
from crmcore.db.engine import for_update
from crmcore.db.schema import contact_point, opt_out


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


def _lock(connection: Connection, values: list[str]) -> None:
    connection.execute(
        for_update(select(contact_point.c.id).where(contact_point.c.value.in_(values)).order_by(contact_point.c.id))
    ).all()
