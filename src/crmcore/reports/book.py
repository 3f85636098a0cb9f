"""A report as a workbook: the tables of the page as numbers, native charts, nothing that a spreadsheet takes for a formula."""

from __future__ import annotations

import io
import re
from typing import Any

from crmcore.errors import MissingExtra
from crmcore.reports.page import duration, speaker
from crmcore.reports.parts import (
    Cell,
    Chart,
    Grid,
    Kind,
    Mark,
    Report,
    Section,
    Shape,
    Tile,
    Tone,
    drawn,
    number,
    plain,
    series_of,
)

#: Excel's own codes, by kind; a share stays a number between 0 and 1.
FORMATS = {
    Kind.TEXT: "@",
    Kind.MOMENT: "@",
    Kind.COUNT: "#,##0",
    Kind.SCORE: "0.0",
    Kind.SHARE: "0.0%",
    Kind.MINUTES: "#,##0",
}
FILLS = {Tone.BAD: "#F8D7D3", Tone.SOON: "#FCEBC8", Tone.GOOD: "#D9EEDF", Tone.DIM: "#ECEFF3"}
A4 = 9
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


def workbook(report: Report, lang: str) -> bytes:
    """The file's bytes; a sheet for the figures that are read first, then one for each section that has a table."""
    try:
        import xlsxwriter
    except ModuleNotFoundError:
        raise MissingExtra("CRM-X001", extra="app") from None
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": report.title, "created": report.made})
    sheets = _Sheets(book, report.title, lang)
    sheets.overview(report)
    for section in report.sections:
        if section.grid is not None:
            sheets.section(section, section.grid)
    book.close()
    return buffer.getvalue()


class _Sheets:
    """Writes sheets into one workbook; formats are made once, names are kept apart."""

    def __init__(self, book: Any, title: str, lang: str) -> None:
        self.book, self.title, self.lang = book, title, lang
        self.say = speaker(lang)
        self.formats: dict[tuple[Kind, Tone], Any] = {}
        self.names: set[str] = set()
        self.head = book.add_format(
            {"bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True, "valign": "vcenter"}
        )
        self.dim = book.add_format({"font_color": "#55606E", "text_wrap": False})

    def overview(self, report: Report) -> None:
        """The figures that are read first, those of the sections too, and what they were counted from."""
        sheet = self._sheet(self.say("reports.overview"))
        sheet.set_column(0, 0, 40)
        sheet.set_column(1, 1, 16)
        sheet.set_column(2, 2, 60)
        for column, key in enumerate(("figure", "value", "note")):
            sheet.write_string(0, column, self.say(f"reports.{key}"), self.head)
        line = 1
        for name, tiles in [("", report.tiles), *((section.title, section.tiles) for section in report.sections)]:
            for tile in tiles:
                self._tile(sheet, line, name, tile)
                line += 1
        for text in report.meta:
            line += 1
            sheet.write_string(line, 0, text, self.dim)

    def section(self, section: Section, grid: Grid) -> None:
        """Heading in the first row, which stays in sight; the table; below it the notes; beside it the chart."""
        sheet = self._sheet(section.title)
        for column, each in enumerate(grid.columns):
            heading = f"{each.name} ({self.say('reports.in_minutes')})" if each.kind is Kind.MINUTES else each.name
            widest = max((len(plain(row[column]).encode("gbk", "replace")) for row in grid.rows), default=0)
            sheet.set_column(column, column, min(max(widest, len(heading.encode("gbk", "replace"))) + 3, 48))
            sheet.write_string(0, column, heading, self.head)
        for line, row in enumerate(grid.rows, start=1):
            for column, (cell, each) in enumerate(zip(row, grid.columns, strict=True)):
                self._cell(sheet, line, column, cell, each.kind)
        below = len(grid.rows) + 2
        for note in section.notes if grid.rows else (section.empty, *section.notes):
            sheet.write_string(below, 0, note, self.dim)
            below += 1
        if section.chart is not None and series_of(grid, section.chart):
            chart = self._chart(section.chart, grid, sheet.get_name())
            sheet.insert_chart(0, len(grid.columns) + 1, chart, {"description": section.chart.description})

    def _sheet(self, title: str) -> Any:
        sheet = self.book.add_worksheet(self._name(title))
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_header(f"&L{self.title.replace('&', '&&')}&R&A")
        sheet.set_footer("&R&P / &N")
        return sheet

    def _name(self, title: str) -> str:
        """A sheet's name: 31 letters, none that Excel forbids, no two alike."""
        base = _FORBIDDEN.sub(" ", title).strip() or self.say("reports.overview")
        name, count = base[:31], 1
        while name.casefold() in self.names:
            count += 1
            name = f"{base[:27]} {count}"
        self.names.add(name.casefold())
        return name

    def _tile(self, sheet: Any, line: int, section: str, tile: Tile) -> None:
        name = f"{section} · {tile.name}" if section else tile.name
        sheet.write_string(line, 0, name, self._format(Kind.TEXT, Tone.PLAIN))
        self._cell(sheet, line, 1, tile.value, tile.kind)
        note = tile.note
        if tile.kind is Kind.MINUTES and isinstance(tile.value, int | float):
            note = " · ".join(part for part in (duration(round(tile.value), self.lang), note) if part)
        sheet.write_string(line, 2, note, self._format(Kind.TEXT, Tone.PLAIN))

    def _cell(self, sheet: Any, line: int, column: int, cell: Cell, kind: Kind) -> None:
        tone = cell.tone if isinstance(cell, Mark) else Tone.PLAIN
        value = number(cell)
        if cell is None:
            sheet.write_blank(line, column, None, self._format(kind, tone))
        elif value is None:
            sheet.write_string(line, column, plain(cell), self._format(Kind.TEXT, tone))
        else:
            whole = kind is Kind.SCORE and isinstance(cell, int)
            sheet.write_number(line, column, value, self._format(Kind.COUNT if whole else kind, tone))

    def _format(self, kind: Kind, tone: Tone) -> Any:
        if (kind, tone) not in self.formats:
            look = {"num_format": FORMATS[kind], "border": 1, "valign": "top", "text_wrap": kind is Kind.TEXT}
            if tone in FILLS:
                look["bg_color"] = FILLS[tone]
            self.formats[kind, tone] = self.book.add_format(look)
        return self.formats[kind, tone]

    def _chart(self, chart: Chart, grid: Grid, sheet: str) -> Any:
        """The same columns as on the page, drawn by the spreadsheet from its own cells."""
        shape = {Shape.RADAR: "radar", Shape.TREND: "line", Shape.BARS: "bar"}[chart.shape]
        made = self.book.add_chart({"type": shape, **({"subtype": "with_markers"} if shape == "radar" else {})})
        rows = drawn(grid, chart)
        for column in series_of(grid, chart):
            series: dict[str, Any] = {
                "name": [sheet, 0, column],
                "categories": [sheet, 1, 0, len(rows), 0],
                "values": [sheet, 1, column, len(rows), column],
            }
            if column == chart.columns[0] and chart.interval is not None:
                series["y_error_bars"] = _error_bars(grid, chart, column)
            made.add_series(series)
        made.set_title({"name": chart.title, "name_font": {"size": 12}})
        made.set_legend({"none": True} if len(chart.columns) == 1 else {"position": "bottom"})
        made.show_na_as_empty_cell()
        scale = {"min": 0, **({"max": chart.top} if chart.top is not None else {})}
        if chart.shape is Shape.BARS:
            made.set_y_axis({"reverse": True})  # the first row on top, as in the table
            made.set_x_axis(scale)
        else:
            made.set_y_axis(scale)
        made.set_size({"width": 640, "height": max(320, 60 + 28 * len(rows)) if shape == "bar" else 380})
        return made


def _error_bars(grid: Grid, chart: Chart, column: int) -> dict[str, Any]:
    assert chart.interval is not None
    plus, minus = [], []
    for row in drawn(grid, chart):
        value, low, high = (number(row[at]) for at in (column, *chart.interval))
        plus.append(high - value if value is not None and high is not None else 0.0)
        minus.append(value - low if value is not None and low is not None else 0.0)
    return {"type": "custom", "plus_values": plus, "minus_values": minus}
