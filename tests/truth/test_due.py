"""Who is owed what, on which day: the plan of one morning against the truth."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from tests.truth.world import LIVE, OWED, Contact, World

from crmcore.sample.people import CHINA
from crmcore.sample.truth import Due, Never

#: What is planned now: it falls due within these days, or it fell due and was not left alone.
AHEAD = timedelta(days=3)


def fits(due: Due, contact: Contact) -> bool:
    """Is `contact` what the truth says is owed: the right person, day, instant, deadline, cars and orders?"""
    return (
        due.rule == contact.rule
        and contact.person in due.persons
        and contact.state in OWED
        and due.on == contact.on
        and (due.at is None or due.at == contact.due)
        and (due.deadline is None or due.deadline == contact.deadline)
        and set(due.cars) <= set(contact.cars)
        and set(due.visits) <= set(contact.visits)
    )


def owed(world: World) -> list[Due]:
    """What has been planned by now: everything that is due by three days from today."""
    last = world.clock.now().astimezone(CHINA).date() + AHEAD
    return [due for due in world.dealer.truth.due if due.on <= last and _wanted(due, world)]


def _wanted(due: Due, world: World) -> bool:
    """A contact whose last day was weeks ago when it became known is left alone (the guard against a flood)."""
    late = due.deadline or datetime.combine(due.on, time(23, 59, 59), CHINA)
    return late >= world.clock.now() - timedelta(days=7)


def missing(world: World) -> list[Due]:
    contacts = world.contacts()
    return [due for due in owed(world) if not any(fits(due, contact) for contact in contacts)]


def unowed(world: World) -> list[Contact]:
    """Contacts of the rules that the truth knows completely, in its days, which it does not know."""
    truth = world.dealer.truth
    return [
        contact
        for contact in world.contacts()
        if contact.rule in truth.complete
        and contact.state in LIVE
        and truth.today <= contact.on <= truth.today + AHEAD
        and not any(fits(due, contact) for due in truth.due)
    ]


def test_everything_that_is_owed_is_planned(planned):
    """Each contact of the truth is there, for the right person, on the right day, naming the right cars and orders."""
    assert [] == missing(planned)


def test_nothing_else_is_planned(planned):
    """Of the rules that the truth knows completely, nobody gets a contact that the truth does not know."""
    assert [] == unowed(planned)


def test_nobody_is_contacted_twice_about_one_thing(planned):
    """Each contact that is owed is planned once, not once for each person it may be."""
    contacts = planned.contacts()

    assert [] == [due for due in owed(planned) if sum(fits(due, contact) for contact in contacts) != 1]


def broken(never: Never, contact: Contact) -> bool:
    """Is `contact` one that the truth forbids?"""
    return (
        contact.state in LIVE
        and never.rule in {"*", contact.rule}
        and contact.person == never.person
        and (never.on is None or never.on == contact.on)
        and (never.visit is None or never.visit in contact.visits)
        and (never.car is None or never.car in contact.cars)
        and not (never.text_only and contact.channel == "PHONE")
    )


def test_nothing_that_is_forbidden_is_planned(planned):
    """No contact of the truth's second list is open; a number that said no to texts may still be called."""
    contacts = planned.contacts()

    assert [] == [
        (never.case, never.why, contact.rule)
        for never in planned.dealer.truth.never
        for contact in contacts
        if broken(never, contact)
    ]


@pytest.mark.parametrize(
    ("case", "rule", "why"),
    [
        ("open_complaint", "POST_REPAIR_CALLBACK", "COMPLAINT_ABOUT_VISIT"),
        ("open_complaint", "BIRTHDAY", "OPEN_COMPLAINT"),
        ("injury_accident", "POST_REPAIR_CALLBACK", "INJURY_ACCIDENT"),
        ("appointment_tomorrow", "PERIODIC_MAINTENANCE", "APPOINTMENT_BOOKED"),
        ("birthday_forbidden", "BIRTHDAY", "OPTED_OUT"),
    ],
)
def test_what_is_held_back_says_why(planned, case, rule, why):
    """What is not done for now stays visible with its reason."""
    people = planned.dealer.truth.cases[case]
    held = [
        each
        for each in planned.contacts()
        if each.rule == rule and each.person in people and each.state == "SUPPRESSED"
    ]

    assert [why] == [each.reason for each in held]


def test_two_orders_of_one_day_are_one_callback(planned):
    """It names both orders, and there is no second."""
    (who,) = planned.dealer.truth.cases["two_orders_one_day"]
    (call,) = (each for each in planned.contacts() if each.person == who)

    assert 2 == len(call.visits)
    assert 1 == len(call.cars)


def test_a_fleet_is_called_once_about_both_cars(planned):
    """One call to the company, with the two cars and their orders."""
    (who,) = planned.dealer.truth.cases["fleet"]
    (call,) = (each for each in planned.contacts() if each.person == who)

    assert ("POST_REPAIR_CALLBACK", "PHONE", 2, 2) == (call.rule, call.channel, len(call.cars), len(call.visits))


def test_a_settlement_that_stands_in_for_the_hand_over_says_so(planned):
    """Only the order without a hand-over is anchored on its settlement, and the explanation tells."""
    (who,) = planned.dealer.truth.cases["handover_unknown"]
    by_settlement = [each.person for each in planned.contacts() if each.said.get("basis") == "INVOICED"]

    assert [who] == by_settlement


def test_whoever_advised_does_not_call(planned):
    """No callback is given to the advisor of its own visit, and each goes to a colleague of the customer desk."""
    advisors = {call.key: call.advisor for call in planned.dealer.visits}
    names = {one.code: one.name for one in planned.dealer.staff}
    desk = {one.code for one in planned.dealer.staff if one.role.value == "CR_AGENT"}

    calls = [each for each in planned.contacts() if each.rule == "POST_REPAIR_CALLBACK" and each.open]

    assert {each.row.executor for each in calls} <= desk
    assert [] == [each for each in calls if names[each.row.executor] in {advisors[visit] for visit in each.visits}]


def test_the_same_is_planned_on_postgresql(on_postgresql, planned):
    """Rows, customers and contacts are the same on both databases."""
    on_postgresql.sync()
    on_postgresql.plan()

    def facts(world):
        return sorted(
            (each.rule, each.person, each.state, each.reason or "", each.due, each.channel, each.cars, each.visits)
            for each in world.contacts()
        )

    assert facts(planned) == facts(on_postgresql)
    assert sorted(planned.pairs()) == sorted(on_postgresql.pairs())
    assert [] == missing(on_postgresql)


def test_times_are_stored_as_instants(planned):
    """What is due at opening is due at half past eight in the store, whatever the clock of the machine says."""
    opening = {
        each.due for each in planned.contacts() if each.rule == "POST_REPAIR_CALLBACK" and not each.said.get("booked")
    }

    assert {time(8, 30)} == {at.astimezone(CHINA).time() for at in opening}
    assert {UTC} == {at.tzinfo for at in opening}


def test_known_late_is_what_was_missed_when_it_became_known(planned):
    """What fell due on an earlier day, or whose deadline had passed, says so; what is due today from opening on does not."""
    late = {each.rule for each in planned.contacts() if each.said.get("known_late")}
    today = [each for each in planned.contacts() if each.on == planned.dealer.today and each.rule != "READY_FOR_PICKUP"]

    assert {"POST_REPAIR_CALLBACK", "DELIVERY_T72"} <= late
    assert {"PERIODIC_MAINTENANCE", "LOST_CUSTOMER", "INSPECTION_DUE", "BIRTHDAY"} <= {each.rule for each in today}
    assert [] == [each.rule for each in today if each.said.get("known_late")]
