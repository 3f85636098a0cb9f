"""The clerk's file: text stays text, only its owner may read it, and a failure leaves the old one."""

from __future__ import annotations

import csv
import stat
from typing import Any

import openpyxl
import pytest

from crmcore.errors import MissingExtra, StoreError, UsageError
from crmcore.tables import heading_key
from crmcore.types.complaint import Category
from crmcore.types.contact import AttemptOutcome, CallResult
from crmcore.types.survey import Question, QuestionKind, Survey, SurveyScope
from crmcore.worklist import write as writing
from crmcore.worklist.form import ANSWERS, Choice, Form, asked_by, meanings, word_key
from crmcore.worklist.form import form as form_of
from crmcore.worklist.read import letter
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


def test_a_row_of_the_csv_is_one_line(tmp_path):
    """The script has no breaks there, as a text editor takes each for a row; the workbook keeps them."""
    for name in ("w.csv", "w.xlsx"):
        writing.write(tmp_path / name, [row(), row(id="T2")], lang="zh", title="x")
    (_codes, head, line, _), _ = cells(tmp_path / "w.xlsx")
    lines = (tmp_path / "w.csv").read_text("utf-8-sig").splitlines()

    assert 3 == len(lines)
    assert '"1. 修好了吗 / 2. 满意吗"' in lines[1]
    assert "1. 修好了吗\n2. 满意吗" == line[head.index("话术与问题")]


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


# ------------------------------------------------------------------ the answer part


def survey() -> Survey:
    questions = {
        "OVERALL": Question(code="OVERALL", text={"zh": "总体满意吗？", "en": "All in all?"}, minimum=1, maximum=10),
        "FIXED": Question(code="FIXED", text={"zh": "修好了吗？", "en": "Fixed?"}, kind=QuestionKind.YESNO),
        "NPS": Question(code="NPS", text={"zh": "推荐吗？", "en": "Recommend?"}, kind=QuestionKind.NPS),
        "ADVICE": Question(code="ADVICE", text={"zh": "建议？", "en": "Advice?"}, kind=QuestionKind.TEXT),
        "ONLINE": Question(code="ONLINE", text={"zh": "网站？", "en": "Site?"}, minimum=1, maximum=5, phone=False),
    }
    words = {"zh": "售后满意度", "en": "After-sales"}
    return Survey(
        code="aftersales",
        version="1",
        label=words,
        scope=SurveyScope.SERVICE,
        factors={},
        questions=questions,
        source="x",
    )


def the_form() -> Form:
    done = CallResult(code="DONE", label={"zh": "已完成", "en": "Done"}, outcome=AttemptOutcome.SUCCESS)
    none = CallResult(code="NO_ANSWER", label={"zh": "无人接听", "en": "No answer"}, outcome=AttemptOutcome.FAILED)
    many = {f"K{n}": Category(code=f"K{n}", label={"zh": f"类别之名甚长者{n}", "en": f"k{n}"}) for n in range(60)}
    return form_of({"NO_ANSWER": none, "DONE": done}, many, asked_by(survey()), [("E1", "周客服")])


def written(tmp_path, *rows):
    writing.write(tmp_path / "w.xlsx", rows, lang="zh", title="回访名单", form=the_form())
    book = openpyxl.load_workbook(tmp_path / "w.xlsx")
    return book, {cell.value: cell.column for cell in book.active[1]}


def test_what_says_which_call_it_is_is_locked_and_answers_are_open(tmp_path):
    """Protected without a password; sorting, filters and widths are still the clerk's; the row of codes is hidden."""
    book, columns = written(tmp_path, row(asked=("aftersales.OVERALL",)))
    sheet = book.active
    locked = {column: sheet.cell(3, position).protection.locked for column, position in columns.items()}

    assert all(locked[column] for column in COLUMNS)
    assert not any(locked[column] for column in (*ANSWERS, "aftersales.OVERALL"))
    assert locked["aftersales.FIXED"]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert not any((sheet.protection.sort, sheet.protection.autoFilter, sheet.protection.formatColumns))
    assert sheet.row_dimensions[1].hidden


def test_a_question_that_is_not_asked_is_grey(tmp_path):
    """The cell of a question of another questionnaire, and every cell of a row that is not for who exports it."""
    book, columns = written(tmp_path, row(asked=("aftersales.OVERALL",)), row(id="T2", shut=True))
    sheet, grey = book.active, "FFD9D9D9"
    colour = {
        (line, column): sheet.cell(line, columns[column]).fill.fgColor.rgb
        for line in (3, 4)
        for column in ("result", "aftersales.OVERALL", "aftersales.FIXED")
    }

    assert {(3, "aftersales.FIXED"), (4, "result"), (4, "aftersales.OVERALL"), (4, "aftersales.FIXED")} == {
        key for key, value in colour.items() if value == grey
    }


def test_every_choice_has_its_dropdown_from_a_hidden_sheet(tmp_path):
    """Sixty categories are more than the 255 characters that a cell may list; scores are numbers, results by family."""
    book, columns = written(tmp_path, row(asked=("aftersales.OVERALL",)))
    lists = book["lists"]
    offered = {}
    for rule in book.active.data_validations.dataValidation:
        if rule.type == "list":
            area = rule.formula1.removeprefix("lists!").replace("$", "")
            (position,) = {
                cell.column
                for cell in book.active[str(rule.sqref).partition(":")[0] : str(rule.sqref).partition(":")[0]][0]
            }
            offered[position] = [cell.value for (cell,) in lists[area]]

    assert "hidden" == lists.sheet_state
    assert ["成功-已完成", "失败-无人接听"] == offered[columns["result"]]
    assert list(range(1, 11)) == offered[columns["aftersales.OVERALL"]]
    assert list(range(11)) == offered[columns["aftersales.NPS"]]
    assert ["是", "否"] == offered[columns["aftersales.FIXED"]] == offered[columns["complaint"]]
    assert 60 == len(offered[columns["category"]])
    assert ["周客服"] == offered[columns["caller"]]
    assert not {columns["remark"], columns["note"], columns["called_at"]} & offered.keys()


def test_no_two_headings_can_be_taken_for_each_other():
    """In either language, of either part, and the codes: each means one column."""
    made = the_form()
    every = [*COLUMNS, *made.columns()]
    for lang in ("zh", "en"):
        assert len(every) == len({heading_key(made.heading(column, lang)) for column in every})
    assert {column: column for column in every} == {
        column: made.by_heading()[heading_key(made.heading(column, lang))] for column in every for lang in ("zh", "en")
    }


def test_only_what_is_asked_on_the_phone_has_a_column():
    """Neither free text nor what is asked in writing."""
    assert ["aftersales.OVERALL", "aftersales.FIXED", "aftersales.NPS"] == [one.key for one in the_form().asked]


def test_a_result_is_understood_in_every_dress():
    """With its family or without, in both languages, as the code; what two results are called is neither."""
    words = meanings(the_form().results)

    assert {"DONE"} == {
        words[word_key(said)] for said in ("成功-已完成", "已完成 ", "Success - Done", "done", "ＤＯＮＥ")
    }
    twice = meanings([Choice("A", {"zh": "其他"}), Choice("B", {"zh": "其他"})])
    assert twice["其他"] is None
    assert ("A", "B") == (twice["a"], twice["b"])


@pytest.mark.parametrize("cell", ["=1+1", "+86", "-5", "@x", "'", "'x", "x", ""])
def test_what_a_csv_hides_is_given_back(cell):
    """Exactly what was prefixed is taken off; a quote of the customer's own stays."""
    assert cell == writing.unharmed(writing.harmless(cell))


@pytest.mark.parametrize(("position", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_a_column_is_called_as_the_spreadsheet_calls_it(position, name):
    """K17 is where the clerk looks."""
    assert name == letter(position)
