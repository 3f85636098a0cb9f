"""What has happened, one value a fact, for programs that live beside crmcore (domain: 事件).

Each tells ids, codes and times and nothing of the person: who wants the words asks for the thing by its id, and finds it erased
where it was. An id of a customer is the one he has today; a merge changes it.

Attributes that all of them have:
    id: of this event in its store, for ever; who must not act twice on one remembers it.
    at: when it happened; may lie well before `recorded_at`, as a call that was made in the morning and imported at night does.
    recorded_at: when it was written down.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from crmcore.types.complaint import ClockKind, ComplaintState, EventKind
from crmcore.types.contact import AttemptOutcome, MessageClass, MessageState
from crmcore.types.customer import Channel
from crmcore.types.store import Role
from crmcore.types.survey import Mode, Side

__all__ = [
    "AnswersCame",
    "CallMade",
    "CaseMoved",
    "CaseOpened",
    "ContactMoved",
    "Event",
    "Events",
    "FileChanged",
    "ReplyCame",
    "RungClimbed",
    "TextMoved",
]


@attrs.frozen(kw_only=True)
class TextMoved:
    """A text to a customer came into another state (短信状态): queued, on its way, delivered, refused …

    Attributes:
        reason: why it is held, refused, failed or cancelled; a reason code.
    """

    id: str
    at: datetime
    recorded_at: datetime
    message_id: str
    customer_id: str
    touchpoint_id: str | None = None
    store: str
    template: str
    message_class: MessageClass
    state: MessageState
    reason: str | None = None


@attrs.frozen(kw_only=True)
class ReplyCame:
    """A text came from a customer (客户来信).

    Attributes:
        customer_id: None: nobody is known by the number, or several are.
        account: the messaging account that brought it.
        opted_out: it said that no more texts are wanted.
    """

    id: str
    at: datetime
    recorded_at: datetime
    reply_id: str
    customer_id: str | None = None
    account: str
    opted_out: bool


@attrs.frozen(kw_only=True)
class CallMade:
    """Somebody tried to reach a customer (回访记录).

    Attributes:
        complaint_id: of a second callback, the case it asked about.
        staff: code of who called.
        result: a code of packs/results.toml.
    """

    id: str
    at: datetime
    recorded_at: datetime
    attempt_id: str
    customer_id: str
    touchpoint_id: str | None = None
    complaint_id: str | None = None
    staff: str | None = None
    channel: Channel
    outcome: AttemptOutcome
    result: str


@attrs.frozen(kw_only=True)
class AnswersCame:
    """A questionnaire came in (问卷), filled or begun; answers that reach the same one later are no event of their own."""

    id: str
    at: datetime
    recorded_at: datetime
    response_id: str
    customer_id: str | None = None
    visit_id: str | None = None
    store: str
    survey: str
    side: Side
    mode: Mode


@attrs.frozen(kw_only=True)
class CaseOpened:
    """A case was opened here (投诉立案); one that the DMS keeps is none before somebody adopts it.

    Attributes:
        who: a staff code, or "crmcore".
    """

    id: str
    at: datetime
    recorded_at: datetime
    complaint_id: str
    customer_id: str | None = None
    store: str
    who: str


@attrs.frozen(kw_only=True)
class CaseMoved:
    """Something else happened to a case (投诉进展); `before` and `after` are equal where its state stayed.

    Attributes:
        who: a staff code, or "crmcore".
    """

    id: str
    at: datetime
    recorded_at: datetime
    complaint_id: str
    customer_id: str | None = None
    store: str
    kind: EventKind
    before: ComplaintState
    after: ComplaintState
    who: str


@attrs.frozen(kw_only=True)
class RungClimbed:
    """A deadline of a case has passed, and the next of the ladder is told (升级).

    Attributes:
        staff: the one colleague of that role who is there; None: the role alone is told.
        due_at: the deadline.
        late: it was noticed late.
    """

    id: str
    at: datetime
    recorded_at: datetime
    complaint_id: str
    customer_id: str | None = None
    store: str
    level: int
    round: int
    clock: ClockKind
    role: Role
    staff: str | None = None
    due_at: datetime
    late: bool


@attrs.frozen(kw_only=True)
class ContactMoved:
    """Somebody, or a flow, dealt with a contact that was owed (关怀任务): done, cancelled, assigned, made a call …

    Attributes:
        verb: DONE, CANCELLED, SKIPPED, EXPIRED, ASSIGN, TO_PHONE, RETRY, BOOKED or MEND.
        who: a staff code, or "crmcore".
    """

    id: str
    at: datetime
    recorded_at: datetime
    touchpoint_id: str
    customer_id: str
    store: str
    verb: str
    who: str


@attrs.frozen(kw_only=True)
class FileChanged:
    """Somebody changed a file at the desk (档案变更): a correction, a merge, an erasure …; or a number said no, there or in a source.

    Attributes:
        subject: what it is about: a customer ("C17"), a vehicle ("V5"), a visit ("R9") or a response ("Q12").
        verb: OPTOUT, OPTIN, CORRECT, MERGE, SPLIT, RETIRE, ERASE, EXCLUDE, INCLUDE, PROPOSAL_APPLIED or PROPOSAL_REJECTED.
        who: a staff code, "cli" or "api"; of an opt-out also the source that says so: "dms:main".
        field: which field was corrected, or is held against the DMS from now on.
        channel: of an opt-out or opt-in.
        other_id: of a merge or a split, the customer who went into `subject` or came out of it.
    """

    id: str
    at: datetime
    recorded_at: datetime
    subject: str
    verb: str
    who: str
    field: str | None = None
    channel: Channel | None = None
    other_id: str | None = None


#: Everything that `crm.events` tells. A new kind may come with any release: let `case _` pass.
Event = (
    TextMoved | ReplyCame | CallMade | AnswersCame | CaseOpened | CaseMoved | RungClimbed | ContactMoved | FileChanged
)


@attrs.frozen
class Events:
    """What has happened after a cursor, and the cursor after it; no events: that was all, ask again later with the same one."""

    events: tuple[Event, ...]
    cursor: str
