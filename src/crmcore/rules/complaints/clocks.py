"""Deadlines of a case: when a clock runs out, what it counted, how it stands still, and what a new severity does to it.

A deadline is inclusive: what is done at `due_at` is in time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import attrs

from crmcore.rules import worktime
from crmcore.rules.complaints.policy import ComplaintPolicy, Target
from crmcore.rules.worktime import Counted, Due
from crmcore.types.complaint import Basis, ClockKind, Pause, Severity, SlaClock
from crmcore.types.store import Store

#: The desk does not wait for the customer: there is nothing to pause a handover for.
NEVER_PAUSED = frozenset({ClockKind.HANDOVER})

#: Why a clock stands still; reason codes.
PAUSES = ("PAUSE_CUSTOMER", "PAUSE_PARTS", "PAUSE_MAKER", "PAUSE_AUTHORITY")


@attrs.frozen
class Line:
    """One stretch of a clock's life, for `explain`.

    Attributes:
        code: COUNTED, PAUSED, or STILL_PAUSED (then `end` is the `now` it was asked for); say key `clock.<code>`.
        total: counted time up to the end of this line; a pause adds nothing.
        why: the reason code of a pause.
    """

    code: str
    start: datetime
    end: datetime
    total: timedelta
    why: str = ""


def open_clocks(
    policy: ComplaintPolicy,
    severity: Severity,
    store: Store,
    received_at: datetime,
    round: int = 1,  # noqa: A002 - the domain's word, as in the types
) -> tuple[SlaClock, ...]:
    """The clocks of a new round: handover, response and close, all from the receipt (of the reopening, in a later round)."""
    wanted = {
        ClockKind.HANDOVER: policy.handover,
        ClockKind.RESPONSE: policy.response[severity],
        ClockKind.CLOSE: policy.close[severity],
    }
    return tuple(_started(kind, target, store, received_at, round) for kind, target in wanted.items())


def callback_clock(policy: ComplaintPolicy, store: Store, resolved_at: datetime, round: int = 1) -> SlaClock:  # noqa: A002
    """The clock of the second callback, from the solution on."""
    return _started(ClockKind.CALLBACK, policy.callback, store, resolved_at, round)


def due(clock: SlaClock, store: Store, now: datetime | None = None) -> Due:
    """When `clock` runs out, with the pauses that are over, and the stretches that counted.

    Args:
        now: a pause that is not over counts up to here; without it, it counts for nothing.
    """
    if not clock.target:
        return Due(clock.started_at, ())
    lines: list[Counted] = []
    left = clock.target
    stretches, last = _running(clock, now)
    for start, end in stretches:
        found = _add(clock.basis, store, start, left)
        if found.at <= end:
            return Due(found.at, (*lines, *found.ledger), found.provisional)
        counted = _between(clock.basis, store, start, end)
        lines += counted
        left -= sum((each.length for each in counted), timedelta(0))
    found = _add(clock.basis, store, last, left)
    return Due(found.at, (*lines, *found.ledger), found.provisional)


def remaining(clock: SlaClock, store: Store, now: datetime) -> timedelta:
    """Time of the clock's basis until it runs out; below nothing once it is late. A stopped clock says what was left then."""
    asked = clock.stopped_at or now
    at = due(clock, store, asked).at
    first, last = sorted((asked, at))
    length = sum((each.length for each in _between(clock.basis, store, first, last)), timedelta(0))
    return length if asked <= at else -length


def breached(clock: SlaClock, now: datetime) -> bool:
    """Was it late when it stopped, or is it late now? A clock that stood still before it ran out is not."""
    standing = resting(clock)
    if clock.stopped_at is not None:
        return clock.stopped_at > clock.due_at
    return now > clock.due_at and (standing is None or standing.since >= clock.due_at)


def resting(clock: SlaClock) -> Pause | None:
    """The pause that is not over."""
    return next((pause for pause in clock.pauses if pause.until is None), None)


def explain(clock: SlaClock, store: Store, now: datetime) -> tuple[Line, ...]:
    """Line by line what counted and what did not, until it ran out or stopped, or until `now`."""
    end = min(each for each in (clock.stopped_at, due(clock, store, now).at, now) if each is not None)
    stretches = [(each.start, each.end, "COUNTED", "") for each in _counted(clock, store, now, end)]
    stretches += [
        (pause.since, pause.until or now, "PAUSED" if pause.until else "STILL_PAUSED", pause.why)
        for pause in clock.pauses
    ]
    total, lines = timedelta(0), []
    for start, until, code, why in sorted(stretches):
        total += until - start if code == "COUNTED" else timedelta(0)
        lines.append(Line(code, start, until, total, why))
    return tuple(lines)


def may_pause(clock: SlaClock, at: datetime) -> str | None:
    """None, or the reason code why `clock` cannot be paused at `at`."""
    if clock.kind in NEVER_PAUSED:
        return "CLOCK_NEVER_PAUSED"
    if clock.stopped_at is not None:
        return "CLOCK_STOPPED"
    if resting(clock) is not None:
        return "CLOCK_PAUSED"
    if at < max([clock.started_at, *(pause.until for pause in clock.pauses if pause.until)]):
        return "CLOCK_PAUSE_TOO_EARLY"
    return "CLOCK_RAN_OUT" if at >= clock.due_at else None


def pause(clock: SlaClock, at: datetime, why: str) -> SlaClock:
    """`clock` standing still from `at`; unchanged when it may not. `why` is a reason code."""
    if may_pause(clock, at) is not None:
        return clock
    return attrs.evolve(clock, pauses=(*clock.pauses, Pause(since=at, why=why)))


def resume(clock: SlaClock, store: Store, at: datetime) -> SlaClock:
    """`clock` running again from `at`, due later by what it stood still; unchanged when it runs."""
    standing = resting(clock)
    if standing is None:
        return clock
    over = attrs.evolve(standing, until=max(at, standing.since))
    again = attrs.evolve(clock, pauses=(*clock.pauses[:-1], over))
    return attrs.evolve(again, due_at=due(again, store).at)


def stop(clocks: Iterable[SlaClock], kinds: Collection[ClockKind], store: Store, at: datetime) -> tuple[SlaClock, ...]:
    """`clocks`, those of `kinds` stopped at `at`; one that has stopped keeps its time, one that stood still runs first."""
    return tuple(
        attrs.evolve(resume(clock, store, at), stopped_at=at)
        if clock.kind in kinds and clock.stopped_at is None
        else clock
        for clock in clocks
    )


def reclassify(
    clocks: Iterable[SlaClock], policy: ComplaintPolicy, severity: Severity, store: Store
) -> tuple[SlaClock, ...]:
    """`clocks` with the targets of `severity`: those that run, from where they started, pauses and all."""
    by_severity = {ClockKind.RESPONSE: policy.response[severity], ClockKind.CLOSE: policy.close[severity]}
    return tuple(
        _aimed(clock, by_severity[clock.kind], store)
        if clock.stopped_at is None and clock.kind in by_severity
        else clock
        for clock in clocks
    )


def _started(kind: ClockKind, target: Target, store: Store, at: datetime, number: int) -> SlaClock:
    at = at.astimezone(UTC)
    amount = timedelta(minutes=target.minutes)
    clock = SlaClock(kind=kind, round=number, basis=target.basis, target=amount, started_at=at, due_at=at)
    return attrs.evolve(clock, due_at=due(clock, store).at)


def _aimed(clock: SlaClock, target: Target, store: Store) -> SlaClock:
    aimed = attrs.evolve(clock, basis=target.basis, target=timedelta(minutes=target.minutes))
    return attrs.evolve(aimed, due_at=due(aimed, store).at)


def _running(clock: SlaClock, now: datetime | None) -> tuple[list[tuple[datetime, datetime]], datetime]:
    """The stretches before and between the pauses, and the start of the last one, which has no end."""
    stretches, at = [], clock.started_at
    for each in sorted(clock.pauses, key=lambda one: one.since):
        until = each.until or now
        if until is None:
            continue
        if each.since > at:
            stretches.append((at, each.since))
        at = max(at, each.since, until)
    return stretches, at


def _counted(clock: SlaClock, store: Store, now: datetime, end: datetime) -> Iterator[Counted]:
    stretches, last = _running(clock, now)
    for start, until in (*stretches, (last, end)):
        yield from _between(clock.basis, store, start, min(end, until))


def _add(basis: Basis, store: Store, start: datetime, amount: timedelta) -> Due:
    if basis is Basis.STORE:
        return worktime.add(store, start, amount)
    return Due(start + amount, (Counted(start, start + amount),))


def _between(basis: Basis, store: Store, start: datetime, end: datetime) -> tuple[Counted, ...]:
    if basis is Basis.STORE:
        return worktime.between(store, start, end).intervals
    return (Counted(start, end),) if start < end else ()
