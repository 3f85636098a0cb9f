"""Bad input of who hears customers: clerk, manager, the agency, the survey's and the robot's vendor.

As in test_bad_input.py: each makes one mistake, reads one clear message with a code or a cell, finds the store as it was, mends
the mistake, and sees the same thing done once.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import openpyxl
import pytest
from tests.cli.mistakes import check_everywhere, check_message, snapshot, sql
from tests.flows.desk_world import TOML, Desk, at, fill
from tests.flows.planned_dealer import Dealer

from crmcore.app import Crm
from crmcore.cli import state as cli_state
from crmcore.hooks import hookimpl
from crmcore.hooks.manager import Plugins
from crmcore.lang import LANGUAGES, reason
from crmcore.sample.limesurvey import LoopbackLimeSurvey
from crmcore.sample.robot import SECRET, TOKEN, TOO_FAST_DINGTALK, LoopbackRobot

PEOPLE = """
[[staff]]
code = "M1"
name = "郑经理"
role = "CR_MANAGER"
[[staff]]
code = "V1"
name = "冯经理"
role = "SERVICE_MANAGER"
[[staff]]
code = "W1"
name = "褚师傅"
role = "TECHNICIAN"
"""
SECRETS = {"LIME": "crmpw", "ROBOT_TOKEN": TOKEN, "ROBOT_SECRET": SECRET, "NO_PROXY": "*"}
#: What a good row of the worklist says.
GOOD = {"result": "成功-已完成", "called_at": "10:35", "aftersales.OVERALL": 9}


@attrs.define
class House:
    """A folder with a store in it that owes two callbacks, T1 and T2, since this morning; it is eleven."""

    shell: Any
    now: str = "2026-11-22T11:00+08:00"
    environ: dict[str, str] = attrs.field(factory=lambda: dict(SECRETS))

    @property
    def folder(self) -> Path:
        return self.shell.folder

    def __call__(self, *arguments: str, **environ: str) -> Any:
        return self.shell("--now", self.now, *arguments, **{**self.environ, **environ})

    def json(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        said = self(*arguments, "--json")
        return said.exit_code, json.loads(said.stdout)

    def toml(self, more: str = "") -> None:
        (self.folder / "crm.toml").write_text(TOML + PEOPLE + more, "utf-8")

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return sql(self.folder, statement, *values)

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, but how often a source was asked."""
        return {name: rows for name, rows in snapshot(self.folder).items() if name not in {"source", "next_id"}}

    def export(self, name: str = "w.xlsx", by: str = "E1") -> Path:
        assert 0 == self("callbacks", "export", name, "--by", by).exit_code
        return self.folder / name

    def calls(self) -> list[tuple[Any, ...]]:
        return self.sql("select touchpoint_id, result from attempt order by id")


@pytest.fixture(name="house")
def _house(crm) -> House:
    house = House(crm)
    house.toml()
    ten = at("2026-11-22 10:00")
    with Crm.from_config(crm.folder / "crm.toml", now=ten) as opened:
        desk = Desk(db=opened.db, clock=opened.clock, folder=crm.folder, crm=opened, dealer=Dealer(opened.db, ten))
        owed = [desk.owe(), desk.owe("李小红", "+8613800130002", advisor=None)]
        person = desk.dealer.customer("+8613800130003", name="孙丽", name_key="孙丽")
        desk.dealer.visit(
            person, None, handed="2026-11-21 16:00"
        )  # who is asked on the web today, and called on Tuesday
    assert [1, 2] == owed
    attrs.evolve(house, now="2026-11-22T10:00+08:00").export()
    return house


def check_taken(house: House, name: str = "w.xlsx") -> None:
    """The clerk fills in the right file; it is recorded once, and importing it again changes nothing."""
    code, body = house.json("callbacks", "import", name, "--by", "E1")
    again = house.json("callbacks", "import", name, "--by", "E1")[1]

    assert (0, 1, 0) == (code, body["recorded"], len(body["rejected"]))
    assert (0, 1) == (again["recorded"], again["unchanged"])
    assert [(1, "DONE")] == house.calls()


# ------------------------------------------------------------------ the clerk: another file


def _saved_as_pdf(house: House) -> str:
    (house.folder / "w.pdf").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" + bytes(2000))
    return "w.pdf"


def _web_page_as_xls(house: House) -> str:
    (house.folder / "w.xls").write_bytes(b"<html><table><tr><td>x</td></tr></table></html>")
    return "w.xls"


def _cut_off(house: House) -> str:
    (house.folder / "cut.xlsx").write_bytes((house.folder / "w.xlsx").read_bytes()[:900])
    return "cut.xlsx"


def _without_ids(house: House) -> str:
    book = openpyxl.load_workbook(house.folder / "w.xlsx")
    book.active.delete_cols(1)
    book.save(house.folder / "noid.xlsx")
    return "noid.xlsx"


def _csi(house: House) -> str:
    assert 0 == house("report", "csi", "-o", "csi.xlsx").exit_code
    return "csi.xlsx"


def _dms_export(house: House) -> str:
    rows = "工单号,客户姓名,手机,车牌,进厂日期\nRO1,王小明,13800130001,京A12345,2026-11-18\n"
    (house.folder / "ro.csv").write_text(rows, "gb18030")
    return "ro.csv"


def _empty(house: House) -> str:
    (house.folder / "empty.xlsx").write_bytes(b"")
    return "empty.xlsx"


def _with_password(house: House) -> str:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    (house.folder / "locked.xlsx").write_bytes(content)
    return "locked.xlsx"


def _lock_file(house: House) -> str:
    (house.folder / "~$w.xlsx").write_bytes(b"\x05admin" + bytes(158))
    return "~$w.xlsx"


FILES = {
    "saved as PDF": (_saved_as_pdf, "CRM-S117"),
    "a web page called .xls": (_web_page_as_xls, "CRM-S110"),
    "half of it, from a full stick": (_cut_off, "CRM-S109"),
    "the id column deleted": (_without_ids, "CRM-S501"),
    "the satisfaction report": (_csi, "CRM-S501"),
    "an export of the DMS": (_dms_export, "CRM-S501"),
    "an empty file": (_empty, "CRM-S102"),
    "with a password": (_with_password, "CRM-S111"),
    "the lock file beside it": (_lock_file, "CRM-S117"),
    "a file that is not there": (lambda _house: "worklist.xlsx", "CRM-S101"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_worklist(house, case):
    """Named with what it is instead, exit 4; nothing was touched, and the right file is taken."""
    spoil, code = FILES[case]
    name = spoil(house)
    before = house.everything()
    check_everywhere(house, ("callbacks", "import", name), code=code, place=name, exit_code=4)

    assert before == house.everything()

    fill(house.folder / "w.xlsx", {"T1": GOOD})
    check_taken(house)


def test_a_worklist_that_is_still_open_in_excel(house, monkeypatch):
    """On Windows nobody else may read it then: told, exit 4; and an export over it is told, exit 3, with its rows in nobody's hands."""
    fill(house.folder / "w.xlsx", {"T1": GOOD})
    before = house.everything()
    opened, replaced = Path.open, Path.replace

    def locked(what: Any) -> Any:
        def call(self: Path, *arguments: Any, **more: Any) -> Any:
            if "w.xlsx" in {self.name, *(each.name for each in arguments if isinstance(each, Path))}:
                raise PermissionError(13, "another process has it", str(self))
            return what(self, *arguments, **more)

        return call

    with monkeypatch.context() as windows:
        windows.setattr(Path, "open", locked(opened))
        check_everywhere(house, ("callbacks", "import", "w.xlsx"), code="CRM-S103", place="w.xlsx", exit_code=4)
    with monkeypatch.context() as windows:
        windows.setattr(Path, "replace", locked(replaced))
        export = ("callbacks", "export", "w.xlsx", "--by", "E2")
        check_everywhere(house, export, code="CRM-D130", place="w.xlsx", exit_code=3)

    assert before == house.everything()
    assert not list(house.folder.glob(".*"))
    check_taken(house)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_a_csv_in_any_encoding_is_taken(house, encoding):
    """Excel saves CSV as GBK, WPS as what it likes: no mistake at all."""
    from tests.flows.desk_world import fill_csv

    house.export("w.csv")
    with Crm.from_config(house.folder / "crm.toml", now=at("2026-11-22 11:00")) as crm:
        mine = crm.desk()
        form = mine.form(mine.asked(mine.surveys.values()), ())
    headings = {column: form.heading(column, "zh") for column in ("id", *form.columns())}
    said = {column: str(value) for column, value in GOOD.items()}
    fill_csv(house.folder / "w.csv", {"T1": said}, headings, encoding)

    check_taken(house, "w.csv")


# ------------------------------------------------------------------ the clerk: a row

#: What the clerk writes into the first row -> the column that is told, and why.
ROWS = {
    "a score above the scale": ({"aftersales.OVERALL": 11}, "aftersales.OVERALL", "SCORE_OUTSIDE_SCALE"),
    "a score in words": ({"aftersales.OVERALL": "很好"}, "aftersales.OVERALL", "ANSWER_NO_NUMBER"),
    "a Chinese full stop": ({"aftersales.OVERALL": "8。5"}, "aftersales.OVERALL", "ANSWER_NO_NUMBER"),
    "a broken formula": ({"aftersales.OVERALL": "#REF!"}, "aftersales.OVERALL", "CELL_EXCEL_ERROR"),
    "a call tomorrow": ({"called_at": "2026-11-23 10:00"}, "called_at", "CALL_TIME_FUTURE"),
    "a day that is none": ({"called_at": "2026-11-31 10:00"}, "called_at", "DATE_IMPOSSIBLE"),
    "a day without a time": ({"called_at": "2026-11-22"}, "called_at", "CALL_TIME_NO_CLOCK"),
    "last month's call": ({"called_at": "2026-10-20 10:00"}, "called_at", "CALL_TIME_BEFORE_DUE"),
    "no time at all": ({"called_at": None}, "called_at", "CALL_TIME_MISSING"),
    "a result in other words": ({"result": "打通了，挺好"}, "result", "RESULT_UNKNOWN"),
    "no result": ({"result": None}, "result", "RESULT_MISSING"),
    "answers of nobody": ({"result": "无人接听"}, "aftersales.OVERALL", "ANSWER_NOT_REACHED"),
    "a category in other words": ({"category": "贵"}, "category", "CATEGORY_UNKNOWN"),
    "a complaint that is none": ({"complaint": "否", "category": "价格"}, "complaint", "COMPLAINT_CONTRADICTED"),
    "perhaps a complaint": ({"complaint": "也许"}, "complaint", "YES_NO_FORM"),
    "a caller nobody knows": ({"caller": "小陈"}, "caller", "CALLER_UNKNOWN"),
    "his own customer": ({"caller": "陈顾问"}, "caller", "OWN_CUSTOMER"),
    "another time, but which": ({"result": "另约时间"}, "next_at", "BOOKED_TIME_MISSING"),
    "booked for yesterday": ({"next_at": "2026-11-21 10:00"}, "next_at", "BOOKED_TIME_PAST"),
    "an id of somewhere else": ({"id": "T999"}, "id", "ROW_ID_UNKNOWN"),
    "an id as a number": ({"id": "1.0E+3"}, "id", "ROW_ID_DAMAGED"),
    "somebody else's id": ({"id": "T2"}, "id", "ROW_MIXED"),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_row_that_cannot_be_taken(house, case):
    """Its cell, what the value looks like, why and what to do, exit 1; nothing of the row is kept; mended it is taken."""
    wrong, column, why = ROWS[case]
    spoilt = shutil.copy(house.folder / "w.xlsx", house.folder / "bad.xlsx")
    fill(Path(spoilt), {"T1": GOOD | wrong})
    before = house.everything()
    code, body = house.json("callbacks", "import", "bad.xlsx", "--by", "E1")
    told = {lang: house("callbacks", "import", "bad.xlsx", "--by", "E1", "--lang", lang) for lang in LANGUAGES}
    console = house("callbacks", "import", "bad.xlsx", "--by", "E1", "--lang", "zh", PYTHONIOENCODING="gbk")
    rejected = {row["column"]: row for row in body["rejected"]}

    assert (1, 0, 1) == (code, body["recorded"], body["rejected_rows"])
    assert {column: why} == {name: row["reason"] for name, row in rejected.items()}
    assert rejected[column]["cell"].endswith("3")
    for lang, said in told.items():
        words, fix = reason(why, lang)
        assert 1 == said.exit_code
        assert words not in {"", why}
        assert all(each in said.stdout for each in (words, fix, rejected[column]["cell"]))
        assert not any(name in said.output for name in ("王小明", "李小红", "13800130001"))
        assert "aftersales." not in said.stdout, "a clerk reads headings, not codes"
    assert (1, b"") == (console.exit_code, console.stderr_bytes)
    assert reason(why, "zh")[0] in console.stdout_bytes.decode("gbk")
    assert before == house.everything()

    fill(house.folder / "w.xlsx", {"T1": GOOD})
    check_taken(house)


def test_only_one_column_sorted(house):
    """Every row says that its id is another customer's: no call is put down to somebody else."""
    book = openpyxl.load_workbook(house.folder / "w.xlsx")
    first, second = (book.active.cell(row, 1) for row in (3, 4))
    first.value, second.value = second.value, first.value
    book.save(house.folder / "sorted.xlsx")
    fill(house.folder / "sorted.xlsx", {"T1": GOOD, "T2": GOOD})
    before = house.everything()
    code, body = house.json("callbacks", "import", "sorted.xlsx", "--by", "E1")

    assert (1, 0, {"ROW_MIXED"}) == (code, body["recorded"], {row["reason"] for row in body["rejected"]})
    assert 2 == body["rejected_rows"]
    assert before == house.everything()

    fill(house.folder / "w.xlsx", {"T1": GOOD})
    check_taken(house)


def test_one_bad_row_keeps_no_other_back(house):
    """The good row is recorded at once; the mended file adds the other and repeats nothing."""
    fill(house.folder / "w.xlsx", {"T1": GOOD, "T2": GOOD | {"aftersales.OVERALL": 11}})
    code, body = house.json("callbacks", "import", "w.xlsx", "--by", "E1")
    fill(house.folder / "w.xlsx", {"T2": {"aftersales.OVERALL": 10}})
    mended, again = house.json("callbacks", "import", "w.xlsx", "--by", "E1")

    assert (1, 1, 1) == (code, body["recorded"], body["rejected_rows"])
    assert (0, 1, 1) == (mended, again["recorded"], again["unchanged"])
    assert [(1, "DONE"), (2, "DONE")] == house.calls()
    assert 2 == len(house.sql("select id from survey_response"))


def test_one_call_twice_in_a_file(house):
    """A row that was copied is taken once; a copy that says otherwise is told, and the first stays."""
    book = openpyxl.load_workbook(house.folder / "w.xlsx")
    for column in range(1, book.active.max_column + 1):
        book.active.cell(5, column).value = book.active.cell(3, column).value
    book.save(house.folder / "w.xlsx")
    fill(house.folder / "w.xlsx", {"T1": GOOD})
    first = house.json("callbacks", "import", "w.xlsx", "--by", "E1")
    book = openpyxl.load_workbook(house.folder / "w.xlsx")
    columns = {cell.value: cell.column for cell in book.active[1]}
    book.active.cell(5, columns["aftersales.OVERALL"]).value = 2
    book.save(house.folder / "w.xlsx")
    before = house.everything()
    code, body = house.json("callbacks", "import", "w.xlsx", "--by", "E1")

    assert (0, 1, 1) == (first[0], first[1]["recorded"], first[1]["unchanged"])
    assert (1, ["CALL_RECORDED_OTHERWISE"]) == (code, [row["reason"] for row in body["rejected"]])
    assert before == house.everything()
    assert [(1, "DONE")] == house.calls()


def test_a_complaint_ticked_without_a_category_is_a_case_all_the_same(house):
    """Nobody's anger waits for a code: the case is opened under OTHER, from the time of the call."""
    fill(house.folder / "w.xlsx", {"T1": GOOD | {"complaint": "是"}})
    code, body = house.json("callbacks", "import", "w.xlsx", "--by", "E1")

    assert (0, ["K1"]) == (code, body["opened"])
    assert [("OTHER", "2026-11-22T02:35:00Z")] == house.sql("select category, received_at from complaint")


def test_an_old_export_after_other_calls(house):
    """The list of this morning, imported again in the evening after somebody else's call: nothing is overwritten, and it is said."""
    other = house.export("later.xlsx", by="E1")
    fill(house.folder / "w.xlsx", {"T1": GOOD})
    fill(other, {"T1": GOOD | {"called_at": "10:50", "result": "成功-投诉", "complaint": "是", "remark": "又坏了"}})
    house("callbacks", "import", "later.xlsx", "--by", "E2")
    code, body = house.json("callbacks", "import", "w.xlsx", "--by", "E1")
    again = house.json("callbacks", "import", "later.xlsx", "--by", "E2")[1]

    assert (0, 1) == (code, body["recorded"])
    assert "COMPLAINT_SINCE" in {notice["reason"] for notice in body["notices"]}
    assert [(1, "COMPLAINT"), (1, "DONE")] == house.calls()
    assert (0, 1) == (again["recorded"], again["unchanged"])
    assert [("RECEIVED",)] == house.sql("select state from complaint")


def test_a_formula_in_what_the_customer_said_stays_words(house):
    """=1+1 in a remark is what was said, into the store and out into the next list."""
    fill(house.folder / "w.xlsx", {"T1": GOOD | {"remark": '=HYPERLINK("http://x")', "result": "无人接听",
                                                 "aftersales.OVERALL": None}})  # fmt: skip
    assert 0 == house("callbacks", "import", "w.xlsx", "--by", "E1").exit_code
    assert [('=HYPERLINK("http://x")',)] == house.sql("select remark from attempt")


# ------------------------------------------------------------------ the manager: a case


@pytest.fixture(name="case")
def _case(house) -> House:
    """K1 is open, about A1; E2 has left."""
    assert 0 == house("staff", "leave", "E2").exit_code
    opened = house("complaints", "open", "等太久了，退钱", "--customer", "C1", "--first-asked", "A1", "--by", "E1")
    assert 0 == opened.exit_code, opened.stderr
    assert 0 == house("complaints", "classify", "K1", "--accused", "A1").exit_code
    return house


CASES = {
    "closing without a solution": (("close", "K1"), "CRM-T504", "K1"),
    "closing what is closed by nobody's call": (("callback", "K1", "RESTORED"), "CRM-T503", "K1"),
    "the accused as owner": (("assign", "K1", "--to", "A1"), "CRM-T504", "K1"),
    "a technician as owner": (("assign", "K1", "--to", "W1"), "CRM-T504", "K1"),
    "somebody who left as owner": (("assign", "K1", "--to", "E2"), "CRM-T504", "K1"),
    "nobody of that code as owner": (("assign", "K1", "--to", "X9"), "CRM-U117", "X9"),
    "reopening what is open": (("reopen", "K1"), "CRM-T503", "K1"),
    "a case that is not there": (("show", "K99"), "CRM-T501", "K99"),
    "an id of something else": (("show", "T1"), "CRM-T501", "T1"),
    "a category nobody knows": (("classify", "K1", "--category", "PRIZE"), "CRM-T505", "PRIZE"),
    "a category nobody knows when opening": (
        ("open", "x", "--customer", "C1", "--category", "PRIZE"),
        "CRM-T505",
        "PRIZE",
    ),
    "a severity nobody knows": (("classify", "K1", "--severity", "HIGH"), "CRM-U112", "severity"),
    "an offer in words": (("offer", "K1", "GIFT", "两百"), "CRM-T505", "两百"),
    "an offer below nothing": (("offer", "K1", "GIFT", "-5"), "CRM-U103", "-5"),
    "a time ahead": (("respond", "K1", "--at", "2026-11-23T10:00"), "CRM-T507", "K1"),
    "a waiver that is none": (("waive", "K1", "tired"), "CRM-T505", "WAIVER_TIRED"),
    "a customer nobody knows": (("open", "x", "--customer", "C99"), "CRM-S230", ""),
    "an offer that is not there": (("approve", "O9", "--by", "M1"), "CRM-T509", "O9"),
}


@pytest.mark.parametrize("case_", CASES)
def test_a_mistake_with_a_case(case, case_):
    """Told with what can happen now, exit 2; nothing is written, and the right step goes through."""
    arguments, code, place = CASES[case_]
    before = case.everything()
    check_everywhere(case, ("complaints", *arguments), code=code, place=place, exit_code=2)

    assert before == case.everything()

    assert 0 == case("complaints", "assign", "K1", "--to", "M1", "--by", "E1").exit_code
    assert [("M1", "HANDED_OVER")] == case.sql("select owner, state from complaint")


def test_closing_without_the_second_callback(case):
    """Solved is not closed: told why, and what can be done instead; after the call it closes once."""
    assert 0 == case("complaints", "resolve", "K1", "换件", "--by", "M1").exit_code
    before = case.everything()
    check_everywhere(case, ("complaints", "close", "K1"), code="CRM-T504", place="K1", exit_code=2)

    assert reason("CALLBACK_MISSING", "zh")[0] in case("complaints", "close", "K1", "--lang", "zh").stderr
    assert before == case.everything()

    assert 0 == case("complaints", "callback", "K1", "RESTORED", "--close", "--by", "M1").exit_code
    assert [("CLOSED",)] == case.sql("select state from complaint")
    check_everywhere(case, ("complaints", "close", "K1"), code="CRM-T503", place="K1", exit_code=2)


def test_an_offer_above_authority(case):
    """An advisor offers 500 and approves it himself; the technician approves; the manager may, once."""
    assert 0 == case("complaints", "offer", "K1", "FREE_REPAIR", "1500", "--by", "A1").exit_code
    before = case.everything()
    for who, why in (("A1", "OFFER_OWN"), ("W1", "OFFER_ROLE_APPROVES_NONE"), ("V1", "OFFER_ABOVE_LIMIT")):
        check_everywhere(case, ("complaints", "approve", "O1", "--by", who), code="CRM-T504", place="K1", exit_code=2)
        assert reason(why, "zh")[0] in case("complaints", "approve", "O1", "--by", who, "--lang", "zh").stderr
    check_everywhere(case, ("complaints", "answer", "O1", "yes"), code="CRM-T504", place="K1", exit_code=2)
    assert before == case.everything()

    assert 0 == case("complaints", "offer", "K1", "FREE_REPAIR", "900", "--by", "A1").exit_code
    assert 0 == case("complaints", "approve", "O2", "--by", "V1").exit_code
    assert [(None,), ("V1",)] == case.sql("select approved_by from recovery_offer order by id")


@pytest.mark.parametrize(
    ("arguments", "code", "place"),
    [
        (("report", "csi", "-o", "x.pdf"), "CRM-U403", ".pdf"),
        (("report", "board", "--store", "S9"), "CRM-U113", "S9"),
        (("report", "csi", "--since", "2026-11-22", "--until", "2026-11-01"), "CRM-U402", "2026-11-22"),
        (("report", "csi", "--survey", "aftersale"), "CRM-U404", "aftersale"),
        (("surveys", "show", "aftersale"), "CRM-S403", "aftersale"),
        (("surveys", "exclude", "Q1"), "CRM-S406", ""),
        (("surveys", "exclude", "Q9", "--why", "x"), "CRM-S404", "Q9"),
        (("actions", "add", "--store", "S9"), "CRM-U104", "--factor"),
        (("callbacks", "notes", "--advisor", "nobody"), "CRM-U117", "nobody"),
    ],
)
def test_a_mistake_at_the_command_line(house, arguments, code, place):
    """Told with what there is, exit 2, and no file is left behind."""
    before, there = house.everything(), set(house.folder.iterdir())
    check_everywhere(house, arguments, code=code, place=place, exit_code=2)

    assert before == house.everything()
    assert there == set(house.folder.iterdir())


# ------------------------------------------------------------------ the manager: crm.toml and a questionnaire of his own

PACK = """\
code = "mine"
version = "1"
label = { zh = "我的问卷", en = "Mine" }
scope = "SERVICE"
source = "our own"
[factors.TEAM]
label = { zh = "服务团队", en = "Team" }
source = "our own"
[questions.KIND]
factor = "TEAM"
text = { zh = "态度好吗？", en = "Were we kind?" }
minimum = 1
maximum = 5
alert_below = 3
source = "our own"
"""
OWN = '[surveys]\npacks = ["delivery", "aftersales", "complaint_followup", "mine.toml"]\n'
PACKS = {
    "a misspelt key": ("minimum = 1", "minimun = 1", "CRM-C111", "mine.toml:12"),
    "no scale": ("minimum = 1\nmaximum = 5\n", "", "CRM-C170", "mine.toml:9"),
    "a scale upside down": ("maximum = 5", "maximum = 0", "CRM-C170", "mine.toml:12"),
    "an alert beyond the scale": ("alert_below = 3", "alert_below = 9", "CRM-C170", "mine.toml:12"),
    "a factor nobody knows": ('factor = "TEAM"', 'factor = "TAEM"', "CRM-C132", "mine.toml:10"),
    "a question twice": ("alert_below = 3", 'source = "x"\n[questions.KIND]', "CRM-C106", "mine.toml:15"),
    "a kind nobody knows": ("minimum = 1", 'kind = "SCAL"\nminimum = 1', "CRM-C132", "mine.toml:12"),
    "the code of another": ('code = "mine"', 'code = "aftersales"', "CRM-C156", "mine.toml:1"),
    "a category nobody knows": ("alert_below = 3", 'alert_below = 3\ncategory = "PRIZE"', "CRM-C1", "mine.toml:15"),
    "saved as GBK": ("", "", "CRM-C103", "mine.toml:3"),
}


@pytest.mark.parametrize("case_", PACKS)
def test_a_mistake_in_a_questionnaire(house, case_):
    """The file of the questionnaire and its line are named, exit 3; the store is as it was, and the mended one is asked."""
    old, new, code, place = PACKS[case_]
    house.toml(OWN)
    before = house.everything()
    text = PACK.replace(old, new, 1) if old else PACK
    (house.folder / "mine.toml").write_bytes(text.encode("utf-8" if old else "gbk"))
    for arguments in (("surveys", "list"), ("callbacks", "import", "w.xlsx")):
        told = json.loads(house(*arguments, "--json").stdout)
        assert 3 == told["exit_code"]
        errors = told.get("errors") or [told]
        assert [place] == [each["at"] for each in errors], errors
        assert errors[0]["code"].startswith(code)
        for lang in LANGUAGES:
            check_message(house(*arguments, "--lang", lang).stderr, lang, errors[0]["code"], place)
    assert before == house.everything()

    (house.folder / "mine.toml").write_text(PACK, "utf-8")
    assert "我的问卷" in house("surveys", "list", "--lang", "zh").stdout
    fill(house.folder / "w.xlsx", {"T1": GOOD})
    check_taken(house)


SURVEY = "[survey.agency]\nadapter = 'csv'\npath = 'waves/*'\nsurvey = 'aftersales'\nside = 'EXTERNAL'\n"
CONFIGS = {
    "a key nobody reads": ("[complaints]\nhandovr = { minutes = 20 }\n", "CRM-C111", "handover"),
    "a number in quotes": ("[complaints]\nhandover = { minutes = '20' }\n", "CRM-C121", "5"),
    "a role misspelt": (
        "[[complaints.ladder]]\nlevel = 1\nclock = 'HANDOVER'\nrole = 'CR_MANGER'\n", "CRM-C132", "CR_MANAGER",
    ),
    "an approver misspelt": ("[complaints.approval]\nSERVICE_MANGER = 900\n", "CRM-C132", "SERVICE_MANAGER"),
    "a severity nobody knows": ("[complaints.close]\nHIGH = { minutes = 20 }\n", "CRM-C131", "SERIOUS"),
    "a questionnaire that is not there": (SURVEY.replace("aftersales", "aftersale"), "CRM-C132", "aftersales"),
    "an item without a question": (SURVEY + "[survey.agency.items]\nA1 = 'OVERAL'\n", "CRM-C132", "OVERALL"),
    "an item's scale upside down": (
        SURVEY + "[survey.agency.items]\nA1 = { question = 'OVERALL', minimum = 5, maximum = 1 }\n", "CRM-C172", "maximum",
    ),
    "half of an item's scale": (
        SURVEY + "[survey.agency.items]\nA1 = { question = 'OVERALL', maximum = 5 }\n", "CRM-C172", "minimum",
    ),
    "a side that is none": (SURVEY.replace("EXTERNAL", "EXTERN"), "CRM-C132", "EXTERNAL"),
    "a questionnaire left out": ("[surveys]\npacks = ['delivery', 'complaint_followup']\n", "CRM-C174", "packs"),
    "a pack that is not there": ("[surveys]\npacks = ['mine.toml']\n", "CRM-C159", "aftersales"),
    "a result of no family": ("[results.GONE]\noutcome = 'SUCCES'\nlabel = { zh = 'x', en = 'x' }\n", "CRM-C132", "SUCCESS"),
    "a robot without its token": ("[messaging.team]\nadapter = 'dingtalk'\n", "CRM-C112", "access_token"),
}  # fmt: skip


@pytest.mark.parametrize("case_", CONFIGS)
def test_a_mistake_in_the_configuration(house, case_):
    """Its line and what was probably meant, exit 3; nothing was touched, and with the mended file the clerk goes on."""
    text, code, meant = CONFIGS[case_]
    before = house.everything()
    house.toml(text)
    check_everywhere(house, ("callbacks", "import", "w.xlsx"), code=code, place="crm.toml:", exit_code=3)

    assert meant in json.loads(house("complaints", "list", "--json").stdout)["fix"]
    assert before == house.everything()

    house.toml()
    fill(house.folder / "w.xlsx", {"T1": GOOD})
    check_taken(house)


# ------------------------------------------------------------------ the survey's vendor

LOW = {"OVERALL": "2", "ADVICE": ""}


@pytest.fixture(name="lime")
def _lime():
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    with LoopbackLimeSurvey(questions=tuple(LOW), responses=[LOW], now=lambda: now) as lime:
        yield lime


def _ask(house: House, lime: LoopbackLimeSurvey, **other: Any) -> None:
    keys = {"url": lime.url, "username": lime.username, "survey_id": lime.survey_id, **other}
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    house.toml(f"[survey.web]\nadapter = 'limesurvey'\nsurvey = 'aftersales'\npassword = {{ env = 'LIME' }}\n{lines}")


@contextlib.contextmanager
def _html() -> Iterator[str]:
    """Somebody's web server that answers 200 with a page, as a proxy or a login page does."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Please log in, 13800130001</title>")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.php/admin/remotecontrol"
        server.shutdown()


VENDORS = ("down", "wrong password", "no password", "no such survey", "inactive", "a web page", "locked out")


@pytest.mark.parametrize("case_", VENDORS)
def test_a_survey_that_cannot_be_asked(house, lime, case_):
    """Its name, the code and what to do; the worklist goes on meanwhile; when it is back, the answer comes and its case opens once."""
    with contextlib.ExitStack() as after:
        _ask(house, lime)
        assert 0 == house("surveys", "invite", "--yes").exit_code
        assert 1 == len(lime.participants)
        lime.respond(datetime(2026, 11, 22, 2, 30, tzinfo=UTC))
        before = house.everything()
        code = _spoil(case_, house, lime, after)
        for lang in LANGUAGES:
            said = house("collect", "--lang", lang)
            assert 4 == said.exit_code or (case_ == "no password" and 3 == said.exit_code), said.stderr
            check_message(said.stderr, lang, code, "survey.web")
            assert "13800130001" not in said.output
        calls = len(lime.calls)
        body = json.loads(house("collect", "--json").stdout)
        assert ("crmcore/error@1", code, {"survey.web": code}) == (body["schema"], body["code"], body["failed"])
        if case_ in {"wrong password", "locked out"}:
            assert len(lime.calls) - calls <= 1, "a lock-out is never looped"
        assert before == house.everything()
        fill(house.folder / "w.xlsx", {"T2": GOOD})
        assert 1 == house.json("callbacks", "import", "w.xlsx", "--by", "E1")[1]["recorded"]

    with LoopbackLimeSurvey(
        questions=tuple(LOW), responses=[LOW], now=lambda: datetime(2026, 11, 22, 3, tzinfo=UTC)
    ) as back:
        back.participants.update(lime.participants)
        for each in back.participants.values():
            each.completed = "N"
        back.respond(datetime(2026, 11, 22, 2, 30, tzinfo=UTC))
        house.environ = dict(SECRETS)
        _ask(house, back)
        assert 0 == house("collect").exit_code
        assert 0 == house("collect").exit_code
    assert [("SURVEY", "2026-11-22T02:30:00Z")] == house.sql("select channel, received_at from complaint")


def _spoil(case_: str, house: House, lime: LoopbackLimeSurvey, after: contextlib.ExitStack) -> str:  # noqa: PLR0911 - a case, a return
    """Break it, and say the code that must be read."""
    match case_:
        case "down":
            lime.close()
            return "CRM-H101"
        case "wrong password":
            house.environ["LIME"] = "wrong"
            return "CRM-L101"
        case "no password":
            del house.environ["LIME"]
            return "CRM-C140"
        case "no such survey":
            _ask(house, lime, survey_id=111111)
            return "CRM-L103"
        case "inactive":
            lime.properties["active"] = "N"
            return "CRM-L201"
        case "a web page":
            _ask(house, lime, url=after.enter_context(_html()))
            return "CRM-L108"
        case _:
            house.environ["LIME"] = "wrong"
            for _ in range(3):
                house("collect")
            house.environ["LIME"] = SECRETS["LIME"]
            return "CRM-L102"


# ------------------------------------------------------------------ the agency

ITEMS = (
    "[survey.agency.items]\nA1 = { question = 'OVERALL', minimum = 1, maximum = 5 }\n"
    "A2 = { question = 'ATTITUDE', minimum = 1, maximum = 5 }\n"
)
WAVE = "样本编号,调研批次,服务顾问,访问时间,A1,A2\n"
ROW = "1,2026-Q3,陈顾问,2026-09-10 10:00,5,4\n"
WAVES = {
    "another scale": ("2,2026-Q3,陈顾问,2026-09-10 11:00,85,4\n", "A1", "ANSWER_OUTSIDE_SCALE"),
    "a score in words": ("2,2026-Q3,陈顾问,2026-09-10 11:00,满意,4\n", "A1", "ANSWER_NO_NUMBER"),
    "the 31st of February": ("2,2026-Q3,陈顾问,31.02.2026,5,4\n", "访问时间", "DATE_IMPOSSIBLE"),
    "next year": ("2,2026-Q3,陈顾问,2027-09-10 10:00,5,4\n", "访问时间", "RESPONSE_FUTURE"),
    "two people of one number": ("1,2026-Q3,冯经理,2026-09-11 10:00,2,1\n", "A1", "SAMPLE_TWICE"),
    "no number": (",2026-Q3,陈顾问,2026-09-10 11:00,5,4\n", "样本编号", "RESPONDENT_UNKNOWN"),
    "eaten by Excel": ("2,2026-Q3,陈顾问,2026-09-10 11:00,#REF!,4\n", "A1", "CELL_EXCEL_ERROR"),
}


def _wave(house: House, text: str, name: str = "q3.csv") -> None:
    house.toml(SURVEY + ITEMS)
    (house.folder / "waves").mkdir(exist_ok=True)
    (house.folder / "waves" / name).write_text(text, "utf-8")


@pytest.mark.parametrize("case_", WAVES)
def test_a_row_of_the_agency_that_cannot_be_used(house, case_):
    """Put aside with file, line, column and fix; the others are taken; the mended row is taken, and nothing twice."""
    row, column, why = WAVES[case_]
    _wave(house, WAVE + ROW + row)
    _, body = house.json("collect")
    (source,) = body["surveys"]
    rejects = {
        lang: json.loads(house("rejects", "list", "--json", "--lang", lang).stdout)["rejects"] for lang in LANGUAGES
    }

    assert (2, 1, 1) == (source["read"], source["accepted"], source["rejected"])
    for (reject,) in rejects.values():
        assert (["q3.csv:3"], column, why) == (reject["at"], reject["column"], reject["reason"])
        assert reject["why"] not in {"", why}
        assert reject["fix"]
    assert ["2026-Q3/1"] == [key.rpartition("|")[2] for (key,) in house.sql("select key from survey_response")]

    _wave(house, WAVE + ROW + "2,2026-Q3,陈顾问,2026-09-10 11:00,3,4\n")
    assert 0 == house("collect").exit_code
    assert 0 == house("collect").exit_code
    assert 2 == len(house.sql("select id from survey_response"))
    assert [] == house.json("rejects", "list")[1]["rejects"]


FILES_OF_WAVES = {
    "an empty file": ("", "CRM-S102"),
    "no sample numbers": ("调研批次,访问时间,A1\n2026-Q3,2026-09-10,5\n", "CRM-S462"),
    "another file altogether": ("a,b\n1,2\n", "CRM-S105"),
    "a web page": ("<html><table><tr><td>样本编号</td></tr></table></html>", "CRM-S110"),
}


@pytest.mark.parametrize("case_", FILES_OF_WAVES)
def test_a_file_of_the_agency_that_cannot_be_read(house, case_):
    """Named, exit 4; what was taken from others stays; its successor is read."""
    text, code = FILES_OF_WAVES[case_]
    _wave(house, WAVE + ROW, "q2.csv")
    assert 0 == house("collect").exit_code
    before = house.everything()
    _wave(house, text)
    for lang in LANGUAGES:
        said = house("collect", "--lang", lang)
        assert 4 == said.exit_code
        check_message(said.stderr, lang, code, "q3.csv")
    assert before == house.everything()

    _wave(house, WAVE + ROW.replace("1,2026-Q3", "2,2026-Q3"))
    assert 0 == house("collect").exit_code
    assert 2 == len(house.sql("select id from survey_response"))


def test_a_merged_header(house):
    """A second line of headings is no respondent: its row is put aside, what it hid is told as unmapped, nothing vanishes."""
    _wave(house, "样本编号,调研批次,服务顾问,访问时间,满意度,\n,,,,A1,A2\n1,2026-Q3,陈顾问,2026-09-10 10:00,5,4\n")
    said = house("collect", "--lang", "zh")
    (reject,) = house.json("rejects", "list")[1]["rejects"]

    assert "满意度" in said.stdout
    assert (["q3.csv:2"], "RESPONDENT_UNKNOWN") == (reject["at"], reject["reason"])
    assert [("?满意度", "5")] == house.sql("select question, value from survey_answer where value <> '4'")


# ------------------------------------------------------------------ the robot's vendor, a plugin

ROBOT = """
[messaging.team]
adapter = "dingtalk"
url = "{url}"
access_token = {{ env = "ROBOT_TOKEN" }}
secret = {{ env = "ROBOT_SECRET" }}
"""


@pytest.mark.parametrize("case_", ["wrong token", "wrong secret", "too fast", "a web page", "down"])
def test_a_robot_that_does_not_speak(house, case_):
    """Told with what the vendor said in words, exit 1; the alert stays owed and is told once the robot listens."""
    with LoopbackRobot(now=lambda: datetime(2026, 11, 22, 3, tzinfo=UTC)) as robot:
        house.toml(ROBOT.format(url=robot.dingtalk_url))
        house("complaints", "open", "等太久了", "--customer", "C1", "--by", "E1")
        match case_:
            case "wrong token":
                house.environ["ROBOT_TOKEN"] = "wrong"
            case "wrong secret":
                house.environ["ROBOT_SECRET"] = "wrong"
            case "too fast":
                robot.answer_next(200, TOO_FAST_DINGTALK)
            case "a web page":
                robot.answer_next(200, "<html>13800130001</html>")
            case _:
                robot.close()
        said = house("escalate", "--yes", "--lang", "zh")
        owed = house.json("alerts", "list", "--owed")[1]["alerts"]

        assert "Traceback" not in said.output
        assert not any(secret in said.output for secret in (*SECRETS.values(), "13800130001") if secret != "*")
        assert [("K1", None)] == [(row["complaint"], row["sent_at"]) for row in owed]
        assert owed[0]["why"]
        assert [] == robot.said

    with LoopbackRobot(now=lambda: datetime(2026, 11, 22, 3, 10, tzinfo=UTC)) as robot:
        house.toml(ROBOT.format(url=robot.dingtalk_url))
        house.environ, house.now = dict(SECRETS), "2026-11-22T11:10+08:00"
        assert 0 == house("escalate", "--yes").exit_code
        assert 0 == house("escalate", "--yes").exit_code
        assert 1 == len([text for text in robot.said if "K1" in text.text])
    assert [] == house.json("alerts", "list", "--owed")[1]["alerts"]


def test_a_plugin_that_breaks_while_it_looks_for_complaints(house, monkeypatch):
    """Named, with nothing of what the customer said; the call and its case are kept all the same."""
    import types

    module = types.ModuleType("broken_finder")

    def crmcore_find_complaint(evidence: Any) -> None:
        raise ValueError(evidence.remark)

    module.crmcore_find_complaint = hookimpl(crmcore_find_complaint)  # type: ignore[attr-defined]
    plugins = Plugins(extra=(module,))
    monkeypatch.setattr(cli_state.State, "plugins", plugins)
    fill(house.folder / "w.xlsx", {"T1": GOOD | {"result": "投诉", "remark": "又坏了，找你们说法"}})
    said = house("callbacks", "import", "w.xlsx", "--by", "E1", "-v")

    assert (0, [("RECEIVED",)]) == (said.exit_code, house.sql("select state from complaint"))
    assert "找你们说法" not in said.output
    assert "broken_finder" in said.output
