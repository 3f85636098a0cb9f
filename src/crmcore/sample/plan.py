"""The plan of a dealer: what the cases and the background put in, and what they say must come of it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final

import attrs

from crmcore.sample.invent import Inventor
from crmcore.sample.people import CHINA, Answer, Booking, Call, Car, Colleague, Grievance, Job, Person
from crmcore.sample.truth import Due, Never
from crmcore.types.customer import CustomerKind
from crmcore.types.store import Role
from crmcore.types.vehicle import Powertrain
from crmcore.types.visit import VisitKind

#: When the doors open: what is due on a day is due now.
OPENING: Final = time(8, 30)
MODELS: Final = {"A1S": "S3 1.5L", "B2S": "S5 1.5T", "C3X": "X7 2.0T", "E5V": "E5 纯电"}
JOBS: Final = (
    Job("更换机油机滤", 80, 120_00, 368_00),
    Job("更换空气滤芯", 30, 45_00, 88_00),
    Job("更换空调滤芯", 30, 45_00, 96_00),
    Job("更换前刹车片", 150, 225_00, 560_00),
    Job("四轮定位", 120, 260_00, 0),
    Job("更换火花塞", 100, 150_00, 320_00),
    Job("检查底盘异响", 250, 375_00, 0),
    Job("更换蓄电池", 50, 75_00, 680_00),
    Job("喷漆 右前翼子板", 400, 600_00, 150_00),
    Job("发动机大修", 2400, 3_600_00, 12_800_00),
)
ELECTRIC_JOBS: Final = (
    Job("高压系统检测", 100, 200_00, 0),
    Job("更换空调滤芯", 30, 45_00, 96_00),
    Job("更换刹车油", 80, 120_00, 90_00),
)
STAFF: Final = (
    (Role.SERVICE_ADVISOR, 4),
    (Role.SALES_CONSULTANT, 3),
    (Role.CR_AGENT, 3),
    (Role.CR_MANAGER, 1),
    (Role.SHOWROOM_MANAGER, 1),
    (Role.SALES_MANAGER, 1),
    (Role.SERVICE_MANAGER, 1),
)


@attrs.frozen
class Bad:
    """A row that a case wants to be rejected: a good order with one cell spoilt.

    Attributes:
        column: the heading of the spoilt cell; `text` is what stands there.
    """

    file: str
    call: Call
    column: str
    text: str
    reasons: frozenset[str]


class Plan:
    """Collects the world and its truth; every method that adds something returns it."""

    def __init__(self, rng: Random, today: date) -> None:
        self.rng = rng
        self.today = today
        self.invent = Inventor(rng)
        self.people: dict[str, Person] = {}
        self.ghosts: dict[str, Person] = {}
        self.cars: dict[str, Car] = {}
        self.ghost_cars: dict[str, Car] = {}
        self.calls: list[Call] = []
        self.bookings: list[Booking] = []
        self.grievances: list[Grievance] = []
        self.answers: list[Answer] = []
        self.cases: dict[str, tuple[str, ...]] = {}
        self.due: list[Due] = []
        self.never: list[Never] = []
        self.bad: list[Bad] = []
        self.twice: list[str] = []
        self.twins: list[tuple[tuple[str, str], tuple[str, str]]] = []
        self.strangers: list[tuple[tuple[str, str], tuple[str, str]]] = []
        self.warnings: list[str] = []
        self._numbers = 0
        self.staff = self._hire()

    # ------------------------------------------------------------------ when

    def day(self, ago: int) -> date:
        """The date `ago` days before today; a negative one lies ahead."""
        return self.today - timedelta(days=ago)

    def at(self, ago: int, clock: str = "16:20") -> datetime:
        """A store time `ago` days before today."""
        return datetime.combine(self.day(ago), time.fromisoformat(clock), CHINA)

    def opening(self, ago: int) -> datetime:
        """When the doors opened `ago` days before today."""
        return datetime.combine(self.day(ago), OPENING, CHINA)

    def months(self, on: date, months: int) -> date:
        """The same day so many months later, or the last day of that month."""
        year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
        return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))

    # ------------------------------------------------------------------ who

    def person(self, **known: Any) -> Person:
        """Somebody new; what is not given is invented."""
        known.setdefault("name", self.invent.name())
        known.setdefault("phones", (self.invent.mobile(),))
        made = Person(id=f"P{len(self.people) + 1:04d}", **known)
        self.people[made.id] = made
        return made

    def company(self, name: str, **known: Any) -> Person:
        """A customer that is an organisation."""
        return self.person(name=name, kind=CustomerKind.ORGANIZATION, **known)

    def ghost(self) -> Person:
        """Somebody whom the sources name only in rows that are lost."""
        made = Person(id=f"G{len(self.ghosts) + 1:04d}", name=self.invent.name(), phones=(self.invent.mobile(),))
        self.ghosts[made.id] = made
        return made

    def anyone(self, person: str) -> Person:
        """A person by id, also one who stands only in lost rows."""
        return self.people.get(person) or self.ghosts[person]

    def born(self, ago: int, year: int) -> date:
        """A birthday in a leap year that comes round `ago` days before today, whatever day that is."""
        return self.day(ago).replace(year=year)

    def ghost_car(self, ghost: Person) -> Car:
        """A car that stands only in rows that are lost."""
        made = self.car(ghost)
        self.ghost_cars[made.id] = self.cars.pop(made.id)
        return made

    def vehicle(self, car: str) -> Car:
        """A car by id, also one that stands only in lost rows."""
        return self.cars.get(car) or self.ghost_cars[car]

    def car(self, owner: Person, **known: Any) -> Car:
        """A car of `owner` on which nothing is due soon, unless told otherwise."""
        electric = known.get("powertrain") is Powertrain.BEV
        code = "E5V" if electric else self.rng.choice(("A1S", "B2S", "C3X"))
        defaults: dict[str, Any] = {
            "vin": self.invent.vin(code),
            "plate": self.invent.plate(electric=electric),
            "model": MODELS[code],
            "bought_on": self.day(self.rng.randrange(420, 900)),
            "insured_until": self.day(-self.rng.randrange(130, 340)),
            "inspection_on": self.day(-self.rng.randrange(130, 700)),
            "warranty_until": self.day(-self.rng.randrange(130, 700)),
        }
        made = Car(id=f"V{len(self.cars) + len(self.ghost_cars) + 1:04d}", owner=owner.id, **defaults | known)
        self.cars[made.id] = made
        return made

    def _hire(self) -> tuple[Colleague, ...]:
        roles = [role for role, number in STAFF for _ in range(number)]
        return tuple(
            Colleague(code=f"{number:05d}", name=self.invent.name(), role=role, phone=self.invent.mobile())
            for number, role in enumerate(roles, 12)
        )

    def colleague(self, role: Role) -> Colleague:
        """One of those who hold `role`."""
        return self.rng.choice([one for one in self.staff if one.role is role])

    # ------------------------------------------------------------------ what happened

    def number(self, head: str, on: date) -> str:
        """The next order number: `RO261119` and four digits."""
        self._numbers += 1
        return f"{head}{on:%y%m%d}{self._numbers:04d}"

    def call(self, call: Call, *, lost: bool = False) -> Call:
        """Record a visit; a `lost` one stands only in a row that must be rejected."""
        if not lost:
            self.calls.append(call)
        return call

    def service(self, car: Car, ago: int, **known: Any) -> Call:
        """A repair order of `car`, handed over and settled `ago` days before today unless told otherwise."""
        lost = bool(known.pop("lost", False))
        who = self.anyone(known.pop("customer", car.owner))
        opened = self.at(ago, f"{self.rng.choice((8, 9, 10, 11)):02d}:{self.rng.randrange(60):02d}")
        handed = self.at(ago, f"{self.rng.choice((14, 15, 16)):02d}:{self.rng.randrange(60):02d}")
        defaults: dict[str, Any] = {
            "key": self.number("RO", opened.date()),
            "customer": who.id,
            "phone": who.phones[0],
            "car": car.id,
            "advisor": self.colleague(Role.SERVICE_ADVISOR).name,
            "opened": opened,
            "completed": handed - timedelta(minutes=35),
            "delivered": handed,
            "invoiced": handed,
            "km": self.kilometres(car, opened.date()),
            "jobs": self.jobs(electric=car.powertrain is Powertrain.BEV),
        }
        return self.call(Call(**defaults | known), lost=lost)

    def delivery(self, car: Car, ago: int, clock: str = "15:00", **known: Any) -> Call:
        """A new car handed over `ago` days before today."""
        lost = bool(known.pop("lost", False))
        who = self.anyone(car.owner)
        handed = self.at(ago, clock)
        defaults: dict[str, Any] = {
            "key": self.number("XS", handed.date()),
            "kind": VisitKind.DELIVERY,
            "customer": who.id,
            "phone": who.phones[0],
            "car": car.id,
            "advisor": self.colleague(Role.SALES_CONSULTANT).name,
            "promised": handed,
            "delivered": handed,
        }
        return self.call(Call(**defaults | known), lost=lost)

    def showroom(self, who: Person, ago: int, clock: str = "15:10", **known: Any) -> Call:
        """A prospect who came and left `ago` days before today."""
        lost = bool(known.pop("lost", False))
        came = self.at(ago, clock)
        defaults: dict[str, Any] = {
            "key": self.number("ZT", came.date()),
            "kind": VisitKind.SHOWROOM,
            "customer": who.id,
            "phone": who.phones[0],
            "advisor": self.colleague(Role.SALES_CONSULTANT).name,
            "opened": came,
            "left": came + timedelta(minutes=self.rng.randrange(25, 90)),
        }
        return self.call(Call(**defaults | known), lost=lost)

    def booking(self, car: Car, start: datetime, *, cancelled: bool = False) -> Booking:
        """An appointment of the car's owner."""
        made = Booking(
            key=self.number("YY", start.date()),
            customer=car.owner,
            car=car.id,
            start=start,
            advisor=self.colleague(Role.SERVICE_ADVISOR).name,
            cancelled=cancelled,
        )
        self.bookings.append(made)
        return made

    def grievance(self, call: Call, received: datetime, *, still_open: bool = True) -> Grievance:
        """A complaint about a visit."""
        assert call.car is not None
        made = Grievance(
            key=self.number("TS", received.date()),
            customer=call.customer,
            car=call.car,
            visit=call.key,
            received=received,
            open=still_open,
        )
        self.grievances.append(made)
        return made

    def kilometres(self, car: Car, on: date) -> int:
        """What the odometer shows on a day: about 33 km for each day since the purchase, so it never runs backwards."""
        assert car.bought_on is not None
        return 60 + 33 * (on - car.bought_on).days

    def jobs(self, *, electric: bool = False) -> tuple[Job, ...]:
        """One to three different jobs, mostly one."""
        pool = ELECTRIC_JOBS if electric else JOBS[:9]
        return tuple(self.rng.sample(pool, self.rng.choices((1, 2, 3), (70, 20, 10))[0]))

    # ------------------------------------------------------------------ what must come of it

    def case(self, name: str, *people: Person) -> None:
        """Name a planned case and who is in it, the main person first."""
        self.cases[name] = tuple(person.id for person in people)

    def owe(self, case: str, rule: str, person: Person | Sequence[Person], on: date, **known: Any) -> None:
        """Write down a contact that must come about."""
        people = (person,) if isinstance(person, Person) else tuple(person)
        self.due.append(Due(case=case, rule=rule, persons=tuple(one.id for one in people), on=on, **known))

    def forbid(self, case: str, rule: str, person: Person, why: str, **known: Any) -> None:
        """Write down a contact that must not come about."""
        self.never.append(Never(case=case, rule=rule, person=person.id, why=why, **known))

    def callback(self, case: str, person: Person | Sequence[Person], *calls: Call) -> None:
        """A callback on the third day after the last of `calls`, at opening."""
        last = max(call.delivered or call.invoiced or self.at(0) for call in calls).date()
        on = last + timedelta(days=3)
        cars = dict.fromkeys(self.cars[call.car].vin for call in calls if call.car)
        self.owe(
            case,
            "POST_REPAIR_CALLBACK",
            person,
            on,
            at=datetime.combine(on, OPENING, CHINA),
            cars=tuple(cars),
            visits=tuple(call.key for call in calls),
        )
