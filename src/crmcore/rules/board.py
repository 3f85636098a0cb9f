"""Where a case stands: which of its clocks matters now, how much time is left on it, and what that makes it on the board."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from crmcore.rules.complaints import clocks as sla
from crmcore.types.complaint import ClockKind, SlaClock
from crmcore.types.store import Store

SOON = timedelta(hours=2)


class Lane(StrEnum):
    """The groups of the board, the most urgent first."""

    OVERDUE = "OVERDUE"
    SOON = "SOON"  # two hours or less, of the time the clock counts
    LATER = "LATER"
    CALLBACK = "CALLBACK"  # solved, and waiting to be asked whether it is
    PAUSED = "PAUSED"
    NO_CLOCK = "NO_CLOCK"


@attrs.frozen(kw_only=True)
class Standing:
    """What the board shows of a case.

    Attributes:
        clock: the one that matters; None when none runs.
        left: time of its basis until it runs out; negative, or nothing while the store is closed, once it has.
        due_at: when that is, as far as can be told now; a pause that goes on moves it.
        provisional: the calendar of those days is not announced yet.
    """

    lane: Lane
    clock: SlaClock | None = None
    left: timedelta = timedelta(0)
    due_at: datetime | None = None
    provisional: bool = False


def standing(clocks: Sequence[SlaClock], store: Store, now: datetime) -> Standing:
    """What has run out counts before what runs, and what runs before what stands still; among these, what is due first."""
    open_ = [clock for clock in clocks if clock.stopped_at is None]
    if not open_:
        return Standing(lane=Lane.NO_CLOCK)
    clock = min(open_, key=lambda each: (not sla.breached(each, now), sla.resting(each) is not None, each.due_at))
    left, due = sla.remaining(clock, store, now), sla.due(clock, store, now)
    return Standing(
        lane=_lane(clock, left, now), clock=clock, left=left, due_at=due.at, provisional=due.provisional
    )  # fmt: skip


def quantile(values: Sequence[int], share: float) -> int | None:
    """The smallest value that at least `share` of all values do not exceed; None of none."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1] if values else None


def _lane(clock: SlaClock, left: timedelta, now: datetime) -> Lane:
    if sla.breached(clock, now):
        return Lane.OVERDUE
    if sla.resting(clock) is not None:
        return Lane.PAUSED
    if clock.kind is ClockKind.CALLBACK:
        return Lane.CALLBACK
    return Lane.SOON if left <= SOON else Lane.LATER
