"""What a program does through `Crm` is what the command of that name does, with the same questions asked before."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from tests.app.living import CONFIG, Living, crm
from tests.flows.making import World

from crmcore.errors import UsageError
from crmcore.flows import complaints as flow
from crmcore.types.complaint import ComplaintState, EventKind, OfferKind, Restoration, Severity
from crmcore.types.customer import Channel
from crmcore.types.event import FileChanged


@pytest.fixture(name="living")
def _living(db, clock):
    return Living(db, clock.now())


@pytest.fixture(name="crm")
def _crm(db, clock):
    with crm(db, clock) as opened:
        yield opened


def test_a_case_from_its_first_word_to_its_end(living, crm, clock):
    """Every step on a case can be taken by a program, each in the name of somebody who works here."""
    living.customer()
    case = crm.complaints.register("charged twice", customer="C1", category="PRICE", by="A01").id
    steps = [
        lambda: crm.complaints.acknowledge(case, by="A01"),
        lambda: crm.complaints.assign(case, "V01", by="M01"),
        lambda: crm.complaints.note(case, "…", by="V01"),
        lambda: crm.complaints.investigate(case, by="V01"),
        lambda: crm.complaints.classify(case, by="V01", severity=Severity.SERIOUS, accused=("A01",)),
        lambda: crm.complaints.pause(case, "PAUSE_PARTS", by="V01"),
        lambda: crm.complaints.resume(case, by="V01"),
        lambda: crm.complaints.respond(case, by="V01"),
        lambda: crm.complaints.offer(case, OfferKind.WASH, Decimal(30), by="V01"),
        lambda: crm.complaints.approve("O1", by="M01"),
        lambda: crm.complaints.answer("O1", accepted=True, by="V01"),
        lambda: crm.complaints.resolve(case, "paid back", by="V01"),
        lambda: crm.complaints.call_back(case, "DONE", Restoration.NOT_RESTORED, by="M01"),
        lambda: crm.complaints.resolve(case, "apologised", by="V01"),
        lambda: crm.complaints.waive(case, "WAIVER_UNREACHABLE", by="M01"),
        lambda: crm.complaints.close(case, by="M01"),
        lambda: crm.complaints.reopen(case, by="api"),
        lambda: crm.complaints.withdraw(case, by="M01"),
    ]
    for step in steps:
        clock.tick(minutes=1)
        step()
    kinds = {each.kind for each in crm.complaints.history(case)}

    assert ComplaintState.WITHDRAWN is crm.complaints.get(case).state
    assert set(EventKind) - kinds == {EventKind.JOIN, EventKind.ASSIGN, EventKind.ESCALATE}
    assert "api" in {each.who for each in crm.complaints.history(case)}
    assert [True] == [each.accepted for each in crm.complaints.offers(case)]


def test_a_case_of_the_dms_is_adopted(living, crm):
    """From then on it has clocks."""
    living.put("complaint", store="S01", origin="DMS", state="RECEIVED", updated_at=living.at(1))

    assert crm.complaints.adopt("K1", by="A01").clocks


def test_the_file_of_a_customer_is_changed_as_at_the_desk(living, crm):
    """Corrected, refused, allowed, merged, split, retired, handed over and erased; each change is an event with its field."""
    living.customer()
    living.customer("王小明", "+8613800130002")
    crm.customers.correct("C1", "name", "王晓明", by="A01")
    crm.customers.opt_out("13800130001", by="A01")
    refused = crm.customers.get("C1").contact_points[0].refused
    crm.customers.opt_in("13800130001", by="api")
    crm.customers.merge("C1", "C2", by="A01")
    crm.customers.split("C1", by="A01")
    crm.customers.retire("C2", "GONE", by="A01")
    told = crm.customers.export("C1")
    crm.customers.erase("C1", by="A01")
    changes = [each for each in crm.events.since().events if isinstance(each, FileChanged)]

    assert frozenset({Channel.SMS}) == refused
    assert "王晓明" in json.dumps(told, ensure_ascii=False)
    assert "" == crm.customers.get("C1").full_name
    assert crm.customers.get("C2").gone
    assert ["CORRECT", "OPTOUT", "OPTIN", "MERGE", "SPLIT", "RETIRE", "ERASE"] == [each.verb for each in changes]
    assert ("name", "SMS", "C2") == (changes[0].field, changes[1].channel, changes[3].other_id)
    assert "王晓明" not in repr(changes)


def test_contacts_are_done_given_and_cancelled(living, crm):
    """As the worklist would have it, with who did it in the trail."""
    person = living.customer()
    for hours in (1, 2, 3):
        living.happen(person, living.car(person, f"京A1234{hours}"), hours)
    crm.touchpoints.assign("T1", "V01", by="M01")
    crm.touchpoints.done("T2", by="A01")
    crm.touchpoints.cancel("T3", by="api")

    assert [("V01", "DUE"), (None, "DONE"), (None, "CANCELLED")] == [
        (each.executor, each.state) for each in map(crm.touchpoints.get, ("T1", "T2", "T3"))
    ]


def test_a_text_in_doubt_and_a_reply_are_settled(living, crm, clock, db):
    """A person says what became of it, and what has been dealt with does not wait any more."""
    number = World(db, clock).text(state="NEEDS_REVIEW")
    living.put("reply", account="sms", sender="x", text="?", at=living.at(1), recorded_at=living.at(1), vendor_id="1",
               state="WAITING")  # fmt: skip
    doubts = crm.messages.in_doubt()
    crm.messages.settle(f"M{number}", "sent", by="A01")
    crm.messages.close_reply("I1", by="A01")
    codes = []
    for step in (
        lambda: crm.messages.settle("M1", "perhaps", by="A01"),
        lambda: crm.messages.settle("M99", "sent", by="A01"),
        lambda: crm.messages.settle("M1", "sent", by="A01"),
        lambda: crm.messages.close_reply("I1", by="A01"),
    ):
        with pytest.raises(UsageError) as caught:
            step()
        codes.append(caught.value.code)

    assert ["M1"] == [each.id for each in doubts]
    assert () == crm.messages.in_doubt() == crm.messages.replies()
    assert ["CRM-U122", "CRM-U120", "CRM-U121", "CRM-U115"] == codes


def test_the_worklist_goes_out_and_comes_back(living, crm, tmp_path):
    """Written by one who works here, and taken in again without a change."""
    person = living.customer()
    living.happen(person, living.car(person), 1)
    done = crm.callbacks.export(tmp_path / "calls.csv", by="A01", store="S01")
    report = crm.callbacks.take_in(tmp_path / "calls.csv", by="A01")

    assert (1, 1) == (done.callbacks, report.not_called)


# ------------------------------------------------------------------ who does it

STEPS = {
    "register": lambda crm, by: crm.complaints.register("…", customer="C1", by=by),
    "adopt": lambda crm, by: crm.complaints.adopt("K1", by=by),
    "acknowledge": lambda crm, by: crm.complaints.acknowledge("K1", by=by),
    "assign": lambda crm, by: crm.complaints.assign("K1", by=by),
    "note": lambda crm, by: crm.complaints.note("K1", "…", by=by),
    "investigate": lambda crm, by: crm.complaints.investigate("K1", by=by),
    "respond": lambda crm, by: crm.complaints.respond("K1", by=by),
    "classify": lambda crm, by: crm.complaints.classify("K1", by=by, category="PRICE"),
    "pause": lambda crm, by: crm.complaints.pause("K1", "PAUSE_PARTS", by=by),
    "resume": lambda crm, by: crm.complaints.resume("K1", by=by),
    "offer": lambda crm, by: crm.complaints.offer("K1", OfferKind.WASH, Decimal(1), by=by),
    "resolve": lambda crm, by: crm.complaints.resolve("K1", "…", by=by),
    "call_back": lambda crm, by: crm.complaints.call_back("K1", "DONE", by=by),
    "waive": lambda crm, by: crm.complaints.waive("K1", "WAIVER_UNREACHABLE", by=by),
    "close": lambda crm, by: crm.complaints.close("K1", by=by),
    "reopen": lambda crm, by: crm.complaints.reopen("K1", by=by),
    "withdraw": lambda crm, by: crm.complaints.withdraw("K1", by=by),
    "correct": lambda crm, by: crm.customers.correct("C1", "name", "X", by=by),
    "opt_out": lambda crm, by: crm.customers.opt_out("13800130001", by=by),
    "opt_in": lambda crm, by: crm.customers.opt_in("13800130001", by=by),
    "merge": lambda crm, by: crm.customers.merge("C1", "C2", by=by),
    "split": lambda crm, by: crm.customers.split("C1", by=by),
    "retire": lambda crm, by: crm.customers.retire("C1", "GONE", by=by),
    "erase": lambda crm, by: crm.customers.erase("C1", by=by),
    "done": lambda crm, by: crm.touchpoints.done("T1", by=by),
    "give": lambda crm, by: crm.touchpoints.assign("T1", "A01", by=by),
    "cancel": lambda crm, by: crm.touchpoints.cancel("T1", by=by),
    "settle": lambda crm, by: crm.messages.settle("M1", "sent", by=by),
    "close_reply": lambda crm, by: crm.messages.close_reply("I1", by=by),
    "export": lambda crm, by: crm.callbacks.export("calls.csv", by=by),
    "take_in": lambda crm, by: crm.callbacks.take_in("calls.csv", by=by),
    "accept": lambda crm, by: crm.proposals.accept("P1", by=by),
    "reject": lambda crm, by: crm.proposals.reject("P1", by=by),
    "decide": lambda crm, by: crm.rework.decide("R1", is_rework=True, by=by),
    "exclude": lambda crm, by: crm.surveys.exclude("Q1", "…", by=by),
    "include": lambda crm, by: crm.surveys.include("Q1", by=by),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_stranger_does_nothing_from_a_program_either(living, crm, step, tmp_path, monkeypatch):
    """Whoever is none of the people is refused before anything is done, and a slip is told with the nearest code."""
    monkeypatch.chdir(tmp_path)
    person = living.customer()
    living.happen(person, living.car(person), 1)
    before, cursor = crm.customers.timeline("C1"), crm.events.latest()
    codes = []
    for by in ("root", "V1"):
        with pytest.raises(UsageError) as caught:
            step(crm, by)
        codes.append(caught.value.code)

    assert ["CRM-U117", "CRM-U118"] == codes
    assert before == crm.customers.timeline("C1")
    assert () == crm.events.since(cursor).events


def test_the_office_asks_as_well(living, crm):
    """Who takes the flows themselves passes the same question."""
    living.customer()
    crm.complaints.register("charged twice", customer="C1", by="api")
    with pytest.raises(UsageError) as caught:
        flow.note(crm.office(), "K1", "…", by="root")

    assert "CRM-U117" == caught.value.code


def test_before_anybody_is_known_any_name_is_taken(living, db, clock):
    """A dealer without a list of people can work on cases, from a program as from the command line."""
    living.customer()
    with crm(db, clock, {key: value for key, value in CONFIG.items() if key != "staff"}) as opened:
        opened.complaints.register("charged twice", customer="C1", by="陈")

        assert ["陈"] == [each.who for each in opened.complaints.history("K1")]


def test_no_accused_is_given_the_call_of_his_case(living, crm, clock):
    """The second callback is not asked by whom the complaint is about; anybody else may be given it."""
    living.customer()
    crm.complaints.register("rude", customer="C1", category="PRICE", by="M01")
    crm.complaints.classify("K1", by="M01", accused=("A01",))
    crm.complaints.resolve("K1", "apologised", by="M01")
    (call,) = crm.touchpoints.due(until=clock.now().replace(year=2027))
    with pytest.raises(UsageError) as caught:
        crm.touchpoints.assign(call.id, "A01", by="M01")
    crm.touchpoints.assign(call.id, "V01", by="M01")

    assert ("CRM-T504", "OWNER_ACCUSED") == (caught.value.code, caught.value.params["reason"])
    assert "V01" == crm.touchpoints.get(call.id).executor
