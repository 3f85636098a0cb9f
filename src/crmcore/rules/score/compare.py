"""Moved, or noise? Two scores moved apart when the interval of their difference leaves out zero.

Means: Welch's t, which does not take the two spreads for equal. Shares: Newcombe's hybrid of two Wilson intervals, which
holds for small and for extreme shares. The two must be of different people; for one store against the whole, take it out first.
"""

from __future__ import annotations

import math
from enum import StrEnum
from fractions import Fraction

import attrs

from crmcore.rules.score.intervals import Interval, student, wilson
from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.score.scores import Score, Unit


class Verdict(StrEnum):
    """Up and down are directions of the number; whether up is good the metric says."""

    MOVED_UP = "MOVED_UP"
    MOVED_DOWN = "MOVED_DOWN"
    NOISE = "NOISE"
    TOO_FEW = "TOO_FEW"


@attrs.frozen(kw_only=True)
class Comparison:
    """What `after` says about `before`: a later period, another store, the other side.

    Attributes:
        difference: after - before, in their unit; None where one of them has no value.
        low / high: its interval; None with TOO_FEW.
        method: "<metric>:welch" or "<metric>:newcombe".
    """

    verdict: Verdict
    difference: Fraction | None
    low: float | None = None
    high: float | None = None
    method: str
    unit: Unit


def compare(before: Score, after: Score, policy: ScorePolicy, *, family: int = 1) -> Comparison:
    """Has it moved?

    Args:
        before: what is compared with: the earlier period, the others, the internal side.
        after: what is looked at.
        policy: `min_n` and `confidence`.
        family: how many comparisons are read together; each is made the stricter (Bonferroni), so that of twenty advisors
            not one seems to stand out by chance alone.
    """
    if before.method != after.method or before.unit is not after.unit:
        raise ValueError("scores of different methods say nothing about each other")
    if before.value is None or after.value is None:
        return _told(after, Verdict.TOO_FEW, None, None)
    difference = after.value - before.value
    if min(before.n, after.n) < policy.min_n:
        return _told(after, Verdict.TOO_FEW, difference, None)
    confidence = 1 - (1 - policy.confidence) / family
    ends = (newcombe if after.unit is Unit.SHARE else welch)(before, after, float(difference), confidence)
    if ends[0] <= 0 <= ends[1]:
        return _told(after, Verdict.NOISE, difference, ends)
    return _told(after, Verdict.MOVED_UP if difference > 0 else Verdict.MOVED_DOWN, difference, ends)


def _told(score: Score, verdict: Verdict, difference: Fraction | None, ends: Interval | None) -> Comparison:
    low, high = ends or (None, None)
    how = "newcombe" if score.unit is Unit.SHARE else "welch"
    return Comparison(
        verdict=verdict,
        difference=difference,
        low=low,
        high=high,
        unit=score.unit,
        method=f"{score.method.rpartition(':')[0]}:{how}",
    )


def welch(before: Score, after: Score, difference: float, confidence: float) -> Interval:
    """Interval of a difference of means, each of at least two people; without spread on either side it has no width."""
    (ours, freedom), (theirs, others) = _error(after), _error(before)
    if ours + theirs == 0:
        return difference, difference
    both = (ours + theirs) ** 2 / (ours**2 / freedom + theirs**2 / others)
    return student(difference, math.sqrt(ours + theirs), both, confidence)


def _error(score: Score) -> tuple[float, int]:
    """Squared standard error, and its degrees of freedom."""
    assert score.error is not None
    assert score.freedom is not None
    return score.error**2, score.freedom


def newcombe(before: Score, after: Score, difference: float, confidence: float) -> Interval:
    """Interval of a difference of shares (Newcombe 1998, method 10: no continuity correction)."""
    (below, above), (others_below, others_above) = _arms(after, confidence), _arms(before, confidence)
    return difference - math.hypot(below, others_above), difference + math.hypot(above, others_below)


def _arms(score: Score, confidence: float) -> Interval:
    """How far Wilson's interval reaches below and above a share."""
    share = score.value or Fraction()
    low, high = wilson(int(share * score.n), score.n, confidence) or (0.0, 1.0)
    return float(share) - low, high - float(share)
