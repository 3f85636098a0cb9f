"""The adapter: checks what can be known before a call, makes the call once, and says what came of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import ClassVar

from crmcore.hooks import (
    Context,
    HasSandbox,
    Limits,
    MessagingAdapter,
    NotSent,
    Parsed,
    ParsesReceipts,
    ParsesReplies,
    Sandbox,
    SandboxPlan,
    TransientError,
    WebhookRequest,
)
from crmcore.types.contact import Message, Receipt, Rejected, Reply, SendResult, Unknown
from crmcore.types.customer import Channel
from crmcore_sms_gateway.config import GatewayConfig
from crmcore_sms_gateway.form import Form, written
from crmcore_sms_gateway.jsonform import JsonForm
from crmcore_sms_gateway.kannel import Kannel
from crmcore_sms_gateway.length import segments


class GatewayAdapter(MessagingAdapter[GatewayConfig], ParsesReceipts, ParsesReplies, HasSandbox):
    """Texts through Kannel's `sendsms`, or through a gateway that takes one JSON or form request a text."""

    name: ClassVar[str] = "gateway"
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.SMS})
    Config: ClassVar[type] = GatewayConfig

    def __init__(self, config: GatewayConfig, context: Context) -> None:
        super().__init__(config, context)
        forms: dict[str, type[Kannel | JsonForm]] = {"kannel": Kannel, "json": JsonForm}
        self._form: Form = forms[config.form](config, context.callback_url if config.dlr else "")

    @property
    def limits(self) -> Limits:
        """One recipient a call; a text fits when it is not empty and needs at most `max_segments` parts."""
        return Limits(fits=lambda text: self._misfit(text) is None)

    def send(self, message: Message, *, key: str) -> SendResult:
        """One call. A text that a gateway would cut, or send empty, does not leave: it would take it and say 202."""
        if misfit := self._misfit(message.text):
            return misfit
        number = written(message.to, self.config)
        if isinstance(number, Rejected):
            return number
        request = self._form.request(message, number, key)
        try:
            answer = self.context.http.send(request.method, request.url, ca=self.config.ca, **request.arguments)
        except NotSent:
            raise
        except TransientError as error:
            return Unknown(why=error.code)
        return self._form.outcome(answer, self.context.clock.now())

    def check(self) -> None:
        """Ask the gateway something that sends nothing."""
        request = self._form.probe()
        if request is None:
            return
        self._form.judge(self.context.http.send(request.method, request.url, ca=self.config.ca, **request.arguments))

    def parse_receipts(self, request: WebhookRequest) -> Parsed[Receipt] | None:
        """Delivery reports come to `<callback_url>/dlr`."""
        return self._form.receipts(request) if request.path.strip("/") == "dlr" else None

    def parse_replies(self, request: WebhookRequest) -> Parsed[Reply] | None:
        """Customers' texts come to `<callback_url>/mo`."""
        return self._form.replies(request) if request.path.strip("/") == "mo" else None

    @classmethod
    def sandbox(cls, plan: SandboxPlan) -> AbstractContextManager[Sandbox]:
        """A gateway on loopback that speaks Kannel's `sendsms`, traps included."""
        from crmcore_sms_gateway.sandbox import GatewaySandbox

        return GatewaySandbox(plan)

    def _misfit(self, text: str) -> Rejected | None:
        if not text.strip():
            return Rejected(code="EMPTY_TEXT")
        return Rejected(code="TOO_LONG") if segments(text) > self.config.max_segments else None
