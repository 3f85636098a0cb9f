"""What the two forms of gateway have in common: a request for a text, the meaning of the answer, the meaning of a push."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import attrs

from crmcore.hooks import Parsed, WebhookRequest
from crmcore.http import HttpResponse
from crmcore.types.contact import Message, Receipt, Rejected, Reply, SendResult
from crmcore_sms_gateway.config import GatewayConfig


@attrs.frozen(kw_only=True)
class Request:
    """What goes to the gateway; `arguments` as `HttpClient.send` takes them. Never shown: it holds number, text, password."""

    method: str
    url: str = attrs.field(repr=False)
    arguments: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


class Form(Protocol):
    """A protocol that gateways speak; pure: it builds and reads, the adapter calls."""

    def request(self, message: Message, number: str, key: str) -> Request:
        """The request that sends `message` to `number`."""
        ...

    def outcome(self, answer: HttpResponse, now: datetime) -> SendResult:
        """What the gateway's answer means."""
        ...

    def probe(self) -> Request | None:
        """A request that sends nothing and shows whether the gateway is there and knows us; None: there is none."""
        ...

    def judge(self, answer: HttpResponse) -> None:
        """Raise when the answer to `probe` shows that sending would fail."""
        ...

    def receipts(self, request: WebhookRequest) -> Parsed[Receipt]:
        """The delivery reports in a push."""
        ...

    def replies(self, request: WebhookRequest) -> Parsed[Reply]:
        """The texts of customers in a push."""
        ...


def written(number: str, config: GatewayConfig) -> str | Rejected:
    """An E.164 number as the gateway wants it; a foreign one cannot be written nationally."""
    if config.number_format == "e164":
        return number
    digits = number.removeprefix("+")
    if config.number_format == "international":
        return digits
    if not digits.startswith(config.country_code):
        return Rejected(code="FOREIGN_NUMBER")
    return digits.removeprefix(config.country_code)
