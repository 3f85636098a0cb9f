"""What a plugin can be: adapters, their capabilities, and what the core hands them.

An adapter is constructed from its typed `Config` without I/O and used by one thread at a time. Reads raise
(`TransientError`, `PermanentError`, `AuthError`, `SourceError`) and the core retries; sends return one of four outcomes.
Capabilities are mixin classes: declaring one without implementing it cannot be instantiated.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import attrs

from crmcore.hooks.records import Batch
from crmcore.types.contact import Message, Receipt, Reply, SendResult
from crmcore.types.customer import Channel

if TYPE_CHECKING:
    from crmcore.http import HttpClient

C = TypeVar("C")


class Secret:
    """A value that must not be seen: masked in repr, logs and errors; `reveal()` at the one place that needs it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself; do not store, log or format it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Clock(Protocol):
    """Where an adapter gets the time from; fixed in tests, demo and replays."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        ...


@attrs.frozen(kw_only=True)
class Context:
    """What the core gives an adapter besides its config.

    Attributes:
        instance: the table name in crm.toml, e.g. "sms" of [messaging.sms].
        system: the namespace of ids.
        folder: where crm.toml lies; relative paths are relative to it.
        http: the only way out over HTTP.
        callback_url: where the vendor may push to; empty when [serve] is not configured.
        salt: mixed into every digest, so that a new version of the cleaning rules reads every row again.
        timezone: IANA zone of the instance's (first) store.
    """

    instance: str
    system: str
    folder: Path
    http: HttpClient = attrs.field(repr=False)
    clock: Clock
    logger: logging.Logger
    callback_url: str = attrs.field(default="", repr=False)
    salt: bytes = b""
    timezone: str = "Asia/Shanghai"


class Adapter(ABC, Generic[C]):
    """The base of every adapter.

    Class attributes: `kind` ("dms", "messaging", "survey"), `name` (unique within its kind), `Config` (a frozen attrs class; each
    field documented with `metadata={"help": {"zh": …, "en": …}}`).
    """

    kind: ClassVar[str]
    name: ClassVar[str]
    Config: ClassVar[type]

    def __init__(self, config: C, context: Context) -> None:
        self.config = config
        self.context = context

    def check(self) -> None:
        """Raise when the other side cannot be reached or does not authorise us; write nothing."""

    def close(self) -> None:
        """Give back what was opened; called once, also after an error."""


class DmsAdapter(Adapter[C]):
    """A source of customers, vehicles and visits: [dms.<instance>]."""

    kind: ClassVar[str] = "dms"

    @abstractmethod
    def pull(self, cursor: str | None) -> Iterator[Batch]:
        """Yield batches from `cursor` (None: from the beginning) to the end of what the source has now."""


@attrs.frozen(kw_only=True)
class Limits:
    """What a vendor takes in one call.

    Attributes:
        fits: does this text fit into one message of this vendor? A function, not a number: 918 GSM characters are 402 in UCS-2.
        batch: recipients per call.
        per_second: calls per second; None: no limit known.
    """

    fits: Callable[[str], bool] = attrs.field(default=lambda _text: True, repr=False)
    batch: int = 1
    per_second: float | None = None


class MessagingAdapter(Adapter[C]):
    """A way to reach people: [messaging.<instance>]."""

    kind: ClassVar[str] = "messaging"
    channels: ClassVar[frozenset[Channel]]

    @property
    def limits(self) -> Limits:
        """What one call may carry; may depend on the config."""
        return Limits()

    @abstractmethod
    def send(self, message: Message, *, key: str) -> SendResult:
        """Hand `message` to the vendor once, with our `key` wherever the vendor has room; never retry.

        `key` is [A-Za-z0-9]{1,50}. Let `NotSent` from `context.http` pass; return everything else as an outcome.
        """


class SurveyAdapter(Adapter[C]):
    """Where questionnaires are filled in: [survey.<instance>]. All it can do is capabilities: `Invites`, `PullsResponses`."""

    kind: ClassVar[str] = "survey"


# ------------------------------------------------------------------ capabilities


class Capability(ABC):  # noqa: B024 - each mixin below brings its own abstract method
    """The base of the mixins below; `capabilities(cls)` lists those a class has."""


class SendsBatches(Capability):
    """Several messages in one call, answered per recipient."""

    @abstractmethod
    def send_batch(self, messages: Sequence[tuple[str, Message]]) -> Mapping[str, SendResult]:
        """Send `(key, message)` pairs, at most `limits.batch`; one outcome per key, a missing key counts as `Unknown`."""


@attrs.frozen(kw_only=True)
class WebhookRequest:
    """What a vendor pushed, framework-neutral.

    Attributes:
        path: what follows the instance's callback URL, without the leading slash.
        query: the last value of each parameter, decoded as UTF-8.
        headers: names in lower case.
        received_at: when it came in; a push that a crash has left over is read later than that. None: now.
    """

    method: str
    path: str
    query: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    received_at: datetime | None = None


@attrs.frozen(kw_only=True)
class WebhookResponse:
    """The answer that the vendor wants."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


E = TypeVar("E")


@attrs.frozen(kw_only=True)
class Parsed(Generic[E]):
    """What a push contained, and the answer to give."""

    events: tuple[E, ...]
    answer: WebhookResponse = WebhookResponse()


class ParsesReceipts(Capability):
    """Understands pushed delivery reports."""

    @abstractmethod
    def parse_receipts(self, request: WebhookRequest) -> Parsed[Receipt] | None:
        """The receipts in `request`; None when it is not a receipt push. Raises `PermanentError` for garbage."""


class ParsesReplies(Capability):
    """Understands pushed texts from customers."""

    @abstractmethod
    def parse_replies(self, request: WebhookRequest) -> Parsed[Reply] | None:
        """The replies in `request`; None when it is not a reply push. Raises `PermanentError` for garbage."""


class PullsReceipts(Capability):
    """Can be asked for delivery reports."""

    @abstractmethod
    def pull_receipts(self, cursor: str | None) -> Iterator[tuple[tuple[Receipt | Reply, ...], str | None]]:
        """Yield (events, cursor) pages from `cursor` on."""


@attrs.frozen(kw_only=True)
class Found:
    """The vendor has the message: its id and, where it says so, its state."""

    ref: str | None = None
    receipt: Receipt | None = None


class FindsMessages(Capability):
    """Can say whether a message with our key exists.

    `absence_is_proof_after`: how long the vendor's log may lag; two absences at least this far apart prove "not sent".
    """

    absence_is_proof_after: ClassVar[timedelta] = timedelta(minutes=15)

    @abstractmethod
    def find(self, message: Message, *, key: str, sent_at: datetime) -> Found | None:
        """The message with our `key`, or None when the vendor's log does not (yet) have it."""


class DedupesKeys(Capability):
    """Sends a key once however often it is handed in, for `dedupes_for`; so an unknown outcome may be repeated.

    A vendor that can also be asked for a message is asked first. Say somewhat less than the vendor promises: clocks differ.
    """

    dedupes_for: ClassVar[timedelta]


@attrs.frozen(kw_only=True)
class Invitee:
    """Somebody who is to be asked, as far as a survey's vendor needs to know: no name, no number.

    Attributes:
        token: ours, [A-Za-z0-9]{1,35}; the same person and visit always get the same one.
        lang: "zh" or "en".
        expires_at: after this the answer is no longer wanted; None: whenever.
        attributes: codes such as store, staff and order number, for vendors with room for them.
    """

    token: str
    lang: str = "zh"
    expires_at: datetime | None = None
    attributes: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Invited:
    """The vendor knows the token, from now or from before; `link` is where this person answers."""

    link: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class NotInvited:
    """The vendor will not take this one, for good; `code` is the vendor's own."""

    code: str


class Invites(Capability):
    """Makes a personal link for each invitee; our own messaging sends it."""

    #: How many one call takes.
    invites_at_once: ClassVar[int] = 200

    @abstractmethod
    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        """One outcome per token. Handing in a token twice gives `Invited` twice and asks the person once.

        A token without an outcome is tried again. Raises `TransientError`, `PermanentError` or `AuthError` for the call as a whole.
        """


class PullsResponses(Capability):
    """Can be asked for filled questionnaires."""

    @abstractmethod
    def pull_responses(self, cursor: str | None) -> Iterator[Batch]:
        """Yield batches of "response" records from `cursor` (None: from the beginning), as `DmsAdapter.pull` does."""


class Heard(Protocol):
    """A text that a sandbox took."""

    @property
    def to(self) -> str:
        """The number as the vendor was given it."""
        ...

    @property
    def text(self) -> str:
        """What the phone would show."""
        ...


class Sandbox(Protocol):
    """A vendor on loopback, for as long as it is open."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The fields of the adapter's `Config` that lead here, as `Config` has them: a `Secret` stays one."""
        ...

    @property
    def texts(self) -> Sequence[Heard]:
        """What it took, in order."""
        ...

    def settle(self) -> None:
        """Wait until every receipt and reply was pushed, or given up."""
        ...


@attrs.frozen(kw_only=True)
class SandboxPlan:
    """What is to happen in a sandbox.

    Attributes:
        clock: stamps receipts and replies; what is signed with a time is signed with this one.
        callback_url: as in `Context`: where receipts and replies are pushed to; empty: nowhere.
        replies: number, E.164 -> what that customer answers to the first text.
        before_push: called before each push and waited for: receipts are faster than our own record now and then.
    """

    clock: Clock
    callback_url: str = attrs.field(default="", repr=False)
    replies: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    before_push: Callable[[], object] = attrs.field(default=lambda: None, repr=False)


class HasSandbox(Capability):
    """Brings a vendor on loopback along, so that `crmcore demo --messaging NAME` can be told through this adapter."""

    @classmethod
    @abstractmethod
    def sandbox(cls, plan: SandboxPlan) -> AbstractContextManager[Sandbox]:
        """A vendor that speaks this adapter's protocol until the block ends; nothing leaves this machine.

        It delivers every text, and pushes a receipt for each.
        """


def capabilities(cls: type) -> tuple[str, ...]:
    """The names of the capability mixins of an adapter class, sorted."""
    found = {base.__name__ for base in cls.__mro__ if Capability in base.__bases__}
    return tuple(sorted(found))
