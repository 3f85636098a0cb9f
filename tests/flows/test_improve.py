"""From a weak score to a measured effect, and the meetings on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from tests.flows.making import STORE
from tests.flows.test_rework import POLICY as REWORK
from tests.flows.test_rework import Shop

from crmcore.config.packs import shipped
from crmcore.db import improvement as query
from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.db.surveys import keep_response
from crmcore.errors import UsageError
from crmcore.flows.improve import Plan, add, measure, move
from crmcore.flows.meetings import agenda, record
from crmcore.rules.score.compare import Verdict
from crmcore.rules.score.policy import ScorePolicy
from crmcore.types.complaint import ActionStatus, MeetingKind
from crmcore.types.survey import Answer, Factor, Mode, Question, Response, Side, Survey, SurveyScope

LABEL = {"zh": "质量", "en": "Quality"}
SURVEY = Survey(
    code="aftersales",
    version="1",
    label=LABEL,
    scope=SurveyScope.SERVICE,
    factors={"QUALITY": Factor(code="QUALITY", label=LABEL)},
    questions={
        code: Question(code=code, text=LABEL, factor="QUALITY", minimum=1, maximum=10)
        for code in ("WORK_DONE", "ON_TIME")
    },
    source="test",
)
SURVEYS = {"aftersales": SURVEY}
POLICY = ScorePolicy(
    min_n=5,
    **{name: value for name, value in shipped("scores").data["scores"].items() if name not in {"min_n", "sources"}},
)
PLAN = Plan(
    store="S01",
    survey="aftersales",
    factor="QUALITY",
    wave="2026-Q2",
    side="EXTERNAL",
    cause="没有终检",
    measure="交车前终检",
    responsible="T1",
    supervisor="M1",
    due_on=date(2026, 8, 1),
    target=Decimal(80),
)


class Office(Shop):
    """Takes in waves."""

    def wave(self, name, values, *, question="WORK_DONE", staff="A1", **known):
        """One answer to one question for each of `values`."""
        with self.db.writing() as connection:
            for number, value in enumerate(values):
                response = Response(
                    **{
                        "id": "", "survey": "aftersales", "side": Side.EXTERNAL, "mode": Mode.PHONE, "store": "S01", "staff": staff,
                        "wave": name, "completed_at": datetime(2026, 6, 1, tzinfo=UTC),
                        "answers": (Answer(question=question, value=str(value), minimum=1, maximum=10),), **known,
                    }
                )  # fmt: skip
                key = f"{name}-{staff}-{question}-{number}-{known}"
                keep_response(
                    connection,
                    response,
                    source="s",
                    key=key,
                    attempt_id=None,
                    invitation_id=None,
                    phone=None,
                    now=self.clock.now(),
                )

    def add(self, **changed):
        return add(self.db, attrs.evolve(PLAN, **changed), SURVEYS, POLICY, self.clock)

    def measure(self):
        return measure(self.db, SURVEYS, POLICY, self.clock)

    def row(self, number):
        with self.db.reading() as connection:
            return query.actions(connection, numbers=[number])[0]

    def case(self, number, **columns):
        now = stamp(self.clock.now())
        values = {
            "id": number,
            "store": "S01",
            "state": "RECEIVED",
            "origin": "CRM",
            "received_at": now,
            "updated_at": now,
        }
        with self.db.writing() as connection:
            connection.execute(schema.complaint.insert().values(**{**values, **columns}))


@pytest.fixture(name="office")
def _office(db, clock):
    return Office(db, clock)


def test_a_row_remembers_the_score_it_came_from(office):
    """The index of its factor in that wave, of that side and store; others do not count."""
    office.wave("2026-Q2", [4, 4, 4, 7, 7, 7])
    office.wave("2026-Q2", [10] * 9, store="S02")
    office.wave("2026-Q2", [10] * 9, side=Side.INTERNAL)
    office.wave("2026-Q1", [10] * 9)
    row = office.row(office.add())

    assert (5000, 8000, "OPEN") == (row.last_score, row.target_score, row.status)


def test_the_next_wave_says_whether_it_worked(office):
    """Done, and moved up: it worked; the score stands beside the old one."""
    office.wave("2026-Q2", [4, 5, 4, 5, 4, 5])
    number = office.add(item="WORK_DONE")
    move(office.db, number, ActionStatus.DONE, office.clock)
    assert () == office.measure()
    office.wave("2026-Q3", [8, 9, 8, 9, 8, 9])
    (found,) = office.measure()
    row = office.row(number)

    assert (f"B{number}", "2026-Q3", Decimal("83.33"), Verdict.MOVED_UP) == (
        found.action,
        found.wave,
        found.score,
        found.verdict,
    )
    assert ("VERIFIED", "2026-Q3", 8333, "MOVED_UP") == (row.status, row.result_wave, row.result_score, row.verdict)
    assert () == office.measure()


@pytest.mark.parametrize(("values", "verdict"), [([4, 5, 4, 5, 5, 5], "NOISE"), ([1, 2, 1, 2, 1, 2], "MOVED_DOWN")])
def test_what_did_not_rise_is_for_people_to_decide(office, values, verdict):
    """The verdict is kept, and the row stays where it was."""
    office.wave("2026-Q2", [4, 5, 4, 5, 4, 5])
    number = office.add()
    move(office.db, number, ActionStatus.DONE, office.clock)
    office.wave("2026-Q3", values)
    office.measure()

    assert (verdict, "DONE") == (office.row(number).verdict, office.row(number).status)


def test_a_wave_that_is_still_coming_in_is_waited_for(office):
    """Too few answers in the latest wave say nothing yet; once another wave has begun, they are all there will be."""
    office.wave("2026-Q2", [4, 5, 4, 5, 4, 5])
    number = office.add()
    move(office.db, number, ActionStatus.DOING, office.clock)
    office.wave("2026-Q3", [9])
    assert () == office.measure()
    office.wave("2026-Q4", [9])

    assert ["TOO_FEW"] == [each.verdict.value for each in office.measure()]


def test_an_action_about_a_colleague_is_measured_by_his_work(office):
    """The others' answers do not help him."""
    office.wave("2026-Q2", [4, 5, 4, 5, 4, 5])
    office.wave("2026-Q2", [10] * 6, staff="A2")
    number = office.add(staff="A1")
    move(office.db, number, ActionStatus.DONE, office.clock)
    office.wave("2026-Q3", [4, 5, 4, 5, 4, 5])
    office.wave("2026-Q3", [10] * 6, staff="A2")
    office.measure()

    assert (3889, "NOISE") == (office.row(number).last_score, office.row(number).verdict)


def test_answers_without_a_wave_are_told_apart_by_month(office):
    """For the dealer's own surveys."""
    office.wave("", [4, 5, 4, 5, 4, 5])
    number = office.add(wave="2026-06")

    assert 3889 == office.row(number).last_score


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"survey": "other"}, "CRM-U130"),
        ({"factor": "OTHER"}, "CRM-U130"),
        ({"item": "OTHER"}, "CRM-U130"),
        ({"wave": "2025-Q1"}, "CRM-U130"),
        ({"cases": (9,)}, "CRM-U131"),
    ],
)
def test_what_does_not_exist_is_refused(office, wrong, code):
    """And nothing is kept."""
    office.wave("2026-Q2", [4])
    with pytest.raises(UsageError, match=code):
        office.add(**wrong)
    with office.db.reading() as connection:
        assert [] == query.actions(connection)


def test_a_case_leads_to_an_action(office):
    """Without a questionnaire; the case is linked."""
    office.case(7)
    number = office.add(survey="", wave="", factor="REPAIR_QUALITY", cases=(7, 7))  # named twice, it is one
    with office.db.reading() as connection:
        assert {number: [7]} == query.cases_of(connection, [number])


def test_a_row_cannot_come_back_from_the_end(office):
    """Nor can one be moved that does not exist; setting what is set already changes nothing."""
    number = office.add(survey="", wave="")
    move(office.db, number, ActionStatus.DROPPED, office.clock)
    move(office.db, number, ActionStatus.DROPPED, office.clock)

    with pytest.raises(UsageError, match="CRM-U133"):
        move(office.db, number, ActionStatus.DOING, office.clock)
    with pytest.raises(UsageError, match="CRM-U132"):
        move(office.db, 99, ActionStatus.DONE, office.clock)


def test_a_meeting_leaves_a_record_that_links_its_actions(office):
    """Who was there, what was said, what was decided."""
    number = office.add(survey="", wave="")
    made = record(
        office.db, MeetingKind.QUALITY, store=STORE, held_on=date(2026, 11, 20), chair="M1", attendees=["T1", "M1"], said="终检",
        actions=[number], clock=office.clock,
    )  # fmt: skip
    with office.db.reading() as connection:
        (row,) = query.meetings(connection, kind="QUALITY", store="S01")
        assert {made: [number]} == query.actions_of(connection, [made])
    assert ("M1", '["T1", "M1"]', "终检", "2026-11-20") == (row.chair, row.attendees, row.record, row.held_on)
    with pytest.raises(UsageError, match="CRM-U132"):
        record(
            office.db, MeetingKind.QUALITY, store=STORE, held_on=date(2026, 11, 20), chair="", attendees=(), said="",
            actions=[99], clock=office.clock,
        )  # fmt: skip


def sheet(office, kind, days=6):
    today = office.clock.now().date()
    return agenda(office.db, kind, STORE, today - timedelta(days=days), today, REWORK, office.clock)


def test_each_meeting_has_its_own_sheet(office):
    """Quality: cases about repairs and the register; complaints: all cases; improvement: the plan alone."""
    now = office.clock.now()
    office.case(1, category="REPAIR_QUALITY.REPEAT_FAULT")
    office.case(2, category="PRICE")
    office.case(3, category="PRICE", received_at=stamp(now - timedelta(days=30)), closed_at=stamp(now), avoidable=1)
    office.case(4, category="PRICE", received_at=stamp(now - timedelta(days=30)))
    office.case(5, category="PRICE", store="S02")
    office.case(6, category="PRICE", origin="DMS")
    car = office.car()
    office.order(car, 5)
    office.order(car, 2)
    number = office.add(survey="", wave="")
    over = office.add(survey="", wave="")
    move(office.db, over, ActionStatus.DROPPED, office.clock)
    quality, complaint, improvement = (sheet(office, kind) for kind in MeetingKind)

    assert ["K1"] == [case.id for case in quality.cases]
    assert ["K3", "K1", "K2"] == [case.id for case in complaint.cases]
    assert () == improvement.cases
    assert (1, 0, 0) == tuple(len(each.returned) for each in (quality, complaint, improvement))
    assert {(f"B{number}",)} == {tuple(row.id for row in each.actions) for each in (quality, complaint, improvement)}
    assert complaint.cases[0].avoidable is True
