"""How many parts a text becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore_sms_gateway.length import is_gsm, segments


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 918, 6),
        ("a" * 919, 7),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 76 * 2, 2),
        ("€" * (76 * 2 + 1), 3),
        ("长" * 70, 1),
        ("长" * 71, 2),
        ("长" * 134, 2),
        ("长" * 135, 3),
        ("长" * 402, 6),
        ("长" * 403, 7),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
        ("a" * 70 + "ç", 2),
    ],
)
def test_parts_are_counted_as_the_network_counts(text, parts):
    """160 or 153 septets, 70 or 67 UTF-16 units; an extension character takes two, an emoji two, and none is cut."""
    assert parts == segments(text)


@given(st.text(max_size=500))
def test_more_text_never_needs_fewer_parts(text):
    """Adding a letter never makes a text shorter."""
    assert segments(text) <= segments(text + "a")


@given(st.text(alphabet="ab€[长😀", max_size=600))
def test_tighter_packing_needs_no_more_parts(text):
    """A gateway that cuts between the halves of a character never needs more parts than we count."""
    units = sum(2 if char in "€[" else 1 for char in text) if is_gsm(text) else len(text.encode("utf-16-be")) // 2
    alone, joined = (160, 153) if is_gsm(text) else (70, 67)
    tight = -(-units // joined) if units > alone else min(units, 1)

    assert tight <= segments(text) <= tight + 1
