"""The second callback of a case on the clerk's worklist: owed with the solution, over with what the customer says of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest
from tests.flows.desk_world import at, fill, open_desk

from crmcore.db import optouts, schema
from crmcore.db.columns import stamp
from crmcore.errors import UsageError
from crmcore.flows import complaint_end as end
from crmcore.flows import complaints as flow
from crmcore.flows import customers, staff, touchpoints
from crmcore.flows.callbacks import due_rows
from crmcore.flows.complaints import Judged, Told
from crmcore.flows.explain import explain
from crmcore.types.complaint import ComplaintState, Restoration

MORE = '[[staff]]\ncode = "M1"\nname = "郑经理"\nrole = "CR_MANAGER"\n'
CALLED = {"result": "成功-已完成", "called_at": "2026-11-22 10:35"}
SOLVED, OVERALL = "complaint_followup.SOLVED", "complaint_followup.OVERALL"


@pytest.fixture(name="desk")
def _desk(db, clock, tmp_path):
    return open_desk(db, clock, tmp_path, MORE)


def opened(desk, phone="+8613800130001", words="空调又坏了", **told):
    """A case of a new customer: its id."""
    person = desk.dealer.customer(phone, advisor="A1")
    car = desk.dealer.car(person, plate=f"京A{12300 + person}")
    visit = desk.dealer.visit(person, car, handed="2026-11-01 16:00", advisor="A1")
    desk.customers.append(person)
    told = {"customer": f"C{person}", "visit": f"R{visit}"} | told
    return f"K{flow.open_case(desk.crm.office(), Told(words=words, **told), by='E1').id}"


def solved(desk, **more):
    """Opened at ten, solved at once; the number of the call that is owed for it."""
    case = opened(desk, **more)
    end.resolve(desk.crm.office(), case, "换了压缩机", by="E1")
    return case, call_of(desk, case).id


def call_of(desk, case, round_=1):
    (row,) = desk.rows(schema.touchpoint, subject=f"complaint:{case[1:]}", occurrence=str(round_))
    return row


def state(desk, case):
    return desk.rows(schema.complaint, id=int(case[1:]))[0]


def over(desk, case, round_=1):
    row = call_of(desk, case, round_)
    return row.state, row.reason


def shown(desk, by="E1", lang="zh"):
    return due_rows(desk.db, desk.crm.desk(), desk.clock.now(), lang=lang, masked=True, by=by)


# ------------------------------------------------------------------ owed


def test_what_is_solved_is_a_row_of_the_worklist(desk):
    """Due with the solution, late with the clock of the second callback; with the case, what it is about, and its questions."""
    case, number = solved(desk, category="REPAIR_QUALITY.REPEAT_FAULT")
    (row,) = shown(desk)
    (clock,) = desk.rows(schema.complaint_clock, kind="CALLBACK")
    (visit,) = desk.rows(schema.visit)

    assert f"T{number}" == row.id
    assert ("2026-11-22 10:00", clock.due_at) == (row.due, call_of(desk, case).deadline_at)
    assert "投诉二次回访" == row.task
    assert f"投诉有了解决方案 2026-11-22 · {visit.ro_number} · {case} · 同一故障重复" == row.reason
    assert {f"complaint_followup.{code}" for code in ("SOLVED", "OVERALL", "SPEED", "ATTITUDE")} == set(row.asked)
    assert "1. 您反映的问题是否已经解决？" in row.questions
    assert "Second callback after a complaint" == shown(desk, lang="en")[0].task


def test_explain_knows_the_call(desk):
    """Its event, its time and the source of its rule."""
    _, number = solved(desk)
    told = explain(desk.db, f"T{number}", desk.crm.settings(), lang="en")

    assert ("RESOLVED", "COMPLAINT_CALLBACK") == (told.facts["anchor"], told.facts["rule"])
    assert any("a complaint was solved" in line for line in told.lines)


def test_a_plan_leaves_the_call_alone(desk):
    """Neither the open complaint, which keeps other callbacks back, nor another set of rules takes it off the list."""
    case, _ = solved(desk)
    before = call_of(desk, case)
    for _ in range(2):
        desk.clock.tick(days=8)  # so late that a plan looks at everything again
        desk.crm.plan()

    assert before == call_of(desk, case)
    assert "DUE" == before.state


def test_a_customer_who_complains_is_owed_the_call_of_the_case_alone(desk):
    """The callback after the repair is kept back; the case's own stands on the list."""
    number = desk.owe()
    case = (
        f"K{flow.open_case(desk.crm.office(), Told(words='空调又坏了', customer=f'C{desk.customers[0]}'), by='E1').id}"
    )
    end.resolve(desk.crm.office(), case, "换了", by="E1")
    desk.clock.tick(minutes=1)
    desk.crm.plan()

    assert "SUPPRESSED" == desk.touchpoint(number).state
    assert ["投诉二次回访"] == [row.task for row in shown(desk)]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            lambda office, case: end.waive(office, case, "WAIVER_UNREACHABLE", by="M1"),
            ("CANCELLED", "WAIVER_UNREACHABLE"),
        ),
        (lambda office, case: end.withdraw(office, case, by="E1"), ("CANCELLED", "CASE_WITHDRAWN")),
        (lambda office, case: end.reopen(office, case, by="M1"), ("CANCELLED", "CASE_REOPENED")),
        (
            lambda office, case: end.call_back(office, case, "DONE", Restoration.RESTORED, by="E1", close=True),
            ("DONE", None),
        ),
        (lambda office, case: end.call_back(office, case, "DONE", Restoration.NOT_RESTORED, by="E1"), ("DONE", None)),
        (lambda office, case: end.call_back(office, case, "DONE", Restoration.EXCEEDED, by="E1"), ("DONE", None)),
        (lambda office, case: end.call_back(office, case, "NO_ANSWER", by="E1"), ("DUE", None)),
        (lambda office, case: end.call_back(office, case, "OTHER_TIME", by="E1"), ("DUE", None)),
        (lambda office, case: flow.note(office, case, "x", by="E1"), ("DUE", None)),
    ],
)
def test_the_call_follows_the_case(desk, step, expected):
    """Whatever ends the need for it takes it off the list; a call that heard nothing leaves it there."""
    case, _ = solved(desk)
    step(desk.crm.office(), case)

    assert expected == over(desk, case)


def test_a_call_that_heard_nothing_stops_no_clock(desk):
    """Spoken to, but not of it: the customer is still owed the callback."""
    case, _ = solved(desk)
    end.call_back(desk.crm.office(), case, "OTHER_TIME", by="E1")

    assert [None] == [row.stopped_at for row in desk.rows(schema.complaint_clock, kind="CALLBACK")]


def test_each_round_has_a_call_of_its_own(desk):
    """Solved again after it was reopened."""
    case, first = solved(desk)
    end.reopen(desk.crm.office(), case, by="M1")
    end.resolve(desk.crm.office(), case, "又换了", by="E1")
    second = call_of(desk, case, 2)

    assert ("CANCELLED", "DUE") == (desk.touchpoint(first).state, second.state)
    assert [f"T{second.id}"] == [row.id for row in shown(desk)]


def test_each_round_asks_anew(desk):
    """Without its answer nobody knows whether it is solved now; what he said of the first solution is no answer."""
    case, number = solved(desk)
    desk.call(number, **CALLED, **{SOLVED: "否", OVERALL: 2})
    end.resolve(desk.crm.office(), case, "又换了", by="E1")
    (row,) = shown(desk)
    report = desk.call(int(row.id[1:]), **CALLED | {"called_at": "2026-11-22 11:35"}, **{SOLVED: "是"})

    assert SOLVED in row.asked
    assert ([], "CLOSED") == (report.notices, state(desk, case).state)


def test_a_pause_moves_the_deadline_of_the_call(desk):
    """It is late when the clock of the case is."""
    case, _ = solved(desk)
    flow.pause(desk.crm.office(), case, "PAUSE_CUSTOMER", by="E1")
    desk.clock.tick(hours=2)
    flow.resume(desk.crm.office(), case, by="E1")
    (clock,) = desk.rows(schema.complaint_clock, kind="CALLBACK")

    assert clock.due_at == call_of(desk, case).deadline_at


def test_a_strangers_case_is_called_once_he_is_known(desk):
    """Nobody can be called of whom nobody knows who he is."""
    case = f"K{flow.open_case(desk.crm.office(), Told(words='空调又坏了'), by='E1').id}"
    end.resolve(desk.crm.office(), case, "换了", by="E1")

    assert [] == desk.rows(schema.touchpoint)
    person = desk.dealer.customer("+8613800130009")
    flow.classify(desk.crm.office(), case, Judged(customer=f"C{person}"), by="E1")
    assert person == call_of(desk, case).customer_id


def test_a_merge_takes_the_call_along(desk):
    """It belongs to whom the customer is now."""
    case, _ = solved(desk)
    other = desk.dealer.customer("+8613800130002", name="王晓明")
    customers.merge(desk.db, f"C{other}", f"C{desk.customers[0]}", by="M1", clock=desk.clock)

    assert (other, other) == (state(desk, case).customer_id, call_of(desk, case).customer_id)
    assert [("DUE", None)] == [over(desk, case)]


def test_a_dealer_may_leave_it_off_the_list(db, clock, tmp_path):
    """With enabled = false it is called and written down by hand."""
    desk = open_desk(db, clock, tmp_path, MORE + "[care.rules.COMPLAINT_CALLBACK]\nenabled = false\n")
    end.resolve(desk.crm.office(), opened(desk), "换了", by="E1")

    assert [] == desk.rows(schema.touchpoint)


def test_it_is_in_force_with_every_choice_of_packs(db, clock, tmp_path):
    """A dealer without a workshop has complaints too."""
    desk = open_desk(db, clock, tmp_path, MORE + '[care]\npacks = ["sales"]\n')
    solved(desk)

    assert ["投诉二次回访"] == [row.task for row in shown(desk)]


def test_it_is_not_done_by_hand(desk):
    """A second callback that nobody heard would leave the case without one."""
    case, number = solved(desk)
    for verb in (touchpoints.done, touchpoints.cancel):
        with pytest.raises(UsageError, match="CRM-T205") as caught:
            verb(desk.db, f"T{number}", desk.clock, by="E1")
        assert case == caught.value.params["case"]

    assert ("DUE", None) == over(desk, case)


# ------------------------------------------------------------------ who calls


def test_neither_the_accused_nor_the_advisor_is_given_the_call(db, clock, tmp_path):
    """Of three clerks one is accused and one advises the customer."""
    desk = open_desk(db, clock, tmp_path, MORE)
    case = opened(desk)
    flow.classify(desk.crm.office(), case, Judged(accused=("E1",)), by="M1")
    desk.dealer.change(schema.customer, desk.customers[0], advisor="吴客服")
    end.resolve(desk.crm.office(), case, "换了", by="M1")

    assert "CR_AGENT" == call_of(desk, case).executor


def test_the_accused_does_not_make_the_call(db, clock, tmp_path):
    """Shut on his sheet, refused at the import; also where advisors may call their own customers."""
    desk = open_desk(db, clock, tmp_path, MORE + "[callbacks]\nown_customers = true\n")
    case, number = solved(desk)
    flow.classify(desk.crm.office(), case, Judged(accused=("A1",)), by="M1")
    (row,) = shown(desk, by="A1")
    report = desk.call(number, **CALLED, caller="陈顾问", **{SOLVED: "是"})

    assert (True, "投诉涉及本人，由别人回访") == (row.shut, row.lease)
    assert ["CALLER_ACCUSED"] == [each.reason for each in report.rejected]
    assert "RESOLVED" == state(desk, case).state


def test_the_customers_own_advisor_does_not_make_the_call(desk):
    """As with every callback."""
    _, number = solved(desk)
    report = desk.call(number, **CALLED, caller="陈顾问", **{SOLVED: "是"})

    assert ["OWN_CUSTOMER"] == [each.reason for each in report.rejected]


# ------------------------------------------------------------------ what was heard


@pytest.mark.parametrize(
    ("said", "outcome", "after"),
    [
        ({SOLVED: "是"}, "RESTORED", "CLOSED"),
        ({SOLVED: "是", OVERALL: 10}, "EXCEEDED", "CLOSED"),
        ({SOLVED: "否"}, None, "REOPENED"),
        ({SOLVED: "是", OVERALL: 3}, None, "REOPENED"),
        ({SOLVED: "是", "complaint": "是"}, None, "REOPENED"),
        ({"result": "投诉"}, None, "REOPENED"),
    ],
)
def test_what_the_customer_says_becomes_of_the_case(desk, said, outcome, after):
    """Content: closed. Not content: reopened, with clocks from the time of the call. One case all the time."""
    case, number = solved(desk)
    report = desk.call(number, **CALLED | said)
    (attempt,) = desk.rows(schema.attempt)
    row = state(desk, case)

    assert ([], {"DONE": 1}) == (report.rejected, report.follows)
    assert (1, after, outcome) == (len(desk.rows(schema.complaint)), row.state, row.outcome)
    assert (row.id, number) == (attempt.complaint_id, attempt.touchpoint_id)
    assert ("DONE", None) == over(desk, case)
    assert ([row.id], []) == (
        (report.closed, report.reopened) if after == "CLOSED" else (report.reopened, report.closed)
    )
    started = {one.started_at for one in desk.rows(schema.complaint_clock, round=2)}
    assert started == ({stamp(at("2026-11-22 10:35"))} if after == "REOPENED" else set())


def test_who_is_called_back_by_import_has_the_history_of_one_called_by_hand(desk):
    """The same line in the history, the same columns, at the time of the call."""
    case, number = solved(desk)
    desk.call(number, **CALLED, caller="吴客服", **{SOLVED: "是"})
    events = desk.rows(schema.complaint_event, complaint_id=int(case[1:]))
    (attempt,) = desk.rows(schema.attempt)
    (clock,) = desk.rows(schema.complaint_clock, kind="CALLBACK")

    assert ["OPEN", "RESOLVE", "CALL_BACK", "CLOSE"] == [row.kind for row in events]
    assert {("E2", stamp(at("2026-11-22 10:35")))} == {(row.who, row.at) for row in events[2:]}
    assert {"attempt": f"A{attempt.id}", "result": "DONE", "said": "RESTORED"} == json.loads(events[2].detail)
    assert (attempt.id, stamp(at("2026-11-22 10:35"))) == (state(desk, case).callback_id, clock.stopped_at)


def test_a_finished_call_must_say_whether_it_is_solved(desk):
    """Nobody's case is closed by a tick at "done"."""
    case, number = solved(desk)
    report = desk.call(number, **CALLED, **{OVERALL: 9})

    assert [(SOLVED, "CALLBACK_UNHEARD")] == [(each.column, each.reason) for each in report.rejected]
    assert ("RESOLVED", []) == (state(desk, case).state, desk.rows(schema.attempt))


def test_a_person_decides_where_words_and_answers_disagree(desk):
    """Solved, and yet the manners were bad: heard, kept as evidence, not closed by itself."""
    case, number = solved(desk)
    report = desk.call(number, **CALLED, remark="解决了，但态度太差", **{SOLVED: "是"})

    assert ("CALLBACK_PENDING", "RESTORED") == (state(desk, case).state, state(desk, case).outcome)
    assert ["CASE_LEFT_OPEN"] == [each.reason for each in report.notices]
    assert ("DONE", None) == over(desk, case)
    assert ComplaintState.CLOSED is end.close(desk.crm.office(), case, by="M1").state


def test_another_complaint_is_another_case(desk):
    """The air conditioning is mended; now the bill is wrong."""
    case, number = solved(desk, category="REPAIR_QUALITY.REPEAT_FAULT")
    other = next(
        one
        for one in desk.crm.config.categories.values()
        if one.code.partition(".")[0] not in {"OTHER", "REPAIR_QUALITY"}
    )
    report = desk.call(number, **CALLED, category=other.label["zh"], **{SOLVED: "是"})

    assert ("CLOSED", 1) == (state(desk, case).state, len(report.opened))
    assert other.code == state(desk, f"K{report.opened[0]}").category


def test_the_same_file_again_changes_nothing(desk):
    """Nor does it reopen what was closed."""
    case, number = solved(desk)
    path = desk.export()
    fill(path, {f"T{number}": CALLED | {SOLVED: "是", OVERALL: 10}})
    desk.clock.at = at("2026-11-22 11:00")
    desk.take(path)
    before = [desk.rows(table) for table in (schema.complaint, schema.complaint_event, schema.attempt)]
    again = desk.take(path)

    assert (0, 1, "CLOSED") == (again.recorded, again.unchanged, state(desk, case).state)
    assert before == [desk.rows(table) for table in (schema.complaint, schema.complaint_event, schema.attempt)]


def test_the_row_and_the_case_are_kept_together_or_not_at_all(desk, monkeypatch):
    """A failure while the case is closed takes the call and the answers with it."""
    case, number = solved(desk)

    class Broken(Exception):
        pass

    def fails(*_args, **_more):
        raise Broken

    monkeypatch.setattr("crmcore.flows.complaint_end._close", fails)
    with pytest.raises(Broken):
        desk.call(number, **CALLED, **{SOLVED: "是"})

    assert ([], []) == (desk.rows(schema.attempt), desk.rows(schema.survey_response))
    assert ("RESOLVED", ("DUE", None)) == (state(desk, case).state, over(desk, case))


def test_a_case_that_went_on_in_between_is_not_closed_by_an_old_sheet(desk):
    """Reopened after the export: the call is recorded, the case stays in its new round."""
    case, number = solved(desk)
    path = desk.export()
    fill(path, {f"T{number}": CALLED | {SOLVED: "是"}})
    desk.clock.at = at("2026-11-22 10:50")
    end.reopen(desk.crm.office(), case, by="M1")
    report = desk.take(path)

    assert ("REOPENED", 1) == (state(desk, case).state, report.recorded)
    assert ["TOUCHPOINT_OVER"] == [each.reason for each in report.notices]
    assert ("CANCELLED", "CASE_REOPENED") == over(desk, case)


def test_a_no_is_not_lost_when_the_case_was_closed_in_between(desk):
    """What he said in the call is evidence of a new case."""
    case, number = solved(desk)
    path = desk.export()
    fill(path, {f"T{number}": CALLED | {SOLVED: "否"}})
    desk.clock.at = at("2026-11-22 10:50")
    end.waive(desk.crm.office(), case, "WAIVER_SETTLED_IN_PERSON", by="M1")
    end.close(desk.crm.office(), case, by="M1")
    report = desk.take(path)

    assert ("CLOSED", 1) == (state(desk, case).state, len(report.opened))


@pytest.mark.parametrize("offset", ["PT0H", "-PT2H"])
def test_a_call_before_the_solution_is_none(db, clock, tmp_path, offset):
    """The solution stood at ten, and the sheet says five to; also where a dealer's rule has the call due before that."""
    rule = f'[care.rules.COMPLAINT_CALLBACK]\noffset = "{offset}"\n'
    desk = open_desk(db, clock, tmp_path, MORE + rule)
    _, number = solved(desk)
    path = desk.export()
    fill(path, {f"T{number}": {**CALLED, "called_at": "2026-11-22 09:55", SOLVED: "是"}})
    desk.clock.at = at("2026-11-22 11:00")

    assert {"CALL_TIME_BEFORE_DUE"} == {each.reason for each in desk.take(path).rejected}


def test_two_who_import_and_close_at_once_agree(desk):
    """A clerk hands the sheet in while the manager closes: one of them closes, nobody waits for ever."""
    case, number = solved(desk)
    path = desk.export()
    fill(path, {f"T{number}": CALLED | {SOLVED: "是"}})
    desk.clock.at = at("2026-11-22 11:00")

    def close():
        try:
            end.call_back(desk.crm.office(), case, "DONE", Restoration.RESTORED, by="M1", close=True)
        except UsageError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(2) as pool:
        sheet, hand = pool.submit(desk.take, path), pool.submit(close)

    assert ("CLOSED", 1) == (state(desk, case).state, sheet.result().recorded)
    assert hand.result() in {"", "CRM-T503"}
    assert 1 == [row.kind for row in desk.rows(schema.complaint_event)].count("CLOSE")


# ------------------------------------------------------------------ nobody is there


def test_a_try_is_a_try_of_the_case(desk):
    """Called again by the rules; the clock of the case runs on."""
    case, number = solved(desk)
    report = desk.call(number, result="无人接听", called_at="2026-11-22 10:35")

    assert ({"RETRY": 1}, "CALLBACK_PENDING") == (report.follows, state(desk, case).state)
    assert stamp(at("2026-11-22 15:05")) == call_of(desk, case).due_at
    assert [None] == [row.stopped_at for row in desk.rows(schema.complaint_clock, kind="CALLBACK")]


def test_a_booked_time_moves_the_call(desk):
    """Due when the customer said; a pause of the clock does not take that back."""
    case, number = solved(desk)
    desk.call(number, result="另约时间", called_at="2026-11-22 10:35", next_at="11-28 19:30")
    flow.pause(desk.crm.office(), case, "PAUSE_CUSTOMER", by="E1")
    row = call_of(desk, case)

    assert 2 * (stamp(at("2026-11-28 19:30")),) == (row.due_at, row.deadline_at)


def test_giving_up_closes_nothing(desk):
    """The case stays, says so in its history, and its manager is told; with a waiver it is closed."""
    case, number = solved(desk)
    for when in ("2026-11-22 10:35", "2026-11-22 15:10", "2026-11-23 09:20"):
        report = desk.call(number, result="无人接听", called_at=when)
    events = desk.rows(schema.complaint_event, complaint_id=int(case[1:]), kind="NOTE")

    assert ({"GIVEN_UP": 1}, ["CASE_NEEDS_WAIVER"]) == (report.follows, [each.reason for each in report.notices])
    assert (("SKIPPED", "GIVEN_UP"), "CALLBACK_PENDING") == (over(desk, case), state(desk, case).state)
    assert [{"callback": "GIVEN_UP", "why": "GIVEN_UP"}] == [json.loads(row.detail) for row in events]
    assert events[0].note.startswith("多次联系不上，不再回访")
    assert ["CR_MANAGER"] == [row.role for row in desk.rows(schema.alert, kind="CALLBACK_GIVEN_UP")]
    end.waive(desk.crm.office(), case, "WAIVER_UNREACHABLE", by="M1")
    assert ComplaintState.CLOSED is end.close(desk.crm.office(), case, by="M1").state
    assert ("SKIPPED", "GIVEN_UP") == over(desk, case)


def test_a_call_about_something_else_is_no_callback(desk):
    """A result that settles other calls, but heard nothing of the case: given up, with the same consequences."""
    case, number = solved(desk)
    report = desk.call(number, result="出租车辆", called_at="2026-11-22 10:35")

    assert (("SKIPPED", "CALL_INVALID"), {"GIVEN_UP": 1}) == (over(desk, case), report.follows)


def test_a_dead_number_keeps_the_call_on_the_list(desk):
    """No plan would bring it back: it stays, without a number, until there is another."""
    case, number = solved(desk)
    report = desk.call(number, result="空号", called_at="2026-11-22 10:35")
    (row,) = shown(desk)

    assert ({"MEND": 1}, 1, "DUE") == (report.follows, report.proposals, call_of(desk, case).state)
    assert ("", True) == (row.phone, "客户没有号码" in row.reason)


def test_who_refuses_calls_is_shown_as_refused(desk):
    """No number to dial, and what to do instead."""
    solved(desk)
    with desk.db.writing() as connection:
        optouts.refuse(connection, [("+8613800130001", "PHONE")], "reply:I1", desk.clock.now())
    (row,) = shown(desk)

    assert "" == row.phone
    assert "不愿接听电话" in row.reason
    assert "须豁免二次回访" in row.reason


def test_who_wants_no_surveys_is_asked_whether_it_is_solved(desk):
    """That is no question of opinion; the rest is left out."""
    case, number = solved(desk)
    desk.dealer._insert(schema.consent, customer_id=desk.customers[0], purpose="SURVEY", status="DENIED")
    (row,) = shown(desk)
    desk.call(number, **CALLED, **{SOLVED: "是"})

    assert ((SOLVED,), "1. 您反映的问题是否已经解决？") == (row.asked, row.questions)
    assert "CLOSED" == state(desk, case).state


@pytest.mark.parametrize("to", ["somebody", None])
def test_who_goes_leaves_the_call_to_somebody(desk, to):
    """A clerk who leaves: to whom it is said, or whom the rules choose, since no plan does."""
    case, _ = solved(desk)
    mine = call_of(desk, case).executor
    other = "E2" if mine == "E1" else "E1"
    staff.leave(desk.db, desk.crm.settings(), mine, to and other, desk.clock, cases=desk.crm.cases())

    assert other == call_of(desk, case).executor


def test_who_becomes_an_accused_loses_the_call(desk):
    """What the customer says in it turns out to be about the clerk."""
    case, _ = solved(desk)
    mine = call_of(desk, case).executor
    flow.classify(desk.crm.office(), case, Judged(accused=(mine,)), by="M1")

    assert {mine, call_of(desk, case).executor} == {"E1", "E2"}


def test_the_sheet_says_it_to_the_clerk(desk):
    """Through the workbook: the answer stands in its own column, open for this row."""
    solved(desk)
    sheet = openpyxl.load_workbook(desk.export()).active
    columns = {cell.value: cell.column for cell in sheet[1]}

    assert not sheet.cell(3, columns[SOLVED]).protection.locked
    assert "投诉二次回访" == sheet.cell(3, columns["task"]).value
