"""Workbooks: cells as a person would have typed them, and files that are no workbook, or too large a one."""

from __future__ import annotations

import sys
import zipfile
from datetime import UTC, date, datetime, time

import pytest
import xlsxwriter

from crmcore.errors import MissingExtra, SourceError
from crmcore.tables import Limits, open_table, sheet_names

HEADINGS = ("工单号", "客户姓名", "手机号", "交车日期", "进厂里程")


@pytest.fixture
def workbook(tmp_path):
    """Write sheets of rows; a date is written as a date of Excel."""

    def written(sheets, name="ro.xlsx"):
        path = tmp_path / name
        book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm:ss", "remove_timezone": True})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        book.close()
        return path

    return written


def test_cells_are_what_a_person_would_have_typed(workbook):
    """Whole numbers without a fraction, dates as ISO text, a phone number with all its digits."""
    moment = datetime(2026, 11, 1, 15, 30, tzinfo=UTC)
    row = ["RO1", 13800138000, moment, 46327.5, True, 0.1, time(8, 30), 20261101]
    path = workbook({"Sheet1": [["工单号", "手机号", "交车日期", "a", "b", "c", "d", "e"], row]})

    with open_table(path, headings=HEADINGS) as table:
        cells = next(iter(table)).cells

    assert ["RO1", "13800138000", "2026-11-01 15:30:00", "46327.5", "true", "0.1", "08:30:00", "20261101"] == cells


def test_a_number_that_excel_could_not_hold_is_not_written_out(workbook):
    """Of eighteen digits Excel keeps fifteen: the cell reads as scientific, which is then named."""
    path = workbook({"Sheet1": [["工单号", "手机号"], ["RO1", 110101199001011234]]})

    with open_table(path, headings=HEADINGS) as table:
        assert "e+17" in next(iter(table)).cells[1]


def test_rows_are_counted_as_excel_shows_them(workbook):
    """A title, an empty row, the header, and a total that is no record."""
    path = workbook(
        {"登记": [["示范店"], [], ["工单号", "客户姓名"], ["RO1", "张三"], ["合计", ""], [], ["RO2", "李四"]]}
    )

    with open_table(path, headings=HEADINGS) as table:
        assert ("ro.xlsx!登记", 3) == (table.part, table.header_row)
        assert [(4, "RO1"), (7, "RO2")] == [(row.number, row.cells[0]) for row in table]


def test_the_first_sheet_with_known_headings_is_the_table(workbook):
    """A cover sheet before it does not matter, and a sheet can be named."""
    rows = [["工单号", "客户姓名"], ["RO1", "张三"]]
    path = workbook({"说明": [["请勿修改"]], "十一月": rows, "十二月": rows})

    assert ("说明", "十一月", "十二月") == sheet_names(path)
    with open_table(path, headings=HEADINGS) as table:
        assert "ro.xlsx!十一月" == table.part
    with open_table(path, headings=HEADINGS, sheet="十二月") as table:
        assert "ro.xlsx!十二月" == table.part


def test_a_sheet_without_a_header_counts_its_columns(workbook):
    """A workbook may lack one as well."""
    path = workbook({"Sheet1": [["RO1", "张三"], ["RO2", "李四"]]})

    with open_table(path, headings=(), header=False) as table:
        assert [(1, "RO1"), (2, "RO2")] == [(row.number, row.cells[0]) for row in table]
        assert ("#1", "#2") == table.columns


@pytest.mark.parametrize(
    ("sheets", "sheet", "code"),
    [
        ({"Sheet1": [["a", "b"]]}, None, "CRM-S105"),
        ({"Sheet1": []}, None, "CRM-S102"),
        ({"Sheet1": []}, "Sheet2", "CRM-S116"),
    ],
)
def test_a_workbook_without_the_table_is_an_error(workbook, sheets, sheet, code):
    """No known header, nothing at all, or no sheet of that name."""
    with pytest.raises(SourceError) as raised:
        open_table(workbook(sheets), headings=HEADINGS, sheet=sheet)

    assert code == raised.value.code


def test_a_text_table_has_no_sheets(write):
    """And is asked for none."""
    assert () == sheet_names(write("工单号,客户姓名\n"))


def test_a_damaged_workbook_is_an_error(workbook, write):
    """Cut off in the middle, or a zip of something else."""
    path = workbook({"Sheet1": [["工单号", "客户姓名"]]})
    cut = write(path.read_bytes()[:600], name="cut.xlsx")
    other = path.with_name("other.xlsx")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "a")

    for broken in (cut, other, write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), name="ole.xls")):
        with pytest.raises(SourceError) as raised:
            open_table(broken, headings=HEADINGS)
        assert "CRM-S109" == raised.value.code, broken.name


def test_a_workbook_with_a_password_is_an_error_that_says_so(write):
    """Excel wraps an encrypted workbook into an old container; it is told from a damaged one."""
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)

    with pytest.raises(SourceError) as raised:
        open_table(write(content, name="ro.xlsx"), headings=HEADINGS)

    assert "CRM-S111" == raised.value.code


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(packed=100), "CRM-S112"), (Limits(unpacked=1000), "CRM-S113"), (Limits(ratio=2), "CRM-S113")],
)
def test_a_workbook_is_measured_before_it_is_unpacked(workbook, limits, code):
    """Too large packed, too large unpacked, or growing too much."""
    path = workbook({"Sheet1": [["工单号", "客户姓名"], *(["RO", "张三"] for _ in range(300))]})

    with pytest.raises(SourceError) as raised:
        open_table(path, headings=HEADINGS, limits=limits)

    assert code == raised.value.code


def test_a_small_zip_that_holds_a_large_sheet_is_never_unpacked(tmp_path):
    """A hundred kilobytes that unpack to a hundred megabytes are refused by their table of contents."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (100 << 20))

    with pytest.raises(SourceError) as raised:
        open_table(path, headings=HEADINGS)

    assert "CRM-S113" == raised.value.code


def test_without_the_library_the_error_names_the_extra(workbook, monkeypatch):
    """Not a different answer, not a traceback."""
    path = workbook({"Sheet1": [["工单号", "客户姓名"]]})
    monkeypatch.setitem(sys.modules, "python_calamine", None)

    with pytest.raises(MissingExtra) as raised:
        open_table(path, headings=HEADINGS)

    assert ("CRM-X110", "tables") == (raised.value.code, raised.value.params["extra"])
    assert 'pip install "crmcore[tables]"' in raised.value.render("zh")


def test_a_day_without_a_time_is_a_date(workbook):
    """Not a midnight."""
    path = workbook({"Sheet1": [["工单号", "交车日期"], ["RO1", date(2026, 11, 3)]]})

    with open_table(path, headings=HEADINGS) as table:
        assert next(iter(table)).cells[1].startswith("2026-11-03")


ODS = {
    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
    "META-INF/manifest.xml": (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        "</manifest:manifest>"
    ),
    "content.xml": (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="工单">'
        '<table:table-row><table:table-cell office:value-type="string"><text:p>工单号</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string"><text:p>进厂里程</text:p></table:table-cell></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="string"><text:p>RO1</text:p></table:table-cell>'
        '<table:table-cell office:value-type="float" office:value="12345"><text:p>12,345</text:p></table:table-cell></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    ),
}


def test_an_opendocument_sheet_is_read_too(tmp_path):
    """LibreOffice's own format; the number, not the way it is shown."""
    path = tmp_path / "ro.ods"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in ODS.items():
            archive.writestr(name, content)

    with open_table(path, headings=HEADINGS) as table:
        assert [(2, ["RO1", "12345"])] == [(row.number, row.cells) for row in table]
