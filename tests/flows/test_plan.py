"""What a customer is owed is planned once, moves with what it hangs on, and stops when that is gone."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from tests.conftest import FixedClock
from tests.flows.planned_dealer import Dealer, local, settings

from crmcore.db import anchors, schema, touchpoints
from crmcore.db.engine import Database
from crmcore.flows.events import since
from crmcore.flows.gather import VISIT_EVENTS
from crmcore.flows.plan import plan
from crmcore.types.contact import AnchorKind, CareEvent
from crmcore.types.event import TextMoved


@pytest.fixture(name="dealer")
def _dealer(db):
    return Dealer(db)


def run(dealer, clock, **known):
    return plan(dealer.db, known.pop("using", None) or settings(), clock, **known)


def test_the_third_day_at_opening(dealer, clock):
    """A car handed over on Thursday is called about on Sunday at half past eight."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:20")

    report = run(dealer, clock)
    row = dealer.one("POST_REPAIR_CALLBACK")

    assert {"POST_REPAIR_CALLBACK": 1} == dict(report.added)
    assert ("2026-11-22T00:30:00Z", "DUE", "PHONE", "CR_AGENT") == (row.due_at, row.state, row.channel, row.executor)
    assert "2026-11-22T15:59:59Z" == row.deadline_at


def test_planning_twice_adds_nothing(dealer, clock):
    """The second plan of the day changes no row."""
    who = dealer.customer()
    car = dealer.car(who)
    dealer.visit(who, car, handed="2026-11-19 16:20")
    dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")
    run(dealer, clock)
    before, texts = dealer.touchpoints(), dealer.messages()

    clock.tick(minutes=1)
    report = run(dealer, clock)

    assert not any(report.totals().values())
    assert before == dealer.touchpoints()
    assert texts == dealer.messages()


def test_delivery_steps_are_instants(dealer, clock):
    """A car promised for Wednesday 10:00 is spoken of on Sunday 10:00 and on Tuesday 10:00."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")

    run(dealer, clock)

    assert [
        ("DELIVERY_T72", "2026-11-22T02:00:00Z", "DUE"),
        ("DELIVERY_T24", "2026-11-24T02:00:00Z", "PLANNED"),
    ] == [(row.rule, row.due_at, row.state) for row in dealer.touchpoints()]
    (text,) = dealer.messages()
    assert "【示范店】王小明，您的新车计划于11月25日 10:00在示范店交付" in text.text
    assert ("QUEUED", 1, "SERVICE") == (text.state, text.names_customer, text.message_class)
    assert text.key.isalnum()
    assert {
        "name": "王小明",
        "date": "11月25日",
        "time": "10:00",
        "store": "示范店",
        "phone": "010-55501234",
    } == json.loads(text.params)


def states(dealer, *rules):
    return [(row.rule, row.state, row.reason) for row in dealer.touchpoints(*rules)]


def later(dealer, clock, **by):
    clock.tick(**by)
    dealer.now = clock.now()


def test_a_moved_delivery_moves_its_reminders(dealer, clock):
    """What was planned for the old hour is due at the new one, and a text that waited does not go."""
    who = dealer.customer()
    visit = dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")
    run(dealer, clock)
    later(dealer, clock, hours=1)
    dealer.change(schema.visit, visit, promised_at="2026-11-25T08:00:00Z")

    report = run(dealer, clock)

    assert ["2026-11-22T08:00:00Z", "2026-11-24T08:00:00Z"] == [row.due_at for row in dealer.touchpoints()]
    assert {"DELIVERY_T72": 1, "DELIVERY_T24": 1} == dict(report.moved)
    assert ["CANCELLED"] == [text.state for text in dealer.messages()]


def test_a_text_that_was_cancelled_goes_when_its_time_comes(dealer, clock):
    """The one text of a touchpoint comes back in today's words; there is never a second one."""
    test_a_moved_delivery_moves_its_reminders(dealer, clock)
    later(dealer, clock, hours=5, minutes=10)

    run(dealer, clock)

    (text,) = dealer.messages()
    told = [each.state for each in since(dealer.db, None, 500).events if isinstance(each, TextMoved)]
    assert "QUEUED" == text.state
    assert "11月25日 16:00" in text.text
    assert ["QUEUED", "CANCELLED", "QUEUED"] == told


def test_a_cancelled_delivery_cancels_its_reminders(dealer, clock):
    """Nothing hangs on an order that is void."""
    who = dealer.customer()
    visit = dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")
    run(dealer, clock)
    dealer.change(schema.visit, visit, status="VOID")

    run(dealer, clock)

    assert {"CANCELLED"} == {row.state for row in dealer.touchpoints()}
    assert {"CANCELLED"} == {text.state for text in dealer.messages()}


def test_a_delivery_that_moves_after_the_reminder_is_told_again(dealer, clock):
    """The customer was told Wednesday; now that it is Friday he hears it once more, and only once."""
    who = dealer.customer()
    visit = dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")
    run(dealer, clock)
    with dealer.db.writing() as connection:
        touchpoints.done(connection, dealer.touchpoints("DELIVERY_T72")[0].id, clock.now())
    later(dealer, clock, hours=1)
    dealer.change(schema.visit, visit, promised_at="2026-11-27T02:00:00Z")

    run(dealer, clock)
    run(dealer, clock)

    assert [("1", "DONE"), ("1.2", "PLANNED")] == [
        (row.occurrence, row.state) for row in dealer.touchpoints("DELIVERY_T72")
    ]


def test_known_late_only_the_latest_step(dealer, clock):
    """A delivery that is imported eight days late gets its questionnaire, and neither thanks nor the first call."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), kind="DELIVERY", handed="2026-11-14 11:00")

    report = run(dealer, clock)

    row = dealer.one()
    assert ("DELIVERY_DAY7", "2026-11-21T00:30:00Z", "DUE") == (row.rule, row.due_at, row.state)
    assert {"DELIVERY_CHECK_72H": 1} == dict(report.overtaken)  # the thanks have expired


def test_the_past_is_not_flooded(dealer, clock):
    """A first import of a year of visits asks for no calls about last spring; what is left alone is counted."""
    who = dealer.customer()
    for handed in ("2026-04-01 16:00", "2026-11-12 16:00", "2026-11-11 16:00"):
        dealer.visit(who, dealer.car(who), handed=handed)

    report = run(dealer, clock, using=settings(only=["POST_REPAIR_CALLBACK"]))

    assert 1 == len(dealer.touchpoints())
    assert {} == dict(report.left_alone)


def test_a_later_visit_takes_the_place_of_the_first(dealer, clock):
    """The car was back before the call: one callback after the later hand-over, which names both."""
    who = dealer.customer()
    car = dealer.car(who)
    first = dealer.visit(who, car, handed="2026-11-20 16:00")
    run(dealer, clock)
    later(dealer, clock, hours=4)
    second = dealer.visit(who, car, handed="2026-11-22 12:00")

    run(dealer, clock)

    old, new = dealer.touchpoints("POST_REPAIR_CALLBACK")
    assert ("CANCELLED", "NEWER_VISIT") == (old.state, old.reason)
    assert ("PLANNED", "2026-11-25T00:30:00Z") == (new.state, new.due_at)
    assert [first, second] == json.loads(new.explanation)["visits"]


def test_while_the_car_is_back_in_the_shop_nobody_calls(dealer, clock):
    """The callback waits until the new order is closed, or is made after all when that is void."""
    who = dealer.customer()
    car = dealer.car(who)
    dealer.visit(who, car, handed="2026-11-19 16:00")
    back = dealer.visit(who, car, opened_at="2026-11-22 09:00")
    run(dealer, clock)
    waiting = states(dealer)
    dealer.change(schema.visit, back, status="VOID")

    run(dealer, clock)

    assert [("POST_REPAIR_CALLBACK", "SUPPRESSED", "IN_SHOP")] == waiting
    assert [("POST_REPAIR_CALLBACK", "DUE", None)] == states(dealer)


def test_what_was_called_about_is_not_called_about_again(dealer, clock):
    """An order of the same day that is imported after the call adds none, and a settlement that comes later neither."""
    who = dealer.customer()
    car = dealer.car(who)
    first = dealer.visit(who, car, handed="2026-11-19 16:00")
    run(dealer, clock)
    with dealer.db.writing() as connection:
        touchpoints.done(connection, dealer.one().id, clock.now())
    later(dealer, clock, hours=1)
    dealer.visit(who, car, handed="2026-11-19 17:00")
    dealer.change(schema.visit, first, invoiced_at="2026-11-22T03:00:00Z")

    run(dealer, clock)

    assert [("POST_REPAIR_CALLBACK", "DONE", None)] == states(dealer)


@pytest.mark.parametrize("order_type", ["INTERNAL", "PDI", "VOID"])
def test_orders_that_are_no_customers(dealer, clock, order_type):
    """They are never called about."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:00", order_type=order_type)

    run(dealer, clock)

    assert [] == dealer.touchpoints()


def test_an_open_complaint_keeps_the_callback_back_until_it_is_closed(dealer, clock):
    """The case's own callback takes its place; when it ends well, ours is lifted."""
    who = dealer.customer()
    visit = dealer.visit(who, dealer.car(who), handed="2026-11-19 16:00")
    case = dealer._insert(schema.complaint, store="S01", customer_id=who, visit_id=visit, state="RECEIVED")
    run(dealer, clock)
    kept_back = states(dealer)
    later(dealer, clock, hours=1)
    dealer.change(schema.complaint, case, state="CLOSED")

    run(dealer, clock)

    assert [("POST_REPAIR_CALLBACK", "SUPPRESSED", "COMPLAINT_ABOUT_VISIT")] == kept_back
    assert [("POST_REPAIR_CALLBACK", "DUE", None)] == states(dealer)


def test_after_an_injury_a_person_decides(dealer, clock):
    """It is kept back until it is given to somebody, and stays given."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:00", injury_accident=1)
    run(dealer, clock)
    kept_back = states(dealer)
    with dealer.db.writing() as connection:
        touchpoints.assign(connection, dealer.one().id, "E01", clock.now(), by="E02")

    run(dealer, clock)

    assert [("POST_REPAIR_CALLBACK", "SUPPRESSED", "INJURY_ACCIDENT")] == kept_back
    assert [("POST_REPAIR_CALLBACK", "DUE", None)] == states(dealer)
    assert "E01" == dealer.one().executor


def test_a_survey_rides_on_a_callback(dealer, clock):
    """Two calls to one person within three days are one; when it is made, both are done."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), kind="DELIVERY", handed="2026-11-16 11:00")
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:00")
    run(dealer, clock, using=settings(only=["DELIVERY_DAY7", "POST_REPAIR_CALLBACK"]))
    call, survey = dealer.one("POST_REPAIR_CALLBACK"), dealer.one("DELIVERY_DAY7")
    with dealer.db.writing() as connection:
        touchpoints.done(connection, call.id, clock.now())

    assert (None, call.id) == (call.bundled_into, survey.bundled_into)
    assert {("DONE", None), ("DONE", "BUNDLED")} == {(row.state, row.reason) for row in dealer.touchpoints()}


def test_two_texts_of_one_class_are_one_text(dealer, clock):
    """Inspection and maintenance fall due together: one text says both, and names its reader once."""
    who = dealer.customer()
    dealer.car(
        who, inspection_due_on="2026-12-22", next_service_on="2026-12-06", last_service_on="2026-06-06", km2=20000
    )
    run(dealer, clock, using=settings(only=["INSPECTION_DUE", "PERIODIC_MAINTENANCE"]))

    (text,) = dealer.messages()
    assert 1 == text.text.count("王小明")
    assert "年检" in text.text
    assert "保养" in text.text
    assert text.text.endswith("拒收请回复R")


def test_a_fleet_is_called_once_a_week(dealer, clock):
    """Eight cars, two of them out of the shop this week: one call names both; a third later that week joins it."""
    firm = dealer.customer(kind="ORGANIZATION", name="示范物流有限公司")
    cars = [dealer.car(firm) for _ in range(8)]
    first = [dealer.visit(firm, car, handed="2026-11-20 16:00") for car in cars[:2]]
    run(dealer, clock)
    one = dealer.one()
    later(dealer, clock, hours=1)
    dealer.visit(firm, cars[2], handed="2026-11-22 11:00")

    run(dealer, clock)

    both = dealer.one()
    assert ("customer:1", "fleet:2026-W48", "2026-11-23T00:30:00Z") == (one.subject, one.anchor, one.due_at)
    assert first == json.loads(one.explanation)["visits"]
    assert (one.id, cars[:3]) == (both.id, json.loads(both.explanation)["vehicles"])


def test_a_number_of_a_family_gets_no_name(dealer, clock):
    """Three customers leave one number: the text to it names nobody."""
    for _ in range(3):
        dealer.customer()
    dealer.visit(1, dealer.car(1), kind="DELIVERY", promised_at="2026-11-25 10:00")

    run(dealer, clock)

    (text,) = dealer.messages()
    assert 0 == text.names_customer
    assert "王小明" not in text.text
    assert "您预订的新车" in text.text


def test_a_service_text_to_a_number_that_said_no_is_a_call(dealer, clock):
    """The customer who refused texts is called about his own order."""
    who = dealer.customer()
    dealer._insert(
        schema.opt_out, value="+8613800130001", channel="SMS", since="2026-01-01T00:00:00Z", source="reply:I1"
    )
    dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")

    run(dealer, clock)

    assert {"PHONE"} == {row.channel for row in dealer.touchpoints()}
    assert [] == dealer.messages()
    assert {"SMS": "OPTED_OUT"} == json.loads(dealer.touchpoints()[0].explanation)["passed"]


def test_a_text_that_fails_for_good_is_a_call(dealer, clock):
    """`to_phone` makes a task of it that the next plan leaves alone; what is over for another reason stays over."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), kind="DELIVERY", promised_at="2026-11-25 10:00")
    run(dealer, clock)
    number = dealer.touchpoints("DELIVERY_T72")[0].id
    with dealer.db.writing() as connection:
        connection.execute(schema.message.update().values(state="FAILED"))
        made = touchpoints.to_phone(connection, number, "NOT_DELIVERED", clock.now())
        again = touchpoints.to_phone(connection, number, "NOT_DELIVERED", clock.now())
        nobody = touchpoints.to_phone(connection, 999, "NOT_DELIVERED", clock.now())

    run(dealer, clock)

    row = dealer.touchpoints("DELIVERY_T72")[0]
    assert (True, False, False) == (made, again, nobody)
    assert ("PHONE", "DUE", "NOT_DELIVERED") == (row.channel, row.state, row.reason)


def test_what_the_text_settled_is_settled(dealer, clock):
    """A text that was delivered closes its touchpoint, one that was refused for good does too, one under way is left alone."""
    for number, state in enumerate(("DELIVERED", "REFUSED", "UNKNOWN")):
        who = dealer.customer(phone=f"+861380013000{number}", birth_md="11-22", name=state)
        assert who
    run(dealer, clock)
    for row, state in zip(dealer.touchpoints(), ("DELIVERED", "REFUSED", "UNKNOWN"), strict=True):
        with dealer.db.writing() as connection:
            connection.execute(
                schema.message.update()
                .where(schema.message.c.touchpoint_id == row.id)
                .values(state=state, code=None if state == "DELIVERED" else "TOO_OFTEN")
            )
    later(dealer, clock, hours=20)

    run(dealer, clock)

    assert [("DONE", None), ("SKIPPED", "TOO_OFTEN"), ("DUE", None)] == [
        (row.state, row.reason) for row in dealer.touchpoints("BIRTHDAY")
    ]


def test_what_is_no_longer_worth_doing_expires(dealer, clock):
    """Nobody is congratulated the day after."""
    dealer.customer(birth_md="11-22")
    run(dealer, clock)
    later(dealer, clock, hours=20)

    report = run(dealer, clock)

    assert [("BIRTHDAY", "EXPIRED", "EXPIRED")] == states(dealer)
    assert ["CANCELLED"] == [text.state for text in dealer.messages()]
    assert {"BIRTHDAY": 1} == dict(report.expired)


def test_a_rule_that_is_switched_off_cancels_what_it_planned(dealer, clock):
    """And nothing else."""
    who = dealer.customer(birth_md="11-22")
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:00")
    run(dealer, clock)

    run(dealer, clock, using=settings(only=["POST_REPAIR_CALLBACK"]))

    assert {("BIRTHDAY", "CANCELLED", "RULE_OFF"), ("POST_REPAIR_CALLBACK", "DUE", None)} == set(states(dealer))


def test_a_renewed_insurance_is_not_reminded_of(dealer, clock):
    """When the date moves on by a year, the reminder of the old one is cancelled."""
    who = dealer.customer()
    dealer._insert(schema.consent, customer_id=who, purpose="MARKETING", status="GRANTED")
    car = dealer.car(who, commercial_insurance_until="2026-12-22")
    run(dealer, clock)
    planned = states(dealer)
    later(dealer, clock, hours=1)
    dealer.change(schema.vehicle, car, commercial_insurance_until="2027-12-22")

    run(dealer, clock)

    assert [("INSURANCE_END", "DUE", None)] == planned
    assert [("INSURANCE_END", "CANCELLED", "RENEWED")] == states(dealer)


def test_a_consent_lifts_what_waited_for_it(dealer, clock):
    """Advertising that was kept back goes once the customer has agreed."""
    who = dealer.customer()
    dealer.car(who, commercial_insurance_until="2026-12-22")
    run(dealer, clock)
    kept_back = states(dealer)
    dealer._insert(schema.consent, customer_id=who, purpose="MARKETING", status="GRANTED")

    run(dealer, clock)

    assert [("INSURANCE_END", "SUPPRESSED", "NO_CONSENT")] == kept_back
    assert [("INSURANCE_END", "DUE", None)] == states(dealer)


def test_a_car_that_was_given_away_concerns_nobody(dealer, clock):
    """The former owner hears nothing about it; the new one does."""
    who = dealer.customer()
    car = dealer._insert(schema.vehicle, plate="京A12345", inspection_due_on="2026-12-22")
    dealer.party(car, who, end_on="2026-10-01")
    run(dealer, clock)
    nothing = dealer.touchpoints()
    heir = dealer.customer(phone="+8613800130002", name="李四")
    dealer.party(car, heir)
    dealer.change(schema.vehicle, car, plate="京A12345")

    run(dealer, clock)

    assert [] == nothing
    assert heir == dealer.one().customer_id


def test_everybody_is_greeted_on_the_day(dealer, clock):
    """New Year's texts are planned on New Year's Day for those who have a car; a year the pack does not list is reported."""
    who = dealer.customer()
    dealer.car(who)
    dealer.customer(phone="+8613800130002", name="没车")
    clock.at = local("2026-12-31 10:00")
    before = run(dealer, clock).totals()["added"]
    clock.at = local("2027-01-01 10:00")
    run(dealer, clock)
    again = run(dealer, clock).totals()["added"]
    clock.at = local("2029-06-01 10:00")
    report = run(dealer, clock)

    (text,) = [text for text in dealer.messages() if text.template == "HOLIDAY"]
    assert (0, 0) == (before, again)
    assert "元旦到来之际" in text.text
    assert ("HOLIDAY_SPRING_FESTIVAL", 2029) in report.unlisted


def test_a_storm_is_told_of_the_day_before(dealer, clock):
    """An event wakes its rule once; other stores' customers hear nothing."""
    dealer.car(dealer.customer())
    storm = CareEvent(code="snow", rule="WEATHER", on=date(2026, 11, 23), label={"zh": "暴雪", "en": "snow"})
    elsewhere = CareEvent(code="fog", rule="WEATHER", on=date(2026, 11, 23), label={"zh": "雾"}, stores=("S09",))
    run(dealer, clock, using=settings(events=(storm, elsewhere)))

    (text,) = dealer.messages()
    assert "11月23日前后本地有暴雪" in text.text

    run(dealer, clock, using=settings())

    assert [("WEATHER", "CANCELLED", "ANCHOR_GONE")] == states(dealer)


def test_family_appointment_ready_and_prospect(dealer, clock):
    """The other events of a day each owe their own contact."""
    who = dealer.customer()
    car = dealer.car(who)
    dealer._insert(schema.relative, customer_id=who, name="女儿", birth_md="11-22")
    dealer._insert(
        schema.appointment,
        store="S01",
        customer_id=who,
        vehicle_id=car,
        start_at="2026-11-23T01:30:00Z",
        status="CONFIRMED",
    )
    dealer.visit(who, car, opened_at="2026-11-21 09:00", completed_at="2026-11-21 17:05", status="READY")
    dealer.visit(who, None, kind="SHOWROOM", opened_at="2026-11-21 15:10", status="CLOSED")

    run(dealer, clock)
    first = dealer.touchpoints()
    report = run(dealer, clock)

    assert {
        ("FAMILY_BIRTHDAY", "2026-11-22T00:30:00Z"),
        ("APPOINTMENT_REMINDER", "2026-11-22T00:30:00Z"),
        ("READY_FOR_PICKUP", "2026-11-21T09:05:00Z"),
        ("SHOWROOM_THANKS", "2026-11-21T07:10:00Z"),
        ("SHOWROOM_CALLBACK_48H", "2026-11-21T07:10:00Z"),
    } == {(row.rule, row.due_at) for row in first}
    assert not any(report.totals().values())
    assert first == dealer.touchpoints()


def test_first_service_and_absence(dealer, clock):
    """Three months after delivery the first service; twelve months after the last visit the call to who stays away."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), kind="DELIVERY", handed="2026-09-06 11:00")
    dealer.car(dealer.customer(phone="+8613800130002"), delivered_on="2026-09-06")
    dealer.car(dealer.customer(phone="+8613800130003"), last_service_on="2025-11-22")
    run(dealer, clock)

    first = [row.due_at for row in dealer.touchpoints("FIRST_MAINTENANCE")]
    assert ["2026-11-22T00:30:00Z"] * 2 == first
    assert "2026-11-22T00:30:00Z" == dealer.one("LOST_CUSTOMER").due_at


def test_who_does_it(dealer, clock):
    """Somebody of the role who is there and is not the customer's own advisor; who leaves is replaced at the next look."""
    for code, role in (("E01", "CR_AGENT"), ("E02", "SERVICE_ADVISOR")):
        dealer._insert(schema.staff, code=code, name=code, store="S01", role=role, source="config")
    who = dealer.customer()
    visit = dealer.visit(who, dealer.car(who), handed="2026-11-19 16:00", advisor="E02")
    run(dealer, clock)
    first = dealer.one().executor
    with dealer.db.writing() as connection:
        connection.execute(schema.staff.update().values(active=0))
    later(dealer, clock, hours=1)
    dealer.change(schema.visit, visit, remark="")

    run(dealer, clock)

    assert ("E01", "CR_AGENT") == (first, dealer.one().executor)
    assert ["CR_MANAGER", "SERVICE_MANAGER"] == json.loads(dealer.one().supervisors)


def test_a_dry_run_writes_nothing(dealer, clock):
    """It says what would be."""
    who = dealer.customer()
    dealer.visit(who, dealer.car(who), handed="2026-11-19 16:00")

    report = run(dealer, clock, dry_run=True)

    assert {"POST_REPAIR_CALLBACK": 1} == dict(report.added)
    assert report.dry_run
    assert [] == dealer.touchpoints()


def test_a_replay_counts_each_day(dealer, clock):
    """Every contact of the period on its day, as if each had been made; nothing is written."""
    who = dealer.customer(birth_md="10-05")
    car = dealer.car(who)
    for handed in ("2026-10-01 16:00", "2026-10-02 16:00", "2026-10-20 16:00"):
        dealer.visit(who, car, handed=handed)

    report = run(dealer, clock, since=date(2026, 10, 1), until=date(2026, 10, 31))

    assert {
        (date(2026, 10, 1), "HOLIDAY_NATIONAL_DAY"): 1,
        (date(2026, 10, 5), "BIRTHDAY"): 1,
        (date(2026, 10, 5), "POST_REPAIR_CALLBACK"): 1,
        (date(2026, 10, 23), "POST_REPAIR_CALLBACK"): 1,
    } == dict(report.days)
    assert [] == dealer.touchpoints()
    assert 0 == run(dealer, clock, until=date(2026, 8, 30)).totals()["added"]


def test_every_window_uses_an_index(dealer):
    """A day's plan costs what is due: no query for events scans a table."""
    if dealer.db.postgresql:
        return
    dates = anchors.Window(
        first=date(2026, 11, 12), last=date(2026, 11, 22), new=date(2026, 11, 20), since="2026-11-21T"
    )
    kinds = (*VISIT_EVENTS, AnchorKind.HANDED_OVER)
    queries = [anchors.orders_between(kind, dates) for kind in kinds]
    queries += [anchors.cars_between(field, dates) for fields in anchors.CAR_DATES.values() for field in fields]
    queries += [anchors.new_cars_between(dates), anchors.appointments_between(dates)]
    queries += [anchors.birthdays(["11-22"], dates), anchors.family_birthdays(["11-22"])]
    with dealer.db.reading() as connection:
        for query in queries:
            said = str(query.compile(dealer.db.engine, compile_kwargs={"literal_binds": True}))
            steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}")]

            assert [] == [step for step in steps if step.startswith("SCAN")], steps


@settings_of(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(8, 22), st.booleans()), max_size=8), st.integers(0, 3))
def test_replanning_settles(tmp_path_factory, visits, days):
    """Whatever was handed over and whenever one plans, a second plan of that moment changes nothing."""
    with Database(f"sqlite:///{tmp_path_factory.mktemp('plan') / 'crm.db'}") as db:
        schema.metadata.create_all(db.engine)
        dealer, clock = Dealer(db), FixedClock()
        cars = [dealer.car(dealer.customer(phone=f"+861380013000{number}")) for number in range(4)]
        for car, day, delivery in visits:
            kind = "DELIVERY" if delivery else "SERVICE"
            dealer.visit(cars[car - 1] - 2, cars[car - 1], kind=kind, handed=f"2026-11-{day:02d} 09:00")
        run(dealer, clock)
        clock.tick(days=days)
        run(dealer, clock)
        before = dealer.touchpoints()

        report = run(dealer, clock)

        assert before == dealer.touchpoints()
        assert 0 == report.totals()["added"] + report.totals()["moved"] + report.totals()["cancelled"]
