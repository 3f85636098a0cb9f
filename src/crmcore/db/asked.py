"""Who has answered a questionnaire already, so that nobody is asked the same twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from crmcore.db.among import among
from crmcore.db.columns import stamp
from crmcore.db.schema import survey_response
from crmcore.types.survey import Response

_COMPLETE = (survey_response.c.complete == 1, survey_response.c.valid == 1)


def about(connection: Connection, visits: Collection[int]) -> dict[tuple[int, str], str]:
    """(visit, questionnaire) -> since when it is known that somebody has answered all of it; a stamp."""
    mine = survey_response.c
    query = select(mine.visit_id, mine.survey, func.min(mine.recorded_at).label("known")).where(
        among(mine.visit_id, visits), *_COMPLETE
    )
    rows = connection.execute(query.group_by(mine.visit_id, mine.survey))
    return {(row.visit_id, row.survey): row.known for row in rows}


def by_agencies(connection: Connection, customers: Collection[int], since: datetime) -> dict[int, str]:
    """Who has answered an agency's questions since then -> since when that is known; a stamp."""
    mine = survey_response.c
    query = select(mine.customer_id, func.min(mine.recorded_at).label("known")).where(
        among(mine.customer_id, customers), mine.side == "EXTERNAL", mine.completed_at >= stamp(since), mine.valid == 1
    )
    return {row.customer_id: row.known for row in connection.execute(query.group_by(mine.customer_id))}


def before(connection: Connection, visit: int, response: Response, but: tuple[str, str]) -> bool:
    """Was all of it answered before, to the same side, in another response than `but`, a source and its key?"""
    mine = survey_response.c
    query = select(mine.source, mine.key).where(
        mine.visit_id == visit,
        mine.survey == response.survey,
        mine.side == response.side.value,
        mine.completed_at < stamp(response.completed_at),
        *_COMPLETE,
    )
    return any((row.source, row.key) != but for row in connection.execute(query))
