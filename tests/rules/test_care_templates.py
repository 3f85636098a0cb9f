"""What a customer reads."""

from __future__ import annotations

from datetime import UTC, date, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.templates import SPECIMEN, Problem, check, names_somebody, render, say_day, say_time
from crmcore.types.contact import AnchorKind, MessageClass, MessageTemplate, TouchpointRule
from crmcore.types.store import Store

STORE = Store(code="S01", name="示范店", phone="010-55501234")
SUFFIX = {"CARE": {"zh": "拒收请回复R", "en": "Reply R to refuse"}}
TEMPLATE = MessageTemplate(
    code="X",
    zh="{name}，您的爱车{plate}已竣工。咨询电话{phone}。",
    en="{name}, your car {plate} is ready. Phone {phone}.",
    neutral_zh="您送修的车辆已竣工。",
    neutral_en="The car is ready.",
)
PARAMS = {"name": "王小明", "plate": "京A12345", "phone": "010-55501234", "store": "示范店"}


def said(template=TEMPLATE, params=PARAMS, lang="zh", **known):
    return render(
        template,
        params,
        lang,
        known.pop("store", STORE),
        **{"shared": False, "message_class": MessageClass.SERVICE, "suffix": SUFFIX} | known,
    )


def rule(anchor=AnchorKind.READY, template="X"):
    return TouchpointRule(code="R", label={}, purpose="NOTICE", anchor=anchor, template=template, source="J")


def test_a_text_is_signed_and_names_its_reader():
    """The store's signature stands in front; no refusal route behind what the customer ordered."""
    found = said()

    assert "【示范店】王小明，您的爱车京A12345已竣工。咨询电话010-55501234。" == found.text
    assert {"name": "王小明", "plate": "京A12345", "phone": "010-55501234"} == found.params
    assert found.names_customer


def test_a_shared_number_reads_no_name_and_no_plate():
    """Three of a family have one number: the text names none of them."""
    found = said(shared=True)

    assert ("【示范店】您送修的车辆已竣工。", False, {}) == (found.text, found.names_customer, found.params)


def test_goodwill_tells_how_to_refuse():
    """The suffix comes with the class, in the language of the text."""
    assert said(message_class=MessageClass.CARE).text.endswith("。 拒收请回复R")
    assert said(lang="en", message_class=MessageClass.CARE).text.endswith(". Reply R to refuse")


def test_the_approved_signature_wins_over_the_name():
    """Vendors approve signatures, not names."""
    assert said(store=attrs.evolve(STORE, signature="示范汽车")).text.startswith("【示范汽车】")


def test_a_phone_nobody_knows_is_not_asked_to_be_called():
    """The sentence is left out; a text of one sentence stays."""
    without = {**PARAMS, "phone": ""}
    short = attrs.evolve(TEMPLATE, zh="请致电{phone}")

    assert "【示范店】王小明，您的爱车京A12345已竣工。" == said(params=without).text
    assert "【示范店】请致电" == said(short, without).text


def test_a_plate_nobody_knows_leaves_no_trace():
    """Neither a brace nor "None"."""
    assert "【示范店】王小明，您的爱车已竣工。咨询电话010-55501234。" == said(params={**PARAMS, "plate": ""}).text
    assert "【示范店】，您的爱车已竣工。" == said(params={}).text


def test_texts_that_ride_are_said_once():
    """The second text follows without a second salutation, and its reader is named no less."""
    rider = attrs.evolve(TEMPLATE, zh="{name}，年检到期。", en="{name}, inspection due.")

    assert said(riders=[rider], rider_params=[PARAMS]).text.endswith("010-55501234。年检到期。")
    assert said(lang="en", riders=[rider], rider_params=[PARAMS]).text.endswith("010-55501234. inspection due.")


@pytest.mark.parametrize(
    ("text", "named"),
    [("只要￥99", True), ("99元起", True), ("99 yuan", True), ("王小明你好", True), ("您好", False), ("2026年", False)],
)
def test_what_names_somebody(text, named):
    """A name, a plate or a price."""
    assert named == names_somebody(text, [PARAMS, {}])


@pytest.mark.parametrize(
    ("field", "text", "code", "word"),
    [
        ("zh", "{name", "CRM-T110", "expected '}' before end of string"),
        ("zh", "{}", "CRM-T110", ""),
        ("zh", "{name!r}", "CRM-T110", "name"),
        ("zh", "{name:>9}", "CRM-T110", "name"),
        ("en", "{event}", "CRM-T111", "event"),
        ("neutral_zh", "{name}", "CRM-T111", "name"),
        ("neutral_en", "{plate}", "CRM-T111", "plate"),
        ("zh", " ", "CRM-T112", ""),
        ("zh", "【店】您好", "CRM-T113", ""),
        ("neutral_zh", "仅需99元", "CRM-T114", ""),
    ],
)
def test_a_mistake_is_found_when_the_template_is_read(field, text, code, word):
    """Not when the first customer would get it."""
    assert [Problem(field, code, word)] == check(attrs.evolve(TEMPLATE, **{field: text}), [rule()])


def test_a_template_may_say_what_all_its_rules_can_fill():
    """A rule that hangs on nothing with a time takes {time} away; another template's rule does not."""
    timed = attrs.evolve(TEMPLATE, zh="{time}")

    assert [] == check(timed, [rule(), rule(AnchorKind.BIRTHDAY, "Y")])
    assert [Problem("zh", "CRM-T111", "time")] == [
        problem for problem in check(timed, [rule(), rule(AnchorKind.BIRTHDAY)]) if problem.word == "time"
    ]


def test_every_event_has_its_variables():
    """A rule on any event can have a text."""
    plain = attrs.evolve(TEMPLATE, zh="{name}", en="{name}")

    assert [] == [problem for kind in AnchorKind for problem in check(plain, [rule(kind)])]


def test_dates_and_times():
    """As people say them."""
    assert ["11月2日", "2026-11-02"] == [say_day(date(2026, 11, 2), lang) for lang in ("zh", "en")]
    assert "09:05" == say_time(datetime(2026, 11, 2, 9, 5, tzinfo=UTC))
    assert set(SPECIMEN["zh"]) == set(SPECIMEN["en"])


@given(st.text(max_size=20), st.text(max_size=12))
def test_braces_in_a_name_are_a_name(name, plate):
    """Whatever a customer is called, the text comes out and holds it."""
    found = said(params={"name": name, "plate": plate, "phone": "1"})

    assert "【示范店】" + f"{name}，您的爱车{plate}已竣工。咨询电话1。".strip() == found.text
