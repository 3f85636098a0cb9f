"""Reaching a person: rules and their texts, what is owed, messages and what vendors say of them, calls."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.rules.conditions import HINDRANCES, POPULATIONS
from crmcore.testing.strategies import plain
from crmcore.testing.strategies.plain import Fields, few, makes, maybe
from crmcore.types.contact import (
    Accepted,
    AnchorKind,
    AttemptOutcome,
    CallResult,
    CareEvent,
    ContactAttempt,
    Deferred,
    Effect,
    Hold,
    Message,
    MessageClass,
    MessageState,
    MessageTemplate,
    Receipt,
    ReceiptState,
    Refuse,
    Rejected,
    Reply,
    Scope,
    Send,
    SendResult,
    Text,
    Touchpoint,
    TouchpointRule,
    TouchpointState,
    Unknown,
)
from crmcore.types.customer import Channel, NumberState
from crmcore.types.store import Role

# ------------------------------------------------------------------ decisions and outcomes


@makes(Send)
def sends(_draw: DrawFn) -> Fields:
    """Go ahead."""
    return {}


@makes(Hold)
def holds(draw: DrawFn) -> Fields:
    """Not now."""
    return {"until": draw(plain.instants()), "why": draw(plain.codes())}


@makes(Refuse)
def refusals(draw: DrawFn) -> Fields:
    """Never."""
    return {"why": draw(plain.codes())}


def permits() -> SearchStrategy[Send | Hold | Refuse]:
    """What the gate answers."""
    return st.one_of(sends(), holds(), refusals())


@makes(Accepted)
def acceptances(draw: DrawFn) -> Fields:
    """Taken."""
    return {"ref": draw(maybe(plain.keys()))}


@makes(Rejected)
def rejections(draw: DrawFn) -> Fields:
    """Refused for good."""
    return {"code": draw(plain.keys()), "scope": draw(st.sampled_from(Scope))}


@makes(Deferred)
def deferrals(draw: DrawFn) -> Fields:
    """Proven not taken."""
    return {"code": draw(plain.keys()), "not_before": draw(maybe(plain.instants()))}


@makes(Unknown)
def doubts(draw: DrawFn) -> Fields:
    """It may have been sent."""
    return {"why": draw(plain.codes())}


def send_results() -> SearchStrategy[SendResult]:
    """What a messaging adapter may answer."""
    return st.one_of(acceptances(), rejections(), deferrals(), doubts())


# ------------------------------------------------------------------ messages


@makes(Message)
def messages(draw: DrawFn) -> Fields:
    """Texts to one mobile, or to a group of colleagues, which is no number and may mention some."""
    group = draw(st.booleans())
    template = draw(maybe(plain.codes()))
    return {
        "id": draw(plain.ids("M")),
        "to": "" if group else draw(plain.mobiles()),
        "text": draw(plain.texts().map(lambda said: f"【示范店】{said}")),
        "message_class": MessageClass.SERVICE if group else draw(st.sampled_from(MessageClass)),
        "channel": Channel.GROUP if group else Channel.SMS,
        "store": draw(plain.store_codes()),
        "template": template or "",
        "params": draw(st.dictionaries(st.sampled_from(["name", "date", "plate"]), plain.lines(10)))
        if template
        else {},
        "signature": draw(st.sampled_from(["", "示范店"])),
        "mentions": draw(few(plain.mobiles(), 2, unique=True)) if group else (),
    }


#: States in which no account has the text yet, and those that say why.
_BEFORE = frozenset({MessageState.QUEUED, MessageState.HELD, MessageState.REFUSED, MessageState.CANCELLED})
_TOLD = frozenset({MessageState.HELD, MessageState.REFUSED, MessageState.FAILED, MessageState.CANCELLED})


@makes(Text)
def stored_texts(draw: DrawFn) -> Fields:
    """Texts to customers as they are kept; one that was given away has an account, and one that was stopped a reason."""
    state = draw(st.sampled_from(MessageState))
    due = draw(plain.instants())
    number = draw(plain.mobiles())
    return {
        "message": draw(messages(to=st.just(number), channel=st.just(Channel.SMS), mentions=st.just(()))),
        "customer_id": draw(plain.ids("C")),
        "touchpoint_id": draw(maybe(plain.ids("T"))),
        "state": state,
        "reason": draw(plain.codes()) if state in _TOLD else None,
        "account": None if state in _BEFORE else draw(st.sampled_from(["sms", "wechat"])),
        "due_at": due,
        "state_at": due + draw(plain.spans()),
    }


@makes(Receipt)
def receipts(draw: DrawFn) -> Fields:
    """Delivery reports; each names our key or the vendor's, and only a failure may be the number's fault for good."""
    state = draw(st.sampled_from(ReceiptState))
    key = draw(maybe(plain.message_keys()))
    return {
        "key": key,
        "state": state,
        "ref": draw(plain.keys() if key is None else maybe(plain.keys())),
        "code": draw(st.sampled_from(["", "DELIVRD", "UNDELIV", "16"])),
        "permanent": draw(st.booleans()) if state is ReceiptState.FAILED else False,
        "at": draw(maybe(plain.instants())),
    }


@makes(Reply)
def replies(draw: DrawFn) -> Fields:
    """Texts from customers, opt-outs among them."""
    return {
        "sender": draw(plain.mobiles() | plain.raw_phones()),
        "text": draw(st.sampled_from(["TD", "退订", "好的", "T"]) | plain.texts()),
        "to": draw(st.sampled_from(["", "10690001"])),
        "at": draw(maybe(plain.instants())),
        "vendor_id": draw(st.just("") | plain.keys()),
    }


# ------------------------------------------------------------------ what is owed


@functools.cache
def durations(*, signed: bool = False) -> SearchStrategy[str]:
    """ISO 8601: whole days, months, or hours to the minute."""
    sign = st.sampled_from(["", "-"]) if signed else st.just("")
    size = st.one_of(
        st.integers(0, 90).map(lambda count: f"P{count}D"),
        st.integers(1, 24).map(lambda count: f"P{count}M"),
        st.integers(0, 96).map(lambda count: f"PT{count}H"),
    )
    return st.tuples(sign, size).map("".join)


def _conditions(known: Any) -> SearchStrategy[tuple[str, ...]]:
    return few(st.sampled_from(sorted(known)), 2, unique=True)


@makes(TouchpointRule)
def touchpoint_rules(draw: DrawFn) -> Fields:
    """Lines of a care pack: durations that can be read, conditions that exist, and a number of times only where it repeats."""
    repeat = draw(maybe(st.sampled_from(["P1M", "P12M", "P90D"])))
    return {
        "code": draw(plain.codes()),
        "label": draw(plain.labels()),
        "purpose": draw(st.sampled_from(["CALLBACK", "REMINDER", "GREETING", "NOTICE"])),
        "anchor": draw(st.sampled_from(AnchorKind)),
        "offset": draw(durations(signed=True)),
        "within": draw(maybe(durations())),
        "expires": draw(maybe(durations())),
        "repeat": repeat,
        "max_count": draw(st.integers(1, 12)) if repeat else 1,
        "series": draw(maybe(plain.codes())),
        "channels": draw(few(st.sampled_from([Channel.PHONE, Channel.SMS]), 2, min_size=1, unique=True)),
        "message_class": draw(st.sampled_from(MessageClass)),
        "executor": draw(st.sampled_from(Role)),
        "supervisors": draw(few(st.sampled_from(Role), 2, unique=True)),
        "population": draw(_conditions(POPULATIONS)),
        "stop_on": draw(_conditions(HINDRANCES)),
        "suppress_when": draw(_conditions(HINDRANCES)),
        "bundle": draw(st.booleans()),
        "fleet": draw(st.booleans()),
        "template": draw(maybe(plain.codes())),
        "survey": draw(maybe(st.sampled_from(["aftersales", "delivery"]))),
        "questions": draw(few(plain.codes(), 2, unique=True)),
        "source": draw(st.sampled_from(["S1", "S3", "J"])),
        "enabled": draw(st.booleans()),
    }


@makes(MessageTemplate)
def message_templates(draw: DrawFn) -> Fields:
    """Words whose variables every rule can fill; the neutral ones name nobody."""
    zh = st.sampled_from(["{name}，您好！{store}祝您用车愉快。", "您好，有事请联系{store}，电话{phone}。"])
    en = st.sampled_from(["Dear {name}, all the best from {store}.", "Please call {store}: {phone}."])
    return {
        "code": draw(plain.codes()),
        "zh": draw(zh),
        "en": draw(en),
        "neutral_zh": "您好！{store}祝您用车愉快。",
        "neutral_en": "All the best from {store}.",
        "source": draw(st.sampled_from(["", "J"])),
    }


@makes(CareEvent)
def care_events(draw: DrawFn) -> Fields:
    """Storms and campaigns, which do not end before they begin."""
    on = draw(plain.days())
    lasts = draw(maybe(st.integers(0, 30)))
    return {
        "code": draw(plain.codes()),
        "rule": draw(st.sampled_from(["WEATHER", "CAMPAIGN"])),
        "on": on,
        "until": None if lasts is None else on + timedelta(days=lasts),
        "label": draw(plain.labels()),
        "stores": draw(few(plain.store_codes(), 2, unique=True)),
    }


@makes(Touchpoint)
def touchpoints(draw: DrawFn) -> Fields:
    """Contacts that are owed: about a visit, a car or a customer, due before they are late, and late before they expire."""
    visit, vehicle = draw(maybe(plain.ids("R"))), draw(maybe(plain.ids("V")))
    customer = draw(plain.ids("C"))
    kind, number = ("visit", visit) if visit else ("vehicle", vehicle) if vehicle else ("customer", customer)
    subject = f"{kind}:{(number or customer)[1:]}"
    due = draw(plain.instants())
    late = due + draw(plain.spans())
    state = draw(st.sampled_from(TouchpointState))
    told = state in {TouchpointState.SUPPRESSED, TouchpointState.CANCELLED, TouchpointState.SKIPPED}
    return {
        "id": draw(plain.ids("T")),
        "rule": draw(plain.codes()),
        "subject": subject,
        "anchor": subject,
        "anchor_on": draw(st.sampled_from([due, due.date()])),
        "occurrence": draw(st.sampled_from(["1", "2", "2026"])),
        "store": draw(plain.store_codes()),
        "customer_id": customer,
        "vehicle_id": vehicle,
        "visit_id": visit,
        "due_at": due,
        "deadline_at": draw(maybe(st.just(late))),
        "expires_at": draw(maybe(plain.spans().map(lambda longer: late + longer))),
        "channel": draw(st.sampled_from([Channel.PHONE, Channel.SMS])),
        "message_class": draw(st.sampled_from(MessageClass)),
        "executor": draw(maybe(plain.staff_codes())),
        "supervisors": draw(few(plain.staff_codes(), 2, unique=True)),
        "state": state,
        "reason": draw(plain.codes()) if told else None,
        "bundled_into": draw(maybe(plain.ids("T"))) if state is TouchpointState.PLANNED else None,
        "explanation": {"source": "J"},
    }


# ------------------------------------------------------------------ calls

_EFFECTS = {
    AttemptOutcome.SUCCESS: (Effect.DONE, Effect.BOOKED, Effect.COMPLAINT),
    AttemptOutcome.FAILED: (Effect.RETRY, Effect.NONE),
    AttemptOutcome.INVALID: (Effect.BAD_NUMBER, Effect.REFUSES, Effect.CAR_GONE),
}


@makes(CallResult)
def call_results(draw: DrawFn) -> Fields:
    """Lines of the list of results; what they say fits the family they are of."""
    outcome = draw(st.sampled_from(AttemptOutcome))
    effect = draw(st.sampled_from(_EFFECTS[outcome]))
    return {
        "code": draw(plain.codes()),
        "label": draw(plain.labels()),
        "outcome": outcome,
        "effect": effect,
        "cause": draw(st.sampled_from(["NUMBER", "CUSTOMER", "NETWORK"])) if outcome is AttemptOutcome.INVALID else "",
        "ends": effect not in {Effect.RETRY, Effect.BOOKED, Effect.NONE},
        "number": draw(st.sampled_from([NumberState.NOT_IN_SERVICE, NumberState.WRONG_PERSON])),
        "source": draw(st.sampled_from(["", "C8"])),
    }


@makes(ContactAttempt)
def contact_attempts(draw: DrawFn) -> Fields:
    """Calls: written down when they were over, a next time only after this one."""
    at = draw(plain.instants())
    outcome = draw(st.sampled_from(AttemptOutcome))
    again = draw(maybe(plain.spans())) if outcome is not AttemptOutcome.INVALID else None
    return {
        "id": draw(st.just("") | plain.ids("A")),
        "touchpoint_id": draw(maybe(plain.ids("T"))),
        "complaint_id": draw(maybe(plain.ids("K"))),
        "customer_id": draw(maybe(plain.ids("C"))),
        "at": at,
        "recorded_at": draw(maybe(plain.spans().map(lambda later: at + later))),
        "staff": draw(maybe(plain.staff_codes())),
        "channel": draw(st.sampled_from([Channel.PHONE, Channel.IN_PERSON])),
        "outcome": outcome,
        "result": draw(plain.codes()),
        "remark": draw(plain.texts()),
        "category": draw(maybe(plain.codes())),
        "referral": draw(plain.texts(20)),
        "note": draw(plain.texts()),
        "next_at": None if again is None else at + timedelta(minutes=1) + again,
        "next_channel": None if again is None else Channel.PHONE,
    }
