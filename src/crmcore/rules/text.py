"""What every cleaner needs first: plain text without the marks of its travels, nothing said, and the shape of a value."""

from __future__ import annotations

import re
import unicodedata

import attrs


@attrs.frozen
class Bad:
    """There is something in the cell, and it cannot be used; `reason` has words and a fix in lang/."""

    reason: str


DESTROYED = Bad("TEXT_DESTROYED")

#: Full-width forms to ASCII, every space and dash to the plain one, and marks that nobody sees to nothing: address books
#: wrap copied numbers in U+202D … U+202C, spreadsheets keep U+00A0 and U+FEFF.
_PLAIN: dict[int, int | None] = {
    **{wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"), ord(" ")),
    **dict.fromkeys(range(0x2000, 0x200B), ord(" ")),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), ord("-")),
    **dict.fromkeys(
        (0x00AD, 0x180E, 0x2060, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    ),
    **dict.fromkeys((*range(9), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0))),
}

_EXCEL_TEXT = re.compile(r'=\s*"([^"]*)"')


def words(text: str) -> frozenset[str]:
    """The words of `text`, for looking up."""
    return frozenset(text.split())


#: What people and programs write for "nothing here".
NOTHING = words(
    "无 無 没有 暂无 未知 不详 不祥 未填 未填写 未提供 未登记 未录入 空 待补 待补充 (空白) (空)"
    " null none nil nan n/a na #n/a \\n unknown (null) <null> [null]"
)
_STROKES = frozenset(" -_./\\*'`~,;:|·、。()")

#: Question marks and U+FFFD are left where an encoding had no room; 锟斤拷 is U+FFFD read as GBK; hashes a narrow column.
_DESTROYED = re.compile(r"[?\ufffd]|锟斤拷|##|#(?:REF|VALUE|DIV/0|NAME|NUM|NULL)[!?]", re.IGNORECASE)

SHAPE_LENGTH = 40


def fold(raw: str) -> str:
    """`raw` as a person reads it: half-width, one kind of space and dash, no invisible marks, out of Excel's `="…"`."""
    text = (raw if raw.isascii() and raw.isprintable() else raw.translate(_PLAIN)).strip()
    while text[:1] == "'" or (text[:1] == "=" and _EXCEL_TEXT.fullmatch(text)):
        text = (text[1:] if text[0] == "'" else text.removeprefix("=").strip()[1:-1]).strip()
    return text


def blank(text: str) -> bool:
    """Does the folded `text` say that there is nothing: empty, strokes alone, 无, 未知, NULL, N/A …?"""
    return text.lower() in NOTHING or _STROKES.issuperset(text)


def destroyed(text: str) -> bool:
    """Was the folded `text` destroyed before it reached us? `?`, U+FFFD, 锟斤拷, `#####`, `#REF!`."""
    return _DESTROYED.search(text) is not None


def ideograph(char: str) -> bool:
    """Is it a Chinese character, in any plane?"""
    return "\u4e00" <= char <= "\u9fff" or char == "〇" or unicodedata.name(char, "").startswith("CJK ")


def shape(raw: str) -> str:
    """What the value looks like without what it says: digits as 9, letters as A, ideographs as 字, at most 40 characters.

    Letters and digits of every script count, so that no name shines through; what breaks a line becomes a space.
    """
    masked = "".join(map(_mask, raw[: SHAPE_LENGTH + 1]))
    return masked if len(raw) <= SHAPE_LENGTH else masked[: SHAPE_LENGTH - 1] + "…"


def _mask(char: str) -> str:
    if ideograph(char):
        return "字"
    if char.isalpha() or unicodedata.category(char)[0] == "M":
        return "A"
    if char.isnumeric():
        return "9"
    return char if char.isprintable() else " "
