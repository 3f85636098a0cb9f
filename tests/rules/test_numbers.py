"""What comes of kilometres, money, hours and yes or no in a cell."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.clean import Bad, hours, km, money, yes_no


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("12345", 12_345),
        (12_345, 12_345),
        ("0", 0),
        ("１２３４５", 12_345),
        ("12,345", 12_345),
        ("1,234,567", 1_234_567),
        ("12345公里", 12_345),
        ("12,345 KM", 12_345),
        ("1.2万公里", 12_000),
        ("1.2345万", 12_345),
        ("12345.0", 12_345),
        ("12345.9", 12_345),
        ("2000000", 2_000_000),
        ("", None),
        ("-", None),
        ("km", None),
        ("12.345", Bad("NUMBER_FORM")),
        ("1,2", Bad("NUMBER_FORM")),
        ("约12000", Bad("NUMBER_FORM")),
        ("9" * 50, Bad("NUMBER_FORM")),
        ("-5", Bad("NUMBER_NEGATIVE")),
        (-5, Bad("NUMBER_NEGATIVE")),
        ("-0.4", Bad("NUMBER_NEGATIVE")),
        ("2000001", Bad("NUMBER_TOO_LARGE")),
        (2_000_001, Bad("NUMBER_TOO_LARGE")),
        ("1.2E+05", Bad("NUMBER_SCIENTIFIC")),
        ("12?45", Bad("TEXT_DESTROYED")),
    ],
)
def test_kilometres(raw, clean):
    """Whole kilometres, as an odometer shows them; 12.345 may be thousands or thousandths, so a person says."""
    assert clean == km(raw)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("1234.50", 123_450),
        ("1234.5", 123_450),
        ("1234", 123_400),
        (".50", 50),
        ("￥1,234.50元", 123_450),
        ("人民币1.2万元整", 1_200_000),
        ("RMB 12", 1_200),
        ("-100.00", -10_000),
        ("33.3333", 3_333),
        ("0.005", 1),
        ("99999999.99", 9_999_999_999),
        ("100000000", 10_000_000_000),
        ("100000001", Bad("NUMBER_TOO_LARGE")),
        ("100000000.01", Bad("NUMBER_TOO_LARGE")),
        ("-100000000.01", Bad("NUMBER_TOO_LARGE")),
        ("", None),
        ("免费", Bad("NUMBER_FORM")),
        ("1.", Bad("NUMBER_FORM")),
        ("1e3", Bad("NUMBER_SCIENTIFIC")),
    ],
)
def test_money(raw, clean):
    """Fen, rounded half up; a refund is below zero."""
    assert clean == money(raw)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("1.5", 150),
        ("2", 200),
        ("1.5 小时", 150),
        ("3工时", 300),
        ("2h", 200),
        ("90分钟", 150),
        ("50 min", 83),
        ("0.005", 1),
        ("", None),
        ("1:30", Bad("NUMBER_FORM")),
        ("-1", Bad("NUMBER_NEGATIVE")),
        ("1001", Bad("NUMBER_TOO_LARGE")),
    ],
)
def test_hours(raw, clean):
    """Hundredths of an hour; minutes only where they are called so."""
    assert clean == hours(raw)


@pytest.mark.parametrize("raw", ["是", "有", "Y", "yes", "１", "1.0", "TRUE", "√", True])
def test_yes(raw):
    """A yes in any dress is True."""
    assert yes_no(raw) is True


@pytest.mark.parametrize("raw", ["否", "无", "N", "No", "0", "false", "×", False])
def test_no(raw):
    """A no in any dress is False; 无 answers the question here."""
    assert yes_no(raw) is False


@pytest.mark.parametrize(
    ("raw", "clean"), [("", None), ("-", None), ("x", Bad("YES_NO_FORM")), ("??", Bad("TEXT_DESTROYED"))]
)
def test_neither_yes_nor_no(raw, clean):
    """An x is a tick to some and a cross to others."""
    assert clean == yes_no(raw)


@given(st.decimals(min_value=0, max_value=9_999_999, places=2, allow_nan=False))
def test_money_is_exact_to_the_fen(yuan):
    """What has two decimals is never rounded, with or without thousands separators."""
    assert int(yuan * 100) == money(str(yuan)) == money(f"{yuan:,}") == money(f"¥{Decimal(yuan):,.2f}")


@given(st.integers(min_value=0, max_value=2_000_000))
def test_kilometres_survive_their_dress(number):
    """Separators, a float's tail and a unit change nothing."""
    assert number == km(str(number)) == km(f"{number:,}") == km(f"{number}.0") == km(f"{number:,} 公里")
