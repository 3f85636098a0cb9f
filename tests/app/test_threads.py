"""One `Crm`, many threads: a push does not wait for a send, verbs may meet, and what is promised of one holds for all."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest
from sqlalchemy import select
from tests.flows.making import World

from crmcore.app import Crm
from crmcore.db import schema
from crmcore.hooks import MessagingAdapter, Parsed, ParsesReceipts, ParsesReplies, WebhookRequest, WebhookResponse
from crmcore.types.contact import Accepted, Receipt, ReceiptState, Reply
from crmcore.types.customer import Channel

PATIENCE = 30.0  # seconds until a thread that hangs fails its test


@attrs.frozen
class Nothing:
    pass


@pytest.fixture(name="vendor")
def _vendor():
    """A vendor whose adapter tells when two threads are in one instance of it; `gate` holds a send back while it is clear."""

    class Vendor(MessagingAdapter, ParsesReceipts, ParsesReplies):
        name = "vendor"
        channels = frozenset({Channel.SMS})
        Config = Nothing
        sent = Counter()
        twice = []
        users = set()
        entered, gate = threading.Event(), threading.Event()

        def __init__(self, config, context):
            super().__init__(config, context)
            self.hands = threading.Lock()

        def used(self):
            self.users.add(id(self))
            if not self.hands.acquire(blocking=False):
                self.twice.append(threading.current_thread().name)
                return False
            return True

        def send(self, message, *, key):
            mine = self.used()
            self.entered.set()
            assert self.gate.wait(PATIENCE)
            self.sent[key] += 1
            if mine:
                self.hands.release()
            return Accepted(ref=key)

        def parse_receipts(self, request):
            mine = self.used()
            threading.Event().wait(0.001)
            if mine:
                self.hands.release()
            if "key" not in request.query:
                return None
            return Parsed(events=(Receipt(key=request.query["key"], state=ReceiptState.DELIVERED),))

        def parse_replies(self, request):
            said = Reply(sender=request.query["from"], text=request.query["text"], vendor_id=request.query["id"])
            return Parsed(events=(said,), answer=WebhookResponse(status=202))

    return Vendor


@pytest.fixture(name="crm")
def _crm(db, clock, vendor, tmp_path):
    """A `Crm` in an application that has the store's engine already."""
    said = {
        "store": {"code": "S01", "name": "示范店"},
        "messaging": {"sms": {"adapter": "vendor"}},
        "contact": {"quiet": "22:00-08:00"},
    }
    with Crm(said, adapters=[vendor], clock=clock, connection=db.engine) as crm:
        yield crm


def push(number, text="请回电"):
    said = {"from": f"+86138001399{number:02d}", "text": text, "id": f"r{number}"}
    return WebhookRequest(method="GET", path="mo", query=said)


def rows(db, table):
    with db.reading() as connection:
        return connection.execute(select(table)).all()


def test_a_push_does_not_wait_for_a_send(crm, db, clock, vendor):
    """While a text is in the vendor's hands, its pushes are taken, by another adapter."""
    World(db, clock).text()
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(crm.send, yes=True)
        assert vendor.entered.wait(PATIENCE)
        answer = crm.receive("sms", push(1))
        done = sending.done()
        vendor.gate.set()
        report = sending.result(PATIENCE)

    assert (202, False) == (answer.status, done)
    assert {"ACCEPTED": 1} == report.counts()
    assert (2, []) == (len(vendor.users), vendor.twice)


def test_everything_at_once(crm, db, clock, vendor):
    """Two sends, pushes, a plan and questions meet: each text goes once, each push is kept, and nothing fails."""
    vendor.gate.set()
    world = World(db, clock)
    gone = [world.text() for _ in range(12)]
    crm.send(yes=True)
    texts = [world.text() for _ in range(24)]
    people = [world.customer() for _ in range(4)]

    def receive(start):
        return [crm.receive("sms", push(number)).status for number in range(start, start + 10)]

    def receipts():
        asked = [WebhookRequest(method="GET", path="dlr", query={"key": f"k{number}"}) for number in gone]
        return [crm.receive("sms", request).status for request in asked]

    def ask():
        return [crm.customers.find(phone=value)[0].id for _, value in people * 5]

    work = [
        lambda: crm.send(yes=True).errors,
        lambda: crm.send(yes=True).errors,
        lambda: receive(10),
        lambda: receive(20),
        receipts,
        lambda: crm.plan().totals(),
        lambda: crm.collect().failed,
        ask,
        ask,
    ]
    with ThreadPoolExecutor(len(work)) as pool:
        done = [future.result(PATIENCE) for future in [pool.submit(each) for each in work]]

    assert [{}, {}, [202] * 10, [202] * 10] == done[:4]
    assert [f"C{number}" for number, _ in people] * 5 == done[7] == done[8]
    assert {f"k{number}": 1 for number in gone + texts} == dict(vendor.sent)
    assert {"DELIVERED": 12, "ACCEPTED": 24} == Counter(world.states().values())
    assert {f"r{number}" for number in range(10, 30)} == {row.vendor_id for row in rows(db, schema.reply)}
    assert 20 == len(rows(db, schema.reply))
    assert {"DONE"} == {row.state for row in rows(db, schema.inbox)}
    assert [] == vendor.twice


def test_the_same_push_at_once_counts_once(crm, db, vendor):
    """A vendor that repeats a push before the first is answered is answered each time, and the reply is there once."""
    vendor.gate.set()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: crm.receive("sms", push(1, "退订")).status, range(8)))

    assert [202] * 8 == answers
    assert ["r1"] == [row.vendor_id for row in rows(db, schema.reply)]
    assert 1 == len(rows(db, schema.opt_out))


def test_what_is_under_way_when_it_closes_ends_as_it_began(crm, db, clock, vendor):
    """A text that the gateway has in its hands while the program closes is recorded: nobody has to ask what became of it."""
    world = World(db, clock)
    texts = [world.text() for _ in range(2)]
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(crm.send, yes=True)
        assert vendor.entered.wait(PATIENCE)
        crm.close()
        vendor.gate.set()
        report = sending.result(PATIENCE)

    assert {"ACCEPTED": 2} == report.counts()
    assert {f"k{number}": 1 for number in texts} == dict(vendor.sent)


def test_two_whole_runs_at_once(crm, db, clock, vendor):
    """`run` may be called while another one is under way; each text still goes once, and the plans agree."""
    vendor.gate.set()
    world = World(db, clock)
    texts = [world.text() for _ in range(12)]
    with ThreadPoolExecutor(3) as pool:
        reports = [future.result(PATIENCE) for future in [pool.submit(crm.run, yes=True) for _ in range(3)]]

    assert {f"k{number}": 1 for number in texts} == dict(vendor.sent)
    assert 12 == sum(report.send.counts().get("ACCEPTED", 0) for report in reports)
    assert [] == vendor.twice


def test_two_crm_in_two_threads_never_meet(tmp_path, vendor):
    """Opened and used at the same moment, each has its own store, rules, plugins, secrets and words."""
    vendor.gate.set()
    start = threading.Barrier(4, timeout=PATIENCE)

    class Other(vendor):
        sent = Counter()

    def life(number):
        cls = (vendor, Other)[number % 2]
        said = {
            "store": {"code": f"S{number}", "name": "示范店"},
            "database": {"url": f"sqlite:///{tmp_path / str(number)}.db"},
            "messaging": {"sms": {"adapter": "vendor"}},
            "contact": {"max_per_week": number + 1},
            "serve": {"public_url": "https://crm.example", "secret": {"env": "SECRET"}},
        }
        start.wait()
        with Crm(said, adapters=[cls], lang=("zh", "en")[number % 2], environ={"SECRET": str(number)}) as crm:
            crm.plan()
            start.wait()
            with crm.adapters.one(crm.config.messaging["sms"]) as adapter:
                used = type(adapter)
            secret = crm.config.served().secret.reveal()
            return list(crm.stores), crm.config.contact.max_per_week, used is cls, secret, crm.db.place

    with ThreadPoolExecutor(4) as pool:
        lives = [future.result(PATIENCE) for future in [pool.submit(life, number) for number in range(4)]]

    assert [([f"S{n}"], n + 1, True, str(n), f"{n}.db") for n in range(4)] == lives


def test_a_warning_is_told_once_to_all(crm):
    """A hook that fails in eight threads at once is one warning."""
    from crmcore.hooks import hookimpl
    from crmcore.hooks.manager import Plugins

    class Broken:
        @hookimpl
        def crmcore_find_complaint(self, evidence):
            raise ValueError(evidence)

    plugins = Plugins(extra=[Broken()])
    (name,) = plugins.finders()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: plugins.find_complaint(name, Reply(sender="1", text="x"), ()), range(64)))

    assert [None] * 64 == found
    assert ["ValueError"] == [warning.error for warning in plugins.warnings]
