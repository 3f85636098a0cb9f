"""Surveys at the command line, with a LimeSurvey that listens on this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from tests.flows.planned_dealer import Dealer

from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.sample.limesurvey import LoopbackLimeSurvey

NOW = ("--now", "2026-11-22T10:00")
LATER = ("--now", "2026-11-23T10:00")
AT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
ANSWERS = {"OVERALL": "2", "WORKDONE": "3", "ADVICE": "打我电话13800130001", "Q9": "红色"}


@pytest.fixture(name="lime")
def _lime():
    with LoopbackLimeSurvey(questions=tuple(ANSWERS), responses=[ANSWERS], now=lambda: AT) as lime:
        yield lime


@pytest.fixture(name="shop")
def _shop(crm, lime):
    """A store whose customer was here yesterday."""
    crm.toml(
        f'[survey.lime]\nadapter = "limesurvey"\nsurvey = "aftersales"\nurl = "{lime.url}"\nusername = "{lime.username}"\n'
        f'password = "{lime.password}"\nsurvey_id = {lime.survey_id}\n'
    )
    assert 0 == crm("surveys", "list", *NOW).exit_code
    with Database(f"sqlite:///{crm.folder / 'crm.db'}") as db:
        dealer = Dealer(db)
        dealer.visit(dealer.customer(), None, handed="2026-11-21T16:00", advisor="E05")
    return crm


def answered(shop, lime):
    """The customer was invited, and has answered; what `collect` said."""
    assert 0 == shop("surveys", "invite", "--yes", *NOW).exit_code
    assert 1 == len(lime.respond(AT))
    return shop.json("collect", *LATER)


def test_questionnaires_and_their_sources_are_listed(shop):
    """With how many were asked and have answered."""
    code, body = shop.json("surveys", "list", *NOW)
    rows = {row["survey"]: row for row in body["surveys"]}

    assert (0, {"delivery", "aftersales", "complaint_followup"}) == (code, set(rows))
    assert (["survey.lime"], {}, 0, 0) == tuple(
        rows["aftersales"][name] for name in ("instances", "invited", "responses", "unmapped")
    )
    assert "survey.lime" in shop("surveys", "list", *NOW).stdout


def test_a_questionnaire_is_shown_as_it_is_asked(shop):
    """In the reader's language; one that does not exist is told with those that do."""
    code, body = shop.json("surveys", "show", "aftersales")
    first = next(row for row in body["questions"] if row["question"] == "OVERALL")

    assert (0, "1-10", 6, True) == (code, first["scale"], first["alert_below"], first["phone"])
    assert "总体来说" in shop("surveys", "show", "aftersales", "--lang", "zh").stdout
    assert "CRM-S403" in shop("surveys", "show", "aftersale").stderr


def test_inviting_is_tried_first(shop, lime):
    """Without --yes nobody is asked and no vendor is called."""
    code, body = shop.json("surveys", "invite", *NOW)
    said = shop("surveys", "invite", *NOW)

    assert (0, True, {"survey.lime": 1}) == (code, body["dry_run"], body["planned"])
    assert "survey.lime: 1 would be invited" in said.stdout
    assert "--yes" in said.stdout
    assert [] == lime.calls


def test_inviting_for_real(shop, lime):
    """Then the vendor knows a token, and a text waits; the next day it is told what became of it."""
    said = shop("surveys", "invite", "--yes", *NOW)
    again = shop("surveys", "invite", "--yes", "--now", "2026-12-10T10:00")

    assert "invited 1" in said.stdout
    assert 1 == len(lime.participants)
    assert "earlier invitations: 1 expired" in again.stdout.lower()
    assert "SURVEY_LINK" in shop("messages", "list").stdout


def test_a_vendor_that_is_not_there_is_told(shop, lime):
    """With its error and exit code 1; nothing is lost."""
    lime.close()
    said = shop("surveys", "invite", "--yes", *NOW)
    code, body = shop.json("surveys", "invite", "--yes", *NOW)

    assert 1 == said.exit_code == code
    assert "survey.lime" in said.stderr
    assert body["failed"].keys() == {"survey.lime"}


def test_a_bad_answer_is_a_case_by_the_next_run(shop, lime):
    """Collected with its digits masked, its unmapped item told, its case open."""
    code, body = answered(shop, lime)
    (source,) = body["surveys"]
    with Database(f"sqlite:///{shop.folder / 'crm.db'}") as db, db.reading() as connection:
        cases = connection.execute(schema.complaint.select()).all()

    assert (0, 1, 1, {"Q9": 1}) == (code, source["accepted"], source["opened"], source["unmapped"])
    assert ["SURVEY"] == [case.channel for case in cases]

    code, body = shop.json("surveys", "responses", *LATER)
    (row,) = body["responses"]
    said = {each["question"]: each["value"] for each in row["said"]}

    assert ("Q1", "C1", "R3", "E05", "INTERNAL") == (
        row["id"], row["customer"], row["visit"], row["staff"], row["side"],
    )  # fmt: skip
    assert "13800130001" not in json.dumps(body)
    assert ("2", "红色") == (said["OVERALL"], said["?Q9"])
    assert "13800130001" in shop("surveys", "responses", "--full", *LATER).stdout
    assert "13800130001" not in shop("surveys", "responses", "--survey", "aftersales", *LATER).stdout


def test_what_came_in_is_told(shop, lime):
    """Rows, cases, items that nobody has mapped."""
    shop("surveys", "invite", "--yes", *NOW)
    lime.respond(AT)
    said = shop("collect", *LATER).stdout

    assert "cases opened 1, joined 0" in said
    assert "their answers are kept: Q9" in said
    assert "survey.lime" in said


def test_doctor_tells_of_items_that_nobody_has_mapped(shop, lime):
    """With where to write the mapping."""
    answered(shop, lime)
    body = shop.json("doctor")[1]

    assert [("warning", "survey.lime: Q9")] == [
        (each["level"], each["found"]) for each in body["checks"] if each["check"] == "unmapped"
    ]


def test_a_run_invites_before_it_sends(shop, lime):
    """And takes in what was answered."""
    body = shop.json("run", "--yes", *NOW)[1]
    lime.respond(AT)
    said = shop("run", "--yes", *LATER).stdout

    assert {"survey.lime": 1} == body["invite"]["invited"]
    assert 1 == sum(body["send"]["left"].values())  # there is no messaging account here
    assert "cases opened 1" in said


def test_a_response_is_kept_out_of_the_scores_for_a_reason(shop, lime):
    """And counts again; both are in the audit, and neither twice."""
    answered(shop, lime)
    without, unknown = shop("surveys", "exclude", "Q1"), shop("surveys", "exclude", "Q9", "--why", "x")
    done = shop.json("surveys", "exclude", "q1", "--why", "filled in by staff", "--by", "E01")
    again = shop("surveys", "exclude", "Q1", "--why", "x")
    back = shop("surveys", "include", "Q1")

    assert ["CRM-S406", "CRM-S404", "CRM-S405"] == [said.stderr.split()[1] for said in (without, unknown, again)]
    assert (0, "Q1", False) == (done[0], done[1]["id"], done[1]["valid"])
    assert back.stdout.startswith("√ Q1")
    with Database(f"sqlite:///{shop.folder / 'crm.db'}") as db, db.reading() as connection:
        rows = connection.execute(schema.audit.select().order_by(schema.audit.c.id)).all()
        valid = connection.execute(schema.survey_response.select()).one().valid

    assert [("exclude", "E01", {"why": "filled in by staff"}), ("include", "cli", None)] == [
        (row.verb, row.who, row.detail and json.loads(row.detail)) for row in rows if row.entity == "survey_response"
    ]
    assert 1 == valid


def test_what_looks_odd_is_listed_with_what_to_do(shop):
    """Flagged responses, and the advisor after whose bad visits nobody is asked."""
    with Database(f"sqlite:///{shop.folder / 'crm.db'}") as db:
        dealer = Dealer(db, numbers=100)
        person = dealer.customer("+8613800130009")
        for flag in ("STRAIGHT_LINE", "SHARED_PHONE"):
            dealer._insert(
                schema.survey_response, survey="aftersales", source="survey.lime", key=flag, side="INTERNAL", mode="ONLINE",
                store="S01", staff="E05", completed_at=stamp(AT), month="2026-11", recorded_at=stamp(AT),
                flags=json.dumps([flag]),
            )  # fmt: skip
        for number in range(6):
            visit = dealer.visit(person, None, handed="2026-10-20T16:00", advisor="E06")
            if number < 3:
                dealer._insert(schema.rework, return_visit_id=visit, original_visit_id=visit, verdict="REWORK", confirmed_by="E01", confirmed_at=stamp(AT))  # fmt: skip
            else:
                dealer._insert(
                    schema.survey_response, survey="aftersales", source="survey.lime", key=str(visit), side="INTERNAL",
                    mode="ONLINE", store="S01", visit_id=visit, completed_at=stamp(AT), month="2026-11", recorded_at=stamp(AT),
                )  # fmt: skip
    rows = shop.json("surveys", "flags", *NOW)[1]["flags"]
    one = shop.json("surveys", "flags", "--flag", "SHARED_PHONE", *NOW)[1]["flags"]
    said = shop("surveys", "flags", *NOW, COLUMNS="250").stdout

    assert {("E05", "STRAIGHT_LINE"), ("E05", "SHARED_PHONE"), ("E06", "DROPPED_AFTER_BAD_VISIT")} == {
        (row["staff"], row["flag"]) for row in rows
    }
    assert [(3, 0, 3, 3)] == [
        (row["bad"], row["bad_asked"], row["good"], row["good_asked"]) for row in rows if "bad" in row
    ]
    assert ["SHARED_PHONE"] == [row["flag"] for row in one]
    assert "bad visits 3" in said
