"""staff: who works here, who is away, who has left, and what becomes of what is open with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import attrs
from sqlalchemy import Connection, func, select, update

from crmcore.db import case_calls, complaints, schema, touchpoints
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.flows import second_callback
from crmcore.flows.casework import File
from crmcore.flows.colleague import colleague
from crmcore.flows.evidence import Cases
from crmcore.flows.plan_who import staff_of
from crmcore.flows.planning import Settings
from crmcore.hooks.adapters import Clock
from crmcore.rules.complaints import owners
from crmcore.types.store import Staff


@attrs.frozen(kw_only=True)
class Member:
    """A person who works here, and how many contacts and cases are open with them."""

    staff: Staff
    open: int
    cases: int = 0


@attrs.frozen
class HandedOver:
    """What became of what was open with somebody: contacts, cases that others have now, cases that nobody may own."""

    touchpoints: int = 0
    cases: int = 0
    ownerless: int = 0


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
        owned = complaints.owners(connection)
        people = staff_of(connection, settings)
    return [
        Member(staff=one, open=counts.get(one.code, 0), cases=owned.get(one.code, 0))
        for one in sorted(people, key=lambda one: (one.store, one.code))
    ]


def away(
    db: Database,
    settings: Settings,
    code: str,
    until: date | None,
    *,
    cases: Cases | None = None,
    clock: Clock | None = None,
) -> HandedOver:
    """Away up to and including `until` (None: back again): open cases go to others now, contacts with the next plan."""
    with db.writing() as connection:
        complaints.lock_owned(connection, code)
        _keep(connection, _one(connection, settings, code), away_until=until.isoformat() if until else None)
        if until is None or cases is None or clock is None:
            return HandedOver()
        return HandedOver(0, *_hand_over(connection, cases, code, None, clock.now()))


def leave(
    db: Database, settings: Settings, code: str, to: str | None, clock: Clock, *, cases: Cases | None = None
) -> HandedOver:
    """Has left: what is open goes to `to`, or contacts with the next plan and cases now to whom the rules choose.

    A case that `to` may not own goes to somebody who may.

    Raises:
        UsageError: CRM-U117 when one of the codes is nobody's.
    """
    now = clock.now()
    with db.writing() as connection:
        touchpoints.lock(connection)  # before any case, as whoever records a call does
        complaints.lock_owned(connection, code)
        _keep(connection, _one(connection, settings, code), active=0)
        if to is not None and not _one(connection, settings, to).active:
            raise UsageError("CRM-U117", staff=to)
        mine = (schema.touchpoint.c.executor == code, schema.touchpoint.c.state.in_(touchpoints.OPEN))
        numbers: Sequence[int] = connection.execute(select(schema.touchpoint.c.id).where(*mine)).scalars().all()
        calls = case_calls.of(connection, numbers)
        if to is None:
            _give_back(connection, mine, now)
        for number in numbers if to is not None else ():
            touchpoints.assign(connection, number, str(to), now)
        given = (0, 0) if cases is None else _hand_over(connection, cases, code, to, now)
        if cases is not None:
            for case in calls:  # no plan gives those to anybody
                second_callback.follow(File.open(connection, cases, f"K{case}", by="crmcore", at=now, now=now))
    return HandedOver(len(numbers), *given)


def _hand_over(connection: Connection, cases: Cases, code: str, to: str | None, now: datetime) -> tuple[int, int]:
    """Give the open cases of somebody who is not there to others; (how many got an owner, how many got none)."""
    given = ownerless = 0
    for case in complaints.owned_by(connection, code):
        file = File.open(connection, cases, case.id, by="crmcore", at=now, now=now)
        needs = owners.hand_over(file.case, file.staff(), file.today, file.case.department)
        if needs is None:
            continue
        successor = None if to is None else file.person(to)
        if successor is not None and owners.may_own(successor, file.case, file.today) is None:
            new: Staff | None = file.give(successor.code, why=needs.why)
        else:
            new = file.take_away(needs.why)
        given += new is not None
        ownerless += new is None
    return given, ownerless


def _give_back(connection: Connection, mine: tuple[Any, ...], now: datetime) -> None:
    connection.execute(update(schema.touchpoint).where(*mine).values(executor=None, updated_at=stamp(now)))


def _one(connection: Connection, settings: Settings, code: str) -> Staff:
    return colleague(staff_of(connection, settings), code)


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
