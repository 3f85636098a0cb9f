"""What customers answered comes in once, whole, with its flags and its case."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from tests.flows.planned_dealer import Dealer
from tests.flows.surveying import DELIVERY, Vendor, answers, ask, filled, pull, rows

from crmcore.config.model import Item
from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.db.surveys import keep_response
from crmcore.errors import PluginError, TransientError
from crmcore.flows.evidence import Opened
from crmcore.hooks.records import Batch, Entry, Gone
from crmcore.types.survey import Answer, Mode, Response, Side

PHONE = "+8613800130001"


@pytest.fixture(name="dealer")
def _dealer(db):
    return Dealer(db)


@pytest.fixture(name="visit")
def _visit(dealer):
    """A customer (1), and his visit (order RO2) of yesterday, advised by E05."""
    person = dealer.customer(PHONE)
    return person, dealer.visit(person, None, handed="2026-11-20T16:00", advisor="E05")


@pytest.fixture(name="vendor")
def _vendor():
    return Vendor()


def responses(db):
    return rows(db, schema.survey_response)


def one(db):
    (row,) = responses(db)
    return row


def flags(db):
    return [json.loads(row.flags) for row in responses(db)]


def counted(report):
    return {name: getattr(report, name) for name in ("read", "accepted", "unchanged", "duplicates", "rejected")}


def counts(**known):
    return {"read": 0, "accepted": 0, "unchanged": 0, "duplicates": 0, "rejected": 0} | known


# ------------------------------------------------------------------ whose it is


def test_a_token_names_customer_visit_store_and_advisor(db, clock, dealer, visit, vendor):
    """Whatever else the record says of them."""
    clock.at = datetime(2026, 11, 21, 2, tzinfo=UTC)
    ask(db, clock, vendor)
    (token,) = vendor.invitees
    clock.tick(days=1)
    report = pull(db, clock, vendor, filled(token=token, visit="RO9", customer={"phone": "13800130009"}))
    row = one(db)

    assert counts(read=1, accepted=1) == counted(report)
    assert (*visit, "S01", "E05", "SERVICE", 1) == (
        row.customer_id, row.visit_id, row.store, row.staff, row.department, row.invitation_id,
    )  # fmt: skip
    assert ("aftersales", "1", "survey.lime", "7", "INTERNAL", "ONLINE", "2026-11", "") == (
        row.survey, row.version, row.source, row.key, row.side, row.mode, row.month, row.wave,
    )  # fmt: skip
    assert {"OVERALL": ("9", 900, 0), "ADVICE": ("很好", None, 0)} == answers(db)


def test_a_token_of_nobody_is_kept_as_anonymous(db, clock, vendor):
    """And told."""
    report = pull(db, clock, vendor, filled(token="strangers"))

    assert {"TOKEN_UNKNOWN": 1} == report.warnings
    assert one(db).customer_id is None


@pytest.mark.parametrize(
    ("said", "customer", "number"),
    [
        ({"visit": "RO2"}, True, True),
        ({"visit": "RO2", "store": "S02"}, False, False),
        ({"visit": "RO77"}, False, False),
        ({"customer": {"phone": "138 0013 0001"}}, True, False),
        ({"customer": {"phone": "13800130002"}}, False, False),
        ({"customer": {"key": "K1"}}, True, False),
        ({"customer": {"key": "K2"}}, False, False),
        ({"customer": {"name": "王小明"}}, False, False),
        ({"vehicle": {"plate_number": "京A12345"}}, False, False),
        ({}, False, False),
    ],
)
def test_without_a_token_what_is_sure_is_used(db, clock, dealer, visit, vendor, said, customer, number):
    """An order number, a number that one customer has, the source's own key; a name is nobody's."""
    dealer._insert(schema.external_ref, system="lime", entity="customer", key="K1")
    with db.writing() as connection:
        connection.execute(schema.external_ref.update().values(id=visit[0]))
    pull(db, clock, vendor, filled(**said))
    row = one(db)

    assert (visit[0] if customer else None, visit[1] if number else None) == (row.customer_id, row.visit_id)


def test_two_customers_with_one_number_are_not_guessed_at(db, clock, dealer, visit, vendor):
    """Nor two orders of one number."""
    dealer.customer(PHONE, name="李小红")
    twin = dealer.visit(visit[0], None, handed="2026-11-19T16:00")
    dealer.change(schema.visit, twin, ro_number="RO2")
    pull(db, clock, vendor, filled(customer={"phone": PHONE}), filled("8", visit="RO2"))

    assert [(None, None)] * 2 == [(row.customer_id, row.visit_id) for row in responses(db)]


def test_a_car_is_known_by_its_vin(db, clock, dealer, visit, vendor):
    """Or by a plate that only one car has."""
    vin = "LFV2A21K0D4000001"
    car, other = dealer.car(visit[0], vin=vin, plate="京A11111"), dealer.car(visit[0], plate="京A22222")
    dealer.car(visit[0], plate="京A33333")
    dealer.car(visit[0], plate="京A33333")
    for key, vehicle in enumerate(({"vin": vin}, {"plate_number": "京A22222"}, {"plate_number": "京A33333"})):
        pull(db, clock, vendor, filled(str(key), vehicle=vehicle))

    assert [car, other, None] == [row.vehicle_id for row in responses(db)]


@pytest.mark.parametrize(("said", "staff"), [("E06", "E06"), ("李顾问", "E99"), ("某人", "某人"), (None, "E05")])
def test_whose_work_it_scores(db, clock, visit, vendor, said, staff):
    """Whom the record names, by code or name; else the advisor of the visit."""
    pull(db, clock, vendor, filled(visit="RO2", staff=said))

    assert staff == one(db).staff


@pytest.mark.parametrize(("advisor", "staff"), [("李顾问", "E99"), ("E99", "E99"), ("某人", "某人")])
def test_an_advisor_is_one_colleague_whatever_the_dms_calls_him(db, clock, dealer, vendor, advisor, staff):
    """Many a DMS writes names into its orders: the response carries the code, by our link and by the order number alike."""
    clock.at = datetime(2026, 11, 21, 2, tzinfo=UTC)
    dealer.visit(dealer.customer(PHONE), None, handed="2026-11-20T16:00", advisor=advisor)
    ask(db, clock, vendor)
    (token,) = vendor.invitees
    pull(db, clock, vendor, filled("a", token=token), filled("b", visit="RO2"))

    assert [staff, staff] == [row.staff for row in responses(db)]


# ------------------------------------------------------------------ what it says


def test_items_of_an_agency_become_our_questions(db, clock, vendor):
    """On the scale they were asked on; what nobody has mapped is kept apart and told, never dropped."""
    items = {"Q1": Item(question="OVERALL", minimum=1, maximum=5), "Q2": Item(question="ADVICE")}
    report = pull(
        db, clock, vendor, filled(answers={"Q1": "4", "Q2": "快点", "Q9": "乱码？"}, wave="2026-Q3", sample_id="A-17", mode="电话"),
        crosswalk={"items": items, "side": Side.EXTERNAL},
    )  # fmt: skip
    row = one(db)

    assert {"Q9": 1} == report.unmapped
    assert {"OVERALL": ("4", 400, 0), "ADVICE": ("快点", None, 0), "?Q9": ("乱码？", None, 0)} == answers(db)
    assert [(1, 5)] == [
        (row.minimum, row.maximum) for row in rows(db, schema.survey_answer, "question") if row.question == "OVERALL"
    ]
    assert ("2026-Q3", "A-17", "PHONE", "EXTERNAL") == (row.wave, row.sample_id, row.mode, row.side)


def test_a_mapping_made_later_holds_for_what_came_before(db, clock, vendor):
    """What cannot be read as an answer stays under its own name; what our question says already is not overwritten."""
    pull(db, clock, vendor, filled(answers={"Q1": "4", "Q2": "坏", "Q3": "2", "WORK_DONE": "9"}))
    items = {"Q1": Item(question="OVERALL"), "Q2": Item(question="ON_TIME"), "Q3": Item(question="WORK_DONE")}
    vendor.batches = []
    pull(db, clock, vendor, crosswalk={"items": items})

    assert {"OVERALL": ("4", 400, 0), "?Q2": ("坏", None, 0), "WORK_DONE": ("9", 900, 0)} == answers(db)


def test_an_item_may_lack_what_its_vendor_cannot_write(db, clock, vendor):
    """LimeSurvey takes no underscore in a code."""
    report = pull(db, clock, vendor, filled(answers={"FixedFirstTime": "Y", "WORKDONE": "8"}))

    assert not report.unmapped
    assert {"FIXED_FIRST_TIME": ("Y", 100, 0), "WORK_DONE": ("8", 800, 0)} == answers(db)


def test_of_two_items_for_one_question_the_one_that_says_something_counts(db, clock, vendor):
    """The other was not shown to him."""
    items = {"Q1": Item(question="OVERALL"), "Q2": Item(question="OVERALL"), "Q3": Item(question="OVERALL")}
    pull(db, clock, vendor, filled(answers={"Q1": "", "Q2": "7", "Q3": "9"}), crosswalk={"items": items})

    assert {"OVERALL": ("7", 700, 0)} == answers(db)


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ({"answers": {"WORKDONE": "很好"}}, "WORKDONE", "ANSWER_NO_NUMBER"),
        ({"answers": {"OVERALL": "11"}}, "OVERALL", "ANSWER_OUTSIDE_SCALE"),
        ({"store": "S77"}, "store", "RESPONSE_STORE"),
        ({"key": ""}, "key", "KEY_MISSING"),
        ({"completed_at": None}, "completed_at", "RESPONSE_NO_DATE"),
        ({"completed_at": "2026-13-01"}, "completed_at", "DATE_IMPOSSIBLE"),
        ({"completed_at": "2026-11-24 12:00"}, "completed_at", "RESPONSE_FUTURE"),
        ({"complete": "vielleicht"}, "complete", "YES_NO_FORM"),
        ({"customer": {"phone": "1380013000A"}}, "customer.phone", "PHONE_WITH_TEXT"),
    ],
)
def test_what_cannot_be_used_says_where_and_why(db, clock, vendor, said, column, reason):
    """The row is put aside whole, with its column and its reason; a good one beside it is kept."""
    report = pull(db, clock, vendor, filled(**said), filled("8"))
    (reject,) = rows(db, schema.reject)

    assert counts(read=2, accepted=1, rejected=1) == counted(report)
    assert (column, "survey.lime") == (reject.column, rows(db, schema.source)[0].name)
    assert reason == reject.reason
    assert ["8"] == [row.key for row in responses(db)]


def test_a_mended_response_closes_its_reject(db, clock, vendor):
    """The same key in good order."""
    pull(db, clock, vendor, filled(answers={"OVERALL": "很好"}))
    pull(db, clock, vendor, filled(answers={"OVERALL": "9"}))

    assert ["MENDED"] == [row.state for row in rows(db, schema.reject)]


def test_odd_words_and_fields_are_told(db, clock, vendor):
    """And do not stop the answer."""
    report = pull(db, clock, vendor, filled(mode="飞鸽", colour="red", started_at="2026-11-21 14:55"))

    assert ({"UNKNOWN_WORD": 1}, ("mode=?", "response.colour")) == (report.warnings, report.unknown_fields)
    assert ("ONLINE", "2026-11-21T06:55:00Z") == (one(db).mode, one(db).started_at)


# ------------------------------------------------------------------ once


def test_a_response_that_comes_again_is_unchanged(db, clock, visit, vendor):
    """By its bytes, and by what it says."""
    reports = [pull(db, clock, vendor, said) for said in (filled(), filled(), filled(mode="在线"))]

    assert [counts(read=1, accepted=1), counts(read=1, unchanged=1), counts(read=1, unchanged=1)] == list(
        map(counted, reports)
    )
    assert 1 == len(responses(db))


def test_items_merge_and_never_shrink(db, clock, visit, vendor):
    """What is gone from a later delivery stays, what is new or changed is taken on."""
    pull(db, clock, vendor, filled(answers={"OVERALL": "9", "ADVICE": "好"}, visit="RO2", wave="W1", complete="N"))
    report = pull(db, clock, vendor, filled(answers={"OVERALL": "8", "WORK_DONE": "7"}))
    row = one(db)

    assert counts(read=1, accepted=1) == counted(report)
    assert {"OVERALL": ("8", 800, 0), "ADVICE": ("好", None, 0), "WORK_DONE": ("7", 700, 0)} == answers(db)
    assert (visit[1], "W1", 1) == (row.visit_id, row.wave, row.complete)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.dictionaries(st.sampled_from(["OVERALL", "WORK_DONE", "ON_TIME", "Q9"]), st.sampled_from(["1", "9", "10", "", "坏", "12"])), min_size=1, max_size=5))  # fmt: skip
def test_every_row_is_accounted_for(tmp_path_factory, clock, given_answers):
    """Read is the sum of what became of the rows, and what was answered once stays answered."""
    with Database(f"sqlite:///{tmp_path_factory.mktemp('in') / 'crm.db'}") as db:
        schema.metadata.create_all(db.engine)
        vendor, seen = Vendor(), set()
        for said in given_answers:
            report = pull(db, clock, vendor, filled(answers=said), filled("8", answers={"ADVICE": "x"}))

            assert report.read == 2 == report.accepted + report.unchanged + report.duplicates + report.rejected
            assert seen <= set(answers(db))
            seen = set(answers(db))


def test_a_source_that_fails_keeps_what_came_before(db, clock, vendor):
    """An error of the vendor, or a bug of the plugin."""
    vendor.fill(filled())
    vendor.error = TransientError("CRM-H101")
    first = pull(db, clock, vendor)
    vendor.error = KeyError("x")
    second = pull(db, clock, vendor)

    assert ("CRM-H101", 1) == (first.error.code, first.accepted)
    assert isinstance(second.error, PluginError)
    assert ("CRM-S401", 1) == (second.error.code, second.unchanged)


def test_what_is_gone_from_its_source_stays(db, clock, vendor):
    """Somebody tidied up there; what a customer said was said."""
    pull(db, clock, vendor, filled())
    vendor.batches = [Batch((Entry(("page:1",), b"gone" * 4, lambda: (Gone(entity="response", key="7"),), dict),), "b")]

    assert counts(read=1, unchanged=1) == counted(pull(db, clock, vendor))
    assert 1 == len(responses(db))


def test_an_erased_customer_does_not_come_back_in_words(db, clock, dealer, visit, vendor):
    """The numbers stay, which say nothing of him."""
    dealer._insert(schema.correction, entity="customer", entity_id=visit[0], field="*", by="E01", at=stamp(clock.now()))
    pull(
        db,
        clock,
        vendor,
        filled(visit="RO2", customer={"phone": PHONE}, answers={"OVERALL": "9", "ADVICE": "我是王小明"}),
    )

    assert {"OVERALL": (None, 900, 0), "ADVICE": (None, None, 0)} == answers(db)
    assert one(db).phone is None


def test_the_month_is_that_of_the_store(db, clock, vendor):
    """Half past midnight of the first is the new month in Shanghai, and the old one in UTC."""
    clock.at = datetime(2026, 12, 5, tzinfo=UTC)
    pull(db, clock, vendor, filled(completed_at="2026-12-01 00:30"))

    assert ("2026-11-30T16:30:00Z", "2026-12") == (one(db).completed_at, one(db).month)


def test_a_call_keeps_its_answers_by_the_same_door(db, dealer, visit, clock):
    """Source "callbacks", the attempt as its key; once, however often the sheet is imported."""
    response = Response(
        id="", survey="aftersales", side=Side.INTERNAL, mode=Mode.PHONE, store="S01", customer_id=f"C{visit[0]}",
        visit_id=f"R{visit[1]}", completed_at=clock.now(), valid=True,
        answers=(Answer(question="OVERALL", value="9分", minimum=1, maximum=10), Answer(question="FIXED_FIRST_TIME", value="否")),
    )  # fmt: skip
    attempt = dealer._insert(
        schema.attempt, customer_id=visit[0], at=stamp(clock.now()), recorded_at=stamp(clock.now()), channel="PHONE",
        outcome="SUCCESS", result="DONE",
    )  # fmt: skip
    known = {"source": "callbacks", "key": "A1", "attempt_id": attempt, "invitation_id": None, "phone": PHONE}
    for _ in range(2):
        with db.writing() as connection:
            assert 1 == keep_response(connection, response, now=clock.now(), **known)

    assert (attempt, visit[0], PHONE) == (one(db).attempt_id, one(db).customer_id, one(db).phone)
    assert {"OVERALL": ("9分", 900, 0), "FIXED_FIRST_TIME": ("否", 0, 0)} == answers(db)


# ------------------------------------------------------------------ integrity


def test_a_colleagues_phone_is_flagged(db, clock, dealer, visit, vendor):
    """Given by the respondent, or standing in the customer's file; of the config, or of the DMS."""
    dealer._insert(
        schema.staff, code="E07", name="赵", store="S01", role="SERVICE_ADVISOR", phone="+8613900130007", source="dms:x"
    )
    mine = dealer.customer("+8613900130007")
    dealer.visit(mine, None, handed="2026-11-20T16:00")
    report = pull(
        db, clock, vendor, filled(customer={"phone": "13900130007"}), filled("8", customer={"phone": "13900130099"}),
        filled("9", visit="RO6"), filled("10", visit="RO2"),
    )  # fmt: skip

    assert [["STAFF_PHONE"]] * 3 + [[]] == flags(db)
    assert {"STAFF_PHONE": 3} == {code: n for code, n in report.flagged.items() if n}


def test_one_phone_for_many_customers_is_flagged(db, clock, dealer, visit, vendor):
    """In their files, or in what they answered."""
    others = [dealer.customer(f"+861380013010{n}") for n in range(2)]
    for other in others:
        dealer.visit(other, None, handed="2026-11-20T16:00")
    phone = {"customer": {"phone": "13800130555"}}
    orders = [row.ro_number for row in rows(db, schema.visit)]
    for key, order in enumerate(orders):
        pull(db, clock, vendor, filled(str(key), visit=order, **phone))

    assert 3 == len(orders)
    assert [[], [], ["SHARED_PHONE"]] == flags(db)


def test_an_answer_before_the_hand_over_is_flagged(db, clock, visit, vendor):
    """The car was still in the shop; the other one is the second about that visit."""
    pull(db, clock, vendor, filled(visit="RO2", completed_at="2026-11-20 15:59"), filled("8", visit="RO2", completed_at="2026-11-20 16:00"))  # fmt: skip

    assert [["BEFORE_HANDOVER"], ["ASKED_TWICE"]] == flags(db)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {}, ["ASKED_TWICE"]),
        ({"complete": False}, {}, []),
        ({"completed_at": datetime(2026, 11, 22, 1, tzinfo=UTC)}, {}, []),
        ({"survey": "delivery"}, {}, []),
        ({}, {"crosswalk": {"side": Side.EXTERNAL}}, []),
    ],
)
def test_a_late_answer_on_the_web_is_kept_and_flagged(db, clock, visit, vendor, before, now, expected):
    """He had said it all on the phone; an agency that asks the same asks for somebody else."""
    said = {"survey": "aftersales", "completed_at": datetime(2026, 11, 21, 1, tzinfo=UTC), "complete": True} | before
    response = Response(id="", side=Side.INTERNAL, mode=Mode.PHONE, store="S01", visit_id=f"R{visit[1]}", **said)
    with db.writing() as connection:
        keep_response(
            connection,
            response,
            source="callbacks",
            key="A1",
            attempt_id=None,
            invitation_id=None,
            phone=None,
            now=clock.now(),
        )
    for _ in range(2):  # told again it is not twice
        pull(db, clock, vendor, filled(visit="RO2"), **now)

    assert [[], expected] == flags(db)


SHEET = ("OVERALL", "DIAGNOSIS", "ATTITUDE", "WORK_DONE")


def test_full_marks_in_a_row_are_flagged_all_of_them(db, clock, vendor):
    """Also those that came in before the row was one; another advisor's are not, nor a row over weeks."""
    full = dict.fromkeys(SHEET, "10")
    for hour in range(4):
        pull(db, clock, vendor, filled(f"a{hour}", staff="E05", answers=full, completed_at=f"2026-11-21 1{hour}:00"))
    before = flags(db)
    report = pull(
        db, clock, vendor, filled("a4", staff="E05", answers=full, completed_at="2026-11-21 14:00"),
        filled("b", staff="E06", answers=full), filled("c", staff="E05", answers=full, completed_at="2026-11-01 14:00"),
    )  # fmt: skip

    assert [[]] * 4 == before
    assert [["FULL_MARKS_CLUSTER"]] * 5 + [[], []] == flags(db)
    assert 5 == report.flagged["FULL_MARKS_CLUSTER"]


def test_a_flag_never_goes_and_never_deletes(db, clock, visit, vendor):
    """Nor does what a person has decided."""
    pull(db, clock, vendor, filled(answers=dict.fromkeys((*SHEET, "ON_TIME"), "8")))
    with db.writing() as connection:
        connection.execute(schema.survey_response.update().values(valid=0))
    pull(db, clock, vendor, filled(answers={"OVERALL": "9"}))

    assert [["STRAIGHT_LINE"]] == flags(db)
    assert 0 == one(db).valid


# ------------------------------------------------------------------ the closed loop


def cases_of(db):
    return rows(db, schema.complaint)


def test_a_low_answer_opens_a_case_with_its_clocks(db, clock, visit, vendor):
    """Received when it was answered, about this visit; what rests on it is the response."""
    report = pull(db, clock, vendor, filled(visit="RO2", answers={"OVERALL": "3", "ADVICE": "还行"}))
    (case,) = cases_of(db)
    (rests,) = rows(db, schema.complaint_evidence, "evidence_id")

    assert (1, 0) == (report.opened, report.joined)
    assert (*visit, "SURVEY", "2026-11-21T07:00:00Z") == (
        case.customer_id,
        case.visit_id,
        case.channel,
        case.received_at,
    )
    assert ("RESPONSE", one(db).id, case.id) == (rests.kind, rests.evidence_id, rests.complaint_id)
    assert rows(db, schema.complaint_clock, "kind")


def test_a_second_bad_answer_joins_the_case(db, clock, visit, vendor):
    """And the same one again opens nothing."""
    pull(db, clock, vendor, filled(visit="RO2", answers={"OVERALL": "3"}))
    report = pull(db, clock, vendor, filled("8", visit="RO2", answers={"WORK_DONE": "2"}))
    again = pull(db, clock, vendor, filled(visit="RO2", answers={"OVERALL": "3", "ADVICE": "慢"}))

    assert (0, 1) == (report.opened, report.joined)
    assert 0 == again.opened
    assert 1 == len(cases_of(db))


def test_words_that_complain_open_a_case_too(db, clock, visit, vendor):
    """With full marks beside them."""
    report = pull(
        db, clock, vendor, filled(visit="RO2", answers={"OVERALL": "9", "ADVICE": "修了三次还没修好，我要投诉"})
    )

    assert 1 == report.opened


def test_a_good_answer_opens_nothing(db, clock, visit, vendor):
    """Not even a table row."""
    assert 0 == pull(db, clock, vendor, filled(visit="RO2")).opened
    assert [] == cases_of(db)


def test_history_opens_no_cases(db, clock, visit, vendor):
    """A first pull of last year's answers is counted, not alarmed about."""
    report = pull(db, clock, vendor, filled(visit="RO2", answers={"OVERALL": "1"}, completed_at="2026-09-01 10:00"))

    assert (0, 1) == (report.opened, report.too_old)
    assert [] == cases_of(db)


def test_nobody_can_be_called_about_an_answer_of_nobody(db, clock, vendor):
    """It is counted and stays in the scores."""
    report = pull(db, clock, vendor, filled(answers={"OVERALL": "1"}), filled("8", answers={"OVERALL": "1"}, customer={"phone": "13800130077"}))  # fmt: skip

    assert (1, 1) == (report.anonymous, report.opened)
    assert 2 == len(responses(db))


def test_a_bad_answer_that_is_understood_later_opens_its_case_then(db, clock, visit, vendor):
    """The mapping came a day after the answer; it is received when it was answered."""
    pull(db, clock, vendor, filled(visit="RO2", answers={"Q1": "1"}))
    before = cases_of(db)
    vendor.batches = []
    report = pull(db, clock, vendor, crosswalk={"items": {"Q1": Item(question="OVERALL")}})
    (case,) = cases_of(db)

    assert ([], 1) == (before, report.opened)
    assert (*visit, "2026-11-21T07:00:00Z") == (case.customer_id, case.visit_id, case.received_at)


def test_an_agencys_scale_alerts_by_its_share(db, clock, visit, vendor):
    """Two of five is 3.25 of ten, three is 5.5: both below six."""
    items = {"Q1": Item(question="OVERALL", minimum=1, maximum=5)}
    reports = [
        pull(db, clock, vendor, filled(str(value), visit="RO2", answers={"Q1": str(value)}), crosswalk={"items": items})
        for value in (4, 3)
    ]

    assert [0, 1] == [report.opened for report in reports]


class Fake:
    """Looks, and says whether anything was open meanwhile."""

    def __init__(self, db):
        self.db, self.outside, self.kept = db, [], []

    def look(self, evidence, *, survey=None):
        with self.db.writing():  # would wait for a transaction that is open
            self.outside.append(survey.code)
        return ("found",)

    def keep(self, connection, found, **known):
        assert connection.execute(select(func.count()).select_from(schema.survey_response)).scalar_one()
        self.kept.append((found, known["kind"].value, known["evidence_id"], known.get("first_asked")))
        return None if len(self.kept) > 1 else Opened(1, joined=False)


def test_finders_are_asked_outside_the_transaction(db, clock, visit, vendor):
    """And their finding is kept inside the one that holds the response."""
    fake = Fake(db)
    report = pull(db, clock, vendor, filled(visit="RO2"), filled("8", visit="RO2"), cases=fake, survey=DELIVERY)

    assert ["delivery", "delivery"] == fake.outside
    assert [(("found",), "RESPONSE", 1, None), (("found",), "RESPONSE", 2, None)] == fake.kept
    assert 1 == report.opened


@pytest.mark.parametrize("point", ["before_response", "after_response", "before_case", "after_case", "after_evidence", "before_digest", "after_digest"])  # fmt: skip
def test_killed_anywhere_response_and_case_come_together(tmp_path, clock, point):
    """Both are there or neither is, and the next run takes it in whole."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with Database(url) as db:
        schema.metadata.create_all(db.engine)
        dealer = Dealer(db)
        person = dealer.customer(PHONE)
        dealer.visit(person, None, handed="2026-11-20T16:00")
        killed = subprocess.run(
            [sys.executable, "-m", "tests.flows.crashing_survey", url, point, clock.now().isoformat()], check=False
        )

        assert -9 == killed.returncode
        assert (0, 0, 0) == (len(responses(db)), len(cases_of(db)), len(rows(db, schema.source_row, "digest")))

        pull(db, clock, Vendor(), filled(visit="RO2", answers={"OVERALL": "2"}))

        assert (1, 1) == (len(responses(db)), len(cases_of(db)))
