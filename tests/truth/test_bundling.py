"""Nobody is bothered twice within three days, but for what has its own moment."""

from __future__ import annotations

import itertools

import attrs
import pytest
from tests.truth.test_replay import again, order_of, told

from crmcore.db import schema
from crmcore.sample.people import CHINA

WIDTH = 3  # days


def alone(world):
    """Open contacts that are made for themselves, by person."""
    found = {}
    for each in world.contacts():
        if each.open and each.row.bundled_into is None:
            found.setdefault(each.person, []).append(each)
    return found


def made_on(contact, world):
    """The day on which a contact can be made: what is late already is made today."""
    return max(contact.due, world.clock.now()).astimezone(CHINA).date()


def apart(world, one, other):
    """May these two be two? They are more than three days apart, have a moment of their own, or would miss their end."""
    rules = world.crm.config.rules
    first, then = sorted((one, other), key=lambda each: each.due)
    return (
        abs((made_on(one, world) - made_on(other, world)).days) > WIDTH
        or not rules[one.rule].bundle
        or not rules[other.rule].bundle
        or (one.channel == other.channel == "SMS" and one.message_class != other.message_class)
        or (then.channel == "PHONE" and first.row.expires_at is not None and first.row.expires_at < then.row.due_at)
    )


def test_nobody_is_contacted_twice_within_three_days(planned):
    """Any two contacts of one person in three days ride on each other, unless one has its own moment."""
    assert [] == [
        (one.rule, other.rule, person)
        for person, theirs in alone(planned).items()
        for one, other in itertools.combinations(theirs, 2)
        if not apart(planned, one, other)
    ]


def test_what_has_its_own_moment_is_known_by_name(planned):
    """Only instants, thanks, notices, appointments, storms and the second call of a case are kept apart; every survey and reminder can ride."""
    own = {code for code, rule in planned.crm.config.rules.items() if not rule.bundle}

    assert {
        "DELIVERY_T72",
        "DELIVERY_T24",
        "DELIVERY_THANKS",
        "SHOWROOM_THANKS",
        "READY_FOR_PICKUP",
        "APPOINTMENT_REMINDER",
        "WEATHER",
        "COMPLAINT_CALLBACK",
    } == own


def test_the_questionnaire_takes_the_place_of_the_check_that_was_missed(planned):
    """A week after the hand-over only the questionnaire is due: the check within 72 hours was missed, and one call is enough."""
    (person,) = planned.dealer.truth.cases["delivered_week_ago"]

    assert ["DELIVERY_DAY7"] == [each.rule for each in planned.contacts() if each.person == person]


def test_what_is_late_is_made_today_and_carries_what_is_due_today(world, planned):
    """A callback that was missed last week is made today: the reminder of today is part of that call."""
    missed = next(
        each
        for each in planned.contacts()
        if each.rule == "POST_REPAIR_CALLBACK" and (planned.dealer.today - each.on).days > WIDTH
    )
    until = f"{world.dealer.today.replace(month=12)}"
    again(world, told(world.dealer, "ro.csv", missed.visits[0], 年检到期=until))
    world.plan()

    contacts = {each.rule: each.row for each in world.contacts() if missed.person == each.person}
    assert contacts["POST_REPAIR_CALLBACK"].id == contacts["INSPECTION_DUE"].bundled_into


@pytest.mark.parametrize("days", [1, 2, 3])
def test_the_days_that_follow_bundle_as_well(world, days):
    """Planned each morning, nobody has two contacts within three days either."""
    world.sync()
    for day in range(days + 1):
        world.go(day)
        world.plan()

    assert [] == [
        (one.rule, other.rule, person)
        for person, theirs in alone(world).items()
        for one, other in itertools.combinations(theirs, 2)
        if not apart(world, one, other)
    ]


def test_a_reminder_rides_on_the_callback_of_the_day(world):
    """Whose inspection is due in a month and who is called about a repair today hears of it on the phone, and by no text."""
    call = order_of(world.dealer, "callbacks_today")
    until = f"{world.dealer.today.replace(month=12)}"
    again(world, told(world.dealer, "ro.csv", call.key, 年检到期=until))
    world.plan()

    contacts = {each.rule: each for each in world.contacts() if call.customer == each.person}
    carrier, rider = contacts["POST_REPAIR_CALLBACK"].row, contacts["INSPECTION_DUE"].row
    assert (None, carrier.id) == (carrier.bundled_into, rider.bundled_into)
    assert [] == world.rows(schema.message, customer_id=carrier.customer_id)


def test_a_fleet_hears_of_all_inspections_in_one_week_once(world):
    """Eight cars, whose inspections end on one day: one contact names all eight."""
    (company,) = world.dealer.truth.cases["fleet"]
    until = f"{world.dealer.today.replace(month=12)}"
    dealer = world.dealer
    for call in [call for call in world.dealer.visits if call.customer == company]:
        dealer = told(dealer, "ro.csv", call.key, 年检到期=until)
    again(world, dealer)
    world.plan()

    inspections = [each for each in world.contacts() if (each.rule, each.person) == ("INSPECTION_DUE", company)]
    assert [8] == [len(each.cars) for each in inspections]
    assert {car.vin for car in world.dealer.cars.values() if car.owner == company} == set(inspections[0].cars)


def test_a_small_owner_is_told_of_each_car(world):
    """Somebody with one car gets a contact about that car, not a fleet's."""
    (person,) = world.dealer.truth.cases["inspection"]
    world.sync()
    world.plan()
    (contact,) = (each for each in world.contacts() if each.person == person)

    assert 1 == len(contact.cars)
    assert attrs.evolve(contact, said={}).cars == contact.cars
    assert not contact.row.anchor.startswith("fleet:")
