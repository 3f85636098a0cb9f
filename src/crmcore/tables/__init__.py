"""Any messy table -> rows of text with their place: encoding, delimiter, header, sheet, destroyed values.

What the file is decides, not what it is called: a workbook by its first bytes, a "fake .xls" of tabs as the text it is, one
of HTML with a clear error. Text tables are read in blocks, so a file of a gigabyte needs a few megabytes of memory.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TypeAlias

from crmcore.errors import SourceError
from crmcore.rules.text import shape
from crmcore.tables.damage import destroyed, suspicious
from crmcore.tables.delimited import Delimited
from crmcore.tables.headings import heading_key, is_furniture
from crmcore.tables.row import BadRow, Raw, Row
from crmcore.tables.workbook import Limits, Sheet, is_workbook, load

__all__ = [
    "BadRow",
    "Limits",
    "Raw",
    "Row",
    "Table",
    "destroyed",
    "heading_key",
    "is_furniture",
    "open_table",
    "shape",
    "sheet_names",
    "suspicious",
]

#: How files begin that are picked instead of the table beside them: PDF, a store of ours, pictures, RTF, RAR, 7z.
_NO_TABLE = (b"%PDF", b"SQLite format 3", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf", b"Rar!", b"7z\xbc\xaf")
_LOCK = "~$"  # what Excel and WPS lay beside a file that is open

#: Both are context managers with `.part`, `.encoding`, `.delimiter`, `.header_row`, `.columns`; iterate them for `Row`s.
Table: TypeAlias = Delimited | Sheet


def open_table(
    path: Path,
    *,
    headings: Collection[str],
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool = True,
    limits: Limits | None = None,
    name: str = "",
) -> Table:
    """The table in `path`, its header found by `headings`; use it in a `with`.

    Args:
        path: a text table or a workbook, whatever its ending says.
        headings: every heading we know; the row among the first twenty that has most of them is the header.
        sheet: of a workbook; None: the first one with a header we know.
        encoding: insist on it; None: byte-order mark, UTF-8, GB18030.
        delimiter: insist on it; None: comma, semicolon, tab or bar, whichever finds the header.
        header: False for a table that begins with its first record; the columns are then "#1", "#2", …
        limits: the largest workbook.
        name: what places and errors call the file; default its name.

    Raises `SourceError` for a file that is no such table, `MissingExtra` for a workbook without the library to read it.
    """
    at = name or path.name or str(path)
    known = frozenset(heading_key(heading) for heading in headings)
    if _is_workbook(path, at):
        return Sheet(path, known=known, at=at, sheet=sheet, header=header, limits=limits)
    return Delimited(path, known=known, at=at, encoding=encoding, delimiter=delimiter, header=header)


def sheet_names(path: Path, *, limits: Limits | None = None, name: str = "") -> tuple[str, ...]:
    """The sheets of a workbook, in order; empty for a text table."""
    at = name or path.name
    if not _is_workbook(path, at):
        return ()
    with load(path, at, limits or Limits()) as book:
        return tuple(book.sheet_names)


def _is_workbook(path: Path, at: str) -> bool:
    """Sniff the first bytes; raises `SourceError` when there are none to sniff, or they begin a web page or no table at all."""
    try:
        with path.open("rb") as stream:
            head = stream.read(2048)
    except FileNotFoundError:
        raise SourceError("CRM-S101", at=at) from None
    except OSError:
        raise SourceError("CRM-S103", at=at) from None
    text = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if text.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<head", b"<meta", b"<style", b"<!--")):
        raise SourceError("CRM-S110", at=at)
    if head.startswith(_NO_TABLE) or path.name.startswith(_LOCK):
        raise SourceError("CRM-S117", at=at)
    return is_workbook(head)
