"""What is known when a care rule decides: the event it hangs on, the person, the car, and the order behind it."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from crmcore.types.contact import AnchorKind
from crmcore.types.customer import Channel, Customer


@attrs.frozen(kw_only=True)
class Anchor:
    """An event, by the identity under which it is planned once.

    Attributes:
        subject / key: whom or what it is about and which event it is; with rule and occurrence the identity of a touchpoint.
        on: the local date of the event; `at` its instant where one is known.
        occurrence: the year of a yearly event; None: the rule counts its repeats.
        basis: how the event is known, e.g. "DELIVERED" or "INVOICED" for a hand-over, "PREDICTED" for a next service.
        visits: every visit that the contact is about, oldest first; `orders` their order numbers.
        gone: the reason why the event no longer exists; what was planned for it is cancelled.
        label: what a text calls the event, by language.
    """

    kind: AnchorKind
    subject: str
    key: str
    on: date
    at: datetime | None = None
    occurrence: str | None = None
    store: str
    customer: int
    vehicle: int | None = None
    visit: int | None = None
    basis: str = ""
    visits: tuple[int, ...] = ()
    orders: tuple[str, ...] = ()
    gone: str | None = None
    label: tuple[tuple[str, str], ...] = ()


@attrs.frozen(kw_only=True)
class Car:
    """What the rules ask of a vehicle.

    Attributes:
        owner_left: the contact's part in the car has ended.
        in_shop: an order of it is open.
        appointment: it is booked in.
        injury: the latest order was an accident in which somebody was hurt.
    """

    id: int
    status: str = "ACTIVE"
    powertrain: str = "ICE"
    last_service_on: date | None = None
    owner_left: bool = False
    in_shop: bool = False
    appointment: bool = False
    injury: bool = False


@attrs.frozen(kw_only=True)
class Order:
    """What the rules ask of a visit; times are UTC, `handed_on` is the store's date."""

    id: int
    kind: str = "SERVICE"
    ro_number: str = ""
    store: str = ""
    customer: int | None = None
    vehicle: int | None = None
    advisor: str | None = None
    opened_at: datetime | None = None
    promised_at: datetime | None = None
    completed_at: datetime | None = None
    delivered_at: datetime | None = None
    handed_on: date | None = None
    handed_basis: str | None = None
    status: str = "OPEN"
    order_type: str = "CUSTOMER"
    injury: bool = False
    do_not_message: bool = False
    booked_at: datetime | None = None
    booked_channel: Channel | None = None

    @property
    def void(self) -> bool:
        """True when nobody came after all."""
        return self.status == "VOID" or self.order_type == "VOID"


@attrs.frozen(kw_only=True)
class Case:
    """One anchor with all that the decision looks at.

    Attributes:
        vehicles: how many cars the customer has today.
        unresolved: a complaint of the customer is open, or was closed without contenting him.
        order_complaint: a complaint about this very visit is open.
    """

    anchor: Anchor
    customer: Customer
    car: Car | None = None
    order: Order | None = None
    vehicles: int = 0
    unresolved: bool = False
    order_complaint: bool = False
    injury: bool = False
