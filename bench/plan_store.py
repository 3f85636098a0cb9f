"""The store that a plan is measured on: written straight into the tables, planned once, spoken, and one day of work later.

`python -m bench.plan_store FOLDER VISITS AWAKE`: of VISITS visits (a fifth as many customers, each with a car) the first AWAKE
are spread over five years up to yesterday with everything that cars and people are owed; the others lie asleep: long ago, and
nothing about them is due. So stores of different sizes can have the very same contacts to plan.
The numbers belong to nobody in particular: such a store measures and must never be sent from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from crmcore.app import Crm
from crmcore.db import bulk, schema
from crmcore.db.engine import Database

TODAY = date(2026, 11, 22)
FIRST_PLAN = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NEXT_PLAN = FIRST_PLAN + timedelta(days=1)
VISITS_A_CUSTOMER = 5
YEARS = 5
_WRITTEN = "2026-11-01T00:00:00Z"
_SYNCED = "2026-11-22T23:00:00Z"

CONFIG = """\
lang = "zh"
[store]
code = "S01"
name = "示范店"
phone = "010-55501234"
[database]
url = "sqlite:///crm.db"
""" + "".join(
    f'[[staff]]\ncode = "E{number:02d}"\nname = "员工{number}"\nrole = "{role}"\n'
    for number, role in enumerate(["CR_AGENT", "SERVICE_ADVISOR"] * 4)
)


def write(folder: Path, visits: int, awake: int) -> None:
    """A store in `folder` that has been planned and spoken from, and then got one day's visits."""
    folder.mkdir(parents=True)
    (folder / "crm.toml").write_text(CONFIG, "utf-8")
    with Crm.from_config(folder / "crm.toml", now=FIRST_PLAN) as crm:
        _fill(crm.db, visits, awake)
        crm.plan()
        _speak(crm.db)
        _one_day(crm.db, visits, awake)


def _fill(db: Database, visits: int, awake: int) -> None:
    rng = Random("visits")
    people, live = visits // VISITS_A_CUSTOMER, awake // VISITS_A_CUSTOMER
    last: dict[int, date] = {}
    orders = []
    for number in range(1, visits + 1):
        owner = rng.randint(1, live) if number <= awake else rng.randint(live + 1, people)
        on = TODAY - timedelta(days=rng.randint(1 if number <= awake else 800, YEARS * 365))
        last[owner] = max(last.get(owner, on), on)
        orders.append(_visit(number, owner, on, _WRITTEN))
    with db.writing() as connection:
        bulk.insert(
            connection,
            schema.customer,
            ("id", "kind", "name", "name_key", "birth_md", "home_store", "advisor", "created_at", "updated_at"),
            list(_customers(Random("people"), people, live)),
        )
        points = [(number, number, f"+86136{number:08d}") for number in range(1, people + 1)]
        bulk.insert(connection, schema.contact_point, ("id", "customer_id", "value"), points)
        agreed = [(number, number, "MARKETING", "GRANTED") for number in range(1, people + 1, 2)]
        bulk.insert(connection, schema.consent, ("id", "customer_id", "purpose", "status"), agreed)
        bulk.insert(connection, schema.vehicle, _CAR, _cars(Random("cars"), people, live, last))
        owners = [(number, number, "OWNER") for number in range(1, people + 1)]
        bulk.insert(connection, schema.vehicle_party, ("vehicle_id", "customer_id", "role"), owners)
        bulk.insert(connection, schema.visit, _VISIT, orders)


_VISIT = (
    "id", "kind", "ro_number", "store", "customer_id", "vehicle_id", "advisor", "opened_at", "delivered_at", "handed_on",
    "handed_basis", "status", "created_at", "updated_at",
)  # fmt: skip
_CAR = (
    "id", "vin", "plate", "last_service_on", "next_service_on", "next_service_basis", "inspection_due_on",
    "commercial_insurance_until", "compulsory_insurance_until", "warranty_until", "created_at", "updated_at",
)  # fmt: skip


def _visit(number: int, owner: int, on: date, written: str) -> tuple[Any, ...]:
    return (
        number, "SERVICE", f"RO{number:09d}", "S01", owner, owner, f"E{owner % 8:02d}", f"{on}T01:00:00Z", f"{on}T08:00:00Z",
        on.isoformat(), "DELIVERED", "DELIVERED", written, written,
    )  # fmt: skip


def _customers(rng: Random, people: int, live: int) -> Iterator[tuple[Any, ...]]:
    for number in range(1, people + 1):
        # whoever sleeps has his birthday in spring
        birthday = (
            f"{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}" if number <= live else f"05-{rng.randint(1, 28):02d}"
        )
        yield (number, "PERSON", f"客户{number}", f"客户{number}", birthday, "S01", None, _WRITTEN, _WRITTEN)


def _cars(rng: Random, people: int, live: int, last: dict[int, date]) -> list[tuple[Any, ...]]:
    return [
        _car(number, last.get(number), [_ahead(rng, *span) if number <= live else _NEVER for span in _SPANS])
        for number in range(1, people + 1)
    ]


#: Days from today between which inspections, both insurances and warranties end.
_SPANS = ((-30, 700), (-30, 365), (-30, 365), (-30, 900))
_NEVER = (TODAY + timedelta(days=2000)).isoformat()


def _ahead(rng: Random, low: int, high: int) -> str:
    return (TODAY + timedelta(days=rng.randint(low, high))).isoformat()


def _car(number: int, last: date | None, ends: list[str]) -> tuple[Any, ...]:
    service = None if last is None else last.isoformat()
    following = None if last is None else (last + timedelta(days=180)).isoformat()
    name = (number, f"VIN{number:014d}", f"京A{number:06d}")
    return (*name, service, following, "INTERVAL", *ends, _WRITTEN, _WRITTEN)


def _speak(db: Database) -> None:
    """The day's texts arrive, the day's calls are made."""
    with db.writing() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'DELIVERED', claimed_at = due_at WHERE state = 'QUEUED'")
        connection.exec_driver_sql("UPDATE touchpoint SET state = 'DONE' WHERE state = 'DUE'")


def _one_day(db: Database, visits: int, awake: int) -> None:
    """A day's share of visits is handed over and synced before the next plan."""
    rng = Random(2)
    ids = range(visits + 1, visits + 1 + awake // (YEARS * 365))
    owners = [rng.randint(1, awake // VISITS_A_CUSTOMER) for _ in ids]
    orders = [_visit(number, owner, TODAY, _SYNCED) for number, owner in zip(ids, owners, strict=True)]
    following = (TODAY + timedelta(days=180)).isoformat()
    cars = [(TODAY.isoformat(), following, _SYNCED, car) for car in owners]
    with db.writing() as connection:
        bulk.insert(connection, schema.visit, _VISIT, orders)
        bulk.update(connection, schema.vehicle, ("last_service_on", "next_service_on", "updated_at"), cars)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
