"""Hypothesis strategies of everything a dealer talks about: customers, cars, visits, texts, complaints with their histories, records.

What they make is valid: aware instants, numbers of nobody, orders that were opened before they were handed over. `of` finds the
strategy of a type; each strategy takes keywords that replace what a field is drawn from, and keeping those plausible is then the
caller's.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar, cast

from crmcore.errors import MissingExtra

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ModuleNotFoundError:
    raise MissingExtra("CRM-X001", extra="testing") from None

from crmcore.testing.strategies import plain
from crmcore.testing.strategies.cars import (
    appointments,
    next_services,
    odometer_readings,
    reworks,
    vehicles,
    visit_lines,
    visits,
)
from crmcore.testing.strategies.complaints import (
    CaseFile,
    case_files,
    categories,
    complaint_drafts,
    complaint_events,
    complaints,
    escalations,
    pauses,
    recovery_offers,
    sla_clocks,
)
from crmcore.testing.strategies.contact import (
    acceptances,
    call_results,
    care_events,
    contact_attempts,
    deferrals,
    doubts,
    durations,
    holds,
    message_templates,
    messages,
    permits,
    receipts,
    refusals,
    rejections,
    replies,
    send_results,
    sends,
    touchpoint_rules,
    touchpoints,
)
from crmcore.testing.strategies.people import (
    consents,
    contact_points,
    customers,
    external_refs,
    openings,
    relatives,
    staff,
    stores,
    vehicle_parties,
)
from crmcore.testing.strategies.plain import (
    birthdays,
    codes,
    companies,
    days,
    hours,
    ids,
    instants,
    keys,
    kilometres,
    labels,
    landlines,
    lines,
    message_keys,
    mobiles,
    money,
    names,
    phones,
    plates,
    raw_phones,
    spans,
    staff_codes,
    store_codes,
    texts,
    vins,
)
from crmcore.testing.strategies.records import (
    answer_records,
    appointment_records,
    batches,
    complaint_records,
    consent_records,
    customer_records,
    entries,
    gones,
    line_records,
    raw_amounts,
    raw_days,
    raw_flags,
    raw_numbers,
    raw_times,
    records,
    rejects,
    relative_records,
    response_records,
    staff_records,
    vehicle_records,
    visit_records,
    webhook_requests,
)
from crmcore.testing.strategies.surveys import answers, factors, questions, responses, surveys

__all__ = [
    "CaseFile",
    "acceptances",
    "answer_records",
    "answers",
    "appointment_records",
    "appointments",
    "batches",
    "birthdays",
    "call_results",
    "care_events",
    "case_files",
    "categories",
    "codes",
    "companies",
    "complaint_drafts",
    "complaint_events",
    "complaint_records",
    "complaints",
    "consent_records",
    "consents",
    "contact_attempts",
    "contact_points",
    "customer_records",
    "customers",
    "days",
    "deferrals",
    "doubts",
    "durations",
    "entries",
    "escalations",
    "external_refs",
    "factors",
    "gones",
    "holds",
    "hours",
    "ids",
    "instants",
    "keys",
    "kilometres",
    "labels",
    "landlines",
    "line_records",
    "lines",
    "message_keys",
    "message_templates",
    "messages",
    "mobiles",
    "money",
    "names",
    "next_services",
    "odometer_readings",
    "of",
    "openings",
    "pauses",
    "permits",
    "phones",
    "plates",
    "questions",
    "raw_amounts",
    "raw_days",
    "raw_flags",
    "raw_numbers",
    "raw_phones",
    "raw_times",
    "receipts",
    "records",
    "recovery_offers",
    "refusals",
    "rejections",
    "rejects",
    "relative_records",
    "relatives",
    "replies",
    "response_records",
    "responses",
    "reworks",
    "send_results",
    "sends",
    "sla_clocks",
    "spans",
    "staff",
    "staff_codes",
    "staff_records",
    "store_codes",
    "stores",
    "surveys",
    "texts",
    "touchpoint_rules",
    "touchpoints",
    "vehicle_parties",
    "vehicle_records",
    "vehicles",
    "vins",
    "visit_lines",
    "visit_records",
    "visits",
    "webhook_requests",
]

T = TypeVar("T")


def of(cls: type[T]) -> SearchStrategy[T]:
    """The strategy of a core type, of a record or of an enum; raises `KeyError` for a type that has none."""
    if isinstance(cls, type) and issubclass(cls, Enum):
        return cast("SearchStrategy[T]", st.sampled_from(cls))
    return cast("SearchStrategy[T]", plain.KNOWN[cls]())
