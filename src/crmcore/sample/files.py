"""The dressed exports on disk; the same dealer gives the same bytes."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import attrs

from crmcore.errors import MissingExtra
from crmcore.sample.sheets import Cell, Sheet

#: In what clothes each file comes: the one DMS module is old, another puts a BOM, the rest are plain.
ENCODINGS: Final = {"ro.csv": "gb18030", "showroom.csv": "utf-8-sig"}
_SECRET: Final = 0o600


@attrs.frozen
class Files:
    """Where the exports are.

    Attributes:
        folder: `exports/` below the folder that was asked for.
        paths: every file in it, by name.
    """

    folder: Path
    paths: dict[str, Path]


def save(sheets: tuple[Sheet, ...], folder: Path) -> Files:
    """Write every sheet below `folder`, readable by the owner only; raises MissingExtra without `crmcore[app]`."""
    exports = folder / "exports"
    exports.mkdir(parents=True, exist_ok=True)
    paths = {sheet.file: exports / sheet.file for sheet in sheets}
    for sheet in sheets:
        content = _workbook(sheet) if sheet.file.endswith(".xlsx") else _csv(sheet)
        path = paths[sheet.file]
        path.touch(mode=_SECRET)
        path.chmod(_SECRET)  # also where the file was there before
        path.write_bytes(content)
    return Files(exports, paths)


def _csv(sheet: Sheet) -> bytes:
    """CRLF between records, bare LF within a cell, as Excel writes it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    blank = [""] * (len(sheet.headings) - 1)
    if sheet.title:
        writer.writerow([sheet.title, *blank])
    writer.writerow(sheet.headings)
    writer.writerows(sheet.rows)
    if sheet.total:
        writer.writerow(sheet.total)
    return text.getvalue().encode(ENCODINGS.get(sheet.file, "utf-8"))


def _workbook(sheet: Sheet) -> bytes:
    try:
        import xlsxwriter
    except ImportError as error:
        raise MissingExtra("CRM-X301", extra="app") from error
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "remove_timezone": True})
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 - a workbook's clock has no zone; fixed, so that the bytes are
    formats: dict[type, Any] = {
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    page = book.add_worksheet("登记")
    page.write_string(0, 0, sheet.title)
    for column, heading in enumerate(sheet.headings):
        page.write_string(1, column, heading)
    for number, row in enumerate(sheet.rows, 2):
        for column, cell in enumerate(row):
            _cell(page, number, column, cell, formats)
    book.close()
    return content.getvalue()


def _cell(page: Any, row: int, column: int, cell: Cell, formats: dict[type, Any]) -> None:
    match cell:
        case datetime() | date():
            page.write_datetime(row, column, cell, formats[type(cell)])
        case int():
            page.write_number(row, column, cell)
        case "":
            pass
        case str():
            page.write_string(row, column, cell)
