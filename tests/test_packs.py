"""The shipped packs: complete, readable, and each number with its source."""

from __future__ import annotations

import re

import pytest
from tests.flows.planned_dealer import STORE, all_rules, all_templates, pack

from crmcore.flows.due_texts import shipped_suffix
from crmcore.lang import say
from crmcore.rules.conditions import HINDRANCES, POPULATIONS
from crmcore.rules.durations import parse
from crmcore.rules.templates import OWN, check, render
from crmcore.types.contact import MessageClass
from crmcore.types.customer import Channel

RULES, TEMPLATES = all_rules(), all_templates()
CODES = {
    "SHOWROOM_THANKS", "SHOWROOM_CALLBACK_48H", "DELIVERY_T72", "DELIVERY_T24", "DELIVERY_THANKS", "DELIVERY_CHECK_72H",
    "DELIVERY_DAY7", "POST_REPAIR_CALLBACK", "READY_FOR_PICKUP", "APPOINTMENT_REMINDER", "FIRST_MAINTENANCE",
    "PERIODIC_MAINTENANCE", "INSURANCE_END", "INSPECTION_DUE", "WARRANTY_END", "BIRTHDAY", "FAMILY_BIRTHDAY",
    "HOLIDAY_NEW_YEAR", "HOLIDAY_SPRING_FESTIVAL", "HOLIDAY_MID_AUTUMN", "HOLIDAY_NATIONAL_DAY", "SEASON_SPRING",
    "SEASON_SUMMER", "SEASON_AUTUMN", "SEASON_WINTER", "WEATHER", "CAMPAIGN", "AT_RISK", "LOST_CUSTOMER",
}  # fmt: skip
#: Characters of the corrupted extraction of S3 that must never reach a label.
CORRUPT = re.compile("[朋庖劢丌幵绊讣迚卲敀敁仹仧诹趍觃]")


def test_every_touchpoint_of_the_manuals_is_there():
    """None was forgotten, none is there twice."""
    assert CODES == set(RULES)
    assert not set(pack("sales")["rules"]) & set(pack("aftersales")["rules"])


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_rule_is_whole(code):
    """Labels in both languages, readable durations, known conditions, a template for texts, and a source for each number."""
    rule = RULES[code]

    assert {"zh", "en"} == set(rule.label)
    assert not CORRUPT.search(str(rule))
    assert re.search(r"\b(S[0-4]|C\d+[a-d]?)\b", rule.source)
    assert [] == [text for text in (rule.offset, rule.within, rule.expires, rule.repeat) if text and not parse(text)]
    assert set(rule.population) <= set(POPULATIONS)
    assert {*rule.stop_on, *rule.suppress_when} <= set(HINDRANCES)
    assert (rule.template in TEMPLATES) == any(channel is not Channel.PHONE for channel in rule.channels)
    assert Channel.PHONE not in rule.channels or rule.template or rule.questions
    assert rule.supervisors
    assert rule.repeat is not None or rule.max_count == 1
    assert rule.expires is not None


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_question_has_words(code):
    """In both languages."""
    asked = RULES[code].questions

    assert [] == [
        each for each in asked for lang in ("zh", "en") if say(f"question.{each}", lang) == f"question.{each}"
    ]


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_a_template_is_right_and_used(code):
    """Its variables can be filled, and some rule sends it."""
    assert [] == check(TEMPLATES[code], RULES.values())
    assert code in {rule.template for rule in RULES.values()} | set(OWN)
    assert TEMPLATES[code].source


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_no_text_sells_without_a_way_out(code):
    """Whatever is no answer to the customer's own order says how to refuse, also on a shared number."""
    for rule in RULES.values():
        if rule.template == code:
            for lang in ("zh", "en"):
                text = render(
                    TEMPLATES[code],
                    {},
                    lang,
                    STORE,
                    shared=True,
                    message_class=rule.message_class,
                    suffix=shipped_suffix(),
                ).text

                assert (rule.message_class is MessageClass.SERVICE) != (text.endswith(("回复R", "R to refuse")))


def test_settled_numbers():
    """The numbers of the manuals, as they stand there."""
    assert ["-PT72H", "-PT24H"] == [RULES[code].offset for code in ("DELIVERY_T72", "DELIVERY_T24")]
    assert ["PT48H", "PT24H", "PT72H"] == [
        RULES[code].within for code in ("SHOWROOM_CALLBACK_48H", "DELIVERY_THANKS", "DELIVERY_CHECK_72H")
    ]
    assert ["P7D", "P3D", "P12M", "P6M"] == [
        RULES[code].offset for code in ("DELIVERY_DAY7", "POST_REPAIR_CALLBACK", "LOST_CUSTOMER", "AT_RISK")
    ]
    assert {MessageClass.MARKETING} == {RULES[code].message_class for code in ("INSURANCE_END", "CAMPAIGN")}
