"""Both robots keep the contract of messaging adapters."""

from __future__ import annotations

import json

from crmcore.hooks import Secret
from crmcore.testing import Failed, MessagingContract, Taken
from crmcore_notify_robot.dingtalk import DingTalkAdapter
from crmcore_notify_robot.wecom import WeComAdapter


class TestDingTalk(MessagingContract):
    """200 to everything, and an errcode in the body; a robot has neither numbers nor room for a key."""

    adapter_class = DingTalkAdapter
    config = {"access_token": Secret("Dingtalk-token"), "secret": Secret("SECdingtalk")}
    carries_key = False
    refuses_numbers = False

    def vendor(self, rsps, world):
        def robot(request):
            asked = json.loads(request.body)
            if world.locked:
                return 200, {}, '{"errcode":300001,"errmsg":"token is not exist"}'
            if asked["msgtype"] != "text":
                return 200, {}, '{"errcode":40035,"errmsg":"unsupported msgtype"}'
            text, called = asked["text"]["content"], asked["at"]["atMobiles"]
            if called:
                text, _, behind_at = text.rpartition("\n")
                called = [mobile for mobile in called if f"@{mobile}" in behind_at.split()]
            match world.take(text=text, mentions=called):
                case Taken():
                    return 200, {}, '{"errcode":0,"errmsg":"ok"}'
                case Failed():
                    return 200, {}, '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}'

        rsps.add_callback("POST", "https://oapi.dingtalk.com/robot/send", robot, content_type="application/json")


class TestWeCom(MessagingContract):
    """As DingTalk, with other numbers, and the mentions in a list of their own."""

    adapter_class = WeComAdapter
    config = {"key": Secret("Wecom-key")}
    carries_key = False
    refuses_numbers = False

    def vendor(self, rsps, world):
        def robot(request):
            asked = json.loads(request.body)
            if world.locked:
                return 200, {}, '{"errcode":93000,"errmsg":"invalid webhook url"}'
            if asked["msgtype"] != "text":
                return 200, {}, '{"errcode":40008,"errmsg":"invalid message type"}'
            match world.take(text=asked["text"]["content"], mentions=asked["text"]["mentioned_mobile_list"]):
                case Taken():
                    return 200, {}, '{"errcode":0,"errmsg":"ok"}'
                case Failed():
                    return 200, {}, '{"errcode":45009,"errmsg":"api freq out of limit"}'

        rsps.add_callback(
            "POST", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", robot, content_type="application/json"
        )
