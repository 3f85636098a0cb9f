"""What calls came to, for the analysis of invalid callbacks: one light row a call, and where the data of a customer came from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from crmcore.db.among import among, paged
from crmcore.db.schema import attempt, complaint, customer, external_ref, message, proposal, touchpoint, visit


def made(connection: Connection, stores: Collection[str], since: str, before: str) -> list[Row[Any]]:
    """Every call of these stores made in [since, before), by its time; the second callback of a complaint is one too."""
    columns = select(
        attempt.c.id,
        attempt.c.customer_id,
        attempt.c.contact_point_id,
        attempt.c.at,
        attempt.c.recorded_at,
        attempt.c.staff,
        attempt.c.outcome,
        attempt.c.result,
        func.coalesce(visit.c.advisor, customer.c.advisor).label("advisor"),
    )
    return list(
        connection.execute(
            _calls(columns)
            .outerjoin(visit, visit.c.id == touchpoint.c.visit_id)
            .where(attempt.c.at >= since, attempt.c.at < before, _store().in_(stores))
            .order_by(attempt.c.at, attempt.c.id)
        )
    )


def sources(connection: Connection, customers: Collection[int]) -> dict[int, str]:
    """The system each customer came from; of several, one that has a key of its own for him, then the first by name."""

    def query(block: list[int]) -> Select[Any]:
        return (
            select(external_ref.c.id, external_ref.c.system)
            .where(external_ref.c.entity == "customer", among(external_ref.c.id, block))
            .order_by(external_ref.c.id, external_ref.c.derived.desc(), external_ref.c.system.desc())
        )

    return {row.id: row.system for row in paged(connection, customers, query)}  # the last one written wins


def given_up(connection: Connection, stores: Collection[str], since: str, before: str) -> int:
    """How many callbacks ended in [since, before) because nobody was reached."""
    return _count(
        connection,
        select(func.count())
        .select_from(touchpoint)
        .where(
            touchpoint.c.state == "SKIPPED",
            touchpoint.c.reason == "GIVEN_UP",
            touchpoint.c.updated_at >= since,
            touchpoint.c.updated_at < before,
            touchpoint.c.store.in_(stores),
        ),
    )


def texts_instead(connection: Connection, stores: Collection[str], template: str, since: str, before: str) -> int:
    """How many texts were queued in [since, before) in the place of a call."""
    return _count(
        connection,
        select(func.count())
        .select_from(message)
        .where(
            message.c.template == template,
            message.c.created_at >= since,
            message.c.created_at < before,
            message.c.state != "CANCELLED",
            message.c.store.in_(stores),
        ),
    )


def waiting_numbers(connection: Connection, stores: Collection[str]) -> int:
    """How many numbers that a call has found wrong or dead wait for a better one, of customers whom these stores have called."""
    called = _calls(select(attempt.c.customer_id)).where(_store().in_(stores))
    return _count(
        connection,
        select(func.count())
        .select_from(proposal)
        .where(
            proposal.c.kind == "CONTACT",
            proposal.c.source == "callbacks",
            proposal.c.state == "PENDING",
            proposal.c.entity_id.in_(called),
        ),
    )


def _calls(query: Select[Any]) -> Select[Any]:
    """The calls with what each was about."""
    return (
        query.select_from(attempt)
        .join(customer, customer.c.id == attempt.c.customer_id)
        .outerjoin(touchpoint, touchpoint.c.id == attempt.c.touchpoint_id)
        .outerjoin(complaint, complaint.c.id == attempt.c.complaint_id)
        .where(attempt.c.channel == "PHONE")
    )


def _store() -> ColumnElement[str]:
    """The store that made a call."""
    return func.coalesce(touchpoint.c.store, complaint.c.store, customer.c.home_store)


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())
