"""Calls that did not settle it: what follows from the attempts so far, and who may make one (domain section 2: call results)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from crmcore.rules.worktime import add
from crmcore.types.contact import AttemptOutcome, CallResult, Effect
from crmcore.types.store import Staff, Store

#: The cause of results that say nothing of the customer: nobody dialled.
CALLER = "CALLER"
#: What makes another call senseless, and the reason that is kept of it.
ENDS = {Effect.REFUSES: "DO_NOT_CALL", Effect.CAR_GONE: "CAR_GONE"}


@attrs.frozen(kw_only=True)
class CallbackPolicy:
    """The numbers callbacks go by: packs/callbacks.toml, overridden by [callbacks] of crm.toml.

    Attributes:
        max_attempts: failed tries after which the call is given up.
        retry_hours: store hours between two tries.
        unreachable_days: after so many days without reaching anybody a text goes instead (C18b).
        lease_hours: how long an exported row counts as in somebody's hands.
        import_days: a call that was made longer ago is not taken from a file.
        own_customers: True lets an advisor call back his own customers.
        missed_template: the text that goes instead of the call; empty: none does.
        sources: where each number comes from, by field.
    """

    max_attempts: int = attrs.field(validator=attrs.validators.ge(1))
    retry_hours: int = attrs.field(validator=attrs.validators.ge(1))
    unreachable_days: int = attrs.field(validator=attrs.validators.ge(1))
    lease_hours: int = attrs.field(validator=attrs.validators.ge(1))
    import_days: int = 60
    own_customers: bool = False
    missed_template: str = "CALL_MISSED"
    sources: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Try:
    """One attempt: the time of the call, its result code, and the time the customer named."""

    at: datetime
    result: str
    next_at: datetime | None = None


@attrs.frozen
class Next:
    """Call again at `at`; `booked`: the customer chose that time."""

    at: datetime
    booked: bool = False


@attrs.frozen
class Settled:
    """The contact was made; nothing more is owed."""


@attrs.frozen
class GiveUp:
    """No further call; `why` is a reason code. `text_at`: from then on a text may go instead, None: none does."""

    why: str
    text_at: datetime | None = None


@attrs.frozen
class Mend:
    """The number is at fault: another number is called now, or the call waits for the correction."""


After = Next | Settled | GiveUp | Mend


def after_attempt(
    policy: CallbackPolicy, results: Mapping[str, CallResult], attempts: Sequence[Try], store: Store
) -> After:
    """What the attempts of one callback ask for, in whatever order they became known: the latest by its call time decides.

    A contact that was made stays made, whatever a later row says; a call that nobody dialled is no try.

    Args:
        attempts: all of this callback, at least one; each with a result that `results` knows.
    """
    tries = sorted(attempts, key=_when)
    if any(results[one.result].effect in {Effect.DONE, Effect.COMPLAINT} for one in tries):
        return Settled()
    last = tries[-1]
    result = results[last.result]
    if result.effect is Effect.BOOKED and last.next_at is not None:
        return Next(last.next_at, booked=True)
    if result.effect is Effect.BAD_NUMBER:
        return Mend()
    if result.ends or result.effect in ENDS:
        return GiveUp(ENDS.get(result.effect, "CALL_INVALID"))
    return _again(policy, results, tries, store)


def _when(one: Try) -> tuple[datetime, str]:
    return (one.at, one.result)


def _again(policy: CallbackPolicy, results: Mapping[str, CallResult], tries: Sequence[Try], store: Store) -> After:
    """Another try, or none: what was dialled since somebody last named a time is counted."""
    last = tries[-1].at
    dialled = [one for one in _since_booked(results, tries) if results[one.result].cause != CALLER]
    silent = _silent(results, dialled)
    first = silent[0].at if silent else None
    patience = timedelta(days=policy.unreachable_days)
    if first is not None and last - first >= patience:
        return GiveUp("GIVEN_UP", text_at=last)
    if len(dialled) >= policy.max_attempts:
        nobody = len(silent) == len(dialled)
        return GiveUp("GIVEN_UP", text_at=first + patience if nobody and first is not None else None)
    return Next(add(store, last, timedelta(hours=policy.retry_hours)).at)


def _since_booked(results: Mapping[str, CallResult], tries: Sequence[Try]) -> Sequence[Try]:
    """The tries after the last one in which the customer named a time."""
    booked = [number for number, one in enumerate(tries) if results[one.result].effect is Effect.BOOKED]
    return tries[booked[-1] + 1 :] if booked else tries


def _silent(results: Mapping[str, CallResult], dialled: Sequence[Try]) -> Sequence[Try]:
    """The latest tries in a row in which nobody was reached."""
    for number in range(len(dialled), 0, -1):
        if results[dialled[number - 1].result].outcome is not AttemptOutcome.FAILED:
            return dialled[number:]
    return dialled


def may_call(caller: Staff, advisors: Collection[str | None], *, own_customers: bool) -> bool:
    """May `caller` call back a customer of these advisors (codes or names)? His own only where the dealer allows it (C18a)."""
    return own_customers or not {caller.code, caller.name} & {one for one in advisors if one}
