"""The facts of the analysis of callbacks (无效回访分析, S3): what calls came to, why, with whose customers, and how numbers decay."""

from __future__ import annotations

from datetime import date

import attrs


@attrs.frozen(kw_only=True)
class ResultCount:
    """One call result of the list: how many calls ended so; `share` of all calls, 0 to 1."""

    result: str
    label: str
    outcome: str
    cause: str
    calls: int
    share: float


@attrs.frozen(kw_only=True)
class CauseCount:
    """One cause of calls that did not succeed, most frequent first: the bars of a Pareto chart.

    Attributes:
        outcome: FAILED or INVALID; a cause that has both has a row for each.
        share: of all calls that did not succeed, 0 to 1.
        cumulated: share of this and all before it.
    """

    cause: str
    label: str
    outcome: str
    outcome_label: str
    calls: int
    share: float
    cumulated: float


@attrs.frozen(kw_only=True)
class GroupCount:
    """The calls of one source of the data, one advisor's customers, or one caller.

    Attributes:
        code: the system, or the staff code; "" for what is not known.
        success / failed / invalid: calls by outcome family.
        customers: customers who were called; `reached`: those of them with at least one successful call.
    """

    code: str
    label: str
    calls: int
    success: int
    failed: int
    invalid: int
    customers: int
    reached: int

    @property
    def reach_rate(self) -> float | None:
        """Customers reached among customers called; None where nobody was called."""
        return self.reached / self.customers if self.customers else None


@attrs.frozen(kw_only=True)
class Decay:
    """How many of the numbers dialled in a month were found wrong or dead, by the system the customer came from.

    Attributes:
        month: local month of the call, "2026-11".
        dialled / bad: different numbers.
    """

    source: str
    label: str
    month: str
    dialled: int
    bad: int

    @property
    def share(self) -> float:
        """Bad among dialled, 0 to 1."""
        return self.bad / self.dialled if self.dialled else 0.0


@attrs.frozen(kw_only=True)
class CallQuality:
    """Everything the page of calls needs, in words of one language; counts only, no customer.

    Attributes:
        since / until: local dates of the calls, both inclusive.
        generated_at / data_through: local time of the store, minutes; the last call that was recorded, "" without any.
        success / failed / invalid: calls by outcome family; they add up to `calls`.
        customers / reached: customers called, and those with at least one successful call.
        calls_to_reached: calls that were made to customers who were reached in the period.
        late: calls recorded later than the handover clock allows.
        given_up: callbacks that ended as given up in the period.
        instead: texts that went instead of a call (CALL_MISSED).
        proposals: wrong or dead numbers that still wait for a correction.
    """

    store: str
    since: date
    until: date
    generated_at: str
    data_through: str
    calls: int
    success: int
    failed: int
    invalid: int
    customers: int
    reached: int
    calls_to_reached: int
    late: int
    given_up: int
    instead: int
    proposals: int
    results: tuple[ResultCount, ...]
    causes: tuple[CauseCount, ...]
    sources: tuple[GroupCount, ...]
    advisors: tuple[GroupCount, ...]
    callers: tuple[GroupCount, ...]
    decay: tuple[Decay, ...]

    @property
    def reach_rate(self) -> float | None:
        """Customers reached among customers called; None where nobody was called."""
        return self.reached / self.customers if self.customers else None

    @property
    def attempts_per_reached(self) -> float | None:
        """Calls it took for one customer who was reached; None where nobody was."""
        return self.calls_to_reached / self.reached if self.reached else None
