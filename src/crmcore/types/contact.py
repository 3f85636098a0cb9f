"""Reaching a person: the rule that asks for it, the touchpoint, the message, and what came of it.

(domain: 关怀任务, 回访记录, 消息)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import attrs

from crmcore.types.customer import Channel, NumberState
from crmcore.types.store import Role

__all__ = [
    "Accepted",
    "AnchorKind",
    "AttemptOutcome",
    "CallResult",
    "CareEvent",
    "ContactAttempt",
    "Deferred",
    "Effect",
    "Hold",
    "Message",
    "MessageClass",
    "MessageState",
    "MessageTemplate",
    "Permit",
    "Receipt",
    "ReceiptState",
    "Refuse",
    "Rejected",
    "Reply",
    "Scope",
    "Send",
    "SendResult",
    "Text",
    "Touchpoint",
    "TouchpointRule",
    "TouchpointState",
    "Unknown",
]


class MessageClass(StrEnum):
    """SERVICE answers the customer's own order; CARE is goodwill; MARKETING sells and needs consent."""

    SERVICE = "SERVICE"
    CARE = "CARE"
    MARKETING = "MARKETING"


# ------------------------------------------------------------------ decisions of `rules.permit`


@attrs.frozen
class Send:
    """Go ahead."""


@attrs.frozen
class Hold:
    """Not now; ask again at `until` (aware). `why` is a reason code."""

    until: datetime
    why: str


@attrs.frozen
class Refuse:
    """Never; `why` is a reason code with words in lang/."""

    why: str


Permit = Send | Hold | Refuse


# ------------------------------------------------------------------ what a messaging adapter answers


class Scope(StrEnum):
    """How far a rejection reaches: this recipient, this call, or the whole account (stop and tell somebody)."""

    RECIPIENT = "RECIPIENT"
    BATCH = "BATCH"
    ACCOUNT = "ACCOUNT"


@attrs.frozen(kw_only=True)
class Accepted:
    """The vendor took it; `ref` is the vendor's id where there is one."""

    ref: str | None = None


@attrs.frozen(kw_only=True)
class Rejected:
    """The vendor refuses for good; `code` is the vendor's own."""

    code: str
    scope: Scope = Scope.RECIPIENT


@attrs.frozen(kw_only=True)
class Deferred:
    """Proven not taken; try again, not before `not_before` (None: the core's backoff decides)."""

    code: str
    not_before: datetime | None = None


@attrs.frozen(kw_only=True)
class Unknown:
    """It may have been sent: a timeout, a reset, a 5xx, an answer that cannot be read."""

    why: str


SendResult = Accepted | Rejected | Deferred | Unknown


# ------------------------------------------------------------------ messages


class MessageState(StrEnum):
    """The life of a text; states rank and never go backwards except where `rules/messages.py` says so."""

    QUEUED = "QUEUED"
    HELD = "HELD"
    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


@attrs.frozen(kw_only=True)
class Message:
    """One text to one number: rendered, and as template code with parameters for vendors that want those.

    Attributes:
        to: E.164.
        text: what the customer reads, signature and refusal suffix included.
        template: our template code; `params` its variables.
        mentions: for a group of colleagues: the phones of those it is meant for, E.164; never a customer's.
    """

    id: str
    to: str = attrs.field(repr=False)
    text: str = attrs.field(repr=False)
    message_class: MessageClass
    channel: Channel = Channel.SMS
    store: str = ""
    template: str = ""
    params: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    signature: str = ""
    mentions: tuple[str, ...] = attrs.field(default=(), repr=False)


@attrs.frozen(kw_only=True)
class Text:
    """A text as the store keeps it (短信): what is said to whom, and what has become of it.

    Attributes:
        reason: why it is held, refused, failed or cancelled; a reason code, or "plugin:<name>:<its own code>".
        account: the messaging account it was given to; None before.
        state_at: since when it is in this state.
    """

    message: Message
    customer_id: str
    touchpoint_id: str | None = None
    state: MessageState
    reason: str | None = None
    account: str | None = None
    due_at: datetime
    state_at: datetime

    @property
    def id(self) -> str:
        """That of the message, "M12"."""
        return self.message.id


class ReceiptState(StrEnum):
    """What the vendor says happened; BUFFERED and SENT mean "accepted, not final"."""

    SENT = "SENT"
    BUFFERED = "BUFFERED"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


@attrs.frozen(kw_only=True)
class Receipt:
    """A delivery report.

    Attributes:
        key: our key, as the vendor gave it back; None when only `ref` is known.
        ref: the vendor's id.
        code: the vendor's own status text, kept raw.
        permanent: for FAILED: True when the number itself is at fault (then its state changes).
    """

    key: str | None
    state: ReceiptState
    ref: str | None = None
    code: str = ""
    permanent: bool = False
    at: datetime | None = None


@attrs.frozen(kw_only=True)
class Reply:
    """A text from a customer.

    Attributes:
        id: "I7"; empty before it is stored (a hook that looks for complaints sees it then), and so is `customer_id`.
        sender: as the vendor wrote it; the core normalises it to E.164.
        vendor_id: the vendor's id of this text, for recognising repeats; empty when there is none.
    """

    sender: str = attrs.field(repr=False)
    text: str = attrs.field(repr=False)
    to: str = ""
    at: datetime | None = None
    vendor_id: str = ""
    id: str = ""
    customer_id: str | None = None


# ------------------------------------------------------------------ touchpoints


class TouchpointState(StrEnum):
    PLANNED = "PLANNED"
    DUE = "DUE"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    SUPPRESSED = "SUPPRESSED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class AnchorKind(StrEnum):
    """The events that touchpoints hang on."""

    PROSPECT_LEFT = "PROSPECT_LEFT"
    DELIVERY_PLANNED = "DELIVERY_PLANNED"
    DELIVERED = "DELIVERED"
    HANDED_OVER = "HANDED_OVER"
    READY = "READY"
    APPOINTMENT = "APPOINTMENT"
    FIRST_SERVICE = "FIRST_SERVICE"
    NEXT_SERVICE = "NEXT_SERVICE"
    INSURANCE_END = "INSURANCE_END"
    INSPECTION_DUE = "INSPECTION_DUE"
    WARRANTY_END = "WARRANTY_END"
    BIRTHDAY = "BIRTHDAY"
    FAMILY_BIRTHDAY = "FAMILY_BIRTHDAY"
    HOLIDAY = "HOLIDAY"
    SEASON = "SEASON"
    EVENT = "EVENT"
    LAST_VISIT = "LAST_VISIT"
    RESOLVED = "RESOLVED"  # a complaint; the case itself owes the call, no plan does


@attrs.frozen(kw_only=True)
class TouchpointRule:
    """One line of a care pack (packs/*.toml), as data.

    Attributes:
        code: e.g. "POST_REPAIR_CALLBACK"; unique over all packs.
        label: {"zh": …, "en": …}.
        purpose: what the contact is for, e.g. "CALLBACK", "REMINDER", "GREETING".
        anchor: the event it hangs on.
        offset: ISO 8601 duration from the anchor, signed; whole days mean "that calendar day, at opening", hours an instant.
        within: ISO 8601 duration after `due_at`: "within N" (内), inclusive; late after it. None: no deadline.
        expires: ISO 8601 duration after `due_at` when it is no longer worth doing.
        repeat / max_count: ISO 8601 distance between occurrences, and how many at most.
        series: rules of one series replace each other when an anchor becomes known late: only the latest missed step is due.
        channels: in order of preference; PHONE makes a callback on the worklist, SMS a text.
        executor / supervisors: roles (实施人 / 监督人, S3).
        population: condition codes that must all hold ("HAS_VEHICLE", "PERSON_ONLY", …).
        stop_on: condition codes that cancel what is planned ("NEW_SERVICE", "RENEWED", "SOLD", …).
        suppress_when: condition codes that keep it as SUPPRESSED with the reason ("OPEN_COMPLAINT", "IN_SHOP", …).
        bundle: False for what has its own moment (instants such as T−24 h) or was asked for as a step of its own (S3's thanks).
        fleet: True when a contact with many vehicles gets one for all of them per week; False for what is about one car now.
        template: message template code; survey: questionnaire code.
        source: where each number comes from, shown by `crmcore explain`.
        params: rule-specific settings (e.g. holiday dates, months of absence), by name.
    """

    code: str
    label: Mapping[str, str]
    purpose: str
    anchor: AnchorKind
    offset: str = "P0D"
    within: str | None = None
    expires: str | None = None
    repeat: str | None = None
    max_count: int = 1
    series: str | None = None
    channels: tuple[Channel, ...] = (Channel.PHONE,)
    message_class: MessageClass = MessageClass.CARE
    executor: Role = Role.CR_AGENT
    supervisors: tuple[Role, ...] = (Role.CR_MANAGER,)
    population: tuple[str, ...] = ()
    stop_on: tuple[str, ...] = ()
    suppress_when: tuple[str, ...] = ()
    bundle: bool = True
    fleet: bool = True
    template: str | None = None
    survey: str | None = None
    questions: tuple[str, ...] = ()
    source: str
    params: Mapping[str, object] = attrs.field(factory=dict)
    enabled: bool = True


@attrs.frozen(kw_only=True)
class MessageTemplate:
    """The words of one text (packs/messages.toml, [templates.CODE] of crm.toml), without signature and refusal suffix.

    Attributes:
        code: what rules name it by.
        zh / en: the text, with {variables} of `rules.templates.VARIABLES`.
        neutral_zh / neutral_en: for a number that belongs to several customers: no name, no plate, no price.
        source: who asks for it, shown by `crmcore plan --show`.
    """

    code: str
    zh: str
    en: str
    neutral_zh: str
    neutral_en: str
    source: str = ""


@attrs.frozen(kw_only=True)
class CareEvent:
    """A dated fact of [[events]]: a storm, a campaign.

    Attributes:
        code: unique; planning the same event twice adds nothing.
        rule: the rule it wakes, "WEATHER" or "CAMPAIGN".
        on / until: local dates, `until` inclusive; None: that day alone.
        label: {"zh": …, "en": …}: what a text calls it ({event}).
        stores: codes of the stores it concerns; empty: all of them.
    """

    code: str
    rule: str
    on: date
    until: date | None = None
    label: Mapping[str, str]
    stores: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Touchpoint:
    """A contact that is owed to somebody (关怀任务).

    Attributes:
        subject: "visit:9", "vehicle:5" or "customer:17": whom or what the rule is about.
        anchor: the identity of the event, e.g. "visit:9" or "commercial_insurance_until:2026-12-01"; with rule, subject and
            occurrence it is unique, so planning twice adds nothing.
        anchor_on: when the event is; when this moves, the touchpoint moves with it.
        occurrence: "1", "2" … for repeats, the year for yearly ones.
        deadline_at: late after this; None: never late.
        expires_at: no longer worth doing after this.
        explanation: what `crmcore explain` shows: anchor, offset, calendar, source, and what bundled or stopped it.
    """

    id: str
    rule: str
    subject: str
    anchor: str
    anchor_on: datetime | date
    occurrence: str = "1"
    store: str
    customer_id: str
    vehicle_id: str | None = None
    visit_id: str | None = None
    due_at: datetime
    deadline_at: datetime | None = None
    expires_at: datetime | None = None
    channel: Channel
    message_class: MessageClass
    executor: str | None = None
    supervisors: tuple[str, ...] = ()
    state: TouchpointState = TouchpointState.PLANNED
    reason: str | None = None
    bundled_into: str | None = None
    explanation: Mapping[str, object] = attrs.field(factory=dict)


class AttemptOutcome(StrEnum):
    """The three families of call results (domain section 2)."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    INVALID = "INVALID"


class Effect(StrEnum):
    """What else a call result says, beside whether somebody was reached."""

    NONE = "NONE"
    DONE = "DONE"  # the touchpoint is done
    RETRY = "RETRY"  # try again by the rules of attempts
    BOOKED = "BOOKED"  # the customer named a time
    BAD_NUMBER = "BAD_NUMBER"  # the contact point is wrong or dead: propose a correction
    REFUSES = "REFUSES"  # wants no calls
    CAR_GONE = "CAR_GONE"  # sold or given away: propose to end the ownership
    COMPLAINT = "COMPLAINT"  # opens a case


@attrs.frozen(kw_only=True)
class CallResult:
    """One line of the list of call results (packs/results.toml).

    Attributes:
        cause: groups results in the analysis of invalid callbacks (无效回访分析, S3), e.g. "NUMBER", "CUSTOMER", "NETWORK".
        ends: True when no further attempt follows.
        number: for BAD_NUMBER, what is known of the number from then on.
    """

    code: str
    label: Mapping[str, str]
    outcome: AttemptOutcome
    effect: Effect = Effect.NONE
    cause: str = ""
    ends: bool = False
    number: NumberState = NumberState.NOT_IN_SERVICE
    source: str = ""


@attrs.frozen(kw_only=True)
class ContactAttempt:
    """One try to reach somebody (回访记录).

    Attributes:
        id: "A12"; empty before it is stored (a hook that looks for complaints sees it then).
        at: the time of the call, from which clocks run; `recorded_at` when it was written down.
        result: a code of packs/results.toml.
        category: of a complaint the clerk has ticked.
        note: for the advisor; `remark` is what the customer said.
    """

    id: str
    touchpoint_id: str | None = None
    complaint_id: str | None = None
    customer_id: str | None = None
    at: datetime
    recorded_at: datetime | None = None
    staff: str | None = None
    channel: Channel = Channel.PHONE
    outcome: AttemptOutcome
    result: str
    remark: str = attrs.field(default="", repr=False)
    category: str | None = None
    referral: str = attrs.field(default="", repr=False)
    note: str = attrs.field(default="", repr=False)
    next_at: datetime | None = None
    next_channel: Channel | None = None
