"""Text that was destroyed before it reached us is named, and text that only looks odd is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import lang
from crmcore.tables import destroyed, suspicious

DAMAGED = [
    ("1.38E+10", "CELL_SCIENTIFIC"),
    ("1.2e+05", "CELL_SCIENTIFIC"),
    ("???", "CELL_QUESTION_MARKS"),
    ("?? A12345", "CELL_QUESTION_MARKS"),
    ("张\ufffd", "CELL_REPLACED"),
    ("锟斤拷锟斤拷", "CELL_REPLACED"),
    ("\\N", "CELL_NULL_MARKER"),
    ('说\\"好', "CELL_BACKSLASH_QUOTE"),
    ("RO\x001", "CELL_NUL_BYTE"),
    ("#REF!", "CELL_EXCEL_ERROR"),
    ("#####", "CELL_EXCEL_ERROR"),
    ("客户".encode().decode("latin-1"), "CELL_MOJIBAKE"),
    ("å®¢æˆ·", "CELL_MOJIBAKE"),
]


@pytest.mark.parametrize(("cell", "reason"), DAMAGED)
def test_destroyed_text_is_named(cell, reason):
    """Each way of losing a text has its reason, and a row that holds it is looked at."""
    assert reason == destroyed(f" {cell} ")
    assert suspicious(f"RO1\n{cell}\n2026")


@pytest.mark.parametrize(
    "cell", ["", "张三", "13800138000", "京A·12345", "E+", "1E5", "好吗?", "#3", "C:\\", "Renée Müller", "é", "1.5"]
)
def test_odd_text_is_left_alone(cell):
    """A single question mark, a path, an accent and a number are no damage."""
    assert destroyed(cell) is None


@pytest.mark.parametrize(
    ("cell", "reason"), [("真的吗???", None), ("???", "CELL_QUESTION_MARKS"), ("??异响??", "CELL_QUESTION_MARKS")]
)
def test_a_remark_may_end_in_question_marks(cell, reason):
    """In a sentence they are punctuation at its end, and damage elsewhere."""
    assert reason == destroyed(cell, prose=True)


@given(st.text())
def test_what_is_destroyed_is_always_suspicious(cell):
    """The quick test of a whole row never hides what the slow one would find."""
    assert destroyed(cell) is None or suspicious(cell)


@pytest.mark.parametrize("reason", sorted({reason for _, reason in DAMAGED}))
@pytest.mark.parametrize("language", lang.LANGUAGES)
def test_every_reason_has_words_and_a_fix(reason, language):
    """In Chinese and in English."""
    text, fix = lang.reason(reason, language)

    assert text != reason
    assert fix
