"""What colleagues are owed and what they were told: `crm.alerts`; telling them is `crm.alert`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcore.types.alert import Alert

if TYPE_CHECKING:
    from crmcore.app.crm import Crm


class Alerts:
    """Read only: what happens to a case owes them, and the robots of the groups pay."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def find(self, *, owed: bool | None = None, limit: int = 200) -> tuple[Alert, ...]:
        """What is owed first, then the latest; `owed` True or False: only those owed, or only those told."""
        from crmcore.db import alerts, values

        with self._crm.db.reading() as connection:
            return tuple(values.alert(row) for row in alerts.listing(connection, waiting=owed, limit=limit))
