"""Who works here: `crm.staff`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows.staff import HandedOver, Member


class People:
    """Colleagues by their codes; what is open with somebody who is not there goes to others."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def members(self) -> tuple[Member, ...]:
        """Everybody, those who have left included, with how much is open with each; by store and code."""
        from crmcore.flows.staff import members

        return tuple(members(self._crm.db, self._crm.settings()))

    def away(self, code: str, until: date | None) -> HandedOver:
        """Away up to and including `until`, None: back again; cases go to others now, contacts with the next plan.

        Raises:
            UsageError: CRM-U117 nobody has this code, CRM-U118 somebody has one that is written nearly so.
        """
        from crmcore.flows.staff import away

        crm = self._crm
        return away(crm.db, crm.settings(), code, until, cases=crm.cases(), clock=crm.clock)

    def leave(self, code: str, to: str | None = None) -> HandedOver:
        """Has left: what is open goes to `to`, or to whom the rules choose; CRM-U117 and CRM-U118 as `away`."""
        from crmcore.flows.staff import leave

        crm = self._crm
        return leave(crm.db, crm.settings(), code, to, crm.clock, cases=crm.cases())
