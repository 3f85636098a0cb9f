"""A robot adapter for each test, with a clock that stands, and a group on loopback."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmcore.hooks import Context, Secret
from crmcore.http import HttpClient, Policy
from crmcore.sample.robot import KEY, SECRET, TOKEN, LoopbackRobot
from crmcore.types.contact import Message, MessageClass
from crmcore.types.customer import Channel
from crmcore_notify_robot.config import DingTalkConfig, WeComConfig
from crmcore_notify_robot.dingtalk import DingTalkAdapter
from crmcore_notify_robot.wecom import WeComAdapter

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


class _Standing:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(name="group")
def _group():
    """A group whose robot speaks both dialects."""
    with LoopbackRobot(now=lambda: NOW) as robot:
        yield robot


@pytest.fixture(name="client")
def _client():
    client = HttpClient(Policy(connect=1.0, read=1.0, total=2.0))
    yield client
    client.close()


@pytest.fixture
def make(tmp_path: Path, client):
    """Build the adapter of a vendor; `http` and the fields of its config may be given."""

    def build(vendor, *, http=None, **config):
        context = Context(
            instance="group", system="group", folder=tmp_path, http=http or client, clock=_Standing(), logger=logging.getLogger("test")
        )  # fmt: skip
        if vendor == "dingtalk":
            settings = {"access_token": Secret(TOKEN), "secret": Secret(SECRET)} | config
            return DingTalkAdapter(DingTalkConfig(**settings), context)
        return WeComAdapter(WeComConfig(**({"key": Secret(KEY)} | config)), context)

    return build


@pytest.fixture
def message():
    """Build a text to a group."""

    def build(text="投诉提醒", mentions=()):
        return Message(
            id="A1", to="", text=text, message_class=MessageClass.SERVICE, channel=Channel.GROUP, mentions=mentions
        )

    return build
