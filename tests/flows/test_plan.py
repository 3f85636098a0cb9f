"""What a customer is owed is planned once, moves with what it hangs on, and stops when that is gone."""

from __future__ import annotations

import json

import pytest
from tests.flows.planned_dealer import Dealer, settings

from crmcore.flows.plan import plan


@pytest.fixture(name="dealer")
def _dealer(db):
    return Dealer(db)


def run(dealer, clock, **known):
    return plan(dealer.db, known.pop("using", None) or settings(), clock, **known)


def test_the_third_day_at_opening(dealer, clock):
    """A car handed over on Thursday is called about on Sunday at half past eight."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:20")

    report = run(dealer, clock)
    row = dealer.one("POST_REPAIR_CALLBACK")

    assert {"POST_REPAIR_CALLBACK": 1} == dict(report.added)
    assert ("2026-11-22T00:30:00Z", "DUE", "PHONE", "CR_AGENT") == (row.due_at, row.state, row.channel, row.executor)
    assert "2026-11-22T15:59:59Z" == row.deadline_at


def test_planning_twice_adds_nothing(dealer, clock):
    """The second plan of the day changes no row."""
    who = dealer.customer()
    car = dealer.car(who)
    dealer.visit(who, car, handed="2026-11-19 16:20")
    dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")
    run(dealer, clock)
    before, texts = dealer.touchpoints(), dealer.messages()

    clock.tick(minutes=1)
    report = run(dealer, clock)

    assert not any(report.totals().values())
    assert before == dealer.touchpoints()
    assert texts == dealer.messages()


def test_delivery_steps_are_instants(dealer, clock):
    """A car promised for Wednesday 10:00 is spoken of on Sunday 10:00 and on Tuesday 10:00."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")

    run(dealer, clock)

    assert [
        ("DELIVERY_T72", "2026-11-22T02:00:00Z", "DUE"),
        ("DELIVERY_T24", "2026-11-24T02:00:00Z", "PLANNED"),
    ] == [(row.rule, row.due_at, row.state) for row in dealer.touchpoints()]
    (text,) = dealer.messages()
    assert "【示范店】王小明，您的新车计划于11月25日 10:00在示范店交付" in text.text
    assert ("QUEUED", 1, "SERVICE") == (text.state, text.names_customer, text.message_class)
    assert text.key.isalnum()
    assert {
        "name": "王小明",
        "date": "11月25日",
        "time": "10:00",
        "store": "示范店",
        "phone": "010-55501234",
    } == json.loads(text.params)
