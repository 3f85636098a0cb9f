"""The planned cases of the showroom: visitors, deliveries ahead and behind, appointments."""

from __future__ import annotations

from datetime import timedelta

from crmcore.sample.people import Answer, Kin
from crmcore.sample.plan import Plan
from crmcore.types.customer import Channel


def add(plan: Plan) -> None:
    """Put every case of this page into the plan."""
    for case in (
        delivery_ahead,
        delivered_yesterday,
        delivered_week_ago,
        showroom_yesterday,
        showroom_booked,
        appointment_tomorrow,
        appointment_cancelled,
        family_birthday,
    ):
        case(plan)


def delivery_ahead(plan: Plan) -> None:
    """Cars promised in three days and for tomorrow: the steps at T-72 h and T-24 h are instants."""
    people = []
    for ahead, clock, hours in ((3, "10:00", (72, 24)), (1, "15:30", (24,))):
        who = plan.person(marketing=True)
        car = plan.car(who, bought_on=plan.day(2), insured_until=plan.day(2 - 365))
        promised = plan.at(-ahead, clock)
        call = plan.delivery(car, 0, promised=promised, delivered=None)
        for before in hours:
            at = promised - timedelta(hours=before)
            plan.owe(
                "delivery_ahead", f"DELIVERY_T{before}", who, at.date(), at=at, cars=(car.vin,), visits=(call.key,)
            )
        people.append(who)
    plan.case("delivery_ahead", *people)


def delivered_yesterday(plan: Plan) -> None:
    """Thanks within 24 hours, a check within 72: both owed from the hand-over on."""
    who = plan.person()
    car = plan.car(who, bought_on=plan.day(4), insured_until=plan.day(4 - 365))
    call = plan.delivery(car, 1, "15:00")
    at = plan.at(1, "15:00")
    for rule, hours in (("DELIVERY_THANKS", 24), ("DELIVERY_CHECK_72H", 72)):
        plan.owe(
            "delivered_yesterday",
            rule,
            who,
            at.date(),
            at=at,
            deadline=at + timedelta(hours=hours),
            cars=(car.vin,),
            visits=(call.key,),
        )
    plan.case("delivered_yesterday", who)
    plan.answers.append(Answer(who.id, "谢谢"))


def delivered_week_ago(plan: Plan) -> None:
    """The questionnaire of the seventh day."""
    who = plan.person()
    car = plan.car(who, bought_on=plan.day(10), insured_until=plan.day(10 - 365))
    call = plan.delivery(car, 7, "11:15")
    plan.owe(
        "delivered_week_ago", "DELIVERY_DAY7", who, plan.today, at=plan.opening(0), cars=(car.vin,), visits=(call.key,)
    )
    plan.case("delivered_week_ago", who)


def showroom_yesterday(plan: Plan) -> None:
    """A visitor who left yesterday without booking a time: thanks, and a call within 48 hours of leaving."""
    who = plan.person()
    call = plan.showroom(who, 1)
    assert call.left is not None
    plan.owe("showroom_yesterday", "SHOWROOM_THANKS", who, call.left.date(), at=call.left, visits=(call.key,))
    plan.owe(
        "showroom_yesterday",
        "SHOWROOM_CALLBACK_48H",
        who,
        call.left.date(),
        at=call.left,
        deadline=call.left + timedelta(hours=48),
        visits=(call.key,),
    )
    plan.case("showroom_yesterday", who)


def showroom_booked(plan: Plan) -> None:
    """A visitor from yesterday who said when to call: the booked time overrides the rule's."""
    who = plan.person()
    booked = plan.at(-1, "10:00")
    call = plan.showroom(who, 1, "10:40", booked_at=booked, booked_channel=Channel.PHONE)
    assert call.left is not None
    plan.owe("showroom_booked", "SHOWROOM_THANKS", who, call.left.date(), at=call.left, visits=(call.key,))
    plan.owe("showroom_booked", "SHOWROOM_CALLBACK_48H", who, booked.date(), at=booked, visits=(call.key,))
    plan.case("showroom_booked", who)


def appointment_tomorrow(plan: Plan) -> None:
    """Booked for tomorrow: reminded today; and nobody whose car is booked in is asked to book maintenance."""
    who = plan.person()
    car = plan.car(who)
    plan.service(car, 169)
    plan.booking(car, plan.at(-1, "09:30"))
    plan.owe("appointment_tomorrow", "APPOINTMENT_REMINDER", who, plan.today, cars=(car.vin,))
    plan.forbid("appointment_tomorrow", "PERIODIC_MAINTENANCE", who, "APPOINTMENT_BOOKED", car=car.vin)
    plan.case("appointment_tomorrow", who)


def appointment_cancelled(plan: Plan) -> None:
    """A cancelled appointment is not reminded of."""
    who = plan.person()
    car = plan.car(who)
    plan.service(car, 100)
    plan.booking(car, plan.at(-1, "14:00"), cancelled=True)
    plan.forbid("appointment_cancelled", "APPOINTMENT_REMINDER", who, "APPOINTMENT_CANCELLED", car=car.vin)
    plan.case("appointment_cancelled", who)


def family_birthday(plan: Plan) -> None:
    """The buyer's daughter has her birthday today."""
    who = plan.person(kin=Kin(name=plan.invent.name(), relation="女儿", birth_date=plan.born(0, 2016)))
    plan.delivery(plan.car(who, bought_on=plan.day(48), insured_until=plan.day(48 - 365)), 45)
    plan.owe("family_birthday", "FAMILY_BIRTHDAY", who, plan.today)
    plan.case("family_birthday", who)
