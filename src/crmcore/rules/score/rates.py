"""Shares that are counted over visits, orders and complaints: fixed at once, kept, come back, lost.

Each takes its numerator and its denominator, so that both can be looked up; whom they count stands in the dictionary.
"""

from __future__ import annotations

from collections.abc import Callable

from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.score.scores import Score, share_score

Rate = Callable[[int, int, ScorePolicy], Score]


def rate(metric: str) -> Rate:
    """`hits` of `n` under the id of a metric."""

    def of(hits: int, n: int, policy: ScorePolicy) -> Score:
        return share_score(hits, n, policy, metric=metric)

    return of


def inverse(metric: str) -> Rate:
    """Those who are not `hits`, of `n`: fixed at once are those that did not come back."""

    def of(hits: int, n: int, policy: ScorePolicy) -> Score:
        return share_score(n - hits, n, policy, metric=metric)

    return of
