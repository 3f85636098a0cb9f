"""What all cleaners promise."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcore import lang, rules
from crmcore.rules import clean
from crmcore.rules.clean import Bad

CLEANERS = {
    "phone": clean.phone,
    "vin": clean.vin,
    "plate": clean.plate,
    "name": clean.name,
    "day": clean.day,
    "instant": lambda raw: clean.instant(raw, "Asia/Shanghai"),
    "km": clean.km,
    "money": clean.money,
    "hours": clean.hours,
    "yes_no": clean.yes_no,
}

#: Text that looks enough like a cell to get deep into a cleaner.
CELLS = st.one_of(
    st.text(max_size=60),
    st.text(
        "0123456789+-/.: 年月日时分元万公里转,;、()ABCDEFTZVINOQxe京粤沪领使学警挂港澳临·无张三先生总女士=\"'?#\\０１２　",
        max_size=24,
    ),
)


def again(value):
    """A clean value as the text that an export would hold."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


@pytest.mark.parametrize("cleaner", CLEANERS.values(), ids=CLEANERS.keys())
@given(raw=CELLS)
@example(raw='="\'="1"')
@example(raw="\x00")
def test_no_text_breaks_a_cleaner(cleaner, raw):
    """Whatever stands in a cell, a cleaner answers with a value, None or a reason."""
    assert isinstance(cleaner(raw), str | int | date | Bad | None)


@pytest.mark.parametrize("kind", ["phone", "vin", "plate", "name", "day", "instant", "km"])
@given(raw=CELLS)
def test_a_clean_value_stays_as_it_is(kind, raw):
    """Cleaning what is clean changes nothing."""
    cleaner = CLEANERS[kind]
    value = cleaner(raw)

    assert value is None or isinstance(value, Bad) or cleaner(again(value)) == value


@given(
    st.text("0123456789", min_size=1, max_size=11),
    st.text("京沪ADF12345", max_size=8),
    st.text("王小明李先生 ", max_size=6),
)
def test_values_that_are_nearly_right_stay_as_they_are(digits, tag, person):
    """Also for text of the right alphabet, where more of it is good."""
    for cleaner, raw in ((clean.phone, digits), (clean.plate, tag), (clean.name, person)):
        value = cleaner(raw)
        assert value is None or isinstance(value, Bad) or cleaner(value) == value


def reasons():
    """Every reason that a cleaner can give: they are constants of the modules."""
    found = set()
    for module in pkgutil.iter_modules(rules.__path__):
        values = vars(importlib.import_module(f"crmcore.rules.{module.name}")).values()
        found |= {value.reason for value in values if isinstance(value, Bad)}
    return sorted(found | {"VIN_CHECK_DIGIT"})


@pytest.mark.parametrize("language", lang.LANGUAGES)
@pytest.mark.parametrize("reason", reasons())
def test_a_reason_can_be_read_and_acted_on(reason, language):
    """Every reason has words and a fix in both languages."""
    text, fix = lang.reason(reason, language)

    assert text not in {"", reason}
    assert fix


def test_there_are_reasons_to_read():
    """The list above is not empty by accident."""
    assert {"PHONE_SCIENTIFIC", "VIN_LETTER_IOQ", "DATE_AMBIGUOUS", "TEXT_DESTROYED"} <= set(reasons())


@pytest.mark.parametrize(
    ("raw", "mask"),
    [
        ("13800138001", "99999999999"),
        ("１３８", "999"),
        ("京A·12345", "字A·99999"),
        ("王小明 Mr.", "字字字 AA."),
        ("Müller", "AAAAAA"),
        ("u\u0308", "AA"),
        ("Иван", "AAAA"),
        ("\U00020bb7〇", "字字"),
        ("a\nb\tc", "A A A"),
        ("", ""),
        ("x" * 40, "A" * 40),
        ("x" * 41, "A" * 39 + "…"),
    ],
)
def test_a_shape_tells_what_a_value_looks_like_and_not_what_it_says(raw, mask):
    """Digits, letters and ideographs of every script are masked; a long value is cut at forty characters."""
    assert mask == clean.shape(raw)


@given(st.text())
def test_no_letter_and_no_digit_shines_through_a_shape(raw):
    """A shape holds no letter but A and 字, no digit but 9, no line break, and is its own shape."""
    mask = clean.shape(raw)

    assert len(mask) <= 40
    assert {char for char in mask if char.isalnum()} <= {"A", "9", "字"}
    assert mask.isprintable()
    assert mask == clean.shape(mask)


def test_the_rules_have_a_version():
    """It salts the digests of source rows, so it is a short text."""
    assert clean.RULES_VERSION
    assert isinstance(clean.RULES_VERSION, str)


def test_every_name_in_the_shop_window_is_there():
    """What is promised can be imported."""
    assert all(hasattr(clean, name) for name in clean.__all__)
