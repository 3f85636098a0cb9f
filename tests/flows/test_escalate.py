"""What is overdue climbs the ladder: each rung once, however late and however often anybody looks."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.flows.complaining import cases, rows

from crmcore.db import complaint_history, schema
from crmcore.db.columns import stamp
from crmcore.flows import complaint_end as end
from crmcore.flows import complaints as flow
from crmcore.flows.casework import Office
from crmcore.flows.complaints import Judged, Told
from crmcore.flows.escalate import escalate
from crmcore.types.complaint import ClockKind, Escalation, EventKind
from crmcore.types.store import Role


@pytest.fixture(name="office")
def _office(db, clock):
    return Office(db=db, cases=cases(), clock=clock)


@pytest.fixture(name="case")
def _case(office, world):
    """K1, opened at 10:00."""
    who, _ = world.customer()
    flow.open_case(office, Told(words="等太久了", customer=f"C{who}"), by="A01")
    return "K1"


def run(office):
    report = escalate(office.db, office.cases, office.clock)
    return [(each.case, each.level, each.clock.value, each.late) for each in report.climbed]


def rungs(db):
    return [(row.level, row.at, row.late) for row in sorted(rows(db, "escalation"), key=lambda row: row.level)]


def test_thirty_minutes_and_the_manager_hears(db, office, case, clock):
    """At thirty minutes it is not late; a minute after, the CR manager is owed an alert, once."""
    clock.tick(minutes=30)
    before = escalate(office.db, office.cases, office.clock)
    clock.tick(minutes=1)
    then = run(office)
    clock.tick(minutes=2)
    again = run(office)
    alerts = [row for row in rows(db, "alert") if row.kind == "ESCALATED"]

    assert (0, []) == (before.looked, before.climbed)
    assert [] == again
    assert [("K1", 1, "HANDOVER", False)] == then
    assert [("CR_MANAGER", "M01", 1, 1)] == [(row.role, row.staff, row.round, row.level) for row in alerts]
    assert stamp(clock.now() - timedelta(minutes=3)) == alerts[0].due_at
    assert [EventKind.OPEN, EventKind.ESCALATE] == events(db)


def events(db):
    with db.reading() as connection:
        return [event.kind for event in complaint_history.events(connection, 1)]


def test_downtime_is_lateness_never_omission(db, office, case, clock):
    """Nobody looked for three days: every rung is climbed, each recorded as late."""
    clock.tick(days=9)
    report = escalate(db, office.cases, clock)

    assert [1, 2, 3] == sorted(each.level for each in report.climbed)
    assert 3 == report.late == len(rungs(db))
    assert {1} == {late for _, _, late in rungs(db)}


def test_what_was_done_late_while_nobody_looked_is_recorded(db, office, case, clock):
    """Handed over after fifty minutes, and only then somebody looks: the rung is climbed as late, and nobody is woken for it."""
    clock.tick(minutes=50)
    flow.assign(office, case, by="M01")
    late = run(office)
    again = run(office)

    assert [("K1", 1, "HANDOVER", True)] == late
    assert [] == again
    assert "ESCALATED" not in {row.kind for row in rows(db, "alert")}


def test_what_ended_late_between_two_looks_is_recorded_too(db, office, case, clock):
    """Also of a case that was over before anybody looked."""
    run(office)
    clock.tick(minutes=50)
    end.withdraw(office, case, by="A01")
    clock.tick(minutes=50)

    assert [("K1", 1, "HANDOVER", True)] == run(office)


def test_what_ended_in_time_is_left_alone(office, case, clock):
    """No deadline that was kept is ever escalated."""
    clock.tick(minutes=10)
    end.withdraw(office, case, by="A01")
    clock.tick(days=9)

    assert [] == run(office)


def test_a_clock_that_stands_still_is_not_overdue(office, case, clock):
    """While it waits for the customer nobody is told; when it runs again the rest counts."""
    flow.assign(office, case, by="M01")
    clock.tick(minutes=60)
    flow.pause(office, case, "PAUSE_CUSTOMER", by="V01")
    clock.tick(minutes=180)
    paused = run(office)
    flow.resume(office, case, by="V01")
    clock.tick(minutes=59)
    in_time = run(office)
    clock.tick(minutes=2)

    assert [] == paused == in_time
    assert [("K1", 2, "RESPONSE", False)] == run(office)


def test_a_new_round_climbs_anew(db, office, case, clock):
    """A reopened case has a ladder of its own."""
    clock.tick(minutes=31)
    run(office)
    end.resolve(office, case, "x", by="V01")
    end.reopen(office, case, by="M01")
    clock.tick(minutes=31)

    assert [("K1", 1, "HANDOVER", False)] == run(office)
    assert {(1, 1), (2, 1)} == {(row.round, row.level) for row in rows(db, "escalation")}
    assert {1, 2} == {row.round for row in rows(db, "alert") if row.kind == "ESCALATED"}


def test_eight_looking_at_once_climb_once(db, office, case, clock):
    """However many look at the same moment, each rung is climbed by one of them and told once."""
    clock.tick(days=9)
    start, climbed = threading.Barrier(8), []

    def look():
        start.wait()
        climbed.extend(run(office))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 3 == len(climbed) == len(rungs(db))
    assert 3 == len([row for row in rows(db, "alert") if row.kind == "ESCALATED"])
    assert 3 == events(db).count(EventKind.ESCALATE)


def test_the_key_is_the_last_guard(db, office, case, clock):
    """A rung of one round is kept once, whoever tries."""
    step = Escalation(level=1, clock=ClockKind.HANDOVER, role=Role.CR_MANAGER, due_at=clock.now(), at=clock.now())
    with db.writing() as connection:
        said = [complaint_history.climb(connection, 1, step) for _ in range(2)]

    assert [True, False] == said


def test_one_case_that_breaks_keeps_the_others(db, office, case, clock, world, monkeypatch):
    """Each case is a transaction of its own: the others climb, the failure is told, and the next run finds what is left."""
    who, _ = world.customer()
    flow.open_case(office, Told(words="等太久了", customer=f"C{who}"), by="A01")
    clock.tick(minutes=31)
    climb = complaint_history.climb

    def breaks(connection, number, step):
        if number == 1:
            raise ZeroDivisionError
        return climb(connection, number, step)

    with monkeypatch.context() as broken:
        broken.setattr(complaint_history, "climb", breaks)
        with pytest.raises(ZeroDivisionError):
            run(office)
    kept = len(rungs(db))

    assert 1 == kept, "K2 had its turn"
    assert [("K1", 1, "HANDOVER", False)] == run(office)


def test_a_case_of_the_dms_never_climbs(db, office, case, clock):
    """What the dealer's own list keeps has no deadlines here."""
    with db.writing() as connection:
        connection.execute(schema.complaint_clock.delete())
        connection.execute(update(schema.complaint).values(origin="DMS"))
    clock.tick(days=9)

    assert [] == run(office)


def test_the_head_of_the_department_is_named_when_there_is_one(db, office, case, clock):
    """There is one of that job: he is named along with his role."""
    flow.assign(office, case, by="M01")
    flow.classify(office, case, Judged(accused=("D01",)), by="M01")
    clock.tick(days=1)
    run(office)
    staff = {row.level: (row.role, row.staff) for row in rows(db, "escalation")}

    assert ("SERVICE_MANAGER", "V01") == staff[2]
