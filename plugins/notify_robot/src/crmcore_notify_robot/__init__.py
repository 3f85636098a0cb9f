"""Tells colleagues through the robot of a DingTalk or WeCom group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmcore.hooks import Adapter, hookimpl


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    """The adapters "dingtalk" and "wecom" of kind "messaging"."""
    from crmcore_notify_robot.dingtalk import DingTalkAdapter
    from crmcore_notify_robot.wecom import WeComAdapter

    return (DingTalkAdapter, WeComAdapter)
