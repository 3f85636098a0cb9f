"""Text that was destroyed before it reached us: found and named, never imported, never guessed back."""

from __future__ import annotations

import re

#: None of these characters, no destroyed text: a test that a whole row passes in a fraction of a microsecond.
_TRACES = ("?", "\\", "\ufffd", "#", "\x00", "E+", "e+", "锟斤拷", "Ã", "å", "æ", "ç", "è", "é", "ä")

_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?[Ee]\+\d{1,3}")
_QUESTIONS = re.compile(r"[?]{2,}")
_ASKED = re.compile(r"[?]+\s*$")
_EXCEL = re.compile(r"#(?:REF!|VALUE!|N/A|NAME\?|DIV/0!|NUM!|NULL!|#+)")
_LATIN = re.compile(r"[\u00c2-\u00f4]")


def suspicious(line: str) -> bool:
    """May any cell of this row be destroyed? False is certain, True asks for `destroyed` cell by cell."""
    return any(trace in line for trace in _TRACES)


def destroyed(cell: str, *, prose: bool = False) -> str | None:
    """The reason code why this cell no longer holds what was written, or None.

    `prose`: a remark may end in several question marks; a name, a plate or an order number may not.
    """
    text = cell.strip()
    if "\ufffd" in text or "锟斤拷" in text:
        return "TEXT_REPLACED"
    if "\x00" in text:
        return "NUL_BYTE"
    if text == "\\N":
        return "NULL_MARKER"
    if '\\"' in text:
        return "BACKSLASH_QUOTE"
    if _SCIENTIFIC.fullmatch(text):
        return "NUMBER_SCIENTIFIC"
    if _EXCEL.fullmatch(text):
        return "EXCEL_ERROR"
    if _questions(text, prose=prose):
        return "TEXT_QUESTION_MARKS"
    return "TEXT_MOJIBAKE" if _mojibake(text) else None


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
