"""Questionnaires whose parts fit together, and answers on the scales they were asked on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.testing.strategies import plain
from crmcore.testing.strategies.plain import KNOWN, Fields, few, makes, maybe
from crmcore.types.store import Role
from crmcore.types.survey import Answer, Factor, Mode, Question, QuestionKind, Response, Side, Survey, SurveyScope

_SCALES = {QuestionKind.SCALE: (1, 10), QuestionKind.NPS: (0, 10)}
_CHOICES = {"FAST": {"zh": "快", "en": "fast"}, "NEAR": {"zh": "近", "en": "near"}}


@makes(Factor)
def factors(draw: DrawFn) -> Fields:
    """Branches of an index; a weight that is not known is not invented."""
    return {
        "code": draw(plain.codes()),
        "label": draw(plain.labels()),
        "weight": draw(maybe(st.integers(1, 100).map(lambda share: Decimal(share).scaleb(-2)))),
        "parent": None,
        "source": draw(st.sampled_from(["", "C12"])),
    }


@makes(Question)
def questions(draw: DrawFn) -> Fields:
    """Items: a scale has two ends, an alert lies between them, and choices stand where one chooses."""
    kind = draw(st.sampled_from(QuestionKind))
    least, most = _SCALES.get(kind, (None, None))
    scaled = kind in _SCALES
    chosen = kind in {QuestionKind.SINGLE, QuestionKind.MULTI}
    return {
        "code": draw(plain.codes()),
        "text": draw(plain.labels()),
        "kind": kind,
        "factor": None,
        "minimum": least,
        "maximum": most,
        "reverse": draw(st.booleans()) if kind is QuestionKind.SCALE else False,
        "alert_below": draw(maybe(st.integers(2, 9))) if scaled else None,
        "category": draw(maybe(st.sampled_from(["SERVICE_ATTITUDE", "REPAIR_QUALITY"]))),
        "phone": draw(st.booleans()),
        "choices": _CHOICES if chosen else {},
        "source": draw(st.sampled_from(["", "S1"])),
    }


@makes(Survey)
def surveys(draw: DrawFn) -> Fields:
    """Questionnaires: factors hang on factors that exist, and questions count for them."""
    found = draw(st.lists(factors(), max_size=3, unique_by=lambda each: each.code))
    codes = [each.code for each in found]
    belongs = st.sampled_from([None, *codes])
    asked = draw(st.lists(questions(factor=belongs), min_size=1, max_size=4, unique_by=lambda each: each.code))
    return {
        "code": draw(st.sampled_from(["aftersales", "delivery"])),
        "version": draw(st.sampled_from(["1", "2"])),
        "label": draw(plain.labels()),
        "scope": draw(st.sampled_from(SurveyScope)),
        "role": draw(maybe(st.sampled_from([Role.SALES_CONSULTANT, Role.SERVICE_ADVISOR]))),
        "factors": {each.code: each for each in found},
        "questions": {each.code: each for each in asked},
        "source": draw(st.sampled_from(["S1", "C12"])),
    }


def answers(question: SearchStrategy[Question] | Question | None = None) -> SearchStrategy[Answer]:
    """Answers that fit a question; default: any question."""
    if isinstance(question, Question):
        return _answer(question)
    return (question or questions()).flatmap(_answer)


@st.composite
def _answer(draw: DrawFn, question: Question) -> Answer:
    na = draw(st.booleans())
    return Answer(
        question=question.code,
        value="" if na else draw(_value(question)),
        na=na,
        comment=draw(plain.texts()),
        minimum=question.minimum,
        maximum=question.maximum,
    )


def _value(question: Question) -> SearchStrategy[str]:
    if question.minimum is not None and question.maximum is not None:
        return st.integers(question.minimum, question.maximum).map(str)
    match question.kind:
        case QuestionKind.YESNO:
            return st.sampled_from(["1", "0"])
        case QuestionKind.SINGLE:
            return st.sampled_from(sorted(question.choices))
        case QuestionKind.MULTI:
            return st.lists(st.sampled_from(sorted(question.choices)), min_size=1, unique=True).map(",".join)
        case _:
            return plain.lines()


@st.composite
def responses(draw: DrawFn, /, survey: Survey | None = None, **fields: Any) -> Response:
    """Filled questionnaires: each question is answered once, on its own scale.

    Args:
        survey: the one that was filled in; default: any.
        fields: strategies that stand in for what a field is drawn from.
    """
    asked = survey or draw(surveys())
    answered = draw(st.lists(st.sampled_from(sorted(asked.questions)), unique=True))
    times = plain.progress(draw, ("started_at", "completed_at"), 2)
    values: dict[str, Any] = {
        "id": draw(st.just("") | plain.ids("Q")),
        "survey": asked.code,
        "version": asked.version,
        "side": draw(st.sampled_from(Side)),
        "mode": draw(st.sampled_from(Mode)),
        "store": draw(plain.store_codes()),
        "customer_id": draw(maybe(plain.ids("C"))),
        "visit_id": draw(maybe(plain.ids("R"))),
        "vehicle_id": draw(maybe(plain.ids("V"))),
        "staff": draw(maybe(plain.staff_codes())),
        "wave": draw(st.sampled_from(["", "2026-Q3"])),
        "complete": len(answered) == len(asked.questions),
        "valid": draw(st.booleans()),
        "flags": draw(few(st.sampled_from(["STRAIGHT_LINE", "TOO_FAST"]), 2, unique=True)),
        "answers": tuple(draw(_answer(asked.questions[code])) for code in answered),
        **times,
    }
    return Response(**{**values, **{name: draw(each) for name, each in fields.items()}})


KNOWN[Answer] = answers
KNOWN[Response] = responses
