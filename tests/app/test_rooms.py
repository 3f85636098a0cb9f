"""What the desk decides about the store itself can be read and decided by a program: in values, and in the name of somebody."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import attrs
import pytest
from tests.app.living import CONFIG, Living
from tests.app.living import crm as crm_of
from tests.flows.test_improve import Office
from tests.reading import only_reading

from crmcore.errors import UsageError
from crmcore.flows.survey_review import Flagged
from crmcore.rules.score.compare import Verdict
from crmcore.rules.surveys.integrity import DROPPED_AFTER_BAD_VISIT, Dropped
from crmcore.types.complaint import ActionStatus, ComplaintState, MeetingKind
from crmcore.types.contact import MessageState, TouchpointState
from crmcore.types.event import FileChanged
from crmcore.types.store import Role
from crmcore.types.survey import InvitationState, Side


@pytest.fixture(name="living")
def _living(db, clock):
    return Living(db, clock.now())


@pytest.fixture(name="crm")
def _crm(db, clock):
    with crm_of(db, clock) as opened:
        yield opened


@pytest.fixture(name="office")
def _office(db, clock):
    return Office(db, clock)


def refused(*steps):
    """The codes with which each step is refused."""
    codes = []
    for step in steps:
        with pytest.raises(UsageError) as caught:
            step()
        codes.append(caught.value.code)
    return codes


# ------------------------------------------------------------------ what the data suggests


def propose(living, **values):
    asked = {"entity": "customer", "entity_id": 1, "source": "main", "why": "CORRECTED", "created_at": living.at(1)}
    living.put("proposal", fingerprint=repr(sorted(values.items())), **{**asked, **values})


def test_proposals_are_accepted_and_rejected(living, crm):
    """What is accepted is done, what is rejected is left; either is decided once, and is an event with who did it."""
    living.customer()
    propose(living, kind="FIELD", field="name", old="王小明", new="王晓明")
    propose(living, kind="FIELD", field="address", new="示范路 1 号")
    propose(living, kind="CONTACT", field="phone", old="+8613800130001", why="NUMBER_DEAD")
    waiting = crm.proposals.find()
    done = crm.proposals.accept("P1", by="A01")
    left = crm.proposals.reject("P2", by="api")
    codes = refused(
        lambda: crm.proposals.accept("P2", by="A01"),
        lambda: crm.proposals.reject("P9", by="A01"),
        lambda: crm.proposals.accept("P3", by="A01"),
        lambda: crm.proposals.accept("P3", by="A01", number="13800130001"),
    )
    crm.proposals.accept("P3", by="A01", number="13800130002")
    told = [(each.verb, each.who) for each in crm.events.since().events if isinstance(each, FileChanged)]

    assert [("P1", "FIELD", "C1"), ("P2", "FIELD", "C1"), ("P3", "CONTACT", "C1")] == [
        (each.id, each.kind, each.entity_id) for each in waiting
    ]
    assert waiting[0].created_at == living.now - timedelta(hours=1)
    assert ("APPLIED", "REJECTED") == (done.state, left.state)
    assert ["CRM-S236", "CRM-S236", "CRM-U310", "CRM-U311"] == codes
    assert "王晓明" == crm.customers.get("C1").full_name
    assert ["C1"] == [each.id for each in crm.customers.find(phone="13800130002")]
    assert (["P2"], 3) == ([each.id for each in crm.proposals.find("REJECTED")], len(crm.proposals.find(None)))
    assert [("PROPOSAL_APPLIED", "A01"), ("PROPOSAL_REJECTED", "api"), ("PROPOSAL_APPLIED", "A01")] == told
    assert "王" not in repr(waiting)


def test_rejects_are_read_again_and_dismissed(living, crm):
    """A row stays open until it is dismissed or mended, and is shown with its place and what stood in it."""
    living.put("source", name="main", system="dms", cursor="9")
    for number in (1, 2):
        living.put(
            "reject", source_id=1, part="ro.csv", at=f"ro.csv:{number}", column="phone", shape="9 digits", reason="PHONE_BAD",
            catalog="crmcore", raw=json.dumps({"电话": "138"}), digest=bytes([number]), first_at=living.at(2), last_at=living.at(1),
        )  # fmt: skip
    first, second = crm.rejects.find()
    counts = (crm.rejects.retry(), crm.rejects.retry("J1"), crm.rejects.dismiss("J2"), crm.rejects.dismiss())

    assert ("J1", "main", ("ro.csv:1",), "PHONE_BAD") == (first.id, first.source, first.place, first.reason)
    assert (2, 1, 1, 0) == counts
    assert ([first.id], [second.id]) == (
        [each.id for each in crm.rejects.find()],
        [each.id for each in crm.rejects.find("DISMISSED")],
    )
    assert ((), 2) == (crm.rejects.find(source="other"), len(crm.rejects.find(None, source="main")))
    assert ["CRM-S220"] * 2 == refused(lambda: crm.rejects.retry("J9"), lambda: crm.rejects.dismiss("2x"))
    assert first.last_at == living.now - timedelta(hours=1)


# ------------------------------------------------------------------ repairs, and what is to be mended


def test_the_register_of_rework_is_read_and_decided(office, crm):
    """By default of the last 90 days; a person's word stands beside what was found."""
    car = office.car()
    first, second = office.order(car, 20), office.order(car, 15)
    old = office.order(office.car(), 200)
    crm.rework.decide(f"RO{second}", is_rework=True, by="V01", original=f"RO{first}", cause="终检", responsible="A01")
    (row,) = crm.rework.look_up().rows
    found = crm.rework.look_up()
    crm.rework.decide(f"RO{second}", is_rework=False, by="V01")

    assert (f"RO{first}", f"RO{second}", "REWORK", "终检", "A01") == (
        row.order, row.returned, row.verdict, row.cause, row.responsible,
    )  # fmt: skip
    assert (90, 2) == ((found.until - found.since).days, found.rates.orders + found.rates.open)
    assert found.until == date(2026, 11, 22)
    assert "NOT_REWORK" == crm.rework.look_up().rows[0].verdict
    assert 1 == crm.rework.look_up(until=found.until - timedelta(days=180)).rates.orders
    assert ["CRM-U140", "CRM-U113"] == refused(
        lambda: crm.rework.decide("RO404", is_rework=True, by="V01"), lambda: crm.rework.look_up(store="S09")
    )
    assert old


PLAN = {
    "cause": "没有终检",
    "measure": "交车前终检",
    "responsible": "V01",
    "supervisor": "M01",
    "due_on": date(2026, 12, 1),
}


def test_a_row_of_the_plan_goes_from_a_weak_score_to_its_measure(office, crm):
    """It remembers the score and the cases it came from; the next wave says whether it moved."""
    factor = crm.surveys.get("aftersales").questions["WORK_DONE"].factor
    office.case(7)
    for wave, score in (("2026-Q2", 4), ("2026-Q3", 9)):
        office.wave(wave, [score] * 40, question="WORK_DONE")
        if wave == "2026-Q2":
            made = crm.actions.add(
                factor, survey="aftersales", item="WORK_DONE", wave=wave, side=Side.EXTERNAL, target=Decimal("80.5"),
                priority=1, cases=["K7"], **PLAN,
            )  # fmt: skip
            taken = crm.actions.move(made.id, ActionStatus.DONE)
    (measured,) = crm.actions.measure()
    after = crm.actions.get("B1")

    assert (Decimal("33.33"), Decimal("80.5"), ("K7",), Side.EXTERNAL) == (
        made.last_score, made.target_score, made.cases, made.side,
    )  # fmt: skip
    assert attrs.evolve(made, status=ActionStatus.DONE) == taken
    assert ("B1", Verdict.MOVED_UP, "2026-Q3") == (measured.action, measured.verdict, measured.wave)
    assert (ActionStatus.VERIFIED, Decimal("88.89"), "MOVED_UP") == (after.status, after.result_score, after.verdict)
    assert ((), (after,)) == (crm.actions.find(), crm.actions.find([]))


def test_a_row_that_cannot_be_is_refused(office, crm):
    """What does not exist, a target that is no index, a priority that is none; nothing is kept."""
    assert ["CRM-U130", "CRM-U130", "CRM-U131", "CRM-T501", "CRM-U134", "CRM-U134", "CRM-U113"] == refused(
        lambda: crm.actions.add("x", survey="other", **PLAN),
        lambda: crm.actions.add("x", priority=4, **PLAN),
        lambda: crm.actions.add("x", cases=["K9"], **PLAN),
        lambda: crm.actions.add("x", cases=["X9"], **PLAN),
        lambda: crm.actions.add("x", target=Decimal("100.01"), **PLAN),
        lambda: crm.actions.add("x", target=Decimal("nan"), **PLAN),
        lambda: crm.actions.add("x", store="S09", **PLAN),
    )
    assert () == crm.actions.find([])
    assert ["CRM-U132"] * 3 == refused(
        lambda: crm.actions.get("B1"), lambda: crm.actions.move("B1", ActionStatus.DONE), lambda: crm.actions.get("K1")
    )


def test_a_meeting_has_its_sheet_and_leaves_its_record(office, crm):
    """By default about the last seven days, and today; no customer is named on it."""
    office.case(1, category="PRICE", verbatim="多收了钱")
    made = crm.actions.add("invoices", **PLAN)
    sheet = crm.meetings.sheet(MeetingKind.COMPLAINT)
    held = crm.meetings.add(
        MeetingKind.COMPLAINT, chair="M01", attendees=["M01", "V01"], record="从周一起", actions=[made.id]
    )
    other = crm.meetings.add(MeetingKind.QUALITY, held_on=date(2026, 11, 1))

    assert (date(2026, 11, 16), date(2026, 11, 22)) == (sheet.since, sheet.until)
    assert (["K1"], (made,)) == ([each.id for each in sheet.cases], sheet.actions)
    assert "多收了钱" not in repr(sheet)
    assert ("G1", "M01", ("M01", "V01"), "从周一起", ("B1",)) == (
        held.id, held.chair, held.attendees, held.record, held.actions,
    )  # fmt: skip
    assert held.held_on == date(2026, 11, 22)
    assert (held, other) == crm.meetings.find()
    assert ((other,), ()) == (crm.meetings.find(MeetingKind.QUALITY), crm.meetings.find(MeetingKind.IMPROVEMENT))
    assert ["CRM-U132"] == refused(lambda: crm.meetings.add(MeetingKind.QUALITY, actions=["B9"]))


# ------------------------------------------------------------------ surveys


def test_answers_are_read_and_judged(living, crm):
    """A response comes with its answers and flags; who excludes it says why, and is an event."""
    person = living.customer()
    living.happen(person, living.car(person), 2)
    living.put("survey_response", survey="delivery", source="survey.web", key="x", side="INTERNAL", mode="ONLINE", store="S01",
               staff="V01", completed_at=living.at(1), month="2026-11", recorded_at=living.at(0), flags='["STAFF_PHONE", "ASKED_TWICE"]')  # fmt: skip
    last, first = crm.surveys.responses()
    crm.surveys.exclude("Q2", "filled in by staff", by="M01")
    flagged = crm.surveys.flagged()
    crm.surveys.include("Q2", by="api")

    assert ("Q2", ("STAFF_PHONE", "ASKED_TWICE"), "Q1", "C1") == (last.id, last.flags, first.id, first.customer_id)
    assert {"OVERALL": "9", "REMARK": "好"} == {each.question: each.value for each in first.answers}
    both = [Flagged(flag=code, response="Q2", staff="V01", valid=False) for code in ("STAFF_PHONE", "ASKED_TWICE")]
    assert both == list(flagged)
    assert [attrs.evolve(both[1], valid=True)] == list(crm.surveys.flagged("ASKED_TWICE"))
    assert () == crm.surveys.flagged("SHARED_PHONE")
    assert [first] == list(crm.surveys.responses("aftersales"))
    assert [("Q2", "EXCLUDE", "M01"), ("Q2", "INCLUDE", "api")] == [
        (each.subject, each.verb, each.who) for each in crm.events.since().events if isinstance(each, FileChanged)
    ]
    assert ["CRM-S406", "CRM-S404", "CRM-S404", "CRM-S405", "CRM-S403", "CRM-S403"] == refused(
        lambda: crm.surveys.exclude("Q2", " ", by="M01"),
        lambda: crm.surveys.exclude("Q9", "…", by="M01"),
        lambda: crm.surveys.exclude("K2", "…", by="M01"),
        lambda: crm.surveys.include("Q2", by="M01"),
        lambda: crm.surveys.get("other"),
        lambda: crm.surveys.responses("other"),
    )


def test_questionnaires_come_with_how_much_there_is_of_them(living, db, clock):
    """Those that nobody uses as well; invitations by state, answers to items that nobody has mapped by their source."""
    person = living.customer()
    living.happen(person, living.car(person), 2)
    for number, state in enumerate(("SENT", "SENT", "COMPLETE")):
        living.put("survey_invitation", survey="aftersales", instance="web", store="S01", customer_id=person, token=f"t{number}",
                   state=state, state_at=living.at(1), created_at=living.at(1))  # fmt: skip
    living.put("survey_answer", response_id=1, question="?Q9", value="红色")
    web = {"adapter": "csv", "survey": "aftersales", "path": "answers.csv", "side": "INTERNAL", "mode": "ONLINE"}
    with crm_of(db, clock, {**CONFIG, "survey": {"web": web}}) as crm:
        use = {each.survey.code: each for each in crm.surveys.in_use()}

    assert {InvitationState.SENT: 2, InvitationState.COMPLETE: 1} == use["aftersales"].invited
    assert (1, 0, {}) == (use["aftersales"].responses, use["delivery"].responses, use["delivery"].invited)
    assert (("survey.web",), 1) == (use["aftersales"].sources, use["aftersales"].unmapped)
    assert ((), 0) == (use["delivery"].sources, use["delivery"].unmapped)
    assert list(crm.config.surveys) == list(use)


def test_an_advisor_who_asks_after_good_visits_only_stands_among_the_flags(crm, monkeypatch):
    """Without a response, with the counts that say so."""
    found = Dropped(staff="V01", bad=9, bad_asked=1, good=9, good_asked=9)
    monkeypatch.setattr("crmcore.flows.survey_review.dropped_after_bad_visits", lambda *_: (found,))

    assert (Flagged(flag=DROPPED_AFTER_BAD_VISIT, staff="V01", dropped=found),) == crm.surveys.flagged()
    assert crm.surveys.flagged() == crm.surveys.flagged(DROPPED_AFTER_BAD_VISIT)
    assert () == crm.surveys.flagged("STAFF_PHONE")


# ------------------------------------------------------------------ colleagues


def test_what_is_open_with_a_colleague_goes_to_others(living, crm):
    """Cases at once, when he is away or has left; contacts to whom is named."""
    person = living.customer()
    living.happen(person, living.car(person), 1)
    crm.touchpoints.assign("T1", "V01", by="M01")
    crm.complaints.register("charged twice", customer="C1", category="PRICE", by="A01", apart=True)
    crm.complaints.assign("K2", "V01", by="M01")
    before = {each.staff.code: (each.open, each.cases) for each in crm.staff.members()}
    away = crm.staff.away("V01", date(2026, 11, 30))
    owner = crm.complaints.get("K2").owner
    crm.staff.away("V01", None)
    left = crm.staff.leave("V01", "A01")
    after = {each.staff.code: each for each in crm.staff.members()}

    assert (1, 1) == before["V01"]
    assert (0, 1) == (away.touchpoints, away.cases + away.ownerless)
    assert "V01" != owner
    assert (1, "A01") == (left.touchpoints, crm.touchpoints.get("T1").executor)
    assert (False, None) == (after["V01"].staff.active, after["V01"].staff.away_until)
    assert ["CRM-U117", "CRM-U118", "CRM-U117"] == refused(
        lambda: crm.staff.away("nobody", None), lambda: crm.staff.leave("V1"), lambda: crm.staff.leave("A01", "V01")
    )


def test_alerts_are_read_as_they_are_owed(living, crm, clock):
    """A new case owes its colleagues one; what was told says which groups have it."""
    living.customer()
    crm.complaints.register("charged twice", customer="C1", category="PRICE", by="A01")
    (owed,) = crm.alerts.find(owed=True)
    living.put("alert", store="S01", kind="OPENED", role="CR_MANAGER", due_at=living.at(2), next_at=living.at(2), attempts=1,
               sent_at=living.at(1), account='["team"]', created_at=living.at(2))  # fmt: skip
    (told,) = crm.alerts.find(owed=False)

    assert ("K1", "OPENED", None, ()) == (owed.complaint_id, owed.kind, owed.sent_at, owed.groups)
    assert owed.next_at == owed.created_at == clock.now()
    assert (None, None, Role.CR_MANAGER, ("team",)) == (told.complaint_id, told.next_at, told.role, told.groups)
    assert (owed, told) == crm.alerts.find()
    assert (owed,) == crm.alerts.find(limit=1)


# ------------------------------------------------------------------ lists, pages, reasons


def test_lists_are_of_the_states_that_are_named(living, crm):
    """None named: of all; each as the command of its name would have it."""
    person = living.customer()
    for number, state in enumerate(("RECEIVED", "CLOSED")):
        living.put("complaint", store="S01", customer_id=person, state=state, origin="CRM", received_at=living.at(number),
                   owner="V01", updated_at=living.at(0))  # fmt: skip
    living.happen(person, living.car(person), 3)
    living.put("reply", account="sms", sender="x", text="TD", at=living.at(1), recorded_at=living.at(1), vendor_id="1",
               state="OPTED_OUT", word="TD")  # fmt: skip
    case, text = crm.complaints, crm.messages

    assert [["K1", "K3"], ["K1", "K2", "K3"], ["K2"]] == [
        [each.id for each in found] for found in (case.open(), case.find(), case.find(ComplaintState.CLOSED))
    ]
    assert [["K1", "K2"], ["K1", "K2", "K3"], []] == [
        [each.id for each in found]
        for found in (case.find(owner="V01"), case.find(customer="C1"), case.find(customer="C9"))
    ]
    assert (["M1"], ["M1"], ()) == (
        [each.id for each in text.find()],
        [each.id for each in text.find(MessageState.DELIVERED, MessageState.ACCEPTED)],
        text.find(MessageState.NEEDS_REVIEW),
    )
    assert [["I1"], ["I2"], ["I1", "I2"]] == [
        [each.id for each in found]
        for found in (text.replies(), text.replies(state="OPTED_OUT"), text.replies(state=None))
    ]
    assert [["T1"], [], ["T1"], [], []] == [
        [each.id for each in crm.touchpoints.find(*states, **said)]
        for states, said in (
            ((), {}),
            ((TouchpointState.DONE,), {}),
            ((TouchpointState.DUE,), {"rule": "POST_REPAIR_CALLBACK", "store": "S01", "customer": "C1"}),
            ((), {"rule": "BIRTHDAY"}),
            ((), {"until": living.now - timedelta(days=1)}),
        )
    ]
    assert ["CRM-U113", "CRM-S230", "CRM-U113", "CRM-S230"] == refused(
        lambda: case.find(store="S09"),
        lambda: case.find(customer="x"),
        lambda: crm.touchpoints.find(store="S09"),
        lambda: crm.touchpoints.find(customer="x"),
    )


def test_the_desk_is_read_in_words(living, crm):
    """A call that is due as its sheet has it, and what was noted for an advisor; in full, as a program reads."""
    person = living.customer()
    living.happen(person, living.car(person), 1)
    living.put("attempt", touchpoint_id=1, customer_id=person, at=living.at(1), recorded_at=living.at(0), staff="A01",
               channel="PHONE", outcome="SUCCESS", result="DONE", note="换雨刷 13800130001")  # fmt: skip
    (row,) = crm.callbacks.due("S01")
    (note,) = crm.callbacks.notes()

    assert ("T1", "王小明", "13800130001", "京A12345") == (row.id, row.customer, row.phone, row.plate)
    assert ("A2", "C1", "换雨刷 13800130001") == (note.id, note.customer_id, note.note)
    assert note.at == living.now - timedelta(hours=1)
    assert ["CRM-U113", "CRM-U117"] == refused(
        lambda: crm.callbacks.due("S09"), lambda: crm.callbacks.notes(advisor="nobody")
    )


def test_pages_and_reasons_are_facts(living, crm):
    """What a page shows of a period, and why something is as it is: codes, and the same in the language of the `Crm`."""
    person = living.customer()
    living.happen(person, living.car(person), 1)
    csi, board, calls = crm.reports.csi("aftersales"), crm.reports.board(store="S01", months=1), crm.reports.calls()
    why = crm.explain("M1")

    assert ["aftersales"] == [each.survey for each in csi.surveys]
    assert (date(2026, 9, 1), date(2026, 11, 1)) == (csi.head.since, board.head.since)
    assert ("S01",) == calls.head.stores
    assert ("M1", "T1", "DELIVERED") == (why.facts["id"], why.facts["touchpoint"], why.facts["state"])
    assert any("delivered" in line.lower() for line in why.lines)
    assert ["CRM-U404", "CRM-U113", "CRM-U401", "CRM-U402", "CRM-T201", "CRM-T202"] == refused(
        lambda: crm.reports.csi("other"),
        lambda: crm.reports.board(store="S09"),
        lambda: crm.reports.calls(months=1, since=date(2026, 1, 1)),
        lambda: crm.reports.csi(since=date(2026, 2, 1), until=date(2026, 1, 1)),
        lambda: crm.explain("X1"),
        lambda: crm.explain("K99"),
    )


READING = {
    "alerts.find": lambda crm: crm.alerts.find(),
    "proposals.find": lambda crm: crm.proposals.find(None),
    "rejects.find": lambda crm: crm.rejects.find(None),
    "rework.look_up": lambda crm: (crm.rework.look_up(),),
    "surveys.in_use": lambda crm: crm.surveys.in_use(),
    "surveys.get": lambda crm: (crm.surveys.get("aftersales"),),
    "surveys.responses": lambda crm: crm.surveys.responses(),
    "surveys.flagged": lambda crm: crm.surveys.flagged(),
    "actions.find": lambda crm: crm.actions.find([]),
    "meetings.find": lambda crm: crm.meetings.find(),
    "meetings.sheet": lambda crm: (crm.meetings.sheet(MeetingKind.QUALITY),),
    "staff.members": lambda crm: crm.staff.members(),
    "callbacks.due": lambda crm: crm.callbacks.due(),
    "callbacks.notes": lambda crm: crm.callbacks.notes(),
    "messages.find": lambda crm: crm.messages.find(),
    "complaints.find": lambda crm: crm.complaints.find(),
    "touchpoints.find": lambda crm: crm.touchpoints.find(),
    "reports.csi": lambda crm: (crm.reports.csi(),),
    "reports.board": lambda crm: (crm.reports.board(),),
    "reports.calls": lambda crm: (crm.reports.calls(),),
    "explain": lambda crm: (crm.explain("K1"),),
}


@pytest.fixture(name="full")
def _full(living, crm, office):
    """A store in which every reading finds something."""
    person = living.customer()
    living.happen(person, living.car(person), 1)
    crm.complaints.register(
        "charged twice", customer="C1", category="REPAIR_QUALITY.REPEAT_FAULT", by="A01", apart=True
    )
    car = office.car()
    office.order(car, 5)
    office.order(car, 2)
    crm.actions.add("invoices", **PLAN)
    crm.meetings.add(MeetingKind.QUALITY)
    propose(living, kind="FIELD", field="name", new="王晓明")
    living.put("source", name="main", system="dms")
    living.put("reject", source_id=1, part="a", at="a:1", column="phone", shape="x", reason="PHONE_BAD", catalog="crmcore",
               raw="{}", first_at=living.at(1), last_at=living.at(1))  # fmt: skip
    living.put("survey_response", survey="delivery", source="survey.web", key="x", side="INTERNAL", mode="ONLINE", store="S01",
               completed_at=living.at(1), month="2026-11", recorded_at=living.at(0), flags='["STAFF_PHONE"]')  # fmt: skip
    living.put("attempt", touchpoint_id=1, customer_id=person, at=living.at(1), recorded_at=living.at(0), staff="A01",
               channel="PHONE", outcome="SUCCESS", result="DONE", note="换雨刷")  # fmt: skip
    return crm


def test_reading_gives_frozen_values_and_writes_nothing(full, db):
    """Neither rows nor dicts leave the house; who reads changes nothing, and cannot change what he was given."""
    with only_reading(db):
        found = {name: read(full) for name, read in READING.items()}

    assert {} == {name: values for name, values in found.items() if type(values) is not tuple or not values}
    for name, values in found.items():
        for each in values:
            assert attrs.has(type(each)), name
            field = attrs.fields(type(each))[0].name
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(each, field, None)
