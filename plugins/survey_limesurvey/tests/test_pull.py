"""Answers: every finished response once, as it was given, however late it was finished."""

from __future__ import annotations

import base64
import itertools
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.hooks import Context, Invitee, PermanentError, Secret
from crmcore.http import HttpResponse
from crmcore.sample.limesurvey import LoopbackLimeSurvey
from crmcore_survey_limesurvey.adapter import LimeSurvey
from crmcore_survey_limesurvey.config import LimeSurveyConfig
from crmcore_survey_limesurvey.cursor import Cursor

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
EMPTY = {"status": "No Data, could not get max id."}
WORDS = '太慢了；\n"顾问"说三点，\t实际五点 √'


def exported(*rows):
    return base64.b64encode(json.dumps({"responses": list(rows)}).encode()).decode()


def row(number, **said):
    return {"id": number, "submitdate": "2026-11-20 10:00:00", "token": f"T{number}", "csi": "4"} | said


def pull(adapter, cursor=None):
    return list(adapter.pull_responses(cursor))


def said(batches):
    """The data of every record."""
    return [record.data for batch in batches for entry in batch.entries for record in entry.records()]


def keys(batches):
    return [data["key"] for data in said(batches)]


def invited(adapter, *tokens):
    adapter.invite([Invitee(token=token) for token in tokens])


# ------------------------------------------------------------------ what a response says


def test_the_recorded_response_is_read(make, wire, recorded):
    """The response that LimeSurvey was recorded exporting: answers as they were given, times with the store's offset, no meta data."""
    adapter = make(http=wire(recorded("export_responses", '"result":"eyJyZXNwb25zZXMiOiBbey'), EMPTY, EMPTY))
    batches = pull(adapter)

    assert [
        {
            "key": "736971-1",
            "token": "RO1",
            "started_at": "2026-11-21T23:30:21+08:00",
            "completed_at": "2026-11-20T10:00:00+08:00",
            "complete": True,
            "answers": [
                {"item": "csi", "value": "4"},
                {"item": "nps", "value": "9"},
                {"item": "fb", "value": '好\n"不错"'},
            ],
        }
    ] == said(batches)
    assert ("limesurvey:736971:1",) == batches[0].entries[0].at


def test_the_recorded_ends_are_empty(make, wire, recorded):
    """No response yet, and none in a range: nothing, and no error."""
    nothing, none = recorded("export_responses", "No Data"), recorded("export_responses", "eyJyZXNwb25zZXMiOiBbXX0=")

    assert [] == pull(make(http=wire(nothing, nothing)))
    assert [] == pull(make(http=wire(none, none)))


def test_what_a_customer_wrote_arrives_unchanged(adapter, lime):
    """Line breaks, quotes, full-width punctuation; an item he left empty says nothing."""
    invited(adapter, "T1")
    lime.answer("T1", {"OVERALL": "3", "REMARK": WORDS}, NOW)
    answers = said(pull(adapter))[0]["answers"]

    assert {"OVERALL": "3", "ATTITUDE": None, "RECOMMEND": None, "REMARK": WORDS} == {
        answer["item"]: answer["value"] for answer in answers
    }


def test_meta_data_is_no_answer(make, wire):
    """Language, seed, page, address, names: beside the answers, never among them; and an address goes nowhere."""
    meta = {
        "lastpage": "3", "startlanguage": "zh-Hans", "seed": "5", "startdate": None, "datestamp": "2026-11-20 10:00:00",
        "ipaddr": "192.0.2.7", "refurl": "https://example.cn", "firstname": "x", "lastname": "y", "email": "z", "attribute_1": "S01",
    }  # fmt: skip
    batches = pull(make(http=wire(exported(row(1, **meta)), EMPTY, EMPTY)))

    assert [{"item": "csi", "value": "4"}] == said(batches)[0]["answers"]
    assert {"csi", "token", "submitdate", "attribute_1"} <= set(batches[0].entries[0].raw())
    assert not {"ipaddr", "refurl", "firstname", "lastname", "email"} & set(batches[0].entries[0].raw())
    assert "192.0.2.7" not in repr(batches)


@pytest.mark.parametrize(
    ("zone", "timezone", "expected"),
    [
        ("Asia/Shanghai", "", "2026-11-20T10:00:00+08:00"),
        ("Asia/Shanghai", "UTC", "2026-11-20T10:00:00+00:00"),
        ("Europe/Berlin", "", "2026-11-20T10:00:00+01:00"),
    ],
)
def test_times_are_the_servers(make, wire, zone, timezone, expected):
    """LimeSurvey writes its own clock without a zone: `timezone` says which, else the store's counts."""
    adapter = make(http=wire(exported(row(1)), EMPTY, EMPTY), zone=zone, timezone=timezone)

    assert expected == said(pull(adapter))[0]["completed_at"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1980-01-01 00:00:00", None),
        (None, None),
        ("", None),
        ("2026-13-01 10:00:00", "2026-13-01 10:00:00"),
    ],
)
def test_a_time_that_is_none(make, wire, written, expected):
    """1980 stands for "not recorded"; what cannot be read goes on as it is, for the core to reject."""
    adapter = make(http=wire(exported(row(1, submitdate=written)), EMPTY, EMPTY))

    assert expected == said(pull(adapter))[0]["completed_at"]


@pytest.mark.parametrize("token", [None, "", "  "])
def test_an_answer_without_a_token_has_none(make, wire, token):
    """Somebody answered over an open link: kept, and nobody's."""
    assert said(pull(make(http=wire(exported(row(1, token=token)), EMPTY, EMPTY))))[0]["token"] is None


def test_a_digest_is_the_responses(make, wire):
    """The same response has the same digest; another answer, salt, zone or survey has another."""

    def digest(answer="4", **config):
        adapter = make(http=wire(exported(row(1, csi=answer)), EMPTY, EMPTY), **config)
        return pull(adapter)[0].entries[0].digest

    others = [digest("5"), digest(salt=b"2"), digest(timezone="UTC"), digest(survey_id=2)]

    assert digest() == digest()
    assert 5 == len({digest(), *others})
    assert {16} == {len(each) for each in others}


# ------------------------------------------------------------------ which responses


def test_a_pull_goes_on_where_the_last_one_stood(adapter, lime):
    """The cursor is the only memory: another adapter with it reads what came since, without one everything."""
    invited(adapter, "T1", "T2", "T3")
    lime.answer("T2", {"OVERALL": "9"}, NOW)
    lime.answer("T1", {"OVERALL": "2"}, NOW)
    first = pull(adapter)
    lime.answer("T3", {"OVERALL": "5"}, NOW)
    cursor = first[-1].cursor

    assert ["T2", "T1"] == [data["token"] for data in said(first)]
    assert ["T3"] == [data["token"] for data in said(pull(adapter, cursor))]
    assert [] == pull(adapter, pull(adapter, cursor)[-1].cursor)
    assert ["736971-1", "736971-2", "736971-3"] == keys(pull(adapter))


def test_a_response_finished_late_is_not_lost(adapter, lime):
    """Begun first, finished last: its number lies behind the cursor, and it comes all the same, once."""
    invited(adapter, "T1", "T2", "T3")
    lime.begin("T1", NOW)
    lime.answer("T2", {"OVERALL": "9"}, NOW)
    first = pull(adapter)
    lime.answer("T1", {"OVERALL": "1"}, NOW)
    lime.answer("T3", {"OVERALL": "8"}, NOW)
    second = pull(adapter, first[-1].cursor)

    assert ["T2"] == [data["token"] for data in said(first)]
    assert ["T1", "T3"] == [data["token"] for data in said(second)]
    assert [] == pull(adapter, second[-1].cursor)


def test_what_lies_between_late_ones_is_not_read_again(adapter, lime):
    """One question covers neighbouring gaps and what is known between them; only what was missing is handed on."""
    invited(adapter, "T1", "T2", "T3", "T4")
    lime.begin("T1", NOW)
    lime.answer("T2", {"OVERALL": "9"}, NOW)
    lime.begin("T3", NOW)
    lime.answer("T4", {"OVERALL": "9"}, NOW)
    cursor = pull(adapter)[-1].cursor
    lime.answer("T3", {"OVERALL": "1"}, NOW)

    assert ["736971-3"] == keys(pull(adapter, cursor))


def test_an_abandoned_response_is_waited_for_so_long_and_no_longer(make, lime, clock):
    """Within `open_days` it is asked for in every pull, after them never again."""
    adapter = make(lime.url, open_days=3)
    invited(adapter, "T1", "T2")
    lime.begin("T1", NOW)
    lime.answer("T2", {"OVERALL": "9"}, NOW)
    cursor = pull(adapter)[-1].cursor
    lime.answer("T1", {"OVERALL": "1"}, NOW)
    found = []
    for days in (3, 4):
        clock.time = NOW + timedelta(days=days)
        found.append(keys(pull(adapter, cursor)))

    assert [["736971-1"], []] == found


def test_pages_are_read_one_by_one(make, lime):
    """Each page is a batch with a cursor of its own, so that a broken pull goes on behind the last one that was kept."""
    adapter = make(lime.url, page=10)
    tokens = [f"T{number}" for number in range(25)]
    invited(adapter, *tokens)
    for token in tokens:
        lime.answer(token, {"OVERALL": "9"}, NOW)
    batches = pull(adapter)

    assert [10, 10, 5] == [len(batch.entries) for batch in batches]
    assert tokens[10:] == [data["token"] for data in said(pull(adapter, batches[0].cursor))]


def test_a_hole_wider_than_a_page_is_not_the_end(make, wire):
    """Somebody deleted the test responses: the rest lies behind them."""
    http = wire(exported(), exported(row(5_000), row(5_002)), exported(), exported())
    batches = pull(make(http=http))

    assert ["736971-5000", "736971-5002"] == keys(batches)
    assert [[1, 4999, "2026-11-22"], [5001, 5001, "2026-11-22"]] == json.loads(batches[-1].cursor)["gaps"]


def test_the_wire_is_the_recorded_one(make, wire):
    """The export that was recorded: complete responses, codes as headings, short answers, from and to a number."""
    http = wire(EMPTY, EMPTY)
    pull(make(http=http), str(Cursor(survey=736971, next=2)))

    assert [736971, "json", "zh-Hans", "complete", "code", "short", 2, 2**31 - 1] == http.params
    assert [2, 501] == http.asked[1][1]["params"][-2:]


def test_what_the_server_adds_is_not_read_twice(make, wire):
    """A server that ignores the range, or mixes the order, neither repeats nor skips anything."""
    http = wire(exported(row(3), row(1), row(2)), exported(row(3), row(1), row(2)), EMPTY, EMPTY)

    assert ["736971-1", "736971-2", "736971-3"] == keys(pull(make(http=http)))


@pytest.mark.parametrize(
    "cursor",
    [None, "", "17", "[]", "{}", "nonsense", '{"survey":1,"next":9,"gaps":[]}', '{"survey":736971,"next":2,"gaps":7}'],
)
def test_a_cursor_of_somebody_else_begins_anew(make, wire, cursor):
    """Numbers of another survey mean nothing here; what is known is recognised by its digest."""
    assert ["736971-1"] == keys(pull(make(http=wire(exported(row(1)), EMPTY, EMPTY)), cursor))


def test_a_pull_that_breaks_keeps_what_it_had(make, wire):
    """The batch before the error is there with its cursor."""
    adapter = make(http=wire(exported(row(1)), {"status": "No permission"}))
    pulling = adapter.pull_responses(None)
    first = next(pulling)

    assert 2 == json.loads(first.cursor)["next"]
    with pytest.raises(PermanentError, match="CRM-L103"):
        next(pulling)


def test_a_survey_that_was_closed_is_told(adapter, lime):
    """Its responses are gone with it; that is no empty result."""
    invited(adapter, "T1")
    lime.answer("T1", {"OVERALL": "9"}, NOW)
    lime.properties["active"] = "N"

    with pytest.raises(PermanentError, match="CRM-L201"):
        pull(adapter)


# ------------------------------------------------------------------ any order of events


class _Direct:
    """Carries messages to a LimeSurvey of this process without a socket between."""

    def __init__(self, lime) -> None:
        self.lime = lime

    def send(self, _method, _url, **request):
        status, body = self.lime.take("application/json", json.dumps(request["json"]).encode())
        return HttpResponse(status=status, headers={}, body=body.encode(), at="lime")

    read = send


class _Standing:
    def now(self):
        return NOW


EVENT = st.tuples(st.sampled_from(["begin", "answer", "answer", "pull"]), st.integers(0, 11))


@settings(max_examples=60, deadline=None)
@given(events=st.lists(EVENT, max_size=60), page=st.sampled_from([10, 500]))
def test_every_finished_response_comes_exactly_once(events, page):
    """However customers begin, finish and give up between pulls, what they finished is read, once, and nothing else is."""
    with LoopbackLimeSurvey(now=lambda: NOW) as lime:
        context = Context(
            instance="lime", system="lime", folder=Path(), http=_Direct(lime), clock=_Standing(), logger=logging.getLogger("test")
        )  # fmt: skip
        config = LimeSurveyConfig(
            url=lime.url, username="crm", password=Secret("crmpw"), survey_id=lime.survey_id, page=page
        )
        adapter = LimeSurvey(config, context)
        invited(adapter, *(f"T{number}" for number in range(12)))
        read, finished, cursor = [], [], None
        for event, number in [*events, ("pull", 0)]:
            token = f"T{number}"
            if event == "pull":
                batches = pull(adapter, cursor)
                read += [data["token"] for data in said(batches)]
                cursor = batches[-1].cursor if batches else cursor
            elif token not in finished:
                if event == "answer":
                    lime.answer(token, {"OVERALL": "5"}, NOW)
                    finished.append(token)
                else:
                    lime.begin(token, NOW)

    assert sorted(finished) == sorted(read)


@given(st.sets(st.integers(1, 60)), st.integers(1, 20))
def test_spans_cover_the_gaps_and_no_more_than_needed(numbers, width):
    """What is asked for holds every gap, in order, without overlap, and joins no gaps that lie further apart."""
    at = Cursor(survey=1).went_to(numbers, NOW.date())
    spans = list(at.spans(width))
    missing = {number for number in range(1, at.next) if number not in numbers}
    inside = [number for first, last in spans for number in range(first, last + 1)]

    assert sorted(inside) == inside
    assert len(set(inside)) == len(inside)
    assert missing <= set(inside)
    assert all(first in missing and last in missing for first, last in spans)
    assert all(last - first < width or (first, last) in {gap[:2] for gap in at.gaps} for first, last in spans)
    assert all(
        next(high for low, high, _ in at.gaps if low == after) - first >= width
        for (first, _), (after, _) in itertools.pairwise(spans)
    )
    assert missing == {number for number in range(1, 80) if at.waits_for(number)}
    assert at == Cursor.read(str(at), 1)
    assert not at.came(missing).gaps
