"""Alerts to colleagues: owed from the moment something happens to a case, until every robot of the store has them.

What is told here holds codes, ids and instants; whom it is about stays in the case.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from crmcore.db import bulk
from crmcore.db.columns import day, stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import alert, complaint
from crmcore.db.schema import staff as people
from crmcore.types.store import Role, Staff

COLUMNS = (
    "id", "store", "complaint_id", "kind", "round", "level", "role", "staff", "params", "due_at", "next_at", "created_at",
)  # fmt: skip


def owe(
    connection: Connection,
    *,
    store: str,
    complaint_id: int | None,
    kind: str,
    round: int = 1,  # noqa: A002 - the name the whole house has for it
    level: int = 0,
    role: str | None,
    staff: str | None,
    params: Mapping[str, object],
    due_at: datetime,
    now: datetime,
) -> None:
    """Owe the colleagues of `store` an alert from now on; one that is owed, or was told, stays as it is.

    In the same transaction as what it is about: then neither is there without the other.

    Args:
        complaint_id: the case; None for what is about no case: then one of a kind waits at a time.
        kind: OPENED, ESCALATED, REOPENED, CALLBACK_DUE …; the sentence is alert.<kind> of lang/.
        level: of the ladder; 0: none.
        role: who is to act; without `staff`, everybody of that role at the store is mentioned.
        staff: the code of the one person who is mentioned.
        params: codes, ids, numbers and instants; nothing personal. "clock" (a `ClockKind`) names the deadline.
        due_at: the deadline the alert speaks of; minutes left or late are counted to it when the alert is told.
    """
    if complaint_id is None and _waits(connection, store, kind, round, level):
        return
    (number,) = take_ids(connection, alert, 1)
    said = json.dumps(dict(params), ensure_ascii=False, sort_keys=True)
    row = (number, store, complaint_id, kind, round, level, role, staff, said, stamp(due_at), stamp(now), stamp(now))
    bulk.insert(connection, alert, COLUMNS, [row], ignore=True)


def _waits(connection: Connection, store: str, kind: str, turn: int, level: int) -> bool:
    """Is one about no case owed already? NULL is unlike any NULL, so the key does not see it."""
    same = and_(alert.c.store == store, alert.c.kind == kind, alert.c.round == turn, alert.c.level == level)
    found = select(alert.c.id).where(alert.c.complaint_id.is_(None), alert.c.sent_at.is_(None), same).limit(1)
    return connection.execute(found).first() is not None


# ------------------------------------------------------------------ telling


def owed(connection: Connection, now: datetime) -> list[Row[Any]]:
    """What is to be told now, with what may be said of its case: `category`, `severity` and `state`; None without a case."""
    case = (complaint.c.category, complaint.c.severity, complaint.c.state)
    return list(
        connection.execute(
            select(alert, *case)
            .outerjoin(complaint, complaint.c.id == alert.c.complaint_id)
            .where(alert.c.sent_at.is_(None), alert.c.next_at <= stamp(now))
            .order_by(alert.c.due_at, alert.c.id)
        )
    )


def groups(row: Row[Any]) -> frozenset[str]:
    """The accounts whose group has the alert already."""
    return frozenset(json.loads(row.account or "[]"))


def told(connection: Connection, ids: Sequence[int], account: str, wanted: Collection[str], now: datetime) -> int:
    """The group of `account` has these; those that all the `wanted` accounts have told are done. Returns how many are."""
    done = 0
    chosen = select(alert).where(alert.c.id.in_(ids)).order_by(alert.c.id)
    for row in connection.execute(for_update(chosen)).all():
        have = groups(row) | {account}
        over = have >= set(wanted)
        done += over and row.sent_at is None
        connection.execute(
            update(alert)
            .where(alert.c.id == row.id)
            .values(
                account=json.dumps(sorted(have), ensure_ascii=False),
                attempts=row.attempts + 1,
                sent_at=row.sent_at or (stamp(now) if over else None),
                code=None if over else row.code,
            )
        )
    return done


def later(connection: Connection, number: int, next_at: datetime, code: str) -> None:
    """It was not told, or may not have been; `code` says why. One that another run has told meanwhile stays told."""
    connection.execute(
        update(alert)
        .where(alert.c.id == number, alert.c.sent_at.is_(None))
        .values(next_at=stamp(next_at), attempts=alert.c.attempts + 1, code=code)
    )


def listing(connection: Connection, *, waiting: bool | None, limit: int) -> list[Row[Any]]:
    """Alerts, what is owed first and then the latest; `waiting` True or False: only those owed, or only those told."""
    statement = select(alert).order_by(alert.c.sent_at.is_not(None), alert.c.created_at.desc(), alert.c.id.desc())
    if waiting is not None:
        statement = statement.where(alert.c.sent_at.is_(None) if waiting else alert.c.sent_at.is_not(None))
    return list(connection.execute(statement.limit(limit)))


def colleagues(connection: Connection) -> list[Staff]:
    """Everybody who could be called."""
    return [
        Staff(
            code=row.code,
            name=row.name,
            store=row.store,
            role=Role(row.role),
            phone=row.phone,
            away_until=None if row.away_until is None else day(row.away_until),
            active=bool(row.active),
        )
        for row in connection.execute(select(people).order_by(people.c.code))
    ]
