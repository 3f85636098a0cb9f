"""Reading an edited worklist back: which column is which, whatever was renamed, moved, hidden or put between.

Excel, WPS and LibreOffice change types on the way; here everything is text again, and each cell has its place ("K17").
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from crmcore.errors import SourceError
from crmcore.tables import Table, heading_key, open_table
from crmcore.tables.delimited import Delimited
from crmcore.worklist.form import LANGUAGES, Form, heading
from crmcore.worklist.write import unharmed

#: Without these no row can be taken.
NEEDED = ("id", "result")
NO_HEADINGS = "CRM-S105"


@attrs.frozen
class Line:
    """One row of the file.

    Attributes:
        number: the row as the spreadsheet counts it.
        cells: column -> text; empty ones are left out.
        reason: why the row cannot be read at all, a reason code.
    """

    number: int
    cells: Mapping[str, str] = attrs.field(repr=False)
    reason: str = ""


@attrs.frozen
class Filled:
    """An edited worklist.

    Attributes:
        letters: column -> "K".
        ignored: headings of columns that are none of ours.
    """

    lines: tuple[Line, ...]
    letters: Mapping[str, str]
    ignored: tuple[str, ...] = ()

    def place(self, line: int, column: str) -> str:
        """The cell as a spreadsheet calls it; the row alone where the column is not there."""
        return f"{self.letters.get(column, '')}{line}"


def read(path: Path, form: Form) -> Filled:
    """The rows of an edited worklist.

    Raises:
        SourceError: no such table, or a column is gone without which nothing can be taken (CRM-S501).
        MissingExtra: a workbook without the library to read it.
    """
    known = form.by_heading()
    with _opened(path, known) as table:
        names, heads = list(table.columns), None
        lines = list(_lines(table))
        if _coded(names) and lines:
            heads, lines = lines[0], lines[1:]
        shown = heads[1] if heads is not None else names
        columns, ignored = _columns(names, shown, known)
        missing = [column for column in NEEDED if column not in columns.values()]
        if missing:
            raise _no_worklist(path, missing)
        text = isinstance(table, Delimited)
        return Filled(
            tuple(_line(number, cells, reason, columns, text=text) for number, cells, reason in lines),
            {column: letter(position) for position, column in columns.items()},
            ignored,
        )


def _opened(path: Path, known: Mapping[str, str]) -> Table:
    """The table; one without any heading of ours is told in our own words."""
    try:
        return open_table(path, headings=known)
    except SourceError as error:
        if error.code == NO_HEADINGS:
            raise _no_worklist(path, NEEDED) from None
        raise


def _no_worklist(path: Path, missing: Sequence[str]) -> SourceError:
    words = ", ".join("/".join(heading(column, lang) for lang in LANGUAGES) for column in missing)
    return SourceError("CRM-S501", at=path.name, columns=words)


def _lines(table: Table) -> Iterator[tuple[int, list[str], str]]:
    """(row as a spreadsheet counts it, cells, reason): in a text file a cell of several lines is one row."""
    swallowed = 0
    for row in table:
        yield row.number - swallowed, row.cells, row.reason
        if isinstance(table, Delimited):
            swallowed += row.raw.count(b"\n")


def _coded(names: list[str]) -> bool:
    """Is this the hidden row of codes? Then the row below it holds the headings."""
    return "called_at" in names and "id" in names


def _columns(names: list[str], shown: list[str], known: Mapping[str, str]) -> tuple[dict[int, str], tuple[str, ...]]:
    """Position -> column, and the headings nobody knows; the first of two alike counts."""
    found: dict[int, str] = {}
    ignored = []
    for position, name in enumerate(names):
        said = shown[position] if position < len(shown) else ""
        column = known.get(heading_key(name)) or known.get(heading_key(said))
        if column is not None and column not in found.values():
            found[position] = column
        elif said.strip() or not name.startswith("#"):
            ignored.append(said.strip() or name)
    return found, tuple(ignored)


def _line(number: int, cells: list[str], reason: str, columns: Mapping[int, str], *, text: bool) -> Line:
    said = {column: cells[position] for position, column in columns.items() if position < len(cells)}
    if text:
        said = {column: unharmed(cell) for column, cell in said.items()}
    return Line(number, {column: cell for column, cell in said.items() if cell.strip()}, reason)


def letter(position: int) -> str:
    """The name of a column, counted from 0: A, B, … Z, AA."""
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = string.ascii_uppercase[rest] + name
    return name
