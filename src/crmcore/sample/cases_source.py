"""The planned cases of the source itself: who is who under which writing, what is there twice, what is spoilt."""

from __future__ import annotations

from crmcore.sample.people import Call
from crmcore.sample.plan import Bad, Plan
from crmcore.sample.rows import e164

SCIENTIFIC = frozenset({"PHONE_SCIENTIFIC", "CELL_SCIENTIFIC"})


def add(plan: Plan) -> None:
    """Put every case of this page into the plan."""
    for case in (
        two_phones,
        two_dresses,
        namesakes,
        rare_character,
        wrong_check_digit,
        odd_plates,
        exact_duplicates,
        spoilt,
    ):
        case(plan)


def two_phones(plan: Plan) -> None:
    """One person under two numbers. Nothing proves it, so nothing may merge them."""
    first, second = plan.invent.mobile(), plan.invent.mobile()
    who = plan.person(phones=(first, second))
    plan.service(plan.car(who), 52, phone=first)
    plan.service(plan.car(who), 33, phone=second)
    plan.twins.append(((who.name, e164(first)), (who.name, e164(second))))
    plan.case("two_phones", who)


def two_dresses(plan: Plan) -> None:
    """One person, one number, the name and number each written in two ways: one customer."""
    name = plan.invent.name()
    who = plan.person(name=name, writings=(name, f"{name[0]}　{name[1:]}", f" {name}  "))
    car = plan.car(who)
    for ago, writing in zip((130, 64, 36), who.writings, strict=True):
        plan.service(car, ago, writing=writing)
    plan.case("two_dresses", who)


def namesakes(plan: Plan) -> None:
    """Two people of one name with different numbers and cars."""
    name = plan.invent.name()
    people = [plan.person(name=name) for _ in range(2)]
    for ago, who in zip((58, 71), people, strict=True):
        plan.service(plan.car(who), ago)
    plan.strangers.append(((name, e164(people[0].phones[0])), (name, e164(people[1].phones[0]))))
    plan.case("namesakes", *people)


def rare_character(plan: Plan) -> None:
    """A name that GB18030 can write and GBK cannot."""
    who = plan.person(name="李䶮")
    plan.service(plan.car(who), 44)
    plan.case("rare_character", who)


def wrong_check_digit(plan: Plan) -> None:
    """A VIN of the right length and letters whose check digit is wrong: a warning, no reject."""
    who = plan.person()
    right = plan.invent.vin("B2S")
    wrong = right[:8] + ("1" if right[8] != "1" else "2") + right[9:]
    plan.service(plan.car(who, vin=wrong), 29)
    plan.warnings.append(wrong)
    plan.case("wrong_check_digit", who)


def odd_plates(plan: Plan) -> None:
    """Plates of a driving school, of a car that crosses to Hong Kong, of a trailer, of the police."""
    people = []
    for plate in ("京A1234学", "粤Z1234港", "京A1234挂", "京A1234警"):
        who = plan.person()
        plan.service(plan.car(who, plate=plate), plan.rng.randrange(30, 110))
        people.append(who)
    plan.case("odd_plates", *people)


def exact_duplicates(plan: Plan) -> None:
    """Orders whose only row stands in the export twice."""
    people = []
    for ago in (21, 37, 66, 90):
        who = plan.person()
        call = plan.service(plan.car(who), ago, jobs=plan.jobs()[:1])
        plan.twice.append(call.key)
        people.append(who)
    visitor = plan.person()
    plan.twice.append(plan.showroom(visitor, 9).key)
    plan.case("exact_duplicates", *people, visitor)


def spoilt(plan: Plan) -> None:
    """Rows that nobody can use, each for one reason; whose they are cannot be known from anything else."""
    for column, text, *reasons in (
        ("手机号", "1.38E+10", *SCIENTIFIC),
        ("手机号", "1.39E+10", *SCIENTIFIC),
        ("手机号", "1.38001E+10", *SCIENTIFIC),
        ("手机号", "1380013", "PHONE_NO_AREA_CODE", "PHONE_TOO_SHORT"),
        ("车架号", "LXCRMA1S0RS12345", "VIN_LENGTH"),
        ("车架号", "LXCRMA1O0RS123456", "VIN_LETTER_IOQ"),
        ("进厂日期", "2026-13-45", "DATE_IMPOSSIBLE", "DATE_FORM"),
        ("交车日期", "03/04/2026", "DATE_AMBIGUOUS"),
        ("进厂里程", "约三万", "NUMBER_FORM"),
        ("客户姓名", "???", "TEXT_DESTROYED", "CELL_QUESTION_MARKS"),
    ):
        plan.bad.append(Bad("ro.csv", _lost_order(plan), column, text, frozenset(reasons)))
    visitor = plan.showroom(plan.ghost(), 12, lost=True)
    plan.bad.append(Bad("showroom.csv", visitor, "手机号", "1.39E+10", SCIENTIFIC))
    buyer = plan.ghost()
    delivery = plan.delivery(plan.ghost_car(buyer), 31, lost=True)
    plan.bad.append(Bad("deliveries.xlsx", delivery, "车架号", "LXCRMA1S0RS", frozenset({"VIN_LENGTH"})))


def _lost_order(plan: Plan) -> Call:
    ghost = plan.ghost()
    return plan.service(plan.ghost_car(ghost), plan.rng.randrange(8, 120), jobs=plan.jobs()[:1], lost=True)
