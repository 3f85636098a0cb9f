"""Fixtures for the tests against real Kannel: one Kannel for a module, its receiver, and an adapter that sends through it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.real.kannel import Kannel, Receiver

from crmcore.hooks import Context, Secret
from crmcore.http import HttpClient
from crmcore_sms_gateway.adapter import GatewayAdapter
from crmcore_sms_gateway.config import GatewayConfig


class _Now:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """Takes receipts and replies; `receiver.handler` may be replaced."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Kannel]:
    """bearerbox, smsbox and an SMSC on free loopback ports."""
    kannel = Kannel(tmp_path_factory.mktemp("kannel"), receiver)
    yield kannel
    kannel.stop()


@pytest.fixture
def adapter(kannel: Kannel, tmp_path: Path) -> Iterator[GatewayAdapter]:
    """The plugin's adapter, configured for `kannel`, calling back to its receiver."""
    config = GatewayConfig(url=kannel.sendsms_url, username=kannel.username, password=Secret(kannel.password))
    http = HttpClient()
    context = Context(
        instance="sms",
        system="sms",
        folder=tmp_path,
        http=http,
        clock=_Now(),
        logger=logging.getLogger("crmcore.sms"),
        callback_url=kannel.receiver.url,
    )
    yield GatewayAdapter(config, context)
    http.close()
