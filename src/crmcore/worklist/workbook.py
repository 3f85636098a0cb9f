"""The worklist as a workbook: the call locked, the answer open, a dropdown wherever there is something to choose from.

Excel keeps at most 255 characters of a list inside a cell, so the lists stand on a hidden sheet. The protection has no
password: it keeps fingers from slipping, not from working.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from crmcore import lang as catalogue
from crmcore.worklist.form import Form
from crmcore.worklist.rows import COLUMNS, WorklistRow

#: Rows above the first call: the hidden one with the codes, and the headings.
CODES, HEADINGS, FIRST = 0, 1, 2
LISTS = "lists"
#: For the import alone.
HIDDEN = frozenset({"exported"})
A4 = 9
_TEXT = {"num_format": "@", "text_wrap": True, "valign": "top", "border": 1}
_LATE, _LEASED, _SHUT, _OPEN = "#FCE4D6", "#FFF2CC", "#D9D9D9", "#F7FBF2"
#: What a protected sheet still allows.
_ALLOWED = dict.fromkeys(
    ("sort", "autofilter", "format_cells", "format_columns", "format_rows", "select_locked_cells"), True
)


class Sheet:
    """One worklist being written."""

    def __init__(self, form: Form, lang: str, title: str) -> None:
        self.form, self.lang = form, lang
        self.buffer = io.BytesIO()
        plain = dict.fromkeys(("strings_to_formulas", "strings_to_numbers", "strings_to_urls"), False)
        self.book = xlsxwriter.Workbook(self.buffer, {"in_memory": True, **plain})
        self.sheet = self.book.add_worksheet(title[:31])
        self.columns = [*COLUMNS, *form.columns()]
        self.formats = {
            "head": self._format(bold=True, bg_color="#DDE6F0", valign="vcenter"),
            "answer head": self._format(bold=True, bg_color="#E2F0D9", valign="vcenter"),
            "plain": self._format(),
            "late": self._format(bg_color=_LATE),
            "leased": self._format(bg_color=_LEASED),
            "shut": self._format(bg_color=_SHUT),
            "open": self._format(bg_color=_OPEN, locked=False),
            "score": self._format(bg_color=_OPEN, locked=False, num_format="General"),
        }

    def _format(self, **more: Any) -> Any:
        return self.book.add_format({**_TEXT, **more})

    def filled(self, rows: Sequence[WorklistRow]) -> bytes:
        """The bytes of the workbook with these calls."""
        self._heads()
        for number, row in enumerate(rows, start=FIRST):
            self._row(number, row)
        last = max(len(rows), 1) + FIRST - 1
        self._dropdowns(last)
        self._page(last)
        self.book.close()
        return self.buffer.getvalue()

    def _heads(self) -> None:
        for number, column in enumerate(self.columns):
            self.sheet.set_column(number, number, self.form.width(column), None, {"hidden": column in HIDDEN})
            self.sheet.write_string(CODES, number, column)
            head = self.formats["head" if column in COLUMNS else "answer head"]
            self.sheet.write_string(HEADINGS, number, self.form.heading(column, self.lang), head)
        self.sheet.set_row(CODES, None, None, {"hidden": True})

    def _row(self, number: int, row: WorklistRow) -> None:
        look = self.formats["late" if row.late else "plain"]
        for position, (column, cell) in enumerate(zip(COLUMNS, row.cells(), strict=True)):
            leased = column == "lease" and cell
            self.sheet.write_string(number, position, cell, self.formats["leased"] if leased else look)
        scores = {one.key for one in self.form.asked}
        for position, column in enumerate(self.form.columns(), start=len(COLUMNS)):
            shut = row.shut or (column in scores and column not in row.asked)
            name = "shut" if shut else "score" if column in scores else "open"
            self.sheet.write_blank(number, position, None, self.formats[name])

    def _dropdowns(self, last: int) -> None:
        """One list a column on the hidden sheet; a list of numbers holds numbers, as a typed 9 is one."""
        lists = self.book.add_worksheet(LISTS)
        lists.hide()
        listed = 0
        for position, column in enumerate(self.form.columns(), start=len(COLUMNS)):
            options = self.form.options(column, self.lang)
            if not options:
                continue
            for line, option in enumerate(options):
                if option.isdecimal():
                    lists.write_number(line, listed, int(option))
                else:
                    lists.write_string(line, listed, option)
            name = xl_col_to_name(listed)
            source = f"={LISTS}!${name}$1:${name}${len(options)}"
            self.sheet.data_validation(FIRST, position, last, position, self._rule(column, source))
            listed += 1

    def _rule(self, column: str, source: str) -> dict[str, Any]:
        return {
            "validate": "list",
            "source": source,
            "error_title": self._say("choose.title"),
            "error_message": self._say("choose"),
            "error_type": "warning" if column == "caller" else "stop",
        }

    def _page(self, last: int) -> None:
        """Frozen and repeated headings, filters, A4 across, protection, a hint where a time is written."""
        sheet = self.sheet
        sheet.freeze_panes(FIRST, 2)
        sheet.autofilter(HEADINGS, 0, last, len(self.columns) - 1)
        sheet.repeat_rows(HEADINGS)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        for column in ("called_at", "next_at"):
            position = self.columns.index(column)
            hint = {"validate": "any", "input_title": self._say("time.title"), "input_message": self._say("time")}
            sheet.data_validation(FIRST, position, last, position, hint)
        sheet.protect("", _ALLOWED)

    def _say(self, key: str) -> str:
        return catalogue.say(f"worklist.{key}", self.lang)
