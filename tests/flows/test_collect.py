"""What comes back from a vendor: once each, in any order, and a no at once."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from crmcore.db import inbox, messages, schema
from crmcore.db.columns import stamp
from crmcore.errors import PermanentError, TransientError
from crmcore.flows.collect import collect, receive
from crmcore.hooks.adapters import Parsed, ParsesReceipts, ParsesReplies, PullsReceipts, WebhookRequest, WebhookResponse
from crmcore.types.contact import Receipt, ReceiptState, Reply


def push(*events: dict[str, Any], path: str = "dlr") -> WebhookRequest:
    return WebhookRequest(method="POST", path=path, body=json.dumps(events).encode())


@pytest.fixture(name="vendor")
def _vendor(recorder):
    class Vendor(recorder, ParsesReceipts, ParsesReplies):
        def parse_receipts(self, request):
            if request.path != "dlr":
                return None
            told = json.loads(request.body)
            return Parsed(
                events=tuple(Receipt(**{**one, "state": ReceiptState(one["state"])}) for one in told),
                answer=WebhookResponse(body=b"thanks"),
            )

        def parse_replies(self, request):
            if request.path == "bad":
                raise PermanentError("CRM-H001")
            if request.path == "bug":
                raise ZeroDivisionError
            if request.path != "mo":
                return None
            return Parsed(events=tuple(Reply(**one) for one in json.loads(request.body)))

    return Vendor()


def accepted(world, db, clock, **columns):
    number = world.text(**columns)
    with db.writing() as connection:
        messages.claim(connection, [number], "sms", clock.now())
    return number


DELIVERED = {"key": "k1", "state": "DELIVERED"}
SENT = {"key": "k1", "state": "SENT"}
FAILED = {"key": "k1", "state": "FAILED", "code": "UNDELIV", "permanent": True}


@pytest.mark.parametrize("order", list(itertools.permutations([SENT, DELIVERED, DELIVERED])))
def test_receipts_in_any_order_say_the_same(world, db, clock, vendor, order):
    """A receipt that comes late, twice or before its forerunner moves no state backwards."""
    number = accepted(world, db, clock)
    for event in order:
        receive(db, "sms", vendor, push(event), clock)

    assert "DELIVERED" == world.state(number)[0]


def test_the_vendor_gets_the_answer_it_wants(world, db, clock, vendor):
    """The adapter's answer goes back, after the push was stored."""
    accepted(world, db, clock)
    answer = receive(db, "sms", vendor, push(DELIVERED), clock)
    with db.reading() as connection:
        kept = inbox.counts(connection)

    assert b"thanks" == answer.body
    assert {"DONE": 1} == kept


def test_a_delivered_text_proves_its_number(world, db, clock, vendor):
    """A delivery makes the number VALID, a permanent failure makes it NOT_IN_SERVICE."""
    accepted(world, db, clock)
    receive(db, "sms", vendor, push(DELIVERED), clock)
    accepted(world, db, clock)
    receive(db, "sms", vendor, push({**FAILED, "key": "k2"}), clock)
    with db.reading() as connection:
        states = [
            row.state for row in connection.execute(schema.contact_point.select().order_by(schema.contact_point.c.id))
        ]

    assert ["VALID", "NOT_IN_SERVICE"] == states
    assert ("FAILED", "NOT_DELIVERED") == world.state(2)


def test_a_receipt_by_the_vendors_id_finds_its_text(world, db, clock, vendor):
    """Some vendors give only their own id back; it is looked up within the account."""
    number = accepted(world, db, clock, ref="v1")
    receive(db, "sms", vendor, push({"key": None, "ref": "v1", "state": "DELIVERED"}), clock)

    assert "DELIVERED" == world.state(number)[0]


def test_a_receipt_for_a_stranger_changes_nothing(world, db, clock, vendor):
    """A key that is not ours, or the text of another account, is counted and left alone."""
    number = accepted(world, db, clock)
    with db.writing() as connection:
        inbox.store(connection, "sms", push({**DELIVERED, "key": "nobody"}), clock.now())
        inbox.store(connection, "other", push(DELIVERED), clock.now())
    report = collect(db, {"sms": vendor, "other": vendor}, clock)

    assert 2 == report.strangers
    assert "SENDING" == world.state(number)[0]


def reply(text: str, sender: str = "13800130001", **more: Any) -> WebhookRequest:
    return push({"sender": sender, "text": text, **more}, path="mo")


@pytest.mark.parametrize("text", ["退订", "TD", "r", "ＳＴＯＰ", "退订。"])
def test_a_no_counts_at_once(world, db, clock, vendor, send, text):
    """An opt-out word opts the number out before the push is answered; the next text is refused."""
    number = world.text()
    receive(db, "sms", vendor, reply(text), clock)
    send(vendor)
    with db.reading() as connection:
        waiting = inbox.replies(connection)

    assert ("REFUSED", "OPTED_OUT") == world.state(number)
    assert [] == waiting


def test_a_question_waits_for_a_person(world, db, clock, vendor):
    """Any other reply is listed with its customer, and nobody is opted out."""
    person, _ = world.customer()
    receive(db, "sms", vendor, reply("请问几点关门"), clock)
    with db.reading() as connection:
        waiting = inbox.replies(connection)
        outs = connection.execute(schema.opt_out.select()).all()

    assert [(person, "WAITING", "请问几点关门")] == [(row.customer_id, row.state, row.text) for row in waiting]
    assert [] == outs


def test_a_no_with_words_is_also_read(world, db, clock, vendor):
    """Who says no and more is out, and somebody reads the rest."""
    world.customer()
    receive(db, "sms", vendor, reply("退订 车还没修好"), clock)
    with db.reading() as connection:
        waiting = [row.word for row in inbox.replies(connection)]
        outs = [row.value for row in connection.execute(schema.opt_out.select())]

    assert ["退订"] == waiting
    assert ["+8613800130001"] == outs


def test_a_repeated_reply_is_one_reply(world, db, clock, vendor):
    """A vendor that pushes the same text twice, with its id or without, made one reply."""
    world.customer()
    for _ in range(2):
        receive(db, "sms", vendor, reply("你好", vendor_id="u1"), clock)
        receive(db, "sms", vendor, reply("再见"), clock)
    with db.reading() as connection:
        waiting = inbox.replies(connection)

    assert ["你好", "再见"] == [row.text for row in waiting]


def test_a_shared_number_is_nobodys(world, db, clock, vendor):
    """A reply from a number of two customers names neither."""
    _, value = world.customer()
    world.customer(value)
    receive(db, "sms", vendor, reply("你好"), clock)
    with db.reading() as connection:
        owners = [row.customer_id for row in inbox.replies(connection)]

    assert [None] == owners


def test_a_sender_that_cannot_be_read_is_kept_as_it_came(db, clock, vendor):
    """A short code or a foreign form is no reason to lose a reply."""
    receive(db, "sms", vendor, reply("你好", sender="CMCC"), clock)
    with db.reading() as connection:
        senders = [row.sender for row in inbox.replies(connection)]

    assert ["CMCC"] == senders


@pytest.mark.parametrize(("path", "code"), [("bad", "CRM-H001"), ("bug", "ZeroDivisionError"), ("other", "NOT_FOR_US")])
def test_a_push_that_cannot_be_read_is_kept(db, clock, vendor, path, code):
    """Garbage, a plugin's bug and an unknown path stay in the inbox with the reason; the vendor gets its 200."""
    answer = receive(db, "sms", vendor, push(path=path), clock)
    with db.reading() as connection:
        kept = connection.execute(schema.inbox.select()).one()

    assert 200 == answer.status
    assert ("FAILED", code) == (kept.state, kept.code)


def test_what_was_stored_before_a_crash_is_worked_through(world, db, clock, vendor):
    """A push that was stored but not applied when the process died is applied by the next collect, once."""
    number = accepted(world, db, clock)
    with db.writing() as connection:
        inbox.store(connection, "sms", push(DELIVERED), clock.now())
    first, second = collect(db, {"sms": vendor}, clock), collect(db, {"sms": vendor}, clock)

    assert (1, 0) == (first.receipts, second.receipts)
    assert "DELIVERED" == world.state(number)[0]


def test_what_waited_is_read_as_of_when_it_came(db, clock, vendor):
    """The adapter is told when a push came in: a signature of yesterday was good yesterday."""
    came = clock.now()
    seen = []
    vendor.parse_receipts = lambda request: seen.append(request.received_at)
    with db.writing() as connection:
        inbox.store(connection, "sms", push(DELIVERED), came)
    clock.tick(days=1)
    collect(db, {"sms": vendor}, clock)

    assert [came] == seen


def test_a_push_for_a_missing_account_waits(db, clock, vendor):
    """The account is not in crm.toml today: its pushes stay NEW until it is back."""
    with db.writing() as connection:
        inbox.store(connection, "gone", push(DELIVERED), clock.now())
    collect(db, {"sms": vendor}, clock)
    with db.reading() as connection:
        kept = inbox.counts(connection)

    assert {"NEW": 1} == kept


def pulling(recorder, pages):
    class Pulling(recorder, PullsReceipts):
        def pull_receipts(self, cursor):
            self.calls.append(cursor)
            for events, following in pages:
                if isinstance(events, Exception):
                    raise events
                yield events, following

    return Pulling()


def test_a_vendor_that_can_be_asked_is_asked_from_the_cursor(world, db, clock, recorder):
    """Each page commits with its cursor; a failure between pages keeps what was read."""
    number = accepted(world, db, clock)
    page = (Receipt(key="k1", state=ReceiptState.DELIVERED), Reply(sender="13800130001", text="TD"))
    adapter = pulling(recorder, [(page, "p1"), (TransientError("CRM-H001"), None)])
    report = collect(db, {"sms": adapter}, clock)
    collect(db, {"sms": adapter}, clock)

    assert {"sms": "CRM-H001"} == {name: error.code for name, error in report.failed.items()}
    assert [None, "p1"] == adapter.calls
    assert (1, 1) == (report.receipts, report.opt_outs)
    assert "DELIVERED" == world.state(number)[0]


def test_a_failed_text_that_was_delivered_after_all_is_delivered(world, db, clock, vendor):
    """Delivered outranks failed: the customer has it."""
    number = accepted(world, db, clock)
    receive(db, "sms", vendor, push(FAILED), clock)
    receive(db, "sms", vendor, push(DELIVERED), clock)

    assert "DELIVERED" == world.state(number)[0]


def test_a_reply_is_closed_once(db, clock, vendor):
    """Two people who close the same reply: the second is told that it was not waiting."""
    receive(db, "sms", vendor, reply("你好"), clock)
    with db.writing() as connection:
        closed = [inbox.close_reply(connection, 1, "E01", clock.now()) for _ in range(2)]

    assert [True, False] == closed


def test_an_opt_in_ends_an_opt_out(world, db, clock, vendor, send):
    """Who asks to hear from us again is texted again, and can say no again."""
    from crmcore.db import optouts

    person, value = world.customer()
    receive(db, "sms", vendor, reply("TD"), clock)
    with db.writing() as connection:
        allowed = [optouts.allow(connection, value, "SMS", clock.now()) for _ in range(2)]
    clock.tick(minutes=1)
    first = world.text(person, value)
    send(vendor)
    receive(db, "sms", vendor, reply("TD", vendor_id="again"), clock)
    second = world.text(person, value, due_at=stamp(clock.now()))
    send(vendor)

    assert [True, False] == allowed
    assert ["ACCEPTED", "REFUSED"] == [world.state(first)[0], world.state(second)[0]]


def test_a_dealers_own_word_counts(world, db, clock, vendor):
    """A word that only this dealer's customers use for no opts out like those built in."""
    world.customer()
    receive(db, "sms", vendor, reply("莫再发"), clock, words=["莫再发"])
    with db.reading() as connection:
        outs = [row.value for row in connection.execute(schema.opt_out.select())]

    assert ["+8613800130001"] == outs
