"""Who is contacted once for several things, and what stays apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.bundling import Contact, bundle, fleet, member_of, week_of
from crmcore.rules.callbacks import Called, anchor_of, by_car, fold
from crmcore.rules.care import Draft, Timing
from crmcore.rules.case import Anchor, Order
from crmcore.rules.people import executor
from crmcore.rules.series import latest_missed, step_of
from crmcore.types.contact import AnchorKind, MessageClass, TouchpointRule
from crmcore.types.customer import Channel
from crmcore.types.store import Role, Staff, Store

STORE = Store(code="S01", name="示范店")
START = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)


def contact(ref, day=0, **known):
    due = START + timedelta(days=day)
    return Contact(
        **{
            "ref": ref,
            "customer": 1,
            "store": "S01",
            "on": due.date(),
            "due": due,
            "late": None,
            "channel": Channel.PHONE,
            "message_class": MessageClass.SERVICE,
        }
        | known
    )


def test_a_survey_rides_on_a_callback():
    """Two calls within three days are one; the earlier is made."""
    assert {2: 1} == bundle([contact(2, 3), contact(1)], 3)


def test_four_days_are_two_contacts():
    """What falls due later than that is its own."""
    assert {} == bundle([contact(1), contact(2, 4)], 3)


def test_a_text_rides_on_a_call_that_is_not_too_late_for_it():
    """The caller says it, unless the greeting would be over by then."""
    text = contact(1, channel=Channel.SMS, message_class=MessageClass.CARE)

    assert {1: 2} == bundle([text, contact(2, 2)], 3)
    assert {} == bundle([attrs.evolve(text, late=START + timedelta(hours=12)), contact(2, 2)], 3)


def test_texts_join_only_their_own_class():
    """A reminder that was ordered never fails because an advertisement rode on it."""
    care = contact(1, channel=Channel.SMS, message_class=MessageClass.CARE)
    selling = contact(2, channel=Channel.SMS, message_class=MessageClass.MARKETING)

    assert {} == bundle([care, selling], 3)
    assert {3: 1} == bundle([care, attrs.evolve(care, ref=3, on=date(2026, 11, 23))], 3)


def test_a_call_never_rides_on_a_text():
    """A text cannot ask questions."""
    assert {} == bundle([contact(1, channel=Channel.SMS), contact(2, 1, message_class=MessageClass.CARE)], 0)


def test_people_and_stores_are_not_mixed():
    """Another person, or the same one at another store, is another contact."""
    assert {} == bundle([contact(1), contact(2, customer=2), contact(3, store="S02")], 3)


CONTACTS = st.lists(
    st.builds(
        lambda day, hours, channel, kind, late: {
            "day": day,
            "channel": channel,
            "message_class": kind,
            "late": None if late is None else START + timedelta(days=day, hours=late),
            "hours": hours,
        },
        st.integers(0, 12),
        st.integers(0, 8),
        st.sampled_from([Channel.PHONE, Channel.SMS]),
        st.sampled_from(MessageClass),
        st.one_of(st.none(), st.integers(0, 100)),
    ),
    max_size=10,
)


def made(rows):
    found = []
    for ref, row in enumerate(rows):
        one = contact(ref, row["day"], channel=row["channel"], message_class=row["message_class"], late=row["late"])
        found.append(attrs.evolve(one, due=one.due + timedelta(hours=row["hours"])))
    return found


@given(CONTACTS, st.integers(0, 5), st.randoms())
def test_bundling_again_changes_nothing(rows, within, shuffler):
    """Whatever the order in which contacts are found, the bundles are the same; and no rider carries."""
    contacts = made(rows)
    found = bundle(contacts, within)
    shuffler.shuffle(contacts)

    assert found == bundle(contacts, within)
    assert not set(found) & set(found.values())
    assert {} == bundle([each for each in contacts if each.ref not in found], within)


@given(CONTACTS, st.integers(0, 5))
def test_nobody_is_called_twice_within_the_days(rows, within):
    """Of the calls that are left, no two of one person lie within the days, unless one would have been too late for the other."""
    contacts = made(rows)
    found = bundle(contacts, within)
    calls = sorted(
        (each for each in contacts if each.channel is Channel.PHONE and each.ref not in found),
        key=lambda each: each.due,
    )

    for one, other in pairwise(calls):
        assert (other.on - one.on).days > within or (other.late is not None and one.due > other.late)


# ------------------------------------------------------------------ fleets


def draft(car, day=0, **known):
    due = START + timedelta(days=day)
    event = Anchor(
        kind=AnchorKind.HANDED_OVER,
        subject=f"vehicle:{car}",
        key=f"visit:{car}",
        on=due.date(),
        store="S01",
        customer=7,
        vehicle=car,
        visit=car,
        visits=(car,),
        orders=(f"RO{car}",),
    )
    return Draft(
        **{
            "rule": "R",
            "subject": event.subject,
            "anchor": event,
            "key": event.key,
            "occurrence": "1",
            "timing": Timing(
                due=due, on=due.date(), deadline=due + timedelta(hours=15), expires=due + timedelta(days=9)
            ),
            "channel": Channel.PHONE,
            "message_class": MessageClass.SERVICE,
            "vehicles": (car,),
        }
        | known
    )


def test_a_fleet_hears_of_all_its_cars_at_once():
    """Two cars in one week are one contact that names both, due with the first; a car of the next week is another."""
    first, second = fleet([draft(2, 2), draft(1, 1), draft(3, 8)], STORE, {})

    assert ("customer:7", "fleet:2026-W48", (1, 2), (1, 2)) == (
        first.subject,
        first.key,
        first.vehicles,
        first.anchor.visits,
    )
    assert (draft(1, 1).timing.due, draft(1, 1).timing.deadline) == (first.timing.due, first.timing.deadline)
    assert draft(2, 2).timing.expires == first.timing.expires
    assert ("vehicle:1|visit:1|1", "vehicle:2|visit:2|1") == first.members
    assert "fleet:2026-W49" == second.key


def test_a_week_that_is_over_hands_on_to_the_next():
    """A car that comes after the week's call waits for Monday; one that was named is not named again."""
    named = member_of(draft(1, 1))
    (found,) = fleet([draft(1, 1), draft(2, 2)], STORE, {"2026-W48": [named]})

    assert ("fleet:2026-W49", (2,)) == (found.key, found.vehicles)
    assert (datetime(2026, 11, 30, 0, 30, tzinfo=UTC), None) == (found.timing.due, found.timing.deadline)


def test_a_fleet_contact_without_an_end_has_none():
    """When one car's contact never expires, the fleet's does not."""
    endless = attrs.evolve(draft(2, 2), timing=Timing(due=START + timedelta(days=2), on=date(2026, 11, 24)))
    (found,) = fleet([draft(1, 1), endless], STORE, {})

    assert found.timing.expires is None


def test_weeks_are_iso_weeks():
    """The first of January 2027 belongs to the last week of 2026."""
    assert "2026-W53" == week_of(date(2027, 1, 1))


# ------------------------------------------------------------------ callbacks


def order(number, day, hour=16, car=5, **known):
    on = date(2026, 11, day)
    at = datetime(2026, 11, day, hour - 8, tzinfo=UTC)
    return Order(
        **{
            "id": number,
            "ro_number": f"RO{number}",
            "store": "S01",
            "customer": 1,
            "vehicle": car,
            "delivered_at": at,
            "handed_on": on,
            "handed_basis": "DELIVERED",
        }
        | known
    )


def numbers(groups):
    return [[each.id for each in group] for group in groups]


def test_orders_of_one_day_are_one_callback():
    """It is anchored on the later hand-over and names both."""
    (group,) = fold([order(2, 19, 17), order(1, 19, 11)])
    found = anchor_of(group)

    assert ("vehicle:5", "visit:2", (1, 2), ("RO1", "RO2")) == (found.subject, found.key, found.visits, found.orders)


def test_a_visit_before_the_callback_replaces_it():
    """The callback follows the later hand-over and names both visits."""
    assert [[1, 2]] == numbers(fold([order(1, 18), order(2, 20)]))


def test_a_visit_that_was_called_about_is_not_called_about_again():
    """Neither by its number nor, for another order of the day, by its date."""
    called = Called(frozenset({1}), frozenset({date(2026, 11, 18)}))

    assert [[3]] == numbers(fold([order(1, 18), order(2, 18), order(3, 20)], called))


def test_a_replay_takes_callbacks_as_made():
    """In the past every callback was made on its day, so a visit after it is its own; one before it, or of the day, is not."""
    orders = [order(1, 1), order(2, 3), order(3, 6), order(4, 6), order(5, 20)]

    assert [[1, 2], [3, 4], [5]] == numbers(fold(orders, answered_after=3))
    assert [[1], [2], [3, 4], [5]] == numbers(fold(orders, answered_after=0))


def test_what_is_not_handed_over_is_not_called_about():
    """An order still open has no callback."""
    assert [] == fold([order(1, 18, handed_on=None)])


def test_an_order_without_a_car_stands_alone():
    """It is called about by itself, and settlement is named where hand-over is unknown."""
    cars = by_car([order(1, 18, car=None), order(2, 18, car=None), order(3, 18), order(4, 19)])
    found = anchor_of((order(1, 18, car=None, delivered_at=None, handed_basis="INVOICED", ro_number=""),))

    assert [[1], [2], [3, 4]] == numbers(cars)
    assert ("visit:1", "INVOICED", (), None) == (found.subject, found.basis, found.orders, found.at)
    assert "DELIVERED" == anchor_of((order(1, 18, handed_basis=None),)).basis


# ------------------------------------------------------------------ series


def rule(code, series=None, **known):
    return TouchpointRule(
        **{
            "code": code,
            "label": {},
            "purpose": "CALLBACK",
            "anchor": AnchorKind.DELIVERED,
            "series": series,
            "source": "J",
        }
        | known
    )


RULES = {"A": rule("A", "S"), "B": rule("B", "S"), "C": rule("C", "S"), "D": rule("D")}


def step(code, late, occurrence="1"):
    at = START + timedelta(days=late)
    return attrs.evolve(draft(1), rule=code, occurrence=occurrence, timing=Timing(due=at, on=at.date()))


def test_only_the_latest_missed_step_is_due():
    """Known ten days late, only the last of the missed steps is done; what is still ahead stays."""
    steps = [step("A", -9), step("B", -3), step("C", 2)]
    kept, overtaken = latest_missed(steps, RULES, {}, START)

    assert [["B", "C"], ["A"]] == [[each.rule for each in kept], [each.rule for each in overtaken]]


def test_repeats_of_one_rule_are_steps():
    """Of three reminders that were missed, the last one is sent."""
    kept, overtaken = latest_missed([step("D", -9, "1"), step("D", -5, "2"), step("D", -2, "3")], RULES, {}, START)

    assert [["3"], ["1", "2"]] == [[each.occurrence for each in kept], [each.occurrence for each in overtaken]]


def test_a_step_whose_time_has_come_overtakes_what_was_missed():
    """The questionnaire is due and not yet late: the first call, long missed, is not made beside it."""
    missed, due = step("A", -9), step("B", -1)
    due = attrs.evolve(due, timing=attrs.evolve(due.timing, deadline=START + timedelta(days=2)))
    together = attrs.evolve(due, timing=attrs.evolve(due.timing, due=missed.timing.due))

    assert ([due], [missed]) == latest_missed([missed, due], RULES, {}, START)
    assert ([missed, together], []) == latest_missed([missed, together], RULES, {}, START)


def test_no_step_is_added_behind_a_later_one():
    """Once a later step is there, an earlier one is not planned any more."""
    late = step("A", -9)
    planned = {step_of(RULES["B"], late.subject, late.key): [START]}

    assert ([], [late]) == latest_missed([late], RULES, planned, START)


# ------------------------------------------------------------------ people


def staff(code, role=Role.CR_AGENT, **known):
    return Staff(code=code, name=f"名{code}", store="S01", role=role, **known)


def by(for_rule, people, advisors=(None, None), customer=1):
    return executor(for_rule, people, store="S01", customer=customer, advisors=advisors, today=date(2026, 11, 22))


def test_the_work_is_spread_and_a_customer_keeps_his_caller():
    """Two callers share the customers."""
    people = [staff("E2"), staff("E1")]

    assert ["E2", "E1", "E2"] == [by(rule("A"), people, customer=number) for number in (1, 2, 3)]


def test_who_is_away_or_has_left_is_passed_over():
    """So is who works at another store; without anybody the role stands."""
    people = [
        staff("E1", away_until=date(2026, 11, 22)),
        staff("E2", active=False),
        attrs.evolve(staff("E3"), store="S02"),
    ]

    assert "CR_AGENT" == by(rule("A"), people)
    assert "E4" == by(rule("A"), [*people, staff("E4", away_until=date(2026, 11, 21))])


def test_an_advisor_does_not_call_his_own_customers():
    """Known by code or by name, he is passed over for callbacks, and asked first for what is his own job."""
    selling = rule("A", executor=Role.SALES_CONSULTANT)
    people = [staff("E1", Role.SALES_CONSULTANT), staff("E2", Role.SALES_CONSULTANT)]

    assert ["E2", "E2"] == [by(selling, people, (own, None), 2) for own in ("E1", "名E1")]
    assert "SALES_CONSULTANT" == by(selling, people[:1], ("E1", None))
    assert "E1" == by(attrs.evolve(selling, purpose="PREPARATION"), people, ("E1", None), 1)
    assert "E2" == by(attrs.evolve(selling, purpose="PREPARATION"), people, (None, None), 1)
