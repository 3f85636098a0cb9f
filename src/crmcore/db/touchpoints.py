"""The contacts that are owed: planned once (UNIQUE rule, subject, anchor, occurrence), changed only while they are open.

What is done carries with it what rode on it. A text that waits is cancelled with its touchpoint; one that has left is not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, exists, or_, select, true, update

from crmcore.db import bulk, messages
from crmcore.db.among import among, paged, pages
from crmcore.db.columns import stamp
from crmcore.db.engine import take_ids
from crmcore.db.schema import (
    appointment,
    audit,
    complaint,
    consent,
    contact_point,
    customer,
    message,
    setting,
    touchpoint,
    vehicle,
    visit,
)

#: Still owed; SUPPRESSED ones are looked at again at each plan.
OPEN = ("PLANNED", "DUE", "SUPPRESSED")
#: Subjects that begin so are second callbacks of cases: the case owes them, and a plan leaves them alone.
CASE = "complaint:"

COLUMNS = (
    "id", "rule", "subject", "anchor", "anchor_on", "occurrence", "store", "customer_id", "vehicle_id", "visit_id", "due_at",
    "deadline_at", "expires_at", "channel", "message_class", "executor", "supervisors", "state", "reason", "bundled_into",
    "explanation", "created_at", "updated_at",
)  # fmt: skip
CHANGING = (
    "anchor_on", "vehicle_id", "visit_id", "due_at", "deadline_at", "expires_at", "channel", "executor", "state", "reason",
    "bundled_into", "explanation", "updated_at",
)  # fmt: skip

#: What plans have made.
_PLANNED = touchpoint.c.subject.not_like(f"{CASE}%")


def lock(connection: Connection) -> None:
    """Let one plan run at a time: the counter of touchpoint ids is held until the transaction ends."""
    take_ids(connection, touchpoint, 0)


def still_open(connection: Connection) -> list[Row[Any]]:
    """Everything that is still owed, but for what cases owe."""
    return list(connection.execute(select(touchpoint).where(touchpoint.c.state.in_(OPEN), _PLANNED)).all())


def to_look_at(connection: Connection, now: datetime, since: str) -> list[Row[Any]]:
    """Of what is owed, that whose time has come and that whose person, car, visit or complaint was written `since` (a stamp).

    What was kept back is looked at whatever was written, because hindrances end by themselves; only a consent that is
    missing stays missing until one is given. Calls whose time has come need no second look (`come_due`).
    """
    mine = touchpoint.c
    written = [
        exists().where(customer.c.id == mine.customer_id, customer.c.updated_at >= since),
        exists().where(contact_point.c.customer_id == mine.customer_id, contact_point.c.state_at >= since),
        exists().where(complaint.c.customer_id == mine.customer_id, complaint.c.updated_at >= since),
        exists().where(vehicle.c.id == mine.vehicle_id, vehicle.c.updated_at >= since),
        exists().where(visit.c.id == mine.visit_id, visit.c.updated_at >= since),
        exists().where(appointment.c.vehicle_id == mine.vehicle_id, appointment.c.updated_at >= since),
    ]
    without_consent = mine.reason.in_(["NO_CONSENT", "CONSENT_WITHDRAWN"])
    agreed = exists().where(consent.c.customer_id == mine.customer_id, consent.c.status == "GRANTED")
    kept_back = and_(mine.state == "SUPPRESSED", case((without_consent, agreed), else_=true()))
    come = and_(
        mine.state == "PLANNED", mine.due_at <= stamp(now), mine.channel != "PHONE", mine.bundled_into.is_(None)
    )
    several = or_(mine.subject.like("appointment:%"), mine.anchor.like("fleet:%"), mine.anchor.like("relative:%"))
    open_ = and_(mine.state.in_(["PLANNED", "DUE"]), or_(come, several, *written))
    looked = select(touchpoint).where(mine.state.in_(OPEN), _PLANNED, or_(kept_back, open_))
    return list(connection.execute(looked).all())


def of_people(connection: Connection, people: Collection[int]) -> list[Row[Any]]:
    """What is still owed to these customers and not kept back."""
    return list(
        paged(
            connection,
            people,
            lambda block: select(touchpoint).where(
                among(touchpoint.c.customer_id, block), touchpoint.c.state.in_(["PLANNED", "DUE"]), _PLANNED
            ),
        )
    )


def over(connection: Connection, now: datetime) -> list[Row[Any]]:
    """What is still owed although it is no longer worth doing."""
    return list(
        connection.execute(
            select(touchpoint).where(touchpoint.c.state.in_(OPEN), touchpoint.c.expires_at <= stamp(now))
        )
    )


def settled_by_text(connection: Connection) -> list[Row[Any]]:
    """What is still open although its text has come to an end, with the text's state and code."""
    return list(
        connection.execute(
            select(touchpoint, message.c.state.label("text_state"), message.c.code.label("text_code"))
            .join(message, message.c.touchpoint_id == touchpoint.c.id)
            .where(
                touchpoint.c.state.in_(OPEN),
                touchpoint.c.channel != "PHONE",
                message.c.state.in_(["ACCEPTED", "DELIVERED", "REFUSED", "FAILED", "EXPIRED"]),
            )
        )
    )


def of_subjects(connection: Connection, rule: str, subjects: Collection[str]) -> list[Row[Any]]:
    """What a rule has ever planned for these subjects."""
    return list(
        paged(
            connection,
            subjects,
            lambda block: select(touchpoint).where(touchpoint.c.rule == rule, among(touchpoint.c.subject, block)),
        )
    )


def insert(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """New touchpoints, in the order of `COLUMNS`; one whose identity is taken is left out."""
    bulk.insert(connection, touchpoint, COLUMNS, rows, ignore=True)


def change(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Changed touchpoints: the values of `CHANGING`, then the id."""
    bulk.update(connection, touchpoint, CHANGING, rows)


def cancel_texts(connection: Connection, touchpoints: Collection[int], reason: str, now: datetime) -> None:
    """Cancel the texts of these touchpoints that have not left."""
    for block in pages(touchpoints):
        messages.cancel(connection, among(message.c.touchpoint_id, block), reason, now)


def texts(connection: Connection, touchpoints: Collection[int]) -> dict[int, Row[Any]]:
    """The latest text of each touchpoint."""
    rows = paged(
        connection,
        touchpoints,
        lambda block: (
            select(message.c.id, message.c.touchpoint_id, message.c.state, message.c.code, message.c.attempts)
            .where(among(message.c.touchpoint_id, block))
            .order_by(message.c.id)
        ),
    )
    return {row.touchpoint_id: row for row in rows}


# ------------------------------------------------------------------ what the last plan has looked at

_HORIZON = "plan.horizon"


def horizon(connection: Connection) -> dict[str, str]:
    """What `keep_horizon` kept; empty before the first plan."""
    stored = connection.execute(select(setting.c.value).where(setting.c.key == _HORIZON)).scalar_one_or_none()
    found: dict[str, str] = {} if stored is None else json.loads(stored)
    return found


def keep_horizon(connection: Connection, values: dict[str, str]) -> None:
    """Remember until when a plan has looked, with which rules."""
    bulk.upsert(
        connection, setting, ("key", "value"), [(_HORIZON, json.dumps(values))], key=("key",), change=("value",)
    )


# ------------------------------------------------------------------ what came of it


def done(
    connection: Connection, number: int, now: datetime, *, reason: str | None = None, by: str | None = None
) -> bool:
    """Close an open touchpoint as done, with all that rode on it; False when it was not open."""
    return _close(connection, [number], "DONE", reason, now, by)


def cancel(connection: Connection, number: int, reason: str, now: datetime, *, by: str | None = None) -> bool:
    """Cancel an open touchpoint and its waiting text; what rode on it stands on its own again at the next plan."""
    return _close(connection, [number], "CANCELLED", reason, now, by)


def close_many(connection: Connection, closing: Iterable[tuple[int, str, str]], now: datetime) -> None:
    """Close open touchpoints (id, state, reason), each with its text, and for DONE with what rode on it."""
    together: dict[tuple[str, str], list[int]] = {}
    for number, state, reason in closing:
        together.setdefault((state, reason), []).append(number)
    for (state, reason), numbers in together.items():
        for block in pages(numbers):
            _close(connection, block, state, reason or None, now, None)


def come_due(connection: Connection, now: datetime) -> None:
    """Calls, and what rides on something, whose time has come; texts come due with their words (`flows.due_texts`)."""
    connection.execute(
        update(touchpoint)
        .where(
            touchpoint.c.state == "PLANNED",
            touchpoint.c.due_at <= stamp(now),
            or_(touchpoint.c.channel == "PHONE", touchpoint.c.bundled_into.is_not(None)),
        )
        .values(state="DUE", updated_at=stamp(now))
    )


def _close(
    connection: Connection, numbers: Sequence[int], state: str, reason: str | None, now: datetime, by: str | None
) -> bool:
    changed = connection.execute(
        update(touchpoint)
        .where(among(touchpoint.c.id, numbers), touchpoint.c.state.in_(OPEN))
        .values(state=state, reason=reason, updated_at=stamp(now))
    )
    if not changed.rowcount:
        return False
    riding = and_(among(touchpoint.c.bundled_into, numbers), touchpoint.c.state.in_(OPEN))
    if state == "DONE":
        with_it = connection.execute(select(touchpoint.c.id).where(riding)).scalars().all()
        connection.execute(
            update(touchpoint).where(riding).values(state="DONE", reason="BUNDLED", updated_at=stamp(now))
        )
        cancel_texts(connection, [*numbers, *with_it], "DONE_OTHERWISE", now)
    else:
        connection.execute(update(touchpoint).where(riding).values(bundled_into=None, updated_at=stamp(now)))
        cancel_texts(connection, numbers, reason or state, now)
    note(connection, numbers, state, {"reason": reason}, now, by)
    return True


def to_phone(connection: Connection, number: int, reason: str, now: datetime) -> bool:
    """Make a call of a text that was refused or failed for good; False when the touchpoint is over for another reason.

    One that counts as done because its text was accepted is opened again: the customer has not heard.
    """
    row = connection.execute(select(touchpoint).where(touchpoint.c.id == number)).one_or_none()
    over = row is not None and row.state not in {*OPEN, "DONE"}
    if row is None or over or row.channel == "PHONE":
        return False
    said = json.loads(row.explanation)
    said |= {"passed": {**said.get("passed", {}), row.channel: reason}, "to_phone": True}
    reopened = {"channel": "PHONE", "reason": reason, "state": "DUE", "updated_at": stamp(now)}
    connection.execute(
        update(touchpoint).where(touchpoint.c.id == number).values(**reopened, explanation=json.dumps(said))
    )
    connection.execute(
        update(touchpoint)
        .where(touchpoint.c.bundled_into == number, touchpoint.c.state == "DONE", touchpoint.c.reason == "BUNDLED")
        .values(state="DUE", reason=None, updated_at=stamp(now))
    )
    note(connection, [number], "TO_PHONE", {"reason": reason}, now, None)
    return True


def assign(connection: Connection, number: int, staff: str, now: datetime, *, by: str | None = None) -> bool:
    """Give an open touchpoint to a colleague; one that waits for a person's decision is thereby decided."""
    row = connection.execute(
        select(touchpoint).where(touchpoint.c.id == number, touchpoint.c.state.in_(OPEN))
    ).one_or_none()
    if row is None:
        return False
    values: dict[str, Any] = {"executor": staff, "updated_at": stamp(now)}
    said = json.loads(row.explanation)
    said["assigned"] = True
    if row.reason == "INJURY_ACCIDENT":
        said["decided"] = by or staff
        values |= {"state": "PLANNED" if row.due_at > stamp(now) else "DUE", "reason": None, "channel": "PHONE"}
    connection.execute(
        update(touchpoint).where(touchpoint.c.id == number).values(**values, explanation=json.dumps(said))
    )
    note(connection, [number], "ASSIGN", {"staff": staff}, now, by)
    return True


def note(
    connection: Connection, numbers: Sequence[int], verb: str, detail: dict[str, Any], now: datetime, by: str | None
) -> None:
    """Keep in the audit trail what was done to touchpoints, by whom."""
    ids = take_ids(connection, audit, len(numbers))
    rows = [
        (entry, stamp(now), by or "crmcore", verb, "touchpoint", number, json.dumps(detail))
        for entry, number in zip(ids, numbers, strict=True)
    ]
    bulk.insert(connection, audit, ("id", "at", "who", "verb", "entity", "entity_id", "detail"), rows)


# ------------------------------------------------------------------ looking


def find(connection: Connection, number: int) -> Row[Any] | None:
    """One touchpoint."""
    return connection.execute(select(touchpoint).where(touchpoint.c.id == number)).one_or_none()


def riders(connection: Connection, number: int) -> list[Row[Any]]:
    """What rides on a touchpoint, or rode on it."""
    return list(
        connection.execute(select(touchpoint).where(touchpoint.c.bundled_into == number).order_by(touchpoint.c.id))
    )


def listed(
    connection: Connection,
    *,
    states: Iterable[str] = (),
    rule: str | None = None,
    store: str | None = None,
    customer: int | None = None,
    until: datetime | None = None,
    limit: int = 1000,
) -> list[Row[Any]]:
    """Touchpoints by due time; `until` leaves out what is due later."""
    query = select(touchpoint).order_by(touchpoint.c.due_at, touchpoint.c.id).limit(limit)
    wanted = list(states)
    if wanted:
        query = query.where(touchpoint.c.state.in_(wanted))
    for column, value in ((touchpoint.c.rule, rule), (touchpoint.c.store, store), (touchpoint.c.customer_id, customer)):
        if value is not None:
            query = query.where(column == value)
    if until is not None:
        query = query.where(or_(touchpoint.c.due_at <= stamp(until)))
    return list(connection.execute(query))


def trail(connection: Connection, number: int) -> list[Row[Any]]:
    """What people and flows did to a touchpoint, oldest first."""
    return list(
        connection.execute(
            select(audit.c.at, audit.c.who, audit.c.verb, audit.c.detail)
            .where(audit.c.entity == "touchpoint", audit.c.entity_id == number)
            .order_by(audit.c.id)
        )
    )
