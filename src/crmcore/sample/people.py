"""The sample dealer's world: people, cars, orders, appointments, complaints, as they are and before anybody writes them down.

Times are the store's (UTC+8, aware); dates are local; ids ("P001", "V001") live only here: a source never shows them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Final

import attrs

from crmcore.types.customer import Channel, CustomerKind
from crmcore.types.store import Role
from crmcore.types.vehicle import Powertrain, VehicleStatus
from crmcore.types.visit import OrderType, VisitKind

#: China has one zone and no summer time since 1991.
CHINA: Final = timezone(timedelta(hours=8))


@attrs.frozen(kw_only=True)
class Kin:
    """A member of the family whose birthday the buyer gave."""

    name: str
    relation: str
    birth_date: date


@attrs.frozen(kw_only=True)
class Person:
    """Somebody, or a company, as they really are.

    Attributes:
        phones: bare digits; more than one when the same person left different numbers.
        writings: how clerks write the name; the first is the clean one.
        marketing: the answer to "may we advertise?"; None: never asked.
    """

    id: str
    name: str
    kind: CustomerKind = CustomerKind.PERSON
    phones: tuple[str, ...]
    writings: tuple[str, ...] = ()
    birth_date: date | None = None
    kin: Kin | None = None
    opted_out: bool = False
    deceased: bool = False
    marketing: bool | None = None


@attrs.frozen(kw_only=True)
class Car:
    """A car and what is due on it."""

    id: str
    vin: str
    plate: str
    model: str
    owner: str
    powertrain: Powertrain = Powertrain.ICE
    bought_on: date | None = None
    insured_until: date | None = None
    inspection_on: date | None = None
    warranty_until: date | None = None
    interval_km: int | None = None
    interval_months: int | None = None
    status: VehicleStatus = VehicleStatus.ACTIVE


@attrs.frozen
class Job:
    """One line of an order: hours in hundredths, money in fen."""

    name: str
    hours: int
    labour: int
    parts: int


@attrs.frozen(kw_only=True)
class Call:
    """One visit, under the number its source gives it.

    Attributes:
        phone: the number that was written down for the customer this time.
        left: when a showroom visitor left.
        booked_at / booked_channel: the time and way the customer asked to be called back.
        apart: its rows do not stand together in the export.
    """

    key: str
    kind: VisitKind = VisitKind.SERVICE
    customer: str
    phone: str
    writing: str = ""
    brought_by: str | None = None
    car: str | None = None
    advisor: str = ""
    opened: datetime | None = None
    promised: datetime | None = None
    completed: datetime | None = None
    delivered: datetime | None = None
    invoiced: datetime | None = None
    left: datetime | None = None
    km: int | None = None
    order_type: OrderType = OrderType.CUSTOMER
    repair: str = "保养"
    injury: bool = False
    booked_at: datetime | None = None
    booked_channel: Channel | None = None
    jobs: tuple[Job, ...] = ()
    remark: str = ""
    apart: bool = False


@attrs.frozen(kw_only=True)
class Booking:
    """An appointment."""

    key: str
    customer: str
    car: str
    start: datetime
    advisor: str = ""
    cancelled: bool = False


@attrs.frozen(kw_only=True)
class Colleague:
    """Somebody who works at the dealer."""

    code: str
    name: str
    role: Role
    phone: str
    active: bool = True


@attrs.frozen(kw_only=True)
class Grievance:
    """A complaint in the dealer's own list."""

    key: str
    customer: str
    car: str
    visit: str
    received: datetime
    open: bool = True


@attrs.frozen
class Answer:
    """What a customer will text back when a text of ours arrives."""

    person: str
    text: str
