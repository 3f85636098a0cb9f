"""Who is to be asked, who was asked, and what became of it; an invitation and its text are written together."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, literal, select, union_all, update

from crmcore.db import bulk, messages
from crmcore.db.among import among
from crmcore.db.columns import instant, stamp
from crmcore.db.contact_facts import SPOKEN
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import customer, message, message_event, setting, survey_invitation, survey_response, visit
from crmcore.rules.surveys.cooldown import Asked

_COLUMNS = (
    "id", "survey", "instance", "store", "customer_id", "visit_id", "staff", "token", "state", "created_at", "expires_at", "state_at",
)  # fmt: skip
#: An invitation in one of these states may still be answered.
OPEN = ("PLANNED", "INVITED", "SENT")
_SALT = "survey_salt"


def salt(connection: Connection) -> str:
    """The store's own secret, made when it is first needed; tokens are worked out with it, so it never changes."""
    bulk.insert(connection, setting, ("key", "value"), [(_SALT, secrets.token_hex(24))], ignore=True)
    found: str = connection.execute(select(setting.c.value).where(setting.c.key == _SALT)).scalar_one()
    return found


def hold(connection: Connection) -> None:
    """One process at a time decides whom to ask: two would not see each other's cooldown."""
    take_ids(connection, survey_invitation, 0)


def due(connection: Connection, kind: str, store: str, first: date, last: date) -> list[Row[Any]]:
    """Customers' visits of `kind` handed over from `first` to `last` that nobody has asked about and nobody has answered."""
    person = func.coalesce(visit.c.brought_by_id, visit.c.customer_id)
    asked = select(survey_invitation.c.id).where(survey_invitation.c.visit_id == visit.c.id).exists()
    answered = select(survey_response.c.id).where(survey_response.c.visit_id == visit.c.id).exists()
    query = (
        select(
            visit.c.id, visit.c.store, visit.c.ro_number, visit.c.advisor, visit.c.handed_on, visit.c.injury_accident,
            visit.c.do_not_message, person.label("person"),
        )
        .join(customer, customer.c.id == person)
        .where(
            visit.c.kind == kind, visit.c.store == store, visit.c.handed_on >= first.isoformat(),
            visit.c.handed_on <= last.isoformat(), visit.c.order_type == "CUSTOMER", visit.c.status != "VOID",
            customer.c.merged_into.is_(None), ~asked, ~answered,
        )
        .order_by(visit.c.handed_on.desc(), visit.c.id.desc())
    )  # fmt: skip
    return list(connection.execute(query))


def asked(connection: Connection, ids: Collection[int], since: datetime) -> dict[int, list[Asked]]:
    """When each of these customers was asked or answered since then, by whomever: the dealer, an agency, a caller."""
    when = stamp(since)
    invited = select(
        survey_invitation.c.customer_id, survey_invitation.c.created_at.label("at"), literal(0).label("answered")
    ).where(
        among(survey_invitation.c.customer_id, ids),
        survey_invitation.c.created_at >= when,
        survey_invitation.c.state != "FAILED",
    )
    filled = select(
        survey_response.c.customer_id, survey_response.c.completed_at.label("at"), literal(1).label("answered")
    ).where(among(survey_response.c.customer_id, ids), survey_response.c.completed_at >= when)
    found: dict[int, list[Asked]] = {}
    for row in connection.execute(union_all(invited, filled)):
        found.setdefault(row.customer_id, []).append(Asked(at=instant(row.at), answered=bool(row.answered)))
    return found


def plan(connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime, expires: timedelta) -> None:
    """Mean to invite: from the commit on, a process that dies leaves somebody who is still to be invited, once."""
    times = {"state": "PLANNED", "created_at": stamp(now), "state_at": stamp(now), "expires_at": stamp(now + expires)}
    ids = take_ids(connection, survey_invitation, len(rows))
    values = [{**row, **times, "id": number} for number, row in zip(ids, rows, strict=True)]
    bulk.insert(
        connection, survey_invitation, _COLUMNS, [tuple(row[name] for name in _COLUMNS) for row in values], ignore=True
    )


def planned(connection: Connection, instance: str, limit: int, after: int = 0) -> list[Row[Any]]:
    """Those whom this instance is still to invite, with what their visit was."""
    query = (
        select(survey_invitation, visit.c.ro_number, visit.c.handed_on)
        .outerjoin(visit, visit.c.id == survey_invitation.c.visit_id)
        .where(
            survey_invitation.c.instance == instance,
            survey_invitation.c.state == "PLANNED",
            survey_invitation.c.id > after,
        )
        .order_by(survey_invitation.c.id)
        .limit(limit)
    )
    return list(connection.execute(query))


def invited(connection: Connection, number: int, link: str, text: Mapping[str, Any], now: datetime) -> bool:
    """The vendor knows the token, and our text is queued: both or neither. False when another process was faster."""
    mine = (survey_invitation.c.id == number, survey_invitation.c.state == "PLANNED")
    values = {"state": "INVITED", "link": link, "state_at": stamp(now)}
    if connection.execute(update(survey_invitation).where(*mine).values(values)).rowcount != 1:
        return False
    (text_id,) = take_ids(connection, message, 1)
    times = {"state": "QUEUED", "due_at": stamp(now), "created_at": stamp(now), "state_at": stamp(now)}
    connection.execute(insert(message).values({**text, **times, "id": text_id, "key": secrets.token_hex(12)}))
    (event,) = take_ids(connection, message_event, 1)
    connection.execute(
        insert(message_event).values(id=event, message_id=text_id, at=stamp(now), state="QUEUED", code=None)
    )
    connection.execute(update(survey_invitation).where(survey_invitation.c.id == number).values(message_id=text_id))
    return True


def failed(connection: Connection, number: int, code: str, now: datetime) -> bool:
    """This one is not invited after all; `code` is ours or the vendor's."""
    mine = (survey_invitation.c.id == number, survey_invitation.c.state == "PLANNED")
    values = {"state": "FAILED", "code": code, "state_at": stamp(now)}
    return connection.execute(update(survey_invitation).where(*mine).values(values)).rowcount == 1


def settle(connection: Connection, now: datetime) -> Counter[str]:
    """Bring invitations forward to where their texts are, and end those whose time is over; how many, by their new state."""
    moved: Counter[str] = Counter()
    texts = connection.execute(
        select(survey_invitation.c.id, message.c.state, message.c.code)
        .join(message, message.c.id == survey_invitation.c.message_id)
        .where(
            survey_invitation.c.state == "INVITED",
            message.c.state.in_([*SPOKEN, "REFUSED", "FAILED", "CANCELLED"]),
        )
    ).all()
    for number, state, code in texts:
        after = "SENT" if state in SPOKEN else "FAILED"
        values = {"state": after, "code": None if after == "SENT" else code or state, "state_at": stamp(now)}
        mine = (survey_invitation.c.id == number, survey_invitation.c.state == "INVITED")
        moved[after] += connection.execute(update(survey_invitation).where(*mine).values(values)).rowcount
    late = and_(survey_invitation.c.state.in_(OPEN), survey_invitation.c.expires_at <= stamp(now))
    ended = connection.execute(update(survey_invitation).where(late).values(state="EXPIRED", state_at=stamp(now)))
    moved["EXPIRED"] += ended.rowcount
    return +moved


def by_token(connection: Connection, tokens: Collection[str]) -> dict[str, Row[Any]]:
    """The invitations of these tokens."""
    found = connection.execute(select(survey_invitation).where(among(survey_invitation.c.token, tokens)))
    return {row.token: row for row in found}


def answered(connection: Connection, number: int, *, complete: bool, now: datetime) -> None:
    """The customer has answered, all of it or a part; what was complete stays so."""
    mine = (survey_invitation.c.id == number, survey_invitation.c.state != "COMPLETE")
    state = "COMPLETE" if complete else "PARTIAL"
    values = {"state": state, "code": None, "state_at": stamp(now)}
    connection.execute(update(survey_invitation).where(*mine, survey_invitation.c.state != state).values(values))


def decline(connection: Connection, visit_id: int, survey: str, code: str, now: datetime) -> None:
    """The customer has answered in another way: his invitation asks for nothing any more, and its text does not leave."""
    mine = (survey_invitation.c.visit_id == visit_id, survey_invitation.c.survey == survey)
    query = for_update(select(survey_invitation).where(*mine, survey_invitation.c.state.in_(OPEN)))
    for row in connection.execute(query).all():
        values = {"state": "DECLINED", "code": code, "state_at": stamp(now)}
        connection.execute(update(survey_invitation).where(survey_invitation.c.id == row.id).values(values))
        messages.cancel(connection, message.c.id == row.message_id, code, now)


def counts(connection: Connection) -> dict[tuple[str, str, str], int]:
    """How many invitations there are by survey, instance and state."""
    columns = (survey_invitation.c.survey, survey_invitation.c.instance, survey_invitation.c.state)
    rows = connection.execute(select(*columns, func.count().label("n")).group_by(*columns))
    return {(row.survey, row.instance, row.state): row.n for row in rows}
