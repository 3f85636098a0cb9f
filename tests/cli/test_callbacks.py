"""crmcore callbacks: out to the clerk, back from the clerk, and what the reader is told."""

from __future__ import annotations

import stat

import openpyxl
import pytest
from tests.flows.desk_world import TOML, Desk, at, fill
from tests.flows.planned_dealer import Dealer

from crmcore.app import Crm

NOW = "2026-11-22T10:00"
LATER = "2026-11-22T11:00"


@pytest.fixture(name="owed")
def _owed(crm):
    """A shell whose store owes two callbacks since this morning: (shell, ids)."""
    path = crm.folder / "crm.toml"
    path.write_text(TOML, "utf-8")
    with Crm.from_config(path, now=at("2026-11-22 10:00")) as opened:
        desk = Desk(
            db=opened.db,
            clock=opened.clock,
            folder=crm.folder,
            crm=opened,
            dealer=Dealer(opened.db, at("2026-11-22 10:00")),
        )
        ids = [desk.owe(), desk.owe("李小红", "+8613800130002", advisor=None)]
    return crm, ids


def filled(crm, rows):
    crm("callbacks", "export", "w.xlsx", "--by", "E1", "--now", NOW)
    fill(crm.folder / "w.xlsx", {f"T{number}": said for number, said in rows.items()})


def test_out_and_back(owed):
    """Exported for its reader alone, filled in, imported: the counts are told, and the list is shorter."""
    crm, (one, two) = owed
    code, body = crm.json("callbacks", "export", "w.xlsx", "--by", "E1", "--now", NOW)

    assert (0, 2, 2, 0) == (code, body["callbacks"], body["leased"], body["others"])
    assert 0o600 == stat.S_IMODE((crm.folder / "w.xlsx").stat().st_mode)
    fill(crm.folder / "w.xlsx", {f"T{one}": {"result": "成功-已完成", "called_at": "10:35", "aftersales.OVERALL": 9}})
    result = crm("callbacks", "import", "w.xlsx", "--now", LATER)
    assert (0, True) == (result.exit_code, "记录 1 行" in result.stdout)
    _, listed = crm.json("callbacks", "list", "--now", LATER)
    assert [f"T{two}"] == [row["id"] for row in listed["callbacks"]]


def test_what_could_not_be_taken_is_told_with_its_cell_and_the_fix(owed):
    """Exit code 1, one line a cell, no name and no number of a customer; the machine reads the same."""
    crm, (one, two) = owed
    filled(
        crm, {one: {"result": "已完成", "called_at": "10:35", "aftersales.OVERALL": 11}, two: {"remark": "13800130002"}}
    )
    code, body = crm.json("callbacks", "import", "w.xlsx", "--now", LATER)
    result = crm("callbacks", "import", "w.xlsx", "--now", LATER)

    assert (1, 1) == (code, result.exit_code)
    assert {"SCORE_OUTSIDE_SCALE", "RESULT_MISSING", "CALL_TIME_MISSING"} == {row["reason"] for row in body["rejected"]}
    assert (2, 0, 2) == (body["read"], body["recorded"], body["rejected_rows"])
    (score,) = (row for row in body["rejected"] if row["reason"] == "SCORE_OUTSIDE_SCALE")
    assert ("99", 3) == (score["shape"], score["row"])
    assert score["cell"] in result.stdout
    assert "按列标题中的范围填写分数" in result.stdout
    assert "请选择回访结果" in result.stdout
    assert not {"王小明", "李小红", "13800130002"} & set(result.output.split())


def test_what_became_of_cases_is_told(owed):
    """Solved, called back, content: the number of the case that was closed, in words and for the machine."""
    crm, _ = owed
    crm("complaints", "open", "空调又坏了", "--customer", "C1", "--by", "E1", "--now", NOW)
    crm("complaints", "resolve", "K1", "换了", "--by", "E1", "--now", NOW)
    _, listed = crm.json("callbacks", "list", "--now", NOW)
    (number,) = (row["id"] for row in listed["callbacks"] if row["task"] == "投诉二次回访")
    filled(crm, {number[1:]: {"result": "已完成", "called_at": "10:35", "complaint_followup.SOLVED": "是"}})
    result = crm("callbacks", "import", "w.xlsx", "--now", LATER)

    again = crm.json("callbacks", "import", "w.xlsx", "--now", LATER)[1]

    assert "1 个投诉结案：K1" in result.stdout
    assert (1, [], []) == (again["unchanged"], again["closed"], again["reopened"])


def test_a_file_that_is_no_worklist_is_a_coded_error(owed):
    """No such file; a file without our columns."""
    crm, _ = owed
    (crm.folder / "x.csv").write_text("编号,姓名\n1,2\n", "utf-8")

    assert "CRM-S101" in crm("callbacks", "import", "none.xlsx").output
    result = crm("callbacks", "import", "x.csv")
    assert "CRM-S501" in result.output
    assert 0 != result.exit_code


def test_a_complaint_and_what_else_follows_is_told(owed):
    """The new case by its number, the text or the correction that waits, the notices on stderr."""
    crm, (one, two) = owed
    filled(crm, {one: {"result": "投诉", "called_at": "10:35"}, two: {"result": "空号", "called_at": "10:40"}})
    result = crm("callbacks", "import", "w.xlsx", "--by", "E1", "--lang", "en", "--now", LATER)

    assert "new complaints (1): K1" in result.stdout
    assert "proposals: 1 (crmcore proposals list)" in result.stdout
    assert "1 with a number that is wrong or dead" in result.stdout


def test_somebody_elses_rows_are_named(owed):
    """A second clerk sees who has them, on his sheet and in what is said."""
    crm, _ = owed
    crm("callbacks", "export", "w.xlsx", "--by", "E1", "--now", NOW)
    result = crm("callbacks", "export", "v.xlsx", "--by", "E2", "--now", NOW)
    _, listed = crm.json("callbacks", "list", "--now", NOW)

    assert "2 个已由别人领取" in result.stdout
    assert {"已由 周客服 领取至 22:00"} == {row["lease"] for row in listed["callbacks"]}


def test_notes_are_listed_by_advisor(owed):
    """Masked unless asked for in full; an unknown advisor is a coded error."""
    crm, (one, _) = owed
    filled(crm, {one: {"result": "已完成", "called_at": "10:35", "note": "下次换机油"}})
    crm("callbacks", "import", "w.xlsx", "--now", LATER)
    _, body = crm.json("callbacks", "notes", "--advisor", "A1", "--now", LATER)
    _, full = crm.json("callbacks", "notes", "--full", "--now", LATER)

    assert [("王**", "下次换机油")] == [(row["customer"], row["note"]) for row in body["notes"]]
    assert ["王小明"] == [row["customer"] for row in full["notes"]]
    assert "CRM-U117" in crm("callbacks", "notes", "--advisor", "nobody").output


def test_the_right_number_is_given_to_the_proposal(owed):
    """One at a time; without it the message says how."""
    crm, (one, _) = owed
    filled(crm, {one: {"result": "空号", "called_at": "10:35"}})
    crm("callbacks", "import", "w.xlsx", "--now", LATER)

    assert "CRM-U310" in crm("proposals", "accept", "P1").output
    assert "CRM-U313" in crm("proposals", "accept", "P1", "P2", "--number", "13800130077").output
    assert 0 == crm("proposals", "accept", "P1", "--number", "13800130077", "--by", "E1").exit_code
    assert "CRM-S236" in crm("proposals", "accept", "P1", "--number", "13800130077").output


def test_a_merge_needs_no_number(owed):
    """--number where none is asked for is told, and nothing is done."""
    crm, (one, _) = owed
    filled(crm, {one: {"result": "车辆已售", "called_at": "10:35"}})
    crm("callbacks", "import", "w.xlsx", "--now", LATER)

    assert "CRM-U312" in crm("proposals", "accept", "P1", "--number", "13800130077").output
    _, body = crm.json("proposals", "list")
    assert [("OWNERSHIP", "PENDING")] == [(row["kind"], row["state"]) for row in body["proposals"]]


def test_without_a_name_who_is_logged_in_has_the_rows(owed, monkeypatch):
    """Also where the machine knows no user at all."""
    crm, _ = owed
    monkeypatch.setattr("getpass.getuser", lambda: "desk-pc")
    _, body = crm.json("callbacks", "export", "w.csv", "--now", NOW)

    def nobody():
        raise OSError

    monkeypatch.setattr("getpass.getuser", nobody)
    _, none = crm.json("callbacks", "export", "v.csv", "--now", NOW)

    assert ("desk-pc", "") == (body["by"], none["by"])
    assert (crm.folder / "w.csv").exists()


def test_who_is_nobody_here_takes_calls_only_by_his_login(owed, monkeypatch):
    """--by is a colleague, or the nearest one is named and nothing is taken; a login that is none is told how to name one."""
    crm, _ = owed
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    unknown = crm("callbacks", "export", "w.csv", "--by", "nobody", "--now", NOW)
    nearly = crm("callbacks", "export", "w.csv", "--by", "E11", "--now", NOW)
    named = crm("callbacks", "export", "w.csv", "--by", "吴客服", "--now", NOW)
    imported = crm("callbacks", "import", "w.csv", "--by", "nobody", "--now", NOW)

    assert (2, True, True) == (unknown.exit_code, "CRM-U117" in unknown.output, "CRM-U117" in imported.output)
    assert (2, True) == (nearly.exit_code, "CRM-U118" in nearly.output and "E1" in nearly.output)
    assert (2, True) == (named.exit_code, "是否为 E2？" in named.output)
    assert not (crm.folder / "w.csv").exists()
    assert "root 不在员工名单中" in crm("callbacks", "export", "w.csv", "--now", NOW).stdout
    assert "员工名单" not in crm("callbacks", "export", "w.csv", "--by", "E1", "--now", NOW).stdout


def test_the_people_are_asked_in_the_file_that_is_named_last(owed):
    """The options of the whole command hold before any of its own, wherever they stand."""
    crm, _ = owed
    (crm.folder / "crm.toml").rename(crm.folder / "other.toml")

    assert "CRM-U117" in crm("callbacks", "export", "w.csv", "--by", "nobody", "--now", NOW, "-c", "other.toml").output


def test_clerks_share_a_day(owed):
    """One takes so many, the next what is left; what others have taken stands between, marked, and does not count."""
    crm, _ = owed
    first = crm.json("callbacks", "export", "a.csv", "--by", "E1", "--limit", "1", "--now", NOW)[1]
    second = crm.json("callbacks", "export", "b.csv", "--by", "E2", "--limit", "1", "--now", NOW)[1]
    third = crm.json("callbacks", "export", "c.csv", "--by", "E2", "--limit", "9", "--now", NOW)[1]
    rows = (crm.folder / "b.csv").read_text("utf-8-sig").splitlines()

    assert [(1, 1, 0), (2, 1, 1), (2, 1, 1)] == [
        (body["callbacks"], body["leased"], body["others"]) for body in (first, second, third)
    ]
    assert [True, False] == ["已由 周客服" in row for row in rows[1:]]


def test_a_clerk_takes_her_own_calls(owed):
    """Those that are assigned to her; whose they are must be said."""
    crm, (one, two) = owed
    for number, who in ((one, "E1"), (two, "E2")):
        assert 0 == crm("touchpoints", "assign", f"T{number}", who, "--now", NOW).exit_code
    mine = crm.json("callbacks", "export", "a.csv", "--by", "E2", "--mine", "--now", NOW)[1]

    assert (1, 1, 0) == (mine["callbacks"], mine["leased"], mine["others"])
    assert f'"T{two}"' in (crm.folder / "a.csv").read_text("utf-8-sig")
    assert "CRM-U314" in crm("callbacks", "export", "a.csv", "--mine", "--now", NOW).output


def test_what_nobody_understands_is_named(owed):
    """A column of the clerk's own is left alone, and that is said."""
    crm, (one, _) = owed
    filled(crm, {one: {"result": "已完成", "called_at": "10:35"}})
    book = openpyxl.load_workbook(crm.folder / "w.xlsx")
    book.active.cell(2, book.active.max_column + 1).value = "我的备忘"
    book.save(crm.folder / "w.xlsx")

    assert "我的备忘" in crm("callbacks", "import", "w.xlsx", "--now", LATER).stderr
