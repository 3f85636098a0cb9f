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
    missed: dict[Step, list[Draft]] = defaultdict(list)
    kept: list[Draft] = []
    for draft in drafts:
        if draft.timing.late_after < now:
            missed[step_of(rules[draft.rule], draft.subject, draft.key)].append(draft)
        else:
            kept.append(draft)
    overtaken: list[Draft] = []
    for step, late in missed.items():
        *earlier, last = sorted(late, key=lambda draft: draft.timing.late_after)
        overtaken += earlier
        behind = any(at > last.timing.late_after for at in planned.get(step, ()))
        (overtaken if behind else kept).append(last)
    return kept, overtaken
