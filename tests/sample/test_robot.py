"""The loopback robot is as strict as the real ones, so what passes here may pass there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import attrs
import pytest

from crmcore.sample.robot import KEY, SECRET, TOKEN, LoopbackRobot, Said

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@attrs.define
class Hand:
    """Posts to the robot as a script would."""

    robot: LoopbackRobot

    def post(self, url, query, body) -> int:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        with build_opener(ProxyHandler({})).open(Request(f"{url}?{urlencode(query)}", data)) as answer:
            assert 200 == answer.status
            return json.load(answer)["errcode"]

    def dingtalk(self, text="a", at=NOON, secret=SECRET, token=TOKEN, **body) -> int:
        stamp = str(int(at.timestamp() * 1000))
        digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
        query = {"access_token": token, "timestamp": stamp, "sign": base64.b64encode(digest).decode()}
        return self.post(self.robot.dingtalk_url, query, {"msgtype": "text", "text": {"content": text}} | body)

    def wecom(self, text="a", key=KEY, **body) -> int:
        said = {"content": text, "mentioned_mobile_list": ["13900139001"]}
        return self.post(self.robot.wecom_url, {"key": key}, {"msgtype": "text", "text": said} | body)


@attrs.define
class Time:
    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(name="time")
def _time():
    return Time()


@pytest.fixture(name="hand")
def _hand(time):
    with LoopbackRobot(now=time) as robot:
        yield Hand(robot)


def test_it_hears_both_dialects(hand):
    """A good message of either vendor is read by the group, with who was called."""
    codes = [hand.dingtalk("一"), hand.wecom("二")]

    assert [0, 0] == codes
    assert [
        Said(vendor="dingtalk", text="一"),
        Said(vendor="wecom", text="二", mentioned=("13900139001",)),
    ] == hand.robot.said


def test_it_refuses_as_the_vendors_do(hand):
    """Wrong token, wrong sign, old timestamp, wrong key, unknown kind, too long: an errcode in a 200, and nobody reads it."""
    codes = [
        hand.dingtalk(token="x"),
        hand.dingtalk(secret="x"),
        hand.dingtalk(at=NOON - timedelta(minutes=61)),
        hand.dingtalk(msgtype="x"),
        hand.dingtalk("诉" * 7_000),
        hand.wecom(key="x"),
        hand.wecom(msgtype="x"),
        hand.wecom("诉" * 683),
        hand.post(hand.robot.wecom_url, {"key": KEY}, b"no json"),
    ]

    assert [300001, 310000, 310000, 400105, 460101, 93000, 40008, 40058, 40008] == codes
    assert [] == hand.robot.said
    assert 9 == len(hand.robot.wire)


def test_it_is_deaf_to_who_talks_too_much(hand, time):
    """The 21st message of a minute is refused, and so is every one for ten minutes (DingTalk) or one (WeCom)."""
    codes = [hand.dingtalk(str(number), at=time.at) for number in range(21)]
    others = [hand.wecom(str(number)) for number in range(21)]
    time.at += timedelta(minutes=2)
    later = [hand.dingtalk("x", at=time.at), hand.wecom("x")]
    time.at += timedelta(minutes=9)

    assert [0] * 20 + [130101] == codes
    assert [0] * 20 + [45009] == others
    assert [130101, 0] == later
    assert 0 == hand.dingtalk("y", at=time.at)


def test_it_says_what_it_is_told_to(hand):
    """A scripted answer replaces one verdict, and the group reads nothing of it."""
    hand.robot.answer_next(200, {"errcode": 7})

    assert [7, 0] == [hand.wecom("a"), hand.wecom("b")]
    assert ["b"] == [said.text for said in hand.robot.said]
