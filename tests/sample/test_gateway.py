"""The loopback gateway answers like Kannel, spoils texts like Kannel, and calls back like Kannel."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from crmcore.http import HttpClient
from crmcore.sample.gateway import (
    BUFFERED,
    BUSY,
    DEAD_NUMBER,
    DELIVERED,
    FORBIDDEN,
    OK,
    THROTTLED,
    UNDELIVERED,
    LoopbackGateway,
    Script,
)

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LOGIN = {"username": "crm", "password": "crmpw"}
HOOK = "http://127.0.0.1:1/hooks/sms"
DLR = f"{HOOK}/dlr?key=K1&type=%d&code=%A&ref=%F&at=%T"


class Inbox:
    """Takes pushes instead of a web server; `statuses` are given in turn, then 200."""

    def __init__(self, *statuses) -> None:
        self.statuses, self.urls = list(statuses), []

    def __call__(self, url: str) -> int:
        self.urls.append(url)
        return self.statuses.pop(0) if self.statuses else 200

    @property
    def queries(self):
        return [dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) for url in self.urls]


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def gateway(inbox):
    with LoopbackGateway(deliver=inbox, mo_url=f"{HOOK}/mo", now=lambda: NOW, pause=0.0) as gateway:
        yield gateway


@pytest.fixture
def http():
    client = HttpClient()
    yield client
    client.close()


def ask(http, gateway, **query):
    response = http.send("GET", gateway.url, params=LOGIN | query)
    return response.status, response.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"to": "13800138000", "text": "Hello"}, OK),
        ({"password": "no", "to": "13800138000", "text": "x"}, FORBIDDEN),
        ({"text": "x"}, (400, "Missing receiver number, rejected")),
        ({"to": "", "text": "x"}, (400, "Empty receiver number not allowed, rejected")),
        ({"to": "abc", "text": "x"}, (400, "Number(s) has/have been denied by white- and/or black-lists.")),
        ({"to": "13800138000 13800138001", "text": "x"}, OK),
    ],
)
def test_it_answers_as_kannel_was_heard_to(http, gateway, query, expected):
    """Status and text are those of Kannel 1.4.5."""
    assert expected == ask(http, gateway, **query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"text": "保养"}, "??"),
        ({"text": "保养😀", "coding": "2"}, "保养😀"),
        ({"text": "€ Ωß"}, "€ Ωß"),
        ({}, ""),
        ({"text": "a" * 2000}, "a" * 918),
        ({"text": "长" * 500, "coding": "2"}, "长" * 402),
    ],
)
def test_it_spoils_what_kannel_spoils(http, gateway, query, expected):
    """It says 202 to texts without `coding`, without `text`, or too long, and the customer reads what is left."""
    answer = ask(http, gateway, to="13800138000", **query)

    assert (OK, expected) == (answer, gateway.texts[0].text)


@pytest.mark.parametrize("receipts", [DELIVERED, UNDELIVERED, BUFFERED, DEAD_NUMBER, THROTTLED])
def test_receipts_come_to_the_dlr_url(http, gateway, inbox, receipts):
    """Each receipt of the script is pushed with the escapes filled in."""
    gateway.scripts["13800138000"] = Script(receipts=receipts)
    ask(http, gateway, to="13800138000", text="x", **{"dlr-url": DLR, "dlr-mask": "31"})
    gateway.settle()

    assert [str(kind) for kind, _ in receipts] == [query["type"] for query in inbox.queries]
    assert [said.format(id="1") for _, said in receipts] == [query["code"] for query in inbox.queries]
    assert {("K1", "1", "1795312800")} == {(query["key"], query["ref"], query["at"]) for query in inbox.queries}


def test_only_receipts_that_were_asked_for_come(http, gateway, inbox):
    """`dlr-mask` chooses; without `dlr-url` there are none."""
    ask(http, gateway, to="13800138000", text="x", **{"dlr-url": DLR, "dlr-mask": "1"})
    ask(http, gateway, to="13800138001", text="x", **{"dlr-mask": "31"})
    gateway.settle()

    assert ["1"] == [query["type"] for query in inbox.queries]


def test_a_percent_sign_in_the_address_survives(http, gateway, inbox):
    """Two percent signs are one, as in Kannel."""
    ask(http, gateway, to="13800138000", text="x", **{"dlr-url": f"{HOOK}/a%%20b/dlr?type=%d", "dlr-mask": "1"})
    gateway.settle()

    assert [f"{HOOK}/a%20b/dlr?type=1"] == inbox.urls


def test_a_customer_replies_once(http, gateway, inbox):
    """The scripted reply comes after the first text, in Unicode, stamped by the clock that was given."""
    gateway.scripts["13800138000"] = Script(receipts=(), reply="退订")
    for _ in range(2):
        ask(http, gateway, to="13800138000", text="x")
    gateway.settle()

    assert [
        {
            "from": "13800138000", "to": "10690000", "text": "退订", "coding": "2", "charset": "UTF-8", "smsc": "LOOP",
            "ts": "2026-11-22 02:00:00", "id": "00000000-0000-4000-8000-000000000001", "unix": "1795312800",
        }
    ] == inbox.queries  # fmt: skip


def test_a_scripted_refusal_takes_nothing(http, gateway, inbox):
    """A number whose script refuses has no text, no receipt and no reply."""
    gateway.scripts["13800138000"] = Script(answer=BUSY, reply="no")

    assert BUSY == ask(http, gateway, to="13800138000", text="x", **{"dlr-url": DLR, "dlr-mask": "31"})
    gateway.settle()
    assert ([], []) == (gateway.texts, inbox.urls)


@pytest.mark.parametrize(("statuses", "lost"), [((500, 500, 500), 0), ((500, 500, 500, 500), 1)])
def test_a_push_is_tried_four_times(http, statuses, lost):
    """A receiver that fails three times gets it at the fourth; after that it is gone, and counted."""
    inbox = Inbox(*statuses)
    with LoopbackGateway(deliver=inbox, pause=0.0) as gateway:
        ask(http, gateway, to="13800138000", text="x", **{"dlr-url": DLR, "dlr-mask": "1"})
        gateway.settle()

    assert (4, lost) == (len(inbox.urls), len(gateway.undelivered))


def test_a_receiver_that_speaks_no_http_takes_nothing_and_holds_nothing_up(http):
    """What a mail server answers to a push is no answer: it is tried, given up and counted, and the next one is pushed."""
    with socket.create_server(("127.0.0.1", 0)) as listening, LoopbackGateway(pause=0.0) as gateway:
        greeting = threading.Thread(target=greet, args=(listening, 4))
        greeting.start()
        mail = f"http://127.0.0.1:{listening.getsockname()[1]}/dlr?type=%d"
        alive = f"{gateway.url}?username=crm&password=crmpw&to=13800138001&text=pushed"
        for url in (mail, alive):
            ask(http, gateway, to="13800138000", text="x", **{"dlr-url": url, "dlr-mask": "1"})
        gateway.settle()
        greeting.join()

        assert [("13800138001", "pushed")] == [(text.to, text.text) for text in gateway.texts[2:]]
        assert 1 == len(gateway.undelivered)


def greet(listening: socket.socket, times: int) -> None:
    for _ in range(times):
        caller, _ = listening.accept()
        with caller:
            caller.recv(65_536)
            caller.sendall(b"220 mail.example ESMTP\r\n")


def test_pushes_travel_over_http(http):
    """Without `deliver` a push is a GET; here the gateway's own page answers it, and a dead address does not stop the others."""
    with LoopbackGateway(pause=0.0) as gateway:
        dead = "http://127.0.0.1:9/dlr?type=%d"
        alive = f"{gateway.url}?username=crm&password=crmpw&to=13800138001&text=pushed"
        for url in (dead, alive):
            ask(http, gateway, to="13800138000", text="x", **{"dlr-url": url, "dlr-mask": "1"})
        gateway.settle()

        assert [("13800138001", "pushed")] == [(text.to, text.text) for text in gateway.texts[2:]]
        assert 1 == len(gateway.undelivered)


def test_other_pages_and_forms_are_refused(http, gateway):
    """There is one page, and it takes no forms."""
    elsewhere = http.send("GET", gateway.url + "x")
    form = http.send("POST", gateway.url, data=LOGIN | {"to": "13800138000", "text": "x"})

    assert [(404, "Unknown request."), (400, "Invalid content-type")] == [
        (one.status, one.text) for one in (elsewhere, form)
    ]


def test_a_burst_is_taken(gateway):
    """Many connections at once: none is refused."""
    address = urlsplit(gateway.url)
    query = f"{address.path}?username=crm&password=crmpw&to=13800138000&text=x"
    gate = threading.Barrier(50)

    def one(_at):
        gate.wait()
        with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
            connection.sendall(f"GET {query} HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(4096), b""))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(one, range(50)))

    assert all(answer.endswith(b"0: Accepted for delivery") for answer in answers)
    assert 50 == len(gateway.texts)


def test_it_ends_with_its_block(http):
    """After `with` nobody listens and no thread is left."""
    before = threading.active_count()
    with LoopbackGateway() as gateway:
        port = urlsplit(gateway.url).port

    with socket.socket() as probe:
        assert 0 != probe.connect_ex(("127.0.0.1", port))
    assert before == threading.active_count()


def test_its_texts_are_not_shown():
    """Printed, a text shows neither number nor content."""
    with LoopbackGateway() as gateway:
        gateway.take(LOGIN | {"to": "13800138000", "text": "secret words"})

        assert not [word for word in ("13800138000", "secret") if word in json.dumps(repr(gateway.texts))]
