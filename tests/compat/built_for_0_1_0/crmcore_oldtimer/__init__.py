"""A plugin as it was written for crmcore 0.1.0. It is never edited again: what it says must go on working."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import attrs

from crmcore.hooks import (
    Adapter,
    Batch,
    DmsAdapter,
    Entry,
    Gone,
    Invited,
    Invitee,
    Invites,
    Limits,
    MessagingAdapter,
    NotInvited,
    Parsed,
    ParsesReceipts,
    ParsesReplies,
    PermanentError,
    PullsResponses,
    Record,
    Reject,
    Secret,
    SurveyAdapter,
    WebhookRequest,
    WebhookResponse,
    hookimpl,
)
from crmcore.types.complaint import ComplaintDraft, Severity
from crmcore.types.contact import Accepted, Message, Receipt, ReceiptState, Rejected, Reply, Scope, SendResult
from crmcore.types.customer import Channel

#: What was handed in, by key.
SENT: dict[str, Message] = {}


@attrs.frozen
class DmsConfig:
    """[dms.<instance>]."""

    path: str = attrs.field(default="orders.json", metadata={"help": {"zh": "文件", "en": "file"}})


class OldDms(DmsAdapter[DmsConfig]):
    """One JSON file of orders."""

    name = "oldtimer"
    Config = DmsConfig

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        """One batch of everything, once."""
        text = (self.context.folder / self.config.path).read_text("utf-8")
        if cursor != (seen := hashlib.sha256(text.encode()).hexdigest()):
            yield Batch(tuple(self._entry(number, row) for number, row in enumerate(json.loads(text), 1)), seen)

    def _entry(self, number: int, row: Mapping[str, Any]) -> Entry | Reject:
        at = (f"{self.config.path}:{number}",)
        raw = {name: str(value) for name, value in row.items()}
        digest = hashlib.blake2b(json.dumps(row).encode(), key=self.context.salt[:16], digest_size=16).digest()
        if "order" not in row:
            return Reject(at, "order", "", "REQUIRED", raw, digest)

        def records() -> Iterable[Record | Gone | Reject]:
            if row.get("deleted"):
                return [Gone(entity="visit", key=row["order"])]
            customer = {"name": row["name"], "phone": row["phone"]}
            visit = {"key": row["order"], "customer": customer, "vehicle": {"plate_number": row["plate"]}}
            return [Record("visit", visit | {name: row[name] for name in ("opened_at", "completed_at", "status")})]

        return Entry(at, digest, records, lambda: raw)


@attrs.frozen
class SmsConfig:
    """[messaging.<instance>]."""

    token: Secret = attrs.field(metadata={"help": {"zh": "令牌", "en": "token"}})


class OldSms(MessagingAdapter[SmsConfig], ParsesReceipts, ParsesReplies):
    """Keeps what it is given."""

    name = "oldtimer"
    Config = SmsConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.SMS})

    @property
    def limits(self) -> Limits:
        """Three hundred characters at most."""
        return Limits(fits=lambda text: len(text) <= 300)

    def send(self, message: Message, *, key: str) -> SendResult:
        """Keep it."""
        if not message.to.startswith("+86"):
            return Rejected(code="FOREIGN", scope=Scope.RECIPIENT)
        SENT[key] = message
        return Accepted(ref=f"v-{key}")

    def parse_receipts(self, request: WebhookRequest) -> Parsed[Receipt] | None:
        """{"done": key}."""
        told = self._read(request)
        if "done" not in told:
            return None
        receipt = Receipt(key=told["done"], state=ReceiptState.DELIVERED)
        return Parsed(events=(receipt,), answer=WebhookResponse(body=b"ok"))

    def parse_replies(self, request: WebhookRequest) -> Parsed[Reply] | None:
        """{"from": number, "said": text}."""
        told = self._read(request)
        return Parsed(events=(Reply(sender=told["from"], text=told["said"]),)) if "said" in told else None

    def _read(self, request: WebhookRequest) -> Mapping[str, str]:
        try:
            found: Mapping[str, str] = json.loads(request.body)
        except ValueError:
            raise PermanentError("OLD-001", catalog="crmcore_oldtimer") from None
        return found


@attrs.frozen
class SurveyConfig:
    """[survey.<instance>]."""

    url: str = attrs.field(default="https://survey.example", metadata={"help": {"zh": "地址", "en": "address"}})


class OldSurvey(SurveyAdapter[SurveyConfig], Invites, PullsResponses):
    """Makes links, and has one answer."""

    name = "oldtimer"
    Config = SurveyConfig

    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        """A link each."""
        return {each.token: Invited(link=f"{self.config.url}/{each.token}?lang={each.lang}") for each in invitees}

    def pull_responses(self, cursor: str | None) -> Iterator[Batch]:
        """Nothing yet."""
        yield Batch((), cursor or "0")


@hookimpl
def crmcore_adapters() -> list[type[Adapter[Any]]]:
    """One of each kind."""
    return [OldDms, OldSms, OldSurvey]


@hookimpl
def crmcore_find_complaint() -> ComplaintDraft | None:
    """Whoever writes at all is angry; asks for no argument."""
    return ComplaintDraft(category="PRICE", severity=Severity.NORMAL, why=("oldtimer",))
