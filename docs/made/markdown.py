"""How the generated pages are written: tables, code, sentences in which nothing is markup, and what the packs say."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from typing import Any


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def code(text: object) -> str:
    """`text` as code; nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def plain(text: str) -> str:
    """A sentence as Markdown reads it: nothing in it is markup."""
    return re.sub(r"([*_<>\[\]])", r"\\\1", " ".join(text.split()))


@functools.cache
def pack(name: str) -> dict[str, Any]:
    """A shipped pack as it is written."""
    return tomllib.loads((resources.files("crmcore") / "packs" / f"{name}.toml").read_text("utf-8"))
