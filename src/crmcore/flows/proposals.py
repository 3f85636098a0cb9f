"""proposals: what the data suggests and only a person may decide."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Connection, Row, insert, select, update

from crmcore.db.columns import instant, stamp
from crmcore.db.engine import LONGEST, Database, for_update, take_ids
from crmcore.db.schema import contact_point, correction, proposal, vehicle, vehicle_party, visit
from crmcore.errors import UsageError
from crmcore.flows import customers
from crmcore.hooks.adapters import Clock
from crmcore.rules.phone import phone


@attrs.frozen(kw_only=True)
class Proposal:
    """A question for a person; `old` and `new` are personal data."""

    id: str
    kind: str
    entity: str
    entity_id: str
    other_id: str | None
    field: str
    old: str | None = attrs.field(repr=False)
    new: str | None = attrs.field(repr=False)
    source: str
    why: str
    state: str
    created_at: datetime


_LETTERS = {"customer": "C", "vehicle": "V", "visit": "R"}
#: What the other one is, where it is no second one of the same.
_OTHERS = {"OWNERSHIP": "C"}
_TABLES = {"vehicle": vehicle, "visit": visit}


def find(db: Database, *, state: str | None = "PENDING") -> list[Proposal]:
    """The proposals in this state (None: all), oldest first."""
    query = select(proposal).order_by(proposal.c.id)
    if state is not None:
        query = query.where(proposal.c.state == state)
    with db.reading() as connection:
        return [_shown(row) for row in connection.execute(query)]


def _shown(row: Row[tuple[object, ...]]) -> Proposal:
    letter = _LETTERS.get(row.entity, "")
    return Proposal(
        id=f"P{row.id}", kind=row.kind, entity=row.entity, entity_id=f"{letter}{row.entity_id}",
        other_id=f"{_OTHERS.get(str(row.kind), letter)}{row.other_id}" if row.other_id else None, field=row.field, old=row.old, new=row.new, source=row.source,
        why=row.why, state=row.state, created_at=instant(row.created_at),
    )  # fmt: skip


def accept(db: Database, id_: str, *, by: str, clock: Clock, value: str | None = None) -> Proposal:
    """Do what it proposes: merge the two, or take the field as the source has it; nobody's correction holds it any more.

    Args:
        value: the right number, where a call has found one wrong or dead and nobody knew a better one then.

    Raises:
        UsageError: it is not pending; it asks for a number and `value` is none (CRM-U310, CRM-U311); it asks for none (CRM-U312).
    """
    with db.writing() as connection:
        row = _pending(connection, id_)
        now = stamp(clock.now())
        if value is not None and not _asks(row):
            raise UsageError("CRM-U312", id=f"P{row.id}")
        if _asks(row):
            _replace_number(connection, row, value, now=now)
        elif row.kind == "OWNERSHIP":
            _end_ownership(connection, row, now=now)
        elif row.kind == "MERGE":
            customers.merge_rows(connection, row.entity_id, row.other_id, by=by, now=now, why=f"P{row.id}")
        elif row.kind == "CONTACT":
            _take_contact(connection, row, by=by, clock=clock)
        else:
            _take_field(connection, row, now=now)
        return _decided(connection, row, "APPLIED", by=by, now=now)


def reject(db: Database, id_: str, *, by: str, clock: Clock) -> Proposal:
    """Leave everything as it is; the same is not proposed again."""
    with db.writing() as connection:
        return _decided(connection, _pending(connection, id_), "REJECTED", by=by, now=stamp(clock.now()))


def _pending(connection: Connection, id_: str) -> Row[tuple[object, ...]]:
    digits = id_.strip().upper().removeprefix("P")
    query = select(proposal).where(
        proposal.c.id == int(digits)
        if digits.isdecimal() and digits.isascii() and len(digits) < LONGEST
        else proposal.c.id == -1
    )
    row = connection.execute(for_update(query)).one_or_none()
    if row is None or row.state != "PENDING":
        raise UsageError("CRM-S236", id=id_)
    return row


def _decided(connection: Connection, row: Row[tuple[object, ...]], state: str, *, by: str, now: str) -> Proposal:
    connection.execute(
        update(proposal).where(proposal.c.id == row.id).values(state=state, decided_at=now, decided_by=by)
    )
    customers.note(connection, f"proposal_{state.lower()}", row.entity, row.entity_id, by=by, now=now, proposal=row.id)
    return attrs.evolve(_shown(row), state=state)


def _take_field(connection: Connection, row: Row[tuple[object, ...]], *, now: str) -> None:
    """The source was right: its value is taken, and the correction that held it off goes."""
    if row.entity == "customer":
        customers.set_field(connection, row.entity_id, row.field, row.new, now=now)
    else:
        table = _TABLES[row.entity]
        value = int(row.new) if row.new is not None and table.c[row.field].type.python_type is int else row.new
        connection.execute(
            update(table).where(table.c.id == row.entity_id).values({row.field: value, "updated_at": now})
        )
    held = (correction.c.entity == row.entity, correction.c.entity_id == row.entity_id, correction.c.field == row.field)
    connection.execute(correction.delete().where(*held))


def _take_contact(connection: Connection, row: Row[tuple[object, ...]], *, by: str, clock: Clock) -> None:
    """Another number of the customer, or a refusal that the source insists on."""
    kind, _, channel = row.field.partition(":")
    if kind == "opted_out":
        from crmcore.db import optouts

        optouts.refuse(connection, [(row.new, channel)], f"staff:{by}", clock.now())
    elif (
        connection.execute(
            select(contact_point.c.id).where(
                contact_point.c.customer_id == row.entity_id, contact_point.c.value == row.new
            )
        ).first()
        is None
    ):
        (number,) = take_ids(connection, contact_point, 1)
        values = {"id": number, "customer_id": row.entity_id, "channel": "PHONE", "value": row.new}
        connection.execute(insert(contact_point).values(values))


def _asks(row: Row[tuple[object, ...]]) -> bool:
    """Does it wait for a number that somebody must find out?"""
    return bool(row.kind == "CONTACT" and row.field == "phone" and row.new is None)


def _replace_number(connection: Connection, row: Row[tuple[object, ...]], value: str | None, *, now: str) -> None:
    """The right number, to be dialled from now on; the bad one stays known as bad, so that the source is still recognised."""
    if not value:
        raise UsageError("CRM-U310", id=f"P{row.id}")
    number = phone(value)
    if not isinstance(number, str) or number == row.old:
        raise UsageError("CRM-U311", id=f"P{row.id}", reason=getattr(number, "reason", "NUMBER_SAME"))
    mine = (contact_point.c.customer_id == row.entity_id, contact_point.c.channel == "PHONE")
    connection.execute(update(contact_point).where(*mine).values(preferred=0))
    good = {"preferred": 1, "state": "VALID", "state_at": now}
    if (
        connection.execute(update(contact_point).where(*mine, contact_point.c.value == number).values(good)).rowcount
        == 0
    ):
        (id_,) = take_ids(connection, contact_point, 1)
        values = {"id": id_, "customer_id": row.entity_id, "channel": "PHONE", "value": number, **good}
        connection.execute(insert(contact_point).values(values))


def _end_ownership(connection: Connection, row: Row[tuple[object, ...]], *, now: str) -> None:
    """The customer no longer has the car; nothing more is owed to him about it."""
    mine = (vehicle_party.c.vehicle_id == row.entity_id, vehicle_party.c.customer_id == row.other_id)
    connection.execute(update(vehicle_party).where(*mine, vehicle_party.c.end_on.is_(None)).values(end_on=row.new))
    connection.execute(update(vehicle).where(vehicle.c.id == row.entity_id).values(updated_at=now))
