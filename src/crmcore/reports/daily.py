"""The daily report: what came in, what went out, what did not and why, what waits for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Line:
    """Something that was held, refused, failed, suppressed or rejected, in words.

    Attributes:
        id: "M3", "T12" or "J4"; `crmcore explain` says more.
        who: a masked name or the shape of the value; never a full name or number.
        why: the reason in words; `fix` what to do, where there is something to do.
    """

    id: str
    what: str
    who: str
    state: str
    code: str
    why: str
    fix: str = ""


@attrs.frozen(kw_only=True)
class Daily:
    """Everything on the page; counts are facts of the database at `generated_at`.

    Attributes:
        generated_at / data_through: local time of the store, minutes; the last pull of the oldest source.
        texts: template -> state -> count.
        ahead: local date -> rule -> count, for the next seven days.
        lines: what did not happen, with its reason.
    """

    store: str
    generated_at: str
    data_through: str
    sources: Sequence[Mapping[str, Any]]
    calls: int
    calls_late: int
    waiting: Mapping[str, int]
    texts: Mapping[str, Mapping[str, int]]
    ahead: Mapping[str, Mapping[str, int]]
    lines: Sequence[Line]
    labels: Mapping[str, str]  # codes of rules, templates and states -> words in the language of the page

    def as_json(self) -> dict[str, Any]:
        """The same facts for machines: codes, not prose."""
        facts = attrs.asdict(self)
        del facts["labels"]
        return {"schema": "crmcore/report.daily@1", **facts}
