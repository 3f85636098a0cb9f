"""What an answer says, or why it says nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.surveys.reading import answer, number_of, scale_of
from crmcore.rules.text import Bad
from crmcore.types.survey import Answer, Question, QuestionKind

WORDS = {"zh": "?", "en": "?"}
CHOICES = {"A": {"zh": "更好", "en": "Better"}, "B": {"zh": "一样", "en": "Same"}}


def question(kind=QuestionKind.SCALE, **known):
    ends = {"minimum": 1, "maximum": 10} if kind is QuestionKind.SCALE else {}
    return Question(code="Q", text=WORDS, kind=kind, **ends | known)


@pytest.mark.parametrize(
    ("raw", "number"),
    [("9", 9), ("９", 9), ("9分", 9), (" 9 分 ", 9), ("9.0", 9), ("8.5", Decimal("8.5")), ("10/10", 10), ("9/10分", 9),
     ("九", 9), ("十分", 10), ("两分", 2), ("9 points", 9), ('="9"', 9)],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(raw, number):
    """Full width, with its unit, as a spreadsheet leaves it, as a word."""
    found = answer(question(), raw)

    assert isinstance(found, Answer)
    assert (number_of(found.value), found.na, found.minimum, found.maximum) == (number, False, 1, 10)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("很好", "ANSWER_NO_NUMBER"), ("9-10", "ANSWER_NO_NUMBER"), ("9 8", "ANSWER_NO_NUMBER"), ("0", "ANSWER_OUTSIDE_SCALE"),
     ("11", "ANSWER_OUTSIDE_SCALE"), ("4/5", "ANSWER_OUTSIDE_SCALE"), ("-3", "ANSWER_OUTSIDE_SCALE"), ("#REF!", "TEXT_DESTROYED"),
     ("??", "TEXT_DESTROYED"), ("是", "ANSWER_NO_NUMBER")],
)  # fmt: skip
def test_what_is_no_number_on_the_scale_says_why(raw, reason):
    """Nothing is guessed: a range is not a number, 4 of 5 is not 4 of 10."""
    assert Bad(reason) == answer(question(), raw)


@pytest.mark.parametrize(
    "raw", ["", None, " ", "不适用", "N/A", "-", "无", "未体验", "不清楚", "Does not apply", "don't know"]
)
def test_what_does_not_apply_is_no_low_score(raw):
    """It counts for nothing."""
    assert Answer(question="Q", value="", na=True, comment="c", minimum=1, maximum=10) == answer(
        question(), raw, comment="c"
    )


def test_the_scale_of_an_agency_is_kept():
    """Its 5 is the best there is, our 9 is outside."""
    found = answer(question(), "5", scale=(1, 5))

    assert isinstance(found, Answer)
    assert (found.value, found.minimum, found.maximum) == ("5", 1, 5)
    assert Bad("ANSWER_OUTSIDE_SCALE") == answer(question(), "9", scale=(1, 5))


def test_a_scale_whose_ends_nobody_knows_takes_any_number():
    """Only a pack that is not checked could have one."""
    assert isinstance(answer(question(minimum=None, maximum=None), "77"), Answer)


@pytest.mark.parametrize(("raw", "said"), [("0", True), ("10", True), ("9.5", False)])
def test_a_recommendation_is_a_whole_number(raw, said):
    """From 0 to 10, also where the question does not say so."""
    found = answer(question(QuestionKind.NPS), raw)

    assert isinstance(found, Answer) == said
    assert said or found == Bad("ANSWER_FRACTION")


@pytest.mark.parametrize(
    ("raw", "number"),
    [("是", 1), ("Y", 1), ("1", 1), ("yes", 1), ("√", 1), ("否", 0), ("N", 0), ("0", 0), ("没有", 0), ("无", 0)],
)
def test_yes_and_no(raw, number):
    """As they are written; kept as they were given."""
    found = answer(question(QuestionKind.YESNO), raw)

    assert isinstance(found, Answer)
    assert (found.value, number_of(found.value), found.minimum) == (raw, number, None)


@pytest.mark.parametrize(("raw", "na"), [("也许", False), ("2", False), ("x", False), ("-", True), ("不适用", True)])
def test_neither_yes_nor_no(raw, na):
    """2 is no in some systems and nothing in others."""
    found = answer(question(QuestionKind.YESNO), raw)

    assert (found == Bad("ANSWER_NO_YES_NO")) != na
    assert getattr(found, "na", False) == na


@pytest.mark.parametrize(
    ("raw", "value"), [("A", "A"), ("a", "A"), ("更好", "A"), ("better", "A"), ("C", None), ("A;B", None)]
)
def test_one_choice_is_kept_as_its_code(raw, value):
    """By its code or its words."""
    found = answer(question(QuestionKind.SINGLE, choices=CHOICES), raw)

    assert found == Bad("ANSWER_NO_CHOICE") if value is None else found.value == value


@pytest.mark.parametrize(
    ("raw", "value"), [("A;B", "A;B"), ("一样、更好", "B;A"), ("A, A", "A"), ("A|C", None), ("C", None)]
)
def test_several_choices_are_kept_as_their_codes(raw, value):
    """Each once; one that is unknown spoils the answer."""
    found = answer(question(QuestionKind.MULTI, choices=CHOICES), raw)

    assert found == Bad("ANSWER_NO_CHOICE") if value is None else found.value == value


@pytest.mark.parametrize(("raw", "na"), [("太慢??", False), ("无", False), ("  ", True), (None, True)])
def test_words_are_kept_as_they_are(raw, na):
    """Also question marks, which in a remark are a customer's."""
    assert Answer(question="Q", value=(raw or "").strip(), na=na) == answer(question(QuestionKind.TEXT), raw)


@pytest.mark.parametrize(("value", "number"), [("太慢", None), ("是", 1), ("no", 0), ("九分", 9), ("九十", None)])
def test_the_number_a_kept_answer_stands_for(value, number):
    """Yes is 1 and no is 0; words are none."""
    assert number == number_of(value)


def test_scales():
    """What has none has no ends; a recommendation has those of the whole world."""
    assert (None, None) == scale_of(question(QuestionKind.TEXT))
    assert (0, 10) == scale_of(question(QuestionKind.NPS))
    assert (1, 7) == scale_of(question(QuestionKind.NPS, minimum=1, maximum=7))


@given(st.text(max_size=12), st.sampled_from(QuestionKind))
def test_any_text_is_an_answer_or_a_reason(raw, kind):
    """None raises, and a number that is taken lies on its scale."""
    found = answer(question(kind, choices=CHOICES), raw)

    assert isinstance(found, Answer | Bad)
    if isinstance(found, Answer) and kind is QuestionKind.SCALE and not found.na:
        assert 1 <= number_of(found.value) <= 10
