"""Customers, how to reach them, what they agreed to; stores and who works there."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from crmcore.rules.phone import is_mobile
from crmcore.testing.strategies import plain
from crmcore.testing.strategies.plain import Fields, few, makes, maybe
from crmcore.types.customer import (
    BirthCalendar,
    Channel,
    Consent,
    ConsentStatus,
    ContactPoint,
    Customer,
    CustomerKind,
    NumberState,
    PartyRole,
    Purpose,
    Relative,
    UseClass,
    VehicleParty,
)
from crmcore.types.refs import ExternalRef
from crmcore.types.store import CalendarId, Opening, Role, Staff, Store


@makes(ExternalRef)
def external_refs(draw: DrawFn) -> Fields:
    """Names that other systems gave; a derived one belongs to a source without ids."""
    return {
        "system": draw(st.sampled_from(["main", "dms", "bodyshop"])),
        "entity": draw(st.sampled_from(["customer", "vehicle", "visit", "appointment", "staff"])),
        "key": draw(plain.keys()),
        "derived": draw(st.booleans()),
    }


@makes(ContactPoint)
def contact_points(draw: DrawFn) -> Fields:
    """Numbers of the sample dealer's blocks, mobile or not as the number is, and now and then an address."""
    channel = draw(st.sampled_from([Channel.PHONE, Channel.PHONE, Channel.PHONE, Channel.EMAIL]))
    if channel is Channel.EMAIL:
        value, mobile = draw(st.integers(1, 99_999).map(lambda number: f"c{number}@dealer.example")), False
    else:
        value = draw(plain.phones())
        mobile = is_mobile(value)
    return {
        "channel": channel,
        "value": value,
        "label": draw(st.sampled_from(["", "本人", "家", "单位"])),
        "preferred": draw(st.booleans()),
        "state": draw(st.sampled_from(NumberState)),
        "refused": draw(st.frozensets(st.sampled_from(Channel), max_size=2)),
        "shared": draw(st.booleans()),
        "mobile": mobile,
    }


@makes(Consent)
def consents(draw: DrawFn) -> Fields:
    """Answers to "may we …?": what was granted has its day, what was withdrawn was granted before, what expires ends later."""
    status = draw(st.sampled_from(ConsentStatus))
    fields: dict[str, Any] = {
        "purpose": draw(st.sampled_from(Purpose)),
        "status": status,
        "channel": draw(maybe(st.sampled_from(Channel))),
        "evidence": draw(st.sampled_from(["", "签字单", "短信回复"])),
    }
    if status not in {ConsentStatus.GRANTED, ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED}:
        return fields
    granted = draw(plain.instants())
    fields["granted_at"] = granted
    if status is ConsentStatus.WITHDRAWN:
        fields["withdrawn_at"] = granted + draw(plain.spans())
    if status is ConsentStatus.EXPIRED or draw(st.booleans()):
        fields["expires_at"] = granted + timedelta(days=1) + draw(plain.spans(timedelta(days=700)))
    return fields


@makes(Relative)
def relatives(draw: DrawFn) -> Fields:
    """Members of a family."""
    return {
        "name": draw(plain.names()),
        "relation": draw(st.sampled_from(["", "配偶", "子女", "父母"])),
        "birth_date": draw(maybe(plain.days())),
    }


@makes(Customer)
def customers(draw: DrawFn) -> Fields:
    """People and companies: each number and each name of another system once, a company without birthday and family."""
    person = draw(st.booleans().map(lambda company: not company))
    number = draw(plain.ids("C"))
    return {
        "id": number,
        "kind": CustomerKind.PERSON if person else CustomerKind.ORGANIZATION,
        "use_class": draw(st.sampled_from(UseClass)),
        "full_name": draw(plain.names() if person else plain.companies()),
        "gender": draw(maybe(st.sampled_from(["F", "M"]))) if person else None,
        "birth_date": draw(maybe(plain.birthdays())) if person else None,
        "birth_calendar": draw(st.sampled_from(BirthCalendar)),
        "contact_points": draw(few(contact_points(), unique_by=lambda each: (each.channel, each.value))),
        "consents": draw(few(consents())),
        "relatives": draw(few(relatives(), 2, unique_by=lambda each: each.name)) if person else (),
        "deceased": draw(st.booleans()) if person else False,
        "has_open_complaint": draw(st.booleans()),
        "home_store": draw(maybe(plain.store_codes())),
        "advisor": draw(maybe(plain.staff_codes())),
        "merged_into": draw(maybe(plain.ids("C").filter(lambda other: other != number))),
        "refs": draw(few(external_refs(entity=st.just("customer")), 2, unique_by=lambda each: (each.system, each.key))),
        "extra": draw(st.dictionaries(plain.lines(8), plain.lines(8), max_size=2)),
    }


@makes(VehicleParty)
def vehicle_parties(draw: DrawFn) -> Fields:
    """Parts in a car; one that has ended began before."""
    start = draw(maybe(plain.days()))
    ended = draw(maybe(st.integers(0, 2000))) if start else None
    return {
        "vehicle_id": draw(plain.ids("V")),
        "customer_id": draw(plain.ids("C")),
        "role": draw(st.sampled_from(PartyRole)),
        "start_date": start,
        "end_date": start + timedelta(days=ended) if start and ended is not None else None,
    }


@makes(Staff)
def staff(draw: DrawFn) -> Fields:
    """Colleagues."""
    return {
        "code": draw(plain.staff_codes()),
        "name": draw(plain.names()),
        "store": draw(plain.store_codes()),
        "role": draw(st.sampled_from(Role)),
        "phone": draw(maybe(plain.mobiles())),
        "away_until": draw(maybe(plain.days())),
        "active": draw(st.booleans()),
    }


@makes(Opening)
def openings(draw: DrawFn) -> Fields:
    """One stretch of a day, at least a quarter of an hour."""
    start = draw(st.integers(0, 92))
    end = draw(st.integers(start + 1, 95))
    return {"start": time(start // 4, start % 4 * 15), "end": time(end // 4, end % 4 * 15)}


@makes(Store)
def stores(draw: DrawFn) -> Fields:
    """Stores that open: hours in order, and no day that is both on and off by exception."""
    quarters = sorted(draw(st.lists(st.integers(24, 88), min_size=2, max_size=4, unique=True)))
    edges = [time(each // 4, each % 4 * 15) for each in quarters]
    off = draw(st.frozensets(plain.days(), max_size=2))
    return {
        "code": draw(plain.store_codes()),
        "name": draw(st.sampled_from(["示范店", "城东店", "城西店"])),
        "timezone": draw(st.sampled_from(["Asia/Shanghai", "Asia/Shanghai", "Asia/Urumqi"])),
        "hours": tuple(Opening(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)),
        "calendar": draw(st.sampled_from(CalendarId)),
        "extra_on": draw(st.frozensets(plain.days(), max_size=2)) - off,
        "extra_off": off,
        "phone": draw(maybe(plain.landlines())),
        "signature": draw(st.sampled_from(["", "示范店"])),
        "brand": draw(st.sampled_from(["", "DEMO"])),
    }
