"""Visits, their lines, and appointments (domain: 进厂工单, 维修项目, 预约)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from crmcore.types.customer import Channel

__all__ = [
    "Appointment",
    "AppointmentStatus",
    "LineCategory",
    "OrderType",
    "Rework",
    "ReworkBasis",
    "Visit",
    "VisitKind",
    "VisitLine",
    "VisitStatus",
]


class VisitKind(StrEnum):
    """SERVICE: a repair order; DELIVERY: a new car handed over; SHOWROOM: a prospect's visit."""

    SERVICE = "SERVICE"
    DELIVERY = "DELIVERY"
    SHOWROOM = "SHOWROOM"


class VisitStatus(StrEnum):
    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    WAITING_APPROVAL = "WAITING_APPROVAL"
    WAITING_PARTS = "WAITING_PARTS"
    QUALITY_CHECK = "QUALITY_CHECK"
    READY = "READY"
    DELIVERED = "DELIVERED"
    CLOSED = "CLOSED"
    VOID = "VOID"


class OrderType(StrEnum):
    CUSTOMER = "CUSTOMER"
    INTERNAL = "INTERNAL"
    PDI = "PDI"
    VOID = "VOID"


class LineCategory(StrEnum):
    """Work by labour hours (S1): 日常保养, 一般维修 (0,2], 二级维修 (2,6], 总成大修 >6."""

    DAILY_MAINTENANCE = "DAILY_MAINTENANCE"
    GENERAL = "GENERAL"
    SECONDARY = "SECONDARY"
    OVERHAUL = "OVERHAUL"


class ReworkBasis(StrEnum):
    """Who says that a car came back for the same fault: the DMS's own mark, the lines of the orders, or the customer."""

    DMS_FLAG = "DMS_FLAG"
    SAME_FAULT = "SAME_FAULT"
    CUSTOMER_CLAIM = "CUSTOMER_CLAIM"


@attrs.frozen(kw_only=True)
class Rework:
    """A repair that did not hold (返修登记, S1; CDK Comeback, STAR RepeatRepairIndicator).

    Attributes:
        original / returned: visits by id; a claim alone has no return yet, a mark of the DMS may name no original.
        original_line / returned_line: the jobs in which the fault was recognised.
        why: what was the same: FAULT_CODE, OP_CODE or WORDS.
        days / km: from the hand-over to the return.
        within_guarantee: of the statutory repair guarantee; None where its term cannot be told.
    """

    original: int | None
    returned: int | None = None
    original_line: str = ""
    returned_line: str = ""
    bases: frozenset[ReworkBasis]
    why: str = ""
    days: int | None = None
    km: int | None = None
    within_guarantee: bool | None = None


@attrs.frozen(kw_only=True)
class VisitLine:
    """One job on a repair order.

    Attributes:
        no: the item key within the order; lines merge by it.
        hours_sold: labour hours.
        labour_amount / parts_amount: yuan.
    """

    no: str
    op_name: str = ""
    op_code: str = ""
    hours_sold: Decimal | None = None
    labour_amount: Decimal | None = None
    parts_amount: Decimal | None = None
    complaint: str = ""
    pay_type: str = "CUSTOMER_PAY"


@attrs.frozen(kw_only=True)
class Visit:
    """A car or a person came (进厂工单; STAR RepairOrder).

    Attributes:
        delivered_at: hand-over (交车), the anchor of callbacks.
        invoiced_at: settlement (结算), may be weeks later.
        promised_at: the current promise; for a DELIVERY the planned hand-over.
        booked_at / booked_channel: when and how the customer asked to be contacted (预约回访).
    """

    id: str
    kind: VisitKind = VisitKind.SERVICE
    ro_number: str = ""
    store: str
    customer_id: str
    vehicle_id: str | None = None
    brought_by_id: str | None = None
    advisor: str | None = None
    opened_at: datetime | None = None
    promised_at: datetime | None = None
    completed_at: datetime | None = None
    delivered_at: datetime | None = None
    invoiced_at: datetime | None = None
    km_in: int | None = None
    status: VisitStatus = VisitStatus.OPEN
    order_type: OrderType = OrderType.CUSTOMER
    reason_verbatim: str = attrs.field(default="", repr=False)
    injury_accident: bool = False
    do_not_message: bool = False
    booked_at: datetime | None = None
    booked_channel: Channel | None = None
    lines: tuple[VisitLine, ...] = ()


class AppointmentStatus(StrEnum):
    REQUESTED = "REQUESTED"
    CONFIRMED = "CONFIRMED"
    ARRIVED = "ARRIVED"
    IN_PROGRESS = "IN_PROGRESS"
    FULFILLED = "FULFILLED"
    RESCHEDULED = "RESCHEDULED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"


@attrs.frozen(kw_only=True)
class Appointment:
    """A booked visit (预约; STAR ServiceAppointment)."""

    id: str
    store: str
    customer_id: str
    vehicle_id: str | None = None
    start: datetime
    status: AppointmentStatus = AppointmentStatus.CONFIRMED
