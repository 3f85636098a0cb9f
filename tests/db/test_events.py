"""What happened is told once each, in order, to whoever asks, however often he dies in between and whoever writes meanwhile."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reading import counting, only_reading

from crmcore.db import complaint_history, complaints, events, inbox, messages, schema
from crmcore.db.columns import stamp
from crmcore.db.engine import Database, take_ids
from crmcore.errors import StoreError, UsageError
from crmcore.flows.events import latest, since
from crmcore.types.complaint import ComplaintEvent, ComplaintState, EventKind
from crmcore.types.event import (
    AnswersCame,
    CallMade,
    CaseMoved,
    CaseOpened,
    ContactMoved,
    FileChanged,
    ReplyCame,
    RungClimbed,
    TextMoved,
)

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
WHEN = stamp(NOW)
CANARY = "金丝雀"
CLIMBED = {
    "round": 1, "level": 2, "clock": "RESPONSE", "role": "CR_MANAGER", "staff": None, "due_at": NOW.isoformat(),
    "late": True,
}  # fmt: skip


def put(connection: Any, table: str, **values: Any) -> int:
    """A row with the next number of its table."""
    (number,) = take_ids(connection, schema.metadata.tables[table], 1)
    connection.execute(schema.metadata.tables[table].insert().values(id=number, **values))
    return number


def people(db: Database) -> None:
    """Customer 1 with a text, a contact and two cases; everything that may hold personal data does."""
    with db.writing() as connection:
        put(connection, "customer", kind="PERSON", name=CANARY, name_key=CANARY, created_at=WHEN, updated_at=WHEN)
        put(connection, "touchpoint", rule="CARE", subject="customer:1", anchor="a", anchor_on=WHEN, occurrence="1",
            store="S01", customer_id=1, due_at=WHEN, channel="SMS", message_class="CARE", state="DUE", explanation="{}",
            created_at=WHEN, updated_at=WHEN)  # fmt: skip
        put(connection, "message", touchpoint_id=1, customer_id=1, value=CANARY, channel="SMS", message_class="CARE",
            purpose="CARE", template="BIRTHDAY", params=CANARY, text=CANARY, store="S01", key="k1", dedupe="d1", state="QUEUED",
            due_at=WHEN, created_at=WHEN, state_at=WHEN)  # fmt: skip
        for _ in range(2):
            put(connection, "complaint", store="S01", customer_id=1, origin="CRM", state="RECEIVED", received_at=WHEN,
                verbatim=CANARY, updated_at=WHEN)  # fmt: skip


def line(kind: EventKind, at: datetime, detail: Any = None, *, before: Any = ComplaintState.RECEIVED) -> ComplaintEvent:
    return ComplaintEvent(
        at=at - timedelta(hours=1),
        recorded_at=at,
        who="E01",
        kind=kind,
        before=before,
        after=ComplaintState.RECEIVED,
        detail=detail or {},
        note=CANARY,
    )


def happen(connection: Any, what: str, at: datetime, mark: str = "") -> None:
    """One fact of each kind that events tell of."""
    when, earlier = stamp(at), stamp(at - timedelta(hours=1))
    match what:
        case "text":
            messages.log(connection, [(1, "HELD", "QUIET_HOURS", CANARY)], at)
        case "reply":
            inbox.keep_reply(connection, account="sms", sender=CANARY, text=CANARY, at=earlier, recorded_at=when,
                             vendor_id=mark, customer_id=1, state="OPTED_OUT", word="TD")  # fmt: skip
        case "call":
            put(connection, "attempt", touchpoint_id=1, complaint_id=2, customer_id=1, at=earlier, recorded_at=when,
                staff="E01", channel="PHONE", outcome="SUCCESS", result="DONE", remark=CANARY, referral=CANARY,
                note=CANARY)  # fmt: skip
        case "answers":
            put(connection, "survey_response", survey="aftersales", source="survey.web", key=mark, side="INTERNAL",
                mode="ONLINE", store="S01", customer_id=1, phone=CANARY, completed_at=earlier, month="2026-11",
                recorded_at=when)  # fmt: skip
        case "opened":
            complaint_history.note(connection, 1, line(EventKind.OPEN, at, before=None))
        case "moved":
            complaint_history.note(connection, 2, line(EventKind.NOTE, at))
        case "climbed":
            complaint_history.note(connection, 1, line(EventKind.ESCALATE, at, CLIMBED))
        case "contact":
            put(connection, "audit", at=when, who="E01", verb="DONE", entity="touchpoint", entity_id=1)
        case "file":
            put(connection, "audit", at=when, who="E01", verb="optout", entity="customer", entity_id=1,
                detail=json.dumps({"channel": "SMS", "why": CANARY}))  # fmt: skip
        case _:
            raise AssertionError(what)


class GaveUp(Exception):
    """A writer that rolls back."""


KINDS = ("text", "reply", "call", "answers", "opened", "moved", "climbed", "contact", "file")
_marks = itertools.count()


def pages(db: Database, size: int, cursor: str | None = None) -> list[Any]:
    """Everything, read in pages of `size`."""
    found: list[Any] = []
    while True:
        page = since(db, cursor, size)
        if not page.events:
            assert page.cursor == cursor or cursor is None
            return found
        assert len(page.events) <= size
        found += page.events
        cursor = page.cursor


def test_each_kind_of_event_tells_ids_codes_and_times(db):
    """A row of each table becomes the event it stands for, with letters on its ids and aware times."""
    people(db)
    for kind in KINDS:
        with db.writing() as connection:
            happen(connection, kind, NOW, kind)
    earlier = NOW - timedelta(hours=1)
    texts, replies, calls, answers, opened, moved, climbed, contact, file = since(db, None, 500).events

    assert TextMoved(
        id="m1", at=NOW, recorded_at=NOW, message_id="M1", customer_id="C1", touchpoint_id="T1", store="S01",
        template="BIRTHDAY", message_class="CARE", state="HELD", reason="QUIET_HOURS",
    ) == texts  # fmt: skip
    assert ReplyCame(
        id="i1", at=earlier, recorded_at=NOW, reply_id="I1", customer_id="C1", account="sms", opted_out=True
    ) == replies  # fmt: skip
    assert CallMade(
        id="a1", at=earlier, recorded_at=NOW, attempt_id="A1", customer_id="C1", touchpoint_id="T1", complaint_id="K2",
        staff="E01", channel="PHONE", outcome="SUCCESS", result="DONE",
    ) == calls  # fmt: skip
    assert AnswersCame(
        id="q1", at=earlier, recorded_at=NOW, response_id="Q1", customer_id="C1", store="S01", survey="aftersales",
        side="INTERNAL", mode="ONLINE",
    ) == answers  # fmt: skip
    case = {"at": earlier, "recorded_at": NOW, "customer_id": "C1", "store": "S01"}
    assert CaseOpened(id="k1", complaint_id="K1", who="E01", **case) == opened
    assert CaseMoved(
        id="k2", complaint_id="K2", who="E01", kind="NOTE", before="RECEIVED", after="RECEIVED", **case
    ) == moved  # fmt: skip
    assert RungClimbed(
        id="k3", complaint_id="K1", level=2, round=1, clock="RESPONSE", role="CR_MANAGER", due_at=NOW, late=True, **case
    ) == climbed  # fmt: skip
    assert ContactMoved(
        id="u1", at=NOW, recorded_at=NOW, touchpoint_id="T1", customer_id="C1", store="S01", verb="DONE", who="E01"
    ) == contact  # fmt: skip
    assert FileChanged(
        id="u2", at=NOW, recorded_at=NOW, subject="C1", verb="OPTOUT", who="E01", channel="SMS"
    ) == file  # fmt: skip


def test_no_event_says_who_somebody_is(db):
    """Nothing that a person is known by, or has said, stands in an event; so nothing is left in them of who was erased."""
    people(db)
    for kind in KINDS:
        with db.writing() as connection:
            happen(connection, kind, NOW, kind)
    found = since(db, None, 500)

    assert len(KINDS) == len(found.events)
    assert CANARY not in repr(found)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    facts=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-3, 3)), max_size=25),
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4),
)
def test_pages_of_any_size_are_the_whole(db, facts, sizes):
    """Whatever happened, and whatever the clocks of the writers said, pages joined are what one reading tells."""
    with db.writing() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(table.delete())
    people(db)
    for kind, minutes in facts:
        with db.writing() as connection:
            happen(connection, kind, NOW + timedelta(minutes=minutes), f"{next(_marks)}")
    whole = list(since(db, None, 10_000).events)
    of_kind = {letter: [int(each.id[1:]) for each in whole if each.id[0] == letter] for letter in events.position(None)}

    assert len(facts) == len(whole)
    assert all(whole == pages(db, size) for size in sizes)
    assert all(list(range(1, len(numbers) + 1)) == numbers for numbers in of_kind.values())


def test_tables_meet_by_when_it_was_written_down(db):
    """Across kinds the earlier one comes first, whatever the order of the tables."""
    people(db)
    for minutes, kind in enumerate(reversed(KINDS)):
        with db.writing() as connection:
            happen(connection, kind, NOW + timedelta(minutes=minutes), kind)
    found = since(db, None, 500).events

    assert [NOW + timedelta(minutes=each) for each in range(len(KINDS))] == [each.recorded_at for each in found]


def test_a_reader_that_is_killed_goes_on_where_it_was(db):
    """Who keeps the cursor after the work sees what he was at once more, and nothing is missing; ids tell it apart."""
    people(db)
    for number in range(20):
        with db.writing() as connection:
            happen(connection, KINDS[number % len(KINDS)], NOW, f"{number}")
    seen: list[str] = []

    def live(cursor: str | None, acts: int) -> tuple[str | None, bool]:
        """Handle events, one after another, and die after some; the cursor that was kept, and whether all was handled."""
        while page := since(db, cursor, 3).events:
            for event in page:
                if acts == 0:
                    return cursor, False
                seen.append(event.id)
                acts -= 1
            cursor = since(db, cursor, 3).cursor
        return cursor, True

    kept, done = None, False
    for acts in itertools.cycle((1, 4, 5, 3)):
        kept, done = live(kept, acts)
        if done:
            break

    assert [each.id for each in since(db, None, 500).events] == list(dict.fromkeys(seen))
    assert len(seen) > len(set(seen))


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_who_commits_late_is_not_passed_over(db, kind):
    """A writer that has its number and takes its time keeps later ones out, so no reader goes past it."""
    people(db)
    started = threading.Event()

    def quick() -> None:
        started.wait()
        with db.writing() as connection:
            happen(connection, kind, NOW, "quick")

    second = threading.Thread(target=quick)
    second.start()
    seen: list[Any] = []
    with db.writing() as slow:
        happen(slow, kind, NOW, "slow")
        started.set()
        time.sleep(0.2)  # time for the other one to overtake, if it could
        first = since(db, None, 500)
        seen += first.events
    second.join()
    seen += pages(db, 1, first.cursor)

    assert [1, 2] == [int(each.id[1:]) for each in seen]


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
def test_nothing_is_lost_or_told_twice_while_many_write(db):
    """Eight that write at once, some of whom take long or give up, and one that reads all the while: each fact once."""
    people(db)
    written: list[str] = []
    over = threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(15):
            mark, kind = f"{seed}.{number}", chance.choice(KINDS)
            with contextlib.suppress(GaveUp), db.writing() as connection:
                happen(connection, kind, NOW, mark)
                time.sleep(chance.random() * 0.01)
                if chance.random() < 0.2:
                    raise GaveUp
                written.append(mark)

    seen: list[Any] = []

    def read() -> None:
        cursor = None
        while True:
            last = over.is_set()
            page = since(db, cursor, 7)
            seen.extend(page.events)
            cursor = page.cursor
            if last and not page.events:
                return

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(8)]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    reader.join()
    ids = [each.id for each in seen]

    assert len(written) == len(ids) == len(set(ids))
    assert {each.id for each in since(db, None, 10_000).events} == set(ids)


@pytest.mark.parametrize("db", ["postgresql"], indirect=True)
def test_two_that_write_of_the_same_cases_never_wait_for_each_other(db):
    """Whoever takes out a case has the numbers of histories first, so that no two transactions hold what the other one wants."""
    people(db)
    first_has_one, failed = threading.Event(), []

    def other() -> None:
        first_has_one.wait()
        try:
            with db.writing() as connection:
                complaints.find(connection, 2, lock=True)
                complaint_history.note(connection, 2, line(EventKind.NOTE, NOW))
        except StoreError as error:
            failed.append(error)

    second = threading.Thread(target=other)
    second.start()
    with db.writing() as connection:
        complaints.find(connection, 1, lock=True)
        complaint_history.note(connection, 1, line(EventKind.NOTE, NOW))
        first_has_one.set()
        time.sleep(0.2)  # time for the other one to take the second case, if it could
        complaints.find(connection, 2, lock=True)
        complaint_history.note(connection, 2, line(EventKind.NOTE, NOW))
    second.join()

    assert [] == failed
    assert ["K1", "K2", "K2"] == [each.complaint_id for each in since(db, None, 500).events]


# ------------------------------------------------------------------ cursors


def test_who_starts_today_is_told_what_comes(db):
    """The latest cursor stands after everything that is there, and before what comes next."""
    people(db)
    with db.writing() as connection:
        happen(connection, "text", NOW)
    cursor = latest(db)
    with db.writing() as connection:
        happen(connection, "reply", NOW, "1")

    assert ["i1"] == [each.id for each in since(db, cursor, 500).events]


@pytest.mark.parametrize("cursor", ["", "x", "m", "m1.", "z1", "m1.m2", "m-1", "m1 ", "m1.i2\n", "m١", "m" + "9" * 19])
def test_a_word_that_is_no_cursor_is_refused(db, cursor):
    """Garbage is an error with a code and never a reading from the start."""
    with pytest.raises(UsageError) as caught:
        since(db, cursor, 500)

    assert "CRM-U160" == caught.value.code


def test_a_cursor_of_another_store_is_refused(db):
    """A position ahead of everything would wait for events that are told to nobody."""
    people(db)
    with pytest.raises(UsageError) as caught:
        since(db, "m1.i0.a0.q0.k0.u0", 500)

    assert "CRM-U161" == caught.value.code


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_page_has_a_size(db, limit):
    """No event, or more than memory is for, cannot be asked for."""
    with pytest.raises(UsageError) as caught:
        since(db, None, limit)

    assert "CRM-U162" == caught.value.code


@given(st.dictionaries(st.sampled_from("miaqku"), st.integers(0, 10**18 - 1), min_size=1))
def test_a_cursor_reads_as_it_was_written(at):
    """What is not named, because it was not there yet, is read from its start."""
    assert dict.fromkeys("miaqku", 0) | at == events.position(events.cursor(at))


def test_reading_writes_nothing(db):
    """Events are read from a store that may only be read, and in one statement a table however many there are."""
    people(db)
    for number in range(30):
        with db.writing() as connection:
            happen(connection, KINDS[number % len(KINDS)], NOW, f"{number}")
    with only_reading(db), counting(db) as said:
        found = since(db, None, 500).events

    assert 30 == len(found)
    assert 7 == len(said)
