"""One file each: nothing fetched, nothing executed, the same bytes for the same facts, the same figures everywhere."""

from __future__ import annotations

import html
import io
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
from tests.reports import world

from crmcore.errors import MissingExtra, UsageError
from crmcore.reports import book, charts, files, page
from crmcore.reports.page import written
from crmcore.reports.parts import Chart, Column, Grid, Kind, Mark, Report, Section, Shape, Tile
from crmcore.reports.score_cells import value_of
from crmcore.rules.score.scores import Score, Unit

HOSTILE = "=1+1<script>alert('x')</script>&amp;\"{{7*7}}"


def of(grid: Grid, chart: Chart | None = None, **more) -> Report:
    section = Section(key="only", title="Only", grid=grid, chart=chart, empty="Nothing.", **more)
    return Report(key="x", title="A report", made=world.NOW.replace(tzinfo=None), meta=("made",), sections=(section,))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_page_stands_alone(busy, lang):
    """No script, no image, no stylesheet, no address: nothing leaves the page, and its policy forbids it."""
    for facts in busy.all(lang):
        text = files.html(facts, lang)

        assert not re.findall(r"<script|<img|<link|<iframe|<object|https?:|@import|url\(|\bon\w+=|xlink", text)
        assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text
        assert ("zh-CN" if lang == "zh" else "en") == re.search(r'<html lang="([^"]+)"', text)[1]
        assert "2026-11-22 10:00" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_code_stands_where_words_belong(busy, lang):
    """Every key has its words in both languages."""
    for facts in busy.all(lang):
        text = files.html(facts, lang)

        assert [] == re.findall(r">\s*((?:csi|board|calls|reports|verdict|band|unit|department|side)\.[\w.]+)", text)
        assert not re.search(r"\{\w+\}", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))


def test_every_chart_is_named_and_has_its_table(busy):
    """A title, a description, and the table with the values in the same section; ids are not used twice."""
    for facts in busy.all():
        text = files.html(facts, "zh")
        drawings = re.findall(r"<svg[^>]*>", text)

        assert drawings
        for drawing in drawings:
            title, described = re.search(r'aria-labelledby="(\S+) (\S+)"', drawing).groups()
            assert re.search(rf'<title id="{title}">[^<]+</title><desc id="{described}">[^<]+</desc>', text)
            section = text[text.index(drawing) :].split("</section>")[0]
            assert "<table>" in section
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))


def test_the_same_facts_make_the_same_bytes(busy):
    """No id by chance, no date of the day: page, workbook and JSON come out alike each time."""
    for facts in busy.all():
        for suffix in files.SUFFIXES:
            assert files.content(facts, suffix, "zh") == files.content(facts, suffix, "zh")
        assert world.NOW.replace(tzinfo=None, hour=10) == opened(facts).properties.created


def test_no_customer_is_recognisable(busy):
    """No full name of a customer and no number in any form of any report."""
    for facts in busy.all():
        for suffix in (".html", ".json"):
            text = files.content(facts, suffix, "zh").decode()

            assert not [name for name in ("王小明", "李雷") if name in text]
            assert not re.search(r"1[3-9]\d{9}", text)


def test_a_hostile_name_stays_text(db, voices, pages):
    """A colleague called like a formula and a tag is shown as he is called, on the page and in the workbook."""
    voices.staff(("A01", HOSTILE, "S01"))
    voices.answered(40, ATTITUDE=9)
    voices.answered(10, ATTITUDE=7)
    person = voices.customer("<b>王小明")
    voices.case({"kind": "CLOSE", "due": 30}, owner="A01", customer_id=person)
    for facts in (pages.csi(), pages.board()):
        text = files.html(facts, "zh")

        assert "<script" not in text
        assert "<b>" not in text
        assert html.escape(HOSTILE) in text.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")
        assert "{{7*7}}" in text
        cells = [cell for sheet in opened(facts).worksheets for row in sheet.iter_rows() for cell in row]
        assert {"s"} == {cell.data_type for cell in cells if cell.value == HOSTILE}
        assert not [cell.value for cell in cells if cell.data_type == "f"]


def opened(facts, lang="zh"):
    return openpyxl.load_workbook(io.BytesIO(files.content(facts, ".xlsx", lang)))


def test_page_and_workbook_say_the_same(busy):
    """Every table of the page stands in the workbook, cell for cell, numbers as numbers, with the heading frozen."""
    for facts in busy.all():
        report = files.parts(facts, "zh")
        sheets = opened(facts).worksheets[1:]
        text = files.html(facts, "zh")

        assert len(report.sections) == len(sheets)
        for section, sheet in zip(report.sections, sheets, strict=True):
            assert "B2" == sheet.freeze_panes
            shown = text[text.index(f'<section id="{section.key}"') :].split("</section>")[0]
            for number, row in enumerate(section.grid.rows, start=2):
                for place, cell in enumerate(row):
                    there = sheet.cell(number, place + 1).value
                    assert plain(cell) == there
                    assert page.written(cell, section.grid.columns[place].kind, "zh") in html.unescape(shown)


def plain(cell):
    return cell.text if isinstance(cell, Mark) else cell


def test_the_workbook_draws_its_own_charts(busy):
    """Where the page has a chart, the sheet has a native one over its cells."""
    report = files.parts(busy.csi(), "zh")
    sheets = opened(busy.csi()).worksheets[1:]
    with_chart = [section.chart is not None and bool(section.grid.rows) for section in report.sections]

    assert with_chart == [bool(sheet._charts) for sheet in sheets]
    assert sum(with_chart) >= 5


def test_the_first_sheet_has_the_figures_that_are_read_first(busy):
    """Tiles of the page stand in the overview, a share as a number."""
    sheet = opened(busy.board()).worksheets[0]
    figures = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=2)}

    assert (5, 1, 0.5) == tuple(figures[name] for name in ("处理中", "已超时", "可避免占比"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_dealer_without_data_has_pages_too(pages, lang):
    """No answer, no case, no call: each form says so and none fails."""
    from attrs import evolve

    nothing = evolve(
        world.quality(lang), calls=0, success=0, failed=0, invalid=0, customers=0, reached=0, calls_to_reached=0,
        late=0, given_up=0, instead=0, proposals=0, data_through="", results=(), causes=(), sources=(), advisors=(), callers=(), decay=(),
    )  # fmt: skip
    empty = {"zh": "尚无数据", "en": "no data yet"}[lang]
    for facts in (pages.csi(lang=lang), pages.board(lang=lang), pages.calls(lang=lang, quality=nothing)):
        text = files.html(facts, lang)

        assert empty in text
        assert "<svg" not in text
        assert opened(facts, lang).worksheets
        assert files.content(facts, ".json", lang)


def test_a_long_table_points_to_the_workbook():
    """Two hundred rows on the page, all of them in the workbook."""
    report = of(Grid(columns=(Column("n", Kind.TEXT),), rows=tuple((str(n),) for n in range(250))))
    text = page.render(report, "en")

    assert "200 of 250 rows" in text
    assert 200 == text.count('<th scope="row">')
    assert 251 == openpyxl.load_workbook(io.BytesIO(book.workbook(report, "en"))).worksheets[1].max_row


def test_values_are_written_by_their_kind():
    """One decimal, per cent, hours and minutes, nothing."""
    written = page.written

    assert ["7.3", "45.7%", "1,234", "2.5", "─", "x", "x"] == [
        written(7.34, Kind.SCORE, "en"), written(0.457, Kind.SHARE, "en"), written(1234, Kind.COUNT, "en"), written(2.5, Kind.COUNT, "en"),
        written(None, Kind.SCORE, "en"), written("x", Kind.TEXT, "en"), written(Mark("x"), Kind.TEXT, "en"),
    ]  # fmt: skip
    assert ["59 min", "2 h", "1 h 20 min", "1 h 20 min over"] == [
        written(each, Kind.MINUTES, "en") for each in (59, 120, 80, -80)
    ]


def test_sheets_are_named_apart():
    """Excel wants 31 letters, none of some, and no two alike; minutes keep their length in words beside the number."""
    grid = Grid(columns=(Column("a"), Column("b", Kind.MINUTES)), rows=(("x", 80),))
    sections = [Section(key=f"k{n}", title="[A]:*?/" + "long " * 9, grid=grid) for n in range(3)]
    tile = Tile(name="median", value=80, kind=Kind.MINUTES)
    report = Report(
        key="x", title="R & D", made=world.NOW.replace(tzinfo=None), meta=(), tiles=(tile,), sections=tuple(sections)
    )
    made = openpyxl.load_workbook(io.BytesIO(book.workbook(report, "en")))

    assert 4 == len({name.casefold() for name in made.sheetnames})
    assert all(len(name) <= 31 for name in made.sheetnames)
    assert [80, "1 h 20 min"] == [cell.value for cell in made.worksheets[0][2]][1:]
    assert "b (minutes)" == made.worksheets[1]["B1"].value


def test_drawing_leaves_the_import_system_alone():
    """A module that is not installed is not found, and nothing else: pygal's own finder, which warns, is gone."""
    lines = "from crmcore.reports import charts\ncharts._library()\ntry:\n import no_such_module\nexcept ModuleNotFoundError:\n print('not found')"
    done = subprocess.run([sys.executable, "-W", "error", "-c", lines], capture_output=True, text=True, check=False)

    assert ("not found\n", "") == (done.stdout, done.stderr)


def test_a_chart_is_drawn_from_its_table():
    """The values of the columns are in the drawing; a chart without a value is none."""
    grid = Grid(columns=(Column("m"), Column("score", Kind.SCORE), Column("low", Kind.SCORE), Column("high", Kind.SCORE)), rows=(("一", 61.5, 50.0, 70.0), ("二", None, None, None)))  # fmt: skip
    bars = Chart(shape=Shape.BARS, title="T<", description="D", columns=(1,), interval=(2, 3), top=100)
    drawing = charts.svg(bars, grid, "k", lambda value, kind: page.written(value, kind, "en"))

    assert "一  61.5" in drawing
    assert 1 == drawing.count('class="ci"')
    assert "T&lt;" in drawing
    assert "" == charts.svg(bars, Grid(columns=grid.columns, rows=grid.rows[1:]), "k", page.written)


def test_what_nobody_answered_is_not_nought():
    """A factor without answers is no corner of the radar, a period without any no line; two corners are no radar."""
    columns = (Column("f"), Column("now", Kind.SCORE), Column("before", Kind.SCORE))
    rows = (("甲", 60.0, None), ("乙", 70.0, None), ("丙", None, None), ("丁", 80.0, None))
    radar = Chart(shape=Shape.RADAR, title="T", description="D", columns=(1, 2), top=100)

    def drawing(rows):
        return charts.svg(
            radar, Grid(columns=columns, rows=rows), "k", lambda value, kind: page.written(value, kind, "en")
        )

    assert ["甲", "乙", "丁"] == [each for each in "甲乙丙丁" if each in drawing(rows)]
    assert "serie-1" not in drawing(rows)
    assert "" == drawing(rows[:3])


def test_counts_have_no_halves():
    """The axis of a count is marked in whole numbers."""
    bars = Chart(shape=Shape.BARS, title="T", description="D", columns=(1,))
    grid = Grid(columns=(Column("c"), Column("n", Kind.COUNT)), rows=(("a", 1), ("b", 1)))
    drawing = charts.svg(bars, grid, "k", lambda value, kind: page.written(value, kind, "en"))

    assert not re.findall(r">\d+\.\d+<", drawing)


def test_pygal_leaves_nothing_behind(busy):
    """What pygal writes beside the drawing is not on the page: its script, its comments, its own style, its tooltips."""
    text = files.html(busy.csi(), "en")
    drawings = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL))

    assert not re.findall(r"<!--|pygal\.org|Kozea|<style|tooltip-overlay|window\.", drawings)


@pytest.mark.parametrize("missing", ["pygal", "jinja2", "xlsxwriter"])
def test_a_missing_library_is_named(busy, monkeypatch, missing):
    """Without the extra the message says which one to install."""
    monkeypatch.setitem(sys.modules, missing, None)
    suffix = ".xlsx" if missing == "xlsxwriter" else ".html"
    with pytest.raises(MissingExtra) as caught:
        files.content(busy.csi(), suffix, "en")

    assert "crmcore[app]" in str(caught.value)


def test_the_suffix_decides(tmp_path):
    """.html, .xlsx and .json in any case; another is told with those that would do; a folder is told when it is written to."""
    assert [".html", ".xlsx", ".json"] == [files.suffix_of(Path(f"a{each}")) for each in (".html", ".XLSX", ".json")]
    assert files.suffix_of(tmp_path) not in files.SUFFIXES
    with pytest.raises(UsageError) as caught:
        files.suffix_of(Path("report.pdf"))

    assert "CRM-U403" == caught.value.code
    assert ".html .xlsx .json" in str(caught.value)


def test_a_group_has_the_words_of_a_group(busy):
    """One store by its name, several by their number; with one there is nothing to put side by side."""
    alone = files.parts(busy.csi((world.S01,)), "en")

    assert "Customer satisfaction · 2 stores" == files.parts(busy.csi(lang="en"), "en").title
    assert "Customer satisfaction · 示范店" == alone.title
    assert "s1-stores" not in {section.key for section in alone.sections}


def test_formulas_stand_on_the_page(busy):
    """Each metric that is used links to the row that says how it is counted."""
    text = files.html(busy.csi(), "en")

    for metric in ("index_plain", "nps", "csat", "top_box", "first_time_fix_customer"):
        assert f'<a href="#metric-{metric}">{metric}</a>' in text
        assert f'<tr id="metric-{metric}">' in text


def test_repairs_stand_under_their_own_names(busy):
    """First-time fix by orders is shown when it is handed in, each figure under its metric."""
    from attrs import evolve

    from crmcore.rules.score.rates import inverse

    score = inverse("first_time_fix_same_fault")(3, 40, world.POLICY)
    text = files.html(evolve(busy.csi(), repairs=(score,)), "en")

    assert '<a href="#metric-first_time_fix_same_fault">' in text
    assert "92.5%" in text


def test_whole_points_are_shown_without_a_decimal():
    """An NPS of 41 is no 41.0; an index keeps its tenth."""
    assert ("41", "76.9", "─") == (
        written(value_of(score(Fraction(4074, 100), Unit.NPS)), Kind.SCORE, "en"),
        written(value_of(score(Fraction(7685, 100), Unit.INDEX_100)), Kind.SCORE, "en"),
        written(value_of(score(None, Unit.NPS)), Kind.SCORE, "en"),
    )


def score(value, unit):
    return Score(n=30, value=value, method="x:t", unit=unit)


@pytest.mark.parametrize(
    ("kind", "rows", "marks"),
    [
        (Kind.COUNT, (("a", 2), ("b", 1)), ["0", "1", "2", "3", "4", "5"]),
        (Kind.SHARE, (("a", 0.5), ("b", 1.0)), ["0%", "20%", "40%", "60%", "80%", "100%"]),
    ],
)
def test_an_axis_counts_in_its_own_unit(kind, rows, marks):
    """One of a few is 1 and no per cent."""
    grid = Grid(columns=(Column("What"), Column("n", kind)), rows=rows)
    top = 1.0 if kind is Kind.SHARE else None
    chart = Chart(shape=Shape.BARS, title="t", description="d", columns=(1,), top=top)
    drawing = charts.svg(chart, grid, "k", lambda value, kind: written(value, kind, "en"))

    assert (
        marks
        == [mark for mark in re.findall(r"<text[^>]*>([^<]+)</text>", drawing) if re.fullmatch(r"\d+%?", mark)][:6]
    )
