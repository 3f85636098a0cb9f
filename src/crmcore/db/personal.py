"""What is kept of one person, by the marks of the schema: to hand it over, and to take it away.

Every column that holds personal data is marked `PERSONAL` in `schema`; a new one is exported and erased by its mark alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, delete, or_, select, update

from crmcore.db import bulk
from crmcore.db.columns import stamp
from crmcore.db.schema import (
    complaint,
    complaint_evidence,
    contact_point,
    correction,
    customer,
    external_ref,
    inbox,
    merge,
    metadata,
    opt_out,
    proposal,
    reject,
    relative,
    reply,
    survey_answer,
    survey_response,
    vehicle,
    vehicle_party,
    visit,
    visit_line,
)

#: The field of a correction that says: this was erased, and no source may fill it again.
ERASED = "*"
#: Rows that are nothing without their personal data.
WHOLE = (contact_point, relative)


def family_of(connection: Connection, number: int) -> list[int]:
    """The customer and everybody merged into him."""
    found, rest = [number], [number]
    while rest:
        rest = list(connection.execute(select(customer.c.id).where(customer.c.merged_into.in_(rest))).scalars())
        found += rest
    return found


def numbers_of(connection: Connection, ids: Collection[int]) -> list[str]:
    """Every number these customers have, E.164."""
    return list(connection.execute(select(contact_point.c.value).where(contact_point.c.customer_id.in_(ids))).scalars())


def everything(connection: Connection, ids: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """All rows about these customers, table by table, as they are kept."""
    cars = _cars(connection, ids)
    visits = list(connection.execute(select(visit.c.id).where(_of(visit, ids))).scalars())
    numbers = numbers_of(connection, ids)
    wanted: dict[Table, Any] = {customer: customer.c.id.in_(ids)}
    wanted |= {table: _of(table, ids) for table in metadata.sorted_tables if "customer_id" in table.c}
    wanted |= {
        vehicle: vehicle.c.id.in_(cars),
        visit_line: visit_line.c.visit_id.in_(visits),
        opt_out: opt_out.c.value.in_(numbers),
        reply: or_(_of(reply, ids), reply.c.sender.in_(numbers)),
        **_voiced(connection, ids, numbers),
        proposal: _proposals(ids),
        correction: _corrections(ids),
        external_ref: (external_ref.c.entity == "customer") & external_ref.c.id.in_(ids),
        reject: _naming(reject.c.raw, numbers),
    }
    found = {}
    for table, where in wanted.items():
        rows = [_plain(dict(row)) for row in connection.execute(select(table).where(where)).mappings()]
        if rows:
            found[table.name] = rows
    return found


def erase(connection: Connection, ids: Sequence[int], by: str, now: datetime) -> dict[str, int]:
    """Take away what says who these customers are; returns how many rows of each table were changed.

    What happened stays as numbers: visits, mileage, texts without their words. An opt-out stays, or the next export would
    bring the number back without it. A mark keeps every source from filling in again what was taken away.
    """
    cars = _cars_of_nobody_else(connection, ids)
    visits = list(connection.execute(select(visit.c.id).where(_of(visit, ids))).scalars())
    numbers = numbers_of(connection, ids)
    done: dict[str, int] = {}

    def note(table: Table, statement: Any) -> None:
        done[table.name] = done.get(table.name, 0) + connection.execute(statement).rowcount

    for table in WHOLE:
        note(table, delete(table).where(table.c.customer_id.in_(ids)))
    places: list[tuple[Table, Any]] = [
        (customer, customer.c.id.in_(ids)),
        (vehicle, vehicle.c.id.in_(cars)),
        (reply, or_(_of(reply, ids), reply.c.sender.in_(numbers))),
        (proposal, _proposals(ids)),
        (reject, _naming(reject.c.raw, numbers)),
        (inbox, _naming(inbox.c.query, numbers)),
    ]
    voiced = _voiced(connection, ids, numbers)
    places += [(table, where) for table, where in voiced.items() if _personal(table)]
    places += [
        (table, _of(table, ids))
        for table in metadata.sorted_tables
        if "customer_id" in table.c and table not in {*WHOLE, reply, *voiced} and _personal(table)
    ]
    for table, where in places:
        note(table, update(table).where(where).values({column.name: _nothing(column) for column in _personal(table)}))
    note(correction, delete(correction).where(_corrections(ids)))
    note(merge, delete(merge).where(or_(merge.c.winner_id.in_(ids), merge.c.loser_id.in_(ids))))
    marks = (
        [("customer", number) for number in ids]
        + [("vehicle", car) for car in cars]
        + [("visit", one) for one in visits]
    )
    bulk.insert(
        connection,
        correction,
        ("entity", "entity_id", "field", "by", "at"),
        [(entity, number, ERASED, by, stamp(now)) for entity, number in marks],
        ignore=True,
    )
    return {name: count for name, count in done.items() if count}


def _of(table: Table, ids: Collection[int]) -> Any:
    """Rows that name one of these customers in any of their columns."""
    names = ("customer_id", "brought_by_id", "payer_id")
    return or_(*(table.c[name].in_(ids) for name in names if name in table.c))


def _voiced(connection: Connection, ids: Collection[int], numbers: Collection[str]) -> dict[Table, Any]:
    """Cases and answers, with all that hangs on them; also those of a number that nobody was known by then."""
    texts = select(reply.c.id).where(reply.c.sender.in_(numbers))
    evidence = and_(complaint_evidence.c.kind == "REPLY", complaint_evidence.c.evidence_id.in_(texts))
    of_number = complaint.c.id.in_(select(complaint_evidence.c.complaint_id).where(evidence))
    mine = or_(_of(complaint, ids), and_(complaint.c.customer_id.is_(None), of_number))
    cases = list(connection.execute(select(complaint.c.id).where(mine)).scalars())
    stranger = and_(survey_response.c.customer_id.is_(None), survey_response.c.phone.in_(numbers))
    given = or_(_of(survey_response, ids), stranger)
    responses = list(connection.execute(select(survey_response.c.id).where(given)).scalars())
    found: dict[Table, Any] = {
        complaint: complaint.c.id.in_(cases),
        survey_response: survey_response.c.id.in_(responses),
    }
    found |= {
        table: table.c.complaint_id.in_(cases)
        for table in metadata.sorted_tables
        if "complaint_id" in table.c and "customer_id" not in table.c
    }
    return found | {survey_answer: survey_answer.c.response_id.in_(responses)}


def _cars(connection: Connection, ids: Collection[int]) -> list[int]:
    return list(
        connection.execute(
            select(vehicle_party.c.vehicle_id).where(vehicle_party.c.customer_id.in_(ids)).distinct()
        ).scalars()
    )


def _cars_of_nobody_else(connection: Connection, ids: Collection[int]) -> list[int]:
    cars = _cars(connection, ids)
    shared = set(
        connection.execute(
            select(vehicle_party.c.vehicle_id).where(
                vehicle_party.c.vehicle_id.in_(cars), vehicle_party.c.customer_id.not_in(ids)
            )
        ).scalars()
    )
    return [car for car in cars if car not in shared]


def _proposals(ids: Collection[int]) -> Any:
    return (proposal.c.entity == "customer") & (proposal.c.entity_id.in_(ids) | proposal.c.other_id.in_(ids))


def _corrections(ids: Collection[int]) -> Any:
    return (correction.c.entity == "customer") & correction.c.entity_id.in_(ids)


def _naming(column: Column[str], numbers: Collection[str]) -> Any:
    """Raw text in which one of these numbers stands, with or without its country code."""
    return or_(False, *(column.contains(number.removeprefix("+86"), autoescape=True) for number in numbers))


def _personal(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.info.get("personal")]


def _nothing(column: Column[Any]) -> Any:
    """What stands where something personal stood."""
    if column.nullable:
        return None
    if column.name in {"params", "raw", "query"}:
        return "{}"
    return b"" if column.name == "body" else ""


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.hex() if isinstance(value, bytes) else value for name, value in row.items() if value is not None
    }
