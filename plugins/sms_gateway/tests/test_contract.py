"""The gateway keeps the contract of messaging adapters: as a Kannel, and as a gateway of JSON."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

from crmcore.hooks import Secret
from crmcore.sample.gateway import on_air
from crmcore.testing import Failed, MessagingContract, Refused, Taken
from crmcore.types.contact import Scope
from crmcore_sms_gateway.adapter import GatewayAdapter
from crmcore_sms_gateway.config import Answer, Receipts, Replies


class TestKannel(MessagingContract):
    """Answers are those that were recorded (kannel-sendsms.jsonl)."""

    adapter_class = GatewayAdapter
    config = {
        "url": "https://kannel.example/cgi-bin/sendsms",
        "username": "crm",
        "password": Secret("Kannel-contract-pw"),
    }

    def vendor(self, rsps, world):
        def sendsms(request):
            asked = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
            if world.locked:
                return 403, {}, "Authorization failed for sendsms"
            if "to" not in asked:
                return 400, {}, "Missing receiver number, rejected"
            key = dict(parse_qsl(urlsplit(asked.get("dlr-url", "")).query)).get("key", "")
            match world.take(to=asked["to"], text=on_air(asked.get("text", ""), asked["coding"]), key=key):
                case Taken():
                    return 202, {}, "0: Accepted for delivery"
                case Refused():
                    return 400, {}, "Number(s) has/have been denied by white- and/or black-lists."
                case Failed():
                    return 503, {}, "Temporal failure, try again later."

        rsps.add_callback("GET", self.config["url"], sendsms, content_type="text/html")


class TestJson(MessagingContract):
    """A gateway as many in China are: 200 to everything, and a code in the body."""

    adapter_class = GatewayAdapter
    config = {
        "form": "json",
        "url": "https://sms.example.cn/v1/send",
        "username": "crm",
        "password": Secret("Json-contract-pw"),
        "headers": {"Authorization": "Bearer {password}"},
        "body": {"mobile": "{to}", "content": "{text}", "ext": "{key}", "notify": "{callback}"},
        "answer": Answer(
            ok={"code": "0"},
            ref="id",
            code="code",
            rejected={"MOBILE_ILLEGAL": Scope.RECIPIENT, "WHO_ARE_YOU": Scope.ACCOUNT},
            deferred={"FLOW_LIMIT": 60},
        ),
        "receipts": Receipts(
            items="reports",
            key="ext",
            ref="id",
            state="stat",
            code="stat",
            delivered=("DELIVRD",),
            failed=("UNDELIV",),
            pending=("SENT",),
            dead=("NOSUCH",),
            answer='{"code":0}',
        ),
        "replies": Replies(sender="mobile", text="content", id="seq", answer='{"code":0}'),
    }

    def vendor(self, rsps, world):
        def send(request):
            asked = json.loads(request.body)
            if world.locked:
                return 200, {}, '{"code":"WHO_ARE_YOU"}'
            match world.take(to=asked["mobile"], text=asked["content"], key=asked["ext"]):
                case Taken(ref=ref):
                    return 200, {}, json.dumps({"code": 0, "id": ref})
                case Refused():
                    return 200, {}, '{"code":"MOBILE_ILLEGAL"}'
                case Failed():
                    return 200, {}, '{"code":"FLOW_LIMIT"}'

        rsps.add_callback("POST", self.config["url"], send, content_type="application/json")
        rsps.add_callback(
            "OPTIONS", self.config["url"], lambda _: (401 if world.locked else 200, {"Allow": "POST"}, "")
        )
