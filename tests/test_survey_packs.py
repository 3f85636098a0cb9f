"""The shipped questionnaires: whole, readable, in both languages, without an invented weight, each number with its reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.test_packs import CORRUPT

from crmcore.config import load
from crmcore.config.document import parse
from crmcore.errors import ConfigError
from crmcore.hooks.manager import Plugins
from crmcore.types.store import Role
from crmcore.types.survey import QuestionKind, SurveyScope

STORE = '[store]\ncode = "S01"\nname = "示范店"\n'


def config_of(text=""):
    return load(parse(STORE + text, Path("crm.toml").absolute(), "crm.toml"), Plugins())


SURVEYS = config_of().surveys
QUESTIONS = [(survey.code, question.code) for survey in SURVEYS.values() for question in survey.questions.values()]
SCALES = {QuestionKind.SCALE, QuestionKind.NPS}


def test_the_three_questionnaires_are_there():
    """The sale, the workshop and the complaint, each scoring whose work it is."""
    said = {code: (survey.scope, survey.role) for code, survey in SURVEYS.items()}

    assert said == {
        "delivery": (SurveyScope.SALES, Role.SALES_CONSULTANT),
        "aftersales": (SurveyScope.SERVICE, Role.SERVICE_ADVISOR),
        "complaint_followup": (SurveyScope.COMPLAINT, None),
    }


@pytest.mark.parametrize("code", sorted(SURVEYS))
def test_a_questionnaire_is_whole(code):
    """Words in both languages, no corrupted character, no weight, every factor asked about, a source for all of it."""
    survey = SURVEYS[code]
    labels = [survey.label, *(each.label for each in survey.factors.values())]

    assert [{"zh", "en"}] * len(labels) == [set(label) for label in labels]
    assert not CORRUPT.search(str(survey))
    assert [None] * len(survey.factors) == [factor.weight for factor in survey.factors.values()]
    assert set(survey.factors) == {each.factor for each in survey.questions.values()} - {None}
    assert survey.source
    assert all(factor.source for factor in survey.factors.values())


@pytest.mark.parametrize(("code", "item"), QUESTIONS)
def test_a_question_is_whole(code, item):
    """Words in both languages and where it comes from; an alert says why it is where it is."""
    question = SURVEYS[code].questions[item]
    words = [question.text, *question.choices.values()]

    assert [{"zh", "en"}] * len(words) == [set(each) for each in words]
    assert re.search(r"\b(S[0-4]|C\d+[a-d]?)\b", question.source)
    assert question.alert_below is None or "Alert: " in question.source
    assert (question.minimum is None) == (question.kind not in SCALES)


@pytest.mark.parametrize("code", sorted(SURVEYS))
def test_a_call_stays_short(code):
    """At most six scales are asked by phone; nobody answers twenty."""
    asked = [each for each in SURVEYS[code].questions.values() if each.phone]

    assert sum(each.kind in SCALES for each in asked) <= 6
    assert len(SURVEYS[code].questions) <= 20


def test_the_items_of_the_sales_manual_are_all_there():
    """Its five improvement items and its ten abilities, under its three factors."""
    survey = SURVEYS["delivery"]

    assert set(survey.factors) == {"START", "TRANSACTION", "DELIVERY"}
    assert {
        "GREETED", "TEST_DRIVE_OFFERED", "TEST_DRIVE", "QUOTE_EXPLAINED", "PROMISES_KEPT", "WORKSHOP_INTRODUCED",
    } <= set(survey.questions)  # fmt: skip
    assert {
        "WAIT_FOR_RECEPTION", "KNOWLEDGE", "ATTENTION", "DISPLAY", "QUESTIONS_ANSWERED", "TEST_DRIVE", "QUOTE_OPEN",
        "BARGAINING", "PAPERS_EXPLAINED", "DELIVERY_ATTENTION",
    } <= set(survey.questions)  # fmt: skip


def test_after_sales_has_the_factors_of_the_china_study():
    """And what a callback asks besides: overall, fixed first time, recommendation, advice."""
    survey = SURVEYS["aftersales"]

    assert set(survey.factors) == {"FACILITY", "TEAM", "WELCOME_DIAGNOSTICS", "QUALITY", "VALUE", "RESERVATION"}
    assert {"OVERALL": "SCALE", "FIXED_FIRST_TIME": "YESNO", "RECOMMEND": "NPS", "ADVICE": "TEXT"}.items() <= {
        code: question.kind.value for code, question in survey.questions.items()
    }.items()


def test_callbacks_ask_questionnaires_that_exist():
    """The rules that call a customer to ask, and no other."""
    rules = config_of().rules

    assert {code: rule.survey for code, rule in rules.items() if rule.survey} == {
        "POST_REPAIR_CALLBACK": "aftersales",
        "DELIVERY_CHECK_72H": "delivery",
        "DELIVERY_DAY7": "delivery",
        "COMPLAINT_CALLBACK": "complaint_followup",
    }


def test_a_rule_that_asks_what_nobody_has_written_is_told():
    """With what was probably meant; an empty code takes the questionnaire away."""
    with pytest.raises(ConfigError) as caught:
        config_of('[care.rules.DELIVERY_DAY7]\nsurvey = "delivry"\n')

    assert [("CRM-C132", "delivery")] == [(each.code, each.params["guess"]) for each in caught.value.errors]
    assert config_of('[care.rules.DELIVERY_DAY7]\nsurvey = ""\n').rules["DELIVERY_DAY7"].survey == ""


def test_a_questionnaire_that_cannot_be_read_is_told_once():
    """The rules that ask it are not blamed as well."""
    with pytest.raises(ConfigError) as caught:
        config_of('[surveys]\npacks = ["nowhere.toml"]\n')

    assert ["CRM-C159"] == [each.code for each in caught.value.errors]


def test_a_survey_text_needs_its_link():
    """A text without the link leads nowhere."""
    with pytest.raises(ConfigError) as caught:
        config_of('[templates.SURVEY_LINK]\nzh = "请评价我们。"\n')

    assert ["CRM-T115"] == [each.code for each in caught.value.errors]
