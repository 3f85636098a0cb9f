"""The sample dealer behind a `Crm`, and the way back from stored rows to the people, cars and orders of the truth."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Row, Table, select

from crmcore.app import Crm
from crmcore.db import schema
from crmcore.db.columns import instant
from crmcore.flows.planning import PlanReport
from crmcore.flows.sync import SourceReport
from crmcore.sample import Dealer, config_toml, write
from crmcore.sample import gateway as sms
from crmcore.sample import limesurvey as lime
from crmcore.sample import robot as robot_says
from crmcore.sample.people import CHINA
from crmcore.sample.settings import INSTANCES

SECRET = "gate-between-us"
SECRETS = {
    "SMS_PASSWORD": sms.PASSWORD,
    "CRM_HOOK_SECRET": SECRET,
    "SURVEY_PASSWORD": lime.PASSWORD,
    "ROBOT_TOKEN": robot_says.TOKEN,
    "ROBOT_SECRET": robot_says.SECRET,
}
NOBODY = "http://127.0.0.1:9"
OPEN = frozenset({"PLANNED", "DUE"})
LIVE = frozenset({"PLANNED", "DUE", "DONE"})
OWED = LIVE | {"EXPIRED"}  # what was planned and then not made in time was owed all the same


@attrs.define
class Hands:
    """A clock that stands where a test puts it."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@attrs.frozen
class Contact:
    """A stored touchpoint in the words of the truth."""

    row: Row[Any]
    rule: str
    person: str
    state: str
    reason: str | None
    channel: str
    message_class: str
    due: datetime
    deadline: datetime | None
    cars: tuple[str, ...]
    visits: tuple[str, ...]
    said: Mapping[str, Any]

    @property
    def on(self) -> date:
        return self.due.astimezone(CHINA).date()

    @property
    def open(self) -> bool:
        return self.state in OPEN


@attrs.define
class World:
    """A dealer, its `Crm`, and the clock of both."""

    dealer: Dealer
    crm: Crm
    clock: Hands
    folder: Path

    def go(self, days: int, clock: str = "10:00") -> None:
        """Let it be `clock` in the store, `days` after the dealer's day."""
        on = self.dealer.today + timedelta(days=days)
        self.clock.at = datetime.combine(on, time.fromisoformat(clock), CHINA).astimezone(UTC)

    def sync(self) -> dict[str, SourceReport]:
        """File -> what became of its rows."""
        files = dict(INSTANCES)
        return {files[each.source]: each for each in self.crm.sync().sources}

    def plan(self) -> PlanReport:
        return self.crm.plan()

    # ------------------------------------------------------------------ looking

    def rows(self, table: Table, **only: Any) -> list[Row[Any]]:
        query = select(table).where(*(table.c[name] == value for name, value in only.items()))
        with self.crm.db.reading() as connection:
            return list(connection.execute(query))

    def pairs(self) -> list[tuple[str, str]]:
        """(name, number) of every customer and number that is stored."""
        names = {row.id: row.name for row in self.rows(schema.customer)}
        return [(names[row.customer_id], row.value) for row in self.rows(schema.contact_point)]

    def customers(self) -> dict[tuple[str, str], int]:
        """(name, number) -> customer."""
        names = {row.id: row.name for row in self.rows(schema.customer)}
        return {(names[row.customer_id], row.value): row.customer_id for row in self.rows(schema.contact_point)}

    def people(self) -> dict[int, str]:
        """Customer -> the person of the truth."""
        known = self.customers()
        return {
            known[pair]: person
            for person, pairs in self.dealer.truth.clusters.items()
            for pair in pairs
            if pair in known
        }

    def customer_of(self, person: str) -> int:
        return next(number for number, each in self.people().items() if each == person)

    def contacts(self) -> list[Contact]:
        """Everything that was ever planned."""
        people = self.people()
        vins = {row.id: row.vin for row in self.rows(schema.vehicle)}
        return [_contact(row, people, vins) for row in self.rows(schema.touchpoint)]


def _contact(row: Row[Any], people: Mapping[int, str], vins: Mapping[int, str]) -> Contact:
    said = json.loads(row.explanation)
    return Contact(
        row=row,
        rule=row.rule,
        person=people[row.customer_id],
        state=row.state,
        reason=row.reason,
        channel=row.channel,
        message_class=row.message_class,
        due=instant(row.due_at),
        deadline=instant(row.deadline_at) if row.deadline_at else None,
        cars=tuple(vins[car] for car in said.get("vehicles", ())),
        visits=tuple(said.get("orders", ())),
        said=said,
    )


@contextlib.contextmanager
def open_world(
    dealer: Dealer,
    folder: Path,
    *,
    database: str = "",
    extra: str = "",
    gateway: str = f"{NOBODY}/cgi-bin/sendsms",
    survey: str = f"{NOBODY}/index.php/admin/remotecontrol",
    robot: str = f"{NOBODY}/robot/send",
) -> Iterator[World]:
    """Write the dealer's exports and settings into `folder` and open them, at ten in the morning of the dealer's day.

    `gateway`, `survey` and `robot` are the addresses of the vendors; by default nobody is at home.
    """
    write(dealer, folder)
    text = config_toml(gateway_url=gateway, survey_url=survey, robot_url=robot)
    if database:
        text = text.replace("sqlite:///crm.db", database)
    file = folder / "crm.toml"
    file.write_text(text + extra, encoding="utf-8")
    clock = Hands(datetime.combine(dealer.today, time(10), CHINA).astimezone(UTC))
    with Crm(file, clock=clock, environ=SECRETS) as crm:
        yield World(dealer, crm, clock, folder)
