"""What the gate's decision and the vendor's answer make of a text: its next state, when to look again, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from crmcore.types.contact import (
    Accepted,
    Deferred,
    Hold,
    MessageClass,
    MessageState,
    Permit,
    Rejected,
    Scope,
    Send,
    SendResult,
)

#: Refusals after which a call would be no use either: it is too late for both.
TOO_LATE = frozenset({"EXPIRED", "EXPIRED_WHILE_HELD"})


@attrs.frozen(kw_only=True)
class SendPolicy:
    """How patiently a text is tried (packs/contact.toml, [sending]).

    Attributes:
        max_attempts: calls for one text before it fails, the first included.
        max_age_hours: no further try once the first is this old.
        backoff_seconds: wait after the first try that was not taken; doubles with each, up to backoff_cap_seconds.
        lease_seconds: a claim older than this belongs to a sender that died; its text is UNKNOWN.
        receipt_wait_hours: how long a vendor that only pushes receipts is waited for.
        sources: where each number comes from, by field.
    """

    max_attempts: int
    max_age_hours: int
    backoff_seconds: int
    backoff_cap_seconds: int
    lease_seconds: int
    receipt_wait_hours: int
    sources: Mapping[str, str] = attrs.field(factory=dict)

    def backoff(self, attempts: int) -> timedelta:
        """The wait after try number `attempts`."""
        # 2**20 is beyond any cap, and keeps the number small
        doubled = self.backoff_seconds * 2 ** min(attempts - 1, 20)
        return timedelta(seconds=min(doubled, self.backoff_cap_seconds))


@attrs.frozen(kw_only=True)
class Outcome:
    """What to record of a text.

    Attributes:
        due_at: when to look at it again; None: as it stands.
        reason: our reason code, with words in lang/; None when all is well.
        code: the vendor's own code or words, kept raw.
        ref: the vendor's id, where it gave one.
        stops: BATCH: send the rest of this call one by one; ACCOUNT: send nothing more over this account and tell somebody.
    """

    state: MessageState
    due_at: datetime | None = None
    reason: str | None = None
    code: str = ""
    ref: str | None = None
    stops: Scope | None = None


def after_permit(decision: Permit) -> Outcome:
    """What the gate's decision makes of a waiting text: claimed, held, expired or refused."""
    match decision:
        case Send():
            return Outcome(state=MessageState.SENDING)
        case Hold(until, why):
            return Outcome(state=MessageState.HELD, due_at=until, reason=why)
        case _:
            state = MessageState.EXPIRED if decision.why in TOO_LATE else MessageState.REFUSED
            return Outcome(state=state, reason=decision.why)


def after_send(
    result: SendResult, *, attempts: int, now: datetime, policy: SendPolicy, first_at: datetime | None = None
) -> Outcome:
    """What the vendor's answer to call number `attempts` (the first is 1) makes of a text that is SENDING.

    Accepted is accepted, and a recipient's rejection is final. Who rejects a whole call says nothing of this text: it waits its
    turn within the budget, alone (BATCH). A stopped account costs no text anything: it stays due (ACCOUNT). Only what is proven
    not taken is tried again; what may have been sent becomes UNKNOWN, and is left to `reconcile` after a backoff.

    Args:
        result: one of the four outcomes.
        attempts: calls made for this text so far, this one included.
        now: when the answer came.
        policy: the retry budget.
        first_at: when the first call was made, for the budget's age; None: now.
    """
    match result:
        case Accepted(ref=ref):
            return Outcome(state=MessageState.ACCEPTED, ref=ref)
        case Rejected(code=code, scope=Scope.RECIPIENT):
            return Outcome(state=MessageState.FAILED, reason="REJECTED", code=code)
        case Rejected(code=code, scope=Scope.ACCOUNT):
            return Outcome(
                state=MessageState.QUEUED, due_at=now, reason="ACCOUNT_STOPPED", code=code, stops=Scope.ACCOUNT
            )
        case Rejected(code=code):
            again = _again(code, None, attempts=attempts, now=now, policy=policy, first_at=first_at or now)
            return attrs.evolve(again, stops=Scope.BATCH)
        case Deferred(code=code, not_before=not_before):
            return _again(code, not_before, attempts=attempts, now=now, policy=policy, first_at=first_at or now)
        case _:  # Unknown; whatever is not proven is a doubt
            due_at = now + policy.backoff(attempts)
            return Outcome(state=MessageState.UNKNOWN, due_at=due_at, reason="OUTCOME_UNKNOWN", code=result.why)


def _again(
    code: str, not_before: datetime | None, *, attempts: int, now: datetime, policy: SendPolicy, first_at: datetime
) -> Outcome:
    """Queue it again within the budget; a vendor's own time is honoured, unless it lies beyond the budget."""
    due_at = max(not_before, now) if not_before is not None else now + policy.backoff(attempts)
    if attempts >= policy.max_attempts or due_at - first_at > timedelta(hours=policy.max_age_hours):
        return Outcome(state=MessageState.FAILED, reason="RETRIES_EXHAUSTED", code=code)
    return Outcome(state=MessageState.QUEUED, due_at=due_at, reason="DEFERRED", code=code)


def becomes_call(
    message_class: MessageClass, state: MessageState, reason: str | None = None, *, calls_refused: bool = False
) -> bool:
    """Does this text become a phone task? A SERVICE text that is refused or fails for good does: the customer waits for it.

    Not when it is too late for a call as well, nor when the number wants no calls (`calls_refused`). The task passes the gate
    for PHONE like any call, so a dead number shows there with its reason.
    """
    lost = state is MessageState.FAILED or (state is MessageState.REFUSED and reason not in TOO_LATE)
    return message_class is MessageClass.SERVICE and lost and not calls_refused
