"""What comes of a VIN in a cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.clean import Bad, vin, vin_warning

#: A made-up car; the ninth place is right.
RIGHT = "LXCRMA1S1RS000005"
ALPHABET = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"


def check_digit(text: str) -> str:
    """Written another way: A1 B2 … H8, J1 … R9 without O and Q, S2 … Z9."""
    worth = {str(digit): digit for digit in range(10)}
    worth |= {letter: number for number, letter in enumerate("ABCDEFGH", 1)}
    worth |= {letter: number for number, letter in enumerate("JKLMN", 1)} | {"P": 7, "R": 9}
    worth |= {letter: number for number, letter in enumerate("STUVWXYZ", 2)}
    weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
    rest = sum(worth[char] * weight for char, weight in zip(text, weights, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


@pytest.mark.parametrize(
    "raw",
    [
        RIGHT,
        RIGHT.lower(),
        f" {RIGHT}\t",
        f"*{RIGHT}*",
        f"{RIGHT[:3]} {RIGHT[3:9]}-{RIGHT[9:]}",
        f'="{RIGHT}"',
        "ＬＸＣＲＭＡ１Ｓ１ＲＳ０００００５",
    ],
)
def test_a_vin_in_any_dress_is_the_same_vin(raw):
    """Case, width, gaps and the maker's asterisks change nothing."""
    assert vin(raw) == RIGHT


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("LXCRMA1O1RS000005", "VIN_LETTER_IOQ"),
        ("lxcrmai51rs000005", "VIN_LETTER_IOQ"),
        ("LXCRMA1S1RS00000Q", "VIN_LETTER_IOQ"),
        ("RS000005", "VIN_LENGTH"),
        (RIGHT + "1", "VIN_LENGTH"),
        ("LXCRMA1S1RS0000石5", "VIN_CHARACTERS"),
        ("LXCRMA1S1RS00/005", "VIN_CHARACTERS"),
        ("LXCRMA1\u017f1RS000005", "VIN_CHARACTERS"),
        ("LXCRMA1S1RS????05", "TEXT_DESTROYED"),
    ],
)
def test_what_is_no_vin_says_why(raw, reason):
    """An O is never read as a zero, and a part of a VIN is not one."""
    assert Bad(reason) == vin(raw)


@pytest.mark.parametrize("raw", ["", "-", "无", "null", "0", "0" * 17, "1" * 17, "x"])
def test_a_filler_is_no_vin_and_no_mistake(raw):
    """Empty cells and one character all along are None."""
    assert vin(raw) is None


@given(st.text(ALPHABET, min_size=17, max_size=17))
def test_a_wrong_check_digit_is_only_a_warning(text):
    """Seventeen good characters are a VIN; the ninth decides on the warning and on nothing else."""
    expected = None if text[8] == check_digit(text) else "VIN_CHECK_DIGIT"

    assert vin(text) == (text if len(set(text)) > 1 else None)
    assert expected == vin_warning(text)


@given(st.text())
def test_the_warning_takes_any_text(text):
    """It never raises, whatever it is shown."""
    assert vin_warning(text) in {None, "VIN_CHECK_DIGIT"}
