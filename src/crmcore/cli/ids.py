"""Ids at the boundary: a letter and a number, so that T12 is never taken for M12."""

from __future__ import annotations

import re

from crmcore.errors import UsageError


def number(text: str, letter: str) -> int:
    """`t12` or `T12` -> 12; raises `UsageError` for an id of another kind."""
    found = re.fullmatch(rf"{letter}?([1-9][0-9]{{0,17}})", text.strip(), re.IGNORECASE | re.ASCII)
    if found is None:
        raise UsageError("CRM-U107", id=text)
    return int(found.group(1))


def show(letter: str, value: int | None) -> str | None:
    """12 -> "T12"."""
    return None if value is None else f"{letter}{value}"
