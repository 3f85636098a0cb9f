"""Surveys for a person to look at: how much there is of each, responses with what is odd about them, and the word on one."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from crmcore.db.columns import stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import audit, survey_answer, survey_response


def response_counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many responses there are by survey and source."""
    columns = (survey_response.c.survey, survey_response.c.source)
    rows = connection.execute(select(*columns, func.count().label("n")).group_by(*columns))
    return {(row.survey, row.source): row.n for row in rows}


def unmapped(connection: Connection) -> dict[str, dict[str, int]]:
    """Items that stand for none of our questions, by source: item -> how many answers."""
    query = (
        select(survey_response.c.source, survey_answer.c.question, func.count().label("n"))
        .join(survey_response, survey_response.c.id == survey_answer.c.response_id)
        .where(survey_answer.c.question.like("?%"))
        .group_by(survey_response.c.source, survey_answer.c.question)
        .order_by(survey_response.c.source, survey_answer.c.question)
    )
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.source, {})[row.question.removeprefix("?")] = row.n
    return found


def responses(
    connection: Connection,
    *,
    survey: str | None = None,
    flagged: bool = False,
    flag: str | None = None,
    limit: int = 200,
) -> list[Row[Any]]:
    """Responses, the newest first, with the number of their answers."""
    answers = select(func.count()).where(survey_answer.c.response_id == survey_response.c.id).scalar_subquery()
    query = select(survey_response, answers.label("answers"))
    if survey is not None:
        query = query.where(survey_response.c.survey == survey)
    if flagged:
        query = query.where(survey_response.c.flags != "[]")
    if flag is not None:
        query = query.where(survey_response.c.flags.contains(json.dumps(flag), autoescape=True))
    order = (survey_response.c.completed_at.desc(), survey_response.c.id.desc())
    return list(connection.execute(query.order_by(*order).limit(limit)))


def judge(connection: Connection, number: int, *, valid: bool, why: str, by: str, now: datetime) -> bool | None:
    """A person's word on one response, with its reason in the audit; False when it was so already, None when there is none."""
    mine = survey_response.c.id == number
    known = connection.execute(for_update(select(survey_response.c.valid).where(mine))).scalar_one_or_none()
    if known is None or bool(known) == valid:
        return None if known is None else False
    connection.execute(update(survey_response).where(mine).values(valid=int(valid)))
    (entry,) = take_ids(connection, audit, 1)
    connection.execute(
        audit.insert().values(
            id=entry,
            at=stamp(now),
            who=by,
            verb="include" if valid else "exclude",
            entity="survey_response",
            entity_id=number,
            detail=json.dumps({"why": why}, ensure_ascii=False) if why else None,
        )
    )
    return True
