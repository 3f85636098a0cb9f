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
        return plainly("report.calls", self)
