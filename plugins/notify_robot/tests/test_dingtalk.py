"""DingTalk's dialect: the sign, who is mentioned, what fits."""

from __future__ import annotations

import json

import pytest

from crmcore.hooks import Secret
from crmcore.sample.robot import Said
from crmcore.types.contact import Accepted, Rejected, Scope
from crmcore_notify_robot.dingtalk import sign

# printf '%s\n%s' 1795312800000 SEC0crmcore4 | openssl dgst -sha256 -hmac SEC0crmcore4 -binary | base64
MILLISECONDS, SECRET = "1795312800000", "SEC0crmcore4"  # 2026-11-22T02:00:00Z
BY_OPENSSL = "RdEqypgP/ORTPINVCeNlvNGHfV+HQEhCZRWr9Np3du0="
# printf '%s\n%s' 1795312800000 密钥 | openssl dgst -sha256 -hmac 密钥 -binary | base64
BY_OPENSSL_UTF8 = "5pc7Qtqycdugb7O6jC3u4PuzQdZOnksHLOIT2KsekUI="


def test_the_sign_is_that_of_openssl():
    """Our sign equals the one that `openssl dgst -hmac` makes of the documented text."""
    assert BY_OPENSSL == sign(MILLISECONDS, SECRET)
    assert BY_OPENSSL_UTF8 == sign(MILLISECONDS, "密钥")


def test_the_sign_is_encoded_once(make, message, group):
    """`/`, `+` and `=` of the sign travel as %2F, %2B and %3D, never as %252F; the time is in milliseconds."""
    make("dingtalk", url=group.dingtalk_url, secret=Secret(SECRET)).send(message(), key="K1")

    (line,) = [wire.split(b"\n", 1)[0].decode() for wire in group.wire]
    assert f"timestamp={MILLISECONDS}&sign=RdEqypgP%2FORTPINVCeNlvNGHfV%2BHQEhCZRWr9Np3du0%3D" in line
    assert "%25" not in line


def test_a_signed_text_is_taken(make, message, group):
    """A robot that checks the sign takes the text, and refuses one that is signed with another secret."""
    good = make("dingtalk", url=group.dingtalk_url).send(message("你好"), key="K1")
    bad = make("dingtalk", url=group.dingtalk_url, secret=Secret("SECother")).send(message("你好"), key="K2")

    assert Accepted() == good
    assert Rejected(code="310000", scope=Scope.ACCOUNT) == bad
    assert [Said(vendor="dingtalk", text="你好")] == group.said


def test_without_a_secret_nothing_is_signed(make, message, group):
    """A robot with another security setting gets the token only."""
    make("dingtalk", url=group.dingtalk_url, secret=Secret("")).send(message(), key="K1")

    assert group.wire[0].startswith(b"/robot/send?access_token=sampletoken\n")


def test_who_is_mentioned_stands_in_the_text_too(make, message, group):
    """DingTalk calls only those whose number is in `atMobiles` and behind an @ in the text."""
    make("dingtalk", url=group.dingtalk_url).send(message("你好", ("+8613900139001", "+85251234567")), key="K1")

    (said,) = group.said
    assert ("13900139001", "+85251234567") == said.mentioned
    assert "你好\n@13900139001 @+85251234567" == said.text
    assert json.loads(group.wire[0].split(b"\n", 1)[1])["at"]["isAtAll"] is False


def test_the_keyword_is_put_before_a_text_that_lacks_it(make, message, group):
    """A robot that wants a keyword gets it, once."""
    adapter = make("dingtalk", url=group.dingtalk_url, keyword="投诉")
    adapter.send(message("新案"), key="K1")
    adapter.send(message("新的投诉"), key="K2")

    assert ["投诉\n新案", "新的投诉"] == [said.text for said in group.said]


@pytest.mark.parametrize("char", ["a", "诉", "\n", '"'])
def test_what_fits_is_taken_however_many_are_mentioned(make, message, group, char):
    """The longest text that fits stays below DingTalk's 20,000 bytes with everybody mentioned, escapes included."""
    adapter = make("dingtalk", url=group.dingtalk_url, keyword="提醒")
    most = max(size for size in range(1, 20_000, 10) if adapter.fits("x" + char * size))
    everybody = tuple(f"+86138001{number:05d}" for number in range(60))

    assert Accepted() == adapter.send(message("x" + char * most, everybody), key="K1")
    assert 40 == len(group.said[0].mentioned)
