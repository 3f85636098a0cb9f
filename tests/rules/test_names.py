"""What comes of a name in a cell, and which names are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules import names as room
from crmcore.rules.clean import Bad, is_organization, name, name_key


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("王小明", "王小明"),
        ("王　明", "王明"),
        (" 王 小 明\t", "王小明"),
        ("王小明先生", "王小明先生"),
        ("王", "王"),
        ("王\U00020bb7明", "王\U00020bb7明"),
        ("北京示范（集团）有限公司", "北京示范(集团)有限公司"),
        ("示范测试技术有限公司", "示范测试技术有限公司"),
        ("ＪＯＨＮ   Smith", "JOHN Smith"),
        ("A/B示范公司", "A/B示范公司"),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
    ],
)
def test_a_name_is_tidied_and_keeps_its_words(raw, clean):
    """Padding and width go; a title, a dot and a rare character stay."""
    assert clean == name(raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("测试", "NAME_TEST"),
        ("测试客户1", "NAME_TEST"),
        ("王小明测试", "NAME_TEST"),
        ("Test 01", "NAME_TEST"),
        ("1", "NAME_NOT_A_NAME"),
        ("123", "NAME_NOT_A_NAME"),
        ("aaa", "NAME_NOT_A_NAME"),
        ("A", "NAME_NOT_A_NAME"),
        ("+", "NAME_NOT_A_NAME"),
        ("13800138001", "NAME_WITH_NUMBER"),
        ("王小明 138 0013 8001", "NAME_WITH_NUMBER"),
        ("王小明/李小红", "NAME_SEVERAL"),
        ("王小明、李小红", "NAME_SEVERAL"),
        ("王?明", "TEXT_DESTROYED"),
        ("锟斤拷", "TEXT_DESTROYED"),
        ("王" * 81, "NAME_TOO_LONG"),
    ],
)
def test_what_stands_in_the_place_of_a_name_says_why(raw, reason):
    """A test order is not called, a number is not greeted, and of two names none is chosen."""
    assert Bad(reason) == name(raw)


@pytest.mark.parametrize("raw", ["", " ", "无", "未知", "散客", "客户", "匿名", "先生", "Mr", "...", "null"])
def test_a_visit_of_nobody_in_particular_has_no_name(raw):
    """散客 and 客户 say that the name was not asked: no name, and no mistake."""
    assert name(raw) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王小明", "王小明先生"),
        ("王小明", "王小明总经理"),
        ("王小明", "王 小 明"),
        ("欧阳小明", "欧阳小明女士"),
        ("北京示范（集团）有限公司", "北京示范(集团)有限公司"),
        ("阿卜杜拉·买买提", "阿卜杜拉买买提"),
        ("John Smith", "Mr. JOHN SMITH"),
        ("示范公司", "示范 公司"),
    ],
)
def test_one_name_in_two_dresses_has_one_key(one, other):
    """Titles, blanks, dots, brackets and case do not make another person."""
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王先生", "王女士"),
        ("王先生", "王"),
        ("王总", "王"),
        ("欧阳先生", "欧阳女士"),
        ("Mr Li", "Ms Li"),
        ("王小明", "王小明太太"),
        ("王小明", "王小明(女儿)"),
        ("王小明", "王晓明"),
    ],
)
def test_two_people_have_two_keys(one, other):
    """Where only a family name would be left, the title is what tells husband and wife apart."""
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("text", "organization"),
    [
        ("北京示范商贸有限公司", True),
        ("示范公司", True),
        ("示范集团", True),
        ("示范饼干厂", True),
        ("示范4S店", True),
        ("示范县公安局", True),
        ("示范市第一中学", True),
        ("Demo Motors Ltd.", True),
        ("王小明", False),
        ("李店", False),
        ("张局", False),
        ("李中学", False),
        ("欧阳小明", False),
        ("Colin Cooper", False),
        ("", False),
    ],
)
def test_an_organization_is_known_by_its_name(text, organization):
    """公司, 厂, 店, 局, 学校 and the like at their place; people may be called 李店 and 李中学."""
    assert organization is is_organization(text)


@given(st.one_of(st.text("王李张欧阳小明先生女士经理总测试锟 ·", max_size=6), st.text(max_size=12)))
def test_the_short_way_and_the_long_way_agree(text):
    """Names that are taken as they are would come out the same if they were taken apart, and a key is its own key."""
    assert room._slow.__wrapped__(text) == name(text)
    assert room._key.__wrapped__(text) == name_key(text)
    assert name_key(name_key(text)) == name_key(text)
