"""One report in the form its file asks for: a page, a workbook, or the facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

from crmcore.errors import UsageError
from crmcore.reports import board_parts, book, calls_parts, csi_parts, daily_parts, page
from crmcore.reports.board import Board
from crmcore.reports.calls import Calls
from crmcore.reports.csi import Csi
from crmcore.reports.daily import Daily
from crmcore.reports.parts import Report

HTML, XLSX, JSON = ".html", ".xlsx", ".json"
SUFFIXES = (HTML, XLSX, JSON)


Page = Csi | Board | Calls | Daily


class Facts(Protocol):
    """What every report can tell of itself."""

    def as_json(self) -> dict[str, Any]:
        """Codes, not prose."""
        ...


def parts(facts: Page, lang: str) -> Report:
    """The facts in words."""
    say = page.speaker(lang)
    match facts:
        case Csi():
            return csi_parts.parts(facts, say, lang)
        case Board():
            return board_parts.parts(facts, say)
        case Calls():
            return calls_parts.parts(facts, say)
        case Daily():
            return daily_parts.parts(facts, say)


def suffix_of(path: Path) -> str:
    """The form a file name asks for; raises `UsageError` CRM-U403 for another. A folder is told as one when it is written to."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES and not path.is_dir():
        raise UsageError("CRM-U403", at=path.name, suffix=suffix or path.name, known=" ".join(SUFFIXES))
    return suffix


def html(facts: Page, lang: str) -> str:
    """The page."""
    return page.render(parts(facts, lang), lang)


def as_text(facts: Facts) -> str:
    """The facts as JSON."""
    return json.dumps(facts.as_json(), ensure_ascii=False, indent=2)


def content(facts: Page, suffix: str, lang: str) -> bytes:
    """The bytes of a file of this form."""
    if suffix == XLSX:
        return book.workbook(parts(facts, lang), lang)
    return f"{as_text(facts) if suffix == JSON else html(facts, lang)}\n".encode()
