"""What the clerk works through: every call that is owed, once, with what he must know before he dials."""

from __future__ import annotations

from python_calamine import CalamineWorkbook
from tests.truth.test_due import owed
from tests.truth.test_replay import again, order_of, told

from crmcore.db import schema
from crmcore.flows.callbacks import due_rows, export


def worklist(world, *, masked=False):
    """The worklist of now, by the touchpoint's id."""
    crm = world.crm
    rows = due_rows(crm.db, crm.desk(), world.clock.now(), lang="zh", masked=masked)
    assert len(rows) == len({row.id for row in rows})
    return {row.id: row for row in rows}


def test_every_call_of_today_is_on_the_worklist(planned):
    """Whatever the truth says is owed by phone until now is there, once; nothing that is held back or still ahead is."""
    calls = {
        f"T{each.row.id}": each
        for each in planned.contacts()
        if each.open and each.channel == "PHONE" and each.due <= planned.clock.now() and each.row.bundled_into is None
    }
    listed = worklist(planned)

    assert calls.keys() == listed.keys()
    wanted = [
        due
        for due in owed(planned)
        if due.rule == "POST_REPAIR_CALLBACK" and due.at is not None and due.at <= planned.clock.now()
    ]
    assert wanted
    assert [] == [
        due
        for due in wanted
        if not any(due.rule == each.rule and each.person in due.persons for each in calls.values())
    ]


def test_the_clerk_sees_whom_what_and_which_cars(planned):
    """Name and full number for the clerk's own file, masked on the screen; the fleet's call lists both plates."""
    (company,) = planned.dealer.truth.cases["fleet"]
    (call,) = (each for each in planned.contacts() if each.person == company)
    full, masked = worklist(planned)[f"T{call.row.id}"], worklist(planned, masked=True)[f"T{call.row.id}"]
    plates = {car.plate for car in planned.dealer.cars.values() if car.vin in call.cars}

    assert plates == set(full.plate.split("、"))
    assert (planned.dealer.people[company].name, planned.dealer.people[company].phones[0]) == (
        full.customer,
        full.phone,
    )
    assert planned.dealer.people[company].name not in masked.customer
    assert planned.dealer.people[company].phones[0] not in masked.phone
    assert all(visit in full.reason for visit in call.visits)


def test_whoever_brought_the_car_has_been_here(planned):
    """The driver is called under his own number, with the date on which he brought the car."""
    _, driver = planned.dealer.truth.cases["buyer_not_driver"]
    (call,) = (each for each in planned.contacts() if each.person == driver)
    row = worklist(planned)[f"T{call.row.id}"]

    assert planned.dealer.people[driver].phones[0] == row.phone
    assert f"{order_of(planned.dealer, 'buyer_not_driver').delivered:%Y-%m-%d}" == row.last_visit


def test_a_survey_that_rides_is_no_call_of_its_own(world):
    """Whose new car was serviced in its first week is called once: the callback also asks the questionnaire."""
    (buyer,) = world.dealer.truth.cases["delivered_week_ago"]
    call = order_of(world.dealer, "callbacks_today")
    person, car = world.dealer.people[buyer], next(each for each in world.dealer.cars.values() if each.owner == buyer)
    again(
        world,
        told(
            world.dealer,
            "ro.csv",
            call.key,
            客户姓名=person.name,
            手机号=person.phones[0],
            车架号=car.vin,
            车牌号=car.plate,
        ),
    )
    world.plan()
    customer = world.customers()[person.name, f"+86{person.phones[0]}"]
    rows = world.rows(schema.touchpoint, customer_id=customer)
    listed = worklist(world)

    (carrier,) = (row for row in rows if f"T{row.id}" in listed)
    riders = [row.rule for row in rows if row.bundled_into == carrier.id]
    assert {"POST_REPAIR_CALLBACK", "DELIVERY_DAY7"} == {carrier.rule, *riders}
    assert " + " in listed[f"T{carrier.id}"].task
    assert "是否一次修好" in listed[f"T{carrier.id}"].questions
    assert "交车过程" in listed[f"T{carrier.id}"].questions


def test_the_workbook_has_every_call(planned, tmp_path):
    """The file has one row per call, with full numbers, and a heading in words."""
    crm, path = planned.crm, tmp_path / "worklist.xlsx"
    count = export(crm.db, crm.desk(), path, planned.clock.now(), lang="zh", by="E02").callbacks
    _codes, heading, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()

    assert count == len(rows) == len(worklist(planned))
    phones = {phone for person in planned.dealer.people.values() for phone in person.phones}
    assert {str(row[heading.index("电话")]) for row in rows} <= phones
