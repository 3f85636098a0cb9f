"""What an adapter yields, raw as a source writes it and readable all the same; and what a vendor pushes."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.hooks.adapters import WebhookRequest
from crmcore.hooks.records import (
    AnswerRecord,
    AppointmentRecord,
    Batch,
    ComplaintRecord,
    ConsentRecord,
    CustomerRecord,
    Entry,
    Gone,
    LineRecord,
    Record,
    Reject,
    RelativeRecord,
    ResponseRecord,
    StaffRecord,
    VehicleRecord,
    VisitRecord,
)
from crmcore.testing.strategies import plain
from crmcore.testing.strategies.plain import KNOWN, Fields, few, makes, maybe, some

ENTITIES = ("visit", "customer", "vehicle", "appointment", "staff", "complaint", "response")


@functools.cache
def raw_days() -> SearchStrategy[str]:
    """A date as a DMS or a spreadsheet writes it."""
    forms: list[Any] = [
        lambda on: on.isoformat(),
        lambda on: f"{on.year}/{on.month}/{on.day}",
        lambda on: f"{on.year}年{on.month}月{on.day}日",
        lambda on: str((on - date(1899, 12, 30)).days),
    ]
    return st.tuples(plain.days(), st.sampled_from(forms)).map(lambda pair: str(pair[1](pair[0])))


@functools.cache
def raw_times() -> SearchStrategy[str]:
    """A local time, to the minute."""
    local = st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31))  # noqa: DTZ001 - a source has no zone
    return local.map(lambda at: f"{at:%Y-%m-%d %H:%M}")


@functools.cache
def raw_flags() -> SearchStrategy[str | bool]:
    """Yes or no in any of the ways that sources have."""
    return st.sampled_from(["是", "否", "Y", "N", "1", "0", "true", "false"]) | st.booleans()


@functools.cache
def raw_numbers() -> SearchStrategy[str | int]:
    """Kilometres or months, as a number or as somebody wrote them."""
    return st.integers(0, 300_000) | st.integers(0, 300_000).map(lambda km: f"{km:,}")


@functools.cache
def raw_amounts() -> SearchStrategy[str]:
    """Yuan or hours."""
    return plain.money().map(str)


_EXTRA = st.dictionaries(plain.lines(6), plain.lines(6), max_size=2)


@makes(RelativeRecord)
def relative_records(draw: DrawFn) -> Fields:
    """A member of the family."""
    optional = {"relation": st.sampled_from(["配偶", "子女"]), "birth_date": maybe(raw_days())}
    return {"name": draw(plain.names()), **some(draw, optional)}


@makes(ConsentRecord)
def consent_records(draw: DrawFn) -> Fields:
    """What a source knows of a consent."""
    optional = {
        "channel": maybe(st.sampled_from(["SMS", "PHONE"])),
        "evidence": st.just("签字单"),
        "at": maybe(raw_times()),
    }
    purpose = draw(st.sampled_from(["MARKETING", "CARE", "SURVEY"]))
    return {"purpose": purpose, "granted": draw(raw_flags()), **some(draw, optional)}


@makes(CustomerRecord)
def customer_records(draw: DrawFn) -> Fields:
    """A person or a company; what the source does not have is missing, what it has and is empty is None."""
    return some(
        draw,
        {
            "key": plain.keys(),
            "name": maybe(plain.names() | plain.companies()),
            "phone": maybe(plain.raw_phones()),
            "phones": st.lists(plain.raw_phones(), max_size=2),
            "kind": maybe(st.sampled_from(["个人", "单位"])),
            "gender": maybe(st.sampled_from(["男", "女", "M"])),
            "birth_date": maybe(raw_days()),
            "birth_calendar": maybe(st.sampled_from(["公历", "农历"])),
            "use_class": maybe(st.sampled_from(["私家", "公务", "营运"])),
            "employer": maybe(plain.companies()),
            "address": maybe(st.just("示范路1号")),
            "advisor": maybe(plain.names()),
            "opted_out": maybe(raw_flags()),
            "do_not_call": maybe(raw_flags()),
            "deceased": maybe(raw_flags()),
            "relatives": st.lists(relative_records(), max_size=2, unique_by=lambda each: each["name"]),
            "consents": st.lists(consent_records(), max_size=2),
            "extra": _EXTRA,
        },
    )


@makes(VehicleRecord)
def vehicle_records(draw: DrawFn) -> Fields:
    """A car."""
    dated = ("sold_on", "delivered_on", "first_registered_on", "warranty_until", "inspection_due_on")
    insured = ("compulsory_insurance_until", "commercial_insurance_until")
    return some(
        draw,
        {
            "key": plain.keys(),
            "vin": maybe(plain.vins()),
            "plate_number": maybe(plain.plates()),
            "make": maybe(st.just("DEMO")),
            "series": maybe(st.sampled_from(["A1", "B2"])),
            "model": maybe(st.sampled_from(["A1S", "B2L"])),
            "powertrain": maybe(st.sampled_from(["汽油", "纯电", "BEV"])),
            **{name: maybe(raw_days()) for name in (*dated, *insured)},
            "warranty_km": maybe(raw_numbers()),
            "service_interval_km": maybe(raw_numbers()),
            "service_interval_months": maybe(st.sampled_from(["6", "12", 12])),
            "status": maybe(st.sampled_from(["ACTIVE", "SOLD"])),
            "owner": customer_records(),
            "extra": _EXTRA,
        },
    )


@makes(LineRecord)
def line_records(draw: DrawFn) -> Fields:
    """One job of an order."""
    words = (
        "op_code",
        "op_name",
        "complaint",
        "cause",
        "correction",
        "fault_code",
        "technician",
        "pay_type",
        "revenue_line",
    )
    amounts = ("hours_sold", "labour_amount", "parts_amount", "amount")
    optional: dict[str, SearchStrategy[Any]] = {name: maybe(plain.lines(12)) for name in words}
    return some(draw, {"key": plain.keys(), **optional, **{name: maybe(raw_amounts()) for name in amounts}})


_VISIT_TIMES = ("opened_at", "promised_at", "completed_at", "delivered_at", "invoiced_at", "booked_at")


@makes(VisitRecord)
def visit_records(draw: DrawFn) -> Fields:
    """An order, a hand-over or a prospect, with whoever and whatever the row names."""
    optional: dict[str, SearchStrategy[Any]] = {
        "kind": st.sampled_from(["SERVICE", "DELIVERY", "SHOWROOM"]),
        "ro_number": maybe(plain.keys()),
        "store": maybe(plain.store_codes()),
        "customer": customer_records(),
        "brought_by": customer_records(),
        "payer": customer_records(),
        "vehicle": vehicle_records(),
        "advisor": maybe(plain.names()),
        **{name: maybe(raw_times()) for name in _VISIT_TIMES},
        "km_in": maybe(raw_numbers()),
        "km_out": maybe(raw_numbers()),
        "status": maybe(st.sampled_from(["已交车", "OPEN", "CLOSED"])),
        "order_type": maybe(st.sampled_from(["CUSTOMER", "INTERNAL"])),
        "repair_type": maybe(st.sampled_from(["保养", "事故"])),
        "reason_verbatim": maybe(plain.lines()),
        "remark": maybe(plain.lines()),
        "injury_accident": maybe(raw_flags()),
        "comeback": maybe(raw_flags()),
        "comeback_of": maybe(plain.keys()),
        "do_not_message": maybe(raw_flags()),
        "booked_channel": maybe(st.sampled_from(["PHONE", "SMS"])),
        "lines": st.lists(line_records(), max_size=2),
        "extra": _EXTRA,
    }
    return {"key": draw(plain.keys()), **some(draw, optional)}


@makes(AppointmentRecord)
def appointment_records(draw: DrawFn) -> Fields:
    """A booked visit."""
    optional = {
        "store": maybe(plain.store_codes()),
        "customer": customer_records(),
        "vehicle": vehicle_records(),
        "start": maybe(raw_times()),
        "status": maybe(st.sampled_from(["CONFIRMED", "CANCELLED"])),
        "advisor": maybe(plain.names()),
    }
    return {"key": draw(plain.keys()), **some(draw, optional)}


@makes(StaffRecord)
def staff_records(draw: DrawFn) -> Fields:
    """A colleague."""
    optional = {
        "name": maybe(plain.names()),
        "store": maybe(plain.store_codes()),
        "role": maybe(st.sampled_from(["服务顾问", "CR_AGENT"])),
        "phone": maybe(plain.raw_phones()),
        "active": maybe(raw_flags()),
    }
    return {"key": draw(plain.staff_codes()), **some(draw, optional)}


@makes(ComplaintRecord)
def complaint_records(draw: DrawFn) -> Fields:
    """A case that the source keeps."""
    optional = {
        "customer": customer_records(),
        "vehicle": vehicle_records(),
        "visit": maybe(plain.keys()),
        "store": maybe(plain.store_codes()),
        "received_at": maybe(raw_times()),
        "state": maybe(st.sampled_from(["OPEN", "CLOSED", "处理中"])),
    }
    return {"key": draw(plain.keys()), **some(draw, optional)}


@makes(AnswerRecord)
def answer_records(draw: DrawFn) -> Fields:
    """One answer, under the item's name in its source."""
    value = maybe(st.integers(1, 10).map(str) | plain.lines())
    return {"item": draw(plain.keys()), "value": draw(value), **some(draw, {"comment": maybe(plain.lines())})}


@makes(ResponseRecord)
def response_records(draw: DrawFn) -> Fields:
    """A filled questionnaire; each item once."""
    optional = {
        "token": maybe(st.text(st.sampled_from("0123456789ABCDEFabcdef"), min_size=1, max_size=35)),
        "store": maybe(plain.store_codes()),
        "staff": maybe(plain.staff_codes()),
        "customer": customer_records(),
        "vehicle": vehicle_records(),
        "visit": maybe(plain.keys()),
        "wave": maybe(st.just("2026-Q3")),
        "sample_id": maybe(plain.keys()),
        "mode": maybe(st.sampled_from(["PHONE", "ONLINE"])),
        "started_at": maybe(raw_times()),
        "completed_at": maybe(raw_times()),
        "complete": maybe(raw_flags()),
    }
    given = draw(st.lists(answer_records(), max_size=3, unique_by=lambda each: each["item"]))
    return {"key": draw(plain.keys()), "answers": given, **some(draw, optional)}


_OF = {
    "visit": visit_records,
    "customer": customer_records,
    "vehicle": vehicle_records,
    "appointment": appointment_records,
    "staff": staff_records,
    "complaint": complaint_records,
    "response": response_records,
}


@makes(Record)
def records(draw: DrawFn) -> Fields:
    """A record of any entity, and its data."""
    entity = draw(st.sampled_from(ENTITIES))
    return {"entity": entity, "data": draw(_OF[entity]())}


@makes(Gone)
def gones(draw: DrawFn) -> Fields:
    """Something that no longer exists."""
    return {"entity": draw(st.sampled_from(ENTITIES)), "key": draw(plain.keys())}


def _digest(row: Any) -> bytes:
    return hashlib.blake2b(repr(row).encode(), digest_size=16).digest()


@functools.cache
def _places() -> SearchStrategy[tuple[str, ...]]:
    return st.integers(2, 99_999).map(lambda row: (f"ro.csv:{row}",))


@makes(Reject)
def rejects(draw: DrawFn) -> Fields:
    """Rows that cannot be used; the shape tells no digit and no letter of what stood there."""
    raw = draw(st.dictionaries(plain.lines(6), plain.lines(10), min_size=1, max_size=3))
    return {
        "at": draw(_places()),
        "column": draw(st.just("") | st.sampled_from(sorted(raw))),
        "value_shape": draw(st.sampled_from(["9.99A+99", "字字", ""])),
        "reason": draw(st.sampled_from(["PHONE_SCIENTIFIC", "PHONE_TOO_SHORT"])),
        "raw": raw,
        "digest": _digest(raw),
    }


@st.composite
def entries(draw: DrawFn) -> Entry:
    """Rows of one record each; the same row has the same digest."""
    record = draw(records() | gones())
    raw = {"key": str(record.data.get("key", "")) if isinstance(record, Record) else record.key}

    def parsed() -> Iterable[Record | Gone | Reject]:
        return (record,)

    return Entry(at=draw(_places()), digest=_digest(record), records=parsed, raw=lambda: raw)


KNOWN[Entry] = entries


@makes(Batch)
def batches(draw: DrawFn) -> Fields:
    """Pages of a pull, with or without a point to go on from."""
    return {
        "entries": draw(few(entries() | rejects())),
        "cursor": draw(maybe(plain.keys())),
        "unchanged": draw(st.integers(0, 1000)),
        "parts": draw(few(st.sampled_from(["ro.csv", "staff.csv"]), 2, unique=True)),
    }


@makes(WebhookRequest)
def webhook_requests(draw: DrawFn) -> Fields:
    """Pushes of any shape: what a vendor sends, what somebody else sends, and garbage."""
    names = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz-"), min_size=1, max_size=12)
    values = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)
    pushed = st.sampled_from([b"", b"{}", b"[]", b"status=1&key=", b"\xff\xfe\x00", b"<xml/>", b'{"a": 1e999}'])
    return {
        "method": draw(st.sampled_from(["POST", "GET", "PUT"])),
        "path": draw(st.sampled_from(["", "dlr", "receipts/1"]) | values),
        "query": draw(st.dictionaries(values, values, max_size=3)),
        "headers": draw(st.dictionaries(names, values, max_size=3)),
        "body": draw(pushed | st.binary(max_size=200)),
    }
