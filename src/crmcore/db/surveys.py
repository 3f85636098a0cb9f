"""Filled questionnaires in the database: kept once, merged by item, never shrunk."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from sqlalchemy import Connection, Row, delete, select, update

from crmcore.db import bulk
from crmcore.db.among import among
from crmcore.db.columns import instant, stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.personal import ERASED
from crmcore.db.schema import correction, survey_answer, survey_response
from crmcore.rules.surveys.reading import number_of
from crmcore.types.survey import Answer, Mode, Response, Side

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


@attrs.frozen
class Kept:
    """A response in the store; `news`: it was new, or brought something that was not known."""

    id: int
    news: bool


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
    more = {
        "invitation_id": invitation_id, "attempt_id": attempt_id, "phone": phone, "department": department,
        "sample_id": sample_id,
    }  # fmt: skip
    return keep(connection, response, source=source, key=key, now=now, zone=zone, more=more).id


def keep(
    connection: Connection,
    response: Response,
    *,
    source: str,
    key: str,
    now: datetime,
    zone: str,
    more: dict[str, Any],
) -> Kept:
    """As `keep_response`, and says whether it brought anything; `more` are columns that a response does not have."""
    values = _values(response, zone) | more
    known = _known(connection, source, key)
    secret = _erased(connection, values["customer_id"] or (known.customer_id if known is not None else None))
    if secret:
        values["phone"] = None
    if known is None:
        (number,) = take_ids(connection, survey_response, 1)
        new = {"id": number, "source": source, "key": key, "recorded_at": stamp(now), "valid": int(response.valid)}
        connection.execute(survey_response.insert().values(**values, **new))
    else:
        number = known.id
        values = _later(values, known)
        connection.execute(update(survey_response).where(survey_response.c.id == number).values(**values))
    changed = known is None or any(known._mapping[name] != value for name, value in values.items())  # noqa: SLF001
    return Kept(number, _keep_answers(connection, number, response.answers, secret=secret) or changed)


def _known(connection: Connection, source: str, key: str) -> Row[Any] | None:
    named = (survey_response.c.source == source, survey_response.c.key == key)
    return connection.execute(for_update(select(survey_response).where(*named))).one_or_none()


def _erased(connection: Connection, customer_id: int | None) -> bool:
    """Was this customer taken away? Then what he said does not come back with the next delivery; the numbers do."""
    mark = (correction.c.entity == "customer", correction.c.entity_id == customer_id, correction.c.field == ERASED)
    return customer_id is not None and connection.execute(select(correction.c.field).where(*mark)).first() is not None


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


def _later(values: dict[str, Any], known: Row[Any]) -> dict[str, Any]:
    before = known._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    merged = {name: before[name] if name in _LATER and value is None else value for name, value in values.items()}
    merged["complete"] = max(values["complete"], known.complete)
    merged["flags"] = json.dumps(sorted({*json.loads(known.flags), *json.loads(values["flags"])}))
    return merged | {"wave": values["wave"] or known.wave, "sample_id": values["sample_id"] or known.sample_id}


def _keep_answers(connection: Connection, number: int, answers: Iterable[Answer], *, secret: bool) -> bool:
    """True when one of them was not known as it is."""
    mine = select(*(survey_answer.c[name] for name in _ANSWER)).where(survey_answer.c.response_id == number)
    known = {row.question: tuple(row) for row in connection.execute(mine)}
    rows = [
        row
        for given in {given.question: given for given in answers}.values()
        if (row := _answer(number, given, secret=secret)) != known.get(given.question)
    ]
    bulk.upsert(connection, survey_answer, _ANSWER, rows, key=_ANSWER[:2], change=_ANSWER[2:])
    return bool(rows)


def load(connection: Connection, ids: Collection[int]) -> dict[int, Response]:
    """Responses as they are kept, without their answers."""
    found = connection.execute(select(survey_response).where(among(survey_response.c.id, ids)))
    return {row.id: _response(row) for row in found}


def _response(row: Row[Any]) -> Response:
    return Response(
        id=f"Q{row.id}",
        survey=row.survey,
        version=row.version,
        side=Side(row.side),
        mode=Mode(row.mode),
        store=row.store,
        customer_id=_name("C", row.customer_id),
        visit_id=_name("R", row.visit_id),
        vehicle_id=_name("V", row.vehicle_id),
        staff=row.staff,
        wave=row.wave,
        started_at=instant(row.started_at) if row.started_at else None,
        completed_at=instant(row.completed_at),
        complete=bool(row.complete),
        valid=bool(row.valid),
        flags=tuple(json.loads(row.flags)),
    )


def _name(letter: str, number: int | None) -> str | None:
    return None if number is None else f"{letter}{number}"


def keep_answer(connection: Connection, number: int, given: Answer, *, instead_of: str) -> None:
    """An answer that stood under another name; one that our question has already is not overwritten."""
    bulk.insert(connection, survey_answer, _ANSWER, [_answer(number, given, secret=False)], ignore=True)
    old = (survey_answer.c.response_id == number, survey_answer.c.question == instead_of)
    connection.execute(delete(survey_answer).where(*old))


def _answer(number: int, given: Answer, *, secret: bool) -> tuple[Any, ...]:
    said = None if given.na else number_of(given.value)
    hundredths = None if said is None else int(said * 100)
    value = None if given.na or secret else given.value
    comment = None if secret else given.comment or None
    return (number, given.question, value, hundredths, given.minimum, given.maximum, int(given.na), comment)


def id_of(name: str | None) -> int | None:
    """17 for "C17"; ids have letters outside the database."""
    return int(name[1:]) if name else None
