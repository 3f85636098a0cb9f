"""Gateways that are one request a text: how the request is written and the answer read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from crmcore.hooks import AuthError, ConfigError, NotSent, PermanentError, Secret, TransientError, WebhookRequest
from crmcore.http import HttpResponse
from crmcore.types.contact import Accepted, Deferred, Receipt, ReceiptState, Rejected, Reply, Scope, Unknown
from crmcore_sms_gateway.config import Answer, GatewayConfig, Receipts, Replies

BODY = {"mobile": "{to}", "messages": [{"content": "{text}", "ext": "{key}", "copies": 1}], "notify": "{callback}"}
RULES = Answer(
    ok={"code": "0", "data.0.taken": "true"},
    ref="data.0.id",
    code="code",
    rejected={"MOBILE_ILLEGAL": Scope.RECIPIENT, "NO_MONEY": Scope.ACCOUNT, "HTTP_404": Scope.ACCOUNT},
    deferred={"FLOW_LIMIT": 60},
)


class Recorder:
    def __init__(self, status=200, said=None, raw=None, headers=None) -> None:
        self.headers = headers or {}
        self.status, self.body = status, json.dumps(said).encode() if raw is None else raw
        self.asked = []

    def send(self, method, url, **request):
        self.asked.append((method, url, request))
        return HttpResponse(status=self.status, headers=self.headers, body=self.body, at="gateway")

    def close(self) -> None:
        pass


def settings(**changes):
    return {"form": "json", "url": "https://sms.example.cn/v1/send", "body": BODY, "answer": RULES} | changes


def pushed(said, path="dlr") -> WebhookRequest:
    return WebhookRequest(method="POST", path=path, body=json.dumps(said).encode())


# ------------------------------------------------------------------ requests


def test_the_request_is_written_as_configured(make, message):
    """Placeholders are filled in body and headers, at any depth; everything else stays as it is."""
    http = Recorder()
    make(http=http, **settings(headers={"Authorization": "Bearer {password}"})).send(message("保养"), key="K1")
    method, url, request = http.asked[0]

    assert ("POST", "https://sms.example.cn/v1/send") == (method, url)
    assert {"Authorization": "Bearer crmpw"} == request["headers"]
    assert {
        "mobile": "13800138000",
        "messages": [{"content": "保养", "ext": "K1", "copies": 1}],
        "notify": "http://127.0.0.1:1/hooks/sms/dlr",
    } == request["json"]


@pytest.mark.parametrize(("encode", "argument"), [("form", "data"), ("query", "params")])
def test_the_body_may_travel_otherwise(make, message, encode, argument):
    """Older gateways want a form, or a query."""
    http = Recorder()
    make(http=http, **settings(encode=encode, body={"to": "{to}", "text": "{text}"})).send(message("x"), key="K1")

    assert {"to": "13800138000", "text": "x"} == http.asked[0][2][argument]


def test_a_text_cannot_ask_for_the_password(make, message):
    """What a text contains is never filled in: "{password}" in it stays what it is."""
    http = Recorder()
    make(http=http, **settings()).send(message("{password} {to}"), key="K1")

    assert "{password} {to}" == http.asked[0][2]["json"]["messages"][0]["content"]


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (200, {"code": 0, "data": [{"taken": True, "id": 77}]}, Accepted(ref="77")),
        (200, {"code": "0", "data": [{"taken": True}]}, Accepted()),
        (200, {"code": 0, "data": [{"taken": False, "id": 77}]}, Unknown(why="0")),
        (200, {"code": 0}, Unknown(why="0")),
        (200, {"code": "MOBILE_ILLEGAL"}, Rejected(code="MOBILE_ILLEGAL")),
        (400, {"code": "NO_MONEY"}, Rejected(code="NO_MONEY", scope=Scope.ACCOUNT)),
        (404, {}, Rejected(code="HTTP_404", scope=Scope.ACCOUNT)),
        (401, {"code": "WHO"}, Rejected(code="AUTHORIZATION", scope=Scope.ACCOUNT)),
        (200, {"code": "NEWS"}, Unknown(why="NEWS")),
        (500, {"code": 0, "data": [{"taken": True, "id": 77}]}, Unknown(why="0")),
        (200, ["odd"], Unknown(why="HTTP_200")),
        (200, None, Unknown(why="HTTP_200")),
    ],
)
def test_an_answer_means_what_the_table_says(make, message, status, said, expected):
    """Accepted only when status and every `ok` agree; a code is refused or deferred only when crm.toml knows it; the rest is a doubt."""
    assert expected == make(http=Recorder(status, said), **settings()).send(message(), key="K1")


@pytest.mark.parametrize("raw", [b"", b"OK", b"{", b"[" * 100_000, b"\xff\xfe"])
def test_an_answer_that_is_no_json_is_a_doubt(make, message, raw):
    """A page instead of an answer proves nothing."""
    assert Unknown(why="HTTP_200") == make(http=Recorder(raw=raw), **settings()).send(message(), key="K1")


def test_later_is_counted_from_now(make, message):
    """A deferred code says how many seconds to wait."""
    expected = datetime(2026, 11, 22, 2, 0, tzinfo=UTC) + timedelta(seconds=60)

    assert Deferred(code="FLOW_LIMIT", not_before=expected) == make(
        http=Recorder(said={"code": "FLOW_LIMIT"}), **settings()
    ).send(message(), key="K1")


def test_refused_connections_pass(make, message):
    """The proof that nothing left goes through to the core."""
    with pytest.raises(NotSent):
        make(**settings(url="http://127.0.0.1:9/")).send(message(), key="K1")


# ------------------------------------------------------------------ check


def test_check_asks_what_the_page_can_do(make):
    """OPTIONS, with the login where it is a header; nothing that could be a text."""
    http = Recorder(405)
    make(http=http, **settings(headers={"X-Key": "{password}", "X-To": "{to}"})).check()

    assert [("OPTIONS", {"X-Key": "crmpw", "X-To": ""})] == [
        (method, said["headers"]) for method, _, said in http.asked
    ]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthError),
        (403, AuthError),
        (404, PermanentError),
        (302, PermanentError),
        (500, TransientError),
        (503, TransientError),
    ],
)
def test_check_tells_what_it_can(make, status, kind):
    """A refused login, an address that is none or has moved, a gateway that is down: each is told."""
    with pytest.raises(kind):
        make(http=Recorder(status), **settings()).check()


def test_a_portal_is_no_gateway(make):
    """A page that greets instead of answering is told, also an empty one; a gateway that does so is not asked at all."""
    for raw in (b"<html>please sign in</html>", b""):
        with pytest.raises(PermanentError, match="CRM-G103"):
            make(http=Recorder(raw=raw), **settings()).check()
        http = Recorder(raw=raw)
        make(http=http, **settings(probe=False)).check()

        assert [] == http.asked


@pytest.mark.parametrize(
    ("status", "headers", "raw"),
    [
        (200, {"allow": "POST, OPTIONS"}, b""),
        (200, {"access-control-allow-methods": "POST"}, b"<html>"),
        (200, {}, b'{"code":"METHOD"}'),
        (204, {}, b""),
        (405, {}, b"<html>not allowed</html>"),
        (501, {}, b""),
    ],
)
def test_a_gateway_is_known_by_its_methods(make, status, headers, raw):
    """It names them, has none for a question, or speaks JSON."""
    http = Recorder(status, raw=raw, headers=headers)
    make(http=http, **settings()).check()

    assert ["OPTIONS"] == [method for method, _, _ in http.asked]


# ------------------------------------------------------------------ pushes

RECEIPTS = Receipts(
    items="reports", key="ext", ref="id", state="stat", code="err", delivered=("DELIVRD", "true"), failed=("UNDELIV",),
    pending=("SENT",), dead=("MK:0001",), answer='{"code":0}',
)  # fmt: skip
REPLIES = Replies(sender="phone", text="content", id="seq", answer="ok")


def test_receipts_are_read_as_configured(make):
    """A list within an object, states by name, and a status that speaks against the number; the answer is what the vendor wants."""
    reports = [
        {"ext": "K1", "id": 5, "stat": "DELIVRD"},
        {"ext": "K2", "stat": "UNDELIV", "err": "MK:0001"},
        {"ext": "K3", "stat": "UNDELIV", "err": "MI:0024"},
        {"id": "6", "stat": "SENT"},
        {"ext": "K5", "stat": True},
    ]
    parsed = make(**settings(receipts=RECEIPTS)).parse_receipts(pushed({"reports": reports}))

    assert (
        Receipt(key="K1", ref="5", state=ReceiptState.DELIVERED, code="DELIVRD"),
        Receipt(key="K2", state=ReceiptState.FAILED, code="MK:0001", permanent=True),
        Receipt(key="K3", state=ReceiptState.FAILED, code="MI:0024"),
        Receipt(key=None, ref="6", state=ReceiptState.SENT, code="SENT"),
        Receipt(key="K5", state=ReceiptState.DELIVERED, code="true"),
    ) == parsed.events
    assert (b'{"code":0}', "application/json") == (parsed.answer.body, parsed.answer.content_type)


def test_replies_are_read_as_configured(make):
    """From JSON, from a form, or from the query."""
    adapter = make(**settings(replies=REPLIES))
    expected = (Reply(sender="13800138000", text="退订", vendor_id="7"),)
    form = WebhookRequest(method="POST", path="mo", body="phone=13800138000&content=退订&seq=7".encode())
    query = WebhookRequest(method="GET", path="mo", query={"phone": "13800138000", "content": "退订", "seq": "7"})

    assert expected == adapter.parse_replies(pushed([{"phone": 13800138000, "content": "退订", "seq": 7}], "mo")).events
    assert expected == adapter.parse_replies(form).events
    assert expected == adapter.parse_replies(query).events


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"reports": [{"stat": "DELIVRD"}]}, "CRM-G201"),
        ({"reports": [{"ext": "K1", "stat": "NEW"}]}, "CRM-G201"),
        ({"reports": [{"ext": "K1", "stat": "DELIVRD"}, {"ext": "K2"}]}, "CRM-G201"),
        ({}, "CRM-G201"),
    ],
)
def test_a_receipt_that_cannot_be_read_is_refused(make, said, code):
    """Without key and id, or with a state that crm.toml does not know, it is an error that names the field."""
    with pytest.raises(PermanentError) as raised:
        make(**settings(receipts=RECEIPTS)).parse_receipts(pushed(said))

    assert code == raised.value.code


def test_an_unknown_state_costs_no_neighbour(make):
    """Among states that crm.toml knows, one that it does not is not final, and its words are kept."""
    reports = [{"ext": "K1", "stat": "DELIVRD"}, {"ext": "K2", "stat": "NEW"}]
    parsed = make(**settings(receipts=RECEIPTS)).parse_receipts(pushed({"reports": reports}))

    assert (
        Receipt(key="K1", state=ReceiptState.DELIVERED, code="DELIVRD"),
        Receipt(key="K2", state=ReceiptState.SENT, code="NEW"),
    ) == parsed.events


def test_garbage_is_refused(make):
    """A body that begins like JSON and is none, a reply without text, a push that nobody configured."""
    adapter = make(**settings(receipts=RECEIPTS, replies=REPLIES))
    with pytest.raises(PermanentError, match="CRM-G201"):
        adapter.parse_receipts(WebhookRequest(method="POST", path="dlr", body=b"{"))
    with pytest.raises(PermanentError, match="CRM-G202"):
        adapter.parse_replies(pushed([{"phone": "13800138000"}], "mo"))
    for parse, path in ((make(**settings()).parse_receipts, "dlr"), (make(**settings()).parse_replies, "mo")):
        with pytest.raises(PermanentError, match="CRM-G204"):
            parse(pushed({}, path))


# ------------------------------------------------------------------ configuration


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"url": "127.0.0.1:13013/cgi-bin/sendsms"}, "CRM-G301"),
        ({"url": "ftp://gw/"}, "CRM-G301"),
        ({"max_segments": 0}, "CRM-G302"),
        ({"max_segments": 256}, "CRM-G302"),
        (settings(body={"mobile": "{to}"}), "CRM-G303"),
        (settings(answer=Answer(status=(200,))), "CRM-G304"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(changes, code):
    """A wrong address, a text that would go without its content, success by status alone: told at once, in both languages."""
    with pytest.raises(ConfigError) as raised:
        GatewayConfig(**({"url": "http://gw/", "password": Secret("crmpw")} | changes))

    assert code == raised.value.code
    assert raised.value.render("zh") != raised.value.render("en")
    assert "{{" not in raised.value.render("en") + raised.value.render("zh")


def test_every_setting_explains_itself():
    """Each field of the configuration has a help text in both languages."""
    fields = [field for cls in (GatewayConfig, Answer, Receipts, Replies) for field in cls.__attrs_attrs__]

    assert [] == [field.name for field in fields if {"zh", "en"} != set(field.metadata.get("help", {}))]
