"""What has happened, durable and replayable: `crm.events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcore.types.event import Events

if TYPE_CHECKING:
    from crmcore.app.crm import Crm


class EventLog:
    """Facts in the order in which they were written down, for whoever asks; nothing is remembered here of who has asked.

    Every fact is told once to who keeps the cursor: none is passed over, also not that of a transaction which took long, and none
    comes twice. Who may die between handling an event and keeping the cursor sees it again, with the same `id`.
    Within one kind they come as they were committed, across kinds by `recorded_at`.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def since(self, cursor: str | None = None, limit: int = 500) -> Events:
        """Up to `limit` events after `cursor`, and the cursor after them; None: from the first that was kept.

        Raises:
            UsageError: CRM-U160 it is no cursor, CRM-U161 it lies ahead of this store, CRM-U162 `limit` is not from 1 to 10 000.
        """
        from crmcore.flows.events import since

        return since(self._crm.db, cursor, limit)

    def latest(self) -> str:
        """The cursor after everything that has happened, for who wants to hear only of what comes."""
        from crmcore.flows.events import latest

        return latest(self._crm.db)
