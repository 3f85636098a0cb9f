"""The filled worklist comes back: each row whole or not at all, each once, with what follows from the call."""

from __future__ import annotations

import json
from datetime import datetime, time

import openpyxl
import pytest
from tests.flows.desk_world import at, fill, fill_csv, headings, open_desk

from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.errors import SourceError

SCORES = {"aftersales.OVERALL": 9, "aftersales.WORK_DONE": 10, "aftersales.FIXED_FIRST_TIME": "是"}


@pytest.fixture(name="desk")
def _desk(db, clock, tmp_path):
    return open_desk(db, clock, tmp_path)


def reasons(report):
    return [(each.cell, each.column, each.reason) for each in report.rejected]


# ------------------------------------------------------------------ a good row


def test_a_call_that_was_made_is_recorded_whole(desk):
    """Attempt, answers and touchpoint change together; the attempt is at the time of the call, by the name on the sheet."""
    number = desk.owe()
    report = desk.call(
        number,
        result="成功-已完成",
        called_at="2026-11-22 10:35",
        caller="吴客服",
        remark="都挺好",
        note="下次换机油",
        **SCORES,
    )
    (attempt,) = desk.rows(schema.attempt)
    (response,) = desk.rows(schema.survey_response)

    assert (1, {"DONE": 1}, []) == (report.recorded, report.follows, report.rejected)
    assert (stamp(at("2026-11-22 10:35")), "E2", "SUCCESS", "DONE", "都挺好", "下次换机油") == (
        attempt.at, attempt.staff, attempt.outcome, attempt.result, attempt.remark, attempt.note,
    )  # fmt: skip
    assert ("DONE", None) == (desk.touchpoint(number).state, desk.touchpoint(number).reason)
    assert (attempt.id, "callbacks", "A1", "INTERNAL", "PHONE") == (
        response.attempt_id, response.source, response.staff, response.side, response.mode,
    )  # fmt: skip
    assert {"OVERALL": "9", "WORK_DONE": "10", "FIXED_FIRST_TIME": "是"} == {
        row.question: row.value for row in desk.rows(schema.survey_answer)
    }


@pytest.mark.parametrize(("advisor", "staff"), [("陈顾问", "A1"), ("A1", "A1"), ("某人", "某人")])
def test_answers_are_about_one_colleague_whatever_the_dms_calls_him(desk, advisor, staff):
    """Many a DMS writes names into its orders: the response carries the code where one colleague has the name."""
    number = desk.owe(advisor=advisor)
    desk.call(number, result="已完成", called_at="2026-11-22 10:35", **{"aftersales.OVERALL": 9})

    assert [staff] == [row.staff for row in desk.rows(schema.survey_response)]


@pytest.mark.parametrize(
    ("result", "more", "complete"),
    [
        ("已完成", {}, 1),
        ("投诉", {"complaint": "是"}, 1),
        ("已完成", {"aftersales.COST_EXPLAINED": "不适用"}, 1),
        ("另约时间", {"next_at": "16:30"}, 0),
        ("中途挂断", {}, 0),
    ],
)
def test_a_call_that_came_to_its_end_counts(desk, result, more, complete):
    """Also when a question did not apply, or an angry customer was asked no further; not when it broke off."""
    number = desk.owe()
    desk.call(number, result=result, called_at="2026-11-22 10:35", **{"aftersales.OVERALL": 9} | more)

    assert [complete] == [row.complete for row in desk.rows(schema.survey_response)]


def test_a_call_that_reached_the_customer_proves_his_number(desk):
    """The number that was dialled is known to be good."""
    desk.call(desk.owe(), result="成功-已完成", called_at="2026-11-22 10:35")

    assert ["VALID"] == [row.state for row in desk.rows(schema.contact_point)]


def test_the_same_file_again_changes_nothing(desk):
    """Imported twice, and once more after a spreadsheet has made numbers and dates of its cells: unchanged."""
    number = desk.owe()
    path = desk.export()
    fill(path, {f"T{number}": {"result": "已完成", "called_at": "10:35", **SCORES}})
    desk.clock.at = at("2026-11-22 11:00")
    first = desk.take(path)
    before = [desk.rows(table) for table in (schema.attempt, schema.survey_answer, schema.touchpoint, schema.audit)]
    again = desk.take(path)
    fill(path, {f"T{number}": {"result": "DONE", "called_at": time(10, 35), "aftersales.OVERALL": "９．０"}})
    desk.clock.at = at("2026-11-23 17:00")
    retyped = desk.take(path)

    assert (1, 0) == (first.recorded, first.unchanged)
    assert (0, 1, []) == (again.recorded, again.unchanged, again.rejected)
    assert (0, 1, []) == (retyped.recorded, retyped.unchanged, retyped.rejected)
    assert before == [
        desk.rows(table) for table in (schema.attempt, schema.survey_answer, schema.touchpoint, schema.audit)
    ]


def test_a_row_without_answers_was_not_called_yet(desk):
    """Also one in which only the caller stands."""
    one, two = desk.owe(), desk.owe("李小红", "+8613800130002")
    path = desk.export()
    fill(path, {f"T{two}": {"caller": "周客服"}})
    report = desk.take(path)

    assert (2, 2, 0, []) == (report.read, report.not_called, report.recorded, report.rejected)
    assert {"DUE"} == {desk.touchpoint(number).state for number in (one, two)}


@pytest.mark.parametrize(
    ("called", "score"),
    [
        ("2026-11-22 10:35", "9"),
        (datetime(2026, 11, 22, 10, 35), 9.0),
        (46348.44097222222, "9.0"),
        (time(10, 35), " 9 "),
        (0.44097222222222, "９"),
        ("11-22 10:35", "9分"),
        ("11月22日10:35", 9),
        ("２０２６／１１／２２　１０：３５", 9),
    ],
)
def test_types_that_a_spreadsheet_has_changed_are_read(desk, called, score):
    """A serial number, a date cell, text in full width: the same call."""
    number = desk.owe()
    path = desk.export()
    fill(path, {f"T{number}": {"result": "已完成 ", "called_at": called, "aftersales.OVERALL": score}})
    desk.clock.at = at("2026-11-22 11:00")
    report = desk.take(path)
    (attempt,) = desk.rows(schema.attempt)
    (answer,) = desk.rows(schema.survey_answer)

    assert [] == report.rejected
    assert (stamp(at("2026-11-22 10:35")), 900) == (attempt.at, answer.number)


def test_a_number_that_the_spreadsheet_has_eaten_does_not_matter(desk):
    """The id finds the row, whatever became of the phone."""
    number = desk.owe()
    report = desk.call(number, result="已完成", called_at="2026-11-22 10:35", phone=1.38e10)

    assert (1, []) == (report.recorded, report.rejected)


def test_columns_may_be_renamed_moved_and_put_between(desk):
    """The hidden codes go with their columns; a column of the clerk's own is named and left alone."""
    number = desk.owe()
    path = desk.export()
    fill(path, {f"T{number}": {"result": "已完成", "called_at": "2026-11-22 10:35", "remark": "好"}})
    book = openpyxl.load_workbook(path)
    sheet = book.active
    columns = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, columns["result"]).value = "电话打得怎么样"
    sheet.insert_cols(2)
    sheet.cell(2, 2).value = "我的备忘"
    sheet.cell(3, 2).value = "x"
    book.save(path)
    desk.clock.at = at("2026-11-22 11:00")
    report = desk.take(path)

    assert (1, ("我的备忘",)) == (report.recorded, report.ignored)


def test_without_the_hidden_row_the_headings_are_enough(desk):
    """Copied into a new file, in English, in another order."""
    number = desk.owe()
    desk.export(lang="en")
    book = openpyxl.Workbook()
    book.active.append(["Result", "Id", "Called at"])
    book.active.append(["Success - Done", f"t{number}", "2026-11-22 10:35"])
    book.save(desk.folder / "copy.xlsx")
    desk.clock.at = at("2026-11-22 11:00")

    assert 1 == desk.take(desk.folder / "copy.xlsx").recorded


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_a_csv_comes_back_in_any_encoding(desk, encoding):
    """As Excel, WPS or an editor save it; what looks like a formula is the text it is."""
    number = desk.owe(name="=HYPERLINK(王)")
    path = desk.export("worklist.csv")
    answers = {"result": "已完成", "called_at": "2026-11-22 10:35", "remark": "'=1+1", "note": "-5 元"}
    fill_csv(path, {f"T{number}": answers}, headings(desk), encoding)
    desk.clock.at = at("2026-11-22 11:00")
    report = desk.take(path)
    (attempt,) = desk.rows(schema.attempt)

    assert (1, []) == (report.recorded, report.rejected)
    assert ("=1+1", "-5 元") == (attempt.remark, attempt.note)


def test_a_formula_is_text_in_a_workbook(desk):
    """A name that begins with "=" is that name; what a customer said that looks like one is kept as said."""
    number = desk.owe(name="=1+1")
    path = desk.export()
    book = openpyxl.load_workbook(path)
    columns = {cell.value: cell.column for cell in book.active[1]}
    name = book.active.cell(3, columns["customer"])

    assert ("=1+1", "s") == (name.value, name.data_type)
    said = book.active.cell(3, columns["remark"])
    said.value, said.data_type = "=2+2", "s"
    book.active.cell(3, columns["result"]).value = "已完成"
    book.active.cell(3, columns["called_at"]).value = "2026-11-22 10:35"
    name.data_type = "s"
    book.save(path)
    desk.clock.at = at("2026-11-22 11:00")
    report = desk.take(path)

    assert (1, []) == (report.recorded, report.rejected)
    assert ["=2+2"] == [row.remark for row in desk.rows(schema.attempt, touchpoint_id=number)]


# ------------------------------------------------------------------ a bad row


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ({"called_at": "10:35"}, "result", "RESULT_MISSING"),
        ({"result": "打了", "called_at": "10:05"}, "result", "RESULT_UNKNOWN"),
        ({"result": "已完成"}, "called_at", "CALL_TIME_MISSING"),
        ({"result": "已完成", "called_at": "2026-11-22"}, "called_at", "CALL_TIME_NO_CLOCK"),
        ({"result": "已完成", "called_at": "2026-11-22 18:00"}, "called_at", "CALL_TIME_FUTURE"),
        ({"result": "已完成", "called_at": "2026-11-21 10:00"}, "called_at", "CALL_TIME_BEFORE_DUE"),
        ({"result": "已完成", "called_at": "2026-09-01 10:00"}, "called_at", "CALL_TIME_OLD"),
        ({"result": "已完成", "called_at": "昨天"}, "called_at", "DATE_FORM"),
        ({"result": "已完成", "called_at": "10:05", "aftersales.OVERALL": 11}, "aftersales.OVERALL", "SCORE_OUTSIDE_SCALE"),
        ({"result": "已完成", "called_at": "10:05", "aftersales.OVERALL": "#####"}, "aftersales.OVERALL", "CELL_EXCEL_ERROR"),
        ({"result": "已完成", "called_at": "10:05", "delivery.OVERALL": 9}, "delivery.OVERALL", "ANSWER_NOT_ASKED"),
        ({"result": "无人接听", "called_at": "10:05", "aftersales.OVERALL": 9}, "aftersales.OVERALL", "ANSWER_NOT_REACHED"),
        ({"result": "另约时间", "called_at": "10:05"}, "next_at", "BOOKED_TIME_MISSING"),
        ({"result": "另约时间", "called_at": "10:05", "next_at": "09:00"}, "next_at", "BOOKED_TIME_PAST"),
        ({"result": "投诉", "called_at": "10:05", "complaint": "否"}, "complaint", "COMPLAINT_CONTRADICTED"),
        ({"result": "已完成", "called_at": "10:05", "category": "不开心"}, "category", "CATEGORY_UNKNOWN"),
        ({"result": "已完成", "called_at": "10:05", "caller": "王五"}, "caller", "CALLER_UNKNOWN"),
        ({"result": "已完成", "called_at": "10:05", "caller": "陈顾问"}, "caller", "OWN_CUSTOMER"),
        ({"result": "已完成", "called_at": "10:05", "id": "1.2E+05"}, "id", "ROW_ID_DAMAGED"),
        ({"result": "已完成", "called_at": "10:05", "id": "T99999"}, "id", "ROW_ID_UNKNOWN"),
        ({"result": "已完成", "called_at": "10:05", "customer": "赵六", "phone": "13900139999"}, "id", "ROW_MIXED"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_taken_says_which_cell_and_stops_no_other(desk, said, column, reason):
    """The cell as the spreadsheet calls it, the reason; nothing of the row is kept, and the row below it is."""
    bad = desk.owe()
    good = desk.owe("李小红", "+8613800130002", advisor=None)
    # the delivery questionnaire is on the sheet when somebody else is asked it
    path = desk.export()
    if column.startswith("delivery"):
        add_column(path, column)
    fill(path, {f"T{bad}": said, f"T{good}": {"result": "已完成", "called_at": "10:10"}})
    desk.clock.at = at("2026-11-22 10:30")
    report = desk.take(path)
    found = [each for each in reasons(report) if each[2] == reason]

    assert [(column, reason)] == [each[1:] for each in found]
    assert found[0][0].endswith("3")
    assert 2 <= len(found[0][0])
    assert [good] == [row.touchpoint_id for row in desk.rows(schema.attempt)]
    assert "DUE" == desk.touchpoint(bad).state


def add_column(path, column):
    book = openpyxl.load_workbook(path)
    last = book.active.max_column + 1
    book.active.cell(1, last).value = column
    book.active.cell(2, last).value = column
    book.save(path)


def test_every_wrong_cell_of_a_row_is_told(desk):
    """Not only the first: the clerk mends the row once."""
    number = desk.owe()
    report = desk.call(number, result="打了", called_at="昨天", **{"aftersales.OVERALL": 12})

    assert {"result", "called_at", "aftersales.OVERALL"} == {each.column for each in report.rejected}
    assert 1 == report.rejected_rows


def test_what_stood_in_a_cell_is_told_by_its_shape(desk):
    """A remark in the wrong column must not end up in a report."""
    report = desk.call(desk.owe(), result="王小明说13800130001", called_at="2026-11-22 10:35")

    assert ["字字字字99999999999"] == [each.shape for each in report.rejected]


def test_a_mended_row_is_taken_the_next_time(desk):
    """Nothing of the first import stands in its way."""
    number = desk.owe()
    desk.call(number, result="已完成", called_at="2026-11-22 10:35", **{"aftersales.OVERALL": 11})
    report = desk.call(number, result="已完成", called_at="2026-11-22 10:35", **{"aftersales.OVERALL": 10})

    assert (1, []) == (report.recorded, report.rejected)


def test_a_call_that_is_told_otherwise_is_not_overwritten(desk):
    """The same time with other scores: nobody here knows which is right."""
    number = desk.owe()
    path = desk.export()
    fill(path, {f"T{number}": {"result": "已完成", "called_at": "2026-11-22 10:35", **SCORES}})
    desk.clock.at = at("2026-11-22 11:00")
    desk.take(path)
    fill(path, {f"T{number}": {"aftersales.OVERALL": 3}})
    report = desk.take(path)

    assert ["CALL_RECORDED_OTHERWISE"] == [each.reason for each in report.rejected]
    assert ["9"] == [row.value for row in desk.rows(schema.survey_answer, question="OVERALL")]


def test_a_file_without_an_id_column_is_no_worklist(desk):
    """A coded error that says which column is missing."""
    (desk.folder / "w.csv").write_text("回访结果,拨打时间\n已完成,10:35\n", "utf-8")
    with pytest.raises(SourceError, match="CRM-S501"):
        desk.take(desk.folder / "w.csv")


def test_a_row_is_kept_whole_or_not_at_all(desk, monkeypatch):
    """A failure while the case is opened takes the attempt and the answers with it; the rows before it stay."""
    first, second = desk.owe(), desk.owe("李小红", "+8613800130002")
    path = desk.export()
    call = {"result": "已完成", "called_at": "2026-11-22 10:35", **SCORES}
    fill(path, {f"T{first}": call, f"T{second}": {**call, "result": "投诉"}})
    desk.clock.at = at("2026-11-22 11:00")

    class Broken(Exception):
        pass

    def fails(*_args, **_more):
        raise Broken

    monkeypatch.setattr("crmcore.db.complaints.enter", fails)
    with pytest.raises(Broken):
        desk.take(path)

    assert [first] == [row.touchpoint_id for row in desk.rows(schema.attempt)]
    assert [1] == [row.id for row in desk.rows(schema.survey_response)]
    assert "DUE" == desk.touchpoint(second).state
    monkeypatch.undo()
    assert (1, 1) == ((report := desk.take(path)).recorded, report.unchanged)


# ------------------------------------------------------------------ what follows


def test_nobody_answers_and_the_call_comes_again(desk):
    """Due again three store hours after the call, not after the import; a plan in between leaves it there."""
    number = desk.owe()
    desk.call(number, result="无人接听", called_at="2026-11-22 10:35")
    desk.crm.plan()
    row = desk.touchpoint(number)

    assert (stamp(at("2026-11-22 15:05")), "PLANNED") == (row.due_at, row.state)
    desk.clock.at = at("2026-11-22 15:10")
    desk.crm.plan()
    assert "DUE" == desk.touchpoint(number).state


def test_the_third_time_it_is_given_up_and_a_text_waits_for_the_fifth_day(desk):
    """SKIPPED with its reason; the text is due five days after the first try, and stands there once."""
    number = desk.owe()
    desk.call(number, result="无人接听", called_at="2026-11-22 10:35")
    desk.call(number, result="关机", called_at="2026-11-22 15:10")
    report = desk.call(number, result="无人接听", called_at="2026-11-23 09:20")
    row = desk.touchpoint(number)
    (text,) = desk.rows(schema.message)

    assert ("SKIPPED", "GIVEN_UP") == (row.state, row.reason)
    assert (1, {"GIVEN_UP": 1}) == (report.texts, report.follows)
    assert ("CALL_MISSED", "SERVICE", "QUEUED", stamp(at("2026-11-27 10:35"))) == (
        text.template, text.message_class, text.state, text.due_at,
    )  # fmt: skip
    assert "【示范店】王小明，" in text.text
    desk.crm.plan()
    assert [("QUEUED", "SKIPPED")] == [
        (text.state, desk.touchpoint(number).state) for text in desk.rows(schema.message)
    ]


def test_a_landline_gets_no_text(desk):
    """Given up all the same."""
    number = desk.owe(phone="+861055501111")
    for when in ("2026-11-22 10:35", "2026-11-22 15:10", "2026-11-23 09:20"):
        desk.call(number, result="无人接听", called_at=when)

    assert ([], "SKIPPED") == (desk.rows(schema.message), desk.touchpoint(number).state)


def test_a_booked_time_beats_the_rule(desk):
    """The customer's time is the due time, the deadline moves with it, and a plan leaves it there."""
    number = desk.owe()
    report = desk.call(
        number, result="另约时间", called_at="2026-11-22 10:35", next_at="11-24 19:30", next_channel="微信"
    )
    desk.crm.plan()
    row = desk.touchpoint(number)
    (attempt,) = desk.rows(schema.attempt)

    assert {"BOOKED": 1} == report.follows
    assert (stamp(at("2026-11-24 19:30")), stamp(at("2026-11-24 19:30"))) == (row.due_at, row.deadline_at)
    assert ("PLANNED", "WECHAT", stamp(at("2026-11-24 19:30"))) == (row.state, attempt.next_channel, attempt.next_at)
    desk.clock.at = at("2026-11-24 19:31")
    desk.crm.plan()
    path = desk.export()
    sheet = openpyxl.load_workbook(path).active
    told = dict(zip([cell.value for cell in sheet[1]], [cell.value for cell in sheet[3]], strict=True))
    assert "客户约定（微信）" in told["reason"]


def test_a_dead_number_asks_for_a_better_one(desk):
    """The number is known to be dead, the call waits, a proposal asks; with the right number it is due again."""
    from crmcore.errors import UsageError
    from crmcore.flows import proposals

    number = desk.owe()
    report = desk.call(number, result="空号", called_at="2026-11-22 10:35")
    row = desk.touchpoint(number)
    (asked,) = proposals.find(desk.db)

    assert (1, {"MEND": 1}) == (report.proposals, report.follows)
    assert ("SUPPRESSED", "NUMBER_NOT_IN_SERVICE") == (row.state, row.reason)
    assert ["NOT_IN_SERVICE"] == [point.state for point in desk.rows(schema.contact_point)]
    assert ("CONTACT", "phone", "+8613800130001", None) == (asked.kind, asked.field, asked.old, asked.new)
    for value, code in ((None, "CRM-U310"), ("1380", "CRM-U311"), ("13800130001", "CRM-U311")):
        with pytest.raises(UsageError, match=code):
            proposals.accept(desk.db, asked.id, by="E1", clock=desk.clock, value=value)
    proposals.accept(desk.db, asked.id, by="E1", clock=desk.clock, value="138 0013 0077")
    desk.clock.tick(minutes=1)
    desk.crm.plan()
    assert "DUE" == desk.touchpoint(number).state
    path = desk.export()
    assert "13800130077" in [cell.value for cell in openpyxl.load_workbook(path).active[3]]


def test_who_has_another_number_is_called_on_it(desk):
    """A wrong number does not end a call that can be made on the next one."""
    number = desk.owe()
    person = desk.touchpoint(number).customer_id
    desk.dealer._insert(schema.contact_point, customer_id=person, value="+8613800130055", state="UNKNOWN")
    desk.call(number, result="错号", called_at="2026-11-22 10:35")
    path = desk.export()

    assert {"+8613800130001": "WRONG_PERSON", "+8613800130055": "UNKNOWN"} == {
        point.value: point.state for point in desk.rows(schema.contact_point)
    }
    assert "13800130055" in [cell.value for cell in openpyxl.load_workbook(path).active[3]]


def test_who_refuses_calls_is_not_called_again(desk):
    """The number is out for calls, the task is over; a text may still go."""
    number = desk.owe()
    report = desk.call(number, result="无效-明确拒访", called_at="2026-11-22 10:35")
    (out,) = desk.rows(schema.opt_out)

    assert (1, ("+8613800130001", "PHONE")) == (report.opted_out, (out.value, out.channel))
    assert ("SKIPPED", "DO_NOT_CALL") == (desk.touchpoint(number).state, desk.touchpoint(number).reason)


def test_a_car_that_is_gone_is_proposed(desk):
    """Nothing is ended by a call; accepting the proposal ends the ownership on the day of the call."""
    from crmcore.flows import proposals

    number = desk.owe()
    desk.call(number, result="车辆已售", called_at="2026-11-22 10:35")
    (asked,) = proposals.find(desk.db)

    assert ("OWNERSHIP", f"C{desk.customers[0]}", "2026-11-22") == (asked.kind, asked.other_id, asked.new)
    assert [None] == [row.end_on for row in desk.rows(schema.vehicle_party)]
    proposals.accept(desk.db, asked.id, by="E1", clock=desk.clock)
    assert ["2026-11-22"] == [row.end_on for row in desk.rows(schema.vehicle_party)]


def test_a_complaint_opens_a_case_from_the_time_of_the_call(desk):
    """Attempt, answers, case and clocks in one; handed in hours later, the clock has run since the call, and that is told."""
    number = desk.owe()
    path = desk.export()
    said = {
        "result": "投诉",
        "called_at": "2026-11-22 10:35",
        "category": "同一故障重复",
        "remark": "又响了",
        "caller": "周客服",
    }
    fill(path, {f"T{number}": {**said, "aftersales.OVERALL": 2}})
    desk.clock.at = at("2026-11-22 16:00")
    report = desk.take(path)
    (case,) = desk.rows(schema.complaint)

    assert (1, 1, "DONE") == (len(report.opened), report.late, desk.touchpoint(number).state)
    assert ("REPAIR_QUALITY.REPEAT_FAULT", stamp(at("2026-11-22 10:35")), "CALLBACK", "E1") == (
        case.category, case.received_at, case.channel, case.first_asked,
    )  # fmt: skip
    assert ["COMPLAINT_LATE"] == [each.reason for each in report.notices]
    assert {"ATTEMPT", "RESPONSE"} == {row.kind for row in desk.rows(schema.complaint_evidence)}


def test_a_low_score_alone_opens_a_case(desk):
    """The clerk has ticked nothing; the answer is under its limit."""
    report = desk.call(desk.owe(), result="已完成", called_at="2026-11-22 10:35", **{"aftersales.OVERALL": 3})

    assert 1 == len(report.opened)


def test_a_late_import_is_recorded_as_late(desk):
    """Within the handover time it is in time, after it late."""
    one, two = desk.owe(), desk.owe("李小红", "+8613800130002")
    path = desk.export()
    fill(
        path,
        {f"T{one}": {"result": "已完成", "called_at": "10:10"}, f"T{two}": {"result": "已完成", "called_at": "10:40"}},
    )
    desk.clock.at = at("2026-11-22 11:00")
    report = desk.take(path)

    assert (2, 1) == (report.recorded, report.late)


def test_what_came_since_the_export_is_told_and_the_result_recorded(desk):
    """An opt-out and a complaint that the clerk could not know of; what stood there before is no news."""
    from crmcore.db import optouts

    number = desk.owe()
    path = desk.export()
    desk.clock.at = at("2026-11-22 10:20")
    with desk.db.writing() as connection:
        optouts.refuse(connection, [("+8613800130001", "PHONE")], "reply:I1", desk.clock.now())
    now = stamp(desk.clock.now())
    desk.dealer._insert(schema.complaint, store="S01", customer_id=desk.customers[0], state="RECEIVED", recorded_at=now)
    fill(path, {f"T{number}": {"result": "已完成", "called_at": "10:35"}})
    desk.clock.at = at("2026-11-22 10:45")
    report = desk.take(path)

    assert ["OPTED_OUT_SINCE", "COMPLAINT_SINCE"] == [each.reason for each in report.notices]
    assert 1 == report.recorded


def test_a_task_that_has_ended_keeps_its_state(desk):
    """The call was made, so it is recorded; done stays done."""
    from crmcore.flows import touchpoints

    number = desk.owe()
    path = desk.export()
    touchpoints.cancel(desk.db, f"T{number}", desk.clock)
    fill(path, {f"T{number}": {"result": "已完成", "called_at": "10:35"}})
    desk.clock.at = at("2026-11-22 10:45")
    report = desk.take(path)

    assert (1, {"OVER": 1}, ["TOUCHPOINT_OVER"]) == (
        report.recorded, report.follows, [each.reason for each in report.notices],
    )  # fmt: skip
    assert "CANCELLED" == desk.touchpoint(number).state


def test_what_rode_on_the_call_is_done_with_it(desk):
    """A survey that was bundled into the call."""
    number = desk.owe()
    row = desk.touchpoint(number)
    rider = desk.dealer._insert(
        schema.touchpoint,
        **{**row._mapping, "rule": "DELIVERY_DAY7", "subject": "x", "bundled_into": number, "id": None},
    )
    desk.call(number, result="已完成", called_at="2026-11-22 10:35")

    assert ("DONE", "BUNDLED") == (desk.touchpoint(rider).state, desk.touchpoint(rider).reason)


def test_who_has_taken_the_row_is_its_caller(desk):
    """No caller is written: the holder of the lease, whoever hands the file in."""
    number = desk.owe()
    path = desk.export(by="E2")
    fill(path, {f"T{number}": {"result": "已完成", "called_at": "10:35"}})
    desk.clock.at = at("2026-11-22 10:45")
    desk.take(path, by="E1")

    assert ["E2"] == [row.staff for row in desk.rows(schema.attempt)]


def test_a_caller_nobody_knows_counts_for_nobody(desk):
    """A login that is no colleague's: recorded, and told."""
    number = desk.owe()
    report = desk.call(number, by="root", result="已完成", called_at="2026-11-22 10:35")

    assert ([None], ["CALLER_MISSING"]) == (
        [row.staff for row in desk.rows(schema.attempt)], [each.reason for each in report.notices],
    )  # fmt: skip


def test_an_advisor_may_call_his_own_where_the_dealer_allows_it(db, clock, tmp_path):
    """own_customers = true."""
    desk = open_desk(db, clock, tmp_path, "[callbacks]\nown_customers = true\n")
    report = desk.call(desk.owe(), result="已完成", called_at="2026-11-22 10:35", caller="陈顾问")

    assert (1, []) == (report.recorded, report.rejected)


def test_notes_reach_the_advisor(desk):
    """Listed by the advisor of the visit, the customer masked."""
    from crmcore.flows.notes import notes

    desk.call(desk.owe(), result="已完成", called_at="2026-11-22 10:35", note="换雨刷 13800130001")
    found = {
        advisor: notes(desk.db, desk.crm.settings(), desk.clock.now(), advisor=advisor, days=30, masked=True)
        for advisor in ("A1", "E1")
    }

    assert [("王**", "换雨刷 138****0001")] == [(note.customer, note.note) for note in found["A1"]]
    assert [] == found["E1"]


def test_the_plan_gives_no_callback_to_the_customers_own_advisor(db, clock, tmp_path):
    """Where the only one of the role advises the customer, the call is the role's, not his."""
    desk = open_desk(db, clock, tmp_path, '[care.rules.POST_REPAIR_CALLBACK]\nexecutor = "SERVICE_ADVISOR"\n')
    own, other = desk.owe(), desk.owe("李小红", "+8613800130002", advisor="B9")

    assert ("SERVICE_ADVISOR", "A1") == (desk.touchpoint(own).executor, desk.touchpoint(other).executor)


# ------------------------------------------------------------------ leases


def test_a_second_export_shows_who_has_the_row(desk):
    """The row stays in the list, marked; the same clerk exports again freely; the lease runs out."""
    desk.owe()
    desk.export(by="E1")
    again = desk.exported
    desk.export(by="E1")
    assert (1, 0) == (desk.exported.leased, desk.exported.others) == (again.leased, again.others)
    path = desk.export("other.xlsx", by="E2")
    cells = [cell.value for cell in openpyxl.load_workbook(path).active[3]]

    assert (1, 0, 1) == (desk.exported.callbacks, desk.exported.leased, desk.exported.others)
    assert "已由 周客服 领取至 22:00" in cells
    assert ["E1"] == [row.holder for row in desk.rows(schema.lease)]
    desk.clock.tick(hours=13)
    desk.export("other.xlsx", by="E2")
    assert ["E2"] == [row.holder for row in desk.rows(schema.lease)]


def test_a_call_that_was_made_is_in_nobodys_hands(desk):
    """The lease ends with the import of its row."""
    number = desk.owe()
    desk.call(number, result="无人接听", called_at="2026-11-22 10:35")

    assert [] == desk.rows(schema.lease)


def test_an_advisor_is_not_given_his_own_customer(desk):
    """Marked on his sheet, its answers shut, and not in his hands."""
    desk.owe()
    path = desk.export(by="A1")
    sheet = openpyxl.load_workbook(path).active
    columns = {cell.value: cell.column for cell in sheet[1]}

    assert "本人客户，由别人回访" == sheet.cell(3, columns["lease"]).value
    assert sheet.cell(3, columns["result"]).protection.locked
    assert [] == desk.rows(schema.lease)


def test_who_wants_no_surveys_is_called_without_them(desk):
    """The callback is owed all the same; its scores are shut."""
    number = desk.owe()
    desk.dealer._insert(schema.consent, customer_id=desk.customers[0], purpose="SURVEY", status="DENIED")
    desk.crm.plan()
    path = desk.export()
    sheet = openpyxl.load_workbook(path).active
    columns = {cell.value: cell.column for cell in sheet[1]}

    assert "DUE" == desk.touchpoint(number).state
    assert "aftersales.OVERALL" not in columns or sheet.cell(3, columns["aftersales.OVERALL"]).protection.locked


def test_explain_knows_the_times_that_calls_have_led_to(desk):
    """What a later plan keeps to stands in the explanation."""
    number = desk.owe()
    first = desk.touchpoint(number).due_at
    desk.call(number, result="无人接听", called_at="2026-11-22 10:35")
    desk.crm.plan()
    said = json.loads(desk.touchpoint(number).explanation)

    assert (first, stamp(at("2026-11-22 15:05"))) == (said["first_due"], said["next_at"])


def test_what_stood_there_before_the_export_is_no_news(desk):
    """A refusal of texts that the clerk could have seen is not told again."""
    from crmcore.db import optouts

    number = desk.owe()
    with desk.db.writing() as connection:
        optouts.refuse(connection, [("+8613800130001", "SMS")], "reply:I1", at("2026-11-21 09:00"))
    report = desk.call(number, result="已完成", called_at="2026-11-22 10:35")

    assert (1, []) == (report.recorded, report.notices)


def test_two_who_import_the_same_file_at_once_record_each_call_once(desk):
    """Whoever comes second finds the calls there; nobody waits for ever."""
    from concurrent.futures import ThreadPoolExecutor

    numbers = [desk.owe(f"王{n}", f"+861380013{n:04d}", advisor=None) for n in range(1, 9)]
    path = desk.export()
    said = {"result": "投诉", "called_at": "2026-11-22 10:35", **SCORES}
    fill(path, {f"T{number}": said for number in numbers})
    desk.clock.at = at("2026-11-22 11:00")
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(desk.take, [path, path]))

    assert 8 == sum(report.recorded for report in reports) == len(desk.rows(schema.attempt))
    assert 8 == sum(report.unchanged for report in reports)
    assert (8, 8) == (len(desk.rows(schema.survey_response)), len(desk.rows(schema.complaint)))


def test_a_row_that_somebody_else_has_just_recorded_is_left(desk):
    """Between reading the file and writing the row: the fingerprint is asked for again where nobody can come between."""
    from crmcore.flows.calling import Call, record

    number = desk.owe()
    call = Call(
        touchpoint=number,
        fingerprint="f",
        at=at("2026-11-22 09:00"),
        result=desk.crm.config.results["NO_ANSWER"],
        staff=None,
    )
    for expected in (True, False):
        with desk.db.writing() as connection:
            done = record(connection, desk.crm.desk(), call, desk.clock.now())
        assert expected == (done is not None)

    assert 1 == len(desk.rows(schema.attempt))
