"""The loopback LimeSurvey speaks like the recorded one, and the real adapter cannot tell the difference."""

from __future__ import annotations

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from crmcore.hooks import AuthError, Context, Invitee, NotInvited, PermanentError, Secret
from crmcore.http import HttpClient
from crmcore.sample.limesurvey import PASSWORD, USERNAME, LoopbackLimeSurvey, RefusedError
from crmcore_survey_limesurvey.adapter import LimeSurvey
from crmcore_survey_limesurvey.config import LimeSurveyConfig

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
RECORDED = Path(__file__).parents[2] / "plugins" / "survey_limesurvey" / "tests" / "limesurvey-rc2.jsonl"
LINES = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
OPENER = build_opener(ProxyHandler({}))


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lime(clock):
    with LoopbackLimeSurvey(now=clock.now) as lime:
        yield lime


@pytest.fixture
def connect(tmp_path, clock):
    """The real adapter over real HTTP."""
    made = []

    def build(lime, **config):
        http = HttpClient()
        config = {"username": USERNAME, "password": Secret(PASSWORD), "survey_id": lime.survey_id} | config
        context = Context(
            instance="lime", system="lime", folder=tmp_path, http=http, clock=clock, logger=logging.getLogger("test")
        )
        made.append((LimeSurvey(LimeSurveyConfig(url=lime.url, **config), context), http))
        return made[-1][0]

    yield build
    for adapter, http in made:
        adapter.close()
        http.close()


def post(lime, body, kind="application/json"):
    """Status, content type and body."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(lime.url, data=data, headers={"Content-Type": kind})
    try:
        with OPENER.open(request, timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def rpc(lime, method, *params):
    return json.loads(post(lime, {"method": method, "params": params, "id": 1})[2])["result"]


def tokens(adapter, cursor=None):
    batches = list(adapter.pull_responses(cursor))
    return [record.data["token"] for batch in batches for entry in batch.entries for record in entry.records()]


# ------------------------------------------------------------------ against the record


def comparable(line_body, *, session=""):
    """The answer as data, an export unpacked, the session's key made one."""
    said = json.loads(line_body)
    result = said["result"]
    if session and result == session:
        said["result"] = "<session>"
    elif isinstance(result, str) and result.startswith("eyJ"):
        said["result"] = json.loads(base64.b64decode(result))
    return said


@pytest.fixture
def replayed(clock):
    """The recorded calls, asked again here: (method, recorded answer, answer of loopback)."""
    told, session = [], ""
    with LoopbackLimeSurvey(
        username="admin", password="adminpw1", questions=("csi", "nps", "fb"), now=clock.now
    ) as lime:
        for line in LINES:
            number = json.loads(line["body"])["id"]
            if line["method"] in {"list_surveys", "activate_tokens"} or "No survey participants table" in line["body"]:
                continue  # what loopback does not speak
            if (
                line["method"] == "export_responses"
                and "eyJ" in line["body"]
                and "RO1" in lime.participants
                and number < 22
            ):
                lime.answer("RO1", {"csi": "4", "nps": "9", "fb": '好\n"不错"'}, datetime(2026, 11, 20, 2, tzinfo=UTC))
            params = [session if param == "<session>" else param for param in line["params"]]
            if "No permission" in line["body"]:
                params[1] += 1  # the record had deleted its survey by then
            status, kind, body = post(lime, {"method": line["method"], "params": params, "id": number})
            if line["method"] == "get_session_key" and "status" not in body:
                session = json.loads(body)["result"]
                told.append(
                    (
                        line["method"],
                        {**json.loads(line["body"]), "result": "<session>"},
                        comparable(body, session=session),
                    )
                )
            else:
                told.append((line["method"], comparable(line["body"]), comparable(body)))
            assert (200, line["ctype"]) == (status, kind)
    return told


def is_export(told):
    _, recorded, _ = told
    return "responses" in (recorded["result"] or {})


def test_every_recorded_answer_is_given_again(replayed):
    """Refusal, session, rows, errors inside rows, properties, empty results, release: the same data as the real server's."""
    others = [told for told in replayed if not is_export(told)]

    assert (10, 2) == (len(others), len(replayed) - len(others))
    assert [recorded for _, recorded, _ in others] == [answer for _, _, answer in others]


def test_an_export_has_the_recorded_form(replayed):
    """The same fields in the same order, the same answers and times; what only a web form fills in (page, seed, begin) may differ."""
    (_, recorded, answer), *others = filter(is_export, replayed)
    was, now = recorded["result"]["responses"][0], answer["result"]["responses"][0]
    free = {"lastpage", "seed", "startdate", "datestamp"}

    assert list(was) == list(now)
    assert {name: was[name] for name in was if name not in free} == {
        name: now[name] for name in now if name not in free
    }
    assert [({"responses": []}, {"responses": []})] == [(one["result"], other["result"]) for _, one, other in others]


# ------------------------------------------------------------------ driven by the adapter


def test_from_the_invitation_to_the_answer(connect, lime):
    """Invite twice, answer, read by cursor: each answer once."""
    adapter = connect(lime)
    adapter.check()
    first = adapter.invite([Invitee(token="T1"), Invitee(token="T2")])
    again = adapter.invite([Invitee(token="T1"), Invitee(token="T2")])
    lime.answer("T2", {"OVERALL": "3", "REMARK": "等了很久"}, NOW)
    batches = list(adapter.pull_responses(None))
    data = next(iter(batches[0].entries[0].records())).data

    assert first == again
    assert ("T2", "2026-11-22T10:00:00+08:00") == (data["token"], data["completed_at"])
    assert {"item": "REMARK", "value": "等了很久"} in data["answers"]
    assert ["N", "2026-11-22 10:00"] == [one.completed for one in lime.participants.values()]
    assert [] == tokens(adapter, batches[-1].cursor)


def test_a_begun_response_is_counted_and_not_shown(connect, lime):
    """It takes its number when it is begun, and is exported when it is finished."""
    adapter = connect(lime)
    adapter.invite([Invitee(token="T1"), Invitee(token="T2")])
    begun, again = lime.begin("T1"), lime.begin("T1")
    done = lime.answer("T2", {})
    shown = tokens(adapter)

    assert (1, 1, 2) == (begun, again, done)
    assert ["T2"] == shown
    assert 1 == lime.answer("T1", {"OVERALL": "1"})
    assert ["T1", "T2"] == tokens(adapter)


def test_nobody_answers_twice_or_uninvited(connect, lime):
    """A used token is refused, an unknown one too, and so is a question that the survey does not have."""
    connect(lime).invite([Invitee(token="T1")])
    lime.answer("T1", {"OVERALL": "9"})
    for token in ("T1", "T2"):
        with pytest.raises(RefusedError):
            lime.answer(token, {"OVERALL": "1"})
    with pytest.raises(ValueError, match="WORK_DONE"):
        lime.answer("T1", {"WORK_DONE": "1"})
    with pytest.raises(ValueError, match="WORK_DONE"):
        LoopbackLimeSurvey(questions=("WORK_DONE",))


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        ({"T2": {"OVERALL": "2"}, "T9": {"OVERALL": "9"}}, {"T2": "2"}),
        ([{"OVERALL": "1"}, {"OVERALL": "2"}], {"T1": "1", "T2": "2"}),
        ((), {}),
    ],
)
def test_customers_answer_by_script(connect, clock, responses, expected):
    """By token or in the order of the invitations; each once, however often they are asked."""
    with LoopbackLimeSurvey(responses=responses, now=clock.now) as lime:
        adapter = connect(lime)
        adapter.invite([Invitee(token=token) for token in ("T1", "T2", "T3")])
        numbers = lime.respond(NOW)
        records = [
            next(iter(entry.records())).data for batch in adapter.pull_responses(None) for entry in batch.entries
        ]

        assert expected == {data["token"]: data["answers"][0]["value"] for data in records}
        assert tuple(range(1, len(expected) + 1)) == numbers
        assert () == lime.respond(NOW)


def test_a_session_ends_by_itself(connect, lime, clock):
    """After its lifetime, or a restart, the adapter logs in again and nobody notices."""
    adapter = connect(lime)
    adapter.check()
    clock.time += timedelta(hours=2)
    adapter.check()
    lime.forget_sessions()
    adapter.check()

    assert 3 == lime.calls.count("get_session_key")


def test_three_refusals_lock_out_the_right_password(connect, lime):
    """As the real one does; a login that succeeds before that starts the count anew."""
    wrong = [connect(lime, password=Secret("wrong")) for _ in range(5)]
    told = []
    for adapter in (*wrong[:2], connect(lime), *wrong[2:], connect(lime)):
        try:
            adapter.check()
            told.append("ok")
        except AuthError as error:
            told.append(error.code)

    assert ["CRM-L101"] * 2 + ["ok"] + ["CRM-L101"] * 3 + ["CRM-L102"] == told


def test_tokens_lose_what_limesurvey_drops(lime):
    """Hyphen, slash and space vanish without a word; with bCreateToken our token is gone altogether."""
    key = rpc(lime, "get_session_key", USERNAME, PASSWORD)
    kept = rpc(lime, "add_participants", key, lime.survey_id, [{"token": "RO-2026/005 x"}], False)
    lost = rpc(lime, "add_participants", key, lime.survey_id, [{"token": "RO1"}])

    assert "RO2026005x" == kept[0]["token"]
    assert "RO1" != lost[0]["token"]


def test_languages_and_surveys_are_those_it_has(connect, clock):
    """A row in a language it lacks is refused, another survey is unknown, a participant carries what he was given."""
    with LoopbackLimeSurvey(languages=("zh-Hans", "en"), now=clock.now) as lime:
        adapter = connect(lime, languages={"en": "en"}, attributes={"attribute_1": "store"})
        adapter.invite([Invitee(token="T1", lang="en", expires_at=NOW, attributes={"store": "S01"})])
        adapter.check()
        lime.properties["additional_languages"] = ""
        one = lime.participants["T1"]
        key = rpc(lime, "get_session_key", USERNAME, PASSWORD)

        assert ("en", "2026-11-22 10:00:00", "S01") == (one.language, one.validuntil, one.attributes["attribute_1"])
        assert {"T2": NotInvited(code="LANGUAGE_UNKNOWN")} == adapter.invite([Invitee(token="T2", lang="en")])
        assert rpc(lime, "add_participants", key, 1, [], False) == {"status": "Error: Invalid survey ID"}
        for code, config in (
            ("CRM-L104", {"survey_id": 1}),
            ("CRM-L206", {"language": "en", "languages": {"zh": "de"}}),
        ):
            with pytest.raises(PermanentError, match=code):
                connect(lime, **config).check()


# ------------------------------------------------------------------ the wire


def test_another_content_type_gets_nothing(lime):
    """text/plain: 200, and an empty body."""
    body = {"method": "get_session_key", "params": [USERNAME, PASSWORD], "id": 1}

    assert (200, "") == post(lime, body, kind="text/plain")[::2]
    assert [] == lime.calls


def test_our_own_mistakes_are_a_page(lime):
    """A method that is none, or lacks a parameter: HTTP 500 and HTML; broken JSON: a sentence in `error`."""
    for method, params in (("no_such_method", []), ("get_session_key", [USERNAME]), ("__init__", [])):
        status, kind, body = post(lime, {"method": method, "params": params, "id": 1})
        assert (500, "text/html; charset=UTF-8", True) == (status, kind, "<html>" in body)
    broken = [post(lime, each)[2] for each in (b"{", b"[]", b"{}")]

    assert {"unable to decode malformed json"} == {json.loads(each)["error"] for each in broken}


def test_a_method_without_a_session_is_refused(lime):
    """Each in the spelling of its own method."""
    told = [
        rpc(lime, method, "no key", lime.survey_id, *params)["status"]
        for method, params in (
            ("get_survey_properties", []),
            ("add_participants", [[]]),
            ("list_participants", []),
            ("export_responses", ["json"]),
        )
    ]

    assert ["Invalid Session key", "Invalid session key", "Invalid Session Key", "Invalid session key"] == told


def test_it_listens_on_loopback_and_ends(clock):
    """Nothing else may reach it, another page is none, and after `with` nobody answers."""
    with LoopbackLimeSurvey(now=clock.now) as lime:
        assert lime.url.startswith("http://127.0.0.1:")
        with (
            pytest.raises(HTTPError) as caught,
            OPENER.open(Request(lime.url.replace("admin", "x"), data=b"{}"), timeout=5),
        ):
            pass
        caught.value.close()
    with pytest.raises(OSError, match="refused"):
        OPENER.open(Request(lime.url, data=b"{}"), timeout=1)
