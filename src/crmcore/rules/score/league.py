"""Advisors and stores side by side, and one of them alone: league, ability profile, trend.

A place in a table is read as a judgement of a person, so nobody has one whom too few customers have answered for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from crmcore.rules.score.compare import Comparison, compare
from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.score.samples import Sample, pooled
from crmcore.rules.score.scores import Score, mean_score


@attrs.frozen(kw_only=True)
class Place:
    """One line of the league.

    Attributes:
        rank: 1 is the best, equal values share a rank and leave the next ones out (1, 2, 2, 4); None under `min_n`.
        rest: against everybody else together; NOISE: the rank says little.
    """

    key: str
    rank: int | None
    score: Score
    rest: Comparison


@attrs.frozen(kw_only=True)
class Ability:
    """One item of a person's profile (S3: 能力分析, 0 to 100), with the colleagues' score beside it."""

    item: str
    score: Score
    colleagues: Score
    rest: Comparison


@attrs.frozen(kw_only=True)
class Step:
    """One period of a trend; `change` is against the period before it, None for the first."""

    period: str
    score: Score
    change: Comparison | None


def league(rows: Mapping[str, Sample], policy: ScorePolicy) -> tuple[Place, ...]:
    """From the best down, those without a rank behind, by key; all samples on one scale, each of different people."""
    if not rows:
        return ()
    scale = next(iter(rows.values())).scale
    everybody = pooled(rows.values(), scale)
    scores = {key: mean_score(sample, policy) for key, sample in rows.items()}
    ranked = {key: score.value for key, score in scores.items() if score.value is not None and score.n >= policy.min_n}
    ranks = {key: 1 + sum(other > value for other in ranked.values()) for key, value in ranked.items()}
    places = [
        Place(
            key=key,
            rank=ranks.get(key),
            score=scores[key],
            rest=compare(mean_score(everybody - sample, policy), scores[key], policy, family=max(len(ranked), 1)),
        )
        for key, sample in rows.items()
    ]
    return tuple(sorted(places, key=lambda place: (place.rank is None, place.rank or 0, place.key)))


def profile(own: Mapping[str, Sample], everybody: Mapping[str, Sample], policy: ScorePolicy) -> tuple[Ability, ...]:
    """A person's items beside those of the colleagues; `everybody` has each item of `own` and includes the person."""
    found = []
    for item, sample in own.items():
        mine, others = mean_score(sample, policy), mean_score(everybody[item] - sample, policy)
        rest = compare(others, mine, policy, family=len(own))
        found.append(Ability(item=item, score=mine, colleagues=others, rest=rest))
    return tuple(found)


def trend(periods: Sequence[tuple[str, Sample]], policy: ScorePolicy) -> tuple[Step, ...]:
    """Scores period by period, in the order given; also for a person, a factor or an item."""
    scores = [(period, mean_score(sample, policy)) for period, sample in periods]
    earlier = [None, *(score for _, score in scores)]
    return tuple(
        Step(period=period, score=score, change=None if before is None else compare(before, score, policy))
        for (period, score), before in zip(scores, earlier, strict=False)
    )
