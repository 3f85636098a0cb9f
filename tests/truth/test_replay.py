"""Day after day: the same contacts as were planned at once, each once, and what changes in the source changes them."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
import pytest
from tests.truth.test_due import AHEAD, broken, missing, unowed
from tests.truth.world import open_world

from crmcore.db import schema
from crmcore.sample import write


def told(dealer, file, key, **cells):
    """The dealer whose source says something else in the rows of one order: heading -> cell."""
    sheets = []
    for sheet in dealer.sheets:
        rows = sheet.rows
        if sheet.file == file:
            places = {sheet.headings.index(heading): cell for heading, cell in cells.items()}
            rows = tuple(
                tuple(places.get(place, cell) for place, cell in enumerate(row)) if key in row else row for row in rows
            )
            assert rows != sheet.rows
        sheets.append(attrs.evolve(sheet, rows=rows))
    return attrs.evolve(dealer, sheets=tuple(sheets))


def again(world, dealer):
    """The source is exported anew and read again."""
    write(dealer, world.folder)
    return world.sync()


def order_of(dealer, case, number=0):
    (person,) = (dealer.truth.cases[case][number],)
    return next(call for call in reversed(dealer.visits) if call.customer == person)


def within(world, first, last, *, held=False):
    return {
        (each.rule, each.person, each.due, each.visits)
        for each in world.contacts()
        if first <= each.on <= last and each.state != "CANCELLED" and (each.state == "SUPPRESSED") == held
    }


def test_day_by_day_is_the_same_as_at_once(world, planned):
    """Planned every morning for four days, everybody is owed what was foreseen on the first, on the same instants."""
    today = world.dealer.today
    world.sync()
    for days in range(4):
        world.go(days, "08:35")
        world.plan()

        assert [] == missing(world)
        assert [] == unowed(world)
        assert [] == [
            (never.case, each.rule)
            for never in world.dealer.truth.never
            for each in world.contacts()
            if broken(never, each) and (never.why != "APPOINTMENT_BOOKED" or days < 2)  # tomorrow's: over by then
        ]

    foreseen, was_held = within(planned, today, today + AHEAD), within(planned, today, today + AHEAD, held=True)
    made = within(world, today, today + AHEAD)
    assert foreseen <= made
    assert made - foreseen <= was_held  # what kept them back is over, or they are


def test_days_that_nobody_worked_lose_nothing(world, planned):
    """A plan that is made only on the third day still knows what fell due on the days before and is not over."""
    today = world.dealer.today
    world.sync()
    world.go(3)
    world.plan()

    late = {(rule, person, visits) for rule, person, _, visits in within(world, today, today + AHEAD)}
    over = {"APPOINTMENT_REMINDER", "DELIVERY_T72", "DELIVERY_T24", "BIRTHDAY", "FAMILY_BIRTHDAY"}
    assert [] == [
        (rule, person)
        for rule, person, _, visits in within(planned, today, today + AHEAD)
        if (rule, person, visits) not in late and rule not in over
    ]


@pytest.mark.parametrize("days", [0, 1, 3])
def test_planning_twice_adds_nothing(world, days):
    """The second plan of a morning counts nothing, and no touchpoint and no text differs after it."""
    world.sync()
    for day in range(days + 1):
        world.go(day)
        world.plan()
    before = (world.rows(schema.touchpoint), world.rows(schema.message))

    report = world.plan()

    counted = report.totals()
    assert dict.fromkeys(counted, 0) == counted | {"overtaken": 0, "left_alone": 0}
    assert before == (world.rows(schema.touchpoint), world.rows(schema.message))


def test_a_moved_delivery_moves_its_reminders(world):
    """The hand-over is put off by a day before anything was said: both steps follow it, and the text that waits does not go."""
    world.sync()
    world.plan()
    call = order_of(world.dealer, "delivery_ahead")
    later = call.promised + timedelta(days=1)
    world.go(0, "10:30")
    again(world, told(world.dealer, "deliveries.xlsx", call.key, 计划交车日期=later.replace(tzinfo=None)))
    world.plan()

    steps = {each.rule: each for each in world.contacts() if call.key in each.visits}
    assert {"DELIVERY_T72": later - timedelta(hours=72), "DELIVERY_T24": later - timedelta(hours=24)} == {
        rule: each.due for rule, each in steps.items()
    }
    assert {"PLANNED"} == {each.state for each in steps.values()}
    (text,) = world.rows(schema.message, touchpoint_id=steps["DELIVERY_T72"].row.id)
    assert "CANCELLED" == text.state

    world.go(1, "10:00")
    world.plan()
    (text,) = world.rows(schema.message, touchpoint_id=steps["DELIVERY_T72"].row.id)
    assert "QUEUED" == text.state
    assert f"{later:%-m}月{later:%-d}日 {later:%H:%M}" in text.text


def test_a_delivery_brought_forward_says_only_what_is_left(world):
    """A car that is to be handed over tomorrow after all: the step that is past is due at once, the other at its instant."""
    call = order_of(world.dealer, "delivery_ahead")
    sooner = datetime.combine(world.dealer.today + timedelta(days=1), call.promised.timetz())
    world.sync()
    world.go(-1)
    world.plan()
    world.go(0, "09:00")
    again(world, told(world.dealer, "deliveries.xlsx", call.key, 计划交车日期=sooner.replace(tzinfo=None)))
    world.plan()

    steps = {each.rule: each for each in world.contacts() if call.key in each.visits and each.open}
    assert sooner - timedelta(hours=24) == steps["DELIVERY_T24"].due
    assert "PLANNED" == steps["DELIVERY_T24"].state


def test_a_delivery_that_took_place_is_not_announced(world):
    """The car is handed over a day early: what was to prepare the customer is cancelled, thanks and check are owed."""
    call = order_of(world.dealer, "delivery_ahead", 1)
    world.sync()
    world.plan()
    world.go(0, "16:00")
    handed = datetime.combine(world.dealer.today, datetime.min.time()).replace(hour=11)
    again(world, told(world.dealer, "deliveries.xlsx", call.key, 交车日期=handed))
    world.plan()

    states = {each.rule: each.state for each in world.contacts() if call.key in each.visits}
    assert {"CANCELLED"} == {states["DELIVERY_T72"], states["DELIVERY_T24"]}
    assert {"DUE"} == {states["DELIVERY_THANKS"], states["DELIVERY_CHECK_72H"]}


@pytest.mark.parametrize(("cell", "why"), [("作废", "ORDER_VOID"), ("内部", "ORDER_INTERNAL"), ("PDI", "ORDER_PDI")])
def test_an_order_that_is_no_customers_after_all_is_not_called_about(world, cell, why):
    """The order is voided, or was the dealer's own: its callback is cancelled and does not come back."""
    call = order_of(world.dealer, "callbacks_today")
    world.sync()
    world.plan()
    world.go(0, "11:00")
    again(world, told(world.dealer, "ro.csv", call.key, 工单类型=cell))
    world.plan()
    world.go(1)
    world.plan()

    assert [("POST_REPAIR_CALLBACK", "CANCELLED", why)] == [
        (each.rule, each.state, each.reason) for each in world.contacts() if call.key in each.visits
    ]


def test_a_booking_that_is_cancelled_is_not_reminded_of(world):
    """The customer calls off tomorrow's visit: the text that waits does not go."""
    (person,) = world.dealer.truth.cases["appointment_tomorrow"]
    booking = next(each for each in world.dealer.bookings if each.customer == person)
    world.sync()
    world.plan()
    world.go(0, "11:00")
    again(world, told(world.dealer, "appointments.csv", booking.key, 状态="已取消"))
    world.plan()

    (reminder,) = (each for each in world.contacts() if each.rule == "APPOINTMENT_REMINDER")
    (text,) = world.rows(schema.message, touchpoint_id=reminder.row.id)
    assert ("CANCELLED", "CANCELLED") == (reminder.state, text.state)


def test_nobody_is_asked_to_book_who_comes_today(world):
    """An appointment keeps the reminder of maintenance back for its whole day; who did not come is asked the day after."""
    (person,) = world.dealer.truth.cases["appointment_tomorrow"]
    world.sync()
    states = []
    for days, clock in ((0, "10:00"), (1, "09:00"), (1, "16:00"), (2, "09:00")):
        world.go(days, clock)
        world.plan()
        states += [
            (each.state, each.reason)
            for each in world.contacts()
            if (each.rule, each.person) == ("PERIODIC_MAINTENANCE", person)
        ]

    booked = ("SUPPRESSED", "APPOINTMENT_BOOKED")
    assert [booked, booked, booked, ("DUE", None)] == states


def test_a_renewed_insurance_is_not_offered(world):
    """The policy now ends in a year: the offer that waited is withdrawn and says why."""
    agreed = world.dealer.truth.cases["insurance"][0]
    call = order_of(world.dealer, "insurance")
    world.sync()
    world.plan()
    world.go(0, "11:00")
    again(world, told(world.dealer, "ro.csv", call.key, 保险到期=f"{world.dealer.today + timedelta(days=395)}"))
    world.plan()

    assert [("CANCELLED", "RENEWED")] == [
        (each.state, each.reason) for each in world.contacts() if (each.rule, each.person) == ("INSURANCE_END", agreed)
    ]


def test_a_car_that_was_sold_concerns_its_owner_no_more(world):
    """The source says that the car was sold on: its inspection, planned yesterday, is off."""
    (person,) = world.dealer.truth.cases["inspection"]
    call = order_of(world.dealer, "inspection")
    world.sync()
    world.plan()
    world.go(0, "11:00")
    again(world, told(world.dealer, "ro.csv", call.key, 车辆状态="已售"))
    world.plan()

    assert [("INSPECTION_DUE", "CANCELLED", "VEHICLE_SOLD")] == [
        (each.rule, each.state, each.reason) for each in world.contacts() if each.person == person
    ]


def test_a_complaint_that_is_closed_lets_go(world):
    """While the complaint is open nothing of care goes; once it is closed the callback about the visit is owed again."""
    angry = world.dealer.truth.cases["open_complaint"][0]
    case = next(each for each in world.dealer.complaints if each.customer == angry)
    world.sync()
    world.plan()
    before = {each.rule: (each.state, each.reason) for each in world.contacts() if each.person == angry}
    world.go(0, "15:00")
    again(world, told(world.dealer, "complaints.csv", case.key, 状态="已结案"))
    world.plan()
    after = {each.rule: each.state for each in world.contacts() if each.person == angry}

    assert {
        "POST_REPAIR_CALLBACK": ("SUPPRESSED", "COMPLAINT_ABOUT_VISIT"),
        "BIRTHDAY": ("SUPPRESSED", "OPEN_COMPLAINT"),
    } == before
    assert {"POST_REPAIR_CALLBACK": "DUE", "BIRTHDAY": "PLANNED"} == after


def test_a_car_that_comes_back_is_called_about_once_about_both(world):
    """The car is in the workshop again before its callback is made: the call waits, and then names both visits."""
    dealer = world.dealer
    later = order_of(dealer, "came_back")
    earlier = next(call for call in dealer.visits if call.car == later.car and call.key != later.key)
    still = told(dealer, "ro.csv", later.key, 完工日期="", 交车日期="", 结算日期="", 状态="在修")
    write(still, world.folder)
    world.sync()
    world.plan()
    first = [(each.visits, each.state, each.reason) for each in world.contacts() if earlier.key in each.visits]
    again(world, dealer)
    world.plan()

    assert [((earlier.key,), "SUPPRESSED", "IN_SHOP")] == first
    both = [each for each in world.contacts() if earlier.key in each.visits]
    assert [(earlier.key, later.key)] == [each.visits for each in both if each.open]
    assert {"NEWER_VISIT"} == {each.reason for each in both if each.state == "CANCELLED"}
    (call,) = (each for each in both if each.open)
    assert (later.delivered + timedelta(days=3)).date() == call.on


def test_a_service_yesterday_is_no_time_to_ask_for_the_next(world):
    """Whose car was serviced today is not reminded of maintenance: that of yesterday's plan is off."""
    regular = world.dealer.truth.cases["maintenance"][1]
    call = order_of(world.dealer, "maintenance", 1)
    served = attrs.evolve(
        world.dealer,
        sheets=tuple(
            attrs.evolve(sheet, rows=(*sheet.rows, _serviced_today(sheet, call.key, world.dealer.today)))
            if sheet.file == "ro.csv"
            else sheet
            for sheet in world.dealer.sheets
        ),
    )
    world.sync()
    world.plan()
    world.go(0, "18:00")
    again(world, served)
    world.plan()

    contacts = {each.rule: each for each in world.contacts() if each.person == regular}
    assert ("CANCELLED", "NEW_SERVICE") == (
        contacts["PERIODIC_MAINTENANCE"].state,
        contacts["PERIODIC_MAINTENANCE"].reason,
    )
    assert world.dealer.today + timedelta(days=3) == contacts["POST_REPAIR_CALLBACK"].on


def _serviced_today(sheet, key, today):
    row = list(next(row for row in sheet.rows if key in row))
    said = {
        "工单号": "RO9999990001",
        "进厂日期": f"{today} 09:00",
        "完工日期": f"{today} 15:00",
        "交车日期": f"{today} 16:00",
        "结算日期": f"{today} 16:00",
        "进厂里程": "",
    }
    for heading, cell in said.items():
        row[sheet.headings.index(heading)] = cell
    return tuple(row)


def test_the_days_of_the_replay_are_those_of_the_dealer(dealer, tmp_path):
    """`plan --from --to` counts for each day of the truth the callbacks that are owed on it, and writes nothing."""
    with open_world(dealer, tmp_path) as world:
        world.sync()
        report = world.crm.plan(since=dealer.today, until=dealer.today + AHEAD)

        assert [] == world.rows(schema.touchpoint)
        days = [dealer.today + timedelta(days=days) for days in range(4)]
        counted = {on: report.days[on, "APPOINTMENT_REMINDER"] for on in days}
        owed = {on: sum(due.rule == "APPOINTMENT_REMINDER" for due in dealer.truth.due_on(on)) for on in days}
        assert owed == counted
        assert {due.on for due in dealer.truth.due if due.rule == "BIRTHDAY"} == {
            on for on, rule in report.days if rule == "BIRTHDAY"
        }
