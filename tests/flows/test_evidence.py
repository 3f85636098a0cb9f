"""Promise 5: what a customer said and the case it opens are one; neither is ever there without the other."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import update
from tests.flows.complaining import Texts, cases, config, push, rows
from tests.flows.planned_dealer import Dealer, settings

from crmcore.db import complaint_history, complaints, schema
from crmcore.db.columns import stamp
from crmcore.flows.collect import collect, receive
from crmcore.flows.complaint_words import Words
from crmcore.flows.evidence import Found, Opened
from crmcore.flows.plan import plan
from crmcore.types.complaint import (
    ComplaintChannel,
    ComplaintDraft,
    ComplaintForm,
    EvidenceKind,
    Severity,
)
from crmcore.types.contact import AttemptOutcome, ContactAttempt, Reply
from crmcore.types.survey import Answer, Mode, Response, Side

ROOT = Path(__file__).parents[2]
CRASHING = Path(__file__).with_name("crashing_complaint.py")
KILLED = -9
ANGRY = "车又坏了，我要投诉"
DRAFT = ComplaintDraft(category="PRICE", verbatim="太贵", why=("word:太贵",))
FOUND = (Found(draft=DRAFT, by="keywords"),)


def keep(db, clock, number=1, found=FOUND, **more):
    """One piece of evidence kept in a transaction of its own."""
    given: dict[str, Any] = {
        "kind": EvidenceKind.REPLY,
        "evidence_id": number,
        "store": "S01",
        "customer_id": None,
        "received_at": clock.now(),
        "channel": ComplaintChannel.MESSAGE,
        "now": clock.now(),
    }
    with db.writing() as connection:
        return cases().keep(connection, found, **{**given, **more})


# ------------------------------------------------------------------ both or neither

POINTS = [
    f"{when}_{what}"
    for what in ("reply", "case", "clocks", "event", "evidence", "alert")
    for when in ("before", "after")
]


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_leaves_both_or_neither(db, clock, point):
    """Killed anywhere between the text and its case: neither is there; the next run has both, once, with every clock."""

    def run(at: str) -> subprocess.CompletedProcess[str]:
        url = db.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, str(CRASHING), url, at, clock.now().isoformat()]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60, env={"PYTHONPATH": str(ROOT)}
        )

    killed = run(point)
    assert KILLED == killed.returncode, killed.stderr[-2000:]
    left = {table: len(rows(db, table)) for table in ("reply", "complaint", "complaint_clock", "alert")}
    assert {"NEW"} == {row.state for row in rows(db, "inbox")}

    again = run("again")
    assert 0 == again.returncode, again.stderr[-2000:]
    assert {"reply": 0, "complaint": 0, "complaint_clock": 0, "alert": 0} == left
    assert {"reply": 1, "complaint": 1, "complaint_clock": 3, "alert": 1} == {
        table: len(rows(db, table)) for table in left
    }
    assert [("REPLY", 1, 1)] == [
        (row.kind, row.evidence_id, row.complaint_id) for row in rows(db, "complaint_evidence")
    ]


def test_a_case_that_cannot_be_kept_keeps_the_text_waiting(db, clock, monkeypatch):
    """When a case cannot be written, its text is not marked as worked through: the next run takes both."""

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(complaints, "enter", fails)
        with pytest.raises(ZeroDivisionError):
            receive(db, "sms", Texts(), push(ANGRY, vendor_id="1"), clock, cases=cases())
    before = (rows(db, "reply"), rows(db, "complaint"), [row.state for row in rows(db, "inbox")])
    report = collect(db, {"sms": Texts()}, clock, cases=cases())

    assert ([], [], ["NEW"]) == before
    assert (1, 0, 1) == (report.complaints, report.joined, report.waiting)


def test_finders_run_before_the_transaction(db, clock):
    """While a finder thinks, the store is free: another may write."""
    written = []

    def find(evidence: Any) -> Found | None:
        with db.writing() as connection:
            connection.execute(schema.setting.insert().values(key=f"k{len(written)}", value=evidence.text))
        written.append(evidence.text)
        return Found(draft=DRAFT, by="slow")

    receive(db, "sms", Texts(), push("你好", vendor_id="1"), clock, cases=cases(finders=(find,)))

    assert ["你好"] == written
    assert ["PRICE"] == [row.category for row in rows(db, "complaint")]


# ------------------------------------------------------------------ once


def test_a_text_that_comes_again_opens_nothing(db, clock):
    """Vendors repeat themselves; a text opens one case."""
    for _ in range(3):
        receive(db, "sms", Texts(), push(ANGRY, vendor_id="1"), clock, cases=cases())

    assert (1, 1) == (len(rows(db, "complaint")), len(rows(db, "reply")))


def test_evidence_opens_one_case_however_often_it_is_kept(db, clock):
    """One piece of evidence rests in one case."""
    opened = [keep(db, clock, 7), keep(db, clock, 7)]

    assert [Opened(1, joined=False), Opened(1, joined=True)] == opened
    assert ["OPEN"] == [row.kind for row in rows(db, "complaint_event")]


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """The results of `work`, done by so many threads at the same moment."""
    start, done = threading.Barrier(count), []

    def run(number: int) -> None:
        start.wait()
        done.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_two_imports_of_one_answer_open_one_case(db, clock):
    """Eight workers keep the same evidence at once: one opens, the others find it."""
    done = together(8, lambda _number: keep(db, clock, 7))

    assert [False, *[True] * 7] == sorted(each.joined for each in done)
    assert {1} == {each.id for each in done}
    assert 1 == len(rows(db, "complaint")) == len(rows(db, "complaint_evidence"))


def test_two_answers_of_one_customer_at_once_are_one_case(db, clock, world):
    """Eight different answers about one cause at the same moment: one opens, seven join."""
    who, _ = world.customer()
    done = together(8, lambda number: keep(db, clock, number + 1, kind=EvidenceKind.RESPONSE, customer_id=who))

    assert [False, *[True] * 7] == sorted(each.joined for each in done)
    assert 1 == len(rows(db, "complaint"))
    assert 8 == len(rows(db, "complaint_evidence"))
    assert list(range(1, 9)) == [row.seq for row in rows(db, "complaint_event")]


def test_the_key_of_the_evidence_is_the_last_guard(db, clock):
    """Whoever finds a way around the lock is stopped by the primary key."""
    keep(db, clock, 7)
    with pytest.raises(Exception, match=r"(?i)unique"), db.writing() as connection:
        complaint_history.keep_evidence(connection, 1, EvidenceKind.REPLY, 7, [], clock.now())


# ------------------------------------------------------------------ one open case per cause


def test_a_second_bad_answer_joins_the_open_case(db, clock, world):
    """It joins with its reasons; what the case did not know yet is taken over, and whom he told first is set once."""
    who, _ = world.customer()
    vague = (Found(draft=ComplaintDraft(why=("alert:Q1=2<6",), form=ComplaintForm.GRUMBLE), by="alert_below"),)
    keep(db, clock, 1, vague, kind=EvidenceKind.RESPONSE, customer_id=who)
    clock.tick(hours=1)
    joined = keep(db, clock, 2, customer_id=who, first_asked="A01")
    again = keep(db, clock, 3, customer_id=who, first_asked="D01")
    (case,) = rows(db, "complaint")
    history = [(row.kind, json.loads(row.detail)["evidence"]) for row in rows(db, "complaint_event")]
    reasons = [
        [(why["by"], why["why"]) for why in json.loads(row.why)]
        for row in sorted(rows(db, "complaint_evidence"), key=lambda row: row.evidence_id)
    ]

    assert Opened(1, joined=True) == joined == again
    assert ("PRICE", "SERVICE", "太贵", "A01") == (case.category, case.department, case.verbatim, case.first_asked)
    assert [("OPEN", "Q1"), ("JOIN", "I2"), ("JOIN", "I3")] == history
    assert [[("alert_below", ["alert:Q1=2<6"])], *[[("keywords", ["word:太贵"])]] * 2] == reasons


def test_another_cause_is_another_case(db, clock, world):
    """Another branch of the taxonomy, another customer, or a case that has ended: a case of its own."""
    one, _ = world.customer()
    two, _ = world.customer()
    other = (Found(draft=attrs.evolve(DRAFT, category="TIMELINESS"), by="keywords"),)
    keep(db, clock, 1, customer_id=one)
    keep(db, clock, 2, other, customer_id=one)
    keep(db, clock, 3, customer_id=two)
    with db.writing() as connection:
        connection.execute(update(schema.complaint).where(schema.complaint.c.id == 3).values(state="CLOSED"))
    last = keep(db, clock, 4, customer_id=two)

    assert Opened(4, joined=False) == last


def test_a_graver_word_makes_an_open_case_graver(db, clock, world):
    """Who comes back with a lawyer gets the deadline of that severity, and colleagues hear of it."""
    who, _ = world.customer()
    keep(db, clock, 1, customer_id=who)
    clock.tick(minutes=5)
    grave = (Found(draft=attrs.evolve(DRAFT, severity=Severity.CRITICAL, why=("critical:律师",)), by="keywords"),)
    keep(db, clock, 2, grave, customer_id=who)
    (case,) = rows(db, "complaint")
    due = {row.kind: row.due_at for row in rows(db, "complaint_clock")}
    kinds = [row.kind for row in sorted(rows(db, "alert"), key=lambda row: row.id)]

    assert "CRITICAL" == case.severity
    assert stamp(clock.now() + timedelta(minutes=5)) == due["RESPONSE"]
    assert ["OPENED", "RAISED"] == kinds


def test_texts_of_a_stranger_are_one_case(db, clock):
    """A number nobody is known by still opens a case, and its second text joins it; another number's does not."""
    for number, text in enumerate(("等太久了，退钱", "昨天又等太久")):
        receive(db, "sms", Texts(), push(text, vendor_id=str(number)), clock, cases=cases(), store="S01")
    receive(db, "sms", Texts(), push(ANGRY, "13900130009", vendor_id="9"), clock, cases=cases())
    found = rows(db, "complaint")

    assert [(None, "S01"), (None, "S01")] == [(row.customer_id, row.store) for row in found]
    assert [1, 1, 2] == [
        row.complaint_id for row in sorted(rows(db, "complaint_evidence"), key=lambda row: row.evidence_id)
    ]


# ------------------------------------------------------------------ what a text opens


def test_a_text_opens_its_case_from_when_it_was_written(db, clock, world):
    """The clocks run from the text, not from when it was collected; a lag of the vendor is no excuse."""
    who, number = world.customer(home_store="S01")
    written = clock.now() - timedelta(minutes=20)
    event = {"sender": number, "text": ANGRY, "at": None, "vendor_id": "1"}

    class Dated(Texts):
        def parse_replies(self, request):
            parsed = super().parse_replies(request)
            return attrs.evolve(parsed, events=tuple(attrs.evolve(each, at=written) for each in parsed.events))

    receive(db, "sms", Dated(), push(event["text"], number, vendor_id="1"), clock, cases=cases())
    (case,) = rows(db, "complaint")
    clocks = {row.kind: (row.started_at, row.due_at) for row in rows(db, "complaint_clock")}
    (opened,) = rows(db, "complaint_event")
    (alert,) = rows(db, "alert")

    assert (who, "MESSAGE", None, "RECEIVED") == (case.customer_id, case.channel, case.first_asked, case.state)
    assert (stamp(written), stamp(clock.now())) == (case.received_at, case.recorded_at)
    assert {"HANDOVER", "RESPONSE", "CLOSE"} == set(clocks)
    assert (stamp(written), stamp(written + timedelta(minutes=30))) == clocks["HANDOVER"]
    assert (stamp(written), stamp(clock.now())) == (opened.at, opened.recorded_at)
    assert ("OPENED", "CR_AGENT", clocks["HANDOVER"][1]) == (alert.kind, alert.role, alert.due_at)
    assert not any(word in alert.params for word in (number[3:], "投诉", "王"))


def test_a_text_dated_ahead_counts_from_now(db, clock, world):
    """A vendor whose clock is wrong gives nobody more time."""
    _, number = world.customer()
    ahead = clock.now() + timedelta(days=2)

    class Ahead(Texts):
        def parse_replies(self, request):
            parsed = super().parse_replies(request)
            return attrs.evolve(parsed, events=tuple(attrs.evolve(each, at=ahead) for each in parsed.events))

    receive(db, "sms", Ahead(), push(ANGRY, number, vendor_id="1"), clock, cases=cases())

    assert [stamp(clock.now())] == [row.received_at for row in rows(db, "complaint")]


@pytest.mark.parametrize(("text", "opened"), [("退订", 0), ("好的，谢谢", 0), ("TD 再发我就去投诉你们", 1), (ANGRY, 1)])
def test_only_what_complains_opens_a_case(db, clock, world, text, opened):
    """A plain no and a thank-you open nothing; a no with more behind it is looked at as well."""
    _, number = world.customer()
    receive(db, "sms", Texts(), push(text, number, vendor_id="1"), clock, cases=cases())

    assert opened == len(rows(db, "complaint"))


def test_an_angry_customer_is_sent_no_greetings(db, clock, world, send, recorder):
    """From the commit on, care stops: what was planned is kept back, what waits to go is refused, until it ended well."""
    dealer = Dealer(db)
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:20")
    plan(db, settings(only=["POST_REPAIR_CALLBACK"]), clock)
    text = world.text(who, "+8613800130001", message_class="CARE", purpose="CARE")
    before = dealer.one().state
    receive(db, "sms", Texts(), push(ANGRY, vendor_id="1"), clock, cases=cases())
    plan(db, settings(only=["POST_REPAIR_CALLBACK"]), clock)
    send(recorder())
    kept_back = dealer.one()
    with db.writing() as connection:
        connection.execute(update(schema.complaint).values(state="CLOSED", updated_at=stamp(clock.now())))
    plan(db, settings(only=["POST_REPAIR_CALLBACK"]), clock)

    assert "DUE" == before == dealer.one().state
    assert ("SUPPRESSED", "COMPLAINT_ABOUT_VISIT") == (kept_back.state, kept_back.reason)
    assert ("REFUSED", "OPEN_COMPLAINT") == world.state(text)


# ------------------------------------------------------------------ who finds


def attempt(result="DONE", **more):
    return ContactAttempt(id="", at=config_clock(), outcome=AttemptOutcome.SUCCESS, result=result, **more)


def config_clock():
    from datetime import UTC, datetime

    return datetime(2026, 11, 22, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (attempt(), []),
        (attempt("COMPLAINT"), [("call_result", "OTHER")]),
        (attempt(category="PRICE"), [("call_result", "PRICE")]),
        (attempt(category="NO_SUCH"), [("call_result", "OTHER")]),
        (
            attempt("COMPLAINT", category="PRICE", remark="等太久了"),
            [("call_result", "PRICE"), ("keywords", "TIMELINESS")],
        ),
        (attempt("NO_SUCH"), []),
        (Reply(sender="1", text="太贵了"), [("keywords", "PRICE")]),
    ],
)
def test_the_built_in_finders(evidence, expected):
    """The clerk's tick is believed before the words, the words before the plugins."""
    found = cases().look(evidence)

    assert expected == [(each.by, each.draft.category) for each in found]


@pytest.mark.parametrize(
    ("evidence", "why", "en", "zh"),
    [
        (attempt("COMPLAINT", category="OTHER"), ["result:COMPLAINT"], "call result Complaint", "通话结果 投诉"),
        (attempt(category="OTHER"), ["ticked"], "ticked as a complaint", "勾选为投诉"),
        (
            attempt("COMPLAINT", category="PRICE"),
            ["result:COMPLAINT", "category:PRICE"],
            "call result Complaint, ticked: Price",
            "通话结果 投诉, 勾选 价格",
        ),
    ],
)
def test_a_tick_is_told_as_it_was_made(evidence, why, en, zh):
    """Who chose the result and no category has ticked none; results and categories are called as the dealer calls them."""
    (found,) = cases().look(evidence)
    told = [", ".join(Words(cases(), lang).why(each) for each in found.draft.why) for lang in ("en", "zh")]

    assert why == list(found.draft.why)
    assert [en, zh] == told


def test_a_code_nobody_knows_any_more_stays_a_code():
    """A result, a category or a finder that has gone from the lists still shows what it was."""
    words = Words(cases(), "en")

    assert ["call result GONE", "ticked: GONE", "tone:cold"] == [
        words.why(each) for each in ("result:GONE", "category:GONE", "tone:cold")
    ]
    assert "acme" == words.coded("by", "acme")


def test_a_low_answer_is_found(db):
    """An answer under its limit is a grumble with its reason; without the questionnaire nobody knows the limit."""
    survey = config().surveys["aftersales"]
    question = next(each for each in survey.questions.values() if each.alert_below is not None and not each.reverse)
    response = Response(
        id="", survey="aftersales", side=Side.INTERNAL, mode=Mode.PHONE, store="S01", completed_at=config_clock(),
        answers=(Answer(question=question.code, value=str(question.minimum), comment="随便"),),
    )  # fmt: skip
    (found,) = cases().look(response, survey=survey)

    assert () == cases().look(response)
    assert ("alert_below", ComplaintForm.GRUMBLE) == (found.by, found.draft.form)
    assert (f"alert:{question.code}={Decimal(question.minimum)}<{Decimal(question.alert_below)}",) == found.draft.why


def test_words_in_an_answer_are_heard():
    """What is written beside the scores is read as a text is."""
    response = Response(
        id="", survey="aftersales", side=Side.INTERNAL, mode=Mode.ONLINE, store="S01", completed_at=config_clock(),
        answers=(Answer(question="Q", value="9"), Answer(question="W", value="", comment="乱收费")),
    )  # fmt: skip

    assert [("keywords", "PRICE", "乱收费")] == [
        (each.by, each.draft.category, each.draft.verbatim) for each in cases().look(response)
    ]


def test_a_plugins_finder_opens_a_case(db, clock, world):
    """What a plugin claims opens a case with its name and its reasons."""

    def find(_evidence: Any) -> Found | None:
        return Found(draft=ComplaintDraft(category="PRICE", why=("tone:cold",)), by="tone")

    _, number = world.customer()
    receive(db, "sms", Texts(), push("哦。", number, vendor_id="1"), clock, cases=cases(finders=(find,)))
    (kept,) = rows(db, "complaint_evidence")

    assert [{"by": "tone", "category": "PRICE", "why": ["tone:cold"]}] == json.loads(kept.why)


def test_a_finder_that_breaks_stops_nobody(db, clock, world, caplog):
    """One text that breaks a finder is kept, so are the others, and the log quotes nothing."""

    def find(evidence: Any) -> Found | None:
        raise ValueError(evidence.text)

    receive(db, "sms", Texts(), push(ANGRY, vendor_id="1"), clock, cases=cases(finders=(find,)))

    assert 1 == len(rows(db, "complaint"))
    assert "ValueError" in caplog.text
    assert "投诉" not in caplog.text
