"""A complaint from its first word to its second callback (ISO 10002; GB/T 19012; STAR ServiceCase; domain 6.7: 客户投诉)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import attrs

from crmcore.types.store import Department, Role

__all__ = [
    "ENDED",
    "ActionStatus",
    "Basis",
    "Category",
    "ClockKind",
    "Complaint",
    "ComplaintChannel",
    "ComplaintDraft",
    "ComplaintEvent",
    "ComplaintForm",
    "ComplaintState",
    "CustomerType",
    "Escalation",
    "EventKind",
    "EvidenceKind",
    "MeetingKind",
    "Need",
    "OfferKind",
    "Origin",
    "Pause",
    "RecoveryOffer",
    "Restoration",
    "Severity",
    "SlaClock",
]


class ComplaintState(StrEnum):
    RECEIVED = "RECEIVED"
    HANDED_OVER = "HANDED_OVER"
    INVESTIGATING = "INVESTIGATING"
    RESPONDED = "RESPONDED"
    RESOLVED = "RESOLVED"
    CALLBACK_PENDING = "CALLBACK_PENDING"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    WITHDRAWN = "WITHDRAWN"


#: In these states the case no longer stops care and marketing.
ENDED = frozenset({ComplaintState.CLOSED, ComplaintState.WITHDRAWN})


class Origin(StrEnum):
    """CRM: opened here, with clocks; DMS: kept by the dealer's own system, known here so that it stops care and marketing."""

    CRM = "CRM"
    DMS = "DMS"


class ComplaintForm(StrEnum):
    """S2: dissatisfaction that is silent, one that is voiced without a demand, one that asks for a result."""

    LATENT = "LATENT"
    GRUMBLE = "GRUMBLE"
    COMPLAINT = "COMPLAINT"


class ComplaintChannel(StrEnum):
    """How it came (S2: direct and indirect)."""

    STORE = "STORE"
    BRAND_HOTLINE = "BRAND_HOTLINE"
    SURVEY = "SURVEY"
    CALLBACK = "CALLBACK"
    MESSAGE = "MESSAGE"
    ACQUAINTANCE = "ACQUAINTANCE"
    MEDIA = "MEDIA"
    AUTHORITY = "AUTHORITY"
    ONLINE = "ONLINE"


class Severity(StrEnum):
    """CRITICAL: safety, legal or media."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    SERIOUS = "SERIOUS"
    CRITICAL = "CRITICAL"


class CustomerType(StrEnum):
    """S0, S2: 冷漠型, 善言型, 愤怒型."""

    INDIFFERENT = "INDIFFERENT"
    ARTICULATE = "ARTICULATE"
    ANGRY = "ANGRY"


class Need(StrEnum):
    """What the complainant is after (S0: respect, venting, compensation; S2 adds the others)."""

    RESPECT = "RESPECT"
    VENT = "VENT"
    LISTEN = "LISTEN"
    RECOGNITION = "RECOGNITION"
    COMPENSATION = "COMPENSATION"
    ACTION = "ACTION"


class Restoration(StrEnum):
    """What the second callback heard (S2: restore or exceed)."""

    RESTORED = "RESTORED"
    EXCEEDED = "EXCEEDED"
    NOT_RESTORED = "NOT_RESTORED"


class ClockKind(StrEnum):
    HANDOVER = "HANDOVER"
    RESPONSE = "RESPONSE"
    CLOSE = "CLOSE"
    CALLBACK = "CALLBACK"


class Basis(StrEnum):
    """Which time a clock counts: WALL runs day and night, STORE only in the hours of the store."""

    WALL = "WALL"
    STORE = "STORE"


@attrs.frozen(kw_only=True)
class Pause:
    """A stretch in which a clock stands still; `until` None: it still does. `why` is a reason code."""

    since: datetime
    until: datetime | None = None
    why: str


@attrs.frozen(kw_only=True)
class SlaClock:
    """One deadline of one case.

    Attributes:
        round: 1, and one more for each reopening.
        target: how long it may take, in time of `basis`.
        due_at: when it runs out, with the pauses that are over.
        stopped_at: when what it waits for was done; None while it runs.
    """

    kind: ClockKind
    round: int = 1
    basis: Basis
    target: timedelta
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()


class EventKind(StrEnum):
    """What can happen to a case; the states it leads to are a table in `rules/complaints`."""

    OPEN = "OPEN"
    JOIN = "JOIN"
    HAND_OVER = "HAND_OVER"
    ASSIGN = "ASSIGN"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    INVESTIGATE = "INVESTIGATE"
    RESPOND = "RESPOND"
    NOTE = "NOTE"
    CLASSIFY = "CLASSIFY"
    OFFER = "OFFER"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    ESCALATE = "ESCALATE"
    RESOLVE = "RESOLVE"
    CALL_BACK = "CALL_BACK"
    CLOSE = "CLOSE"
    WAIVE = "WAIVE"
    REOPEN = "REOPEN"
    WITHDRAW = "WITHDRAW"


@attrs.frozen(kw_only=True)
class ComplaintEvent:
    """One line of a case's history, written once and never changed.

    Attributes:
        at: when it happened; `recorded_at` when it was written down.
        who: a staff code, "plugin:<name>" or "crmcore".
        detail: codes and ids, no personal data; `note` is free text and may hold some.
    """

    at: datetime
    recorded_at: datetime
    who: str
    kind: EventKind
    before: ComplaintState | None = None
    after: ComplaintState
    detail: Mapping[str, object] = attrs.field(factory=dict)
    note: str = attrs.field(default="", repr=False)


class OfferKind(StrEnum):
    """S2: what makes good; a discount only helps along."""

    FREE_REPAIR = "FREE_REPAIR"
    WASH = "WASH"
    LOANER = "LOANER"
    LABOUR_DISCOUNT = "LABOUR_DISCOUNT"
    GIFT = "GIFT"
    FREE_MAINTENANCE = "FREE_MAINTENANCE"
    OTHER = "OTHER"


@attrs.frozen(kw_only=True)
class RecoveryOffer:
    """What the dealer offers; `cost` in yuan. It may be made known only once it is approved."""

    id: str
    kind: OfferKind
    cost: Decimal
    offered_by: str
    offered_at: datetime
    approved_by: str | None = None
    accepted: bool | None = None


@attrs.frozen(kw_only=True)
class Category:
    """One line of the taxonomy (packs/categories.toml).

    Attributes:
        code: "REPAIR_QUALITY.REPEAT_FAULT"; what stands before the point is its group.
        department: who is answerable as a rule.
        words: what customers say; a text or an answer that holds one of them is taken for a complaint of this category.
        severity: what such a case starts with.
    """

    code: str
    label: Mapping[str, str]
    department: Department = Department.OTHER
    words: tuple[str, ...] = ()
    severity: Severity = Severity.NORMAL
    source: str = ""


@attrs.frozen(kw_only=True)
class ComplaintDraft:
    """What a finder makes of an answer, a call or a text: a case that should be opened.

    Attributes:
        category: of the taxonomy; "OTHER" when it cannot say.
        why: visible reasons, e.g. ("word:退钱",) or ("alert:OVERALL<6",): codes and quoted taxonomy words, no personal data.
    """

    category: str = "OTHER"
    severity: Severity = Severity.NORMAL
    form: ComplaintForm = ComplaintForm.COMPLAINT
    verbatim: str = attrs.field(default="", repr=False)
    demand: str = attrs.field(default="", repr=False)
    why: tuple[str, ...]


class EvidenceKind(StrEnum):
    """What a case may rest on; the id stands beside it."""

    RESPONSE = "RESPONSE"
    ATTEMPT = "ATTEMPT"
    REPLY = "REPLY"
    PERSON = "PERSON"  # somebody opened it by hand


@attrs.frozen(kw_only=True)
class Complaint:
    """A case.

    Attributes:
        received_at: when the CR department had it: the call or the message, not the import.
        first_asked: whom the customer told first; set once, never changed (首问责任制; S2, S3).
        owner: who answers for it now; never the accused, never a forward-only role (S4).
        accused: staff codes.
        round: 1, and one more for each reopening.
        resolved_at: when the solution of this round stood; the second callback comes after it.
        restored: False: closed without the customer being content.
        avoidable: S2's 能否避免; None: not judged yet.
    """

    id: str
    store: str
    customer_id: str | None = None  # None: a text from a number nobody is known by
    visit_id: str | None = None
    vehicle_id: str | None = None
    origin: Origin = Origin.CRM
    state: ComplaintState = ComplaintState.RECEIVED
    received_at: datetime
    form: ComplaintForm = ComplaintForm.COMPLAINT
    channel: ComplaintChannel = ComplaintChannel.STORE
    category: str = "OTHER"
    root_cause: str | None = None
    severity: Severity = Severity.NORMAL
    customer_type: CustomerType | None = None
    needs: tuple[Need, ...] = ()
    magnitude: int | None = None
    verbatim: str = attrs.field(default="", repr=False)
    demand: str = attrs.field(default="", repr=False)
    first_asked: str | None = None
    owner: str | None = None
    accused: tuple[str, ...] = ()
    responsible: str | None = None
    department: Department | None = None
    round: int = 1
    resolved_at: datetime | None = None
    outcome: Restoration | None = None
    avoidable: bool | None = None
    restored: bool = True
    clocks: tuple[SlaClock, ...] = ()


@attrs.frozen(kw_only=True)
class Escalation:
    """One rung of the ladder that was climbed; once per case, round and level. `late`: noticed after it was due."""

    level: int
    round: int = 1
    clock: ClockKind
    role: Role
    staff: str | None = None
    due_at: datetime
    at: datetime
    late: bool = False


class ActionStatus(StrEnum):
    OPEN = "OPEN"
    DOING = "DOING"
    DONE = "DONE"
    VERIFIED = "VERIFIED"
    DROPPED = "DROPPED"


class MeetingKind(StrEnum):
    """质量例会 (weekly, S1), 客诉例会, 改善专题会议 after a wave (S3)."""

    QUALITY = "QUALITY"
    COMPLAINT = "COMPLAINT"
    IMPROVEMENT = "IMPROVEMENT"
