"""staff: who works here, who is away, who has left, and what becomes of what is open with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import attrs
from sqlalchemy import Connection, func, select, update

from crmcore.db import schema, touchpoints
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.flows.plan_who import staff_of
from crmcore.flows.planning import Settings
from crmcore.hooks.adapters import Clock
from crmcore.types.store import Staff


@attrs.frozen(kw_only=True)
class Member:
    """A person who works here, and how much is open with them."""

    staff: Staff
    open: int


def members(db: Database, settings: Settings) -> list[Member]:
    """Everybody, those who have left included, by store and code."""
    with db.reading() as connection:
        counts: dict[str, int] = {
            row.executor: row.n
            for row in connection.execute(
                select(schema.touchpoint.c.executor, func.count().label("n"))
                .where(schema.touchpoint.c.state.in_(touchpoints.OPEN))
                .group_by(schema.touchpoint.c.executor)
            )
        }
        people = staff_of(connection, settings)
    return [
        Member(staff=one, open=counts.get(one.code, 0)) for one in sorted(people, key=lambda one: (one.store, one.code))
    ]


def away(db: Database, settings: Settings, code: str, until: date | None) -> None:
    """Away up to and including `until` (None: back again); the next plan gives what is due then to others."""
    with db.writing() as connection:
        _keep(connection, _one(connection, settings, code), away_until=until.isoformat() if until else None)


def leave(db: Database, settings: Settings, code: str, to: str | None, clock: Clock) -> int:
    """Has left: what is open goes to `to`, or is given out anew by the next plan; how many there are.

    Raises:
        UsageError: CRM-U117 when one of the codes is nobody's.
    """
    now = clock.now()
    with db.writing() as connection:
        _keep(connection, _one(connection, settings, code), active=0)
        if to is not None and not _one(connection, settings, to).active:
            raise UsageError("CRM-U117", staff=to)
        mine = (schema.touchpoint.c.executor == code, schema.touchpoint.c.state.in_(touchpoints.OPEN))
        numbers: Sequence[int] = connection.execute(select(schema.touchpoint.c.id).where(*mine)).scalars().all()
        if to is None:
            _give_back(connection, mine, now)
        for number in numbers if to is not None else ():
            touchpoints.assign(connection, number, str(to), now)
    return len(numbers)


def _give_back(connection: Connection, mine: tuple[Any, ...], now: datetime) -> None:
    connection.execute(update(schema.touchpoint).where(*mine).values(executor=None, updated_at=stamp(now)))


def _one(connection: Connection, settings: Settings, code: str) -> Staff:
    found = next((one for one in staff_of(connection, settings) if one.code == code), None)
    if found is None:
        raise UsageError("CRM-U117", staff=code)
    return found


def _keep(connection: Connection, one: Staff, **values: object) -> None:
    """What was decided about a person; who stands only in crm.toml gets a row for it."""
    changed = connection.execute(update(schema.staff).where(schema.staff.c.code == one.code).values(**values))
    if changed.rowcount == 0:
        row = {
            "code": one.code,
            "name": one.name,
            "store": one.store,
            "role": one.role.value,
            "phone": one.phone,
            "away_until": one.away_until.isoformat() if one.away_until else None,
            "active": int(one.active),
            "source": "config",
        }
        connection.execute(schema.staff.insert().values(**{**row, **values}))
