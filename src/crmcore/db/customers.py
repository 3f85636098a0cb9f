"""Customers one at a time: found by what people know of them, shown whole, moved into one another and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, insert, or_, select, update

from crmcore.db.engine import LONGEST, for_update, take_ids
from crmcore.db.schema import (
    appointment,
    attempt,
    complaint,
    consent,
    contact_point,
    correction,
    customer,
    external_ref,
    merge,
    message,
    opt_out,
    relative,
    reply,
    survey_invitation,
    survey_response,
    touchpoint,
    vehicle,
    vehicle_party,
    visit,
)
from crmcore.rules import clean

#: Tables whose rows simply belong to somebody, by the column that says to whom; the rest have keys that may collide.
_PLAIN = (
    (visit, "customer_id"), (visit, "brought_by_id"), (visit, "payer_id"), (appointment, "customer_id"), (complaint, "customer_id"),
    (touchpoint, "customer_id"), (attempt, "customer_id"), (message, "customer_id"), (reply, "customer_id"),
    (survey_invitation, "customer_id"), (survey_response, "customer_id"),
)  # fmt: skip
#: The rest: a row moves unless the winner has one of the same key, in which case it stays with the loser.
_KEYED: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (contact_point, ("channel", "value")),
    (relative, ("name",)),
    (consent, ("purpose", "channel")),
)
Moved = dict[str, list[Any]]


def find(connection: Connection, what: str) -> list[int]:
    """Who has this id (C17), number, VIN or plate (or vehicle id, V5); who was merged away is found as who they are now."""
    said = what.strip()
    letter, digits = said[:1].upper(), said[1:]
    if letter == "C" and digits.isascii() and digits.isdecimal() and len(digits) < LONGEST:
        return [id_ for id_ in [_now(connection, int(digits))] if id_ is not None]
    car = vehicle_id(connection, said)
    if car is not None:
        query = select(vehicle_party.c.customer_id).where(
            vehicle_party.c.vehicle_id == car, vehicle_party.c.end_on.is_(None)
        )
        return sorted(set(connection.execute(query).scalars()))
    phone = clean.phone(said)
    if not isinstance(phone, str):
        return []
    query = select(contact_point.c.customer_id).join(customer, customer.c.id == contact_point.c.customer_id)
    return sorted(
        set(connection.execute(query.where(contact_point.c.value == phone, customer.c.merged_into.is_(None))).scalars())
    )


def _now(connection: Connection, id_: int) -> int | None:
    """Who this customer is after all merges; None when there is none."""
    row = connection.execute(select(customer.c.id, customer.c.merged_into).where(customer.c.id == id_)).one_or_none()
    if row is None:
        return None
    return _now(connection, row.merged_into) if row.merged_into else row.id


def vehicle_id(connection: Connection, what: str) -> int | None:
    """The vehicle with this id (V5), VIN or plate."""
    said = what.strip()
    if said[:1].upper() == "V" and said[1:].isascii() and said[1:].isdecimal() and len(said) <= LONGEST:
        return connection.execute(select(vehicle.c.id).where(vehicle.c.id == int(said[1:]))).scalar_one_or_none()
    for cleaner, column in ((clean.vin, vehicle.c.vin), (clean.plate, vehicle.c.plate)):
        value = cleaner(said)
        if isinstance(value, str):
            found: int | None = (
                connection.execute(select(vehicle.c.id).where(column == value).order_by(vehicle.c.id.desc()))
                .scalars()
                .first()
            )
            if found is not None:
                return found
    return None


def lock(connection: Connection, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """These customers, locked until the transaction ends."""
    query = for_update(select(customer).where(customer.c.id.in_(ids)).order_by(customer.c.id))
    return {row.id: row for row in connection.execute(query)}


def advisor_of(connection: Connection, id_: int) -> str | None:
    """Code or name of who advises this customer."""
    return connection.execute(select(customer.c.advisor).where(customer.c.id == id_)).scalar_one_or_none()


def corrected(connection: Connection, entity: str, id_: int, field: str) -> bool:
    """Have staff corrected this field?"""
    key = (correction.c.entity == entity, correction.c.entity_id == id_, correction.c.field == field)
    return connection.execute(select(correction.c.field).where(*key)).first() is not None


def replace_phone(connection: Connection, id_: int, value: str, now: str) -> None:
    """`value` is the number to use; those before it are kept as reaching somebody else, so the source is still recognised."""
    mine = contact_point.c.customer_id == id_
    others = and_(mine, contact_point.c.channel == "PHONE", contact_point.c.value != value)
    connection.execute(update(contact_point).where(others).values(preferred=0, state="WRONG_PERSON", state_at=now))
    same = (mine, contact_point.c.channel == "PHONE", contact_point.c.value == value)
    good = {"preferred": 1, "state": "VALID", "state_at": now}
    if connection.execute(update(contact_point).where(*same).values(good)).rowcount == 0:
        (number,) = take_ids(connection, contact_point, 1)
        connection.execute(
            insert(contact_point).values(id=number, customer_id=id_, channel="PHONE", value=value, **good)
        )


def refresh_birthday(connection: Connection, id_: int) -> None:
    """Work out the day of the greeting anew: none for an organisation, a lunar date, or a date that stands for none."""
    row = connection.execute(select(customer).where(customer.c.id == id_)).one()
    real = row.kind == "PERSON" and row.birth_calendar == "SOLAR" and row.birth_on is not None
    real = real and not clean.placeholder_birthday(date.fromisoformat(row.birth_on))
    connection.execute(update(customer).where(customer.c.id == id_).values(birth_md=row.birth_on[5:] if real else None))


def is_out(connection: Connection, value: str, channel: str) -> bool:
    """Is this number opted out of this channel?"""
    key = (opt_out.c.value == value, opt_out.c.channel == channel, opt_out.c.until.is_(None))
    return connection.execute(select(opt_out.c.value).where(*key)).first() is not None


# ------------------------------------------------------------------ moving


def move_all(connection: Connection, loser: int, winner: int) -> Moved:
    """Point everything at `winner` that points at `loser`; what was moved, so that it can go back."""
    moved: Moved = {}
    for table, column in _PLAIN:
        ids = connection.execute(select(table.c.id).where(table.c[column] == loser)).scalars().all()
        connection.execute(update(table).where(table.c[column] == loser).values({column: winner}))
        moved[f"{table.name}.{column}"] = list(ids)
    for table, key in _KEYED:
        moved[table.name] = _move_keyed(connection, table, key, loser, winner)
    moved["vehicle_party"] = _move_parties(connection, loser, winner)
    names = and_(external_ref.c.entity == "customer", external_ref.c.id == loser)
    refs = connection.execute(select(external_ref.c.system, external_ref.c.key).where(names)).all()
    connection.execute(update(external_ref).where(names).values(id=winner))
    moved["external_ref"] = [list(ref) for ref in refs]
    return moved


def _move_keyed(connection: Connection, table: Table, key: tuple[str, ...], loser: int, winner: int) -> list[int]:
    columns = [table.c[name] for name in key]
    taken = {tuple(row) for row in connection.execute(select(*columns).where(table.c.customer_id == winner))}
    mine = connection.execute(select(table.c.id, *columns).where(table.c.customer_id == loser)).all()
    ids = [row[0] for row in mine if tuple(row[1:]) not in taken]
    connection.execute(update(table).where(table.c.id.in_(ids)).values(customer_id=winner))
    if table is contact_point:  # the winner's own preferred number stays the preferred one
        connection.execute(update(table).where(table.c.id.in_(ids)).values(preferred=0))
    return ids


def _move_parties(connection: Connection, loser: int, winner: int) -> list[list[Any]]:
    """Parts in vehicles; one that the winner has too stays with the loser, who is no longer anybody."""
    columns = (vehicle_party.c.vehicle_id, vehicle_party.c.role)
    taken = {tuple(row) for row in connection.execute(select(*columns).where(vehicle_party.c.customer_id == winner))}
    mine = connection.execute(select(*columns).where(vehicle_party.c.customer_id == loser)).all()
    moved = [[car, role] for car, role in mine if (car, role) not in taken]
    for car, role in moved:
        connection.execute(update(vehicle_party).where(_party(car, loser, role)).values(customer_id=winner))
    return moved


def _party(car: int, who: int, role: str) -> ColumnElement[bool]:
    return and_(vehicle_party.c.vehicle_id == car, vehicle_party.c.customer_id == who, vehicle_party.c.role == role)


def move_back(connection: Connection, loser: int, winner: int, moved: Moved) -> None:
    """Undo `move_all`: only what was moved and still is the winner's."""
    for table, column in _PLAIN:
        ids = moved.get(f"{table.name}.{column}", [])  # a merge by an earlier version knew fewer tables
        connection.execute(update(table).where(table.c.id.in_(ids), table.c[column] == winner).values({column: loser}))
    for table, _ in _KEYED:
        mine = (table.c.id.in_(moved[table.name]), table.c.customer_id == winner)
        connection.execute(update(table).where(*mine).values(customer_id=loser))
    _prefer_one(connection, loser)
    for car, role in moved["vehicle_party"]:
        connection.execute(update(vehicle_party).where(_party(car, winner, role)).values(customer_id=loser))
    for system, key in moved["external_ref"]:
        name = (external_ref.c.system == system, external_ref.c.entity == "customer", external_ref.c.key == key)
        connection.execute(update(external_ref).where(*name, external_ref.c.id == winner).values(id=loser))


def _prefer_one(connection: Connection, id_: int) -> None:
    mine = connection.execute(
        select(contact_point.c.id, contact_point.c.preferred)
        .where(contact_point.c.customer_id == id_)
        .order_by(contact_point.c.id)
    ).all()
    if mine and not any(row.preferred for row in mine):
        connection.execute(update(contact_point).where(contact_point.c.id == mine[0].id).values(preferred=1))


def last_merge(connection: Connection, id_: int) -> Row[Any] | None:
    """The last merge of this customer that was not undone, whichever side they were on."""
    either = or_(merge.c.winner_id == id_, merge.c.loser_id == id_)
    query = select(merge).where(either, merge.c.undone_at.is_(None)).order_by(merge.c.id.desc()).limit(1)
    return connection.execute(query).one_or_none()
