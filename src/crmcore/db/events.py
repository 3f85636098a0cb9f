"""What has happened, read from the tables that are only ever added to; there is no second bookkeeping.

Every row of them has a number from `engine.take_ids`, whose lock is held until the commit: within one table the order of the
numbers is the order of the commits, and no number comes to light below one that was seen. So a cursor is the last number of each
table, and needs no memory here of who reads.
"""

from __future__ import annotations

import heapq
import itertools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from sqlalchemy import Connection, Row, Select, select

from crmcore.db.columns import instant
from crmcore.db.schema import (
    attempt,
    audit,
    complaint,
    complaint_event,
    message,
    message_event,
    next_id,
    reply,
    survey_response,
    touchpoint,
)
from crmcore.errors import UsageError
from crmcore.types.complaint import ClockKind, ComplaintState, EventKind
from crmcore.types.contact import AttemptOutcome, MessageClass, MessageState
from crmcore.types.customer import Channel
from crmcore.types.event import (
    AnswersCame,
    CallMade,
    CaseMoved,
    CaseOpened,
    ContactMoved,
    Event,
    FileChanged,
    ReplyCame,
    RungClimbed,
    TextMoved,
)
from crmcore.types.store import Role
from crmcore.types.survey import Mode, Side

#: Letter of a table in cursors and ids of events -> the last number that was read of it.
Position = dict[str, int]
_CURSOR = re.compile(r"[a-z][0-9]{1,18}(?:\.[a-z][0-9]{1,18})*", re.ASCII)
_OF_FILES = {"customer": "C", "vehicle": "V", "visit": "R", "survey_response": "Q"}


# ------------------------------------------------------------------ rows into events


def _text(row: Row[Any]) -> Event:
    return TextMoved(
        id=f"m{row.id}",
        at=instant(row.recorded_at),
        recorded_at=instant(row.recorded_at),
        message_id=f"M{row.message_id}",
        customer_id=f"C{row.customer_id}",
        touchpoint_id=_name("T", row.touchpoint_id),
        store=row.store,
        template=row.template,
        message_class=MessageClass(row.message_class),
        state=MessageState(row.state),
        reason=row.code,
    )


def _reply(row: Row[Any]) -> Event:
    return ReplyCame(
        id=f"i{row.id}",
        at=instant(row.at),
        recorded_at=instant(row.recorded_at),
        reply_id=f"I{row.id}",
        customer_id=_name("C", row.customer_id),
        account=row.account,
        opted_out=row.word is not None,
    )


def _call(row: Row[Any]) -> Event:
    return CallMade(
        id=f"a{row.id}",
        at=instant(row.at),
        recorded_at=instant(row.recorded_at),
        attempt_id=f"A{row.id}",
        customer_id=f"C{row.customer_id}",
        touchpoint_id=_name("T", row.touchpoint_id),
        complaint_id=_name("K", row.complaint_id),
        staff=row.staff,
        channel=Channel(row.channel),
        outcome=AttemptOutcome(row.outcome),
        result=row.result,
    )


def _answers(row: Row[Any]) -> Event:
    return AnswersCame(
        id=f"q{row.id}",
        at=instant(row.completed_at),
        recorded_at=instant(row.recorded_at),
        response_id=f"Q{row.id}",
        customer_id=_name("C", row.customer_id),
        visit_id=_name("R", row.visit_id),
        store=row.store,
        survey=row.survey,
        side=Side(row.side),
        mode=Mode(row.mode),
    )


def _case(row: Row[Any]) -> Event:
    who: dict[str, Any] = {
        "id": f"k{row.id}",
        "at": instant(row.at),
        "recorded_at": instant(row.recorded_at),
        "complaint_id": f"K{row.complaint_id}",
        "customer_id": _name("C", row.customer_id),
        "store": row.store,
    }
    kind = EventKind(row.kind)
    if kind is EventKind.OPEN:
        return CaseOpened(**who, who=row.who)
    if kind is EventKind.ESCALATE:
        step = json.loads(row.detail)
        return RungClimbed(
            **who,
            level=step["level"],
            round=step["round"],
            clock=ClockKind(step["clock"]),
            role=Role(step["role"]),
            staff=step["staff"],
            due_at=instant(step["due_at"]),
            late=step["late"],
        )
    before, after = ComplaintState(row.before or row.after), ComplaintState(row.after)
    return CaseMoved(**who, kind=kind, before=before, after=after, who=row.who)


def _desk(row: Row[Any]) -> Event:
    at = instant(row.recorded_at)
    if row.entity == "touchpoint":
        return ContactMoved(
            id=f"u{row.id}",
            at=at,
            recorded_at=at,
            touchpoint_id=f"T{row.entity_id}",
            customer_id=f"C{row.customer_id}",
            store=row.store,
            verb=row.verb,
            who=row.who,
        )
    told = json.loads(row.detail or "{}")
    return FileChanged(
        id=f"u{row.id}",
        at=at,
        recorded_at=at,
        subject=f"{_OF_FILES[row.entity]}{row.entity_id}",
        verb=row.verb.upper(),
        who=row.who,
        field=told.get("field"),
        channel=Channel(told["channel"]) if "channel" in told else None,
        other_id=_name("C", told.get("loser")),
    )


def _name(letter: str, number: int | None) -> str | None:
    return None if number is None else f"{letter}{number}"


# ------------------------------------------------------------------ the tables


@attrs.frozen
class _Stream:
    """One table: the numbers it goes by, what is read of it, and what a row of it tells."""

    letter: str
    number: Any
    query: Select[Any]
    tell: Callable[[Row[Any]], Event]


_M, _T, _K = message.c, touchpoint.c, complaint.c
_STREAMS = (
    _Stream(
        "m",
        message_event.c.id,
        select(
            message_event.c.id, message_event.c.at.label("recorded_at"), message_event.c.state, message_event.c.code,
            _M.id.label("message_id"), _M.customer_id, _M.touchpoint_id, _M.store, _M.template, _M.message_class,
        ).join(message, _M.id == message_event.c.message_id),
        _text,
    ),
    _Stream(
        "i",
        reply.c.id,
        select(reply.c.id, reply.c.at, reply.c.recorded_at, reply.c.customer_id, reply.c.account, reply.c.word),
        _reply,
    ),
    _Stream(
        "a",
        attempt.c.id,
        select(
            attempt.c.id, attempt.c.at, attempt.c.recorded_at, attempt.c.customer_id, attempt.c.touchpoint_id,
            attempt.c.complaint_id, attempt.c.staff, attempt.c.channel, attempt.c.outcome, attempt.c.result,
        ),
        _call,
    ),
    _Stream(
        "q",
        survey_response.c.id,
        select(
            *(
                survey_response.c[name]
                for name in ("id", "completed_at", "recorded_at", "customer_id", "visit_id", "store", "survey", "side", "mode")
            )
        ),
        _answers,
    ),
    _Stream(
        "k",
        complaint_event.c.id,
        select(
            complaint_event.c.id, complaint_event.c.at, complaint_event.c.recorded_at, complaint_event.c.complaint_id,
            complaint_event.c.who, complaint_event.c.kind, complaint_event.c.before, complaint_event.c.after,
            complaint_event.c.detail, _K.customer_id, _K.store,
        ).join(complaint, _K.id == complaint_event.c.complaint_id),
        _case,
    ),
    _Stream(
        "u",
        audit.c.id,
        select(
            audit.c.id, audit.c.at.label("recorded_at"), audit.c.who, audit.c.verb, audit.c.entity, audit.c.entity_id,
            audit.c.detail, _T.customer_id, _T.store,
        ).outerjoin(touchpoint, (audit.c.entity == "touchpoint") & (_T.id == audit.c.entity_id)),
        _desk,
    ),
)  # fmt: skip


# ------------------------------------------------------------------ reading


def position(cursor: str | None) -> Position:
    """Where a cursor stands; a table it does not name was not there when it was made, and is read from its start.

    Raises:
        UsageError: CRM-U160, it is none of ours.
    """
    found = dict.fromkeys((stream.letter for stream in _STREAMS), 0)
    if cursor is None:
        return found
    said = [(part[0], int(part[1:])) for part in cursor.split(".")] if _CURSOR.fullmatch(cursor) else []
    if not said or len(dict(said)) < len(said) or not dict(said).keys() <= found.keys():
        raise UsageError("CRM-U160")
    return found | dict(said)


def cursor(at: Mapping[str, int]) -> str:
    """A position as a word that goes through a URL."""
    return ".".join(f"{letter}{number}" for letter, number in at.items())


def newest(connection: Connection) -> Position:
    """The last number of each table that is committed."""
    tables = {stream.number.table.name: stream.letter for stream in _STREAMS}
    taken = connection.execute(select(next_id.c.name, next_id.c.value).where(next_id.c.name.in_(tables)))
    return position(None) | {tables[row.name]: row.value - 1 for row in taken}


def read(connection: Connection, after: Position, limit: int) -> tuple[list[Event], Position]:
    """Up to `limit` events after a position, and the position after them.

    Within a table they come as they were committed, across tables by when they were written down.

    Raises:
        UsageError: CRM-U161, the position lies ahead of everything there is.
    """
    last = newest(connection)
    if any(after[letter] > last[letter] for letter in after):
        raise UsageError("CRM-U161")
    heads = [
        [
            (row.recorded_at, rank, row, stream)
            for row in connection.execute(
                stream.query.where(stream.number > after[stream.letter]).order_by(stream.number).limit(limit)
            )
        ]
        for rank, stream in enumerate(_STREAMS)
    ]
    # the smallest head comes next, also where two machines' clocks disagree: a page is the same however long it is
    merged = heapq.merge(*heads, key=lambda head: head[:2])
    found, at = [], dict(after)
    for _, _, row, stream in itertools.islice(merged, limit):
        found.append(stream.tell(row))
        at[stream.letter] = row.id
    return found, at
