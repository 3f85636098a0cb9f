"""What follows from the attempts of one callback."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.attempts import CallbackPolicy, GiveUp, Mend, Next, Settled, Try, after_attempt, may_call
from crmcore.types.contact import AttemptOutcome, CallResult, Effect
from crmcore.types.store import Staff, Store

STORE = Store(code="S01", name="示范店")


def pack(name):
    return tomllib.loads((resources.files("crmcore") / "packs" / f"{name}.toml").read_text("utf-8"))[name]


POLICY = CallbackPolicy(**pack("callbacks"))
RESULTS = {
    code: CallResult(
        code=code,
        label=row["label"],
        outcome=AttemptOutcome(row["outcome"]),
        effect=Effect(row.get("effect", "NONE")),
        cause=row.get("cause", ""),
        ends=row.get("ends", False),
    )
    for code, row in pack("results").items()
}


def at(text: str) -> datetime:
    """Local time in Shanghai, on a day of November 2026: "22 10:35"."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-11-{day}T{clock}").replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def after(*tries, policy=POLICY):
    made = [Try(at=at(when), result=result, next_at=at(*more) if more else None) for when, result, *more in tries]
    return after_attempt(policy, RESULTS, made, STORE)


def test_nobody_answers_and_the_next_try_is_three_store_hours_later():
    """Called at 10:30, the store rests from 12:00 to 13:30: three store hours are over at 15:00."""
    assert Next(at("22 15:00")) == after(("22 10:30", "NO_ANSWER"))


def test_a_busy_customer_is_called_again():
    """Who was busy was reached: another try follows, and it counts as a try."""
    assert Next(at("22 15:00")) == after(("22 10:30", "BUSY"))


def test_after_three_tries_the_call_is_given_up_and_a_text_may_go_on_the_fifth_day():
    """Three times nobody: no fourth call; five days after the first try a text goes instead."""
    said = after(("22 10:30", "NO_ANSWER"), ("22 15:00", "SWITCHED_OFF"), ("23 10:00", "NO_ANSWER"))

    assert GiveUp("GIVEN_UP", text_at=at("27 10:30")) == said


def test_who_was_reached_in_between_gets_no_text():
    """He hung up on the second try: we gave up, and he knows that we called."""
    said = after(("22 10:30", "NO_ANSWER"), ("22 15:00", "HUNG_UP"), ("23 10:00", "NO_ANSWER"))

    assert GiveUp("GIVEN_UP") == said


def test_nobody_for_five_days_is_a_text_now():
    """Where more tries are allowed, five days of silence end them, and the text goes at once."""
    patient = CallbackPolicy(max_attempts=10, retry_hours=3, unreachable_days=5, lease_hours=12)
    four_days = (("22 10:30", "NO_ANSWER"), ("27 10:29", "NO_ANSWER"))

    assert Next(at("27 15:00") - timedelta(minutes=1)) == after(*four_days, policy=patient)
    assert GiveUp("GIVEN_UP", text_at=at("27 10:30")) == after(four_days[0], ("27 10:30", "NO_ANSWER"), policy=patient)


def test_the_silence_begins_anew_once_somebody_was_reached():
    """Busy on the third day: the five days of silence begin after it."""
    patient = CallbackPolicy(max_attempts=10, retry_hours=3, unreachable_days=5, lease_hours=12)
    said = after(("20 10:30", "NO_ANSWER"), ("23 10:00", "BUSY"), ("26 10:30", "NO_ANSWER"), policy=patient)

    assert Next(at("26 15:00")) == said


def test_what_nobody_dialled_is_no_try():
    """Not dialled three times is the caller's matter: the call stays on the list."""
    said = after(("22 10:30", "NOT_DIALLED"), ("22 11:00", "NOT_DIALLED"), ("22 11:30", "NOT_DIALLED"))

    assert Next(at("22 16:00")) == said


def test_the_customer_names_the_time():
    """A booked time is the next try, whatever the hours of the store."""
    assert Next(at("22 19:30"), booked=True) == after(("22 10:30", "OTHER_TIME", "22 19:30"))


def test_tries_begin_anew_after_a_booked_time():
    """Two failed tries before the customer named a time do not count against him after it."""
    said = after(
        ("22 09:00", "NO_ANSWER"),
        ("22 10:00", "NO_ANSWER"),
        ("22 10:30", "OTHER_TIME", "23 10:00"),
        ("23 10:00", "NO_ANSWER"),
    )

    assert Next(at("23 14:30")) == said


def test_a_booking_without_a_time_is_another_try():
    """What names no time is called again like anything else."""
    assert Next(at("22 15:00")) == after(("22 10:30", "OTHER_TIME"))


@pytest.mark.parametrize("result", ["DONE", "INTENDS", "BOOKED", "TAXI", "COMPLAINT"])
def test_a_contact_that_was_made_is_made(result):
    """Done stays done: a row of an earlier try that comes in later opens nothing again."""
    assert Settled() == after(("22 10:30", result))
    assert Settled() == after(("22 10:30", result), ("22 11:30", "NO_ANSWER"))


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("EMPTY_NUMBER", Mend()),
        ("WRONG_NUMBER", Mend()),
        ("EXPLICIT_REFUSAL", GiveUp("DO_NOT_CALL")),
        ("CAR_SOLD", GiveUp("CAR_GONE")),
        ("OTHER", GiveUp("CALL_INVALID")),
    ],
)
def test_what_makes_another_call_senseless_ends_it(result, expected):
    """A dead number, a refusal, a car that is gone: the first try is the last."""
    assert expected == after(("22 10:30", result))


TRIES = st.lists(
    st.builds(
        Try,
        at=st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 30)).map(lambda naive: naive.replace(tzinfo=UTC)),
        result=st.sampled_from(sorted(RESULTS)),
        next_at=st.none() | st.just(at("30 10:00")),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.at,
)


@given(TRIES, st.randoms())
def test_the_order_in_which_rows_come_in_changes_nothing(tries, random):
    """A late import ends where one in time would have."""
    mixed = list(tries)
    random.shuffle(mixed)

    assert after_attempt(POLICY, RESULTS, tries, STORE) == after_attempt(POLICY, RESULTS, mixed, STORE)


@given(TRIES)
def test_nobody_is_called_before_the_call_that_failed(tries):
    """A next try lies after the last one, or where the customer put it."""
    said = after_attempt(POLICY, RESULTS, tries, STORE)
    last = max(one.at for one in tries)

    assert not isinstance(said, Next) or said.booked or said.at > last


SILENT = st.lists(
    st.builds(
        Try,
        at=st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 30)).map(lambda naive: naive.replace(tzinfo=UTC)),
        result=st.sampled_from(["NO_ANSWER", "SWITCHED_OFF", "REFUSED"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.at,
)


@given(SILENT)
def test_nobody_is_dialled_more_often_than_allowed(tries):
    """As long as nobody answers, the tries end at the number of the pack, or after the days of the pack."""
    said = after_attempt(POLICY, RESULTS, tries, STORE)
    times = sorted(one.at for one in tries)
    over = len(tries) >= POLICY.max_attempts or times[-1] - times[0] >= timedelta(days=POLICY.unreachable_days)

    assert isinstance(said, GiveUp) == over


@pytest.mark.parametrize("advisors", [("E05",), ("李顾问",), (None, "E05")])
def test_an_advisor_does_not_call_his_own(advisors):
    """By code or by name, of the visit or of the file; unless the dealer allows it."""
    advisor = Staff(code="E05", name="李顾问", store="S01")

    assert not may_call(advisor, advisors, own_customers=False)
    assert may_call(advisor, advisors, own_customers=True)


@pytest.mark.parametrize("advisors", [(), (None, ""), ("E06",)])
def test_anybody_else_may(advisors):
    """A customer without an advisor, or of another one."""
    assert may_call(Staff(code="E05", name="李顾问", store="S01"), advisors, own_customers=False)
