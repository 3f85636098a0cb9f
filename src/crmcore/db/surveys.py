"""Filled questionnaires in the database: kept once, merged by item, never shrunk."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select, update

from crmcore.db import bulk
from crmcore.db.columns import stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import survey_answer, survey_response
from crmcore.rules.surveys.reading import number_of
from crmcore.types.survey import Answer, Response

#: What a second coming of the same questionnaire may still tell; what it leaves out stays as it was.
_LATER = (
    "invitation_id",
    "attempt_id",
    "customer_id",
    "visit_id",
    "vehicle_id",
    "staff",
    "department",
    "phone",
    "started_at",
)
_ANSWER = ("response_id", "question", "value", "number", "minimum", "maximum", "na", "comment")


def keep_response(
    connection: Connection,
    response: Response,
    *,
    source: str,
    key: str,
    attempt_id: int | None,
    invitation_id: int | None,
    phone: str | None,
    now: datetime,
    zone: str = "Asia/Shanghai",
    sample_id: str = "",
    department: str | None = None,
) -> int:
    """Keep `response` under (`source`, `key`) and return its id; one that is known takes the new answers on.

    Call it in the transaction that also keeps what follows from the answers. Items merge by question; an answer that is gone
    from a later delivery stays. What a person has decided (`valid`) stays as well.

    Args:
        source: "survey.<instance>" or "callbacks".
        key: the source's own id of this questionnaire; that of the attempt ("A12") for "callbacks".
        phone: E.164, as the respondent gave it.
        zone: of the store, for the month.
    """
    values = _values(response, zone) | {
        "invitation_id": invitation_id, "attempt_id": attempt_id, "phone": phone, "department": department,
    }  # fmt: skip
    known = _known(connection, source, key)
    if known is None:
        (number,) = take_ids(connection, survey_response, 1)
        new = {"id": number, "source": source, "key": key, "sample_id": sample_id, "recorded_at": stamp(now)}
        connection.execute(survey_response.insert().values(**values, **new, valid=int(response.valid)))
    else:
        number = known.id
        connection.execute(
            update(survey_response).where(survey_response.c.id == number).values(**_later(values, known, sample_id))
        )
    _keep_answers(connection, number, response.answers)
    return number


def _known(connection: Connection, source: str, key: str) -> Row[Any] | None:
    named = (survey_response.c.source == source, survey_response.c.key == key)
    return connection.execute(for_update(select(survey_response).where(*named))).one_or_none()


def _values(response: Response, zone: str) -> dict[str, Any]:
    return {
        "survey": response.survey,
        "version": response.version,
        "side": response.side.value,
        "mode": response.mode.value,
        "wave": response.wave,
        "store": response.store,
        "customer_id": id_of(response.customer_id),
        "visit_id": id_of(response.visit_id),
        "vehicle_id": id_of(response.vehicle_id),
        "staff": response.staff,
        "started_at": stamp(response.started_at) if response.started_at else None,
        "completed_at": stamp(response.completed_at),
        "month": response.completed_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m"),
        "complete": int(response.complete),
        "flags": json.dumps(sorted(response.flags)),
    }


def _later(values: dict[str, Any], known: Row[Any], sample_id: str) -> dict[str, Any]:
    before = known._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    merged = {name: before[name] if name in _LATER and value is None else value for name, value in values.items()}
    merged["complete"] = max(values["complete"], known.complete)
    merged["flags"] = json.dumps(sorted({*json.loads(known.flags), *json.loads(values["flags"])}))
    return merged | {"wave": values["wave"] or known.wave, "sample_id": sample_id or known.sample_id}


def _keep_answers(connection: Connection, number: int, answers: Iterable[Answer]) -> None:
    rows = [_answer(number, given) for given in {given.question: given for given in answers}.values()]
    bulk.upsert(connection, survey_answer, _ANSWER, rows, key=_ANSWER[:2], change=_ANSWER[2:])


def _answer(number: int, given: Answer) -> tuple[Any, ...]:
    said = None if given.na else number_of(given.value)
    hundredths = None if said is None else int(said * 100)
    value = None if given.na else given.value
    return (
        number,
        given.question,
        value,
        hundredths,
        given.minimum,
        given.maximum,
        int(given.na),
        given.comment or None,
    )


def id_of(name: str | None) -> int | None:
    """17 for "C17"; ids have letters outside the database."""
    return int(name[1:]) if name else None
