"""Factors and items of a questionnaire, and the one index above them. A weight that nobody has published is not guessed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

import attrs

from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.score.samples import INDEX, Sample
from crmcore.rules.score.scores import Score, Unit, estimate, mean_score, with_interval
from crmcore.types.survey import Factor, QuestionKind, Survey

#: The group of all questions that count for any factor.
EVERYTHING = "*"

_COUNTED = {QuestionKind.SCALE, QuestionKind.NPS, QuestionKind.YESNO}


@attrs.frozen(kw_only=True)
class FactorScore:
    """One factor with its items, in the order of the questionnaire; items without answers stand there with n = 0."""

    factor: str
    score: Score
    items: Mapping[str, Score]
    weight: Fraction | None = None


def groups(survey: Survey) -> Mapping[str, tuple[str, ...]]:
    """The questions to sum up together: for each factor its own and those of the factors below it, and `EVERYTHING`."""
    found: dict[str, list[str]] = {EVERYTHING: [], **{code: [] for code in survey.factors}}
    for code, question in survey.questions.items():
        if question.factor is not None and question.kind in _COUNTED:
            for group in (EVERYTHING, *_upwards(survey, question.factor)):
                found[group].append(code)
    return {group: tuple(questions) for group, questions in found.items()}


def _upwards(survey: Survey, factor: str | None) -> Iterator[str]:
    """A factor and those above it; each once, whatever the tree looks like."""
    seen: set[str] = set()
    while factor is not None and factor not in seen:
        seen.add(factor)
        yield factor
        factor = survey.factors[factor].parent


def factor_scores(
    survey: Survey, samples: Mapping[str, Sample], items: Mapping[str, Sample], policy: ScorePolicy
) -> tuple[FactorScore, ...]:
    """Every factor that asks something.

    Args:
        survey: the questionnaire.
        samples: by group of `groups`, on the index, summed over people.
        items: by question, on the index.
        policy: the confidence of the intervals.
    """
    return tuple(
        FactorScore(
            factor=code,
            score=mean_score(_index(samples, code), policy),
            items={question: mean_score(_index(items, question), policy) for question in questions},
            weight=_weight(survey.factors[code]),
        )
        for code, questions in groups(survey).items()
        if code != EVERYTHING and questions
    )


def index_score(survey: Survey, samples: Mapping[str, Sample], policy: ScorePolicy) -> Score:
    """The index of the whole questionnaire, from samples by group.

    Weighted only where the weight of every top factor is known; then a factor without answers leaves no index at all, since
    another formula for one month would look like a change. Otherwise the plain mean of all answers; the method says which.
    """
    top = [each for each in survey.factors.values() if each.parent is None]
    weights = {each.code: weight for each in top if (weight := _weight(each)) is not None}
    if len(weights) == len(top) and sum(weights.values()) > 0:
        return _weighted({code: (weight, _index(samples, code)) for code, weight in weights.items()}, policy)
    return estimate(_index(samples, EVERYTHING), policy, method="index_plain:t", unit=Unit.INDEX_100)


def _weighted(parts: Mapping[str, tuple[Fraction, Sample]], policy: ScorePolicy) -> Score:
    """Sum of weight x factor over the sum of the weights.

    The factors were answered by the same people, and how they go together is not known from sums; so the standard errors are
    added up as if they went together fully. The interval is never too narrow.
    """
    whole = sum((weight for weight, _ in parts.values()), Fraction())
    value, error, fewest = Fraction(), 0.0, min(sample.n for _, sample in parts.values())
    method = "index_weighted:t_cautious"
    for weight, sample in parts.values():
        if sample.mean is None:
            return Score(n=0, value=None, method=method, unit=Unit.INDEX_100)
        value += weight / whole * sample.mean
        error += float(weight / whole) * math.sqrt(sample.variance or 0)
    score = Score(n=fewest, value=value, method=method, unit=Unit.INDEX_100)
    if fewest < 2:
        return score
    return with_interval(attrs.evolve(score, error=error, freedom=fewest - 1), policy, INDEX)


def weakest(scores: Mapping[str, Score], policy: ScorePolicy) -> tuple[str, ...]:
    """What to mend first (S3 ranks weak items): from the lowest up, only what `min_n` people have answered."""
    known = [
        (score.value, code) for code, score in scores.items() if score.value is not None and score.n >= policy.min_n
    ]
    return tuple(code for _, code in sorted(known))


def _index(samples: Mapping[str, Sample], key: str) -> Sample:
    return samples.get(key, Sample.empty())


def _weight(factor: Factor) -> Fraction | None:
    return None if factor.weight is None else Fraction(factor.weight)
