"""What a program reads of the store: values, found by what people know of a customer, in few statements, and nothing is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from tests.app.living import Living, crm
from tests.reading import counting, only_reading

from crmcore.errors import UsageError
from crmcore.types.complaint import Complaint, Need
from crmcore.types.contact import ContactAttempt, Reply, Text, Touchpoint
from crmcore.types.customer import Channel, Customer, Relative
from crmcore.types.refs import ExternalRef
from crmcore.types.survey import Response
from crmcore.types.timeline import TimelineKind
from crmcore.types.vehicle import NextService, OdometerReading, ServiceBasis
from crmcore.types.visit import Visit

ORDER = ("COMPLAINT", "ANSWERS", "REPLY", "CALL", "TEXT", "TOUCHPOINT", "VISIT")


@pytest.fixture(name="living")
def _living(db, clock):
    return Living(db, clock.now())


@pytest.fixture(name="crm")
def _crm(db, clock):
    with crm(db, clock) as opened:
        yield opened


def test_a_customer_is_found_by_what_people_know(living, crm):
    """By number in any form, by plate, by VIN, by id; nobody is an empty answer."""
    person = living.customer()
    living.car(person, "京A12345", vin="LSVAM4187C2184847")
    wanted = [{"phone": "138 0013 0001"}, {"plate": "京a12345"}, {"vin": "LSVAM4187C2184847"}, {"id": "C1"}]

    assert [["C1"]] * 4 == [[each.id for each in crm.customers.find(**one)] for one in wanted]
    assert [()] * 5 == [
        crm.customers.find(**one)
        for one in ({"phone": "13900130001"}, {"plate": "京B00001"}, {"id": "C99"}, {"id": "17"}, {"phone": "C1"})
    ]


def test_a_search_is_for_one_thing(crm):
    """Nothing, or two things at once, is a mistake in the program."""
    for said in ({}, {"phone": "13800130001", "id": "C1"}):
        with pytest.raises(TypeError, match="exactly one"):
            crm.customers.find(**said)


def test_who_shares_a_number_is_found_together(living, crm):
    """A family has one phone: all of them are answered, in the order of their ids."""
    living.customer()
    living.customer("王大明")
    found = crm.customers.find(phone="13800130001")

    assert ["C1", "C2"] == [each.id for each in found]
    assert [True, True] == [each.contact_points[0].shared for each in found]


def test_a_customer_is_whole(living, crm, clock):
    """Numbers with their refusals, family, names in other systems, what the DMS had beside: all of it, typed."""
    person = living.customer(gender="M", birth_on="1980-05-01", use_class="OFFICIAL", extra='{"vip": "1"}')
    living.put("relative", customer_id=person, name="王小花", relation="女儿", birth_on="2015-06-01")
    living.put("external_ref", system="main", entity="customer", key="X1", id=person)
    living.put("external_ref", system="main", entity="customer", key="made", id=person, derived=1)
    living.put("opt_out", value="+8613800130001", channel="SMS", since=living.at(1), source="staff:A01")
    (found,) = crm.customers.find(id="C1")

    assert isinstance(found, Customer)
    assert (date(1980, 5, 1), "M", "OFFICIAL", {"vip": "1"}) == (
        found.birth_date, found.gender, found.use_class, found.extra,
    )  # fmt: skip
    assert (Relative(name="王小花", relation="女儿", birth_date=date(2015, 6, 1)),) == found.relatives
    assert (ExternalRef(system="main", entity="customer", key="X1"),) == found.refs
    assert frozenset({Channel.SMS}) == found.contact_points[0].refused
    assert found == crm.customers.get("C1")


def test_who_was_merged_is_found_as_who_he_is(living, crm):
    """The id of a letter long ago still finds the person."""
    living.customer()
    living.customer("王小明", "+8613800130002")
    crm.customers.merge("C1", "C2", by="A01")

    assert ["C1"] == [each.id for each in crm.customers.find(id="C2")]
    assert "C1" == crm.customers.get("c2").id


def test_cars_and_visits_are_typed(living, crm):
    """Dates, kilometres, hours and yuan are what they are; a part in a car that has ended is none."""
    person = living.customer()
    car = living.car(
        person, warranty_until="2028-01-01", km1_on="2026-01-01", km1=10000, km2_on="2026-06-01", km2=20000,
        next_service_on="2026-12-01", next_service_km=25000, next_service_basis="MODEL", series="X",
    )  # fmt: skip
    sold = living.car(person, "京B00001")
    living.put("vehicle_party", vehicle_id=sold, customer_id=person, role="PAYER", end_on="2026-01-01")
    living.put("external_ref", system="main", entity="vehicle", key="CAR", id=car)
    living.happen(person, car, 5)
    with living.db.writing() as connection:
        connection.exec_driver_sql("UPDATE vehicle_party SET end_on = '2026-01-01' WHERE vehicle_id = 2")
    (found,) = crm.customers.vehicles("C1")
    (visit,) = crm.customers.visits("C1")

    assert ("V1", "京A12345", date(2028, 1, 1)) == (found.id, found.plate_number, found.warranty_until)
    assert (OdometerReading(date(2026, 1, 1), 10000), OdometerReading(date(2026, 6, 1), 20000)) == found.readings
    assert NextService(due_on=date(2026, 12, 1), due_km=25000, basis=ServiceBasis.MODEL) == found.next_service
    assert (ExternalRef(system="main", entity="vehicle", key="CAR"),) == found.refs
    assert ("R1", "C1", "V1", "异响") == (visit.id, visit.customer_id, visit.vehicle_id, visit.reason_verbatim)
    assert [("1", Decimal("1.5"), Decimal("199.5")), ("2", Decimal("1.5"), Decimal("199.5"))] == [
        (line.no, line.hours_sold, line.labour_amount) for line in visit.lines
    ]


def test_who_brings_a_car_has_been_there(living, crm):
    """A visit is also his who only brought the car, and one without an owner is his."""
    owner, driver = living.customer(), living.customer("李雷", "+8613800130002")
    times = {
        "created_at": living.at(1),
        "updated_at": living.at(1),
        "kind": "SERVICE",
        "store": "S01",
        "status": "OPEN",
    }
    living.put("visit", customer_id=owner, brought_by_id=driver, **times)
    living.put("visit", brought_by_id=driver, **times)

    assert ["R2", "R1"] == [each.id for each in crm.customers.visits("C2")]
    assert ["C2", "C1"] == [each.customer_id for each in crm.customers.visits("C2")]


def test_the_timeline_is_everything_newest_first(living, crm, clock):
    """Each entry has its type, and nothing of anybody else is among them."""
    person, other = living.customer(), living.customer("李雷", "+8613800130002")
    living.happen(person, living.car(person), 5)
    living.happen(other, living.car(other, "京B00001"), 4)
    found = crm.customers.timeline("C1")
    types = {
        "VISIT": Visit, "TEXT": Text, "CALL": ContactAttempt, "REPLY": Reply, "ANSWERS": Response,
        "COMPLAINT": Complaint, "TOUCHPOINT": Touchpoint,
    }  # fmt: skip

    assert list(ORDER) == [entry.kind for entry in found]
    assert set(TimelineKind) == set(ORDER)
    assert all(type(entry.subject) is types[entry.kind] for entry in found)
    assert sorted(found, key=lambda entry: entry.at, reverse=True) == list(found)
    assert {"C1"} == {entry.subject.customer_id for entry in found}
    assert found[:3] == crm.customers.timeline("C1", limit=3)
    answers = found[1].subject
    assert [("OVERALL", "9"), ("REMARK", "好")] == [(each.question, each.value) for each in answers.answers]
    assert (Need.RESPECT,) == found[0].subject.needs


def test_what_is_not_yet_is_no_past(living, crm):
    """A contact that falls due tomorrow is owed, and has not happened."""
    person = living.customer()
    living.happen(person, living.car(person), -24)
    kinds = [entry.kind for entry in crm.customers.timeline("C1")]

    assert "TOUCHPOINT" not in kinds
    assert ["T1"] == [each.id for each in crm.touchpoints.of("C1")]


@pytest.mark.parametrize(
    "read",
    [
        lambda crm: crm.customers.timeline("C1"),
        lambda crm: crm.customers.find(phone="13800130001"),
        lambda crm: crm.customers.vehicles("C1"),
        lambda crm: crm.customers.visits("C1"),
        lambda crm: crm.complaints.open(),
        lambda crm: crm.complaints.of("C1"),
        lambda crm: crm.touchpoints.due(),
        lambda crm: crm.touchpoints.of("C1"),
        lambda crm: crm.messages.of("C1"),
        lambda crm: crm.messages.in_doubt(),
        lambda crm: crm.messages.replies(),
        lambda crm: crm.events.since(),
    ],
    ids=lambda read: str(read.__code__.co_names[-1]),
)
def test_more_rows_take_no_more_statements(living, crm, read):
    """What is read of one thing takes as many statements as of thirty; and the store may be one that is only read."""
    with living.together():
        person = living.customer()
        car = living.car(person)
        living.happen(person, car, 5)
    with only_reading(crm.db), counting(crm.db) as few:
        one = read(crm)
    with living.together():
        for number in range(30):
            living.happen(person, car, 6 + number)
            living.car(person, f"京A1{number:04d}")
    with counting(crm.db) as many:
        more = read(crm)

    assert len(few) == len(many) <= 20
    assert repr(one) != repr(more) or "in_doubt" in read.__code__.co_names or "find" in read.__code__.co_names


def test_open_cases_and_what_happened_to_them(living, crm, clock):
    """What has ended is not open; the history, the offers and the rungs are typed; of another store there are none."""
    living.customer()
    first = crm.complaints.register("charged twice", customer="C1", category="PRICE", by="A01")
    second = crm.complaints.register("又坏了，要退钱", customer="C1", category="REPAIR_QUALITY", by="api", apart=True)
    clock.tick(hours=9)
    crm.escalate()
    crm.complaints.withdraw(first.id, by="A01")

    assert [second.id] == [case.id for case in crm.complaints.open()]
    assert [second.id, first.id] == [case.id for case in crm.complaints.of("C1")]
    assert ("OPEN", "api") == (crm.complaints.history(second.id)[0].kind, crm.complaints.history(second.id)[0].who)
    assert crm.complaints.escalations(second.id)
    assert () == crm.complaints.offers(second.id)
    assert crm.complaints.get(second.id).clocks
    with pytest.raises(UsageError) as caught:
        crm.complaints.open(store="S09")
    assert "CRM-U113" == caught.value.code


def test_contacts_that_are_due(living, crm, clock):
    """By due time, until the moment that is asked for, in one store or in all."""
    person = living.customer()
    car = living.car(person)
    for hours in (3, 1, -5):
        living.happen(person, car, hours)

    assert ["T1", "T2"] == [each.id for each in crm.touchpoints.due()]
    assert ["T1", "T2", "T3"] == [each.id for each in crm.touchpoints.due(until=clock.now() + timedelta(hours=6))]
    assert ["T1"] == [each.id for each in crm.touchpoints.due(store="S01", limit=1)]
    assert date(2026, 11, 20) == crm.touchpoints.get("T1").anchor_on
    with pytest.raises(ValueError, match="zone"):
        crm.touchpoints.due(until=datetime(2026, 11, 22))  # whose midnight it is cannot be known


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (lambda crm: crm.customers.get("C9"), "CRM-S230"),
        (lambda crm: crm.customers.timeline("13800130001"), "CRM-S230"),
        (lambda crm: crm.customers.vehicles("x"), "CRM-S230"),
        (lambda crm: crm.complaints.get("K9"), "CRM-T501"),
        (lambda crm: crm.complaints.history("K9"), "CRM-T501"),
        (lambda crm: crm.complaints.get("９"), "CRM-T501"),
        (lambda crm: crm.touchpoints.get("T9"), "CRM-T202"),
        (lambda crm: crm.touchpoints.get("x"), "CRM-T201"),
        (lambda crm: crm.messages.get("M9"), "CRM-U120"),
        (lambda crm: crm.messages.of("x"), "CRM-S230"),
    ],
)
def test_what_is_not_there_has_a_code(crm, read, code):
    """An id of nothing, and what is no id, is told and never a traceback from the database."""
    with pytest.raises(UsageError) as caught:
        read(crm)

    assert code == caught.value.code


@pytest.mark.parametrize(
    "use",
    [
        lambda crm, said: crm.complaints.get(said),
        lambda crm, said: crm.complaints.note(said, "…", by="api"),
        lambda crm, said: crm.complaints.note("K1", "…", by=said),
        lambda crm, said: crm.complaints.open(store=said),
        lambda crm, said: crm.touchpoints.get(said),
        lambda crm, said: crm.messages.settle(said, "sent", by="api"),
        lambda crm, said: crm.customers.get(said),
    ],
)
@pytest.mark.parametrize("said", ["13800130001", "+8613800130001", "王小明 13800130001"])
def test_no_error_has_the_number_that_was_given_for_an_id(crm, use, said):
    """A program that mixes up a number and an id gets an error that may go into its log: nobody can be called by it."""
    with pytest.raises(UsageError) as caught:
        use(crm, said)
    told = [str(caught.value), caught.value.render("zh"), repr(caught.value), repr(caught.value.params)]

    assert not any("13800130001" in each for each in told)


def test_texts_and_replies_are_typed(living, crm):
    """A text says what became of it, a reply who wrote it; nobody's number is in their `repr`."""
    person = living.customer()
    living.happen(person, living.car(person), 5)
    text, (reply,) = crm.messages.get("M1"), crm.messages.replies()

    assert ("M1", "C1", "T1", "DELIVERED", "您好") == (
        text.id, text.customer_id, text.touchpoint_id, text.state, text.message.text,
    )  # fmt: skip
    assert ("I1", "C1", "谢谢") == (reply.id, reply.customer_id, reply.text)
    assert (text,) == crm.messages.of("C1")
    assert "1380013" not in repr((text, reply))
    assert () == crm.messages.in_doubt()
    assert attrs.evolve(text, reason="X").id == "M1"
    assert datetime(2026, 11, 21, 21, 12, tzinfo=UTC) == text.state_at
