"""Texts, receipts and replies through real Kannel 1.4.5 and a small SMSC; every trap of Kannel's, with what we do about it."""

from __future__ import annotations

import itertools
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import attrs
import pytest
from tests.real.kannel import eventually

from crmcore.config import load_config
from crmcore.config.instances import build
from crmcore.hooks import AuthError, NotSent, PermanentError, Secret, WebhookResponse
from crmcore.http import HttpClient, Policy
from crmcore.types.contact import Accepted, Deferred, Message, MessageClass, ReceiptState, Rejected, Scope, Unknown
from crmcore_sms_gateway.adapter import GatewayAdapter
from crmcore_sms_gateway.length import segments

pytestmark = pytest.mark.real

_serial = itertools.count(1)
_numbers = iter(range(100))


def number(outcome: int = 1) -> str:
    """A number not used before; its last two digits choose what the SMSC does with its texts."""
    return f"1380013{next(_numbers):02d}{outcome:02d}"


def message(to: str, text: str) -> Message:
    return Message(id="M1", to=f"+86{to}", text=text, message_class=MessageClass.CARE)


def key() -> str:
    return f"K{next(_serial):06d}"


def raw(kannel, **query: str) -> tuple[int, str]:
    """One `sendsms` as somebody careless would write it."""
    query = {"username": kannel.username, "password": kannel.password} | query
    try:
        with urllib.request.urlopen(f"{kannel.sendsms_url}?{urllib.parse.urlencode(query)}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class _Standing:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def arrived(kannel, to: str) -> str:
    return eventually(lambda: kannel.smsc.texts_to(to), f"a text to {to}")[0]


def configured(adapter, **changes) -> GatewayAdapter:
    return GatewayAdapter(attrs.evolve(adapter.config, **changes), adapter.context)


# ------------------------------------------------------------------ sending


@pytest.mark.parametrize(
    "text",
    [
        "Your car is ready.",
        "【示范店】李先生您好，您的爱车已到保养时间。拒收请回复R",
        "GSM: @£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà",
        "extended: €[]{}\\^~|",
        "two lines:\nsecond & third=%20+%d",
        "beyond the basic plane: 𠮷😀",
        "a letter GSM lacks: ç",
    ],
)
def test_a_text_arrives_as_it_was_written(kannel, adapter, text):
    """What the customer reads is what was sent, character by character."""
    to = number()

    assert Accepted() == adapter.send(message(to, text), key=key())
    assert text == arrived(kannel, to)


@pytest.mark.parametrize(
    "text", ["a" * 918, "€" * 456, "长" * 402, "长" * 70, "a" * 160, "a" * 161, "长" * 71, "€a" * 300]
)
def test_what_fits_arrives_whole(kannel, adapter, text):
    """The longest texts that we let pass arrive uncut, in no more parts than we counted."""
    to = number()

    assert adapter.limits.fits(text)
    assert Accepted() == adapter.send(message(to, text), key=key())
    assert text == arrived(kannel, to)
    assert segments(text) >= next(one.parts for one in kannel.smsc.messages if one.to == to)


# ------------------------------------------------------------------ receipts


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (1, [(8, ReceiptState.SENT, "ACK/", False), (1, ReceiptState.DELIVERED, "DELIVRD err:000", False)]),
        (95, [(8, ReceiptState.SENT, "ACK/", False), (2, ReceiptState.FAILED, "UNDELIV err:027", False)]),
        (94, [(8, ReceiptState.SENT, "ACK/", False), (2, ReceiptState.FAILED, "EXPIRED err:000", False)]),
        (93, [(8, ReceiptState.SENT, "ACK/", False), (2, ReceiptState.FAILED, "REJECTD err:000", False)]),
        (91, [(8, ReceiptState.SENT, "ACK/", False), (4, ReceiptState.BUFFERED, "ACCEPTD err:000", False)]),
        (99, [(16, ReceiptState.FAILED, "NACK/0x0000000b/Invalid Destination Address", True)]),
        (98, [(16, ReceiptState.FAILED, "NACK/Retries Exceeded", False)]),
        (97, [(16, ReceiptState.FAILED, "NACK/Retries Exceeded", False)]),
        (96, [(16, ReceiptState.FAILED, "NACK/Retries Exceeded", False)]),
    ],
)
def test_every_receipt_is_understood(kannel, adapter, outcome, expected):
    """Types 1, 2, 4, 8 and 16 come back with our key; only an invalid address speaks against the number."""
    ours = key()
    adapter.send(message(number(outcome), "x"), key=ours)
    eventually(lambda: len(kannel.receiver.receipts(ours)) == len(expected), f"{len(expected)} receipts")
    pushed = [request for request in kannel.receiver.at("dlr") if request.query["key"] == ours]
    read = [
        (int(request.query["type"]), event.state, event.code, event.permanent)
        for request in pushed
        for event in adapter.parse_receipts(request).events
    ]

    assert sorted(expected) == sorted(read)
    assert all(event.key == ours and event.at for request in pushed for event in adapter.parse_receipts(request).events)


def test_a_receipt_that_the_smsc_repeats_comes_once(kannel, adapter):
    """Kannel drops the second of two equal receipts."""
    ours = key()
    adapter.send(message(number(92), "x"), key=ours)
    eventually(lambda: len(kannel.receiver.receipts(ours)) >= 2, "two receipts")
    time.sleep(0.3)

    assert [1, 8] == sorted(kind for kind, _ in kannel.receiver.receipts(ours))


def test_a_text_of_several_parts_has_one_final_receipt(kannel, adapter):
    """However many parts a text has, one receipt says that it was delivered."""
    ours = key()
    adapter.send(message(number(), "长" * 200), key=ours)
    eventually(lambda: len(kannel.receiver.receipts(ours)) >= 2, "two receipts")
    time.sleep(0.3)

    assert [1, 8] == sorted(kind for kind, _ in kannel.receiver.receipts(ours))


def test_a_receiver_that_fails_gets_the_receipt_again(kannel, adapter, request):
    """With `http-request-retry` a receipt survives a receiver that is down for a moment."""
    failures = iter([500, 500])
    kannel.receiver.handler = lambda _request: WebhookResponse(status=next(failures, 200))
    request.addfinalizer(lambda: setattr(kannel.receiver, "handler", lambda _request: WebhookResponse()))
    ours = key()
    adapter.send(message(number(89), "x"), key=ours)

    eventually(
        lambda: [(8, "ACK/")] * 3 == kannel.receiver.receipts(ours), "two attempts in vain and one that is taken"
    )


def test_a_burst_loses_no_receipt(kannel, adapter):
    """300 texts at once: each has a final receipt (a receiver with the usual backlog of 5 loses some)."""
    keys = [key() for _ in range(300)]
    numbers = [f"1390013{at:02d}01" for at in range(100)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda at: adapter.send(message(numbers[at % 100], "x"), key=keys[at]), range(300)))
    final = {
        one: eventually(
            lambda one=one: [kind for kind, _ in kannel.receiver.receipts(one) if kind == 1], "a final receipt", 60
        )
        for one in keys
    }

    assert [Accepted()] * 300 == outcomes
    assert {one: [1] for one in keys} == final


# ------------------------------------------------------------------ replies


@pytest.mark.parametrize("text", ["退订", "TD", "谢谢，明天到店😀", "T&D=1+1%"])
def test_a_reply_is_read_as_it_was_written(kannel, adapter, text):
    """A customer's text in UCS-2 comes in as Unicode, with sender, our number, time and an id; nothing is texted back."""
    sender = number()
    before = len(kannel.receiver.at("mo"))
    kannel.smsc.reply(sender, text)
    pushed = eventually(lambda: kannel.receiver.at("mo")[before:], "a reply")[0]
    (reply,) = adapter.parse_replies(pushed).events
    time.sleep(0.2)

    assert (sender, text, kannel.sender) == (reply.sender, reply.text, reply.to)
    assert 36 == len(reply.vendor_id)
    assert abs(reply.at.timestamp() - time.time()) < 60
    assert [] == kannel.smsc.texts_to(sender)


def test_a_text_can_be_answered(kannel, adapter):
    """退订 sent in answer to one of our texts reaches parse_replies."""
    to = number(90)
    adapter.send(message(to, "拒收请回复R"), key=key())
    pushed = eventually(lambda: [one for one in kannel.receiver.at("mo") if one.query["from"] == to], "a reply")[0]

    assert "退订" == adapter.parse_replies(pushed).events[0].text


# ------------------------------------------------------------------ traps


def test_trap_chinese_without_coding(kannel):
    """Without `coding=2` Kannel takes Chinese and delivers question marks."""
    to = number()

    assert (202, "0: Accepted for delivery") == raw(kannel, to=to, text="中文", charset="UTF-8")
    assert "??" == arrived(kannel, to)


def test_trap_no_text(kannel, adapter):
    """Without `text` Kannel sends an empty one; we send none."""
    to, other = number(), number()

    assert (202, "0: Accepted for delivery") == raw(kannel, to=to)
    assert "" == arrived(kannel, to)
    assert [Rejected(code="EMPTY_TEXT")] * 3 == [
        adapter.send(message(other, text), key=key()) for text in ("", " ", "\n")
    ]
    assert [] == kannel.smsc.texts_to(other)


def test_trap_too_long(kannel, adapter):
    """Kannel cuts 2,000 characters to 918 without a word; we do not hand them over."""
    to, other = number(), number()

    assert (202, "0: Accepted for delivery") == raw(kannel, to=to, text="a" * 2000)
    assert 918 == len(arrived(kannel, to))
    assert Rejected(code="TOO_LONG") == adapter.send(message(other, "a" * 919), key=key())
    assert Rejected(code="TOO_LONG") == adapter.send(message(other, "长" * 403), key=key())
    assert [] == kannel.smsc.texts_to(other)


def test_trap_unknown_smsc(kannel, adapter):
    """A wrong `smsc` is no error to Kannel: the text is taken, so it must not be sent again."""
    to = number()

    assert Accepted() == configured(adapter, smsc="NOPE").send(message(to, "x"), key=key())
    assert "x" == arrived(kannel, to)


def test_trap_queued_is_taken(kannel, adapter):
    """Without a line to the SMSC Kannel says "3: Queued"; the text is taken and leaves later, once."""
    to = number()
    with kannel.smsc.offline():
        answer = raw(kannel, to=number(), text="x")
        outcome = adapter.send(message(to, "later"), key=key())

        assert (202, "3: Queued for later delivery") == answer
        assert Accepted() == outcome
        assert [] == kannel.smsc.texts_to(to)
    arrived(kannel, to)
    time.sleep(0.3)

    assert ["later"] == kannel.smsc.texts_to(to)


def test_trap_a_timeout_proves_nothing(kannel, adapter):
    """A suspended Kannel does not answer in time, and sends the text all the same: a timeout is a doubt, never "not sent"."""
    impatient = GatewayAdapter(adapter.config, attrs.evolve(adapter.context, http=HttpClient(Policy(read=0.5))))
    numbers = [number() for _ in range(3)]
    with kannel.suspended():
        outcomes = [impatient.send(message(to, "in doubt"), key=key()) for to in numbers]
    for to in numbers:
        arrived(kannel, to)

    assert Unknown(why="CRM-H201") == outcomes[-1]


def test_trap_not_routable_is_not_about_the_number(kannel, adapter):
    """While its operator has stopped the SMSC, Kannel refuses every number for good: nothing was taken, so it is tried later."""
    to = number()
    with kannel.unroutable():
        answer = raw(kannel, to=to, text="x")
        outcome = adapter.send(message(to, "x"), key=key())

    assert (403, "Not routable. Do not try again.") == answer
    assert Deferred(code="NOT_ROUTABLE") == outcome
    assert kannel.smsc.bound.wait(20)
    assert [] == kannel.smsc.texts_to(to)


def test_trap_form_post(kannel):
    """Kannel refuses a form; so we ask with GET."""
    data = urllib.parse.urlencode({"username": "crm", "password": "crmpw", "to": number(), "text": "x"}).encode()
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(kannel.sendsms_url, data=data, timeout=5)

    assert (400, b"Invalid content-type") == (raised.value.code, raised.value.read())


def test_refusals_say_how_far_they_reach(kannel, adapter):
    """A wrong password stops the account, a wrong address too, a number that cannot be is about that recipient only."""
    international = configured(adapter, number_format="e164")
    odd = attrs.evolve(message(number(), "x"), to="+86abc")

    assert Rejected(code="AUTHORIZATION", scope=Scope.ACCOUNT) == configured(adapter, password=Secret("no")).send(
        message(number(), "x"), key=key()
    )
    assert Rejected(code="NO_SUCH_PAGE", scope=Scope.ACCOUNT) == configured(
        adapter, url=kannel.sendsms_url.replace("sendsms", "send")
    ).send(message(number(), "x"), key=key())
    assert Rejected(code="NUMBER_REFUSED") == adapter.send(odd, key=key())
    assert Accepted() == international.send(message(number(), "x"), key=key())


def test_check_sends_nothing(kannel, adapter):
    """`check` knows a good account, a wrong password and a wrong address apart, and no text leaves."""
    before = len(kannel.smsc.submits)
    adapter.check()
    with pytest.raises(AuthError) as auth:
        configured(adapter, password=Secret("no")).check()
    with pytest.raises(PermanentError) as address:
        configured(adapter, url=kannel.sendsms_url + "x").check()
    time.sleep(0.3)

    assert ("CRM-G101", "CRM-G102") == (auth.value.code, address.value.code)
    assert before == len(kannel.smsc.submits)


# ------------------------------------------------------------------ crashes


def test_what_kannel_took_survives_its_death(kannel, adapter):
    """Texts that Kannel has taken but not sent are kept through kill -9; what it does not take while dead is known as unsent."""
    taken, refused = number(), number()
    with kannel.smsc.offline():
        adapter.send(message(taken, "kept"), key=key())
        kannel.kill()
    with pytest.raises(NotSent):
        adapter.send(message(refused, "not taken"), key=key())
    with pytest.raises(NotSent):
        adapter.check()
    kannel.restart()
    arrived(kannel, taken)

    assert Accepted() == adapter.send(message(refused, "now"), key=key())
    assert "now" == arrived(kannel, refused)
    assert ["now"] == kannel.smsc.texts_to(refused)


def test_a_batch_through_a_death_loses_nothing(kannel, adapter):
    """Kannel dies in the middle of a batch: each text is taken, known as unsent, or a doubt; sending the unsent again completes it.

    Each text is handed over at most once. Kannel itself may repeat what was in its hands when it died: that is its promise, not ours.
    """
    batch = {f"1390014{at:02d}01": f"text {at}" for at in range(100)}
    outcomes, unsent = {}, []
    killer = threading.Thread(target=lambda: (time.sleep(0.15), kannel.kill()))
    killer.start()
    for to, text in batch.items():
        try:
            outcomes[to] = adapter.send(message(to, text), key=key())
        except NotSent:
            unsent.append(to)
        time.sleep(0.003)
    killer.join()
    kannel.restart()
    outcomes |= {to: adapter.send(message(to, batch[to]), key=key()) for to in unsent}
    certain = [to for to, outcome in outcomes.items() if outcome == Accepted()]
    for to in certain:
        arrived(kannel, to)
    repeated = [
        to for to, times in Counter(one.to for one in kannel.smsc.messages if one.to in batch).items() if times > 1
    ]

    assert set(batch) == set(outcomes)
    assert unsent, "Kannel did not die within the batch"
    assert len(certain) > len(unsent), "Kannel died before the batch began"
    assert all(isinstance(outcome, Accepted | Unknown) for outcome in outcomes.values())
    assert not set(repeated) & set(unsent)


def test_a_lost_smsc_is_found_again(kannel, adapter):
    """When the SMSC cuts the line, texts wait in Kannel and leave when the line stands again."""
    to = number()
    kannel.smsc.cut()

    assert Accepted() == adapter.send(message(to, "after the break"), key=key())
    assert "after the break" == arrived(kannel, to)


# ------------------------------------------------------------------ configuration


def test_what_crm_toml_says_is_what_works(kannel, tmp_path):
    """The lines of the how-to, read from a file, send a text and name the receiver that Kannel calls."""
    file = tmp_path / "crm.toml"
    file.write_text(
        f"""
lang = "zh"
[store]
code = "S01"
name = "示范店"
timezone = "Asia/Shanghai"
hours = ["08:30-12:00", "13:30-17:30"]
[messaging.{kannel.receiver.instance}]
adapter = "gateway"
url = "{kannel.sendsms_url}"
username = "{kannel.username}"
password = {{ env = "SMS_PASSWORD" }}
[serve]
public_url = "{kannel.receiver.public_url}"
secret = {{ env = "CRM_HOOK_SECRET" }}
""",
        encoding="utf-8",
    )
    environ = {"SMS_PASSWORD": kannel.password, "CRM_HOOK_SECRET": kannel.receiver.secret}
    config = load_config(file, environ=environ)
    adapter = build(config, config.messaging[kannel.receiver.instance], _Standing())
    to, ours = number(), key()
    adapter.check()

    assert Accepted() == adapter.send(message(to, "保养提醒"), key=ours)
    assert "保养提醒" == arrived(kannel, to)
    eventually(lambda: len(kannel.receiver.receipts(ours)) == 2, "two receipts")
    adapter.context.http.close()
