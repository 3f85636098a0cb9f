"""One row at a time: a visit, an appointment, a colleague or a complaint in the words and dresses of its export."""

from __future__ import annotations

from random import Random
from typing import Final

import attrs

from crmcore.sample.dress import Dresser, hours, yes
from crmcore.sample.people import Booking, Call, Colleague, Grievance, Job
from crmcore.sample.plan import Bad, Plan
from crmcore.sample.sheets import CAR_STATES, CHANNELS, ORDER_TYPES, POWERTRAINS, ROLES, Cell
from crmcore.types.visit import OrderType

REMARKS: Final = (
    "客户在店等待",
    '客户要求用"原厂"件, 旧件带走',
    "客户反映低速异响\n已试车\n建议下次复查",
    "洗车后交付",
)


@attrs.frozen
class Named:
    """A person in a cell of a row: heading, clean name, E.164 number, whose they are."""

    column: str
    name: str
    phone: str
    person: str


@attrs.frozen
class Row:
    """A row on its way into a sheet, with what it means.

    Attributes:
        bad: why it must be rejected, if it must.
        again: it stood in the sheet before, cell for cell.
    """

    cells: tuple[Cell, ...]
    named: tuple[Named, ...] = ()
    bad: Bad | None = None
    again: bool = False


class Clerk:
    """Writes rows about the people of one plan."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self._plan = plan
        self._rng = rng
        self._dress = Dresser(rng)

    def order(self, call: Call) -> list[Row]:
        """A repair order: one row a job, the order's own cells repeated in each."""
        head, tail = self._order_head(call), self._order_tail(call)
        named = self._customer(call)
        if call.brought_by:
            driver = self._plan.people[call.brought_by]
            named += (Named("送修人电话", driver.name, e164(driver.phones[0]), driver.id),)
        return [Row((*head, *self._job(job), *tail), named) for job in call.jobs]

    def _order_head(self, call: Call) -> tuple[Cell, ...]:
        car, who, write = self._plan.vehicle(call.car or ""), self._plan.anyone(call.customer), self._dress
        driver = self._plan.people[call.brought_by] if call.brought_by else None
        return (
            call.key,
            write.plate(car.plate),
            write.vin(car.vin),
            car.model,
            POWERTRAINS[car.powertrain],
            call.writing or who.name,
            write.phone(call.phone),
            write.day(who.birth_date),
            yes(who.opted_out or None),
            yes(who.deceased or None),
            yes(who.marketing),
            driver.name if driver else "",
            write.phone(driver.phones[0]) if driver else "",
            write.moment(call.opened),
            write.moment(call.completed),
            write.moment(call.delivered),
            write.moment(call.invoiced),
            write.km(call.km),
            call.advisor,
            call.repair,
            ORDER_TYPES[call.order_type],
            status(call),
            yes(call.injury or None),
            write.moment(call.booked_at),
            CHANNELS[call.booked_channel] if call.booked_channel else "",
        )

    def _order_tail(self, call: Call) -> tuple[Cell, ...]:
        car, write = self._plan.vehicle(call.car or ""), self._dress
        remark = self._rng.choice(REMARKS) if self._rng.random() < 0.15 else ""
        return (
            remark,
            write.day(car.insured_until),
            write.day(car.inspection_on),
            write.day(car.warranty_until),
            str(car.interval_km or ""),
            str(car.interval_months or ""),
            write.day(car.bought_on),
            CAR_STATES[car.status],
            "",
        )

    def _job(self, job: Job) -> tuple[Cell, ...]:
        return job.name, hours(job.hours), self._dress.money(job.labour), self._dress.money(job.parts)

    def _customer(self, call: Call) -> tuple[Named, ...]:
        who = self._plan.anyone(call.customer)
        return (Named("手机号", who.name, e164(call.phone), who.id),)

    def delivery(self, call: Call) -> Row:
        """A new car, in a workbook that keeps numbers as numbers and dates as dates."""
        car, who = self._plan.vehicle(call.car or ""), self._plan.anyone(call.customer)
        kin = who.kin
        cells: tuple[Cell, ...] = (
            call.key,
            "新车交付",
            who.name,
            int(call.phone) if self._rng.random() < 0.7 else self._dress.phone(call.phone),
            who.birth_date or "",
            kin.name if kin else "",
            kin.relation if kin else "",
            kin.birth_date if kin else "",
            yes(who.marketing),
            self._dress.vin(car.vin),
            self._dress.plate(car.plate),
            car.model,
            POWERTRAINS[car.powertrain],
            call.promised or "",
            call.delivered or "",
            car.bought_on or "",
            car.warranty_until or "",
            car.insured_until or "",
            car.inspection_on or "",
            call.advisor,
        )
        return Row(cells, self._customer(call))

    def visitor(self, call: Call) -> Row:
        """A showroom visit."""
        who, write = self._plan.anyone(call.customer), self._dress
        cells: tuple[Cell, ...] = (
            call.key,
            "展厅接待",
            who.name,
            write.phone(call.phone),
            write.moment(call.opened),
            write.moment(call.left),
            self._rng.choice(("S5 1.5T", "X7 2.0T", "E5 纯电")),
            call.advisor,
            write.moment(call.booked_at),
            CHANNELS[call.booked_channel] if call.booked_channel else "",
            self._rng.choice(("", "试驾 25 分钟", "价格待议")),
        )
        return Row(cells, self._customer(call))

    def booking(self, made: Booking) -> Row:
        """An appointment."""
        car, who, write = self._plan.cars[made.car], self._plan.people[made.customer], self._dress
        cells: tuple[Cell, ...] = (
            made.key,
            who.name,
            write.phone(who.phones[0]),
            write.plate(car.plate),
            write.vin(car.vin),
            write.moment(made.start),
            "已取消" if made.cancelled else "已确认",
            made.advisor,
        )
        return Row(cells, (Named("手机号", who.name, e164(who.phones[0]), who.id),))

    def complaint(self, case: Grievance) -> Row:
        """A complaint."""
        car, who, write = self._plan.cars[case.car], self._plan.people[case.customer], self._dress
        cells: tuple[Cell, ...] = (
            case.key,
            who.name,
            write.phone(who.phones[0]),
            write.vin(car.vin),
            case.visit,
            write.moment(case.received),
            "处理中" if case.open else "已结案",
        )
        return Row(cells, (Named("手机号", who.name, e164(who.phones[0]), who.id),))

    def colleague(self, one: Colleague) -> Row:
        """Somebody of the staff."""
        return Row((one.code, one.name, ROLES[one.role], self._dress.phone(one.phone), yes(one.active)))


def e164(digits: str) -> str:
    """The international form of a Chinese number that was dialled at home."""
    return "+86" + digits.removeprefix("0")


def status(call: Call) -> str:
    """How far an order has come, as its system says it."""
    if call.order_type is OrderType.VOID:
        return "作废"
    if call.invoiced:
        return "已结算"
    if call.delivered:
        return "已交车"
    return "待取车" if call.completed else "在修"
