"""The adapter "limesurvey" keeps the contract of a survey."""

from __future__ import annotations

import base64
import json

from crmcore.hooks import Secret
from crmcore.testing import SurveyContract
from crmcore_survey_limesurvey.adapter import LimeSurvey

URL = "https://limesurvey.example/index.php/admin/remotecontrol"
SURVEY = 736971
KEY = "NwOJcrZAe72PVBxG03GxfPvA~0000001"


class TestLimeSurvey(SurveyContract):
    adapter_class = LimeSurvey
    config = {
        "url": URL,
        "username": "crm",
        "password": Secret("crmpw-lime-survey"),
        "survey_id": SURVEY,
        "page": 10,
        "batch": 50,
    }
    known_gaps = {
        "test_a_read_raises_what_went_wrong[status-500]": (
            "LimeSurvey answers a call with wrong parameters with HTTP 500 and a page (remotecontrol of 6.4.2), and nothing else so: "
            "it is our own mistake, and asking again is pointless"
        ),
        "test_a_broken_row_is_a_reject_and_costs_no_other": (
            "LimeSurvey numbers every response itself (column `id`, the primary key of its table), so none can lack its key"
        ),
    }

    def vendor(self, rsps, world):
        rsps.add_callback("POST", URL, callback=lambda request: answer(world, json.loads(request.body)))


def answer(world, asked):
    """What LimeSurvey 6.4.2 answers: failures are sentences in a 200, a participant that is there already is an error in a list."""
    method, params = asked["method"], asked["params"]
    if world.locked:
        result = {"status": "Invalid user name or password"}
    elif world.failing and method in {"add_participants", "export_responses"}:
        result = {"status": "No permission"}
    else:
        result = METHODS[method](world, *params)
    said = {"id": asked["id"], "result": result, "error": None}
    return 200, {"Content-Type": "application/json"}, json.dumps(said)


def properties(world, key, survey, wanted):
    known = {"active": "Y", "expires": None, "anonymized": "N", "datestamp": "Y", "language": "zh-Hans"}
    return {**known, "additional_languages": ""}


def participants(world, key, survey, start, limit, *more):
    rows = [{"tid": number, "token": token} for number, token in enumerate(world.asked, 1)]
    return rows[start : start + limit] or {"status": "No survey participants found."}


def add(world, key, survey, people, create_token):
    return [joined(world, person) for person in people]


def joined(world, person):
    token = person["token"]
    if token in world.asked:
        return {**person, "errors": {"token": [f'Access code "{token}" has already been taken.']}}
    if token in world.refused:
        return {**person, "errors": {"language": ["Language code is invalid in this survey"]}}
    world.ask(token)
    return {**person, "tid": str(len(world.asked)), "completed": "N"}


def export(world, key, survey, kind, language, which, heading, answers, first, last):
    rows = [exported(row) for row in world.numbered(first, last)]
    if not rows and not world.held:
        return {"status": "No Data, could not get max id."}
    return base64.b64encode(json.dumps({"responses": rows}).encode()).decode()


def exported(row):
    said = {
        "id": row.number,
        "submitdate": row.get("completed_at"),
        "lastpage": "1",
        "startlanguage": "zh-Hans",
        "seed": "1",
    }
    meta = {"token": row.get("token", None), "startdate": row.get("started_at"), "datestamp": row.get("completed_at")}
    return {**said, **meta, **{item: value or "" for item, value in row.data["answers"].items()}}


METHODS = {
    "get_session_key": lambda world, username, password: KEY,
    "release_session_key": lambda world, key: "OK",
    "get_survey_properties": properties,
    "list_participants": participants,
    "add_participants": add,
    "export_responses": export,
}
