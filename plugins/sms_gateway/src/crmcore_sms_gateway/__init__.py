"""Sends texts through Kannel or a plain HTTP gateway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmcore.hooks import Adapter, hookimpl


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    """The adapter "gateway" of kind "messaging"."""
    from crmcore_sms_gateway.adapter import GatewayAdapter

    return (GatewayAdapter,)
