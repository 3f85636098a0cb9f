"""privacy: hand one person's data over, or take it away (PIPL articles 45 and 47)."""

from __future__ import annotations

from typing import Any

import attrs
from sqlalchemy import select, update

from crmcore.db import personal, touchpoints
from crmcore.db.columns import stamp
from crmcore.db.engine import Database, take_ids
from crmcore.db.schema import audit, customer, touchpoint
from crmcore.flows.customers import one
from crmcore.flows.people import RETIRED
from crmcore.hooks.adapters import Clock


@attrs.frozen
class Erased:
    """Who was erased, and how many rows of each table were changed."""

    id: str
    rows: dict[str, int]


def export(db: Database, what: str) -> dict[str, Any]:
    """Everything that is kept of one person, by phone, plate, VIN or id; complete, so it belongs in that person's hands only."""
    with db.reading() as connection:
        number = one(connection, what)
        return {
            "customer": f"C{number}",
            "tables": personal.everything(connection, personal.family_of(connection, number)),
        }


def erase(db: Database, what: str, *, by: str, clock: Clock) -> Erased:
    """Take away who one person is, stop every contact, and keep sources from bringing it back; it cannot be undone."""
    now = clock.now()
    with db.writing() as connection:
        number = one(connection, what)
        ids = personal.family_of(connection, number)
        owed = select(touchpoint.c.id).where(
            touchpoint.c.customer_id.in_(ids), touchpoint.c.state.in_(touchpoints.OPEN)
        )
        rows = personal.erase(connection, ids, by, now)
        connection.execute(
            update(customer).where(customer.c.id == number).values(merged_into=RETIRED, updated_at=stamp(now))
        )
        # after the person: everybody takes the trail's numbers last
        for contact in list(connection.execute(owed).scalars()):
            touchpoints.cancel(connection, contact, "CUSTOMER_GONE", now, by=by)
        (entry,) = take_ids(connection, audit, 1)
        connection.execute(
            audit.insert().values(id=entry, at=stamp(now), who=by, verb="ERASE", entity="customer", entity_id=number)
        )
    db.forget()
    return Erased(f"C{number}", rows)
