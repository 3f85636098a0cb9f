"""Invitations: our token is the key, a repeat is no error, and LimeSurvey learns nothing about the person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crmcore.hooks import Invited, Invitee, NotInvited, PermanentError, capabilities
from crmcore_survey_limesurvey.adapter import LimeSurvey

OPEN = {
    "active": "Y",
    "expires": None,
    "anonymized": "N",
    "datestamp": "Y",
    "language": "zh-Hans",
    "additional_languages": "en",
}
LINK = "http://127.0.0.1:9/index.php/736971?token={}&lang=zh-Hans"


def taken(token, **more):
    return {"token": token, "errors": {"token": [f'Access code "{token}" has already been taken.']}} | more


def test_the_class_says_what_it_can():
    """A survey adapter that invites and can be asked for answers."""
    assert ("Invites", "PullsResponses") == capabilities(LimeSurvey)
    assert ("survey", "limesurvey") == (LimeSurvey.kind, LimeSurvey.name)


def test_an_invitation_is_a_link(adapter, lime):
    """The token is ours, and the link opens the questionnaire in its language."""
    found = adapter.invite([Invitee(token="T1"), Invitee(token="T2")])
    base = lime.url.removesuffix("/admin/remotecontrol")

    assert {token: Invited(link=f"{base}/736971?token={token}&lang=zh-Hans") for token in ("T1", "T2")} == found
    assert ["T1", "T2"] == list(lime.participants)


def test_the_recorded_rows_are_understood(make, wire, recorded):
    """A row that was added, a row with an error inside the list that says success, and the row that was there before."""
    adapter = make(
        http=wire(OPEN, recorded("add_participants", "RO2"), recorded("add_participants", "has already been taken"))
    )

    assert {"RO1": Invited(link=LINK.format("RO1")), "RO2": NotInvited(code="PARTICIPANT_REFUSED")} == adapter.invite(
        [Invitee(token="RO1"), Invitee(token="RO2")]
    )
    assert {"RO1": Invited(link=LINK.format("RO1"))} == adapter.invite([Invitee(token="RO1")])


def test_a_repeat_asks_nobody_twice(adapter, lime):
    """The second call gives the same links; the participants stay as they were."""
    first = adapter.invite([Invitee(token="T1"), Invitee(token="T2")])
    again = adapter.invite([Invitee(token="T2"), Invitee(token="T1"), Invitee(token="T3")])

    assert first == {token: again[token] for token in first}
    assert ["T1", "T2", "T3"] == list(lime.participants)


def test_a_token_is_asked_for_when_the_words_are_foreign(make, wire, recorded):
    """LimeSurvey may say it in Chinese: then the participants table decides."""
    row = {"token": "RO1", "errors": {"token": ["访问码“RO1”已被占用。"]}}
    known = wire(OPEN, [row], recorded("list_participants", "RO1"))
    unknown = wire(OPEN, [row], recorded("list_participants", "No survey participants found"))

    assert {"RO1": Invited(link=LINK.format("RO1"))} == make(http=known).invite([Invitee(token="RO1")])
    assert [0, 1, False, [], {"token": "RO1"}] == known.params[1:]
    assert {"RO1": NotInvited(code="TOKEN_REFUSED")} == make(http=unknown).invite([Invitee(token="RO1")])


def test_a_taken_token_counts_whatever_else_is_wrong(make, wire):
    """The person has his link already; that the row would be refused today for its language changes nothing."""
    row = taken("T1")
    row["errors"]["language"] = ["Language code is invalid in this survey"]

    assert {"T1": Invited(link=LINK.format("T1"))} == make(http=wire(OPEN, [row])).invite([Invitee(token="T1")])


@pytest.mark.parametrize("token", ["", "RO-2026", "RO 1", "RO_1", "1" * 36, "工单1", "T1\n"])
def test_a_token_that_would_be_changed_does_not_leave(make, wire, token):
    """LimeSurvey drops what it does not like without a word, and the answer would be nobody's."""
    http = wire()

    assert {token: NotInvited(code="TOKEN_MALFORMED")} == make(http=http).invite([Invitee(token=token)])
    assert [] == http.methods


@pytest.mark.parametrize("row", [{"token": "made000001"}, {"tid": "1"}])
def test_a_token_that_was_changed_is_no_invitation(make, wire, row):
    """What comes back must be what was sent."""
    assert {"T1": NotInvited(code="TOKEN_CHANGED")} == make(http=wire(OPEN, [row])).invite([Invitee(token="T1")])


@pytest.mark.parametrize("rows", ["OK", [], [{}, {}], ["T1"]])
def test_rows_that_do_not_match_are_an_error(make, wire, rows):
    """One row for each invitee, or none of them is believed."""
    with pytest.raises(PermanentError, match="CRM-L109"):
        make(http=wire(OPEN, rows)).invite([Invitee(token="T1")])


def test_no_name_no_number_leaves(make, wire):
    """A row is token, language and the attributes that crm.toml asked for; nothing that would say who it is."""
    http = wire(OPEN, [{"token": "T1"}])
    adapter = make(http=http, attributes={"attribute_1": "store", "attribute_2": "ro_number"})
    adapter.invite([Invitee(token="T1", attributes={"store": "S01", "staff": "SA1"})])

    assert [
        736971,
        [{"token": "T1", "language": "zh-Hans", "attribute_1": "S01", "attribute_2": ""}],
        False,
    ] == http.params


def test_an_attribute_is_not_sent_unasked(make, wire):
    """Without `attributes` LimeSurvey gets none."""
    http = wire(OPEN, [{"token": "T1"}])
    make(http=http).invite([Invitee(token="T1", attributes={"store": "S01"})])

    assert [{"token": "T1", "language": "zh-Hans"}] == http.params[1]


def test_an_invitation_ends_on_the_servers_clock(make, wire):
    """`validuntil` is written in the time of the LimeSurvey server, which knows no zones."""
    asked = Invitee(token="T1", expires_at=datetime(2026, 11, 29, 16, 0, tzinfo=UTC))
    told = []
    for config in ({}, {"timezone": "UTC"}):
        http = wire(OPEN, [{"token": "T1"}])
        make(http=http, **config).invite([asked])
        told.append(http.params[1][0]["validuntil"])

    assert ["2026-11-30 00:00:00", "2026-11-29 16:00:00"] == told


def test_a_customer_is_asked_in_his_language_where_the_survey_has_it(make, wire):
    """`languages` says which; everybody else gets the survey's own."""
    http = wire(OPEN, [{"token": "T1"}, {"token": "T2"}])
    found = make(http=http, languages={"en": "en"}).invite([Invitee(token="T1", lang="en"), Invitee(token="T2")])

    assert ["en", "zh-Hans"] == [row["language"] for row in http.params[1]]
    assert found["T1"].link.endswith("?token=T1&lang=en")


def test_a_language_that_the_survey_lost_is_told(make, wire):
    """A row that is refused for its language names it."""
    row = {"token": "T1", "errors": {"language": ["Language code is invalid in this survey"]}}

    assert {"T1": NotInvited(code="LANGUAGE_UNKNOWN")} == make(http=wire(OPEN, [row])).invite([Invitee(token="T1")])


def test_people_are_added_in_batches(make, lime):
    """A long list is several calls; each person is in one of them."""
    tokens = [f"T{number}" for number in range(23)]
    found = make(lime.url, batch=10).invite([Invitee(token=token) for token in tokens])

    assert tokens == list(found) == list(lime.participants)
    assert 3 == lime.calls.count("add_participants")


def test_nobody_gets_a_link_to_a_closed_survey(adapter, lime):
    """Whether it is open is looked up before the first invitation, and again until it is."""
    lime.properties["active"] = "N"
    for _ in range(2):
        with pytest.raises(PermanentError, match="CRM-L201"):
            adapter.invite([Invitee(token="T1")])
    lime.properties["active"] = "Y"
    adapter.invite([Invitee(token="T1")])
    adapter.invite([Invitee(token="T2")])

    assert ["T1", "T2"] == list(lime.participants)
    assert 3 == lime.calls.count("get_survey_properties")
    assert {} == adapter.invite([])


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"active": "N"}, "CRM-L201"),
        ({"expires": "2026-11-22 10:00:00"}, "CRM-L202"),
        ({"expires": "2026-11-22 10:00:01"}, None),
        ({"expires": "0000-00-00"}, None),
        ({"anonymized": "Y"}, "CRM-L204"),
        ({"datestamp": "N"}, "CRM-L205"),
        ({"language": "en"}, "CRM-L206"),
        ({"language": "en", "additional_languages": "de zh-Hans"}, None),
        ({"additional_languages": None}, None),
    ],
)
def test_check_says_what_would_go_wrong(adapter, lime, properties, code):
    """`check` finds a survey that is closed, over, anonymous, without dates or in other languages, and writes nothing."""
    lime.properties |= properties
    found = None
    try:
        adapter.check()
    except PermanentError as error:
        found = error.code

    assert code == found
    assert {} == lime.participants
    assert not {"add_participants", "export_responses"} & set(lime.calls)


def test_check_knows_every_language_that_is_configured(make, lime):
    """A language for some customers that the survey lacks would fail only with the first of them."""
    with pytest.raises(PermanentError, match=r"CRM-L206.*de"):
        make(lime.url, languages={"de": "de"}).check()


def test_check_finds_the_missing_participants_table(make, wire):
    """Without it nobody can be invited."""
    with pytest.raises(PermanentError, match="CRM-L203"):
        make(http=wire(OPEN, {"status": "Error: No survey participants table"})).check()


def test_check_of_the_recorded_survey(make, wire, recorded):
    """The recorded properties are those of an open survey; an empty participants table is none's fault."""
    adapter = make(
        http=wire(recorded("get_survey_properties"), recorded("list_participants", "No survey participants found"))
    )

    assert adapter.check() is None
