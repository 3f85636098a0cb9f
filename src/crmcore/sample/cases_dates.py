"""The planned cases of the calendar: birthdays, papers that run out, maintenance, and people who stay away."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from crmcore.sample.people import Car, Person
from crmcore.sample.plan import Plan
from crmcore.types.vehicle import Powertrain, VehicleStatus

INSURANCE = "INSURANCE_END"
#: A month before the end: a day on which each of the shipped rules about papers reminds.
MONTH = -30
#: So many days before the service is due the shipped rules remind of it.
REMIND = 14


def add(plan: Plan) -> None:
    """Put every case of this page into the plan."""
    for case in (
        birthday_today,
        birthday_forbidden,
        placeholder_birthday,
        insurance,
        inspection,
        warranty,
        sold_car,
        lost,
        at_risk,
        maintenance,
        electric,
    ):
        case(plan)


def birthday_today(plan: Plan) -> None:
    """One has a birthday today, one tomorrow."""
    people = [plan.person(birth_date=plan.born(-ahead, 1988)) for ahead in (0, 1)]
    for ahead, who in enumerate(people):
        _seen(plan, who)
        plan.owe("birthday_today", "BIRTHDAY", who, plan.day(-ahead))
    plan.case("birthday_today", *people)


def birthday_forbidden(plan: Plan) -> None:
    """A company's founding day, somebody who died, and a number that said no: none is congratulated by text."""
    company = plan.company("示范贸易有限公司", phones=(plan.invent.landline(),), birth_date=plan.born(0, 2012))
    dead = plan.person(birth_date=plan.born(0, 1944), deceased=True)
    refused = plan.person(birth_date=plan.born(0, 1980), opted_out=True)
    for who, why in ((company, "ORGANIZATION"), (dead, "DECEASED"), (refused, "OPTED_OUT")):
        _seen(plan, who)
        plan.forbid("birthday_forbidden", "BIRTHDAY", who, why, on=plan.today, text_only=why == "OPTED_OUT")
    plan.case("birthday_forbidden", company, dead, refused)


def placeholder_birthday(plan: Plan) -> None:
    """1900-01-01 and 1 January stand for "not known"."""
    people = [plan.person(birth_date=date(year, 1, 1)) for year in (1900, 1990)]
    for who in people:
        _seen(plan, who)
        plan.forbid("placeholder_birthday", "BIRTHDAY", who, "PLACEHOLDER_BIRTHDAY", on=date(plan.today.year + 1, 1, 1))
    plan.case("placeholder_birthday", *people)


def insurance(plan: Plan) -> None:
    """Insurance that ends in a month is advertising: only who agreed hears of it."""
    agreed, silent, refused = plan.person(marketing=True), plan.person(), plan.person(marketing=False)
    cars = [_seen(plan, who, insured_until=plan.day(MONTH)) for who in (agreed, silent, refused)]
    plan.owe("insurance", INSURANCE, agreed, plan.today, cars=(cars[0].vin,))
    for who, car in zip((silent, refused), cars[1:], strict=True):
        plan.forbid("insurance", INSURANCE, who, "NO_CONSENT", car=car.vin)
    plan.case("insurance", agreed, silent, refused)


def inspection(plan: Plan) -> None:
    """The annual inspection is due in a month."""
    who = plan.person()
    car = _seen(plan, who, inspection_on=plan.day(MONTH))
    plan.owe("inspection", "INSPECTION_DUE", who, plan.today, cars=(car.vin,))
    plan.case("inspection", who)


def warranty(plan: Plan) -> None:
    """The warranty ends in a month."""
    who = plan.person()
    car = _seen(plan, who, warranty_until=plan.day(MONTH))
    plan.owe("warranty", "WARRANTY_END", who, plan.today, cars=(car.vin,))
    plan.case("warranty", who)


def sold_car(plan: Plan) -> None:
    """A car that was sold on: nothing that is due on it concerns its former owner."""
    who = plan.person(marketing=True)
    car = _seen(
        plan,
        who,
        status=VehicleStatus.SOLD,
        insured_until=plan.day(MONTH),
        inspection_on=plan.day(MONTH),
        warranty_until=plan.day(MONTH),
    )
    for rule in (INSURANCE, "INSPECTION_DUE", "WARRANTY_END", "PERIODIC_MAINTENANCE", "LOST_CUSTOMER"):
        plan.forbid("sold_car", rule, who, "VEHICLE_SOLD", car=car.vin)
    plan.case("sold_car", who)


def lost(plan: Plan) -> None:
    """Twelve months without a visit end today for one; for one they ended last month; a lost one with an old quarrel is left."""
    today, long_ago, quarrel = plan.person(), plan.person(), plan.person()
    day = 28 if (plan.today.month, plan.today.day) == (2, 29) else plan.today.day
    year_ago = (plan.today - plan.today.replace(year=plan.today.year - 1, day=day)).days
    car = plan.car(today)
    plan.service(car, year_ago)
    plan.owe("lost", "LOST_CUSTOMER", today, plan.today, cars=(car.vin,))
    plan.service(plan.car(long_ago), year_ago + 31)
    plan.grievance(plan.service(plan.car(quarrel), year_ago), plan.at(year_ago - 2))
    plan.forbid("lost", "LOST_CUSTOMER", quarrel, "OPEN_COMPLAINT")
    plan.case("lost", today, long_ago, quarrel)


def at_risk(plan: Plan) -> None:
    """Seven months without a visit: at risk, not lost."""
    who = plan.person()
    plan.service(plan.car(who), 214)
    plan.forbid("at_risk", "LOST_CUSTOMER", who, "AT_RISK_ONLY", on=plan.today)
    plan.case("at_risk", who)


def maintenance(plan: Plan) -> None:
    """A car never seen since its delivery nearly three months ago; one seen nearly six months ago; one that is driven far."""
    fresh, regular, far = plan.person(), plan.person(), plan.person()
    delivered, seen = (plan.months(plan.day(-REMIND), -months) for months in (3, 6))
    car = plan.car(fresh, bought_on=delivered, insured_until=delivered + timedelta(days=365))
    plan.delivery(car, (plan.today - delivered).days)
    plan.owe("maintenance", "FIRST_MAINTENANCE", fresh, _reminded(plan, delivered, 3), cars=(car.vin,))
    car = plan.car(regular)
    for on in (plan.months(seen, -6), seen):
        plan.service(car, (plan.today - on).days)
    plan.owe("maintenance", "PERIODIC_MAINTENANCE", regular, _reminded(plan, seen, 6), cars=(car.vin,))
    car = plan.car(far)
    last = 100 - REMIND  # 10,000 km in the 100 days before it: the next 10,000 are full after 100 more
    plan.service(car, last + 100, km=52_000)
    plan.service(car, last, km=62_000)
    plan.owe("maintenance", "PERIODIC_MAINTENANCE", far, plan.today, cars=(car.vin,))
    plan.case("maintenance", fresh, regular, far)


def electric(plan: Plan) -> None:
    """A battery car, a year after its last visit, with its own interval: maintenance without oil."""
    who = plan.person()
    car = plan.car(who, powertrain=Powertrain.BEV, interval_km=20_000, interval_months=12)
    seen = plan.months(plan.day(-REMIND), -12)
    plan.service(car, (plan.today - seen).days)
    plan.owe("electric", "PERIODIC_MAINTENANCE", who, _reminded(plan, seen, 12), cars=(car.vin,))
    plan.case("electric", who)


def _reminded(plan: Plan, since: date, months: int) -> date:
    return plan.months(since, months) - timedelta(days=REMIND)


def _seen(plan: Plan, who: Person, **known: Any) -> Car:
    """A car whose last visit asks for nothing any more and not yet for anything."""
    car = plan.car(who, **known)
    plan.service(car, plan.rng.randrange(40, 120))
    return car
