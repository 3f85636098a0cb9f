"""What a customer is promised about texts: at most once, never after a no, never in the night."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from tests.reading import counting

from crmcore.db import messages, optouts, schema
from crmcore.db.columns import stamp
from crmcore.errors import NotSent, TransientError, UsageError
from crmcore.flows import doubt
from crmcore.flows.send import Account
from crmcore.hooks.adapters import DedupesKeys, FindsMessages, Found, Limits, ParsesReceipts, SendsBatches
from crmcore.types.contact import Accepted, Deferred, MessageClass, Rejected, Scope, Unknown


def test_a_due_text_goes_out_once(world, recorder, send):
    """A text that is due is handed to the vendor with our key; the next run finds nothing to do."""
    number = world.text()
    adapter = recorder()
    send(adapter)
    send(adapter)

    assert ["k1"] == adapter.calls
    assert ("ACCEPTED", None) == world.state(number)


def test_a_dry_run_sends_and_writes_nothing(world, recorder, send):
    """Without a yes the report says what would go, and neither the vendor nor the store notices."""
    number = world.text()
    adapter = recorder()
    report = send(adapter, dry_run=True)

    assert [] == adapter.calls
    assert ("QUEUED", None) == world.state(number)
    assert {"SENDING": 1} == report.counts()


@pytest.mark.parametrize("page", [1, 500])
def test_a_dry_run_decides_as_the_run_does(world, recorder, send, monkeypatch, page):
    """What it says would go counts against the caps, as it does when it goes: the dealer sees the number that will be sent."""
    monkeypatch.setattr("crmcore.flows.send.PAGE", page)
    person, value = world.customer()
    for _ in range(3):
        world.text(person, value, message_class="CARE")
    said = send(recorder(), dry_run=True)
    done = send(recorder())

    assert {"HELD": 1, "SENDING": 2} == said.counts()
    assert {"HELD": 1, "ACCEPTED": 2} == done.counts()
    assert {line.id: line.reason for line in done.lines} == {line.id: line.reason for line in said.lines}


def test_more_texts_of_a_dry_run_take_no_more_statements(world, recorder, send, db):
    """Also where the account takes one text a call, as nothing is claimed."""
    counts = []
    for texts in (2, 40):
        for _ in range(texts):
            world.text(message_class="CARE")
        with counting(db) as said:
            send(recorder(), dry_run=True)
        counts.append(len(said))

    assert counts[0] == counts[1] <= 12


def test_what_is_not_due_stays(world, recorder, send, clock):
    """A text for tomorrow is not touched today."""
    number = world.text(due_at=stamp(clock.now() + timedelta(days=1)))
    adapter = recorder()
    send(adapter)

    assert [] == adapter.calls
    assert ("QUEUED", None) == world.state(number)


def test_a_number_that_said_no_is_not_texted(world, recorder, send, db, clock):
    """An opt-out beats a service text too, for every customer who has the number."""
    person, value = world.customer()
    other, _ = world.customer(value)
    numbers = [world.text(person, value), world.text(other, value)]
    with db.writing() as connection:
        optouts.refuse(connection, [(value, "SMS")], "staff:E01", clock.now())
    adapter = recorder()
    send(adapter)

    assert [] == adapter.calls
    assert [("REFUSED", "OPTED_OUT")] * 2 == [world.state(number) for number in numbers]


def test_a_text_waits_for_the_end_of_the_quiet_hours(world, recorder, send, clock):
    """At 22:30 in Shanghai a text is held for 08:00 and goes then."""
    clock.at = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
    number = world.text()
    adapter = recorder()
    report = send(adapter)
    held = world.state(number)
    clock.at = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    send(adapter)

    assert ("HELD", "QUIET_HOURS") == held
    assert [datetime(2026, 11, 23, 0, 0, tzinfo=UTC)] == [line.due_at for line in report.lines]
    assert ("ACCEPTED", None) == world.state(number)


def test_a_long_run_stops_at_the_quiet_hours(world, recorder, send, clock):
    """The decision is made again before each text: what is reached after 21:00 is held."""
    clock.at = datetime(2026, 11, 22, 12, 59, 30, tzinfo=UTC)
    first, second = world.text(), world.text()

    def slow(_message, _key):
        clock.tick(minutes=1)
        return Accepted()

    send(recorder(slow))

    assert [("ACCEPTED", None), ("HELD", "QUIET_HOURS")] == [world.state(first), world.state(second)]


def test_caps_hold_across_rules(world, recorder, send):
    """The third care text of a day to one customer waits, whatever rules asked for it; service texts do not count."""
    person, value = world.customer()
    for template in ("A", "B", "C"):
        world.text(person, value, template=template, message_class="CARE")
    world.text(person, value, template="D")
    send(recorder())

    assert Counter({"ACCEPTED": 3, "HELD": 1}) == Counter(world.states().values())


def test_marketing_needs_consent(world, recorder, send):
    """Silence is a no to marketing."""
    number = world.text(message_class="MARKETING")
    send(recorder())

    assert ("REFUSED", "NO_CONSENT") == world.state(number)


def test_an_open_complaint_stops_care_but_not_service(world, recorder, send, db, clock):
    """While a complaint is open, the customer hears from us about his car only."""
    person, value = world.customer()
    with db.writing() as connection:
        connection.execute(
            schema.complaint.insert().values(
                id=1, store="S01", customer_id=person, state="RECEIVED", updated_at=stamp(clock.now())
            )
        )
    care, service = world.text(person, value, message_class="CARE"), world.text(person, value)
    send(recorder())

    assert [("REFUSED", "OPEN_COMPLAINT"), ("ACCEPTED", None)] == [world.state(care), world.state(service)]


def test_a_shared_number_is_not_told_names(world, recorder, send):
    """A number of two customers gets no text that names one of them."""
    person, value = world.customer()
    world.customer(value)
    named, neutral = world.text(person, value, names_customer=1), world.text(person, value)
    send(recorder())

    assert [("REFUSED", "NAMES_SHARED_NUMBER"), ("ACCEPTED", None)] == [world.state(named), world.state(neutral)]


def test_a_text_that_does_not_fit_is_not_cut(world, recorder, send):
    """A text longer than the vendor takes is refused before it is sent."""
    number = world.text()
    adapter = recorder()
    adapter.limit = Limits(fits=lambda _text: False)
    send(adapter)

    assert [] == adapter.calls
    assert ("REFUSED", "TOO_LONG") == world.state(number)


# ------------------------------------------------------------------ what the vendor answers


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Accepted(ref="x"), "ACCEPTED", None),
        (Rejected(code="bad number"), "FAILED", "REJECTED"),
        (Deferred(code="busy"), "QUEUED", "DEFERRED"),
        (NotSent("CRM-H001", retry_after=5), "QUEUED", "DEFERRED"),
        (Unknown(why="timeout"), "UNKNOWN", "OUTCOME_UNKNOWN"),
        (TransientError("CRM-H002"), "UNKNOWN", "OUTCOME_UNKNOWN"),
        (ZeroDivisionError(), "UNKNOWN", "OUTCOME_UNKNOWN"),
        (lambda _message, _key: "fine", "UNKNOWN", "OUTCOME_UNKNOWN"),
    ],
)
def test_each_answer_has_its_state(world, recorder, send, answer, state, reason):
    """What is not proven unsent may have been sent, a plugin's bug included."""
    number = world.text()
    send(recorder(answer))

    assert (state, reason) == world.state(number)


def test_an_unknown_outcome_is_never_resent_blindly(world, recorder, send, clock):
    """A vendor that can prove nothing: a person decides, and nothing more is sent."""
    number = world.text()
    adapter = recorder(Unknown(why="timeout"))
    for _ in range(5):
        send(adapter)
        clock.tick(hours=1)

    assert ["k1"] == adapter.calls
    assert ("NEEDS_REVIEW", "NEEDS_PERSON") == world.state(number)


def test_a_deferred_text_is_tried_again_within_its_budget(world, recorder, send, clock):
    """Proven unsent, it goes again after the backoff, three times at most."""
    number = world.text()
    adapter = recorder(Deferred(code="throttled"))
    for _ in range(6):
        send(adapter)
        clock.tick(minutes=10)

    assert 3 == len(adapter.calls)
    assert ("FAILED", "RETRIES_EXHAUSTED") == world.state(number)


def test_the_vendors_own_time_is_honoured(world, recorder, send, clock):
    """A text deferred until noon is not tried before noon."""
    world.text()
    adapter = recorder(NotSent("CRM-H001", retry_after=1800))
    send(adapter)
    clock.tick(minutes=29)
    send(adapter)
    early = len(adapter.calls)
    clock.tick(minutes=2)
    send(adapter)

    assert (1, 2) == (early, len(adapter.calls))


def test_bad_credentials_stop_the_account_and_cost_no_text_anything(world, recorder, send):
    """After one rejection of the account nothing more is tried in this run; everything stays due with its budget."""
    numbers = [world.text() for _ in range(5)]
    adapter = recorder(Rejected(code="403", scope=Scope.ACCOUNT))
    report = send(adapter)

    assert 1 == len(adapter.calls)
    assert {"ACCOUNT_STOPPED": 4} == report.left
    assert {"QUEUED"} == {world.state(number)[0] for number in numbers}


def test_an_open_breaker_keeps_texts_due(world, recorder, send, clock):
    """A vendor that is down is left alone after ten calls; later one probe is made, and then everything goes."""
    for _ in range(30):
        world.text()
    down = recorder(Deferred(code="down"))
    report = send(down)
    knocked = len(down.calls)
    clock.tick(minutes=2)
    up = recorder()
    send(up)
    clock.tick(minutes=10)
    send(up)

    assert 10 == knocked
    assert {"BREAKER_OPEN": 20} == report.left
    assert {"ACCEPTED": 30} == dict(Counter(world.states().values()))


def test_a_text_without_an_account_stays_due(world, recorder, send):
    """No account takes marketing: the text waits and the report says why."""
    world.text(message_class="MARKETING")
    adapter = recorder()
    service = Account(name="sms", adapter=adapter, classes=frozenset({MessageClass.SERVICE}), stores=frozenset({"S01"}))
    report = send(adapter, accounts=[service])

    assert {"NO_ACCOUNT": 1} == report.left


def test_a_limit_is_kept(world, recorder, send):
    """`limit` texts are sent, the rest stay due."""
    for _ in range(4):
        world.text()
    adapter = recorder()
    send(adapter, limit=3)

    assert 3 == len(adapter.calls)


def test_a_vendors_rate_is_kept(world, recorder, db, clock, policies):
    """Between two calls of a vendor that takes four a second there is a quarter of a second."""
    from crmcore.flows.send import send_due
    from crmcore.types.store import Store

    world.text(), world.text()
    adapter = recorder()
    adapter.limit = Limits(per_second=4)
    pauses: list[float] = []
    send_due(
        db,
        [Account(name="sms", adapter=adapter)],
        {"S01": Store(code="S01", name="x")},
        policies,
        clock,
        dry_run=False,
        pause=pauses.append,
    )

    assert [0.25, 0.25] == pauses


# ------------------------------------------------------------------ capabilities


def batching(recorder, answers):
    class Batching(recorder, SendsBatches):
        def send_batch(self, pairs):
            self.calls.append([key for key, _ in pairs])
            return answers(pairs)

    adapter = Batching()
    adapter.limit = Limits(batch=3)
    return adapter


def test_a_batch_is_answered_per_recipient(world, recorder, send):
    """Three texts in one call: one taken, one refused, and the one the vendor says nothing of is in doubt."""
    for _ in range(3):
        world.text()
    adapter = batching(recorder, lambda pairs: {pairs[0][0]: Accepted(), pairs[1][0]: Rejected(code="no")})
    send(adapter)

    assert [["k1", "k2", "k3"]] == adapter.calls
    assert {1: "ACCEPTED", 2: "FAILED", 3: "UNKNOWN"} == world.states()


def test_texts_of_one_call_count_against_each_others_cap(world, recorder, send):
    """A batch does not carry three care texts to one customer."""
    person, value = world.customer()
    for _ in range(3):
        world.text(person, value, message_class="CARE")
    adapter = batching(recorder, lambda pairs: {key: Accepted() for key, _ in pairs})
    send(adapter)

    assert [2] == [len(call) for call in adapter.calls]


def test_a_vendor_that_dedupes_gets_the_same_key_again(world, recorder, send, clock):
    """Inside its window the same key is handed in again; the vendor sends it once."""

    class Deduping(recorder, DedupesKeys):
        dedupes_for: ClassVar[timedelta] = timedelta(hours=1)

    number = world.text()
    adapter = Deduping(Unknown(why="timeout"))
    send(adapter)
    adapter.answer = Accepted(ref="x")
    clock.tick(minutes=2)
    send(adapter)

    assert ["k1", "k1"] == adapter.calls
    assert "ACCEPTED" == world.state(number)[0]


def finding(recorder, log):
    class Finding(recorder, FindsMessages):
        absence_is_proof_after: ClassVar[timedelta] = timedelta(minutes=15)

        def find(self, message, *, key, sent_at):
            return log.get(key)

    return Finding(Unknown(why="reset"))


def test_a_text_that_the_vendor_has_is_accepted_without_a_second_call(world, recorder, send, clock):
    """Asked for our key, the vendor shows the text: it was sent, and is not sent again."""
    number = world.text()
    adapter = finding(recorder, {"k1": Found(ref="v1")})
    send(adapter)
    clock.tick(minutes=5)
    send(adapter)

    assert ["k1"] == adapter.calls
    assert ("ACCEPTED", "FOUND_AT_VENDOR") == world.state(number)


def test_two_absences_a_log_lag_apart_prove_that_it_was_not_sent(world, recorder, send, clock):
    """One absence proves nothing, because the log lags; the second, fifteen minutes later, does, and the text goes."""
    number = world.text()
    adapter = finding(recorder, {})
    send(adapter)
    adapter.answer = Accepted()
    seen = []
    for _ in range(4):
        clock.tick(minutes=8)
        send(adapter)
        seen.append(len(adapter.calls))

    assert [1, 1, 2, 2] == seen
    assert "ACCEPTED" == world.state(number)[0]


@pytest.mark.parametrize(
    ("log", "calls", "reason"), [({"k1": Found()}, ["k1"], "FOUND_AT_VENDOR"), ({}, ["k1", "k1"], None)]
)
def test_a_vendor_that_can_both_is_asked_first(world, recorder, send, clock, log, calls, reason):
    """Asking sends nothing; what it does not find is handed in again at once, since the vendor sends the key once."""

    class Both(recorder, FindsMessages, DedupesKeys):
        dedupes_for: ClassVar[timedelta] = timedelta(hours=1)

        def find(self, message, *, key, sent_at):
            return log.get(key)

    number = world.text()
    adapter = Both(Unknown(why="timeout"))
    send(adapter)
    adapter.answer = Accepted()
    clock.tick(minutes=2)
    send(adapter)

    assert calls == adapter.calls
    assert ("ACCEPTED", reason) == world.state(number)


def test_a_vendor_that_pushes_receipts_is_waited_for(world, recorder, send, clock):
    """For a day a receipt may still come; after that a person decides."""

    class Pushing(recorder, ParsesReceipts):
        def parse_receipts(self, request):
            return None

    number = world.text()
    adapter = Pushing(Unknown(why="timeout"))
    send(adapter)
    clock.tick(hours=2)
    send(adapter)
    waiting = world.state(number)
    clock.tick(hours=23)
    send(adapter)

    assert ("UNKNOWN", "WAITING_FOR_PROOF") == waiting
    assert "NEEDS_REVIEW" == world.state(number)[0]
    assert 1 == len(adapter.calls)


# ------------------------------------------------------------------ crashes, races, people


def test_a_claim_whose_sender_died_is_a_doubt(world, recorder, send, db, clock):
    """A text that is SENDING for ten minutes was in the hands of a process that died: it may have gone."""
    number = world.text()
    with db.writing() as connection:
        messages.claim(connection, [number], "sms", clock.now())
    adapter = recorder()
    send(adapter)
    untouched = world.state(number)[0]
    clock.tick(minutes=11)
    send(adapter)

    assert "SENDING" == untouched
    assert "NEEDS_REVIEW" == world.state(number)[0]
    assert [] == adapter.calls


def test_who_comes_back_late_changes_nothing(world, db, clock):
    """The outcome of an old claim does not touch a newer one."""
    from crmcore.rules.messages import Outcome
    from crmcore.types.contact import MessageState

    number = world.text()
    with db.writing() as connection:
        messages.claim(connection, [number], "sms", clock.now())
    old = stamp(clock.now())
    clock.tick(minutes=11)
    with db.writing() as connection:
        messages.claim(connection, [number], "sms", clock.now())
        messages.record(connection, number, Outcome(state=MessageState.QUEUED), clock.now(), claimed_at=old)

    assert "SENDING" == world.state(number)[0]


def test_two_senders_never_send_the_same_text(world, recorder, db, clock, policies):
    """Two processes that run at once share the work; no text is claimed by both."""
    from crmcore.flows.send import send_due
    from crmcore.types.store import Store

    for _ in range(40):
        world.text()
    adapters = [recorder(), recorder()]
    threads = [
        threading.Thread(
            target=send_due,
            args=(db, [Account(name="sms", adapter=adapter)], {"S01": Store(code="S01", name="x")}, policies, clock),
            kwargs={"dry_run": False},
        )
        for adapter in adapters
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls = [key for adapter in adapters for key in adapter.calls]

    assert 40 == len(calls) == len(set(calls))


def test_no_text_is_claimed_while_an_opt_out_commits(world, recorder, db, clock, policies):
    """A claim waits for an opt-out of its number that is under way, and then sees it."""
    from crmcore.flows.send import send_due
    from crmcore.types.store import Store

    person, value = world.customer()
    number = world.text(person, value)
    adapter = recorder()
    sender = threading.Thread(
        target=send_due,
        args=(db, [Account(name="sms", adapter=adapter)], {"S01": Store(code="S01", name="x")}, policies, clock),
        kwargs={"dry_run": False},
    )
    with db.writing() as connection:
        optouts.refuse(connection, [(value, "SMS")], "reply:I1", clock.now())
        sender.start()
        sender.join(timeout=0.5)
        before_commit = list(adapter.calls)
    sender.join()

    assert [] == before_commit
    assert [] == adapter.calls
    assert ("REFUSED", "OPTED_OUT") == world.state(number)


@pytest.mark.parametrize(("answer", "state"), [("sent", "ACCEPTED"), ("not-sent", "QUEUED"), ("drop", "CANCELLED")])
def test_a_person_settles_a_doubt(world, recorder, send, db, clock, answer, state):
    """Somebody who asked the customer says what happened, and the text takes that state."""
    number = world.text()
    send(recorder(Unknown(why="timeout")))
    clock.tick(hours=1)
    send(recorder())
    doubt.settle(db, number, answer, "E01", clock.now())

    assert (state, "SETTLED") == world.state(number)


def test_only_a_doubt_can_be_settled(world, recorder, send, db, clock):
    """A delivered text cannot be sent again by settling it, and an unknown id is named."""
    number = world.text()
    send(recorder())
    with pytest.raises(UsageError, match="CRM-U121"):
        doubt.settle(db, number, "not-sent", "E01", clock.now())
    with pytest.raises(UsageError, match="CRM-U120"):
        doubt.settle(db, 99, "sent", "E01", clock.now())

    assert ("ACCEPTED", None) == world.state(number)


def test_a_doubt_that_the_night_overtakes_goes_to_a_person(world, recorder, send, clock):
    """A vendor forgets keys: a text in doubt that would be held past its window is not sent in the morning."""

    class Deduping(recorder, DedupesKeys):
        dedupes_for: ClassVar[timedelta] = timedelta(hours=1)

    clock.at = datetime(2026, 11, 22, 12, 58, tzinfo=UTC)
    number = world.text()
    adapter = Deduping(Unknown(why="timeout"))
    send(adapter)
    clock.at = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
    send(adapter)

    assert ("NEEDS_REVIEW", "NEEDS_PERSON") == world.state(number)
    assert 1 == len(adapter.calls)
