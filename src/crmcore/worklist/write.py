"""Writing the worklist: a workbook where xlsxwriter is installed, CSV otherwise or when asked.

The file holds full phone numbers, so it is created for its owner alone (0600) before a byte is written. Every cell is text:
a phone stays a phone, and a name that begins with "=" stays a name.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from crmcore.errors import MissingExtra, StoreError, UsageError
from crmcore.worklist.rows import COLUMNS, WorklistRow

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write(path: Path, rows: Sequence[WorklistRow], *, lang: str, title: str) -> None:
    """Write `rows` to `path` by its suffix.

    Raises:
        UsageError: the suffix is neither .xlsx nor .csv.
        MissingExtra: .xlsx without xlsxwriter.
        StoreError: the file cannot be written, e.g. because it is open in Excel.
    """
    match path.suffix.lower():
        case ".xlsx":
            content = _workbook(rows, lang, title)
        case ".csv":
            content = _csv(rows, lang)
        case other:
            raise UsageError("CRM-U210", at=path.name, suffix=other)
    private_write(path, content)


def private_write(path: Path, content: bytes) -> None:
    """Replace `path` with `content`, readable by its owner alone, all or nothing."""
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise StoreError("CRM-D130", at=path.name, why=type(error).__name__) from None


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula when it opens the CSV."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def headings(lang: str) -> list[str]:
    """The heading of each column."""
    return [zh if lang == "zh" else en for zh, en, _ in COLUMNS.values()]


def _csv(rows: Sequence[WorklistRow], lang: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(headings(lang))
    writer.writerows([harmless(cell) for cell in row.cells()] for row in rows)
    return text.getvalue().encode("utf-8-sig")  # Excel reads UTF-8 only with a BOM


def _workbook(rows: Sequence[WorklistRow], lang: str, title: str) -> bytes:
    try:
        import xlsxwriter
    except ModuleNotFoundError:
        raise MissingExtra("CRM-X001", extra="app") from None
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(title[:31])
    head = book.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True, "valign": "vcenter"})
    plain = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "border": 1})
    late = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "border": 1, "bg_color": "#FCE4D6"})
    for column, ((_, _, width), heading) in enumerate(zip(COLUMNS.values(), headings(lang), strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, head)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row.cells()):
            sheet.write_string(number, column, cell, late if row.late else plain)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    book.close()
    return buffer.getvalue()
