"""The figures of the daily report, one statement each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from crmcore.db.columns import stamp
from crmcore.db.schema import (
    complaint,
    complaint_clock,
    customer,
    message,
    proposal,
    reject,
    reply,
    source,
    survey_response,
    touchpoint,
)
from crmcore.types.complaint import ENDED, Origin


def sources(connection: Connection) -> list[Row[Any]]:
    """Each source with the time of its last pull and its open rejects."""
    open_rejects = (
        select(reject.c.source_id, func.count().label("n")).where(reject.c.state == "OPEN").group_by(reject.c.source_id)
    ).subquery()
    return list(
        connection.execute(
            select(source.c.name, source.c.pulled_at, func.coalesce(open_rejects.c.n, 0).label("rejects"))
            .outerjoin(open_rejects, open_rejects.c.source_id == source.c.id)
            .where(source.c.retired == 0)
            .order_by(source.c.name)
        )
    )


def texts(connection: Connection, since: datetime) -> list[Row[Any]]:
    """(rule, state, n) of the texts whose state changed since `since`, and of all that still wait."""
    waiting = message.c.state.in_(["QUEUED", "HELD", "SENDING", "UNKNOWN", "NEEDS_REVIEW"])
    return list(
        connection.execute(
            select(message.c.template, message.c.state, func.count().label("n"))
            .where((message.c.state_at >= stamp(since)) | waiting)
            .group_by(message.c.template, message.c.state)
            .order_by(message.c.template, message.c.state)
        )
    )


def stopped_texts(connection: Connection, since: datetime, limit: int) -> list[Row[Any]]:
    """Texts that did not go: held, refused, failed, expired or in doubt, each with its reason."""
    return list(
        connection.execute(
            select(
                message.c.id,
                message.c.template,
                message.c.state,
                message.c.code,
                message.c.due_at,
                message.c.value,
                customer.c.name,
            )
            .join(customer, customer.c.id == message.c.customer_id)
            .where(
                message.c.state.in_(["HELD", "REFUSED", "FAILED", "EXPIRED", "UNKNOWN", "NEEDS_REVIEW"]),
                message.c.state_at >= stamp(since),
            )
            .order_by(message.c.state, message.c.id)
            .limit(limit)
        )
    )


def stopped_touchpoints(connection: Connection, since: datetime, limit: int) -> list[Row[Any]]:
    """Touchpoints that were suppressed, cancelled or expired, each with its reason."""
    return list(
        connection.execute(
            select(
                touchpoint.c.id,
                touchpoint.c.rule,
                touchpoint.c.state,
                touchpoint.c.reason,
                touchpoint.c.due_at,
                customer.c.name,
            )
            .join(customer, customer.c.id == touchpoint.c.customer_id)
            .where(
                touchpoint.c.state.in_(["SUPPRESSED", "CANCELLED", "EXPIRED"]), touchpoint.c.updated_at >= stamp(since)
            )
            .order_by(touchpoint.c.state, touchpoint.c.rule, touchpoint.c.id)
            .limit(limit)
        )
    )


def open_rejects(connection: Connection, limit: int) -> list[Row[Any]]:
    """Source rows that wait to be mended."""
    return list(
        connection.execute(
            select(reject.c.id, reject.c.at, reject.c.column, reject.c.shape, reject.c.reason, reject.c.catalog)
            .where(reject.c.state == "OPEN")
            .order_by(reject.c.source_id, reject.c.id)
            .limit(limit)
        )
    )


def ahead(connection: Connection, now: datetime, until: datetime) -> list[Row[Any]]:
    """(rule, due_at) of what is planned between `now` and `until`."""
    return list(
        connection.execute(
            select(touchpoint.c.rule, touchpoint.c.due_at, touchpoint.c.channel)
            .where(
                touchpoint.c.state.in_(["PLANNED", "DUE"]),
                touchpoint.c.due_at > stamp(now),
                touchpoint.c.due_at <= stamp(until),
                touchpoint.c.bundled_into.is_(None),
            )
            .order_by(touchpoint.c.due_at)
        )
    )


def waiting(connection: Connection) -> dict[str, int]:
    """How much waits for a person: replies and proposals."""
    replies = connection.execute(select(func.count()).select_from(reply).where(reply.c.state == "WAITING")).scalar_one()
    proposals = connection.execute(
        select(func.count()).select_from(proposal).where(proposal.c.state == "PENDING")
    ).scalar_one()
    return {"replies": replies, "proposals": proposals}


def voices(connection: Connection, now: datetime, since: datetime) -> dict[str, int]:
    """Open complaints of our own, those of them that are late, and questionnaires filled in since `since`."""
    ours = (complaint.c.origin == Origin.CRM.value, complaint.c.state.not_in([state.value for state in ENDED]))
    clock = complaint_clock.c
    running = (clock.complaint_id == complaint.c.id, clock.round == complaint.c.round, clock.stopped_at.is_(None))
    overdue = exists().where(*running, clock.due_at < stamp(now))
    asked = {
        "complaints": select(func.count()).select_from(complaint).where(*ours),
        "complaints_late": select(func.count()).select_from(complaint).where(*ours, overdue),
        "answers": select(func.count())
        .select_from(survey_response)
        .where(survey_response.c.completed_at >= stamp(since)),
    }
    return {name: connection.execute(query).scalar_one() for name, query in asked.items()}
