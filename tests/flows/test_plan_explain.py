"""Every decision explains itself, in both languages, and staff can decide about what is owed."""

from __future__ import annotations

import json

import attrs
import pytest
from tests.flows.planned_dealer import POLICY, STORE, Dealer, all_rules, settings

from crmcore.db import schema, touchpoints
from crmcore.errors import UsageError
from crmcore.flows.explain import explain
from crmcore.flows.plan import plan
from crmcore.flows.touchpoints import assign, cancel, done, list_touchpoints, questions


@pytest.fixture(name="dealer")
def _dealer(db):
    return Dealer(db)


def planned(dealer, clock, **known):
    """A car handed over on Thursday, known by its settlement alone, and the reminder of a delivery by text."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:20", delivered_at=None, handed_basis="INVOICED")
    dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")
    plan(dealer.db, settings(), clock)
    return dealer.one("POST_REPAIR_CALLBACK")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "zh",
            [
                "维修后回访",
                "交车时间未知",
                "2026-11-22 08:30",
                "起因之后 3 天",
                "日历 every-day",
                "电话",
                "客户关系经理",
                "C18b",
            ],
        ),
        (
            "en",
            [
                "Callback after the repair",
                "hand-over is unknown",
                "late after 2026-11-22 23:59",
                "3 days after",
                "C18b",
            ],
        ),
    ],
)
def test_a_callback_says_why(dealer, clock, lang, said):
    """Anchor, offset, calendar, people, source: in words, and as codes."""
    row = planned(dealer, clock)
    found = explain(dealer.db, f"T{row.id}", settings(), lang=lang)
    text = "\n".join(found.lines)

    assert [] == [word for word in said if word not in text]
    assert ("HANDED_OVER", "INVOICED", "P3D", "every-day") == tuple(
        found.facts[name] for name in ("anchor", "basis", "offset", "calendar")
    )
    assert "explain." not in text
    assert "王小明" not in text


def test_a_text_says_what_it_is_for(dealer, clock):
    """A message leads to its touchpoint; the touchpoint names its message and what was done to it."""
    planned(dealer, clock)
    (text,) = dealer.messages()
    found = explain(dealer.db, f"m{text.id}", settings())
    with dealer.db.writing() as connection:
        connection.execute(schema.message.update().values(state="FAILED", code="4.7"))
        touchpoints.to_phone(connection, text.touchpoint_id, "NOT_DELIVERED", clock.now())
    behind = explain(dealer.db, f"T{text.touchpoint_id}", settings(), lang="en")

    assert (f"T{text.touchpoint_id}", "DELIVERY_T72", "QUEUED") == tuple(
        found.facts[name] for name in ("touchpoint", "template", "state")
    )
    assert any("交车前 72 小时提醒" in line for line in found.lines)
    assert [f"M{text.id}"] == behind.facts["messages"]
    assert any("TO_PHONE" in line for line in behind.lines)
    assert any("text was passed over" in line for line in behind.lines)


def test_a_message_without_a_touchpoint(dealer, clock):
    """It explains itself alone."""
    planned(dealer, clock)
    with dealer.db.writing() as connection:
        connection.execute(schema.message.update().values(touchpoint_id=None))

    assert explain(dealer.db, f"M{dealer.messages()[0].id}", settings()).facts["touchpoint"] is None


def test_what_rides_and_what_carries(dealer, clock):
    """Both ends of a bundle name the other; a predicted date, a late start and a rule that is gone are said."""
    who = dealer.customer()
    dealer.car(
        who, next_service_on="2026-12-04", next_service_basis="PREDICTED", last_service_on="2026-06-06", plate="京A1"
    )
    dealer.car(who, inspection_due_on="2026-12-22")
    plan(dealer.db, settings(only=["INSPECTION_DUE", "PERIODIC_MAINTENANCE"]), clock)
    carrier, rider = dealer.one("PERIODIC_MAINTENANCE"), dealer.one("INSPECTION_DUE")
    first, second = (explain(dealer.db, f"T{row.id}", settings(), lang="en") for row in (carrier, rider))
    orphan = explain(dealer.db, f"T{rider.id}", settings(only=[]), lang="en")

    assert [f"T{rider.id}"] == first.facts["carries"]
    assert f"T{carrier.id}" == second.facts["bundled_into"]
    assert any("rides on" in line for line in second.lines)
    assert any("predicted from the last two odometer readings" in line for line in first.lines)
    assert any("known late" in line for line in first.lines)
    assert "" == orphan.facts["source"]


@pytest.mark.parametrize(
    ("identity", "code"), [("X1", "CRM-T201"), ("T", "CRM-T201"), ("T99", "CRM-T202"), ("M99", "CRM-T202")]
)
def test_ids_that_are_none(dealer, identity, code):
    """A wrong id is told as such."""
    with pytest.raises(UsageError) as caught:
        explain(dealer.db, identity, settings())

    assert code == caught.value.code


def test_the_list(dealer, clock):
    """Flat rows by due time, times with the store's offset, and every key of the contract."""
    row = planned(dealer, clock)
    found = list_touchpoints(
        dealer.db, settings(), rule="POST_REPAIR_CALLBACK", store="S01", customer="C1", until=clock.now()
    )
    everything = list_touchpoints(dealer.db, settings(), states=["PLANNED"])

    assert "crmcore/touchpoints@1" == found["schema"]
    (one,) = found["touchpoints"]
    assert (
        "id", "rule", "customer", "vehicle", "visit", "anchor", "due_at", "deadline_at", "channel", "executor",
        "supervisors", "state", "reason", "bundled_into", "explanation",
    ) == tuple(one)  # fmt: skip
    assert (f"T{row.id}", "C1", "2026-11-22T08:30:00+08:00") == (one["id"], one["customer"], one["due_at"])
    assert ["DELIVERY_T24"] == [each["rule"] for each in everything["touchpoints"]]
    assert json.dumps(found)


def test_staff_decide(dealer, clock):
    """Done, cancelled and given away, once each; planning does not bring back what a person took off the list."""
    row = planned(dealer, clock)
    dealer._insert(schema.staff, code="E01", name="E01", store="S01", role="CR_AGENT", source="config")
    late, early = dealer.one("DELIVERY_T24"), dealer.one("DELIVERY_T72")
    assign(dealer.db, f"T{row.id}", "E01", settings(), clock, by="E09")
    done(dealer.db, f"T{row.id}", clock, by="E01")
    cancel(dealer.db, f"T{late.id}", clock, by="E01")
    cancel(dealer.db, f"t{early.id}", clock)
    plan(dealer.db, settings(), clock)

    assert [("DONE", "BY_HAND"), ("CANCELLED", "BY_HAND"), ("CANCELLED", "BY_HAND")] == [
        (each.state, each.reason)
        for rule in ("POST_REPAIR_CALLBACK", "DELIVERY_T24", "DELIVERY_T72")
        for each in dealer.touchpoints(rule)
    ]
    assert ["CANCELLED"] == [text.state for text in dealer.messages()]
    with dealer.db.reading() as connection:
        assert [("ASSIGN", "E09"), ("DONE", "E01")] == [
            (entry.verb, entry.who) for entry in touchpoints.trail(connection, row.id)
        ]


def test_what_cannot_be_decided(dealer, clock):
    """What is over stays over, and nobody who does not work here is given anything."""
    row = planned(dealer, clock)
    done(dealer.db, f"T{row.id}", clock)
    for act, code in (
        (lambda: done(dealer.db, f"T{row.id}", clock), "CRM-T203"),
        (lambda: cancel(dealer.db, "T99", clock), "CRM-T203"),
        (lambda: done(dealer.db, "C1", clock), "CRM-T201"),
        (lambda: assign(dealer.db, f"T{row.id}", "E77", settings(), clock), "CRM-T204"),
    ):
        with pytest.raises(UsageError) as caught:
            act()
        assert code == caught.value.code


def test_what_is_over_is_not_given_away(dealer, clock):
    """A finished call has no new executor."""
    row = planned(dealer, clock)
    dealer._insert(schema.staff, code="E01", name="E01", store="S01", role="CR_AGENT", source="config")
    done(dealer.db, f"T{row.id}", clock)

    with pytest.raises(UsageError) as caught:
        assign(dealer.db, f"T{row.id}", "E01", settings(), clock)

    assert "CRM-T203" == caught.value.code


def test_the_script_of_a_call():
    """Questions are in the language of the caller; what a dealer wrote himself stays as it is."""
    rule = all_rules()["POST_REPAIR_CALLBACK"]
    own = attrs.evolve(rule, questions=("天气好吗？",))

    assert "这次送修的问题是否一次修好？" == questions(rule, "zh")[0]
    assert ["天气好吗？"] == questions(own, "zh")
    assert STORE.code == "S01"
    assert POLICY.max_per_day
