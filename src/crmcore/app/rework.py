"""Repairs that did not hold: `crm.rework`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows.rework import Register


class Reworks:
    """The register, with who says so: the mark of the DMS, the lines of the orders, the customer; a person decides."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def look_up(self, since: date | None = None, until: date | None = None, store: str | None = None) -> Register:
        """Orders that were handed over in these days and came back, and the rates of those that held.

        Args:
            until: default: today; `since`: 90 days before that.
            store: default the first; CRM-U113 for another.
        """
        from crmcore.flows.rework import look_up

        crm = self._crm
        return look_up(crm.db, crm.config.rework, crm.store(store), since, until, crm.clock)

    def decide(
        self,
        order: str,
        *,
        is_rework: bool,
        by: str,
        original: str | None = None,
        cause: str | None = None,
        responsible: str | None = None,
    ) -> None:
        """Say of a return, by its order number, whether it is rework; said again, it replaces what was said before.

        Args:
            original: the order that did not hold.

        Raises:
            UsageError: CRM-U140, a number that is not one order's.
        """
        from crmcore.flows.rework import decide

        crm, who = self._crm, self._crm.signed(by)
        decide(
            crm.db,
            crm.clock,
            order,
            is_rework=is_rework,
            original=original,
            cause=cause,
            responsible=responsible,
            by=who,
        )
