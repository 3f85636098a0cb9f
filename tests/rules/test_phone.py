"""What comes of a phone number in a cell."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules import phone as room
from crmcore.rules.clean import Bad, is_mobile, phone

GOOD = {
    "13800138001": "+8613800138001",
    "+8613800138001": "+8613800138001",
    "１３８００１３８００１": "+8613800138001",
    "138００１３８００１": "+8613800138001",
    "0086138-0013-8001": "+8613800138001",
    "138 0013 8001": "+8613800138001",
    "138-0013-8001": "+8613800138001",
    "138—0013—8001": "+8613800138001",
    "+86 138 0013 8001": "+8613800138001",
    "008613800138001": "+8613800138001",
    "8613800138001": "+8613800138001",
    "(+86)138.0013.8001": "+8613800138001",
    "tel:+86-138-0013-8001": "+8613800138001",
    "13800138001.0": "+8613800138001",
    '="13800138001"': "+8613800138001",
    "'13800138001": "+8613800138001",
    "13800138001\t": "+8613800138001",
    "\u202d138 0013 8001\u202c": "+8613800138001",
    "013800138001": "+8613800138001",
    "微信同号13800138001": "+8613800138001",
    "13800138001（微信同号）": "+8613800138001",
    "手机：13800138001": "+8613800138001",
    "1.3800138001E10": "+8613800138001",
    "1.3800138001E+10": "+8613800138001",
    "13800138001/13800138001": "+8613800138001",
    "13800138001/无": "+8613800138001",
    "13800138001、": "+8613800138001",
    "17400138001": "+8617400138001",
    "01055500001": "+861055500001",
    "1055500001": "+861055500001",
    "010-55500001": "+861055500001",
    "（010）55500001": "+861055500001",
    "+86 10 5550 0001": "+861055500001",
    "010-55500001转8012": "+861055500001",
    "010-5550 0001 ext. 12": "+861055500001",
    "010-55500001-8012": "+861055500001",
    "4005550001": "+864005550001",
    "400-555-0001": "+864005550001",
    "8005550001": "+868005550001",
    "1010 0001": "+8610100001",
    "+1 202 555 0123": "+12025550123",
    "00852-21234567": "+85221234567",
}

BAD = {
    "1.38E+10": "PHONE_SCIENTIFIC",
    "1.3800138E10": "PHONE_SCIENTIFIC",
    "1E10": "PHONE_SCIENTIFIC",
    "138????8001": "TEXT_DESTROYED",
    "########": "TEXT_DESTROYED",
    "13800138001/13900138001": "PHONE_SEVERAL",
    "13800138001、010-55500001": "PHONE_SEVERAL",
    "13800138001 13900138001": "PHONE_SEVERAL",
    "010-55500001/55500002": "PHONE_SEVERAL",
    "13800138001(停机)": "PHONE_WITH_TEXT",
    "老婆13800138001": "PHONE_WITH_TEXT",
    "1380013800O": "PHONE_WITH_TEXT",
    "见备注": "PHONE_WITH_TEXT",
    "见备注/问顾问": "PHONE_WITH_TEXT",
    "+": "PHONE_WITH_TEXT",
    "9" * 81: "PHONE_WITH_TEXT",
    "13800138001转8012": "PHONE_EXTENSION",
    "4005550001转12345": "PHONE_EXTENSION",
    "55500001": "PHONE_NO_AREA_CODE",
    "5550001": "PHONE_NO_AREA_CODE",
    "25951234": "PHONE_NO_AREA_CODE",
    "95588": "PHONE_TOO_SHORT",
    "1380013800": "PHONE_TOO_SHORT",
    "138001380011": "PHONE_TOO_LONG",
    "9" * 40 + "8": "PHONE_TOO_LONG",
    "14000138001": "PHONE_INVALID",
    "++8613800138001": "PHONE_INVALID",
    "+86": "PHONE_INVALID",
    "86+13800138001": "PHONE_INVALID",
    "+861380013800111": "PHONE_INVALID",
    "95500000": "PHONE_NO_AREA_CODE",
}


@pytest.mark.parametrize(("raw", "clean"), GOOD.items())
def test_a_number_in_any_dress_is_the_same_number(raw, clean):
    """Full width, groups, country code, a float's tail, Excel's idioms and harmless words change nothing."""
    assert clean == phone(raw)


@pytest.mark.parametrize(("raw", "reason"), BAD.items())
def test_what_is_no_single_number_says_why(raw, reason):
    """Nothing is guessed: lost digits, two numbers, a note, a missing area code are for a person."""
    assert Bad(reason) == phone(raw)


@pytest.mark.parametrize(
    "raw", ["", " ", "-", "—", "/", "无", "未知", "NULL", "\\N", "0", "00000000000", "11111111111", "无/无"]
)
def test_a_cell_that_says_nothing_is_none(raw):
    """Empty cells, words for it, and digits that only fill a mandatory field are no number and no mistake."""
    assert phone(raw) is None


def asked(digits):
    """What phonenumbers makes of a mainland mobile, alone."""
    try:
        parsed = phonenumbers.parse(digits, "CN")
    except phonenumbers.NumberParseException:
        return None
    mobile = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if mobile else None


@given(st.from_regex(r"1[0-9]{10}", fullmatch=True).filter(lambda digits: len(set(digits)) > 1))
def test_the_fast_path_agrees_with_phonenumbers(digits):
    """Whatever eleven digits are taken without phonenumbers, phonenumbers takes, as a mobile, and the other way round."""
    found = phone(digits)

    assert asked(digits) == (None if isinstance(found, Bad) else found)


@given(
    st.sampled_from(["", "+86", "86", "0086", "+86 ", "86-"]),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", " ", "-"]),
    st.sampled_from(["", ".0", "\t", " ", "\u3000"]),
)
def test_the_short_way_and_the_long_way_agree(prefix, digits, gap, tail):
    """A number that is recognised by its dress comes out as if it had been taken apart."""
    raw = prefix + gap.join((digits[:3], digits[3:7], digits[7:])) + tail

    assert room._slow.__wrapped__(raw) == phone(raw)


@pytest.mark.parametrize(
    ("number", "mobile"),
    [
        ("+8613800138001", True),
        ("+861055500001", False),
        ("+864005550001", False),
        ("+8675555500001", False),
        ("+12025550123", True),
        ("+85221234567", False),
        ("not a number", False),
    ],
)
def test_only_a_mobile_can_take_a_text(number, mobile):
    """Landlines and 400 numbers cannot; a foreign number can where phonenumbers does not know better."""
    assert mobile is is_mobile(number)
