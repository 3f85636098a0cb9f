"""Kannel's answers and pushes, as they were recorded; the same against a real one is in the core's tests/real."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.hooks import AuthError, NotSent, PermanentError, TransientError, WebhookRequest, capabilities
from crmcore.http import HttpResponse
from crmcore.types.contact import Accepted, Deferred, Rejected, Scope, Unknown
from crmcore_sms_gateway.adapter import GatewayAdapter
from crmcore_sms_gateway.kannel import Kannel

HERE = Path(__file__).parent
SENT = {line["case"]: line for line in map(json.loads, (HERE / "kannel-sendsms.jsonl").read_text("utf-8").splitlines())}
PUSHED = [json.loads(line) for line in (HERE / "kannel-callbacks.jsonl").read_text("utf-8").splitlines()]


class Recorder:
    """Answers what it is told, or raises it; keeps what it was asked."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.asked = []

    def send(self, method, url, **request):
        self.asked.append((method, url, request))
        if isinstance(self.answer, Exception):
            raise self.answer
        status, body = self.answer
        return HttpResponse(status=status, headers={}, body=body.encode(), at="gateway")

    def close(self) -> None:
        pass

    @property
    def query(self):
        return self.asked[-1][2]["params"]


def push(path, raw="", **query) -> WebhookRequest:
    return WebhookRequest(method="GET", path=path, query=dict(parse_qsl(raw, keep_blank_values=True)) | query)


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("ok", Accepted()),
        ("ucs2", Accepted()),
        ("badpw", Rejected(code="AUTHORIZATION", scope=Scope.ACCOUNT)),
        ("no_to", Rejected(code="NUMBER_MISSING")),
        ("empty_to", Rejected(code="NUMBER_MISSING")),
        ("alpha_to", Rejected(code="NUMBER_REFUSED")),
        ("bad_coding", Rejected(code="MISFORMED", scope=Scope.BATCH)),
        ("bad_dlr", Rejected(code="MISFORMED", scope=Scope.BATCH)),
        ("form_post", Rejected(code="MISFORMED", scope=Scope.BATCH)),
    ],
)
def test_a_recorded_answer_means(make, message, case, expected):
    """Every answer that Kannel was heard giving is understood."""
    adapter = make(http=Recorder((SENT[case]["http"], SENT[case]["body"])))

    assert expected == adapter.send(message(), key="K1")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((202, "3: Queued for later delivery"), Accepted()),
        ((403, "Not routable. Do not try again."), Deferred(code="NOT_ROUTABLE")),
        ((503, "Temporal failure, try again later."), Deferred(code="BUSY")),
        ((400, "Sender missing and no global set, rejected"), Rejected(code="SENDER_MISSING", scope=Scope.ACCOUNT)),
        ((404, "Unknown request."), Rejected(code="NO_SUCH_PAGE", scope=Scope.ACCOUNT)),
        ((308, ""), Rejected(code="NO_SUCH_PAGE", scope=Scope.ACCOUNT)),
        ((202, "<html>welcome</html>"), Unknown(why="HTTP_202")),
        ((202, "0: Accepted "), Unknown(why="HTTP_202")),
        ((202, "3: Queued fo"), Unknown(why="HTTP_202")),
        ((200, "0: Accepted for delivery"), Unknown(why="HTTP_200")),
        ((202, ""), Unknown(why="HTTP_202")),
        ((302, ""), Unknown(why="HTTP_302")),
        ((403, "<html>forbidden</html>"), Unknown(why="HTTP_403")),
        ((400, "something new"), Unknown(why="HTTP_400")),
        ((500, "Sending failed."), Unknown(why="HTTP_500")),
        ((503, "<html>proxy</html>"), Unknown(why="HTTP_503")),
    ],
)
def test_what_is_not_certain_is_a_doubt(make, message, answer, expected):
    """Status and words together decide; what Kannel does not say is not read as success, nor as failure."""
    assert expected == make(http=Recorder(answer)).send(message(), key="K1")


def test_a_broken_call_is_a_doubt_and_an_unsent_one_passes(make, message):
    """A timeout is Unknown; the proof that nothing left goes through to the core."""
    doubt = make(http=Recorder(TransientError("CRM-H201", at="gateway")))
    unsent = make(http=Recorder(NotSent("CRM-H101", at="gateway")))

    assert Unknown(why="CRM-H201") == doubt.send(message(), key="K1")
    with pytest.raises(NotSent):
        unsent.send(message(), key="K1")


@given(st.integers(100, 599), st.text(max_size=60))
def test_no_answer_breaks_the_adapter(status, body):
    """Whatever a server says, the outcome is one of the four."""
    form = Kannel(_config(), "")
    answer = HttpResponse(status=status, headers={}, body=body.encode("utf-8", "replace"), at="")

    assert isinstance(
        form.outcome(answer, datetime(2026, 11, 22, tzinfo=UTC)), Accepted | Rejected | Deferred | Unknown
    )


def _config():
    from crmcore_sms_gateway.config import GatewayConfig

    return GatewayConfig(url="http://127.0.0.1:9/cgi-bin/sendsms")


# ------------------------------------------------------------------ requests


@pytest.mark.parametrize(("text", "coding"), [("Hello €", "0"), ("保养", "2"), ("ça va", "2"), ("😀", "2")])
def test_what_gsm_lacks_goes_as_ucs2(make, message, text, coding):
    """Trap 1: `coding=2` and `charset=UTF-8` whenever the GSM alphabet does not have a character."""
    http = Recorder((202, "0: Accepted for delivery"))
    make(http=http).send(message(text), key="K1")

    assert (text, coding, "UTF-8") == (http.query["text"], http.query["coding"], http.query["charset"])


@pytest.mark.parametrize(
    ("text", "code"), [("", "EMPTY_TEXT"), (" \n", "EMPTY_TEXT"), ("a" * 919, "TOO_LONG"), ("长" * 403, "TOO_LONG")]
)
def test_what_kannel_would_spoil_does_not_leave(make, message, text, code):
    """Traps 2 and 3: an empty text would be sent empty, a long one would be cut; neither leaves, and `limits` says so before."""
    http = Recorder((202, "0: Accepted for delivery"))
    adapter = make(http=http)

    assert not adapter.limits.fits(text)
    assert Rejected(code=code) == adapter.send(message(text), key="K1")
    assert [] == http.asked


def test_smsc_and_sender_are_given_only_when_configured(make, message):
    """Trap 4: an `smsc` that Kannel does not know is no error there, so none is sent unless the dealer names one."""
    plain, named = (Recorder((202, "0: Accepted for delivery")) for _ in range(2))
    make(http=plain).send(message(), key="K1")
    make(http=named, smsc="CMCC", sender="10690000").send(message(), key="K1")

    assert not {"smsc", "from"} & set(plain.query)
    assert ("CMCC", "10690000") == (named.query["smsc"], named.query["from"])


def test_our_key_travels_in_the_dlr_url(make, message):
    """Trap 5: Kannel gives no id, so ours comes back in the callback; all five receipts are asked for."""
    http = Recorder((202, "0: Accepted for delivery"))
    make(http=http, callback_url="http://127.0.0.1:1/hooks/50%25/sms").send(message(), key="K1")
    expected = "http://127.0.0.1:1/hooks/50%%25/sms/dlr?key=K1&type=%d&code=%A&ref=%F&at=%T"

    assert (expected, "31") == (http.query["dlr-url"], http.query["dlr-mask"])


@pytest.mark.parametrize("setting", [{"dlr": False}, {"callback_url": ""}])
def test_without_a_receiver_no_receipt_is_asked_for(make, message, setting):
    """Nobody listens, so nothing is asked for."""
    http = Recorder((202, "0: Accepted for delivery"))
    make(http=http, **setting).send(message(), key="K1")

    assert not {"dlr-url", "dlr-mask"} & set(http.query)


@pytest.mark.parametrize(
    ("number_format", "expected"),
    [("national", "13800138000"), ("international", "8613800138000"), ("e164", "+8613800138000")],
)
def test_numbers_are_written_as_the_gateway_wants_them(make, message, number_format, expected):
    """+86 138… becomes what the dealer's gateway takes."""
    http = Recorder((202, "0: Accepted for delivery"))
    make(http=http, number_format=number_format).send(message(), key="K1")

    assert expected == http.query["to"]


def test_a_foreign_number_is_not_mistaken_for_one_of_ours(make, message):
    """A number of another country has no national form; without its country code it would be a stranger's."""
    http = Recorder((202, "0: Accepted for delivery"))

    assert Rejected(code="FOREIGN_NUMBER") == make(http=http).send(message(to="+85251234567"), key="K1")
    assert [] == http.asked


def test_the_request_is_not_shown(make, message):
    """Neither the request nor the configuration shows number, text or password when printed."""
    adapter = make()
    request = adapter._form.request(message(), "13800138000", "K1")
    shown = repr((request, adapter.config, message()))

    assert [] == [word for word in ("crmpw", "13800138000", "保养提醒") if word in shown]


# ------------------------------------------------------------------ check


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((403, "Authorization failed for sendsms"), AuthError, "CRM-G101"),
        ((404, "Unknown request."), PermanentError, "CRM-G102"),
        ((400, "Missing receiver "), PermanentError, "CRM-G102"),
        ((403, "<html>forbidden</html>"), AuthError, "CRM-H302"),
        ((502, "<html>bad gateway</html>"), TransientError, "CRM-H301"),
        ((200, "<html>"), PermanentError, "CRM-G102"),
        ((202, "0: Accepted for delivery"), PermanentError, "CRM-G102"),
    ],
)
def test_check_says_what_is_wrong(make, answer, kind, code):
    """A wrong password and a wrong address are told apart, in both languages."""
    with pytest.raises(kind) as raised:
        make(http=Recorder(answer)).check()

    assert code == raised.value.code
    assert raised.value.render("zh") != raised.value.render("en")


def test_check_asks_without_number_and_text(make):
    """The question cannot send anything: it has neither `to` nor `text`."""
    http = Recorder((400, "Missing receiver number, rejected"))
    make(http=http).check()

    assert {"username": "crm", "password": "crmpw"} == http.query


# ------------------------------------------------------------------ pushes


@pytest.mark.parametrize("line", PUSHED, ids=lambda line: line["raw"][:40])
def test_a_recorded_push_is_read(make, line):
    """Every push that Kannel was seen making is read."""
    adapter = make()
    request = push(line["path"], line["raw"])
    (event,) = (adapter.parse_receipts(request) or adapter.parse_replies(request)).events

    assert line["is"] == {name: getattr(event, name) for name in line["is"]}
    assert event.at.year == 2026


def test_a_push_belongs_to_its_path(make):
    """Receipts are read at "dlr", replies at "mo", other paths are not ours."""
    adapter = make()

    assert adapter.parse_receipts(push("mo")) is None
    assert adapter.parse_replies(push("dlr")) is None
    assert adapter.parse_receipts(push("other")) is None
    assert adapter.parse_receipts(push("/dlr/", key="K1", type="8")).events[0].key == "K1"


@pytest.mark.parametrize(
    "query", [{}, {"key": "K1"}, {"type": "1"}, {"key": "K1", "type": "3"}, {"key": "K1", "type": "x"}, {"key": "K1", "type": "9" * 5_000}, {"key": "K1", "type": "١"}, {"key": "a b", "type": "1"},
              {"key": "K" * 51, "type": "1"}, {"key": "K1", "type": "%d"}],
)  # fmt: skip
def test_a_receipt_that_is_none_is_refused(make, query):
    """Garbage at the receipts' address is an error with a code, never a receipt."""
    with pytest.raises(PermanentError) as raised:
        make().parse_receipts(push("dlr", **query))

    assert "CRM-G201" == raised.value.code


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "CRM-G202"),
        ({"from": "", "text": "x"}, "CRM-G202"),
        ({"from": "13800138000"}, "CRM-G202"),
        ({"from": "13800138000", "text": "\ufffd", "charset": "UTF-16BE"}, "CRM-G203"),
    ],
)
def test_a_reply_that_cannot_be_read_is_refused(make, query, code):
    """A reply without sender or text, or in an encoding that is already lost, waits for a person instead of being misread."""
    with pytest.raises(PermanentError) as raised:
        make().parse_replies(push("mo", **query))

    assert code == raised.value.code
    assert "13800138000" not in str(raised.value)


def test_an_empty_reply_is_a_reply(make):
    """A customer may send nothing; that is not garbage."""
    assert "" == make().parse_replies(push("mo", **{"from": "13800138000", "text": ""})).events[0].text


def test_kannel_is_answered_with_nothing(make):
    """What we answer to a reply, Kannel would text to the customer."""
    parsed = make().parse_replies(push("mo", **{"from": "13800138000", "text": "TD"}))

    assert (200, b"") == (parsed.answer.status, parsed.answer.body)


def test_the_customers_text_in_a_report_is_not_kept(make):
    """An SMPP report repeats the beginning of the text; of it only the status is kept."""
    said = "id:1 sub:001 dlvrd:001 submit date:2611220900 done date:2611220900 stat:DELIVRD err:000 text:李先生您好"
    receipt = make().parse_receipts(push("dlr", key="K1", type="1", code=said)).events[0]
    odd = make().parse_receipts(push("dlr", key="K1", type="2", code="李先生您好")).events[0]

    assert ("DELIVRD err:000", "") == (receipt.code, odd.code)


@given(
    st.dictionaries(
        st.sampled_from(["key", "type", "code", "ref", "at", "from", "text", "unix", "id"]), st.text(max_size=30)
    )
)
def test_no_push_breaks_the_parser(query):
    """Whatever is pushed, the answer is an event or an error of ours."""
    form = Kannel(_config(), "")

    assert [_read(parse, push("any", **query)) for parse in (form.receipts, form.replies)] != []


def _read(parse, request):
    try:
        return parse(request).events[0]
    except PermanentError as error:
        return error.code


def test_what_the_adapter_can_do():
    """It parses receipts and replies, brings a vendor, and claims nothing more: Kannel neither finds nor dedupes."""
    assert ("HasSandbox", "ParsesReceipts", "ParsesReplies") == capabilities(GatewayAdapter)
    assert ("messaging", "gateway") == (GatewayAdapter.kind, GatewayAdapter.name)
    assert attrs.has(GatewayAdapter.Config)
