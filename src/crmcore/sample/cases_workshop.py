"""The planned cases of the workshop: who is called back after a repair, who is not, and when."""

from __future__ import annotations

from datetime import date

from crmcore.sample.people import Answer
from crmcore.sample.plan import JOBS, Plan
from crmcore.types.customer import Channel
from crmcore.types.visit import OrderType

CALLBACK = "POST_REPAIR_CALLBACK"
#: The last day of the National Day holiday of 2026; the Saturday three days later is a workday.
HOLIDAY = date(2026, 10, 7)


def add(plan: Plan) -> None:
    """Put every case of this page into the plan."""
    for case in (
        callbacks_today,
        family_phone,
        buyer_not_driver,
        two_orders_one_day,
        came_back,
        settled_late,
        handover_unknown,
        booked_callback,
        make_up_workday,
        opted_out,
        open_complaint,
        injury_accident,
        uncounted_orders,
        fleet,
        ready_for_pickup,
        rows_apart,
    ):
        case(plan)


def callbacks_today(plan: Plan) -> None:
    """Six cars handed over three days ago, and two that follow on each of the next days; one of these answers what we text him."""
    people = []
    for ago in (3, 3, 3, 3, 3, 3, 2, 2, 1, 1):
        who = plan.person()
        plan.callback("callbacks_today", who, plan.service(plan.car(who), ago))
        people.append(who)
    plan.case("callbacks_today", *people)
    plan.answers.append(Answer(people[6].id, "取车第二天异响还在，你们没修好"))


def family_phone(plan: Plan) -> None:
    """Three of a family leave one number: three customers, and no name in a text to it."""
    phone = plan.invent.mobile()
    family = [plan.person(phones=(phone,)) for _ in range(3)]
    for ago, who in zip((3, 40, 75), family, strict=True):
        call = plan.service(plan.car(who), ago)
        if ago == 3:
            plan.callback("family_phone", who, call)
    plan.case("family_phone", *family)


def buyer_not_driver(plan: Plan) -> None:
    """The buyer owns the car, somebody else brings it."""
    buyer, driver = plan.person(), plan.person()
    car = plan.car(buyer)
    plan.callback("buyer_not_driver", (driver, buyer), plan.service(car, 3, brought_by=driver.id))
    plan.case("buyer_not_driver", buyer, driver)


def two_orders_one_day(plan: Plan) -> None:
    """Two orders of one car handed over the same day are one callback."""
    who = plan.person()
    car = plan.car(who)
    calls = [plan.service(car, 3, delivered=plan.at(3, clock)) for clock in ("11:40", "16:55")]
    plan.callback("two_orders_one_day", who, *calls)
    plan.case("two_orders_one_day", who)


def came_back(plan: Plan) -> None:
    """The car was back before its callback was made: one callback that names both visits, after the later one."""
    who = plan.person()
    car = plan.car(who)
    plan.callback("came_back", who, plan.service(car, 4), plan.service(car, 2))
    plan.case("came_back", who)


def settled_late(plan: Plan) -> None:
    """Hand-over counts, not settlement: long handed over and settled now is no callback; the other way round is one."""
    early, late = plan.person(), plan.person()
    call = plan.service(plan.car(early), 28, invoiced=plan.at(3, "10:05"))
    plan.forbid(
        "settled_late",
        CALLBACK,
        early,
        "HANDED_OVER_EARLIER",
        on=plan.today,
        visit=call.key,
        car=plan.cars[call.car or ""].vin,
    )
    plan.callback("settled_late", late, plan.service(plan.car(late), 3, invoiced=None))
    plan.case("settled_late", early, late)


def handover_unknown(plan: Plan) -> None:
    """Nobody wrote down the hand-over: settlement stands in for it, and `explain` says so."""
    who = plan.person()
    plan.callback("handover_unknown", who, plan.service(plan.car(who), 3, delivered=None, completed=None))
    plan.case("handover_unknown", who)


def booked_callback(plan: Plan) -> None:
    """The customer chose when to be called: tomorrow at 18:30, not on the third day at opening."""
    who = plan.person()
    car = plan.car(who)
    booked = plan.at(-1, "18:30")
    call = plan.service(car, 3, booked_at=booked, booked_channel=Channel.PHONE)
    plan.owe("booked_callback", CALLBACK, who, booked.date(), at=booked, cars=(car.vin,), visits=(call.key,))
    plan.case("booked_callback", who)


def make_up_workday(plan: Plan) -> None:
    """Handed over on 7 October 2026: the third day, a Saturday, is worked to make up for the holiday week."""
    who = plan.person()
    plan.callback("make_up_workday", who, plan.service(plan.car(who), (plan.today - HOLIDAY).days))
    plan.case("make_up_workday", who)


def opted_out(plan: Plan) -> None:
    """A number that said no is called back, but no text goes to it."""
    who = plan.person(opted_out=True)
    plan.callback("opted_out", who, plan.service(plan.car(who), 3))
    plan.forbid("opted_out", "*", who, "OPTED_OUT", text_only=True)
    plan.case("opted_out", who)


def open_complaint(plan: Plan) -> None:
    """While a complaint is open its own callback replaces ours; one that is closed stops nothing."""
    angry, calmed = plan.person(birth_date=plan.born(-1, 1984)), plan.person()
    call = plan.service(plan.car(angry), 3)
    plan.grievance(call, plan.at(2, "10:30"))
    plan.forbid("open_complaint", CALLBACK, angry, "OPEN_COMPLAINT", visit=call.key)
    plan.forbid("open_complaint", "BIRTHDAY", angry, "OPEN_COMPLAINT", on=plan.day(-1))
    car = plan.car(calmed)
    plan.grievance(plan.service(car, 60), plan.at(58), still_open=False)
    plan.callback("open_complaint", calmed, plan.service(car, 3))
    plan.case("open_complaint", angry, calmed)


def injury_accident(plan: Plan) -> None:
    """After an accident with injured people only a person decides."""
    who = plan.person()
    call = plan.service(plan.car(who), 3, repair="事故", injury=True, jobs=(JOBS[8],))
    plan.forbid("injury_accident", CALLBACK, who, "INJURY_ACCIDENT", visit=call.key)
    plan.case("injury_accident", who)


def uncounted_orders(plan: Plan) -> None:
    """Orders nobody paid for as a customer: internal, before delivery, void."""
    people = []
    for kind in (OrderType.INTERNAL, OrderType.PDI, OrderType.VOID):
        who = plan.person()
        call = plan.service(plan.car(who), 3, order_type=kind, repair="一般维修")
        plan.forbid("uncounted_orders", CALLBACK, who, f"ORDER_{kind}", visit=call.key)
        people.append(who)
    plan.case("uncounted_orders", *people)


def fleet(plan: Plan) -> None:
    """Eight cars of one company; two came out of the workshop on one day: one call to the company names both."""
    company = plan.company("示范物流有限公司")
    cars = [plan.car(company) for _ in range(8)]
    calls = [plan.service(car, ago) for car, ago in zip(cars, (3, 3, 12, 19, 33, 47, 61, 88), strict=True)]
    plan.callback("fleet", company, *calls[:2])
    plan.case("fleet", company)


def ready_for_pickup(plan: Plan) -> None:
    """Finished yesterday evening and still in the yard."""
    who = plan.person()
    car = plan.car(who)
    done = plan.at(1, "17:05")
    call = plan.service(car, 1, completed=done, delivered=None, invoiced=None)
    plan.owe("ready_for_pickup", "READY_FOR_PICKUP", who, done.date(), at=done, cars=(car.vin,), visits=(call.key,))
    plan.case("ready_for_pickup", who)
    plan.answers.append(Answer(who.id, "退订"))


def rows_apart(plan: Plan) -> None:
    """One order whose two rows do not stand together is still one visit with two jobs."""
    who = plan.person()
    plan.service(plan.car(who), 26, jobs=JOBS[3:5], apart=True)
    plan.case("rows_apart", who)
