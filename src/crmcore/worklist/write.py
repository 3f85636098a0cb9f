"""Writing the worklist: a workbook where xlsxwriter is installed, CSV otherwise or when asked.

The file holds full phone numbers, so it is created for its owner alone (0600) before a byte is written. Every cell of the
part that says which call it is is text: a phone stays a phone, and a name that begins with "=" stays a name.

The first row of the sheet is hidden and holds the codes of the columns: a column that was renamed or moved is still known.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from crmcore.errors import MissingExtra, StoreError, UsageError
from crmcore.worklist.form import Form
from crmcore.worklist.rows import COLUMNS, WorklistRow

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write(path: Path, rows: Sequence[WorklistRow], *, lang: str, title: str, form: Form | None = None) -> None:
    """Write `rows` to `path` by its suffix, with the answer part of `form`.

    Raises:
        UsageError: the suffix is neither .xlsx nor .csv.
        MissingExtra: .xlsx without xlsxwriter.
        StoreError: the file cannot be written, e.g. because it is open in Excel.
    """
    form = form or Form()
    match path.suffix.lower():
        case ".xlsx":
            content = _workbook(rows, form, lang, title)
        case ".csv":
            content = _csv(rows, form, lang)
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


def unharmed(cell: str) -> str:
    """What `harmless` was given."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA_STARTS) else cell


def headings(form: Form, lang: str) -> list[str]:
    """The heading of each column of both parts."""
    return [form.heading(column, lang) for column in (*COLUMNS, *form.columns())]


def _csv(rows: Sequence[WorklistRow], form: Form, lang: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(headings(form, lang))
    empty = [""] * len(form.columns())
    writer.writerows([*(harmless(_one_line(cell)) for cell in row.cells()), *empty] for row in rows)
    return text.getvalue().encode("utf-8-sig")  # Excel reads UTF-8 only with a BOM


def _one_line(cell: str) -> str:
    """A cell without breaks: a text editor, and many an import, take each line of a CSV for a row."""
    return " / ".join(cell.splitlines())


def _workbook(rows: Sequence[WorklistRow], form: Form, lang: str, title: str) -> bytes:
    try:
        import xlsxwriter  # noqa: F401 - asked for here, where its absence is a message
    except ModuleNotFoundError:
        raise MissingExtra("CRM-X001", extra="app") from None
    from crmcore.worklist.workbook import Sheet

    return Sheet(form, lang, title).filled(rows)
