"""What comes of a number plate in a cell."""

from __future__ import annotations

import pytest

from crmcore.rules.clean import Bad, plate


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("京A12345", "京A12345"),
        ("京A·12345", "京A12345"),
        ("京 a-12345", "京A12345"),
        ("京Ａ１２３４５", "京A12345"),
        ("京A12345\t", "京A12345"),
        ('="京A12345"', "京A12345"),
        ("京A12345/京A·12345", "京A12345"),
        ("京A12345,", "京A12345"),
        ("粤BF1A2C", "粤BF1A2C"),
        ("京AD12345", "京AD12345"),
        ("京AF·A2345", "京AFA2345"),
        ("京A12345D", "京A12345D"),
        ("粤Z1234港", "粤Z1234港"),
        ("粤Z·F023澳", "粤ZF023澳"),
        ("京A1234学", "京A1234学"),
        ("京A1234警", "京A1234警"),
        ("京A1234挂", "京A1234挂"),
        ("京A1234试", "京A1234试"),
        ("京A1234超", "京A1234超"),
        ("京A1234应急", "京A1234应急"),
        ("沪A1234领", "沪A1234领"),
        ("沪22478领", "沪22478领"),
        ("使014·578", "使014578"),
        ("使A12345", "使A12345"),
        ("WJ京1234X", "WJ京1234X"),
    ],
)
def test_a_plate_is_kept_without_its_dress(raw, clean):
    """Separators, case and width go; the kinds of GA 36 stay apart."""
    assert clean == plate(raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("A12345", "PLATE_NO_PROVINCE"),
        ("VA12345", "PLATE_NO_PROVINCE"),
        ("•", "PLATE_NO_PROVINCE"),
        ("京I12345", "PLATE_LETTER_IO"),
        ("京AO1234", "PLATE_LETTER_IO"),
        ("京012345", "PLATE_LETTER_IO"),
        ("京A1234", "PLATE_LENGTH"),
        ("京A1234567", "PLATE_LENGTH"),
        ("京ABCDEF", "PLATE_FORM"),
        ("京AF1234A", "PLATE_FORM"),
        ("张三", "PLATE_FORM"),
        ("京A12345/京A12346", "PLATE_SEVERAL"),
        ("?A12345", "TEXT_DESTROYED"),
        ("\ufffdA12345", "TEXT_DESTROYED"),
    ],
)
def test_what_is_no_plate_says_why(raw, reason):
    """The province is not guessed from the store, nor a letter from its looks."""
    assert Bad(reason) == plate(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "-",
        "无",
        "无牌",
        "无车牌",
        "未上牌",
        "没上牌",
        "暂无牌照",
        "待上牌",
        "新车",
        "临牌",
        "临时",
        "京A12345临",
        "无/无",
    ],
)
def test_a_car_without_a_plate_has_none(raw):
    """Words for it are no mistake, and a temporary plate is none: next month it is another car's, or nobody's."""
    assert plate(raw) is None
