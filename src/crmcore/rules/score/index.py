"""Answers on any scale -> the figures a dealer knows: index of 100 and of 1,000, top box, CSAT, NPS, bands of loyalty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

import attrs

from crmcore.rules.score.policy import BANDS, ScorePolicy
from crmcore.rules.score.samples import NPS, Sample, Spread
from crmcore.rules.score.scores import Score, Unit, estimate, mean_score, share_score

#: The one scale on which "would you recommend us" makes an NPS (C27a), with the answers that promote and detract.
RECOMMEND = (0, 10)
PROMOTES, DETRACTS = 9, 6


def index_100(value: Fraction | int, minimum: int, maximum: int, *, reverse: bool = False) -> Fraction:
    """One answer on 0 to 100: its distance from the worst end. 1 of 1-10 is 0, not 10; 10 is 100 on every scale."""
    if not minimum <= value <= maximum or minimum == maximum:
        raise ValueError("an answer lies outside its scale")
    distance = maximum - value if reverse else value - minimum
    return Fraction(distance * 100) / (maximum - minimum)


def index_1000(sample: Sample, policy: ScorePolicy) -> Score:
    """The index of a sample on 0 to 1,000: ten times that of 100; no factor is weighted in it."""
    score = mean_score(sample, policy)
    if score.unit is not Unit.INDEX_100:
        raise ValueError("only an index can be shown on 1,000")
    return attrs.evolve(
        score,
        value=None if score.value is None else score.value * 10,
        low=None if score.low is None else score.low * 10,
        high=None if score.high is None else score.high * 10,
        error=None if score.error is None else score.error * 10,
        method="index_1000:t",
        unit=Unit.INDEX_1000,
    )


def top_box(spread: Spread, policy: ScorePolicy) -> Score:
    """Share of the best `top_box` answers: 9 and 10 of 1-10. How many of how many is part of the method, so that 2 of 5 is never held against 2 of 10."""
    low, high = spread.scale
    top = min(policy.top_box, high - low)
    hits = spread.where(lambda answer: answer > high - top)
    return share_score(hits, spread.n, policy, metric=f"top_box/{top}_of_{high - low + 1}")


def csat(spread: Spread, policy: ScorePolicy) -> Score:
    """Share of answers whose index reaches `satisfied_from`: 8 of 1-10 and 4 of 1-5, where it is 70."""
    hits = spread.where(lambda answer: index_100(answer, *spread.scale) >= policy.satisfied_from)
    return share_score(hits, spread.n, policy, metric=f"csat/from_{policy.satisfied_from}")


def nps_sample(spread: Spread) -> Sample:
    """Each person as 100 (promoter), 0 or -100 (detractor); nobody, where the question was not asked on 0-10."""
    if spread.scale != RECOMMEND:
        return Sample.empty(NPS)
    up, down = spread.where(lambda answer: answer >= PROMOTES), spread.where(lambda answer: answer <= DETRACTS)
    return Sample.single(NPS, spread.n, (up - down) * 10_000, (up + down) * 10_000**2)


def nps(spread: Spread, policy: ScorePolicy) -> Score:
    """Percent of promoters (9-10) minus percent of detractors (0-6), with Student's interval over -100, 0 and 100."""
    return estimate(nps_sample(spread), policy, method="nps:t", unit=Unit.NPS)


def band(index: Fraction | int, policy: ScorePolicy) -> str:
    """S0's band of an index: what an answer of this height does to loyalty."""
    return max((name for name in BANDS[1:] if index >= policy.bands[name]), key=BANDS.index, default=BANDS[0])


def bands(spread: Spread, policy: ScorePolicy) -> Mapping[str, Score]:
    """Share of people in each of S0's bands, from the dissatisfied up. A mean has no band: half 1 and half 10 is not "neutral"."""
    found: Counter[str] = Counter()
    for answer, count in spread.counts.items():
        found[band(index_100(spread.upright(answer), *spread.scale), policy)] += count
    limits = "_".join(str(policy.bands[name]) for name in BANDS[1:])
    return {
        name: share_score(found[name], spread.n, policy, metric=f"loyalty_band/{name.lower()}_{limits}")
        for name in BANDS
    }
