"""Improvement actions and meetings: what is to be mended, what became of it, and who sat together about it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from crmcore.db import bulk, scores
from crmcore.db.columns import stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import (
    action_complaint,
    complaint,
    improvement_action,
    meeting,
    meeting_action,
    survey_response,
)

action = improvement_action.c
#: Waves are told apart by the agency's name for them, else by the month.
_WAVE: ColumnElement[str] = func.coalesce(func.nullif(survey_response.c.wave, ""), survey_response.c.month)


@attrs.frozen(kw_only=True)
class Wave(scores.Scope):
    """The responses of one wave; `staff`: only those about this colleague's work."""

    wave: str
    staff: str = ""

    def where(self) -> ColumnElement[bool]:
        """The condition on responses."""
        responses = survey_response.c
        mine: list[ColumnElement[bool]] = [responses.survey == self.survey, _WAVE.in_([self.wave])]
        mine += [responses.valid == 1, responses.complete == 1]
        mine += [responses.store.in_(self.stores)] if self.stores else []
        mine += [responses.side == self.side] if self.side else []
        mine += [responses.staff == self.staff] if self.staff else []
        return and_(*mine)


def wave_of(survey: str, wave: str, *, store: str, side: str = "", staff: str = "") -> Wave:
    """The scope of one wave; "" for side or staff: both, all."""
    return Wave(survey=survey, wave=wave, side=side, staff=staff, stores=(store,), before="", since="", until="")


def waves(connection: Connection, survey: str, *, store: str, side: str = "") -> list[str]:
    """The waves that are known, oldest first."""
    responses = survey_response.c
    query = select(_WAVE).where(responses.survey == survey, responses.store == store).distinct().order_by(_WAVE)
    return list(connection.execute(query.where(responses.side == side) if side else query).scalars())


def add_action(connection: Connection, values: Mapping[str, Any], cases: Collection[int], now: datetime) -> int:
    """Keep a new action, with the cases it comes from; returns its id."""
    (number,) = take_ids(connection, improvement_action, 1)
    connection.execute(
        improvement_action.insert().values(id=number, created_at=stamp(now), updated_at=stamp(now), **values)
    )
    bulk.insert(
        connection, action_complaint, ("action_id", "complaint_id"), [(number, case) for case in dict.fromkeys(cases)]
    )
    return number


def known_cases(connection: Connection, cases: Collection[int]) -> set[int]:
    """Those of `cases` that exist."""
    return set(connection.execute(select(complaint.c.id).where(complaint.c.id.in_(cases))).scalars())


def actions(
    connection: Connection, *, states: Collection[str] = (), numbers: Collection[int] | None = None, store: str = ""
) -> list[Row[Any]]:
    """Actions, the most urgent first."""
    query = select(improvement_action).order_by(action.priority, action.due_on, action.id)
    if states:
        query = query.where(action.status.in_(states))
    if numbers is not None:
        query = query.where(action.id.in_(numbers))
    return list(connection.execute(query.where(action.store == store) if store else query))


def locked(connection: Connection, number: int) -> Row[Any] | None:
    """One action, nobody else's until the transaction ends."""
    return connection.execute(for_update(select(improvement_action).where(action.id == number))).one_or_none()


def to_measure(connection: Connection) -> list[Row[Any]]:
    """Actions that came out of a wave, are under way or done, and have not been measured."""
    query = select(improvement_action).where(
        action.wave != "", action.survey != "", action.result_wave == "", action.status.in_(["DOING", "DONE"])
    )
    return list(connection.execute(for_update(query.order_by(action.id))))


def change(connection: Connection, number: int, now: datetime, **values: Any) -> None:
    """Set what is known anew of an action."""
    connection.execute(update(improvement_action).where(action.id == number).values(updated_at=stamp(now), **values))


def cases_of(connection: Connection, numbers: Collection[int]) -> dict[int, list[int]]:
    """The complaints each action comes from."""
    found: dict[int, list[int]] = {}
    query = select(action_complaint).where(action_complaint.c.action_id.in_(numbers))
    for row in connection.execute(query.order_by(action_complaint.c.complaint_id)):
        found.setdefault(row.action_id, []).append(row.complaint_id)
    return found


def add_meeting(
    connection: Connection, values: Mapping[str, Any], attendees: Sequence[str], linked: Collection[int], now: datetime
) -> int:
    """Keep the record of a meeting with the actions it decided or went through; returns its id."""
    (number,) = take_ids(connection, meeting, 1)
    said = json.dumps(list(attendees), ensure_ascii=False)
    connection.execute(meeting.insert().values(id=number, attendees=said, recorded_at=stamp(now), **values))
    bulk.insert(connection, meeting_action, ("meeting_id", "action_id"), [(number, each) for each in linked])
    return number


def meetings(
    connection: Connection, *, kind: str = "", store: str = "", numbers: Collection[int] | None = None, limit: int = 200
) -> list[Row[Any]]:
    """Records, the latest first."""
    query = select(meeting).order_by(meeting.c.held_on.desc(), meeting.c.id.desc()).limit(limit)
    query = query.where(meeting.c.kind == kind) if kind else query
    query = query if numbers is None else query.where(meeting.c.id.in_(numbers))
    return list(connection.execute(query.where(meeting.c.store == store) if store else query))


def actions_of(connection: Connection, numbers: Collection[int]) -> dict[int, list[int]]:
    """The actions of each meeting."""
    found: dict[int, list[int]] = {}
    query = select(meeting_action).where(meeting_action.c.meeting_id.in_(numbers))
    for row in connection.execute(query.order_by(meeting_action.c.action_id)):
        found.setdefault(row.meeting_id, []).append(row.action_id)
    return found


def cases_between(connection: Connection, store: str, since: str, until: str) -> list[Row[Any]]:
    """Our own cases of a store that were received or closed from `since` to `until` (exclusive, stored instants)."""
    c = complaint.c
    received = and_(c.received_at >= since, c.received_at < until)
    closed = and_(c.closed_at >= since, c.closed_at < until)
    query = select(complaint).where(c.store == store, c.origin == "CRM", or_(received, closed))
    return list(connection.execute(query.order_by(c.received_at, c.id)))
