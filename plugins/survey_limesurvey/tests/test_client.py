"""Sessions, refusals and sentences of RemoteControl; the words are recorded ones wherever there is a record."""

from __future__ import annotations

import json
import logging

import pytest
import responses

from crmcore.hooks import AuthError, Invitee, PermanentError, Secret, TransientError
from crmcore_survey_limesurvey.config import LimeSurveyConfig

LOCKED = {
    "status": "You have exceeded the number of maximum login attempts. Please wait 10 minutes before trying again."
}
OPEN = {
    "active": "Y",
    "expires": None,
    "anonymized": "N",
    "datestamp": "Y",
    "language": "zh-Hans",
    "additional_languages": "",
}
HTML = b"<!DOCTYPE html>\n<html><title>500: Internal Server Error</title></html>"


def pull(adapter, cursor=None):
    return list(adapter.pull_responses(cursor))


# ------------------------------------------------------------------ logging in


def test_a_wrong_password_is_tried_once(make, wire, recorded):
    """A refused login is an AuthError, and this adapter never asks again: the third refusal would lock out the right password."""
    http = wire(sessions=[recorded("get_session_key", "Invalid user name")])
    adapter = make(http=http)
    told = []
    for act in (adapter.check, lambda: pull(adapter), lambda: adapter.invite([Invitee(token="T1")]), adapter.check):
        with pytest.raises(AuthError) as caught:
            act()
        told.append(caught.value.code)

    assert ["CRM-L101"] * 4 == told
    assert [("send", "get_session_key")] == [(way, message["method"]) for way, message in http.asked]


def test_a_lock_out_is_never_looped(make, lime):
    """Three wrong passwords lock the right one out too; the adapter with the right one asks once and says so."""
    for _ in range(3):
        with pytest.raises(AuthError, match="CRM-L101"):
            make(lime.url, password=Secret("wrong")).check()
    adapter = make(lime.url)
    for _ in range(3):
        with pytest.raises(AuthError, match="CRM-L102"):
            adapter.check()

    assert ["get_session_key"] * 4 == lime.calls


def test_any_other_word_at_the_login_is_a_refusal_too(make, wire):
    """LimeSurvey translates the lock-out; whatever is said instead of a key, nobody tries again."""
    http = wire(sessions=[{"status": "登录尝试次数过多"}])
    adapter = make(http=http)
    for _ in range(2):
        with pytest.raises(AuthError, match="CRM-L101"):
            adapter.check()

    assert ["get_session_key"] == http.methods


def test_one_session_serves_all_calls_and_is_given_back(adapter, lime):
    """The first call logs in, the others use its session, `close` releases it, once."""
    adapter.check()
    adapter.invite([Invitee(token="T1")])
    pull(adapter)
    adapter.close()
    adapter.close()

    assert 1 == lime.calls.count("get_session_key")
    assert 1 == lime.calls.count("release_session_key")
    assert {} == lime._sessions


def test_an_adapter_that_did_nothing_closes_silently(adapter, lime):
    """Construction and closing ask nothing."""
    adapter.close()

    assert [] == lime.calls


def test_a_server_that_is_gone_does_not_keep_an_adapter_from_closing(make, wire):
    """A session that cannot be given back expires."""
    http = wire(OPEN, [])
    adapter = make(http=http)
    adapter.check()
    http._answer = lambda *_said: (_ for _ in ()).throw(TransientError("CRM-H202"))
    adapter.close()

    assert adapter._remote._session is None


@pytest.mark.parametrize("words", ["Invalid session key", "Invalid Session key", "Invalid Session Key"])
def test_a_lost_session_is_opened_again_once(make, wire, words):
    """LimeSurvey spells it differently from method to method; the call is repeated in the new session."""
    http = wire(
        {"status": words}, {"status": "No Data, could not get max id."}, {"status": "No Data, could not get max id."}
    )
    adapter = make(http=http)

    assert [] == pull(adapter)
    assert [
        "get_session_key",
        "export_responses",
        "get_session_key",
        "export_responses",
        "export_responses",
    ] == http.methods


def test_an_expired_session_is_not_noticed(adapter, lime):
    """What a pull was doing goes on after the server forgot its session."""
    adapter.invite([Invitee(token="T1")])
    lime.forget_sessions()

    assert {"T1"} == set(adapter.invite([Invitee(token="T1")]))
    assert 2 == lime.calls.count("get_session_key")


def test_a_session_lost_twice_is_an_error(make, wire, recorded):
    """Two logins for one call, no third."""
    lost = recorded("list_surveys", "Invalid session key")
    http = wire(lost, lost, lost)

    with pytest.raises(PermanentError, match="CRM-L105"):
        pull(make(http=http))
    assert 2 == http.methods.count("get_session_key")


# ------------------------------------------------------------------ what answers mean


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("No permission", "CRM-L103"),
        ("Error: Invalid survey ID", "CRM-L104"),
        ("No survey participants table", "CRM-L203"),
        ("Error: No survey participants table", "CRM-L203"),
        ("No Data, survey table does not exist.", "CRM-L201"),
        ("Language code not found for this survey.", "CRM-L206"),
        ("Something nobody has heard before", "CRM-L106"),
    ],
)
def test_a_sentence_in_a_200_is_an_error(make, wire, status, code):
    """HTTP says 200 to all of it; the words name the fix, in both languages."""
    with pytest.raises(PermanentError) as caught:
        pull(make(http=wire({"status": status})))

    assert code == caught.value.code
    assert "{" not in caught.value.render("zh") + caught.value.render("en")


def test_recorded_refusals_are_understood(make, wire, recorded):
    """A deleted survey, and a survey without participants, as they were recorded."""
    with pytest.raises(PermanentError, match="CRM-L103"):
        pull(make(http=wire(recorded("export_responses", "No permission"))))
    with pytest.raises(PermanentError, match="CRM-L203"):
        make(http=wire(OPEN, recorded("add_participants", "No survey participants table"))).invite(
            [Invitee(token="T1")]
        )


def test_an_error_of_the_database_is_told_without_its_values(make, wire):
    """`error` is text of the database, which quotes what it was given; only its beginning is shown."""
    said = {
        "id": 1,
        "result": None,
        "error": "CDbCommand failed to execute the SQL statement: Duplicate entry '13800130001'",
    }
    with pytest.raises(PermanentError) as caught:
        pull(make(http=wire((200, json.dumps(said).encode()))))

    assert "CRM-L106" == caught.value.code
    assert "CDbCommand failed to execute the SQL statement" in str(caught.value)
    assert "1380013" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [b"", HTML, b"[]", b'"OK"', b'{"id":1}', b"[" * 100_000],
    ids=["empty", "page", "list", "text", "no result", "deep"],
)
def test_what_is_no_answer_of_remotecontrol_is_told(make, wire, body):
    """An empty body (the interface is off, or wants another content type) and any page that is no JSON-RPC."""
    with pytest.raises(PermanentError, match="CRM-L108"):
        pull(make(http=wire((200, body))))


@pytest.mark.parametrize("export", [7, "no base64!", "e30=", "W10=", "eyJyZXNwb25zZXMiOlt7fV19", {"a": 1}])
def test_an_export_that_cannot_be_read_is_told(make, wire, export):
    """Neither base64 nor JSON, no responses, a response without a number."""
    with pytest.raises(PermanentError, match="CRM-L109"):
        pull(make(http=wire(export)))


@pytest.mark.parametrize("properties", [[], "OK"])
def test_properties_that_cannot_be_read_are_told(make, wire, properties):
    """What is no table is no answer."""
    with pytest.raises(PermanentError, match="CRM-L109"):
        make(http=wire(properties)).check()


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (500, PermanentError, "CRM-L107"),
        (502, TransientError, "CRM-H301"),
        (408, TransientError, "CRM-H301"),
        (401, AuthError, "CRM-H302"),
        (404, PermanentError, "CRM-H303"),
    ],
)
@pytest.mark.parametrize("broken", ["get_session_key", "export_responses"])
def test_a_page_instead_of_an_answer(make, broken, status, error, code):
    """HTTP 500 with a page is a fault that does not pass by itself; the rest is what it is for every server. A login is tried once."""
    url = "http://lime.test/index.php/admin/remotecontrol"
    asked = []

    def answer(request):
        asked.append((json.loads(request.body)["method"], request.headers["Content-Type"]))
        if asked[-1][0] == broken:
            return status, {"Content-Type": "text/html"}, HTML
        return 200, {}, json.dumps({"id": 1, "result": "key", "error": None})

    with responses.RequestsMock() as mock:
        mock.add_callback("POST", url, answer)
        adapter = make(url)
        with pytest.raises(error) as caught:
            pull(adapter)
        adapter.close()

    assert code == caught.value.code
    assert 1 == sum(method == "get_session_key" for method, _ in asked)
    assert {"application/json"} == {kind for _, kind in asked}


def test_a_call_that_broke_on_its_way_is_repeated_and_a_login_is_not(make, wire):
    """Everything but the login may be asked again, so it goes through the patient way of the core."""
    http = wire({"status": "No Data, could not get max id."}, {"status": "No Data, could not get max id."})
    pull(make(http=http))

    assert [("send", "get_session_key"), ("read", "export_responses"), ("read", "export_responses")] == [
        (way, message["method"]) for way, message in http.asked
    ]
    with pytest.raises(TransientError, match="CRM-H201"):
        pull(make(http=wire(sessions=[TransientError("CRM-H201")])))


def test_the_password_and_the_session_are_seen_nowhere(make, lime, caplog):
    """Neither in a repr, nor in a log at its most talkative, nor in an error."""
    caplog.set_level(logging.DEBUG)
    adapter = make(lime.url, password=Secret("wrong-password-8899"))
    with pytest.raises(AuthError) as refused:
        adapter.check()
    other = make(lime.url)
    other.check()
    session = other._remote._session
    lime.survey_id = 1
    with pytest.raises(PermanentError) as caught:
        other.check()
    errors = [refused.value, caught.value]
    said = caplog.text + "".join(
        f"{error!r}{error.__dict__}{error.render('zh')}{error.__context__!r}" for error in errors
    )
    said += "".join(repr(each) for one in (adapter, other) for each in (one, one.config, one.context, one._remote))

    assert "wrong-password-8899" not in said
    assert session not in said
    assert "password=Secret('***')" in said


def test_an_error_names_the_place_without_what_stands_around_it(make, wire):
    """User, password and query of an address stay out of an error."""
    url = "https://user:pw-7788@lime.test/index.php?r=admin/remotecontrol"
    with pytest.raises(AuthError) as caught:
        make(url, http=wire(sessions=[LOCKED])).check()

    assert "lime.test/index.php" == caught.value.at
    assert "pw-7788" not in repr(LimeSurveyConfig(url=url, username="u", password=Secret("p"), survey_id=1))
