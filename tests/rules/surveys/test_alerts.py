"""Which answers are so low that somebody has to call back."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.surveys.alerts import about, low_answers
from crmcore.types.survey import Answer, Mode, Question, QuestionKind, Response, Side, Survey, SurveyScope

WORDS = {"zh": "?", "en": "?"}


def scale(code, **known):
    return Question(code=code, text=WORDS, minimum=1, maximum=10, **known)


QUESTIONS = [
    scale("LOW", alert_below=4),
    scale("WAIT", alert_below=4, reverse=True),
    scale("QUIET"),
    Question(code="FIXED", text=WORDS, kind=QuestionKind.YESNO, alert_below=1),
    Question(code="AGAIN", text=WORDS, kind=QuestionKind.YESNO, alert_below=1, reverse=True),
    Question(code="ENDLESS", text=WORDS, alert_below=3),
    Question(code="ADVICE", text=WORDS, kind=QuestionKind.TEXT),
]
SURVEY = Survey(
    code="s", version="1", label=WORDS, scope=SurveyScope.SERVICE, factors={}, source="",
    questions={each.code: each for each in QUESTIONS},
)  # fmt: skip


def low(question, value, minimum=None, maximum=None, **known):
    answer = Answer(question=question, value=value, minimum=minimum, maximum=maximum, **known)
    response = Response(
        id="", survey="s", side=Side.INTERNAL, mode=Mode.PHONE, store="S01",
        completed_at=datetime(2026, 11, 22, tzinfo=UTC), answers=(answer,),
    )  # fmt: skip
    return low_answers(response, SURVEY)


@pytest.mark.parametrize(
    ("question", "value", "limit"),
    [("LOW", "3", 4), ("LOW", "4", None), ("LOW", "3.9", 4), ("QUIET", "1", None), ("FIXED", "否", 1), ("FIXED", "是", None),
     ("ADVICE", "太慢", None), ("ENDLESS", "1", None), ("?Q7", "1", None), ("LOW", "坏", None)],
)  # fmt: skip
def test_below_the_limit_alerts(question, value, limit):
    """The limit itself does not; what has no limit, no scale or no number never does."""
    assert (None if limit is None else Decimal(limit)) == next((each[2] for each in low(question, value)), None)


@pytest.mark.parametrize(("question", "value", "alerts"), [("WAIT", "8", True), ("WAIT", "7", False), ("AGAIN", "Y", True), ("AGAIN", "N", False)])  # fmt: skip
def test_where_low_is_good_the_limit_is_mirrored(question, value, alerts):
    """Below 4 of ten becomes above 7; a yes to "again?" is the bad answer."""
    assert alerts == bool(low(question, value))


@pytest.mark.parametrize(("question", "value", "alerts"), [("LOW", "2", True), ("LOW", "3", False), ("WAIT", "4", True), ("WAIT", "3", False)])  # fmt: skip
def test_on_another_scale_its_share_counts(question, value, alerts):
    """Four of ten is 2.33 of five."""
    assert alerts == bool(low(question, value, 1, 5))


def test_what_does_not_apply_never_alerts():
    """It is no low score."""
    assert () == low("LOW", "", na=True)


@given(st.integers(1, 10))
def test_a_mirrored_question_alerts_on_the_mirrored_answer(value):
    """And on no other."""
    assert bool(low("LOW", str(value))) == bool(low("WAIT", str(11 - value)))


PRICE = [
    scale("COST", alert_below=4, category="PRICE"),
    scale("WAIT", alert_below=4, reverse=True, category="TIMELINESS"),
    scale("OVERALL", alert_below=6),
    Question(code="FIXED", text=WORDS, kind=QuestionKind.YESNO, alert_below=1, category="REPAIR_QUALITY"),
    Question(code="AGAIN", text=WORDS, kind=QuestionKind.YESNO, alert_below=1, reverse=True, category="OTHER"),
]


@pytest.mark.parametrize(
    ("found", "category"),
    [
        ([], None),
        ([("OVERALL", 1, 6)], None),
        ([("OVERALL", 1, 6), ("COST", 3, 4)], "PRICE"),
        ([("COST", 3, 4), ("FIXED", 0, 1)], "REPAIR_QUALITY"),
        ([("COST", 2, 4), ("WAIT", 9, 7)], "PRICE"),
        ([("COST", 3, 4), ("AGAIN", 1, 0)], "OTHER"),
        ([("COST", 1, 4), ("COST", 1, 4)], "PRICE"),
    ],
)
def test_the_worst_answer_says_what_it_is_about(found, category):
    """The one furthest below its limit; one that does not tell is passed over, and of two alike the first is meant."""
    survey = Survey(
        code="s", version="1", label=WORDS, scope=SurveyScope.SERVICE, factors={}, source="",
        questions={each.code: each for each in PRICE},
    )  # fmt: skip

    assert category == about([(code, Decimal(value), Decimal(limit)) for code, value, limit in found], survey)
