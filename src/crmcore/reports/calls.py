"""The facts of the calls page: what is on the worklist now, and what the calls of the period came to."""

from __future__ import annotations

from typing import Any

import attrs

from crmcore.reports.call_quality import CallQuality
from crmcore.reports.facts import Head, Named, plainly


@attrs.frozen(kw_only=True)
class Due:
    """One call of the worklist.

    Attributes:
        customer: masked.
        executor: a staff code, or the role that is to call.
        due_at / deadline_at: local time of its store; "" without a deadline.
        attempts: how often it was tried.
    """

    id: str
    rule: str
    store: str
    customer: str
    executor: str
    due_at: str
    deadline_at: str
    attempts: int
    late: bool


@attrs.frozen(kw_only=True)
class Calls:
    """Everything on the page.

    Attributes:
        due: what can be called now, the nearest deadline first.
        quality: the analysis of calls by store; one store's figures stand in the words of its own period.
    """

    head: Head
    due: tuple[Due, ...]
    quality: CallQuality
    words: Named

    def as_json(self) -> dict[str, Any]:
        """The same facts for machines: codes, not prose."""
        told = plainly("report.calls", self)
        return {**told, "quality": _codes(told["quality"])}


def _codes(value: Any) -> Any:
    """The analysis without its words."""
    if isinstance(value, list):
        return [_codes(each) for each in value]
    if isinstance(value, dict):
        return {key: _codes(each) for key, each in value.items() if key not in {"label", "outcome_label"}}
    return value
