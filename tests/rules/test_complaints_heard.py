"""What a second callback has heard: solved in so many words, one low answer is a no, full marks are more than before."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from tests.flows.complaining import config

from crmcore.rules.complaints.heard import asks, heard
from crmcore.types.complaint import Restoration
from crmcore.types.survey import Answer, Mode, Response, Side

SURVEY = config().surveys["complaint_followup"]
UNASKED = attrs.evolve(SURVEY, questions={})
YES, NO, MORE = Restoration.RESTORED, Restoration.NOT_RESTORED, Restoration.EXCEEDED


def answered(**said):
    answers = tuple(
        Answer(
            question=code, value=value, minimum=SURVEY.questions[code].minimum, maximum=SURVEY.questions[code].maximum
        )
        for code, value in said.items()
    )
    return Response(
        id="", survey=SURVEY.code, side=Side.INTERNAL, mode=Mode.PHONE, store="S01",
        completed_at=datetime(2026, 11, 22, tzinfo=UTC), answers=answers,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "said", "expected"),
    [
        ("DONE", {"SOLVED": "是"}, YES),
        ("DONE", {"SOLVED": "是", "OVERALL": "9"}, YES),
        ("DONE", {"SOLVED": "是", "OVERALL": "10"}, MORE),
        ("DONE", {"SOLVED": "是", "OVERALL": "5"}, NO),
        ("DONE", {"SOLVED": "是", "OVERALL": "10", "ATTITUDE": "1"}, NO),
        ("DONE", {"SOLVED": "否", "OVERALL": "10"}, NO),
        ("DONE", {"OVERALL": "10"}, None),
        ("OTHER_TIME", {"SOLVED": "是"}, None),
        ("OTHER_TIME", {"SOLVED": "否"}, NO),
        ("NO_ANSWER", {}, None),
        ("HUNG_UP", {"SOLVED": "否"}, None),
    ],
)
def test_what_was_heard(result, said, expected):
    """By the answers of a customer who was reached; a call that nobody took has heard nothing."""
    assert expected == heard(config().results[result], answered(**said), SURVEY)


def test_who_still_complains_is_not_content():
    """Whatever he answers."""
    assert NO is heard(config().results["COMPLAINT"], answered(SOLVED="是", OVERALL="10"), SURVEY, complains=True)
    assert NO is heard(config().results["DONE"], None, None, complains=True)


@pytest.mark.parametrize("survey", [None, UNASKED])
def test_without_the_question_the_result_decides(survey):
    """A dealer who asks nothing: the call that came to its end is the answer."""
    assert YES is heard(config().results["DONE"], None, survey)
    assert not asks(survey)


def test_nobody_is_restored_by_silence():
    """A call that came to its end without an answer says nothing."""
    assert asks(SURVEY)
    assert None is heard(config().results["DONE"], None, SURVEY)


def test_on_a_reversed_scale_the_lowest_is_the_best():
    """A dealer's own questionnaire may ask how bad it was."""
    turned = attrs.evolve(SURVEY.questions["OVERALL"], reverse=True)
    survey = attrs.evolve(SURVEY, questions={**SURVEY.questions, "OVERALL": turned})

    assert MORE is heard(config().results["DONE"], answered(SOLVED="是", OVERALL="1"), survey)


def test_an_answer_that_does_not_apply_is_none():
    """不适用 to the one question that counts."""
    response = attrs.evolve(answered(), answers=(Answer(question="SOLVED", value="", na=True),))

    assert None is heard(config().results["DONE"], response, SURVEY)
