"""What reaches the customers' phones: the texts of the day over HTTP, their receipts, and what people answer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.truth.test_replay import again, order_of, told
from tests.truth.world import SECRET, open_world

from crmcore.db import schema
from crmcore.hooks.adapters import WebhookRequest
from crmcore.sample.gateway import LoopbackGateway, Script

SIGNATURE = "【示范店】"
SUFFIX = "拒收请回复R"
PUSHED = f"/hooks/{SECRET}/sms/"


@contextlib.contextmanager
def speaking(dealer, folder, **vendors: str) -> Iterator[tuple]:
    """The dealer with a gateway that answers for its customers; receipts and replies come back as a framework would hand them over."""
    held = []

    def deliver(url: str) -> int:
        parts = urlsplit(url)
        assert parts.path.startswith(PUSHED)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = WebhookRequest(method="GET", path=parts.path.removeprefix(PUSHED), query=query)
        answer = held[0].crm.receive("sms", request)
        return 404 if answer is None else answer.status

    scripts = {dealer.people[answer.person].phones[0]: Script(reply=answer.text) for answer in dealer.answers}
    with (
        LoopbackGateway(
            scripts=scripts,
            mo_url=f"http://127.0.0.1:8025{PUSHED}mo",
            deliver=deliver,
            pause=0,
            now=lambda: held[0].clock.at,
        ) as gateway,
        open_world(dealer, folder, gateway=gateway.url, **vendors) as world,
    ):
        held.append(world)
        try:
            yield world, gateway
        finally:
            gateway.settle()  # whoever pushes after the close is told that nobody is there


@pytest.fixture(name="speech")
def _speech(dealer, tmp_path):
    with speaking(dealer, tmp_path) as both:
        yield both


def numbers(dealer, *people):
    return {phone for person in people for phone in dealer.people[person].phones}


def told_to(gateway, wanted):
    return [text.text for text in gateway.texts if text.to.removeprefix("+86").removeprefix("0086") in wanted]


def test_the_texts_of_the_day(speech):
    """Every text that was due arrives, with the signature, its refusal route by class, and a receipt."""
    world, gateway = speech
    world.sync()
    world.plan()
    report = world.crm.send(yes=True)
    gateway.settle()

    stored = world.rows(schema.message)
    assert stored
    assert len(stored) == len(gateway.texts)
    assert not gateway.undelivered
    assert {row.text for row in stored} == {text.text for text in gateway.texts}
    assert {"DELIVERED"} == {row.state for row in stored if row.text}
    for row in stored:
        assert row.text.startswith(SIGNATURE)
        assert row.text.endswith(SUFFIX) == (row.message_class in {"CARE", "MARKETING"})
        assert "{" not in row.text
        assert "None" not in row.text
    assert len(stored) == len(report.lines)


def test_nothing_leaves_without_a_yes(speech):
    """A send that was not confirmed tells what would go, and the gateway hears nothing."""
    world, gateway = speech
    world.sync()
    world.plan()
    report = world.crm.send(yes=False)

    assert report.lines
    assert [] == gateway.texts


def test_texts_say_whom_when_and_which_car(speech):
    """The buyer of tomorrow's car reads name, day and hour; who can fetch the car reads its plate."""
    world, gateway = speech
    world.sync()
    world.plan()
    world.crm.send(yes=True)
    gateway.settle()

    buyer = world.dealer.truth.cases["delivery_ahead"][0]
    promised = order_of(world.dealer, "delivery_ahead").promised
    (preparing,) = told_to(gateway, numbers(world.dealer, buyer))
    (ready,) = told_to(gateway, numbers(world.dealer, *world.dealer.truth.cases["ready_for_pickup"]))
    plate = next(
        car.plate for car in world.dealer.cars.values() if car.owner in world.dealer.truth.cases["ready_for_pickup"]
    )

    assert world.dealer.people[buyer].name in preparing
    assert f"{promised.month}月{promised.day}日 10:00" in preparing
    assert plate in ready


def test_who_said_no_reads_nothing(speech):
    """Nothing goes to a number that refused texts, on any of four days, although its people are owed contacts."""
    world, gateway = speech
    world.sync()
    for days in range(4):
        world.go(days)
        world.plan()
        world.crm.send(yes=True)
        gateway.settle()
    refused = {phone for person in world.dealer.people.values() if person.opted_out for phone in person.phones}

    assert refused
    assert gateway.texts
    assert [] == told_to(gateway, refused)


def test_who_may_not_be_contacted_reads_nothing(speech):
    """For four days no text goes to whom the truth forbids that rule."""
    world, _ = speech
    world.sync()
    for days in range(4):
        world.go(days)
        world.plan()
        world.crm.send(yes=True)
    sent = {(row.rule, row.customer_id) for row in world.rows(schema.touchpoint) if row.state == "DONE"}
    people = world.people()

    assert sent
    assert [] == [
        (never.case, rule)
        for never in world.dealer.truth.never
        for rule, customer in sent
        if people[customer] == never.person and never.rule in {rule, "*"} and never.why != "APPOINTMENT_BOOKED"
    ]


def test_a_shared_number_reads_no_name_and_no_plate(speech):
    """A birthday in the family that shares one phone: a wish that names nobody; the inspection names no car."""
    world, gateway = speech
    dealer = world.dealer
    born = f"1988-{dealer.today:%m-%d}"
    family = dealer.truth.cases["family_phone"]
    second, third = order_of(dealer, "family_phone", 1), order_of(dealer, "family_phone", 2)
    changed = told(dealer, "ro.csv", second.key, 出生日期=born)
    changed = told(changed, "ro.csv", third.key, 年检到期=f"{dealer.today.replace(month=12)}")
    again(world, changed)
    world.plan()
    world.crm.send(yes=True)

    texts = told_to(gateway, numbers(dealer, *family))
    plates = [car.plate for car in dealer.cars.values() if car.owner in family]
    assert 2 == len(texts)
    assert any("生日快乐" in text for text in texts)
    assert any("年检" in text for text in texts)
    for text in texts:
        assert not [word for word in (*(dealer.people[person].name for person in family), *plates) if word in text]


@pytest.mark.parametrize(("clock", "goes"), [("20:59", True), ("21:00", False), ("07:59", False), ("08:00", True)])
def test_quiet_hours(speech, clock, goes):
    """Between nine in the evening and eight in the morning nothing is sent; at eight it is."""
    world, gateway = speech
    world.sync()
    world.go(0, clock)
    world.plan()
    world.crm.send(yes=True)

    assert goes == bool(gateway.texts)


def test_what_is_held_at_night_goes_in_the_morning(speech):
    """Texts that were due at night wait and go at eight, once."""
    world, gateway = speech
    world.sync()
    world.go(0, "06:00")
    world.plan()
    world.crm.send(yes=True)
    assert [] == gateway.texts
    assert {"HELD"} == {row.state for row in world.rows(schema.message)}

    world.go(0, "08:00")
    world.crm.send(yes=True)
    world.crm.send(yes=True)
    gateway.settle()

    assert gateway.texts
    assert len(world.rows(schema.message)) == len(gateway.texts)


def test_a_refusal_stops_at_once_and_thanks_wait_for_a_person(speech):
    """退订 is an opt-out of that number at once; 谢谢 waits for somebody to read it; nobody else is touched."""
    world, gateway = speech
    said = {answer.text: answer.person for answer in world.dealer.answers}
    world.sync()
    world.plan()
    world.crm.send(yes=True)
    gateway.settle()

    replies = {row.text: row.state for row in world.rows(schema.reply)}
    refused = {row.value for row in world.rows(schema.opt_out) if row.source.startswith("reply:")}
    assert {"退订": "OPTED_OUT", "谢谢": "WAITING"} == replies
    assert {f"+86{phone}" for phone in numbers(world.dealer, said["退订"])} == refused


def test_running_again_says_nothing_twice(speech):
    """Everything once more, the same day and for three days: no text is sent a second time."""
    world, gateway = speech
    world.crm.run(yes=True)
    gateway.settle()
    first = len(gateway.texts)
    world.crm.run(yes=True)
    gateway.settle()
    assert first == len(gateway.texts)

    for days in (1, 2, 3):
        world.go(days)
        world.crm.run(yes=True)
        gateway.settle()

    assert len(gateway.texts) == len({(text.to, text.text) for text in gateway.texts})
    assert len(world.rows(schema.message)) >= len(gateway.texts)


def test_a_number_that_is_dead_becomes_a_call(dealer, tmp_path):
    """The notice that the car is ready cannot be delivered: a person is to call, and is told why."""
    (person,) = dealer.truth.cases["ready_for_pickup"]
    from crmcore.sample.gateway import UNDELIVERED

    with speaking(dealer, tmp_path) as (world, gateway):
        for phone in dealer.people[person].phones:
            gateway.scripts[phone] = Script(receipts=UNDELIVERED)
        world.sync()
        world.plan()
        world.crm.send(yes=True)
        gateway.settle()
        world.go(0, "11:00")
        world.plan()

        (notice,) = (each for each in world.contacts() if each.rule == "READY_FOR_PICKUP")
        assert ("DUE", "PHONE") == (notice.state, notice.channel)
        assert notice.reason
