"""What counts as the event that a rule hangs on."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crmcore.rules.anchors import (
    birthday_in,
    greeting_dates,
    month_days,
    of_appointment,
    of_car,
    of_order,
    of_person,
    shared_days,
    speaker,
    unlisted,
)
from crmcore.rules.case import Order
from crmcore.types.contact import AnchorKind, CareEvent, TouchpointRule
from crmcore.types.store import Store

STORE = Store(code="S01", name="示范店")
AT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)  # 01:00 of the 22nd in Shanghai
TODAY = date(2026, 11, 22)


def rule(anchor, **params):
    return TouchpointRule(
        code="R", label={"zh": "标签", "en": "Label"}, purpose="GREETING", anchor=anchor, source="J", params=params
    )


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (AnchorKind.PROSPECT_LEFT, {"opened_at": AT}),
        (AnchorKind.DELIVERY_PLANNED, {"promised_at": AT}),
        (AnchorKind.READY, {"completed_at": AT, "status": "READY"}),
        (AnchorKind.DELIVERED, {"delivered_at": AT, "handed_on": TODAY, "handed_basis": "DELIVERED"}),
    ],
)
def test_an_event_is_on_the_date_of_its_store(kind, known):
    """Five in the afternoon UTC is the next day in Shanghai."""
    found = of_order(kind, Order(id=9, customer=1, store="S01", ro_number="RO9", **known), STORE)

    assert found is not None
    assert ("visit:9", TODAY, AT, ("RO9",)) == (found.subject, found.on, found.at, found.orders)
    assert ("DELIVERED" if kind is AnchorKind.DELIVERED else "") == found.basis


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (AnchorKind.PROSPECT_LEFT, {}),
        (AnchorKind.PROSPECT_LEFT, {"opened_at": AT, "status": "VOID"}),
        (AnchorKind.PROSPECT_LEFT, {"opened_at": AT, "customer": None}),
        (AnchorKind.DELIVERY_PLANNED, {"promised_at": AT, "delivered_at": AT}),
        (AnchorKind.READY, {"completed_at": AT, "status": "DELIVERED"}),
        (AnchorKind.READY, {"completed_at": AT, "status": "READY", "kind": "SHOWROOM"}),
    ],
)
def test_what_did_not_happen_is_no_event(kind, known):
    """Void, without a person, handed over already, not ready, no car in the workshop: nothing to hang on."""
    assert of_order(kind, Order(**{"id": 9, "customer": 1} | known), STORE) is None


def test_a_delivery_known_by_its_settlement():
    """Where hand-over is unknown the settlement's date stands in, and says so."""
    found = of_order(AnchorKind.DELIVERED, Order(id=9, customer=1, handed_on=TODAY, handed_basis="INVOICED"), STORE)

    assert found is not None
    assert (TODAY, None, "INVOICED", ()) == (found.on, found.at, found.basis, found.orders)


def test_an_appointment():
    """It is its own subject, so that two of one car are two."""
    found = of_appointment(3, 1, None, AT, STORE)

    assert ("appointment:3", TODAY, "S01") == (found.subject, found.on, found.store)


def test_a_predicted_date_keeps_its_identity():
    """A new odometer reading moves the event; a new service makes another."""
    first, moved = (
        of_car(AnchorKind.NEXT_SERVICE, "next_service_on", 5, on, customer=1, store="S01", since="2026-05-02")
        for on in (date(2026, 12, 1), date(2026, 12, 8))
    )
    insured = of_car(AnchorKind.INSURANCE_END, "commercial_insurance_until", 5, TODAY, customer=1, store="S01")

    assert first.key == moved.key == "next_service_on:2026-05-02"
    assert "commercial_insurance_until:2026-11-22" == insured.key


def test_a_birthday_comes_every_year_and_an_event_once():
    """The year is the occurrence of a birthday."""
    born = of_person(AnchorKind.BIRTHDAY, "birthday", TODAY, customer=1, store="S01")
    storm = of_person(
        AnchorKind.EVENT, "event:storm", TODAY, customer=1, store="S01", yearly=False, label={"zh": "暴雪"}
    )

    assert ("2026", None) == (born.occurrence, storm.occurrence)
    assert (("zh", "暴雪"),) == storm.label


def test_who_speaks_for_a_car():
    """The owner, and for maintenance the driver; never who has given it away, unless nobody is left."""
    parties = [(1, "OWNER", None), (2, "PRIMARY_DRIVER", None), (3, "OWNER", "2026-11-22")]

    assert (1, False) == speaker(parties, AnchorKind.INSURANCE_END, TODAY)
    assert (2, False) == speaker(parties, AnchorKind.NEXT_SERVICE, TODAY)
    assert (3, True) == speaker(parties[2:], AnchorKind.NEXT_SERVICE, TODAY)
    assert (3, False) == speaker([(3, "OWNER", "2026-11-23")], AnchorKind.NEXT_SERVICE, TODAY)
    assert speaker([], AnchorKind.NEXT_SERVICE, TODAY) is None


def test_the_29th_of_february_is_kept_on_the_28th():
    """In a common year; in a leap year on its day."""
    assert date(2027, 2, 28) == birthday_in(2027, "02-29")
    assert {"02-28": date(2027, 2, 28), "02-29": date(2027, 2, 28), "03-01": date(2027, 3, 1)} == month_days(
        date(2027, 2, 28), date(2027, 3, 1)
    )
    assert {"02-28": date(2028, 2, 28), "02-29": date(2028, 2, 29)} == month_days(date(2028, 2, 28), date(2028, 2, 29))


def test_days_that_everybody_shares():
    """Greeting dates are listed, seasons come every year, events are dated facts."""
    holiday = rule(AnchorKind.HOLIDAY, dates=[date(2026, 1, 1), "x"], name={"zh": "元旦"})
    season = rule(AnchorKind.SEASON, month_day="12-01")
    storm = CareEvent(code="storm", rule="R", on=TODAY, label={"zh": "暴雪"})
    other = CareEvent(code="other", rule="X", on=TODAY, label={})

    assert [(date(2026, 1, 1), "holiday", {"zh": "元旦"}, None)] == shared_days(
        holiday, (), date(2025, 12, 1), date(2027, 12, 1)
    )
    assert [(date(2026, 12, 1), "season", season.label, None)] == shared_days(season, (), TODAY, date(2026, 12, 2))
    assert [] == shared_days(season, (), TODAY, TODAY)
    assert [(TODAY, "event:storm", {"zh": "暴雪"}, storm)] == shared_days(
        rule(AnchorKind.EVENT), (storm, other), TODAY, TODAY
    )
    assert [] == shared_days(rule(AnchorKind.EVENT), (storm,), date(2026, 11, 23), date(2026, 11, 23))


def test_a_year_without_a_date_is_reported():
    """Nothing is computed for it."""
    holiday = rule(AnchorKind.HOLIDAY, dates=[date(2026, 1, 1)])

    assert [2027] == unlisted(holiday, date(2026, 12, 30), date(2027, 1, 2))
    assert [] == unlisted(rule(AnchorKind.SEASON), TODAY, TODAY)
    assert [] == greeting_dates(rule(AnchorKind.HOLIDAY, dates=5))
