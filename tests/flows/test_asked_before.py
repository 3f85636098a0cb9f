"""Nobody is asked the same twice: the call stays, what was answered is left out of it, and a late answer is marked."""

from __future__ import annotations

import json

import openpyxl
import pytest
from tests.flows.desk_world import at, fill, open_desk

from crmcore.db import invitations, schema, surveys
from crmcore.db.columns import stamp
from crmcore.types.survey import Answer, Mode, Response, Side

OVERALL = "aftersales.OVERALL"
CALLED = {"result": "已完成", "called_at": "2026-11-22 10:35"}


@pytest.fixture(name="desk")
def _desk(db, clock, tmp_path):
    return open_desk(db, clock, tmp_path)


def visit_of(desk, number):
    return desk.touchpoint(number).visit_id


def answer(desk, number, *, key="1", when="2026-11-21 20:00", known="2026-11-22 09:00", value="8", visit=None, **more):
    """An answer of the customer of a call, on the web unless it is said otherwise."""
    row = desk.touchpoint(number)
    values = {
        "survey": "aftersales", "side": Side.INTERNAL, "mode": Mode.ONLINE, "complete": True,
        "visit_id": f"R{row.visit_id}" if visit is None else visit or None,
    } | more  # fmt: skip
    response = Response(
        id="", store="S01", customer_id=f"C{row.customer_id}", completed_at=at(when),
        answers=(Answer(question="OVERALL", value=value, minimum=1, maximum=10),), **values,
    )  # fmt: skip
    with desk.db.writing() as connection:
        return surveys.keep_response(
            connection,
            response,
            source="survey.web",
            key=key,
            attempt_id=None,
            invitation_id=None,
            phone=None,
            now=at(known),
        )


def sheet(desk):
    book = openpyxl.load_workbook(desk.export()).active
    columns = {cell.value: cell.column for cell in book[1]}
    return {name: book.cell(3, column) for name, column in columns.items()}


# ------------------------------------------------------------------ what the call leaves out


def test_what_was_answered_on_the_web_is_not_asked_on_the_phone(desk):
    """The call stays; its scores are shut, the script asks what is left, and says why."""
    number = desk.owe()
    asked = sheet(desk)
    answer(desk, number)
    cells = sheet(desk)

    assert not asked[OVERALL].protection.locked
    assert "DUE" == desk.touchpoint(number).state
    assert OVERALL not in cells or cells[OVERALL].protection.locked
    assert not cells["result"].protection.locked
    assert "已就这次到店答过" in cells["questions"].value
    assert "修好" not in cells["questions"].value.partition("（")[0]


@pytest.mark.parametrize(
    "given",
    [
        {"complete": False},
        {"survey": "delivery"},
        {"visit": ""},
    ],
)
def test_what_was_not_answered_is_asked(desk, given):
    """A part of the questionnaire, another one, one about no visit."""
    number = desk.owe()
    answer(desk, number, **given)

    assert not sheet(desk)[OVERALL].protection.locked


@pytest.mark.parametrize(
    ("when", "side", "shut"),
    [
        ("2026-11-01 10:00", Side.EXTERNAL, True),
        ("2026-10-01 10:00", Side.EXTERNAL, False),
        ("2026-11-01 10:00", Side.INTERNAL, False),
    ],
)
def test_whom_an_agency_has_asked_is_left_in_peace(desk, when, side, shut):
    """For the cooldown, whatever it was about; what we asked about another visit is another question."""
    number = desk.owe()
    answer(desk, number, when=when, side=side, survey="delivery", visit="")
    cells = sheet(desk)

    assert shut == (OVERALL not in cells or cells[OVERALL].protection.locked)
    assert shut == ("第三方" in cells["questions"].value)


def test_a_response_that_was_excluded_is_none(desk):
    """Somebody has found that it was not the customer's: he is asked."""
    number = desk.owe()
    found = answer(desk, number)
    desk.dealer.change(schema.survey_response, found, valid=0)

    assert not sheet(desk)[OVERALL].protection.locked


# ------------------------------------------------------------------ what the sheet says all the same


def test_scores_that_were_not_asked_do_not_count(desk):
    """The column was shut, somebody has filled it: the call is recorded, the scores are left out, and that is told."""
    number = desk.owe()
    answer(desk, number)
    desk.owe("李小红", "+8613800130002")  # for whom the column is there
    report = desk.call(number, **CALLED, **{OVERALL: 9})

    assert (1, [], ["ANSWERED_ALREADY"]) == (report.recorded, report.rejected, [one.reason for one in report.notices])
    assert ["survey.web"] == [row.source for row in desk.rows(schema.survey_response)]
    assert "DONE" == desk.touchpoint(number).state


def test_the_same_sheet_again_is_unchanged(desk):
    """Also with scores that were left out."""
    number = desk.owe()
    answer(desk, number)
    desk.owe("李小红", "+8613800130002")
    path = desk.export()
    fill(path, {f"T{number}": CALLED | {OVERALL: 9}})
    desk.clock.at = at("2026-11-22 11:00")
    desk.take(path)

    assert (0, 1) == ((again := desk.take(path)).recorded, again.unchanged)


def test_who_answers_while_the_sheet_is_out_has_answered_twice(desk):
    """The clerk could not know: what was said on the phone is kept, marked, and told; a low answer is not lost."""
    number = desk.owe()
    path = desk.export()
    answer(desk, number, when="2026-11-22 10:10", known="2026-11-22 10:20")
    fill(path, {f"T{number}": CALLED | {OVERALL: 3}})
    desk.clock.at = at("2026-11-22 10:45")
    report = desk.take(path)
    (phone,) = desk.rows(schema.survey_response, source="callbacks")

    assert (["ASKED_TWICE"], 1) == ([one.reason for one in report.notices], len(report.opened))
    assert ["ASKED_TWICE"] == json.loads(phone.flags)


# ------------------------------------------------------------------ invitations


def invite(desk, number, state="SENT", text="QUEUED", survey="aftersales"):
    row = desk.touchpoint(number)
    now = stamp(desk.clock.now())
    message = desk.dealer._insert(
        schema.message, customer_id=row.customer_id, value="+8613800130001", channel="SMS", message_class="CARE",
        purpose="SURVEY", template="SURVEY_LINK", params="{}", text="x", store="S01", key=f"k{desk.dealer.numbers}",
        dedupe=f"d{desk.dealer.numbers}", state=text, due_at=now, state_at=now,
    )  # fmt: skip
    return desk.dealer._insert(
        schema.survey_invitation, survey=survey, instance="survey.web", store="S01", customer_id=row.customer_id,
        visit_id=row.visit_id, token=f"t{desk.dealer.numbers}", message_id=message, state=state, state_at=now,
    )  # fmt: skip


@pytest.mark.parametrize("before", ["PLANNED", "INVITED", "SENT"])
def test_an_answer_on_the_phone_settles_the_invitation(desk, before):
    """Nothing reminds him, no text leaves, and the vendor's link is not asked for."""
    number = desk.owe()
    invited = invite(desk, number, before)
    desk.call(number, **CALLED, **{OVERALL: 9})
    (row,) = desk.rows(schema.survey_invitation)

    assert ("DECLINED", "ANSWERED_BY_PHONE") == (row.state, row.code)
    for table in (schema.message, schema.message_event):
        assert [("CANCELLED", "ANSWERED_BY_PHONE")] == [(one.state, one.code) for one in desk.rows(table)]
    with desk.db.writing() as connection:
        assert not invitations.invited(connection, invited, "https://x", {}, desk.clock.now())


@pytest.mark.parametrize(
    ("said", "state", "survey"),
    [
        ({"result": "中途挂断", OVERALL: 9}, "SENT", "aftersales"),
        ({}, "SENT", "aftersales"),
        ({OVERALL: 9}, "SENT", "delivery"),
    ],
)
def test_an_invitation_stays_open_while_it_may_be_answered(desk, said, state, survey):
    """He hung up, was not asked, or it asks for something else."""
    number = desk.owe()
    invite(desk, number, text="SENDING", survey=survey)
    desk.call(number, **CALLED | said)

    assert [state] == [row.state for row in desk.rows(schema.survey_invitation)]
    assert ["SENDING"] == [row.state for row in desk.rows(schema.message)]


def test_a_list_shows_every_call(desk):
    """More than a thousand: nothing is cut off without a word."""
    number = desk.owe()
    row = {**desk.touchpoint(number)._mapping}
    first = 10_000
    with desk.db.writing() as connection:
        rows = [{**row, "id": first + n, "subject": f"x:{n}", "anchor": f"x:{n}"} for n in range(1200)]
        connection.execute(schema.touchpoint.insert(), rows)
    desk.export("all.csv")

    assert 1201 == desk.exported.callbacks
