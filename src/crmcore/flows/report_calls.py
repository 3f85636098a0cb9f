"""report calls: the worklist as it stands, beside the analysis of the calls that were made."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from sqlalchemy import Connection

from crmcore.db import worklist as query
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.flows.report_head import Frame
from crmcore.flows.report_words import calls_words
from crmcore.reports.call_quality import CallQuality
from crmcore.reports.calls import Calls, Due
from crmcore.rules.masking import mask_name
from crmcore.types.contact import TouchpointRule


def calls(db: Database, rules: Mapping[str, TouchpointRule], quality: CallQuality, frame: Frame, *, lang: str) -> Calls:
    """What is due now, beside `quality`, the analysis of the same stores and days; customers are masked."""
    with db.reading() as connection:
        due = tuple(each for store in frame.stores for each in _due(connection, frame, store.code))
        words = calls_words(connection, rules, frame, lang)
    return Calls(
        head=attrs.evolve(frame.head(None), through=quality.data_through, since=quality.since, until=quality.until),
        due=tuple(sorted(due, key=lambda each: (each.deadline_at or "9999", each.due_at, int(each.id[1:])))),
        quality=quality,
        words=words,
    )


def _due(connection: Connection, frame: Frame, store: str) -> list[Due]:
    rows = query.due_calls(connection, frame.now, store=store)
    tries = query.attempts(connection, [row.id for row in rows])
    home = next(each for each in frame.stores if each.code == store)
    return [
        Due(
            id=f"T{row.id}",
            rule=row.rule,
            store=row.store,
            customer=mask_name(row.name),
            executor=row.executor or "",
            due_at=frame.minute(row.due_at, home),
            deadline_at=frame.minute(row.deadline_at, home),
            attempts=tries.get(row.id, 0),
            late=row.deadline_at is not None and row.deadline_at < stamp(frame.now),
        )
        for row in rows
    ]
