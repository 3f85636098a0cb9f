"""Attempts to reach somebody: the calls they are about, what is known of them, and the row that is kept of each."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select, update

from crmcore.db.among import among
from crmcore.db.columns import stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import (
    attempt,
    complaint,
    contact_point,
    customer,
    opt_out,
    survey_answer,
    survey_response,
    touchpoint,
    visit,
)
from crmcore.db.touchpoints import OPEN
from crmcore.types.complaint import ENDED


def calls(connection: Connection, touchpoints: Collection[int]) -> dict[int, Row[Any]]:
    """The touchpoints of these numbers with whose and what they are."""
    return {row.id: row for row in connection.execute(_call().where(among(touchpoint.c.id, touchpoints)))}


def call(connection: Connection, number: int) -> Row[Any] | None:
    """One of `calls`, locked until the transaction ends."""
    connection.execute(for_update(select(touchpoint.c.id).where(touchpoint.c.id == number))).all()
    return connection.execute(_call().where(touchpoint.c.id == number)).one_or_none()


def _call() -> Select[Any]:
    return (
        select(
            touchpoint,
            customer.c.name,
            customer.c.advisor.label("customer_advisor"),
            visit.c.advisor,
            visit.c.kind.label("visit_kind"),
        )
        .join(customer, customer.c.id == touchpoint.c.customer_id)
        .outerjoin(visit, visit.c.id == touchpoint.c.visit_id)
    )


def riders(connection: Connection, touchpoints: Collection[int]) -> dict[int, list[str]]:
    """The rules of what rides on each of these calls, or rode on it until it was done."""
    rows = connection.execute(
        select(touchpoint.c.bundled_into, touchpoint.c.rule)
        .where(among(touchpoint.c.bundled_into, touchpoints))
        .order_by(touchpoint.c.id)
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.bundled_into, []).append(row.rule)
    return found


def of_call(connection: Connection, touchpoints: Collection[int]) -> dict[int, list[Row[Any]]]:
    """What was tried for each of these calls, in order of the calls."""
    found: dict[int, list[Row[Any]]] = {}
    query = select(attempt).where(among(attempt.c.touchpoint_id, touchpoints)).order_by(attempt.c.at, attempt.c.id)
    for row in connection.execute(query):
        found.setdefault(row.touchpoint_id, []).append(row)
    return found


def answers(connection: Connection, number: int) -> dict[str, str]:
    """What was answered in one attempt: "aftersales.OVERALL" -> "9"."""
    rows = connection.execute(
        select(survey_response.c.survey, survey_answer.c.question, survey_answer.c.value)
        .join(survey_answer, survey_answer.c.response_id == survey_response.c.id)
        .where(survey_response.c.attempt_id == number)
    )
    return {f"{row.survey}.{row.question}": row.value for row in rows}


def keep(connection: Connection, **values: Any) -> int:
    """Keep one attempt; returns its id."""
    (number,) = take_ids(connection, attempt, 1)
    connection.execute(insert(attempt).values(id=number, **values))
    return number


def known(connection: Connection, fingerprint: str) -> bool:
    """Was this row of a file taken before?"""
    query = select(attempt.c.id).where(attempt.c.fingerprint == fingerprint)
    return connection.execute(query).first() is not None


# ------------------------------------------------------------------ numbers


def numbers(connection: Connection, person: int) -> list[Row[Any]]:
    """The numbers of a customer that can be dialled or could, the one to dial first in front; `refused` where it said no."""
    refuses = and_(opt_out.c.value == contact_point.c.value, opt_out.c.channel == "PHONE", opt_out.c.until.is_(None))
    return list(
        connection.execute(
            select(
                contact_point.c.id,
                contact_point.c.value,
                contact_point.c.state,
                opt_out.c.value.is_not(None).label("refused"),
            )
            .outerjoin(opt_out, refuses)
            .where(contact_point.c.customer_id == person, contact_point.c.channel == "PHONE")
            .order_by(contact_point.c.preferred.desc(), contact_point.c.state.desc(), contact_point.c.id)
        )
    )


def judge(connection: Connection, number: int, state: str, now: datetime) -> None:
    """What a call has shown of a number; one that is out of service is so for everybody who has it."""
    value = select(contact_point.c.value).where(contact_point.c.id == number).scalar_subquery()
    whose = contact_point.c.value == value if state == "NOT_IN_SERVICE" else contact_point.c.id == number
    connection.execute(update(contact_point).where(whose).values(state=state, state_at=stamp(now)))


def touch(connection: Connection, person: int, now: datetime) -> None:
    """The next plan shall look at what is owed to this customer."""
    connection.execute(update(customer).where(customer.c.id == person).values(updated_at=stamp(now)))


# ------------------------------------------------------------------ what came between


def since(connection: Connection, person: int, at: datetime | None) -> list[str]:
    """What the clerk could not know: an opt-out or a complaint that came after `at` (None: any that stands)."""
    moment = "" if at is None else stamp(at)
    said_no = (
        select(opt_out.c.value)
        .join(contact_point, contact_point.c.value == opt_out.c.value)
        .where(contact_point.c.customer_id == person, opt_out.c.until.is_(None), opt_out.c.since > moment)
    )
    came = func.coalesce(complaint.c.recorded_at, complaint.c.received_at, complaint.c.updated_at)
    complains = select(complaint.c.id).where(
        complaint.c.customer_id == person,
        complaint.c.state.not_in([state.value for state in ENDED]),
        came > moment,
    )
    found = [("OPTED_OUT_SINCE", said_no), ("COMPLAINT_SINCE", complains)]
    return [code for code, query in found if connection.execute(query).first() is not None]


# ------------------------------------------------------------------ what follows for the touchpoint


def postpone(
    connection: Connection, row: Row[Any], values: dict[str, Any], told: dict[str, Any], now: datetime
) -> None:
    """Another time for an open call; `told` stands in its explanation, which the next plan keeps to."""
    said = {**json.loads(row.explanation), **told}
    said.setdefault("first_due", row.due_at)
    said.setdefault("first_expires", row.expires_at)
    connection.execute(
        update(touchpoint)
        .where(touchpoint.c.id == row.id, touchpoint.c.state.in_(OPEN))
        .values(**values, explanation=json.dumps(said, ensure_ascii=False), updated_at=stamp(now))
    )


def riding(connection: Connection, number: int) -> list[int]:
    """What is open and rides on a call."""
    query = select(touchpoint.c.id).where(touchpoint.c.bundled_into == number, touchpoint.c.state.in_(OPEN))
    return list(connection.execute(query).scalars())


# ------------------------------------------------------------------ looking


def notes(connection: Connection, names: Collection[str], after: datetime) -> list[Row[Any]]:
    """What was noted for an advisor (by code or name) in calls since `after`, newest first; everybody's without names."""
    query = (
        select(
            attempt.c.id,
            attempt.c.at,
            attempt.c.staff,
            attempt.c.note,
            attempt.c.customer_id,
            attempt.c.touchpoint_id,
            customer.c.name,
            func.coalesce(visit.c.advisor, customer.c.advisor).label("advisor"),
        )
        .join(customer, customer.c.id == attempt.c.customer_id)
        .outerjoin(touchpoint, touchpoint.c.id == attempt.c.touchpoint_id)
        .outerjoin(visit, visit.c.id == touchpoint.c.visit_id)
        .where(attempt.c.note.is_not(None), attempt.c.at > stamp(after))
        .order_by(attempt.c.at.desc(), attempt.c.id.desc())
    )
    if names:
        query = query.where(
            or_(visit.c.advisor.in_(names), and_(visit.c.advisor.is_(None), customer.c.advisor.in_(names)))
        )
    return list(connection.execute(query))
