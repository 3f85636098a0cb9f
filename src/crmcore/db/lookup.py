"""What a program asks of the store: things by whose they are, as values; a statement a table, however many rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row, Table, func, select, union

from crmcore.db import complaints, contact_facts, surveys, values
from crmcore.db.among import among
from crmcore.db.columns import day, instant, stamp
from crmcore.db.schema import (
    attempt,
    contact_point,
    customer,
    external_ref,
    message,
    relative,
    reply,
    survey_answer,
    survey_response,
    touchpoint,
    vehicle,
    vehicle_party,
    visit,
    visit_line,
)
from crmcore.types.contact import Text, Touchpoint
from crmcore.types.customer import BirthCalendar, Customer, Relative, UseClass
from crmcore.types.refs import ExternalRef
from crmcore.types.survey import Response
from crmcore.types.timeline import Subject, TimelineEntry, TimelineKind
from crmcore.types.vehicle import Vehicle
from crmcore.types.visit import Visit

#: When a visit was: the car came, or else the best that is known.
_CAME = func.coalesce(
    visit.c.opened_at, visit.c.delivered_at, visit.c.completed_at, visit.c.invoiced_at, visit.c.created_at
)
_LAST_FILLED = (survey_response.c.completed_at.desc(), survey_response.c.id.desc())


# ------------------------------------------------------------------ customers and cars


def customers(connection: Connection, ids: Collection[int], now: datetime) -> dict[int, Customer]:
    """Customers with all that is known of the person."""
    query = select(contact_point.c.value).where(among(contact_point.c.customer_id, ids))
    found = contact_facts.customers(connection, ids, set(connection.execute(query).scalars()), now)
    family: dict[int, list[Relative]] = {}
    for row in connection.execute(select(relative).where(among(relative.c.customer_id, ids)).order_by(relative.c.id)):
        born = day(row.birth_on) if row.birth_on else None
        family.setdefault(row.customer_id, []).append(Relative(name=row.name, relation=row.relation, birth_date=born))
    refs = _refs(connection, "customer", ids)
    person = ("id", "use_class", "gender", "birth_on", "birth_calendar", "extra")
    for row in connection.execute(select(*(customer.c[name] for name in person)).where(among(customer.c.id, ids))):
        found[row.id] = attrs.evolve(
            found[row.id],
            use_class=UseClass(row.use_class),
            gender=row.gender,
            birth_date=day(row.birth_on) if row.birth_on else None,
            birth_calendar=BirthCalendar(row.birth_calendar),
            relatives=tuple(family.get(row.id, ())),
            refs=tuple(refs.get(row.id, ())),
            extra=json.loads(row.extra) if row.extra else {},
        )
    return found


def _refs(connection: Connection, entity: str, ids: Collection[int]) -> dict[int, list[ExternalRef]]:
    """What other systems call these things, but for names that were made up."""
    query = select(external_ref).where(
        external_ref.c.entity == entity, among(external_ref.c.id, ids), external_ref.c.derived == 0
    )
    found: dict[int, list[ExternalRef]] = {}
    for row in connection.execute(query.order_by(external_ref.c.system, external_ref.c.key)):
        found.setdefault(row.id, []).append(ExternalRef(system=row.system, entity=entity, key=row.key))
    return found


def vehicles(connection: Connection, person: int) -> list[Vehicle]:
    """The cars in which a customer has a part today."""
    mine = select(vehicle_party.c.vehicle_id).where(
        vehicle_party.c.customer_id == person, vehicle_party.c.end_on.is_(None)
    )
    rows = connection.execute(select(vehicle).where(vehicle.c.id.in_(mine)).order_by(vehicle.c.id)).all()
    refs = _refs(connection, "vehicle", [row.id for row in rows])
    return [values.vehicle(row, refs.get(row.id, ())) for row in rows]


# ------------------------------------------------------------------ what happened, newest first


def visits(connection: Connection, person: int, limit: int) -> list[tuple[datetime, Visit]]:
    """The latest visits of a customer, also those in which he only brought the car, each with when it was."""
    mine = union(
        select(visit.c.id).where(visit.c.customer_id == person),
        select(visit.c.id).where(visit.c.brought_by_id == person),
    )
    query = select(visit, _CAME.label("came")).where(visit.c.id.in_(mine))
    rows = connection.execute(query.order_by(_CAME.desc(), visit.c.id.desc()).limit(limit)).all()
    jobs = _by(connection, visit_line, "visit_id", [row.id for row in rows], "no")
    return [(instant(row.came), values.visit(row, jobs.get(row.id, ()))) for row in rows]


def responses(connection: Connection, person: int, limit: int) -> list[Response]:
    """The latest questionnaires of a customer, with their answers."""
    mine = survey_response.c
    query = select(mine.id).where(mine.customer_id == person)
    return _filled(connection, connection.execute(query.order_by(*_LAST_FILLED).limit(limit)).scalars().all())


def _filled(connection: Connection, ids: Sequence[int]) -> list[Response]:
    found = surveys.load(connection, ids)
    said = _by(connection, survey_answer, "response_id", ids, "question")
    return [attrs.evolve(found[id_], answers=tuple(map(values.answer, said.get(id_, ())))) for id_ in ids]


def texts(connection: Connection, person: int, limit: int) -> list[Text]:
    """The latest texts to a customer."""
    return [values.text(row) for row in _latest(connection, message, message.c.state_at, person, limit)]


def touchpoints(connection: Connection, person: int, limit: int, until: datetime | None = None) -> list[Touchpoint]:
    """The contacts that are or were owed to a customer, those that are due last first; `until`: none that is due later."""
    rows = _latest(connection, touchpoint, touchpoint.c.due_at, person, limit, until)
    return [values.touchpoint(row) for row in rows]


def timeline(connection: Connection, person: int, limit: int, now: datetime) -> list[TimelineEntry]:
    """Everything that has happened with a customer until `now`, the newest first."""
    calls = map(values.call, _latest(connection, attempt, attempt.c.at, person, limit))
    replies = _latest(connection, reply, reply.c.at, person, limit)
    cases = complaints.latest_of(connection, person, limit)
    kinds: tuple[tuple[TimelineKind, Iterable[tuple[datetime, Subject]]], ...] = (
        (TimelineKind.VISIT, visits(connection, person, limit)),
        (TimelineKind.TEXT, ((each.state_at, each) for each in texts(connection, person, limit))),
        (TimelineKind.CALL, ((each.at, each) for each in calls)),
        (TimelineKind.REPLY, ((instant(row.at), values.reply(row)) for row in replies)),
        (TimelineKind.ANSWERS, ((each.completed_at, each) for each in responses(connection, person, limit))),
        (TimelineKind.COMPLAINT, ((each.received_at, each) for each in cases)),
        (TimelineKind.TOUCHPOINT, ((each.due_at, each) for each in touchpoints(connection, person, limit, now))),
    )
    entries = [TimelineEntry(at=at, kind=kind, subject=each) for kind, some in kinds for at, each in some]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def _latest(
    connection: Connection, table: Table, moment: Any, person: int, limit: int, until: datetime | None = None
) -> list[Row[Any]]:
    query = select(table).where(table.c.customer_id == person)
    if until is not None:
        query = query.where(moment <= stamp(until))
    return list(connection.execute(query.order_by(moment.desc(), table.c.id.desc()).limit(limit)))


def _by(connection: Connection, table: Table, key: str, ids: Collection[int], order: str) -> dict[int, list[Row[Any]]]:
    """The rows of `table` that belong to each of `ids`."""
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(select(table).where(among(table.c[key], ids)).order_by(table.c[order])):
        found.setdefault(row._mapping[key], []).append(row)  # noqa: SLF001 - SQLAlchemy's public name for it
    return found


# ------------------------------------------------------------------ by number, and what waits


def filled(connection: Connection, survey: str | None, limit: int) -> list[Response]:
    """The latest questionnaires, of one kind or of all, with their answers."""
    query = select(survey_response.c.id)
    if survey is not None:
        query = query.where(survey_response.c.survey == survey)
    return _filled(connection, connection.execute(query.order_by(*_LAST_FILLED).limit(limit)).scalars().all())


def text(connection: Connection, number: int) -> Text | None:
    """One text."""
    row = connection.execute(select(message).where(message.c.id == number)).one_or_none()
    return None if row is None else values.text(row)


def due(connection: Connection, until: datetime, store: str | None, limit: int) -> list[Touchpoint]:
    """The contacts that somebody owes until then, by due time; what is kept back is not among them."""
    mine = touchpoint.c
    query = select(touchpoint).where(mine.state.in_(("PLANNED", "DUE")), mine.due_at <= stamp(until))
    if store is not None:
        query = query.where(mine.store == store)
    rows = connection.execute(query.order_by(mine.due_at, mine.id).limit(limit))
    return [values.touchpoint(row) for row in rows]
