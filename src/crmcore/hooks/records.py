"""What an adapter says about the world: the exchange types of a pull.

An adapter says what the source says; the core cleans, matches, keeps. Every text may be raw: `"１３８-0013 8000"` is a fine
`phone`, `"2026/11/3"` or `"46327.5"` a fine date. A key that is missing says nothing and ours stays; an explicit `None`
says the field is empty. Lists merge by item key and never shrink. Only `Gone` deletes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Required, TypedDict

import attrs


class RelativeRecord(TypedDict, total=False):
    """A member of the customer's family; merged by `name`."""

    name: Required[str]
    relation: str
    birth_date: str | None


class ConsentRecord(TypedDict, total=False):
    """What the source knows about a consent; merged by purpose and channel. `granted`: 是/否, Y/N, 1/0, true/false."""

    purpose: Required[str]
    channel: str | None
    granted: Required[str | bool]
    evidence: str
    at: str | None


class CustomerRecord(TypedDict, total=False):
    """A person or organisation. Without `key` the core derives an id from mobile and name, and marks it derived."""

    key: str
    name: str | None
    phone: str | None
    phones: list[str]
    kind: str | None
    gender: str | None
    birth_date: str | None
    birth_calendar: str | None
    use_class: str | None
    employer: str | None
    address: str | None
    advisor: str | None
    opted_out: str | bool | None
    do_not_call: str | bool | None
    deceased: str | bool | None
    relatives: list[RelativeRecord]
    consents: list[ConsentRecord]
    extra: Mapping[str, str]


class VehicleRecord(TypedDict, total=False):
    """A car. Without `key` the VIN identifies it; without a VIN the plate does, only together with its customer."""

    key: str
    vin: str | None
    plate_number: str | None
    make: str | None
    series: str | None
    model: str | None
    powertrain: str | None
    sold_on: str | None
    delivered_on: str | None
    first_registered_on: str | None
    warranty_until: str | None
    warranty_km: str | int | None
    inspection_due_on: str | None
    compulsory_insurance_until: str | None
    commercial_insurance_until: str | None
    service_interval_km: str | int | None
    service_interval_months: str | int | None
    status: str | None
    owner: CustomerRecord
    extra: Mapping[str, str]


class LineRecord(TypedDict, total=False):
    """One job of an order; merged by `key` (default: the job's code or name)."""

    key: str
    op_code: str | None
    op_name: str | None
    complaint: str | None
    cause: str | None
    correction: str | None
    fault_code: str | None
    hours_sold: str | None
    labour_amount: str | None
    parts_amount: str | None
    amount: str | None
    technician: str | None
    pay_type: str | None
    revenue_line: str | None


class VisitRecord(TypedDict, total=False):
    """A visit: `kind` SERVICE (default), DELIVERY or SHOWROOM. `delivered_at` is hand-over, `invoiced_at` settlement.

    `comeback` is the source's own mark of a return for the same fault (返修; CDK ComebackFlag), `comeback_of` the order it returns on.
    """

    key: Required[str]
    kind: str
    ro_number: str | None
    store: str | None
    customer: CustomerRecord
    brought_by: CustomerRecord
    payer: CustomerRecord
    vehicle: VehicleRecord
    advisor: str | None
    opened_at: str | None
    promised_at: str | None
    completed_at: str | None
    delivered_at: str | None
    invoiced_at: str | None
    km_in: str | int | None
    km_out: str | int | None
    status: str | None
    order_type: str | None
    repair_type: str | None
    reason_verbatim: str | None
    remark: str | None
    injury_accident: str | bool | None
    comeback: str | bool | None
    comeback_of: str | None
    do_not_message: str | bool | None
    booked_at: str | None
    booked_channel: str | None
    lines: list[LineRecord]
    extra: Mapping[str, str]


class AppointmentRecord(TypedDict, total=False):
    """A booked visit."""

    key: Required[str]
    store: str | None
    customer: CustomerRecord
    vehicle: VehicleRecord
    start: str | None
    status: str | None
    advisor: str | None


class StaffRecord(TypedDict, total=False):
    """A person who works at the dealer."""

    key: Required[str]
    name: str | None
    store: str | None
    role: str | None
    phone: str | None
    active: str | bool | None


class ComplaintRecord(TypedDict, total=False):
    """A complaint that the source keeps; an open one stops care and marketing."""

    key: Required[str]
    customer: CustomerRecord
    vehicle: VehicleRecord
    visit: str | None
    store: str | None
    received_at: str | None
    state: str | None


class AnswerRecord(TypedDict, total=False):
    """One answer of a questionnaire, under the item's name in its source; what is empty says "does not apply"."""

    item: Required[str]
    value: Required[str | None]
    comment: str | None


class ResponseRecord(TypedDict, total=False):
    """A filled questionnaire.

    Our `token` names the invitation, and with it customer, visit and store; without one the source says what it knows.
    `visit` is the order number. `wave` and `sample_id` are an agency's. Answers merge by item and never shrink.
    """

    key: Required[str]
    token: str | None
    store: str | None
    staff: str | None
    customer: CustomerRecord
    vehicle: VehicleRecord
    visit: str | None
    wave: str | None
    sample_id: str | None
    mode: str | None
    started_at: str | None
    completed_at: str | None
    complete: str | bool | None
    answers: Required[list[AnswerRecord]]


@attrs.frozen(kw_only=True)
class Gone:
    """The source says that this thing no longer exists; what was planned for it is cancelled."""

    entity: str
    key: str


@attrs.frozen
class Record:
    """One record with its entity: "visit", "customer", "vehicle", "appointment", "staff", "complaint" or "response"."""

    entity: str
    data: Mapping[str, object] = attrs.field(repr=False)


@attrs.frozen
class Reject:
    """A source row that cannot be used.

    Attributes:
        at: the rows, e.g. ("ro.csv:17",).
        column: the heading as the source writes it; empty when the row as a whole is at fault.
        value_shape: the value with every digit as 9, every letter as A, every ideograph as 字: no personal data.
        reason: a reason code; its words and its fix are in lang/ (`catalog` names a plugin's own).
        raw: the row as it was read, kept for mending (personal data: never logged).
        digest: as in `Entry`, so that an unchanged bad row is recognised.
    """

    at: tuple[str, ...]
    column: str
    value_shape: str
    reason: str
    raw: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    digest: bytes = b""
    catalog: str = "crmcore"


@attrs.frozen
class Entry:
    """One unit of the source, unparsed: the core asks for its records only when the digest is new.

    Attributes:
        at: the source rows it stands for, e.g. ("ro.csv:17",); each counts as one row read.
        digest: 16 bytes over the row's bytes without line ends, salted with the mapping and `Context.salt`.
        records: parses the row; a `Reject` among what it yields rejects the whole entry.
        raw: the row by heading, for rejects.csv.
        columns: where a field came from, so that a reject names the column: {"customer.phone": "手机号"}.
    """

    at: tuple[str, ...]
    digest: bytes
    records: Callable[[], Iterable[Record | Gone | Reject]] = attrs.field(repr=False)
    raw: Callable[[], Mapping[str, str]] = attrs.field(repr=False)
    columns: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen
class Batch:
    """A page of a pull.

    Attributes:
        entries: new or unseen rows, in any order.
        cursor: opaque to the core, committed in the transaction of this batch; None is no resume point.
        unchanged: source rows that the adapter skipped because their part (file, page) is byte for byte what it was.
        parts: the names of those parts, i.e. the `at` of their rows without the row number.
    """

    entries: tuple[Entry | Reject, ...]
    cursor: str | None
    unchanged: int = 0
    parts: tuple[str, ...] = ()
