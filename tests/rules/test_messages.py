"""What is promised of a text once it is on its way: it never goes twice, and nothing known is forgotten."""

import itertools
import tomllib
from datetime import UTC, datetime, timedelta
from importlib import resources

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import lang
from crmcore.rules.messages import (
    FINAL,
    TRANSITIONS,
    Ask,
    Breaker,
    BreakerPolicy,
    Closed,
    Dedupes,
    Finds,
    HalfOpen,
    Nothing,
    Open,
    Outcome,
    Receipts,
    Resend,
    Review,
    SendPolicy,
    Wait,
    after_call,
    after_permit,
    after_receipt,
    after_send,
    becomes_call,
    forward,
    may_become,
    number_after,
    position,
    reconcile,
    vendor_ok,
)
from crmcore.types.contact import (
    Accepted,
    Deferred,
    Hold,
    MessageClass,
    MessageState,
    Receipt,
    ReceiptState,
    Refuse,
    Rejected,
    Scope,
    Send,
    Unknown,
)
from crmcore.types.customer import NumberState

PACK = tomllib.loads((resources.files("crmcore") / "packs" / "contact.toml").read_text("utf-8"))
POLICY = SendPolicy(**PACK["sending"])
BREAKER = BreakerPolicy(**PACK["breaker"])
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
S = MessageState

STATES = st.sampled_from(MessageState)
RECEIPTS = st.builds(Receipt, key=st.just("k"), state=st.sampled_from(ReceiptState), permanent=st.booleans())


def receipt(state, **more):
    return Receipt(key="k", state=state, **more)


# ------------------------------------------------------------------ states and receipts


def test_every_state_is_in_the_table_and_delivered_is_the_end():
    """From every state the customer's receipt is believed; after it nothing changes any more."""
    assert set(MessageState) == set(TRANSITIONS)
    assert all(may_become(state, S.DELIVERED) for state in MessageState)
    assert frozenset() == TRANSITIONS[S.DELIVERED]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (S.UNKNOWN, S.HELD),
        (S.UNKNOWN, S.REFUSED),
        (S.UNKNOWN, S.CANCELLED),
        (S.ACCEPTED, S.QUEUED),
        (S.ACCEPTED, S.SENDING),
        (S.NEEDS_REVIEW, S.SENDING),
        (S.QUEUED, S.UNKNOWN),
        (S.FAILED, S.QUEUED),
    ],
)
def test_no_step_leads_to_a_second_text_or_hides_a_first(old, new):
    """What may have been sent is not refused or sent again without proof; what was taken is not queued."""
    assert not may_become(old, new)
    assert old is forward(old, new)


def test_a_receipt_that_is_faster_than_the_answer_stays():
    """When DELIVERED is recorded before the vendor's own "accepted", it is not overwritten."""
    assert S.DELIVERED is forward(S.DELIVERED, S.ACCEPTED)
    assert S.ACCEPTED is forward(S.SENDING, S.ACCEPTED)
    assert S.SENDING is forward(S.SENDING, S.SENDING)


@pytest.mark.parametrize(
    ("state", "said", "expected"),
    [
        (S.SENDING, ReceiptState.DELIVERED, S.DELIVERED),  # before the answer
        (S.UNKNOWN, ReceiptState.SENT, S.ACCEPTED),  # the doubt is over
        (S.NEEDS_REVIEW, ReceiptState.FAILED, S.FAILED),
        (S.QUEUED, ReceiptState.BUFFERED, S.ACCEPTED),  # the first one did go out: no second
        (S.ACCEPTED, ReceiptState.SENT, S.ACCEPTED),
        (S.ACCEPTED, ReceiptState.FAILED, S.FAILED),
        (S.DELIVERED, ReceiptState.SENT, S.DELIVERED),  # Kannel's type 8 after type 1
        (S.DELIVERED, ReceiptState.BUFFERED, S.DELIVERED),
        (S.DELIVERED, ReceiptState.FAILED, S.DELIVERED),
        (S.FAILED, ReceiptState.BUFFERED, S.FAILED),
        (S.FAILED, ReceiptState.DELIVERED, S.DELIVERED),
        (S.CANCELLED, ReceiptState.FAILED, S.CANCELLED),
        (S.REFUSED, ReceiptState.SENT, S.REFUSED),
    ],
)
def test_receipts_never_move_a_text_backwards(state, said, expected):
    """Delivered outranks failed outranks accepted outranks silence."""
    assert expected is after_receipt(state, receipt(said))


@given(STATES, RECEIPTS)
def test_receipts_take_only_steps_of_the_table(state, one):
    """What a receipt makes of a state is allowed, and hearing it twice changes nothing more."""
    once = after_receipt(state, one)

    assert may_become(state, once)
    assert once is after_receipt(once, one)
    assert state not in FINAL or once in {state, S.DELIVERED}


@given(STATES, st.lists(RECEIPTS, max_size=4))
def test_receipts_may_come_in_any_order(state, receipts):
    """The final state is the same however the receipts were shuffled."""
    ends = set()
    for order in itertools.permutations(receipts):
        end = state
        for one in order:
            end = after_receipt(end, one)
        ends.add(end)

    _, *others = ends
    assert not others


@pytest.mark.parametrize(
    ("state", "said", "expected"),
    [
        (NumberState.UNKNOWN, receipt(ReceiptState.DELIVERED), NumberState.VALID),
        (NumberState.NOT_IN_SERVICE, receipt(ReceiptState.DELIVERED), NumberState.VALID),
        (NumberState.VALID, receipt(ReceiptState.FAILED, permanent=True), NumberState.NOT_IN_SERVICE),
        (NumberState.VALID, receipt(ReceiptState.FAILED), NumberState.VALID),
        (NumberState.UNKNOWN, receipt(ReceiptState.SENT), NumberState.UNKNOWN),
        (NumberState.WRONG_PERSON, receipt(ReceiptState.DELIVERED), NumberState.WRONG_PERSON),
    ],
)
def test_a_receipt_tells_of_the_number_but_not_whose_it_is(state, said, expected):
    """Delivered proves a number alive, a permanent failure proves it dead, a stranger's number stays a stranger's."""
    assert expected is number_after(state, said)


# ------------------------------------------------------------------ the gate and the vendor's answer


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (Send(), Outcome(state=S.SENDING)),
        (Hold(NOW + HOUR, "QUIET_HOURS"), Outcome(state=S.HELD, due_at=NOW + HOUR, reason="QUIET_HOURS")),
        (Refuse("OPTED_OUT"), Outcome(state=S.REFUSED, reason="OPTED_OUT")),
        (Refuse("EXPIRED_WHILE_HELD"), Outcome(state=S.EXPIRED, reason="EXPIRED_WHILE_HELD")),
    ],
)
def test_what_the_gate_decides_is_what_is_recorded(decision, expected):
    """A hold names its end, a refusal its reason, and what came too late has expired."""
    assert expected == after_permit(decision)
    assert may_become(S.QUEUED, after_permit(decision).state)


def sent(result, attempts=1, **more):
    return after_send(result, attempts=attempts, now=NOW, policy=POLICY, **more)


def test_accepted_is_accepted():
    """The vendor's id is kept."""
    assert Outcome(state=S.ACCEPTED, ref="42") == sent(Accepted(ref="42"))


def test_a_rejected_recipient_fails_for_good():
    """Trying again changes nothing; the vendor's code is kept."""
    assert Outcome(state=S.FAILED, reason="REJECTED", code="21211") == sent(Rejected(code="21211"))


def test_a_stopped_account_costs_no_text_anything():
    """Whatever number of tries was made, the text stays due and the account stops."""
    for attempts in (1, 99):
        stopped = sent(Rejected(code="403", scope=Scope.ACCOUNT), attempts)

        expected = Outcome(state=S.QUEUED, due_at=NOW, reason="ACCOUNT_STOPPED", code="403", stops=Scope.ACCOUNT)
        assert expected == stopped


def test_a_rejected_call_says_nothing_of_its_texts():
    """They wait and are tried one by one, within the budget."""
    again = sent(Rejected(code="400", scope=Scope.BATCH))

    expected = Outcome(state=S.QUEUED, due_at=NOW + MINUTE, reason="DEFERRED", code="400", stops=Scope.BATCH)
    assert expected == again
    assert S.FAILED is sent(Rejected(code="400", scope=Scope.BATCH), POLICY.max_attempts).state


def test_what_was_not_taken_is_tried_again_later_and_later():
    """The wait doubles from a minute to an hour."""
    waits = [(sent(Deferred(code="429"), attempts).due_at - NOW) / MINUTE for attempts in range(1, POLICY.max_attempts)]

    expected = [1, 2, 4, 8, 16, 32, 60]
    assert expected == waits
    assert timedelta(seconds=POLICY.backoff_cap_seconds) == POLICY.backoff(10_000)


def test_the_vendors_own_time_is_honoured():
    """A Retry-After is neither shortened nor, once it is past, waited for."""
    for not_before, expected in ((NOW + 3 * HOUR, NOW + 3 * HOUR), (NOW - HOUR, NOW)):
        assert expected == sent(Deferred(code="429", not_before=not_before)).due_at


def test_the_retry_budget_ends():
    """After the last try, or when the next would come too late, the text fails and says so."""
    expected = Outcome(state=S.FAILED, reason="RETRIES_EXHAUSTED", code="429")

    assert expected == sent(Deferred(code="429"), POLICY.max_attempts)
    assert expected == sent(Deferred(code="429", not_before=NOW + timedelta(hours=25)))
    assert expected == sent(Deferred(code="429"), first_at=NOW - timedelta(hours=24))
    assert S.QUEUED is sent(Deferred(code="429"), first_at=NOW - timedelta(hours=23)).state


def test_a_doubt_is_never_queued():
    """A timeout makes a text UNKNOWN however often it was tried."""
    for attempts in (1, 99):
        assert S.UNKNOWN is sent(Unknown(why="ReadTimeout"), attempts).state


@given(
    st.sampled_from(
        [
            Accepted(),
            Unknown(why="reset"),
            Deferred(code="x"),
            *(Rejected(code="x", scope=scope) for scope in Scope),
        ]
    ),
    st.integers(1, 20),
)
def test_every_answer_leads_where_the_table_allows(result, attempts):
    """No answer of a vendor makes a step that is not in the table, and only a doubt or a proof is queued or unknown."""
    outcome = sent(result, attempts)

    assert may_become(S.SENDING, outcome.state)
    assert (outcome.due_at is None) == (outcome.state in FINAL | {S.ACCEPTED})
    assert outcome.due_at is None or outcome.due_at >= NOW


SERVICE = MessageClass.SERVICE


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((SERVICE, S.REFUSED, "OPTED_OUT"), True),
        ((SERVICE, S.FAILED, "RETRIES_EXHAUSTED"), True),
        ((SERVICE, S.FAILED, "EXPIRED"), True),  # the vendor's own word for a phone that stayed off
        ((SERVICE, S.FAILED), True),
        ((SERVICE, S.REFUSED, "EXPIRED"), False),
        ((SERVICE, S.EXPIRED, "EXPIRED_WHILE_HELD"), False),
        ((SERVICE, S.UNKNOWN), False),
        ((SERVICE, S.CANCELLED), False),
        ((MessageClass.CARE, S.REFUSED, "OPTED_OUT"), False),
        ((MessageClass.MARKETING, S.FAILED), False),
    ],
)
def test_a_lost_service_text_becomes_a_call(args, expected):
    """Who waits for news of his car is called when the text does not reach him, unless he wants no calls."""
    assert expected is becomes_call(*args)
    assert not becomes_call(*args, calls_refused=True)


# ------------------------------------------------------------------ doubt


def test_a_vendor_that_sends_a_key_once_gets_it_again_in_its_window():
    """Inside the window the same key is safe, and the answer says until when; after it a person decides."""
    window = Dedupes(HOUR)

    assert Resend(before=NOW + HOUR) == reconcile(NOW, window, 0, None, NOW + HOUR - MINUTE)
    assert Review() == reconcile(NOW, window, 0, None, NOW + HOUR)


def test_absent_twice_and_far_enough_apart_proves_not_sent():
    """The vendor is asked at once, and again after its log has had time to catch up; only then is it sent again."""
    asks = Finds(15 * MINUTE)

    assert Ask() == reconcile(NOW, asks, 0, None, NOW)
    assert Wait(NOW + 15 * MINUTE) == reconcile(NOW, asks, 1, NOW, NOW + 14 * MINUTE)
    assert Ask() == reconcile(NOW, asks, 1, NOW, NOW + 15 * MINUTE)
    assert Resend() == reconcile(NOW, asks, 2, NOW + 15 * MINUTE, NOW + 15 * MINUTE)


def test_what_is_absent_goes_again_in_the_window_of_a_vendor_that_can_both():
    """It is asked before anything is handed in; one absence is enough where the key is sent once, and two are needed after that."""
    both = Finds(15 * MINUTE, window=HOUR)

    assert Ask() == reconcile(NOW, both, 0, None, NOW)
    assert Resend(before=NOW + HOUR) == reconcile(NOW, both, 1, NOW, NOW)
    assert Ask() == reconcile(NOW, both, 0, None, NOW + HOUR)
    assert Wait(NOW + 75 * MINUTE) == reconcile(NOW, both, 1, NOW + HOUR, NOW + HOUR)
    assert Resend() == reconcile(NOW, both, 2, NOW + 75 * MINUTE, NOW + 75 * MINUTE)


def test_a_vendor_that_only_pushes_receipts_is_waited_for():
    """A receipt may still come; when none comes any more, a person decides."""
    pushes = Receipts(timedelta(hours=POLICY.receipt_wait_hours))

    assert Wait(NOW + 24 * HOUR) == reconcile(NOW, pushes, 0, None, NOW + 23 * HOUR)
    assert Review() == reconcile(NOW, pushes, 0, None, NOW + 24 * HOUR)


def test_a_vendor_that_proves_nothing_is_a_persons_case_at_once():
    """Nothing is resent on hope."""
    assert Review() == reconcile(NOW, Nothing(), 9, NOW, NOW + timedelta(days=9))


@settings(max_examples=300)
@given(
    st.integers(1, 30).map(lambda n: n * MINUTE),
    st.integers(0, 60).map(lambda n: n * MINUTE),
    st.lists(st.integers(0, 40).map(lambda n: n * MINUTE), max_size=30),
)
def test_no_text_goes_twice_while_the_log_lags_less_than_declared(declared, lag, looks):
    """However irregularly we look, a text that was taken is found before it would be sent again."""
    lag = min(lag, declared)
    now, absences, last = NOW, 0, None
    for pause in looks:
        now += pause
        match reconcile(NOW, Finds(declared), absences, last, now):
            case Ask() if now < NOW + lag:
                absences, last = absences + 1, now
            case Ask():
                return  # found
            case verdict:
                assert not isinstance(verdict, Resend)


# ------------------------------------------------------------------ the breaker


def calls(outcomes, start=NOW, step=timedelta(seconds=1)):
    breaker = Breaker()
    for number, one in enumerate(outcomes):
        breaker = after_call(breaker, start + number * step, BREAKER, ok=one == "+")
    return breaker


def test_a_vendor_that_is_down_is_left_alone_after_few_calls():
    """It opens on the share of failures, with a minimum of calls, and within twenty calls."""
    assert Closed() == position(calls("-" * 9), NOW, BREAKER)
    assert isinstance(position(calls("-" * 10), NOW, BREAKER), Open)
    assert isinstance(position(calls("+" * 20 + "-" * 10), NOW, BREAKER), Open)
    assert Closed() == position(calls("+" * 20 + "-" * 9), NOW, BREAKER)


def test_a_success_never_opens_it():
    """It opens when a call fails, not when the tenth call of a bad series works."""
    assert Closed() == position(calls("-" * 9 + "+"), NOW, BREAKER)


def test_after_the_pause_one_probe_decides():
    """One call is let through; it closes the breaker with a clean slate, or opens it for another pause."""
    pause = timedelta(seconds=BREAKER.pause_seconds)
    opened = Breaker(opened_at=NOW)

    assert Open(NOW + pause) == position(opened, NOW + pause - MINUTE / 60, BREAKER)
    assert HalfOpen() == position(opened, NOW + pause, BREAKER)
    assert Breaker() == after_call(opened, NOW + pause, BREAKER, ok=True)
    assert Breaker(opened_at=NOW + pause) == after_call(opened, NOW + pause, BREAKER, ok=False)


def test_a_call_that_was_under_way_when_it_opened_changes_nothing():
    """Neither its success nor its failure is the probe."""
    opened = Breaker(opened_at=NOW)

    for ok in (True, False):
        assert opened == after_call(opened, NOW + timedelta(seconds=1), BREAKER, ok=ok)


@given(st.text("+-", max_size=60))
def test_what_is_remembered_survives_being_stored(outcomes):
    """The breaker reads back what it wrote, keeps only the sample, and starts closed."""
    breaker = calls(outcomes)

    assert breaker == Breaker.from_json(breaker.to_json())
    assert len(breaker.recent) <= BREAKER.sample
    assert Breaker() == Breaker.from_json(None)


@given(st.text("+-", max_size=200))
def test_a_vendor_that_is_down_costs_few_calls(outcomes):
    """Between two openings, at least every second of the calls that count has failed; a healthy vendor is never left alone."""
    breaker = Breaker()
    for number, one in enumerate(outcomes):
        now = NOW + number * timedelta(seconds=1)
        before, breaker = breaker, after_call(breaker, now, BREAKER, ok=one == "+")
        if before.opened_at is None and breaker.opened_at is not None:
            seen = (before.recent + one)[-BREAKER.sample :]
            assert len(seen) >= BREAKER.min_calls
            assert seen.count("-") * 2 >= len(seen)


@pytest.mark.parametrize(
    ("result", "ok"),
    [
        (Accepted(), True),
        (Rejected(code="x"), True),
        (Rejected(code="x", scope=Scope.BATCH), True),
        (Rejected(code="x", scope=Scope.ACCOUNT), False),
        (Deferred(code="x"), False),
        (Unknown(why="x"), False),
    ],
)
def test_a_wrong_number_is_not_the_vendors_illness(result, ok):
    """Only what says that the vendor or the account does not work counts against it."""
    assert ok is vendor_ok(result)


# ------------------------------------------------------------------ words


@pytest.mark.parametrize("code", ["REJECTED", "ACCOUNT_STOPPED", "DEFERRED", "RETRIES_EXHAUSTED", "OUTCOME_UNKNOWN"])
@pytest.mark.parametrize("language", lang.LANGUAGES)
def test_every_reason_has_words_and_a_next_step(code, language):
    """A person who looks at a text is told what happened to it."""
    text, fix = lang.reason(code, language)

    assert text not in {"", code}
    assert fix


def test_outcomes_are_compared_by_what_they_say():
    """A batch's stop is part of what is recorded."""
    assert attrs.evolve(sent(Deferred(code="x")), stops=Scope.BATCH) == sent(Rejected(code="x", scope=Scope.BATCH))
