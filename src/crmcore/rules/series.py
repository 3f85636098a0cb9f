"""When an event becomes known late, only the latest missed step of its series is due, at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from crmcore.rules.care import Draft
from crmcore.types.contact import TouchpointRule

Step = tuple[str, str, str]  # series (or rule), subject, anchor


def step_of(rule: TouchpointRule, subject: str, key: str) -> Step:
    """What a contact is a step of: its series, or the repeats of its own rule."""
    return (rule.series or rule.code, subject, key)


def latest_missed(
    drafts: Iterable[Draft],
    rules: Mapping[str, TouchpointRule],
    planned: Mapping[Step, Collection[datetime]],
    now: datetime,
) -> tuple[list[Draft], list[Draft]]:
    """Split new `drafts` into those to plan and those that a later step has overtaken.

    Args:
        planned: for each series and event, when the steps that are already there are late; an earlier one is not added behind them.
    """
    steps: dict[Step, list[Draft]] = defaultdict(list)
    for draft in drafts:
        steps[step_of(rules[draft.rule], draft.subject, draft.key)].append(draft)
    kept: list[Draft] = []
    overtaken: list[Draft] = []
    for step, theirs in steps.items():
        for draft in theirs:
            behind = any(at > draft.timing.late_after for at in planned.get(step, ()))
            gone_by = draft.timing.late_after < now and (
                behind or any(_overtakes(other, draft, now) for other in theirs)
            )
            (overtaken if gone_by else kept).append(draft)
    return kept, overtaken


def _overtakes(later: Draft, missed: Draft, now: datetime) -> bool:
    """Has the time of a later step come? Two that are owed from the same instant on wait for each other's deadline."""
    if later.timing.late_after <= missed.timing.late_after or later.timing.due > now:
        return False
    return later.timing.late_after < now or later.timing.due > missed.timing.due
