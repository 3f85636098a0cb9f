"""The conditions that care rules name: whom a rule is for, what stops it, what keeps it waiting.

Some hold whatever a pack says (`never`): section by section they are the promises that no configuration can switch off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from crmcore.rules.case import Case
from crmcore.types.contact import MessageClass, TouchpointRule
from crmcore.types.customer import CustomerKind

#: "MAINTENANCE … within 30 days of a service visit" is no time to ask for the next.
RECENT_SERVICE_DAYS = 30

Condition = Callable[[Case, date], bool]


def _organization(case: Case, _today: date) -> bool:
    return case.customer.kind is CustomerKind.ORGANIZATION


def _deceased(case: Case, _today: date) -> bool:
    return case.customer.deceased


def _complaint(case: Case, _today: date) -> bool:
    return case.unresolved


def _order_complaint(case: Case, _today: date) -> bool:
    return case.order_complaint


def _order(kind: str) -> Condition:
    def holds(case: Case, _today: date) -> bool:
        return case.order is not None and (case.order.order_type == kind or (kind == "VOID" and case.order.void))

    return holds


def _car(status: str) -> Condition:
    def holds(case: Case, _today: date) -> bool:
        return case.car is not None and case.car.status == status

    return holds


def _left(case: Case, _today: date) -> bool:
    return case.car is not None and case.car.owner_left


def _in_shop(case: Case, _today: date) -> bool:
    return case.car is not None and case.car.in_shop


def _booked_in(case: Case, _today: date) -> bool:
    return case.car is not None and case.car.appointment


def _serviced(case: Case, today: date) -> bool:
    last = case.car.last_service_on if case.car is not None else None
    return last is not None and today - last <= timedelta(days=RECENT_SERVICE_DAYS)


def _handed_over(case: Case, _today: date) -> bool:
    return case.order is not None and case.order.delivered_at is not None


def _injury(case: Case, _today: date) -> bool:
    return case.injury


def _not_bev(case: Case, _today: date) -> bool:
    return case.car is None or case.car.powertrain not in {"BEV", "FCEV"}


#: What can be named in `stop_on` and `suppress_when`; the code is the reason that is shown.
HINDRANCES: Mapping[str, Condition] = {
    "ORGANIZATION": _organization,
    "DECEASED": _deceased,
    "OPEN_COMPLAINT": _complaint,
    "UNRESOLVED_COMPLAINT": _complaint,
    "COMPLAINT_ABOUT_VISIT": _order_complaint,
    "ORDER_INTERNAL": _order("INTERNAL"),
    "ORDER_PDI": _order("PDI"),
    "ORDER_VOID": _order("VOID"),
    "VEHICLE_SOLD": _car("SOLD"),
    "VEHICLE_SCRAPPED": _car("SCRAPPED"),
    "VEHICLE_OFF_SITE": _car("OFF_SITE"),
    "OWNERSHIP_ENDED": _left,
    "IN_SHOP": _in_shop,
    "APPOINTMENT_BOOKED": _booked_in,
    "RECENT_SERVICE": _serviced,
    "HANDED_OVER": _handed_over,
    "INJURY_ACCIDENT": _injury,
}

#: What can be named in `population`: the condition, and the reason shown where it does not hold.
POPULATIONS: Mapping[str, tuple[Condition, str]] = {
    "PERSON": (lambda case, today: not _organization(case, today), "ORGANIZATION"),
    "HAS_VEHICLE": (lambda case, _today: case.vehicles > 0, "NO_VEHICLE"),
    "CUSTOMER_ORDER": (
        lambda case, _today: case.order is not None and case.order.order_type == "CUSTOMER",
        "NOT_A_CUSTOMER_ORDER",
    ),
    "NOT_BEV": (_not_bev, "ELECTRIC"),
}

_ORDERS = ("ORDER_VOID", "ORDER_INTERNAL", "ORDER_PDI")
_CAR_GONE = ("VEHICLE_SOLD", "VEHICLE_SCRAPPED", "OWNERSHIP_ENDED")

#: Purpose -> what cancels such a contact, whatever the pack says.
NEVER: Mapping[str, tuple[str, ...]] = {
    "BIRTHDAY": ("ORGANIZATION", "DECEASED"),
    "CALLBACK": _ORDERS,
    "SURVEY": _ORDERS,
    "MAINTENANCE": _CAR_GONE,
    "INSURANCE": _CAR_GONE,
    "INSPECTION": _CAR_GONE,
    "WARRANTY": _CAR_GONE,
    "LOST": _CAR_GONE,
    "AT_RISK": _CAR_GONE,
}

#: Purpose -> what keeps such a contact waiting for as long as it holds.
NOT_NOW: Mapping[str, tuple[str, ...]] = {
    "CALLBACK": ("COMPLAINT_ABOUT_VISIT",),
    "SURVEY": ("COMPLAINT_ABOUT_VISIT",),
    "MAINTENANCE": ("IN_SHOP", "APPOINTMENT_BOOKED", "RECENT_SERVICE"),
    "LOST": ("UNRESOLVED_COMPLAINT",),
    "AT_RISK": ("UNRESOLVED_COMPLAINT",),
}


def stopped(rule: TouchpointRule, case: Case, today: date) -> str | None:
    """Why there is nothing to plan, or what was planned is cancelled."""
    if case.customer.gone:
        return "CUSTOMER_GONE"
    for code in rule.population:
        holds, otherwise = POPULATIONS[code]
        if not holds(case, today):
            return _why_not(code, otherwise, case, today)
    codes = (*NEVER.get(rule.purpose, ()), *rule.stop_on)
    found = next((code for code in codes if HINDRANCES[code](case, today)), None)
    if found is None and rule.message_class is not MessageClass.SERVICE and case.customer.deceased:
        return "DECEASED"
    return found


def suppressed(rule: TouchpointRule, case: Case, today: date) -> str | None:
    """Why it stays planned but is not done for now; it is looked at again at each plan."""
    codes = (*NOT_NOW.get(rule.purpose, ()), *rule.suppress_when)
    if rule.message_class is not MessageClass.SERVICE:
        codes = ("OPEN_COMPLAINT", *codes)
    return next((code for code in ("INJURY_ACCIDENT", *codes) if HINDRANCES[code](case, today)), None)


def _why_not(code: str, otherwise: str, case: Case, today: date) -> str:
    """An order that is no customer's says which kind it is."""
    if code == "CUSTOMER_ORDER":
        return next((kind for kind in _ORDERS if HINDRANCES[kind](case, today)), otherwise)
    return otherwise
