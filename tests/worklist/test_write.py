"""The clerk's file: text stays text, only its owner may read it, and a failure leaves the old one."""

from __future__ import annotations

import csv
import stat
from typing import Any

import openpyxl
import pytest

from crmcore.errors import MissingExtra, StoreError, UsageError
from crmcore.worklist import write as writing
from crmcore.worklist.rows import COLUMNS, WorklistRow


def row(**changes) -> WorklistRow:
    values: dict[str, Any] = dict.fromkeys(COLUMNS, "") | {
        "id": "T1",
        "phone": "13800138001",
        "customer": "王小明",
        "questions": "1. 修好了吗\n2. 满意吗",
    }
    return WorklistRow(**{**values, **changes})


def cells(path):
    sheet = openpyxl.load_workbook(path).active
    return [[cell.value for cell in line] for line in sheet.iter_rows()], sheet


def test_a_workbook_holds_text(tmp_path):
    """A phone keeps its digits and an id its zeros: every cell is text."""
    writing.write(tmp_path / "w.xlsx", [row(id="T007", phone="01055501234")], lang="zh", title="回访名单")
    (_codes, head, line), sheet = cells(tmp_path / "w.xlsx")
    told = dict(zip(head, line, strict=True))

    assert ("T007", "01055501234") == (told["编号"], told["电话"])
    assert {"s"} == {cell.data_type for cell in sheet[3] if cell.value is not None}


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "+1", "-1", "@x", "\tx"])
def test_a_formula_stays_a_name(tmp_path, name):
    """A customer whose name begins like a formula is a customer: in the workbook as it is, in the CSV behind a quote."""
    writing.write(tmp_path / "w.xlsx", [row(customer=name)], lang="zh", title="x")
    writing.write(tmp_path / "w.csv", [row(customer=name)], lang="zh", title="x")
    (_, _, line), sheet = cells(tmp_path / "w.xlsx")
    with (tmp_path / "w.csv").open(encoding="utf-8-sig", newline="") as file:
        told = next(csv.DictReader(file))

    assert name in line
    assert not any(cell.data_type == "f" for cell in sheet[3])
    assert f"'{name}" == told["客户"]


def test_the_sheet_can_be_worked_with(tmp_path):
    """The header is frozen and repeated in print, filters are on, the page is landscape A4."""
    writing.write(tmp_path / "w.xlsx", [row(), row(id="T2", late=True)], lang="en", title="Callbacks")
    _, sheet = cells(tmp_path / "w.xlsx")

    assert "C3" == sheet.freeze_panes
    assert "$2:$2" == sheet.print_title_rows
    assert sheet.auto_filter.ref is not None
    assert ("landscape", 9) == (sheet.page_setup.orientation, int(sheet.page_setup.paperSize))
    assert sheet["A3"].fill.fgColor.rgb != sheet["A4"].fill.fgColor.rgb


@pytest.mark.parametrize("name", ["w.xlsx", "w.csv"])
def test_only_the_owner_may_read_it(tmp_path, name):
    """Full phone numbers are in it: mode 0600, also when it replaces a file that was open to all."""
    (tmp_path / name).write_text("old")
    (tmp_path / name).chmod(0o644)
    writing.write(tmp_path / name, [row()], lang="zh", title="x")

    assert 0o600 == stat.S_IMODE((tmp_path / name).stat().st_mode)
    assert [name] == [file.name for file in tmp_path.iterdir()]


def test_excel_reads_the_csv(tmp_path):
    """The CSV begins with a BOM, or Excel shows 乱码."""
    writing.write(tmp_path / "w.csv", [row()], lang="zh", title="x")

    assert (tmp_path / "w.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_an_unknown_suffix_is_refused(tmp_path):
    """A worklist named .doc says what it may be named."""
    with pytest.raises(UsageError, match="CRM-U210"):
        writing.write(tmp_path / "w.doc", [], lang="zh", title="x")


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    """A folder in the place of the file: a code, and the draft is cleaned up."""
    (tmp_path / "w.csv").mkdir()
    with pytest.raises(StoreError, match="CRM-D130"):
        writing.write(tmp_path / "w.csv", [row()], lang="zh", title="x")

    assert ["w.csv"] == [file.name for file in tmp_path.iterdir()]


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    """Without xlsxwriter the message says what to install, and CSV still works."""
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(MissingExtra, match=r"crmcore\[app\]"):
        writing.write(tmp_path / "w.xlsx", [row()], lang="zh", title="x")
    writing.write(tmp_path / "w.csv", [row()], lang="zh", title="x")

    assert (tmp_path / "w.csv").exists()
