"""Before a text leaves, plugins are asked: outside any transaction, before the claim, and whoever fails lets nothing leave."""

from __future__ import annotations

import importlib
import sys
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from tests.flows.making import Recorder
from tests.reading import counting, only_reading

from crmcore import lang
from crmcore.db import optouts, schema
from crmcore.db.columns import stamp
from crmcore.flows.guarding import Failed, Guard
from crmcore.hooks.adapters import SendsBatches
from crmcore.types.contact import Refuse, Unknown

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


class Watch:
    """A guard that answers by the text's number, and remembers whom it was asked about."""

    def __init__(self, answers=(), name="watch"):
        self.answers, self.asked, self.name = dict(answers), [], name

    def __call__(self, message, customer):
        self.asked.append((message.id, customer.id))
        answer = self.answers.get(message.id)
        return answer() if callable(answer) else answer

    @property
    def guard(self):
        return Guard(self.name, self)


class Batching(Recorder, SendsBatches):
    """Takes many at once."""

    def send_batch(self, messages):
        return {key: self.send(message, key=key) for key, message in messages}

    @property
    def limits(self):
        from crmcore.hooks.adapters import Limits

        return Limits(batch=100)


def test_what_a_plugin_refuses_does_not_leave(world, send, recorder):
    """The text is refused for good with the plugin and its code, the others go, and the customer is the text's own."""
    first, second = world.text(message_class="CARE"), world.text(message_class="CARE")
    watch, vendor = Watch({f"M{first}": Refuse("ON_THE_LIST")}), recorder()
    report = send(vendor, guards=[watch.guard])

    assert ("REFUSED", "plugin:watch:ON_THE_LIST") == world.state(first)
    assert "ACCEPTED" == world.state(second)[0]
    assert [f"k{second}"] == vendor.calls
    assert [("M1", "C1"), ("M2", "C2")] == watch.asked
    assert {} == report.left == report.gates
    assert {"REFUSED": 1, "ACCEPTED": 1} == report.counts()


def test_a_guard_that_fails_keeps_the_text(world, send, recorder):
    """It stays due and unclaimed, is counted, and the plugin is named; mended, the text goes."""
    number, fine = world.text(), world.text()
    watch, vendor = Watch({f"M{number}": Failed("ValueError")}), recorder()
    report = send(vendor, guards=[watch.guard])
    after = world.state(number)
    watch.answers = {}
    send(vendor, guards=[watch.guard])

    assert ("QUEUED", None) == after
    assert {"GATE_FAILED": 1} == report.left
    assert ["CRM-P120"] == [error.code for error in report.gates.values()]
    assert "watch" in report.gates["watch"].render("en")
    assert [f"k{fine}", f"k{number}"] == vendor.calls


def test_the_first_that_refuses_or_fails_decides(world, send, recorder):
    """Nobody behind it is asked; the order is that of the plugins."""
    numbers = [world.text() for _ in range(3)]
    first = Watch({f"M{numbers[0]}": Refuse("FIRST"), f"M{numbers[1]}": Failed("KeyError")}, "a")
    second = Watch({f"M{number}": Refuse("SECOND") for number in numbers}, "b")
    report = send(recorder(), guards=[first.guard, second.guard])

    assert ["plugin:a:FIRST", None, "plugin:b:SECOND"] == [world.state(number)[1] for number in numbers]
    assert [f"M{numbers[2]}"] == [message for message, _ in second.asked]
    assert {"GATE_FAILED": 1} == report.left


def test_a_dry_run_asks_as_well_and_writes_nothing(world, send, recorder, db):
    """What would be refused is shown, what cannot be asked is counted, and the store could be one that is only read."""
    refused, failed, fine = world.text(), world.text(), world.text()
    watch = Watch({f"M{refused}": Refuse("NO"), f"M{failed}": Failed("ValueError")})
    with only_reading(db):
        report = send(recorder(), dry_run=True, guards=[watch.guard])

    assert [("REFUSED", "plugin:watch:NO"), ("SENDING", None)] == [(each.state, each.reason) for each in report.lines]
    assert ({"GATE_FAILED": 1}, ["watch"]) == (report.left, list(report.gates))
    assert {"QUEUED"} == set(world.states().values())
    assert fine


def test_no_transaction_is_open_while_a_plugin_thinks(world, send, recorder, db):
    """Somebody else writes while it takes its time, also on the database that locks as a whole."""
    number = world.text()
    wrote = []

    def slow():
        def write():
            with db.writing() as connection:
                connection.execute(update(schema.customer).values(advisor="E01"))
            wrote.append(True)

        other = threading.Thread(target=write)
        other.start()
        other.join(timeout=10)

    vendor = recorder()
    send(vendor, guards=[Watch({f"M{number}": slow}).guard])

    assert [True] == wrote
    assert [f"k{number}"] == vendor.calls


def test_an_opt_out_while_a_plugin_thinks_is_seen(world, send, recorder, db, clock):
    """The plugin said yes, and meanwhile the customer said no: his no counts (promise 4)."""
    person, value = world.customer()
    number = world.text(person, value)

    def meanwhile():
        with db.writing() as connection:
            optouts.refuse(connection, [(value, "SMS")], "reply:I1", clock.now())

    vendor = recorder()
    send(vendor, guards=[Watch({f"M{number}": meanwhile}).guard])

    assert [] == vendor.calls
    assert "REFUSED" == world.state(number)[0]
    assert "plugin" not in world.state(number)[1]


def test_a_text_that_changed_meanwhile_is_not_the_one_that_was_asked_about(world, send, recorder, db):
    """What a plugin has seen is what leaves; other words, or another number, are asked about anew."""
    number = world.text()

    def meanwhile():
        with db.writing() as connection:
            connection.execute(update(schema.message).values(text="…"))

    vendor, watch = recorder(), Watch({f"M{number}": meanwhile})
    report = send(vendor, guards=[watch.guard])
    before = list(vendor.calls)
    watch.answers = {}
    send(vendor, guards=[watch.guard])

    assert ({"CHANGED_MEANWHILE": 1}, []) == (report.left, before)
    assert [f"k{number}"] == vendor.calls


def test_what_the_core_says_by_itself_stays(world, send, recorder, db, clock):
    """A number that said no is refused for that, and a text in quiet hours waits, whatever a plugin says."""
    person, value = world.customer()
    with db.writing() as connection:
        optouts.refuse(connection, [(value, "SMS")], "staff:E01", clock.now())
    out = world.text(person, value)
    late = world.text(message_class="CARE")
    clock.tick(hours=10)  # 22:00 in the shop
    watch = Watch({f"M{out}": Refuse("NO"), f"M{late}": Failed("ValueError")})
    report = send(recorder(), guards=[watch.guard])

    assert ["REFUSED", "HELD"] == [world.state(out)[0], world.state(late)[0]]
    assert "plugin" not in world.state(out)[1]
    assert {} == report.left


def test_a_service_text_that_a_plugin_refuses_becomes_a_call(world, send, recorder, db, clock):
    """The customer waits for it; the clerk sees who refused it. Whose number wants no calls is not called either."""
    tasks = []
    for refuses_calls in (False, True):
        person, value = world.customer()
        with db.writing() as connection:
            if refuses_calls:
                optouts.refuse(connection, [(value, "PHONE")], "staff:E01", clock.now())
            number = 1 + len(tasks)
            connection.execute(
                schema.touchpoint.insert().values(
                    id=number, rule="READY", subject=f"visit:{number}", anchor="x", anchor_on="2026-11-22", occurrence="1",
                    store="S01", customer_id=person, due_at=stamp(clock.now()), channel="SMS", message_class="SERVICE",
                    state="DUE", explanation="{}", created_at=stamp(clock.now()), updated_at=stamp(clock.now()),
                )
            )  # fmt: skip
        tasks.append(world.text(person, value, touchpoint_id=number))
    send(recorder(), guards=[Guard("shop", lambda _message, _customer: Refuse("ON_THE_LIST"))])
    with db.reading() as connection:
        rows = connection.execute(schema.touchpoint.select().order_by(schema.touchpoint.c.id)).all()

    assert [("PHONE", "plugin:shop:ON_THE_LIST"), ("SMS", None)] == [(row.channel, row.reason) for row in rows]


def test_a_text_in_doubt_that_a_plugin_refuses_is_for_a_person(world, send, recorder):
    """It may have gone before anybody was asked: nobody may say that it was refused."""
    number = world.text(doubted=1, first_at=stamp(NOON))
    send(recorder(Unknown(why="timeout")), guards=[Guard("shop", lambda _message, _customer: Refuse("NO"))])

    assert ("NEEDS_REVIEW", "NEEDS_PERSON") == world.state(number)


def test_more_texts_take_no_more_statements(world, send, db):
    """What plugins are told is read for a page of texts at once."""
    counts = []
    for texts in (2, 40):
        for _ in range(texts):
            world.text(message_class="CARE")
        with counting(db) as said:
            send(Batching(), dry_run=True, guards=[Watch().guard])
        with counting(db) as bare:
            send(Batching(), dry_run=True)
        counts.append(len(said) - len(bare))

    assert counts[0] == counts[1] <= 8


def test_without_a_plugin_nothing_is_asked(world, send, db):
    """A dealer who has none pays nothing."""
    world.text()
    with counting(db) as said:
        send(Batching(), dry_run=True)

    assert 1 == sum("FROM message " in each and "message.text" in each for each in said)


@pytest.mark.parametrize("lang_", ["en", "zh"])
def test_a_reason_says_whose_it_is(tmp_path, monkeypatch, lang_):
    """The plugin is named, with its own words where its package brings some, else with its code."""
    package = tmp_path / "shop_rules"
    (package / "lang").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for each, words in (("en", "on our own list"), ("zh", "在自有名单上")):
        (package / "lang" / f"list.{each}.toml").write_text(
            f'[reasons.ON_THE_LIST]\ntext = "{words}"\nfix = "ask"', "utf-8"
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "shop_rules", raising=False)
    before = lang.reason("plugin:shop_rules.Guard#2:ON_THE_LIST", lang_)[0]
    monkeypatch.setitem(sys.modules, "shop_rules", importlib.import_module("shop_rules"))
    words = {"en": "shop_rules.Guard: on our own list", "zh": "shop_rules.Guard：在自有名单上"}[lang_]
    assert "ON_THE_LIST" in before
    assert (words, "ask") == lang.reason("plugin:shop_rules.Guard:ON_THE_LIST", lang_)
    assert "NOBODY" in lang.reason("plugin:no_such:NOBODY", lang_)[0]
