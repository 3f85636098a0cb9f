"""Contacts that are owed: read, and decided about: `crm.touchpoints`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from crmcore.errors import UsageError
from crmcore.types.contact import Touchpoint, TouchpointState

if TYPE_CHECKING:
    from crmcore.app.crm import Crm


class Touchpoints:
    """What is owed to customers; `by` as in `crm.customers`."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def due(self, until: datetime | None = None, store: str | None = None, limit: int = 1000) -> tuple[Touchpoint, ...]:
        """What somebody owes until then (default: now; aware), by due time; what is kept back is not among them.

        Raises:
            UsageError: CRM-U113, there is no such store.
        """
        from crmcore.db import lookup

        code = None if store is None else self._crm.store(store).code
        with self._crm.db.reading() as connection:
            return tuple(lookup.due(connection, until or self._crm.clock.now(), code, limit))

    def find(
        self,
        *states: TouchpointState,
        rule: str | None = None,
        store: str | None = None,
        customer: str | None = None,
        until: datetime | None = None,
        limit: int = 1000,
    ) -> tuple[Touchpoint, ...]:
        """Contacts in one of these states, none named: in any; by due time, none that is due after `until` (aware).

        Raises:
            UsageError: CRM-U113 there is no such store, CRM-S230 what is no id of a customer.
        """
        from crmcore.db import touchpoints, values
        from crmcore.flows.casework import number_of

        code = None if store is None else self._crm.store(store).code
        person = None if customer is None else number_of(customer, "C", "CRM-S230")
        with self._crm.db.reading() as connection:
            rows = touchpoints.listed(
                connection, states=states, rule=rule, store=code, customer=person, until=until, limit=limit
            )
        return tuple(values.touchpoint(row) for row in rows)

    def of(self, customer: str, limit: int = 100) -> tuple[Touchpoint, ...]:
        """What is or was owed to a customer, that which is due last first; CRM-S230 for nobody."""
        from crmcore.db import lookup
        from crmcore.flows.casework import number_of

        with self._crm.db.reading() as connection:
            return tuple(lookup.touchpoints(connection, number_of(customer, "C", "CRM-S230"), limit))

    def get(self, touchpoint: str) -> Touchpoint:
        """One contact; raises `UsageError` CRM-T202 when there is none."""
        from crmcore.db import touchpoints, values
        from crmcore.flows.casework import number_of

        with self._crm.db.reading() as connection:
            row = touchpoints.find(connection, number_of(touchpoint, "T", "CRM-T201"))
        if row is None:
            raise UsageError("CRM-T202", id=touchpoint)
        return values.touchpoint(row)

    # ------------------------------------------------------------------ what people do

    def done(self, touchpoint: str, *, by: str) -> None:
        """Somebody has seen to it, without the worklist; CRM-T203 it is not open, CRM-T205 it is the call of a case."""
        from crmcore.flows import touchpoints

        touchpoints.done(self._crm.db, touchpoint, self._crm.clock, by=self._crm.signed(by))

    def assign(self, touchpoint: str, to: str, *, by: str) -> None:
        """Give it to a colleague; CRM-T203 it is not open, CRM-T204 nobody has this code, CRM-T504 the case is about him."""
        from crmcore.flows import touchpoints

        crm = self._crm
        touchpoints.assign(crm.db, touchpoint, to, crm.settings(), crm.clock, by=crm.signed(by))

    def cancel(self, touchpoint: str, *, by: str) -> None:
        """Take it off the list for good; planning does not bring it back. CRM-T203 and CRM-T205 as `done`."""
        from crmcore.flows import touchpoints

        touchpoints.cancel(self._crm.db, touchpoint, self._crm.clock, by=self._crm.signed(by))
