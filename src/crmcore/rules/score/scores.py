"""A number that says how sure it is. Values are exact; only what is shown is rounded."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

import attrs

from crmcore.rules.score.intervals import student, wilson
from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.score.samples import INDEX, NPS, Sample


class Unit(StrEnum):
    """What a value is counted in. SHARE lies between 0 and 1 and is shown as percent; SCALE is that of the question."""

    SCALE = "SCALE"
    INDEX_100 = "INDEX_100"
    INDEX_1000 = "INDEX_1000"
    SHARE = "SHARE"
    NPS = "NPS"


#: Shown steps: one decimal of an index and of a percentage, whole points of the 1,000 and of the NPS, two of a raw mean.
STEPS = {
    Unit.SCALE: Decimal("0.01"),
    Unit.INDEX_100: Decimal("0.1"),
    Unit.INDEX_1000: Decimal(1),
    Unit.SHARE: Decimal("0.1"),
    Unit.NPS: Decimal(1),
}

_NAMED = {INDEX: ("index_100", Unit.INDEX_100), NPS: ("nps", Unit.NPS)}


@attrs.frozen(kw_only=True)
class Score:
    """One derived number.

    Attributes:
        n: people (or orders, or complaints) it rests on; an index that rests on several factors: on the one with fewest.
        value: exact, in `unit`; None when nobody answered.
        low / high: ends of its interval; None where none can be told: under two people, or no spread at all among them.
        method: "<metric>[/<variant>]:<interval>", e.g. "top_box/2_of_10:wilson"; equal methods can be compared.
        error: standard error of a mean; None for shares and under two people.
        freedom: its degrees of freedom.
    """

    n: int
    value: Fraction | None
    low: float | None = None
    high: float | None = None
    method: str
    unit: Unit
    error: float | None = None
    freedom: int | None = None

    @property
    def metric(self) -> str:
        """Its id in the metric dictionary."""
        return self.method.partition(":")[0].partition("/")[0]


def mean_score(sample: Sample, policy: ScorePolicy) -> Score:
    """Mean of a sample with Student's interval: of an index, of the NPS, or on the scale of the question as it is."""
    low, high = sample.scale
    metric, unit = _NAMED.get(sample.scale, (f"mean/{low}_to_{high}", Unit.SCALE))
    return estimate(sample, policy, method=f"{metric}:t", unit=unit)


def estimate(sample: Sample, policy: ScorePolicy, *, method: str, unit: Unit) -> Score:
    """The mean of a sample under the name of a method."""
    variance = sample.variance
    error = None if variance is None else math.sqrt(variance)
    score = Score(n=sample.n, value=sample.mean, method=method, unit=unit, error=error, freedom=max(sample.n - 1, 0))
    return with_interval(score, policy, sample.scale)


def with_interval(score: Score, policy: ScorePolicy, scale: tuple[int, int]) -> Score:
    """A mean with its interval, cut off where its scale ends; without spread there is nothing to tell one from."""
    if not score.error or score.value is None or score.freedom is None:
        return score
    low, high = student(float(score.value), score.error, score.freedom, policy.confidence)
    return attrs.evolve(score, low=max(low, float(scale[0])), high=min(high, float(scale[1])))


def share_score(hits: int, n: int, policy: ScorePolicy, *, metric: str) -> Score:
    """A share with Wilson's interval; `metric` is its id, with a variant where it has one."""
    if not 0 <= hits <= n:
        raise ValueError("a share counts a part of a whole")
    low, high = wilson(hits, n, policy.confidence) or (None, None)
    value = Fraction(hits, n) if n else None
    return Score(n=n, value=value, low=low, high=high, method=f"{metric}:wilson", unit=Unit.SHARE)


def rounded(value: Fraction | float, unit: Unit) -> Decimal:
    """A value, an end of an interval or a difference as it is shown: half up, away from zero; shares as percent."""
    exact = Fraction(value) * (100 if unit is Unit.SHARE else 1)
    with localcontext() as context:
        context.prec = 60
        return (Decimal(exact.numerator) / exact.denominator).quantize(STEPS[unit], ROUND_HALF_UP)
