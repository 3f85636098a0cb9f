"""Which answers are so low that somebody has to call back (S3: 内调中发现客户不满，及时跟进处理)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from crmcore.rules.surveys.reading import number_of, scale_of
from crmcore.types.survey import Answer, Question, QuestionKind, Response, Survey

_CENT = Decimal("0.01")


def low_answers(response: Response, survey: Survey) -> tuple[tuple[str, Decimal, Decimal], ...]:
    """(question, value, limit) of each answer on the bad side of its limit, both on the scale it was given on.

    An answer on another scale than ours is compared by its share of that scale; where low is good the limit is mirrored.
    """
    found = []
    for given in response.answers:
        question = survey.questions.get(given.question)
        if question is None or question.alert_below is None or given.na:
            continue
        value, limit = number_of(given.value), _limit(question, given)
        if value is not None and limit is not None and (value > limit if question.reverse else value < limit):
            found.append((question.code, value, limit))
    return tuple(found)


def about(found: Iterable[tuple[str, Decimal, Decimal]], survey: Survey) -> str | None:
    """What low answers are a complaint about: the category of the one furthest below its limit that has one."""
    telling = [
        (abs(limit - value) / max(limit, Decimal(1)), -place, category)
        for place, (code, value, limit) in enumerate(found)
        if (category := survey.questions[code].category) is not None
    ]
    return max(telling)[2] if telling else None


def _limit(question: Question, given: Answer) -> Decimal | None:
    """Where the alert begins, on the scale of this answer; None where no scale is known."""
    assert question.alert_below is not None
    low, high = (0, 1) if question.kind is QuestionKind.YESNO else scale_of(question)
    if low is None or high is None:
        return None
    limit = low + high - question.alert_below if question.reverse else question.alert_below
    least, most = (low, high) if given.minimum is None or given.maximum is None else (given.minimum, given.maximum)
    if (least, most) == (low, high):
        return Decimal(limit)
    return (least + Decimal(limit - low) * (most - least) / (high - low)).quantize(_CENT)
