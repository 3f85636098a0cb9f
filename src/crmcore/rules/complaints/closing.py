"""The end of a case: the customer was called a second time and is content (S1, S2), or somebody answers for not calling."""

from __future__ import annotations

from crmcore.rules.complaints.states import transition
from crmcore.types.complaint import Complaint, EventKind, Restoration
from crmcore.types.contact import AttemptOutcome, ContactAttempt

#: Why a case may be closed without a second callback; reason codes.
WAIVERS = (
    "WAIVER_UNREACHABLE",
    "WAIVER_NO_CALL_WANTED",
    "WAIVER_SETTLED_IN_PERSON",
    "WAIVER_SETTLED_BY_AUTHORITY",
    "WAIVER_FINAL_POSITION",
)


def may_close(
    case: Complaint,
    callback: ContactAttempt | None = None,
    *,
    said: Restoration | None = None,
    waiver: str | None = None,
) -> str | None:
    """None, or the reason code why `case` cannot be closed.

    Args:
        callback: the second callback of this round.
        said: what the customer said in it.
        waiver: one of `WAIVERS`, in place of the callback.
    """
    if case.resolved_at is None or transition(case.state, EventKind.CLOSE) is None:
        return "CASE_NOT_RESOLVED"
    if said is Restoration.NOT_RESTORED:
        return "CUSTOMER_NOT_RESTORED"  # reopen it
    if waiver is not None:
        return None if waiver in WAIVERS else "WAIVER_UNKNOWN"
    return _heard(case, callback, said)


def _heard(case: Complaint, callback: ContactAttempt | None, said: Restoration | None) -> str | None:
    if callback is None:
        return "CALLBACK_MISSING"
    if callback.complaint_id not in {None, case.id}:
        return "CALLBACK_OTHER_CASE"
    if callback.outcome is not AttemptOutcome.SUCCESS:
        return "CALLBACK_NOT_REACHED"
    if case.resolved_at is not None and callback.at < case.resolved_at:
        return "CALLBACK_TOO_EARLY"
    return None if said is not None else "CALLBACK_NOTHING_SAID"


def after_callback(outcome: AttemptOutcome, said: Restoration | None) -> EventKind | None:
    """What a second callback leads to: CLOSE, REOPEN, or None: try again."""
    if outcome is not AttemptOutcome.SUCCESS or said is None:
        return None
    return EventKind.REOPEN if said is Restoration.NOT_RESTORED else EventKind.CLOSE
