"""The gateway keeps the contract of messaging adapters: as a Kannel, and as a gateway of JSON."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

from crmcore.hooks import Secret, WebhookRequest, WebhookResponse
from crmcore.sample.gateway import on_air
from crmcore.testing import Failed, MessagingContract, Refused, Taken
from crmcore.types.contact import ReceiptState, Scope
from crmcore_sms_gateway.adapter import GatewayAdapter
from crmcore_sms_gateway.config import Answer, Receipts, Replies

# type and words of a report; the words as the SMSC of kannel-callbacks.jsonl says them
TYPES = {ReceiptState.SENT: 8, ReceiptState.BUFFERED: 4, ReceiptState.DELIVERED: 1, ReceiptState.FAILED: 2, None: 32}
SAID = {
    ReceiptState.SENT: "ACK/",
    ReceiptState.BUFFERED: "id:12 sub:001 dlvrd:000 stat:ACCEPTD err:000 text:",
    ReceiptState.DELIVERED: "id:12 sub:001 dlvrd:001 stat:DELIVRD err:000 text:李先生，您的爱车",
    ReceiptState.FAILED: "id:12 sub:001 dlvrd:000 stat:UNDELIV err:027 text:",
    None: "",
}


class TestKannel(MessagingContract):
    """Answers and pushes are those that were recorded (kannel-sendsms.jsonl, kannel-callbacks.jsonl)."""

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

    def receipt_push(self, reports, world):
        (report,) = reports
        query = {"key": report.key, "type": str(TYPES[report.state]), "code": SAID[report.state], "ref": report.ref}
        if report.permanent:
            query |= {"type": "16", "code": "NACK/0x0000000b/Invalid Destination Address", "ref": ""}
        return WebhookRequest(method="GET", path="dlr", query=query | {"at": str(int(report.at.timestamp()))})

    def reply_push(self, replies, world):
        (reply,) = replies
        query = {"from": reply.sender.removeprefix("+86"), "to": reply.to, "text": reply.text, "charset": "UTF-8"}
        return WebhookRequest(
            method="GET", path="mo", query=query | {"id": reply.vendor_id, "unix": str(int(reply.at.timestamp()))}
        )


class TestJson(MessagingContract):
    """A gateway as many in China are: 200 to everything and a code in the body, receipts in lists."""

    adapter_class = GatewayAdapter
    receipts_together = True
    receipt_answer = reply_answer = WebhookResponse(body=b'{"code":0}', content_type="application/json")
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
            code="err",
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

    def receipt_push(self, reports, world):
        states = {ReceiptState.DELIVERED: "DELIVRD", ReceiptState.FAILED: "UNDELIV", None: "NEWS"}
        told = [
            {
                "ext": report.key,
                "id": report.ref,
                "mobile": report.to.removeprefix("+86"),
                "stat": states.get(report.state, "SENT"),
                "err": "NOSUCH" if report.permanent else "000",
            }
            for report in reports
        ]
        return WebhookRequest(method="POST", path="dlr", body=json.dumps({"reports": told}).encode())

    def reply_push(self, replies, world):
        (reply,) = replies
        said = {"mobile": reply.sender.removeprefix("+86"), "content": reply.text, "seq": reply.vendor_id}
        return WebhookRequest(method="POST", path="mo", body=json.dumps(said, ensure_ascii=False).encode())
