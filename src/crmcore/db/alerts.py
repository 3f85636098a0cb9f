"""Alerts to colleagues: owed from the moment something happens to a case, until every robot of the store has them.

What is told here holds codes, ids and instants; whom it is about stays in the case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, select

from crmcore.db import bulk
from crmcore.db.columns import stamp
from crmcore.db.engine import take_ids
from crmcore.db.schema import alert

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
