"""Customers: found, read whole, and changed as at the desk: `crm.customers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcore.errors import UsageError
from crmcore.rules import clean
from crmcore.types.customer import Customer
from crmcore.types.timeline import TimelineEntry
from crmcore.types.vehicle import Vehicle
from crmcore.types.visit import Visit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crmcore.app.crm import Crm
    from crmcore.flows.customers import Done
    from crmcore.flows.privacy import Erased


class Customers:
    """Reading gives values with personal data in full, and writes nothing; ids are as everywhere, "C17".

    Every change takes `by`: the code of a colleague, or "api" for the program itself; a stranger is refused (CRM-U117) before
    anything is done.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    # ------------------------------------------------------------------ reading

    def find(
        self,
        *,
        phone: str | None = None,
        plate: str | None = None,
        vin: str | None = None,
        id: str | None = None,  # noqa: A002 - what people call it
    ) -> tuple[Customer, ...]:
        """Who has this number, is something to this car today, or has this id; none where nobody fits.

        Exactly one of them is named. Who was merged away is found as who he is now.
        """
        said = {"phone": phone, "plate": plate, "vin": vin, "id": id}
        named = [(name, value) for name, value in said.items() if value is not None]
        if len(named) != 1:
            raise TypeError("find() takes exactly one of phone, plate, vin and id")
        ((name, value),) = named
        if not _fits(name, value):
            return ()
        from crmcore.db import customers, lookup

        with self._crm.db.reading() as connection:
            ids = customers.find(connection, value)
            found = lookup.customers(connection, ids, self._crm.clock.now())
        return tuple(found[each] for each in ids)

    def get(self, customer: str) -> Customer:
        """One customer by his id; raises `UsageError` CRM-S230 when there is none."""
        found = self.find(id=customer)
        if not found:
            raise UsageError("CRM-S230")
        return found[0]

    def vehicles(self, customer: str) -> tuple[Vehicle, ...]:
        """The cars in which a customer has a part today; CRM-S230 as `get`."""
        from crmcore.db import lookup

        with self._crm.db.reading() as connection:
            return tuple(lookup.vehicles(connection, self._number(connection, customer)))

    def visits(self, customer: str, limit: int = 100) -> tuple[Visit, ...]:
        """The latest visits of a customer with their jobs, also those in which he only brought the car; CRM-S230 as `get`."""
        from crmcore.db import lookup

        with self._crm.db.reading() as connection:
            found = lookup.visits(connection, self._number(connection, customer), limit)
        return tuple(visit for _, visit in found)

    def timeline(self, customer: str, limit: int = 100) -> tuple[TimelineEntry, ...]:
        """The 360°: visits, texts, calls, replies, answers, complaints and contacts until now, the newest first; as `get`."""
        from crmcore.db import lookup

        with self._crm.db.reading() as connection:
            number = self._number(connection, customer)
            return tuple(lookup.timeline(connection, number, limit, self._crm.clock.now()))

    def _number(self, connection: Connection, customer: str) -> int:
        from crmcore.db import customers

        found = customers.find(connection, customer) if _fits("id", customer) else []
        if not found:
            raise UsageError("CRM-S230")
        return found[0]

    # ------------------------------------------------------------------ what people do

    def correct(self, what: str, field: str, value: str, *, by: str) -> Done:
        """Set a field of a customer, or with a V id of a vehicle; the DMS no longer overwrites it (`flows.customers.correct`)."""
        from crmcore.flows import customers

        return customers.correct(self._crm.db, what, field, value, by=self._crm.signed(by), clock=self._crm.clock)

    def opt_out(self, phone: str, channel: str = "SMS", *, by: str) -> Done:
        """This number is no longer texted ("SMS") or called ("PHONE"), whoever has it now or later."""
        from crmcore.flows import customers

        return customers.optout(self._crm.db, phone, channel=channel, by=self._crm.signed(by), clock=self._crm.clock)

    def opt_in(self, phone: str, channel: str = "SMS", *, by: str) -> Done:
        """The customer asked to hear from us again on this number."""
        from crmcore.flows import customers

        return customers.optin(self._crm.db, phone, channel=channel, by=self._crm.signed(by), clock=self._crm.clock)

    def merge(self, winner: str, loser: str, *, by: str) -> Done:
        """Make two customers one: all that belongs to `loser` belongs to `winner`."""
        from crmcore.flows import customers

        return customers.merge(self._crm.db, winner, loser, by=self._crm.signed(by), clock=self._crm.clock)

    def split(self, customer: str, *, by: str) -> Done:
        """Undo the last merge of this customer, either side: what was moved goes back, what came since stays."""
        from crmcore.flows import customers

        return customers.split(self._crm.db, customer, by=self._crm.signed(by), clock=self._crm.clock)

    def retire(self, what: str, why: str, *, by: str) -> Done:
        """No more contacts: a customer DECEASED or GONE; a vehicle SOLD, SCRAPPED or OFF_SITE (ACTIVE takes it back)."""
        from crmcore.flows import customers

        return customers.retire(self._crm.db, what, why, by=self._crm.signed(by), clock=self._crm.clock)

    def export(self, what: str) -> dict[str, Any]:
        """Everything that is kept of one person, table by table, as JSON would have it; for that person alone (PIPL 45)."""
        from crmcore.flows import privacy

        return privacy.export(self._crm.db, what)

    def erase(self, what: str, *, by: str) -> Erased:
        """Take away who one person is, stop every contact, let no source bring it back; it cannot be undone (PIPL 47)."""
        from crmcore.flows import privacy

        return privacy.erase(self._crm.db, what, by=self._crm.signed(by), clock=self._crm.clock)


def _fits(name: str, value: str) -> bool:
    """Is `value` such a thing at all? What looks like another is not searched for as that one."""
    if name == "id":
        return value[:1] in {"C", "c"} and value[1:].isascii() and value[1:].isdecimal()
    return isinstance({"phone": clean.phone, "plate": clean.plate, "vin": clean.vin}[name](value), str)
