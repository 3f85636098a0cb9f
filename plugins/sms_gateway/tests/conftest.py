"""An adapter for each test, with a clock that stands and a gateway that can be anything."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmcore.hooks import Context, Secret
from crmcore.http import HttpClient, Policy
from crmcore.types.contact import Message, MessageClass
from crmcore_sms_gateway.adapter import GatewayAdapter
from crmcore_sms_gateway.config import GatewayConfig

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


class _Standing:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def make(tmp_path: Path):
    """Build an adapter from the fields of its config; `callback_url` and `http` may be given too."""
    clients = []

    def build(
        url="http://127.0.0.1:9/cgi-bin/sendsms", *, callback_url="http://127.0.0.1:1/hooks/sms", http=None, **config
    ):
        clients.append(http or HttpClient(Policy(connect=1.0, read=1.0, total=2.0)))
        config = {"username": "crm", "password": Secret("crmpw")} | config
        context = Context(
            instance="sms", system="sms", folder=tmp_path, http=clients[-1], clock=_Standing(), logger=logging.getLogger("test"),
            callback_url=callback_url,
        )  # fmt: skip
        return GatewayAdapter(GatewayConfig(url=url, **config), context)

    yield build
    for client in clients:
        client.close()


@pytest.fixture
def message():
    """Build a care text."""

    def build(text="保养提醒", to="+8613800138000"):
        return Message(id="M1", to=to, text=text, message_class=MessageClass.CARE)

    return build
