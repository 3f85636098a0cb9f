"""What may follow what in the improvement plan, and what a measured effect does to an action (S3: 改善计划)."""

from __future__ import annotations

from collections.abc import Mapping

from crmcore.rules.score.compare import Verdict
from crmcore.types.complaint import ActionStatus

#: What is VERIFIED or DROPPED is history.
FOLLOWS: Mapping[ActionStatus, frozenset[ActionStatus]] = {
    ActionStatus.OPEN: frozenset({ActionStatus.DOING, ActionStatus.DONE, ActionStatus.DROPPED}),
    ActionStatus.DOING: frozenset({ActionStatus.DONE, ActionStatus.DROPPED}),
    ActionStatus.DONE: frozenset({ActionStatus.DOING, ActionStatus.VERIFIED, ActionStatus.DROPPED}),
    ActionStatus.VERIFIED: frozenset(),
    ActionStatus.DROPPED: frozenset(),
}


def may_follow(before: ActionStatus, after: ActionStatus) -> bool:
    """Can an action go from `before` to `after`? Staying where it is, it always can."""
    return after is before or after in FOLLOWS[before]


def after_measure(status: ActionStatus, verdict: Verdict) -> ActionStatus:
    """Done, and the score moved up: the measure worked. Anything else is for people to decide on."""
    return ActionStatus.VERIFIED if status is ActionStatus.DONE and verdict is Verdict.MOVED_UP else status
