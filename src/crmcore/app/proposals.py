"""What the data suggests and only a person may decide: `crm.proposals`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows.proposals import Proposal


class Proposals:
    """Changes of the DMS against the word of staff, numbers that calls have found wrong, and who may be one person."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def find(self, state: Literal["PENDING", "APPLIED", "REJECTED"] | None = "PENDING") -> tuple[Proposal, ...]:
        """Those in this state, None: all; the oldest first."""
        from crmcore.flows import proposals

        return tuple(proposals.find(self._crm.db, state=state))

    def accept(self, proposal: str, *, by: str, number: str | None = None) -> Proposal:
        """Do what it proposes; the field is the source's again.

        Args:
            number: the right one, where a call has found one wrong and nobody knew a better one then.

        Raises:
            UsageError: CRM-S236 it does not wait, CRM-U310 it asks for a number, CRM-U311 this is none, CRM-U312 it asks for none.
        """
        from crmcore.flows import proposals

        crm = self._crm
        return proposals.accept(crm.db, proposal, by=crm.signed(by), clock=crm.clock, value=number)

    def reject(self, proposal: str, *, by: str) -> Proposal:
        """Leave everything as it is; the same is not proposed again. CRM-S236 it does not wait."""
        from crmcore.flows import proposals

        return proposals.reject(self._crm.db, proposal, by=self._crm.signed(by), clock=self._crm.clock)
