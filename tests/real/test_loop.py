"""The loop through real Kannel: texts out of the store, receipts and refusals back into it, and a gateway that dies on the way."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import attrs
import pytest
from tests.flows.making import POLICIES, STORE, World
from tests.real.kannel import eventually, free_ports

from crmcore.contrib.serve import make_server
from crmcore.db import inbox, schema
from crmcore.db.engine import Database
from crmcore.flows.collect import receive
from crmcore.flows.send import Account, send_due
from crmcore.http import HttpClient, Policy
from crmcore_sms_gateway.adapter import GatewayAdapter

pytestmark = pytest.mark.real

SECRET = "a-secret-path"
_numbers, _keys = count(1), count(1)


@attrs.define
class Ticking:
    """The real pace of time, at noon of one day."""

    start: float = attrs.field(factory=time.monotonic)
    offset: float = 0.0

    def now(self) -> datetime:
        passed = time.monotonic() - self.start + self.offset
        return datetime.fromtimestamp(datetime(2026, 11, 22, 4, 0, tzinfo=UTC).timestamp() + passed, UTC)


class Counting(GatewayAdapter):
    """The plugin, with every call by key written down."""

    calls: list[str]

    def send(self, message, *, key):
        self.calls.append(key)
        return super().send(message, key=key)


@attrs.define
class Loop:
    """Our side of the wire: store, adapter, and the receiver that ships with crmcore."""

    world: World
    adapter: Counting

    def send(self, limit=None):
        return send_due(
            self.world.db,
            [Account(name="sms", adapter=self.adapter)],
            {"S01": STORE},
            POLICIES,
            self.world.clock,
            dry_run=False,
            limit=limit,
            pause=lambda _s: None,
        )

    def text(self, outcome: int, text: str = "【示范店】您的爱车已可提车。", **columns) -> int:
        """A due text to a fresh number whose last two digits tell the SMSC what to do."""
        person, value = self.world.customer(f"+861390013{next(_numbers):02d}{outcome:02d}")
        return self.world.text(person, value, text=text, key=f"L{next(_keys):05d}", **columns)

    def states(self, *numbers: int) -> list[str]:
        return [self.world.state(number)[0] for number in numbers]


@pytest.fixture(name="loop")
def _loop(kannel, adapter, tmp_path: Path):
    clock = Ticking()
    (port,) = free_ports(1)
    with Database(f"sqlite:///{tmp_path / 'crm.db'}") as db:
        schema.metadata.create_all(db.engine)
        context = attrs.evolve(
            adapter.context,
            clock=clock,
            callback_url=f"http://127.0.0.1:{port}/hooks/{SECRET}/sms",
            http=HttpClient(Policy(connect=2, read=3, total=10)),
        )
        ours = Counting(adapter.config, context)
        ours.calls = []

        def take(name, request):
            return receive(db, name, ours, request, clock) if name == "sms" else None

        server = make_server(take, SECRET, host="127.0.0.1", port=port)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        eventually(lambda: server.started, "our receiver")
        kannel.receiver.handler = lambda request: receive(db, "sms", ours, request, clock)
        yield Loop(World(db, clock), ours)
        server.should_exit = True
        thread.join()


def test_every_receipt_moves_its_text(loop):
    """Delivered (also twice), undelivered, expired, rejected, a dead number, only buffered, no receipt: each text ends in the state its receipt says."""
    outcomes = {
        1: "DELIVERED",
        95: "FAILED",
        94: "FAILED",
        93: "FAILED",
        99: "FAILED",
        92: "DELIVERED",
        91: "ACCEPTED",
        89: "ACCEPTED",
    }
    numbers = {loop.text(outcome): state for outcome, state in outcomes.items()}
    loop.send()
    eventually(lambda: loop.states(*numbers) == list(numbers.values()), "the last receipt", 60)

    assert Counter(loop.adapter.calls) == Counter(dict.fromkeys(loop.adapter.calls, 1))


def test_a_dead_number_is_noted(loop):
    """The receipt "invalid destination" marks the contact point; the others leave it alone."""
    dead, undelivered = loop.text(99), loop.text(95)
    loop.send()
    eventually(lambda: loop.states(dead, undelivered) == ["FAILED", "FAILED"], "both receipts", 60)
    with loop.world.db.reading() as connection:
        states = [
            row.state for row in connection.execute(schema.contact_point.select().order_by(schema.contact_point.c.id))
        ]

    assert ["NOT_IN_SERVICE", "UNKNOWN"] == states


def test_a_refusal_in_chinese_stops_the_next_text(loop, kannel):
    """退订 comes back in UCS-2 through the gateway, opts the number out, and the next text is refused by us."""
    number = loop.text(90)
    loop.send()

    def refused():
        with loop.world.db.reading() as connection:
            return connection.execute(schema.opt_out.select()).all()

    (out,) = eventually(refused, "the refusal", 60)
    with loop.world.db.reading() as connection:
        row = connection.execute(schema.message.select().where(schema.message.c.id == number)).one()
        kept = inbox.counts(connection)
    second = loop.world.text(row.customer_id, row.value, key="LAGAIN", dedupe="again")
    sent_before = len(kannel.smsc.texts_to(row.value.removeprefix("+86")))
    loop.send()

    assert (row.value, "SMS") == (out.value, out.channel)
    assert ("REFUSED", "OPTED_OUT") == loop.world.state(second)
    assert "LAGAIN" not in loop.adapter.calls
    assert sent_before == len(kannel.smsc.texts_to(row.value.removeprefix("+86")))
    assert 0 == kept.get("FAILED", 0)


def test_a_gateway_that_dies_mid_batch_makes_us_send_nothing_twice(loop, kannel):
    """Killed after the fifth of twenty texts and restarted: every key is handed in once, and every text arrives.

    While it is down nothing is taken (connection refused), so those texts stay queued and go after the restart.
    """
    numbers = [loop.text(1, text=f"text {index}") for index in range(20)]
    loop.send(limit=5)
    kannel.kill()
    down = loop.send(limit=5)
    refused = [line for line in down.lines if line.state == "QUEUED"]
    handed_in_while_down = len(loop.adapter.calls) - 5
    kannel.restart()
    loop.world.clock.offset += 600  # past the backoff of what was refused
    loop.send()
    eventually(
        lambda: set(loop.states(*numbers[5:])) == {"DELIVERED"}, "the receipts of what went after the restart", 90
    )
    eventually(lambda: all(kannel.smsc.texts_to(_digits(loop, number)) for number in numbers), "the first five", 60)
    taken = Counter(loop.adapter.calls)

    assert 5 == len(refused) == handed_in_while_down
    assert 20 == len(taken)
    assert 25 == sum(taken.values())  # five keys were refused once, before a byte was taken
    # Kannel keeps receipts in memory: those of texts it held when it was killed may never come
    assert {"ACCEPTED", "DELIVERED"} >= set(loop.states(*numbers[:5]))
    arrived = Counter(text for index in range(20) for text in kannel.smsc.texts_to(_digits(loop, numbers[index])))
    assert {f"text {index}" for index in range(20)} == set(arrived)


def _digits(loop, number: int) -> str:
    with loop.world.db.reading() as connection:
        row = connection.execute(schema.message.select().where(schema.message.c.id == number)).one()
    return row.value.removeprefix("+86")


def test_a_gateway_that_does_not_answer_is_a_doubt_and_not_a_second_text(loop, kannel):
    """Suspended, Kannel takes the text and says nothing: the outcome is unknown, nothing is sent again, the receipt settles it."""
    numbers = [loop.text(1) for _ in range(3)]
    with kannel.suspended():  # it still takes one
        loop.send()
        in_doubt = loop.states(*numbers)
        loop.world.clock.offset += 300
        loop.send()
    doubted = [number for number, state in zip(numbers, in_doubt, strict=True) if state == "UNKNOWN"]
    eventually(lambda: set(loop.states(*doubted)) == {"DELIVERED"}, "the late receipts", 60)

    assert "UNKNOWN" == in_doubt[-1]
    assert 3 == len(loop.adapter.calls)
    assert [1, 1, 1] == [len(kannel.smsc.texts_to(_digits(loop, number))) for number in numbers]
