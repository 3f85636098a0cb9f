"""What the store knows around a filled questionnaire: whose it is, and what makes it odd."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, or_, select, union, update

from crmcore.db import rows
from crmcore.db.among import among
from crmcore.db.columns import instant, stamp
from crmcore.db.schema import (
    complaint,
    contact_point,
    customer,
    rework,
    staff,
    survey_answer,
    survey_invitation,
    survey_response,
    vehicle,
    visit,
)
from crmcore.types.store import Staff
from crmcore.types.survey import Answer

_VISIT: tuple[Any, ...] = (
    visit.c.id, visit.c.ro_number, visit.c.store, visit.c.customer_id, visit.c.vehicle_id, visit.c.advisor, visit.c.delivered_at,
)  # fmt: skip


def visits(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    """These visits."""
    return {row.id: row for row in connection.execute(select(*_VISIT).where(among(visit.c.id, ids)))}


def orders(connection: Connection, numbers: Collection[str]) -> dict[tuple[str, str], list[Row[Any]]]:
    """The visits with these order numbers, by store and number."""
    found: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in connection.execute(select(*_VISIT).where(among(visit.c.ro_number, numbers), visit.c.status != "VOID")):
        found.setdefault((row.store, row.ro_number), []).append(row)
    return found


def owners(connection: Connection, numbers: Collection[str]) -> dict[str, int]:
    """Whose each number is; one that is nobody's or several people's is left out, since nobody is guessed."""
    found: dict[str, set[int]] = {}
    query = (
        select(contact_point.c.value, contact_point.c.customer_id)
        .join(customer, customer.c.id == contact_point.c.customer_id)
        .where(among(contact_point.c.value, numbers), customer.c.merged_into.is_(None))
    )
    for value, owner in connection.execute(query):
        found.setdefault(value, set()).add(owner)
    return {value: next(iter(ids)) for value, ids in found.items() if len(ids) == 1}


def cars(connection: Connection, vins: Collection[str], plates: Collection[str]) -> dict[str, int]:
    """Vehicles by VIN or plate; a plate that several have is left out."""
    found = {
        row.vin: row.id
        for row in connection.execute(select(vehicle.c.id, vehicle.c.vin).where(among(vehicle.c.vin, vins)))
    }
    query = (
        select(vehicle.c.plate, func.min(vehicle.c.id).label("id"))
        .where(among(vehicle.c.plate, plates))
        .group_by(vehicle.c.plate)
        .having(func.count() == 1)
    )
    return found | {row.plate: row.id for row in connection.execute(query)}


def customer_refs(connection: Connection, system: str, keys: Iterable[str]) -> dict[str, int]:
    """Customers by what the source calls them."""
    statement = "SELECT key, id FROM external_ref WHERE system = {} AND entity = 'customer' AND key {any}"
    return dict(rows.pick(connection, statement, keys, system))


def staff_codes(connection: Connection, more: Sequence[Staff] = ()) -> dict[str, str]:
    """What a source may call a colleague -> the code: the code itself, and the name where only one has it.

    Args:
        more: as configured.
    """
    people = {one.code: one.name for one in more}
    people |= {row.code: row.name for row in connection.execute(select(staff.c.code, staff.c.name))}
    names = list(people.values())
    return {name: code for code, name in people.items() if names.count(name) == 1} | {code: code for code in people}


def unmapped_answers(connection: Connection, source: str) -> list[Row[Any]]:
    """The answers of a source that stand under the name of their item."""
    query = (
        select(survey_answer)
        .join(survey_response, survey_response.c.id == survey_answer.c.response_id)
        .where(survey_response.c.source == source, survey_answer.c.question.like("?%"))
    )
    return list(connection.execute(query))


# ------------------------------------------------------------------ integrity


def staff_phones(connection: Connection, more: Sequence[Staff] = ()) -> frozenset[str]:
    """The numbers of colleagues, also of those who left; `more`: as configured."""
    stored = connection.execute(select(staff.c.phone)).scalars()
    return frozenset(number for number in (*stored, *(one.phone for one in more)) if number)


def phones_of(connection: Connection, customer_id: int | None) -> set[str]:
    """The numbers of a customer."""
    mine = (contact_point.c.customer_id == customer_id, contact_point.c.channel == "PHONE")
    return set(connection.execute(select(contact_point.c.value).where(*mine)).scalars())


def customers_with(connection: Connection, value: str, *, but: int | None) -> int:
    """How many customers other than `but` have this number, or have answered from it."""
    have = (
        select(contact_point.c.customer_id.label("who"))
        .join(customer, customer.c.id == contact_point.c.customer_id)
        .where(contact_point.c.value == value, customer.c.merged_into.is_(None))
    )
    answered = select(survey_response.c.customer_id.label("who")).where(
        survey_response.c.phone == value, survey_response.c.customer_id.is_not(None)
    )
    whoever = union(have, answered).subquery()
    query = select(func.count()).select_from(whoever).where(whoever.c.who != (but or 0))
    found: int = connection.execute(query).scalar_one()
    return found


def of_staff(connection: Connection, code: str, since: datetime, until: datetime) -> list[Row[Any]]:
    """The responses about one colleague in a stretch of time, oldest first."""
    query = select(survey_response.c.id, survey_response.c.survey, survey_response.c.completed_at).where(
        survey_response.c.staff == code,
        survey_response.c.completed_at >= stamp(since),
        survey_response.c.completed_at <= stamp(until),
    )
    return list(connection.execute(query.order_by(survey_response.c.completed_at, survey_response.c.id)))


def answers(connection: Connection, ids: Collection[int]) -> dict[int, list[Answer]]:
    """What was answered, by response."""
    found: dict[int, list[Answer]] = {}
    query = select(survey_answer).where(among(survey_answer.c.response_id, ids))
    for row in connection.execute(query.order_by(survey_answer.c.response_id, survey_answer.c.question)):
        said = Answer(
            question=row.question,
            value=_value(row),
            na=bool(row.na),
            comment=row.comment or "",
            minimum=row.minimum,
            maximum=row.maximum,
        )
        found.setdefault(row.response_id, []).append(said)
    return found


def _value(row: Row[Any]) -> str:
    """The words of the answer; where they were taken away with the customer, its number."""
    if row.value is not None:
        return str(row.value)
    return "" if row.number is None else f"{row.number / 100:g}"


def flag(connection: Connection, ids: Collection[int], code: str) -> int:
    """Mark these responses; returns how many had not the mark yet."""
    query = select(survey_response.c.id, survey_response.c.flags).where(among(survey_response.c.id, ids))
    fresh = [(row.id, json.loads(row.flags)) for row in connection.execute(query) if code not in json.loads(row.flags)]
    for number, known in fresh:
        connection.execute(
            update(survey_response)
            .where(survey_response.c.id == number)
            .values(flags=json.dumps(sorted([*known, code])))
        )
    return len(fresh)


def treated(connection: Connection, kind: str, since: date, until: date, asked_after_days: int) -> list[Row[Any]]:
    """(staff, bad, asked) of each visit handed over in a stretch of time about which somebody could be asked.

    Bad is a visit with a complaint or one that led to rework. One whose customer had a complaint open when he would have been
    asked is left out: then the case's own callback asks, by rule.
    """
    complained = (
        select(complaint.c.id).where(complaint.c.visit_id == visit.c.id, complaint.c.state != "WITHDRAWN").exists()
    )
    returned = (
        select(rework.c.return_visit_id)
        .where(rework.c.original_visit_id == visit.c.id, rework.c.verdict == "REWORK")
        .exists()
    )
    again = visit.alias("again")
    comeback = select(again.c.id).where(
        again.c.comeback == 1, again.c.comeback_of == visit.c.ro_number, again.c.store == visit.c.store,
        visit.c.ro_number != "",
    ).exists()  # fmt: skip
    invited = select(survey_invitation.c.id).where(survey_invitation.c.visit_id == visit.c.id).exists()
    answered = select(survey_response.c.id).where(survey_response.c.visit_id == visit.c.id).exists()
    query: Any = select(
        visit.c.id, visit.c.customer_id, visit.c.handed_on, visit.c.advisor.label("staff"),
        case((or_(complained, returned, comeback), 1), else_=0).label("bad"),
        case((or_(invited, answered), 1), else_=0).label("asked"),
    ).where(
        visit.c.kind == kind, visit.c.order_type == "CUSTOMER", visit.c.status != "VOID", visit.c.advisor.is_not(None),
        visit.c.handed_on >= since.isoformat(), visit.c.handed_on <= until.isoformat(),
    )  # fmt: skip
    found = list(connection.execute(query))
    open_then = _complaining(connection, {row.customer_id for row in found if row.customer_id is not None})
    return [row for row in found if not _excused(row, open_then, asked_after_days)]


def _complaining(connection: Connection, ids: Collection[int]) -> Mapping[int, list[tuple[str, str]]]:
    """When complaints of these customers were open: (from, until) as stored dates."""
    found: dict[int, list[tuple[str, str]]] = {}
    query = select(complaint.c.customer_id, complaint.c.received_at, complaint.c.closed_at)
    mine = and_(among(complaint.c.customer_id, ids), complaint.c.received_at.is_not(None))
    for row in connection.execute(query.where(mine)):
        found.setdefault(row.customer_id, []).append((row.received_at[:10], (row.closed_at or "9999")[:10]))
    return found


def _excused(row: Row[Any], open_then: Mapping[int, list[tuple[str, str]]], after_days: int) -> bool:
    asked_on = date.fromordinal(date.fromisoformat(row.handed_on).toordinal() + after_days).isoformat()
    return any(first <= asked_on <= last for first, last in open_then.get(row.customer_id, ()))


def handed_at(row: Row[Any] | None) -> datetime | None:
    """When the car of this visit was handed over; None where that is not known to the minute."""
    return instant(row.delivered_at) if row is not None and row.delivered_at else None
