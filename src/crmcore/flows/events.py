"""events: what has happened since somebody last asked, for programs that live beside crmcore."""

from __future__ import annotations

from crmcore.db import events
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.types.event import Events

MOST = 10_000


def since(db: Database, cursor: str | None, limit: int) -> Events:
    """Up to `limit` events after `cursor`, and the cursor after them; None: from the start.

    Raises:
        UsageError: CRM-U160 it is no cursor, CRM-U161 it lies ahead of this store, CRM-U162 `limit` is not from 1 to 10 000.
    """
    if not 1 <= limit <= MOST:
        raise UsageError("CRM-U162", limit=limit, most=MOST)
    after = events.position(cursor)
    with db.reading() as connection:
        found, at = events.read(connection, after, limit)
    return Events(tuple(found), events.cursor(at))


def latest(db: Database) -> str:
    """The cursor after everything that has happened, for who starts today."""
    with db.reading() as connection:
        return events.cursor(events.newest(connection))
