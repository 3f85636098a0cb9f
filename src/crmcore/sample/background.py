"""The rest of the dealer: ordinary people whose affairs ask for nothing in the days that the truth speaks of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from crmcore.sample.people import Call, Car, Kin
from crmcore.sample.plan import JOBS, Plan
from crmcore.types.vehicle import Powertrain

DELIVERIES: Final = 0.08
VISITORS: Final = 0.05


def fill(plan: Plan, *, visits: int, customers: int) -> None:
    """Add people and visits until the dealer has as many as asked for; the caller has made sure that they fit."""
    newcomers = customers - len(plan.people)
    deliveries, visitors = round(newcomers * DELIVERIES), round(newcomers * VISITORS)
    regulars: list[Call] = []
    for number in range(newcomers):
        if number < deliveries:
            _buyer(plan)
        elif number < deliveries + visitors:
            plan.showroom(plan.person(), plan.rng.randrange(6, 40), f"{plan.rng.randrange(9, 17):02d}:20")
        else:
            regulars.append(_regular(plan))
    for number in range(visits - len(plan.calls)):
        _earlier(plan, regulars[number % len(regulars)], 1 + number // len(regulars))


def _regular(plan: Plan) -> Call:
    electric = plan.rng.random() < 0.08
    who = plan.person(birth_date=_birthday(plan), marketing=plan.rng.choice((None, None, True, False)))
    car = plan.car(who, powertrain=Powertrain.BEV if electric else Powertrain.ICE)
    return plan.service(car, plan.rng.randrange(6, 140))


def _earlier(plan: Plan, call: Call, steps: int) -> None:
    """One more visit of the same car, some months before; the shown one stays the last."""
    assert call.car is not None
    assert call.opened is not None
    car: Car = plan.cars[call.car]
    assert car.bought_on is not None
    room = (call.opened.date() - car.bought_on).days
    before = min(60 * steps + plan.rng.randrange(0, 50), room - 5)
    plan.service(car, (plan.today - call.opened.date()).days + before, repair="一般维修", jobs=(plan.rng.choice(JOBS),))


def _buyer(plan: Plan) -> None:
    ago = plan.rng.randrange(14, 60)
    kin = Kin(
        name=plan.invent.name(),
        relation=plan.rng.choice(("配偶", "儿子", "女儿")),
        birth_date=_birthday(plan) or date(2015, 5, 5),
    )
    who = plan.person(birth_date=_birthday(plan), marketing=plan.rng.choice((None, True)), kin=kin)
    bought = plan.day(ago + 3)
    plan.delivery(
        plan.car(who, bought_on=bought, insured_until=bought + timedelta(days=365)),
        ago,
        f"{plan.rng.randrange(9, 17):02d}:30",
    )


def _birthday(plan: Plan) -> date | None:
    """A birthday between 1955 and 2004 that is well away from today; a quarter never told."""
    if plan.rng.random() < 0.25:
        return None
    on = plan.today + timedelta(days=plan.rng.randrange(15, 350))
    day = min(on.day, 28) if on.month == 2 else on.day
    if (on.month, day) == (1, 1):
        day = 2
    return date(plan.rng.randrange(1955, 2005), on.month, day)
