"""What a mask hides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.masking import mask_day, mask_name, mask_phone, mask_plate, mask_text, mask_vin, masked


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+8613800138000", "138****8000"),
        ("+861055501234", "105*****34"),
        ("+864008001234", "400*****34"),
        ("12345", "*****"),
    ],
)
def test_a_phone_shows_its_ends(value, shown):
    """A mobile shows three and four digits, a landline its beginning and two, a short string nothing."""
    assert shown == mask_phone(value)


@pytest.mark.parametrize(("plate", "shown"), [("京A12345", "京A***45"), ("京A1", "***"), ("", "")])
def test_a_plate_shows_its_ends(plate, shown):
    """A plate shows its district and its last two characters."""
    assert shown == mask_plate(plate)


def test_a_name_shows_the_family_name():
    """A name shows its first character."""
    assert "王**" == mask_name("王小明")


def test_the_rest_of_a_file():
    """A birthday shows its year, a VIN its last four characters, and a row only what its fields may show."""
    assert ("1971-**-**", "*************7531") == (mask_day("1971-03-17"), mask_vin("LSVAA49J132047531"))
    assert {"id": "C1", "name": "王**", "plate": None, "km_in": 12000} == masked(
        {"id": "C1", "name": "王小明", "plate": None, "km_in": 12000}
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请打13800138000找我", "请打138****8000找我"),
        ("+86 138-0013-8000", "138****8000"),
        ("2点到，谢谢", "2点到，谢谢"),
    ],
)
def test_a_text_shows_no_number(text, shown):
    """What a customer wrote is shown, a number in it is not."""
    assert shown == mask_text(text)


@given(st.from_regex(r"\+861[3-9]\d{9}", fullmatch=True))
def test_a_masked_mobile_cannot_be_dialled(value):
    """Four digits of every mobile are gone."""
    assert value not in mask_phone(value)
    assert 4 == mask_phone(value).count("*")
