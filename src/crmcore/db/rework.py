"""Repair orders as the register of rework needs them: by car, with their jobs and what customers said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, or_, select

from crmcore.db import bulk
from crmcore.db.among import among, paged
from crmcore.db.columns import day, instant, stamp
from crmcore.db.schema import complaint, rework, survey_answer, survey_response, visit, visit_line
from crmcore.rules.rework import Job, Order, ReworkPolicy
from crmcore.rules.worktime import local

_VERDICT = (
    "return_visit_id",
    "return_line",
    "original_visit_id",
    "original_line",
    "verdict",
    "cause",
    "responsible",
    "confirmed_by",
    "confirmed_at",
)


def cars(
    connection: Connection, policy: ReworkPolicy, since: date, until: date, *, store: str, zone: str
) -> Iterator[list[Order]]:
    """The orders of each car that was in the shop of `store` from `since` to `until`: paid by customers, and not void."""
    repaired = connection.execute(_orders(policy, since, until, store)).all()
    numbers = [row.id for row in repaired]
    jobs = _jobs(connection, numbers)
    for _, group in groupby(repaired, key=lambda row: row.vehicle_id):
        yield [_order(row, jobs.get(row.id, ()), zone) for row in group]


def _orders(policy: ReworkPolicy, since: date, until: date, store: str) -> Any:
    """Orders by car and opening: an original counts by its hand-over, a return by its opening, whenever it is handed over."""
    day_ = timedelta(days=1)  # openings are instants in UTC, the days are the store's
    opened = visit.c.opened_at
    still_here = and_(visit.c.handed_on.is_(None), opened >= (since - day_).isoformat())
    return (
        select(visit, _claimed(policy).label("claimed"), exists(_answered(policy)).label("asked"))
        .where(
            visit.c.kind == "SERVICE",
            visit.c.order_type == "CUSTOMER",
            visit.c.status != "VOID",
            visit.c.store == store,
            visit.c.vehicle_id.is_not(None),
            opened.is_not(None),
            opened < (until + 2 * day_).isoformat(),
            or_(visit.c.handed_on >= since.isoformat(), still_here),
        )
        .order_by(visit.c.vehicle_id, visit.c.opened_at, visit.c.id)
    )


def _claimed(policy: ReworkPolicy) -> ColumnElement[bool]:
    """Has the customer said that it was not fixed, in a complaint or in an answer?"""
    said_no = _answered(policy).where(survey_answer.c.number == 0)
    complained = select(complaint.c.id).where(
        complaint.c.visit_id == visit.c.id, complaint.c.category.in_(policy.claims), complaint.c.state != "WITHDRAWN"
    )
    return or_(exists(said_no), exists(complained))


def _answered(policy: ReworkPolicy) -> Select[Any]:
    """Valid answers to whether it was fixed; "does not apply" is none."""
    return (
        select(survey_response.c.id)
        .join(survey_answer, survey_answer.c.response_id == survey_response.c.id)
        .where(
            survey_response.c.visit_id == visit.c.id,
            survey_response.c.valid == 1,
            survey_answer.c.question == policy.question,
            survey_answer.c.number.is_not(None),
        )
    )


def _jobs(connection: Connection, visits: Collection[int]) -> dict[int, tuple[Job, ...]]:
    found: dict[int, list[Job]] = {}
    for row in paged(
        connection,
        visits,
        lambda block: (
            select(visit_line)
            .where(among(visit_line.c.visit_id, block))
            .order_by(visit_line.c.visit_id, visit_line.c.no)
        ),
    ):
        found.setdefault(row.visit_id, []).append(
            Job(
                no=row.no,
                name=row.op_name or "",
                complaint=row.complaint or "",
                op_code=row.op_code or "",
                fault_code=row.fault_code or "",
                hours=row.hours,
            )
        )
    return {number: tuple(jobs) for number, jobs in found.items()}


def _order(row: Row[Any], jobs: tuple[Job, ...], zone: str) -> Order:
    return Order(
        id=row.id,
        number=row.ro_number,
        opened_on=local(instant(row.opened_at), zone).date(),
        handed_on=day(row.handed_on) if row.handed_on else None,
        km=row.km_in,
        comeback=None if row.comeback is None else bool(row.comeback),
        comeback_of=row.comeback_of or "",
        claimed=True if row.claimed else (False if row.asked else None),
        jobs=jobs,
    )


def named(connection: Connection, visits: Collection[int]) -> list[Row[Any]]:
    """Id, order number and advisor of visits."""
    query = select(visit.c.id, visit.c.ro_number, visit.c.advisor).where(visit.c.id.in_(visits))
    return list(connection.execute(query))


def by_number(connection: Connection, ro_number: str) -> list[int]:
    """The repair orders of this number; more than one where two stores count alike."""
    query = select(visit.c.id).where(visit.c.ro_number == ro_number, visit.c.kind == "SERVICE").order_by(visit.c.id)
    return list(connection.execute(query).scalars())


def verdicts(connection: Connection, visits: Collection[int]) -> list[Row[Any]]:
    """What people have decided about returns."""
    return list(connection.execute(select(rework).where(rework.c.return_visit_id.in_(visits))))


def decide(
    connection: Connection,
    returned: int,
    *,
    original: int | None,
    is_rework: bool,
    cause: str | None,
    responsible: str | None,
    by: str,
    now: datetime,
) -> None:
    """Keep what a person says about a return; saying it again replaces it."""
    verdict = "REWORK" if is_rework else "NOT_REWORK"
    row = (returned, "", original, "", verdict, cause, responsible, by, stamp(now))
    bulk.upsert(connection, rework, _VERDICT, [row], key=_VERDICT[:2], change=_VERDICT[2:])
