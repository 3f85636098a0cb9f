"""The dealer's side: stores, their hours, their people."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum

import attrs

__all__ = ["DEFAULT_HOURS", "FORWARD_ONLY", "CalendarId", "Department", "Opening", "Role", "Staff", "Store"]


class Role(StrEnum):
    """A job at the dealer; `FORWARD_ONLY` roles may pass a complaint on but never own one (S4)."""

    GENERAL_MANAGER = "GENERAL_MANAGER"
    CR_MANAGER = "CR_MANAGER"
    CR_AGENT = "CR_AGENT"
    SALES_MANAGER = "SALES_MANAGER"
    SHOWROOM_MANAGER = "SHOWROOM_MANAGER"
    SALES_CONSULTANT = "SALES_CONSULTANT"
    SERVICE_MANAGER = "SERVICE_MANAGER"
    SERVICE_ADVISOR = "SERVICE_ADVISOR"
    BUSINESS_MANAGER = "BUSINESS_MANAGER"
    MARKETING_MANAGER = "MARKETING_MANAGER"
    SATISFACTION_OFFICER = "SATISFACTION_OFFICER"
    RECEPTIONIST = "RECEPTIONIST"
    TECHNICIAN = "TECHNICIAN"
    FOREMAN = "FOREMAN"
    INSPECTOR = "INSPECTOR"
    PARTS = "PARTS"
    REAR_OFFICE = "REAR_OFFICE"
    OTHER = "OTHER"


class Department(StrEnum):
    """Where a job belongs; CR is the customer-relations department, which runs the callbacks and the complaints."""

    SALES = "SALES"
    SERVICE = "SERVICE"
    PARTS = "PARTS"
    CR = "CR"
    FINANCE = "FINANCE"
    OTHER = "OTHER"


FORWARD_ONLY = frozenset({Role.TECHNICIAN, Role.PARTS, Role.REAR_OFFICE})


@attrs.frozen(kw_only=True)
class Staff:
    """A person who works at a store.

    Attributes:
        code: unique within the dealer, as the DMS writes it.
        phone: E.164; None when unknown. Never shown to customers.
        away_until: last day of an absence, inclusive; what is due goes to somebody else.
        active: False once the person has left.
    """

    code: str
    name: str = attrs.field(repr=False)
    store: str
    role: Role = Role.OTHER
    phone: str | None = attrs.field(default=None, repr=False)
    away_until: date | None = None
    active: bool = True


class CalendarId(StrEnum):
    """Which days a store works: every day, the Chinese office calendar with make-up workdays, or Monday to Friday."""

    EVERY_DAY = "every-day"
    CN = "cn"
    WEEKDAYS = "weekdays"


@attrs.frozen
class Opening:
    """One stretch of store hours on a working day, local time; `end` is exclusive."""

    start: time
    end: time


DEFAULT_HOURS = (Opening(time(8, 30), time(12, 0)), Opening(time(13, 30), time(17, 30)))


@attrs.frozen(kw_only=True, cache_hash=True)
class Store:
    """A dealership.

    Attributes:
        timezone: IANA name; every local time of this store is in it.
        hours: store hours of a working day, in order, not overlapping.
        calendar: which days are working days.
        extra_on / extra_off: local dates that override the calendar.
        signature: the approved SMS signature without brackets; empty: the name is used.
    """

    code: str
    name: str
    timezone: str = "Asia/Shanghai"
    hours: tuple[Opening, ...] = DEFAULT_HOURS
    calendar: CalendarId = CalendarId.EVERY_DAY
    extra_on: frozenset[date] = frozenset()
    extra_off: frozenset[date] = frozenset()
    phone: str | None = None
    signature: str = ""
    brand: str = ""
