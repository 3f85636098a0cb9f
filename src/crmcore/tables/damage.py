"""Text that was destroyed before it reached us: found and named, never imported, never guessed back."""

from __future__ import annotations

import re
from collections.abc import Callable

_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?[Ee]\+\d{1,3}")
_QUESTIONS = re.compile(r"[?]{2,}")
_ASKED = re.compile(r"[?]+\s*$")
_EXCEL = re.compile(r"#(?:REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|#+)")
_LATIN = re.compile(r"[\u00c2-\u00f4]")


def suspicious(row: str) -> bool:
    """May any cell of this row be destroyed? False is certain, True asks for `destroyed` cell by cell.

    Written out, because every row passes here: a fraction of a microsecond, where a pattern takes several.
    """
    return (
        "?" in row
        or "\\" in row
        or "#" in row
        or "E+" in row
        or "e+" in row
        or "\ufffd" in row
        or "\x00" in row
        or "锟斤拷" in row
        or (not row.isascii() and ("æ" in row or "å" in row or "ç" in row or "è" in row or "é" in row or "ä" in row))
    )


def destroyed(cell: str, *, prose: bool = False) -> str | None:
    """The reason code why this cell no longer holds what was written, or None.

    `prose`: a remark may end in several question marks; a name, a plate or an order number may not.
    """
    text = cell.strip()
    for reason, found in _MARKS:
        if found(text):
            return reason
    return "CELL_QUESTION_MARKS" if _questions(text, prose=prose) else None


def _questions(text: str, *, prose: bool) -> bool:
    """A run of `?` is what an export into a smaller character set leaves of Chinese."""
    if prose:
        text = _ASKED.sub("", text) or text
    return _QUESTIONS.search(text) is not None


def _mojibake(text: str) -> bool:
    """UTF-8 that some program read as Western European: `å®¢æˆ·` was 客户."""
    if _LATIN.search(text) is None:
        return False
    for encoding in ("cp1252", "latin-1"):
        try:
            mended = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return any(char >= "\u2e80" for char in mended)
    return False


_MARKS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("CELL_REPLACED", lambda text: "\ufffd" in text or "锟斤拷" in text),
    ("CELL_NUL_BYTE", lambda text: "\x00" in text),
    ("CELL_NULL_MARKER", lambda text: text == "\\N"),
    ("CELL_BACKSLASH_QUOTE", lambda text: '\\"' in text),
    ("CELL_SCIENTIFIC", _SCIENTIFIC.fullmatch),
    ("CELL_EXCEL_ERROR", _EXCEL.fullmatch),
    ("CELL_MOJIBAKE", _mojibake),
)
