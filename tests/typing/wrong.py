"""What must not pass: each line marked `# wrong` is an error to mypy and to pyright, and no other line is. Never run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, assert_never

import attrs

import crmcore
from crmcore import Crm
from crmcore.hooks import Batch, DmsAdapter, Secret, WebhookRequest
from crmcore.types.complaint import ComplaintState
from crmcore.types.contact import Accepted, Rejected, SendResult, Unknown
from crmcore.types.customer import Customer


@attrs.frozen(kw_only=True)
class AcmeConfig:
    """Settings."""

    token: Secret


class AcmeDms(DmsAdapter[AcmeConfig]):
    """Reads."""

    name: ClassVar[str] = "acme"
    Config: ClassVar[type] = AcmeConfig

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        _ = self.config.tokem  # wrong
        header: str = self.config.token  # wrong
        self.context.http.read("GET", url=header, retries=3).headers["x"].decode()  # wrong
        yield Batch(entries=(), cursor=0)  # wrong


def misused(crm: Crm, customer: Customer) -> None:
    """A program that embeds Crm."""
    Crm(17).close()  # wrong
    Crm("crm.toml", Path("store.db")).close()  # wrong
    Crm("crm.toml", adapters=[Path]).close()  # wrong
    Crm("crm.toml", clock=lambda: None).close()  # wrong
    crm.run().send.counts()  # wrong
    crm.send(yes=True, limit="all")  # wrong
    crm.plan().totals().added += 1  # wrong
    customer.full_name = "王芳"  # wrong
    WebhookRequest("GET", "dlr")  # wrong
    crmcore.open("crm.toml")  # wrong
    crm.customers.find(mobile="13800132123")  # wrong
    _ = crm.customers.get("C17").phone  # wrong
    crm.complaints.close("K1")  # wrong
    crm.complaints.open()[0].state = ComplaintState.CLOSED  # wrong
    crm.touchpoints.due(until="2026-11-22")  # wrong
    crm.events.since(17)  # wrong
    for event in crm.events.since().events:
        _ = event.message_id  # wrong


def forgotten(result: SendResult) -> str:
    """One outcome is not thought of."""
    match result:
        case Accepted() | Rejected():
            return "told"
        case Unknown(why=why):
            return why
        case _:
            assert_never(result)  # wrong
