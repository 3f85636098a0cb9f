"""customer: what people at the desk do to the file of a customer. Every change is kept with who made it, and can be told.

Ids carry their letter here: C customer, V vehicle, P proposal. A merge moves everything that pointed at the loser to the
winner, remembers what it moved, and can be undone.
"""

from __future__ import annotations

import json
from typing import Any

import attrs
from sqlalchemy import Connection, delete, insert, update

from crmcore.db import customer_file, optouts
from crmcore.db import customers as kept
from crmcore.db.columns import stamp
from crmcore.db.engine import Database, take_ids
from crmcore.db.schema import audit, correction, customer, vehicle, vehicle_party
from crmcore.db.schema import merge as merges
from crmcore.errors import UsageError
from crmcore.flows.cells import stored_day, text
from crmcore.hooks.adapters import Clock
from crmcore.rules import clean

RETIRED = 0  # customer.merged_into of somebody nobody is to contact
CHANNELS = ("SMS", "PHONE")
_VEHICLE_ENDS = ("SOLD", "SCRAPPED", "OFF_SITE")


@attrs.frozen
class Done:
    """What was changed: the thing, and what was asked of it."""

    id: str
    verb: str
    changed: bool


# ------------------------------------------------------------------ find and show


def find(db: Database, what: str) -> list[str]:
    """The customers with this id (C17), of this vehicle (V5, plate, VIN) or with this number; empty when nobody fits."""
    with db.reading() as connection:
        return [f"C{id_}" for id_ in kept.find(connection, what)]


def show(db: Database, what: str) -> dict[str, Any]:
    """All that is known of one customer, flat and by code; holds personal data in full.

    Raises:
        UsageError: nobody fits, or more than one does.
    """
    with db.reading() as connection:
        return customer_file.file_of(connection, one(connection, what))


def one(connection: Connection, what: str) -> int:
    """The customer that `what` names; raises `UsageError` for nobody, and for several with their ids."""
    found = kept.find(connection, what)
    if not found:
        raise UsageError("CRM-S230")
    if len(found) > 1:
        raise UsageError("CRM-S231", ids=", ".join(f"C{id_}" for id_ in found))
    return found[0]


def _number(id_: str, letter: str) -> int:
    digits = id_.strip().upper().removeprefix(letter)
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 11):  # eleven digits are a phone, not an id
        raise UsageError("CRM-S230")
    return int(digits)


# ------------------------------------------------------------------ correct

_DAYS = ("birth_on",)
_CUSTOMER = ("name", "phone", "birth_on", "gender", "employer", "address", "advisor", "kind")
_VEHICLE_DAYS = (
    "warranty_until", "inspection_due_on", "compulsory_insurance_until", "commercial_insurance_until", "sold_on", "delivered_on",
)  # fmt: skip
_VEHICLE = ("plate", "vin", "model", "powertrain", *_VEHICLE_DAYS)


def correct(db: Database, what: str, field: str, value: str, *, by: str, clock: Clock) -> Done:
    """Set a field of a customer (C17, a number) or, with a V id, of a vehicle; the DMS no longer overwrites it.

    A corrected phone keeps the old number as one that reaches somebody else, so that the DMS is still recognised by it.

    Raises:
        UsageError: nobody fits, the field cannot be corrected, or its value cannot be used.
    """
    with db.writing() as connection:
        is_vehicle = what.strip().upper().startswith("V") and what.strip()[1:].isdecimal()
        known = _VEHICLE if is_vehicle else _CUSTOMER
        if field not in known:
            raise UsageError("CRM-S232", field=field, known=", ".join(known))
        cleaned = _cleaned(field, value)
        now = stamp(clock.now())
        if is_vehicle:
            id_ = kept.vehicle_id(connection, what)
            if id_ is None:
                raise UsageError("CRM-S230")
            connection.execute(update(vehicle).where(vehicle.c.id == id_).values({field: cleaned, "updated_at": now}))
            _hold(connection, "vehicle", id_, field, cleaned, by=by, now=now)
            return Done(f"V{id_}", "correct", changed=True)
        id_ = one(connection, what)
        set_field(connection, id_, field, cleaned, now=now)
        _hold(connection, "customer", id_, field, cleaned, by=by, now=now)
        return Done(f"C{id_}", "correct", changed=True)


def _cleaned(field: str, value: str) -> str | None:
    cleaners = {"name": clean.name, "phone": clean.phone, "plate": clean.plate, "vin": clean.vin}
    cleaner = stored_day if field in (*_DAYS, *_VEHICLE_DAYS) else cleaners.get(field, text)
    found = cleaner(value)
    if isinstance(found, clean.Bad):
        raise UsageError("CRM-S233", field=field, reason=found.reason)
    if found is None and (value.strip() or field in {"name", "phone"}):
        raise UsageError("CRM-S233", field=field, reason="EMPTY")
    return found


def set_field(connection: Connection, id_: int, field: str, value: str | None, *, now: str) -> None:
    """Write one field of a customer, with what follows from it."""
    if field == "phone" and value is not None:
        kept.replace_phone(connection, id_, value, now)
        return
    values: dict[str, Any] = {field: value, "updated_at": now}
    if field == "name" and value is not None:
        values["name_key"] = clean.name_key(value)
    connection.execute(update(customer).where(customer.c.id == id_).values(values))
    if field in {"birth_on", "kind"}:
        kept.refresh_birthday(connection, id_)


def _hold(
    connection: Connection,
    entity: str,
    id_: int,
    field: str,
    value: str | None,
    *,
    by: str,
    now: str,
    verb: str = "correct",
) -> None:
    """From now on this field is staff's."""
    key = (correction.c.entity == entity, correction.c.entity_id == id_, correction.c.field == field)
    connection.execute(delete(correction).where(*key))
    connection.execute(insert(correction).values(entity=entity, entity_id=id_, field=field, value=value, by=by, at=now))
    note(connection, verb, entity, id_, by=by, now=now, field=field)


def note(connection: Connection, verb: str, entity: str, id_: int, *, by: str, now: str, **detail: object) -> None:
    """Keep in the audit trail who did what to which thing: codes and ids, no personal data."""
    (number,) = take_ids(connection, audit, 1)
    told = json.dumps(detail, ensure_ascii=False, sort_keys=True)
    connection.execute(
        insert(audit).values(id=number, at=now, who=by, verb=verb, entity=entity, entity_id=id_, detail=told)
    )


# ------------------------------------------------------------------ merge and split


def merge(db: Database, winner: str, loser: str, *, by: str, clock: Clock, why: str = "STAFF") -> Done:
    """Make two customers one: all that belongs to `loser` belongs to `winner`, whose name staff now vouch for.

    Raises:
        UsageError: one of them is not there, was merged before, or both are the same.
    """
    with db.writing() as connection:
        first, second = _number(winner, "C"), _number(loser, "C")
        merge_rows(connection, first, second, by=by, now=stamp(clock.now()), why=why)
    return Done(f"C{first}", "merge", changed=True)


def merge_rows(connection: Connection, winner: int, loser: int, *, by: str, now: str, why: str) -> None:
    """`merge` inside a transaction."""
    rows = kept.lock(connection, [winner, loser])
    for id_ in (winner, loser):
        if id_ not in rows or rows[id_].merged_into is not None or winner == loser:
            raise UsageError("CRM-S234", id=f"C{id_}")
    moved = kept.move_all(connection, loser, winner)
    held: list[str] = []
    if rows[winner].name_key != rows[loser].name_key and not kept.corrected(connection, "customer", winner, "name"):
        _hold(connection, "customer", winner, "name", rows[winner].name, by=by, now=now, verb="merge")
        held.append("name")
    connection.execute(update(customer).where(customer.c.id == loser).values(merged_into=winner, updated_at=now))
    (id_,) = take_ids(connection, merges, 1)
    told = json.dumps({"moved": moved, "held": held}, sort_keys=True)
    connection.execute(
        insert(merges).values(id=id_, winner_id=winner, loser_id=loser, at=now, by=by, why=why, moved=told)
    )
    note(connection, "merge", "customer", winner, by=by, now=now, loser=loser)


def split(db: Database, what: str, *, by: str, clock: Clock) -> Done:
    """Undo the last merge of this customer (either side): what was moved goes back, what came since stays.

    Raises:
        UsageError: there is no merge to undo.
    """
    with db.writing() as connection:
        id_ = _number(what, "C")
        found = kept.last_merge(connection, id_)
        if found is None:
            raise UsageError("CRM-S235", id=f"C{id_}")
        told = json.loads(found.moved)
        now = stamp(clock.now())
        kept.lock(connection, [found.winner_id, found.loser_id])
        kept.move_back(connection, found.loser_id, found.winner_id, told["moved"])
        for field in told["held"]:
            key = (
                correction.c.entity == "customer",
                correction.c.entity_id == found.winner_id,
                correction.c.field == field,
            )
            connection.execute(delete(correction).where(*key))
        connection.execute(
            update(customer).where(customer.c.id == found.loser_id).values(merged_into=None, updated_at=now)
        )
        connection.execute(update(merges).where(merges.c.id == found.id).values(undone_at=now))
        note(connection, "split", "customer", found.winner_id, by=by, now=now, loser=found.loser_id)
    return Done(f"C{found.loser_id}", "split", changed=True)


# ------------------------------------------------------------------ retire


def retire(db: Database, what: str, why: str, *, by: str, clock: Clock) -> Done:
    """No more contacts: a vehicle (V id) that is SOLD, SCRAPPED or OFF_SITE, a customer who is DECEASED or GONE.

    ACTIVE takes a vehicle back. The DMS does not revive either.
    """
    with db.writing() as connection:
        now = stamp(clock.now())
        if what.strip().upper().startswith("V") and what.strip()[1:].isdecimal():
            return _retire_vehicle(connection, what, why, by=by, now=now)
        id_ = one(connection, what)
        if why == "DECEASED":
            connection.execute(update(customer).where(customer.c.id == id_).values(deceased=1, updated_at=now))
            _hold(connection, "customer", id_, "deceased", "1", by=by, now=now, verb="retire")
        elif why == "GONE":
            connection.execute(update(customer).where(customer.c.id == id_).values(merged_into=RETIRED, updated_at=now))
            _hold(connection, "customer", id_, "merged_into", str(RETIRED), by=by, now=now, verb="retire")
        else:
            raise UsageError("CRM-S237", id=f"C{id_}", why=why)
        return Done(f"C{id_}", "retire", changed=True)


def _retire_vehicle(connection: Connection, what: str, why: str, *, by: str, now: str) -> Done:
    id_ = kept.vehicle_id(connection, what)
    if id_ is None:
        raise UsageError("CRM-S230")
    if why not in (*_VEHICLE_ENDS, "ACTIVE"):
        raise UsageError("CRM-S237", id=f"V{id_}", why=why)
    connection.execute(update(vehicle).where(vehicle.c.id == id_).values(status=why, updated_at=now))
    if why != "ACTIVE":
        open_ = (vehicle_party.c.vehicle_id == id_, vehicle_party.c.end_on.is_(None))
        connection.execute(update(vehicle_party).where(*open_).values(end_on=now[:10]))
    _hold(connection, "vehicle", id_, "status", why, by=by, now=now, verb="retire")
    return Done(f"V{id_}", "retire", changed=True)


# ------------------------------------------------------------------ opt out and in


def optout(db: Database, number: str, *, channel: str = "SMS", by: str, clock: Clock) -> Done:
    """This number is no longer texted ("SMS") or called ("PHONE"), whoever has it now or later."""
    return _optout(db, number, channel, by=by, clock=clock, out=True)


def optin(db: Database, number: str, *, channel: str = "SMS", by: str, clock: Clock) -> Done:
    """The customer asked to hear from us again on this number."""
    return _optout(db, number, channel, by=by, clock=clock, out=False)


def _optout(db: Database, number: str, channel: str, *, by: str, clock: Clock, out: bool) -> Done:
    e164 = clean.phone(number)
    if not isinstance(e164, str) or channel not in CHANNELS:
        raise UsageError("CRM-S233", field="phone", reason=getattr(e164, "reason", "EMPTY"))
    now = clock.now()
    with db.writing() as connection:
        if out:
            changed = not kept.is_out(connection, e164, channel)
            optouts.refuse(connection, [(e164, channel)], f"staff:{by}", now)
        else:
            changed = optouts.allow(connection, e164, channel, now)
        verb = "optout" if out else "optin"
        optouts.note(connection, [(e164, channel)], verb, by, now)
    return Done(channel, verb, changed=changed)
