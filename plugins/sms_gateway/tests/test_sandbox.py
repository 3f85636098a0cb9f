"""The vendor that the adapter brings along: what the demo is told through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest

from crmcore.hooks import SandboxPlan, WebhookRequest, capabilities
from crmcore.sample.loopback import Loopback, Page
from crmcore.types.contact import Accepted, ReceiptState
from crmcore_sms_gateway.adapter import GatewayAdapter

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


class _Standing:
    def now(self) -> datetime:
        return NOW


class _Receiver(Loopback):
    """Where the sandbox pushes to."""

    def __init__(self) -> None:
        self.pushed: list[WebhookRequest] = []
        super().__init__(_Hook)


class _Hook(Page):
    def got(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path.removeprefix("/hooks/s/sms/")
        self.server.vendor.pushed.append(WebhookRequest(method="GET", path=path, query=query))
        self.answer(200, b"", "text/plain")


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    with _Receiver() as receiver:
        yield receiver


def test_the_gateway_brings_its_vendor():
    """It declares what the demo asks for."""
    assert "HasSandbox" in capabilities(GatewayAdapter)


def test_a_text_travels_and_its_receipt_and_reply_come_back(make, message, receiver):
    """With the sandbox's own settings a text arrives whole, and what is pushed is what the adapter understands."""
    callback = f"{receiver.base}/hooks/s/sms"
    plan = SandboxPlan(clock=_Standing(), callback_url=callback, replies={"+8613800138000": "退订"})
    with GatewayAdapter.sandbox(plan) as sandbox:
        adapter = make(callback_url=callback, **sandbox.settings)
        outcome = adapter.send(message("保养"), key="K1")
        sandbox.settle()
    receipts = [each for push in receiver.pushed for each in _events(adapter.parse_receipts(push))]
    replies = [each for push in receiver.pushed for each in _events(adapter.parse_replies(push))]

    assert Accepted() == outcome
    assert [("13800138000", "保养")] == [(text.to, text.text) for text in sandbox.texts]
    assert {"K1"} == {receipt.key for receipt in receipts}
    assert ReceiptState.DELIVERED in {receipt.state for receipt in receipts}
    assert [("13800138000", "退订", NOW)] == [(reply.sender, reply.text, reply.at) for reply in replies]


def _events(parsed):
    return () if parsed is None else parsed.events


def test_a_push_waits_until_it_may(make, message, receiver):
    """Before each push the plan is asked, and nothing is pushed until it lets it."""
    asked, may = threading.Event(), threading.Event()

    def before() -> None:
        asked.set()
        may.wait(10)

    callback = f"{receiver.base}/hooks/s/sms"
    with GatewayAdapter.sandbox(SandboxPlan(clock=_Standing(), callback_url=callback, before_push=before)) as sandbox:
        make(callback_url=callback, **sandbox.settings).send(message(), key="K1")
        was_asked, early = asked.wait(10), list(receiver.pushed)
        may.set()
        sandbox.settle()

    assert was_asked
    assert [] == early
    assert receiver.pushed


def test_its_password_is_not_seen(make):
    """What the demo prints or logs of the settings does not open the vendor."""
    with GatewayAdapter.sandbox(SandboxPlan(clock=_Standing())) as sandbox:
        fields = {field.name for field in attrs.fields(GatewayAdapter.Config)}

        assert fields >= set(sandbox.settings)
        assert "crmpw" not in repr(sandbox.settings)
