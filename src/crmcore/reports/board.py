"""The facts of the complaint board: what is open and how long it may still take, what was complained about, how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmcore.reports.facts import Head, Named, plainly
from crmcore.rules.board import Lane
from crmcore.types.complaint import Basis, ClockKind, ComplaintState, Severity


@attrs.frozen(kw_only=True)
class Open:
    """One open case.

    Attributes:
        customer: masked.
        owner / first_asked: staff codes; None: nobody yet.
        clock: the one that matters now; None when none runs, and then the next three mean nothing.
        due_at: local time of its store.
        left: minutes of `basis` until it runs out; negative: since it did.
        provisional: the holidays of those days are not announced yet.
        level: the highest rung of the ladder that was climbed in this round; 0: none.
        repeat: the customer complained before, within the dealer's time for it.
    """

    id: str
    lane: Lane
    state: ComplaintState
    severity: Severity
    category: str
    store: str
    customer: str
    owner: str | None
    first_asked: str | None
    received_at: str
    clock: ClockKind | None
    basis: Basis | None
    due_at: str
    left: int
    provisional: bool
    round: int
    level: int
    repeat: bool


@attrs.frozen(kw_only=True)
class Climbed:
    """A rung of the ladder; `late`: minutes between its time and the time it was noticed."""

    id: str
    level: int
    clock: ClockKind
    role: str
    staff: str | None
    due_at: str
    at: str
    late: int


@attrs.frozen(kw_only=True)
class Bar:
    """One bar of a Pareto chart, the largest first; `share` and `cumulated` of all, 0 to 1."""

    code: str
    n: int
    share: float
    cumulated: float


@attrs.frozen(kw_only=True)
class Kept:
    """Deadlines of one kind that were met, of those that were met or missed."""

    clock: ClockKind
    kept: int
    n: int


@attrs.frozen(kw_only=True)
class Step:
    """Minutes by the wall clock from receipt to a step, of the cases that have taken it."""

    code: str
    n: int
    median: int | None
    p90: int | None


@attrs.frozen(kw_only=True)
class Board:
    """Everything on the page; what is open is open at `head.generated_at`, the rest is about cases received in the period.

    Attributes:
        elsewhere: open cases of the dealer's own list, which has no clocks here.
        avoidable / judged: cases that could have been avoided, of those somebody has judged.
        complainants / repeaters: known customers who complained, and those of them who had complained before.
    """

    head: Head
    cases: tuple[Open, ...]
    elsewhere: int
    received: int
    categories: tuple[Bar, ...]
    causes: tuple[Bar, ...]
    departments: tuple[Bar, ...]
    colleagues: tuple[Bar, ...]
    avoidable: int
    judged: int
    complainants: int
    repeaters: int
    repeat_days: int
    kept: tuple[Kept, ...]
    steps: tuple[Step, ...]
    escalations: tuple[Climbed, ...]
    words: Named

    def as_json(self) -> dict[str, Any]:
        """The same facts for machines: codes, not prose."""
        return plainly("report.board", self)


def pareto(counts: Mapping[str, int]) -> tuple[Bar, ...]:
    """The most frequent first, each with its share and the share of all before and with it."""
    whole, so_far, bars = sum(counts.values()), 0, []
    for code, n in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        so_far += n
        bars.append(Bar(code=code, n=n, share=n / whole, cumulated=so_far / whole))
    return tuple(bars)
