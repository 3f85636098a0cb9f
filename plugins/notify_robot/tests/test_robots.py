"""What both robots have in common: the errcode decides, nothing secret is seen, a doubt stays a doubt."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.hooks import AuthError, ConfigError, NotSent, PermanentError, Secret, TransientError, capabilities
from crmcore.http import HttpResponse
from crmcore.sample.robot import KEY, SECRET, TOKEN
from crmcore.types.contact import Accepted, Deferred, Rejected, Scope, Unknown
from crmcore.types.customer import Channel
from crmcore_notify_robot.config import DingTalkConfig, WeComConfig
from crmcore_notify_robot.dingtalk import DingTalkAdapter
from crmcore_notify_robot.robot import errcode
from crmcore_notify_robot.wecom import WeComAdapter

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
BOTH = pytest.mark.parametrize("vendor", ["dingtalk", "wecom"])


class Answers:
    """Answers what it is told, or raises it."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def send(self, method, url, **request):
        if isinstance(self.answer, Exception):
            raise self.answer
        status, body = self.answer
        return HttpResponse(status=status, headers={}, body=body.encode(), at="robot")


def said(code) -> tuple[int, str]:
    return 200, json.dumps({"errcode": code, "errmsg": "words"})


@pytest.mark.parametrize(
    ("vendor", "code", "expected"),
    [
        ("dingtalk", 0, Accepted()),
        ("dingtalk", 130101, Deferred(code="130101", not_before=NOW + timedelta(minutes=10))),
        ("dingtalk", 310000, Rejected(code="310000", scope=Scope.ACCOUNT)),
        ("dingtalk", 40058, Rejected(code="40058")),
        ("dingtalk", 460101, Rejected(code="460101")),
        ("dingtalk", 300001, Rejected(code="300001", scope=Scope.ACCOUNT)),
        ("dingtalk", 45009, Rejected(code="45009", scope=Scope.ACCOUNT)),
        ("wecom", 0, Accepted()),
        ("wecom", "0", Accepted()),
        ("wecom", 45009, Deferred(code="45009", not_before=NOW + timedelta(seconds=60))),
        ("wecom", 40058, Rejected(code="40058")),
        ("wecom", 93000, Rejected(code="93000", scope=Scope.ACCOUNT)),
        ("wecom", -1, Unknown(why="-1")),
    ],
)
def test_the_errcode_decides(make, message, vendor, code, expected):
    """Both vendors put success, refusal and "too fast" into a 200; the errcode tells them apart."""
    assert expected == make(vendor, http=Answers(said(code))).send(message(), key="K1")


@BOTH
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, ""), "HTTP_200"),
        ((200, "<html>welcome to our proxy</html>"), "HTTP_200"),
        ((200, "[]"), "HTTP_200"),
        ((200, '{"errmsg": "ok"}'), "HTTP_200"),
        ((200, '{"errcode": true}'), "HTTP_200"),
        ((200, '{"errcode": null}'), "HTTP_200"),
        ((404, "not found"), "HTTP_404"),
        ((500, '{"errcode": 0}'), "HTTP_500"),
        ((502, '{"errcode": 310000}'), "HTTP_502"),
        ((302, '{"errcode": 0}'), "0"),
    ],
)
def test_what_is_not_certain_is_a_doubt(make, message, vendor, answer, why):
    """A 200 without an errcode is no success, and a 5xx is no failure."""
    assert Unknown(why=why) == make(vendor, http=Answers(answer)).send(message(), key="K1")


@BOTH
def test_a_broken_call_is_a_doubt_and_an_unsent_one_passes(make, message, vendor):
    """A timeout is Unknown; the proof that nothing left goes through to the core."""
    doubt = make(vendor, http=Answers(TransientError("CRM-H201", at="robot")))
    unsent = make(vendor, http=Answers(NotSent("CRM-H101", at="robot")))

    assert Unknown(why="CRM-H201") == doubt.send(message(), key="K1")
    with pytest.raises(NotSent):
        unsent.send(message(), key="K1")


@given(st.integers(100, 599), st.one_of(st.text(max_size=60), st.integers().map(lambda code: f'{{"errcode": {code}}}')))
def test_no_answer_breaks_a_robot(status, body):
    """Whatever a server says, it has an errcode that is a number, or none."""
    answer = HttpResponse(status=status, headers={}, body=body.encode("utf-8", "replace"), at="")

    assert errcode(answer) is None or isinstance(errcode(answer), int)


@BOTH
def test_a_text_that_says_nothing_does_not_leave(make, message, group, vendor):
    """An empty text, and one that is too long, are refused before any call."""
    adapter = make(vendor, url=getattr(group, f"{vendor}_url"))

    assert Rejected(code="EMPTY_TEXT") == adapter.send(message(" \n"), key="K1")
    assert Rejected(code="TOO_LONG") == adapter.send(message("诉" * 7_000), key="K1")
    assert [] == group.wire


@BOTH
def test_a_robot_speaks_to_colleagues_only(make, vendor):
    """Its one channel is a group; it takes 20 messages a minute, one a call, and promises no more."""
    adapter = make(vendor)

    assert frozenset({Channel.GROUP}) == adapter.channels
    assert pytest.approx(20) == adapter.limits.per_second * 60
    assert 1 == adapter.limits.batch
    assert () == capabilities(type(adapter))


# ------------------------------------------------------------------ secrets


@BOTH
def test_no_token_is_ever_seen(make, message, group, vendor, caplog):
    """Token, key, secret and sign stand in no repr, no log at any level, no result and no error."""
    caplog.set_level(logging.DEBUG)
    url = getattr(group, f"{vendor}_url")
    adapter = make(vendor, url=url)
    shown = [repr(adapter.config), repr(adapter.context), repr(adapter.send(message(), key="K1"))]
    group.answer_next(500, "no")
    shown.append(repr(adapter.send(message(), key="K1")))
    group.answer_next(200, {"errcode": 310000, "errmsg": f"{TOKEN} {KEY}"})
    shown.append(repr(adapter.send(message(), key="K1")))
    with pytest.raises(NotSent) as unsent:
        make(vendor, url="http://127.0.0.1:9/send").send(message(), key="K1")
    shown += [str(unsent.value), repr(unsent.value), str(unsent.value.__cause__), str(unsent.value.__context__)]
    shown += [str(part) for record in caplog.records for part in (record.getMessage(), record.args)]

    secrets = (TOKEN, SECRET, KEY, "sign=")
    assert [] == [text for text in shown if any(secret in text for secret in secrets)]
    assert caplog.records


# ------------------------------------------------------------------ the config


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"url": "oapi.dingtalk.com/robot/send"}, "CRM-M611"),
        ({"url": "https://oapi.dingtalk.com/robot/send?access_token=abc"}, "CRM-M612"),
        ({"url": "https://user:abc@oapi.dingtalk.com/robot/send"}, "CRM-M612"),
        ({"access_token": Secret(" ")}, "CRM-M613"),
        ({"access_token": Secret("https://oapi.dingtalk.com/robot/send?access_token=abc")}, "CRM-M614"),
        ({"access_token": Secret("access_token=abc")}, "CRM-M614"),
    ],
)
def test_a_pasted_address_is_told_apart_from_its_token(config, code):
    """What people paste most is the whole address; it is refused with the place for each half, and not repeated."""
    with pytest.raises(ConfigError) as refused:
        DingTalkConfig(**({"access_token": Secret(TOKEN)} | config))

    assert code == refused.value.code
    assert "abc" not in str(refused.value)


def test_a_key_is_wanted_of_wecom_too():
    """The same holds for WeCom's key."""
    with pytest.raises(ConfigError, match="CRM-M614"):
        WeComConfig(key=Secret("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"))


# ------------------------------------------------------------------ the check


@BOTH
def test_a_check_says_nothing_in_the_group(make, group, vendor):
    """A robot that knows us passes, and the group reads nothing."""
    make(vendor, url=getattr(group, f"{vendor}_url")).check()

    assert 1 == len(group.wire)
    assert [] == group.said


@pytest.mark.parametrize(
    ("vendor", "wrong"), [("dingtalk", {"access_token": Secret("x")}), ("dingtalk", {"secret": Secret("x")}), ("wecom", {"key": Secret("x")})]
)  # fmt: skip
def test_a_check_finds_a_wrong_token(make, group, vendor, wrong):
    """A robot that does not know us is an error of the credentials."""
    with pytest.raises(AuthError, match="CRM-M615"):
        make(vendor, url=getattr(group, f"{vendor}_url"), **wrong).check()


@BOTH
def test_a_check_finds_a_wrong_address(make, group, vendor):
    """What is no robot is told as that."""
    with pytest.raises(PermanentError, match="CRM-M616"):
        make(vendor, url=group.dingtalk_url.replace("/robot/send", "/elsewhere")).check()


@BOTH
@pytest.mark.parametrize(
    ("answer", "kind"),
    [((403, "<html>"), AuthError), ((401, "{}"), AuthError), ((502, "<html>"), TransientError), ((500, '{"errcode": 0}'), TransientError)],
)  # fmt: skip
def test_a_check_tells_a_fault_of_the_moment_from_one_of_ours(make, vendor, answer, kind):
    """A vendor that is down is asked again; one that refuses us is told as that."""
    with pytest.raises(kind):
        make(vendor, http=Answers(answer)).check()


def test_both_adapters_are_offered():
    """The entry point offers "dingtalk" and "wecom"."""
    import crmcore_notify_robot as plugin

    assert (DingTalkAdapter, WeComAdapter) == tuple(plugin.crmcore_adapters())
