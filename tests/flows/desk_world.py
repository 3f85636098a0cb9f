"""A callback desk for tests: a dealer with calls that are due, and a clerk who fills in the worklist as people do."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import openpyxl
from sqlalchemy import select
from tests.flows.planned_dealer import Dealer

from crmcore.app import Crm
from crmcore.db import schema
from crmcore.flows.callbacks import export
from crmcore.flows.callbacks_import import ImportReport, take_in
from crmcore.worklist.form import form as form_of

CHINA = ZoneInfo("Asia/Shanghai")
TOML = """
lang = "zh"
[store]
code = "S01"
name = "示范店"
phone = "010-55501234"
[[staff]]
code = "A1"
name = "陈顾问"
role = "SERVICE_ADVISOR"
[[staff]]
code = "E1"
name = "周客服"
role = "CR_AGENT"
[[staff]]
code = "E2"
name = "吴客服"
role = "CR_AGENT"
"""


def at(text: str) -> datetime:
    """Shanghai's wall clock, "2026-11-22 10:35"."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).astimezone(UTC)


@attrs.define
class Desk:
    """One day at the callback desk."""

    db: Any
    clock: Any
    folder: Path
    crm: Crm
    dealer: Dealer
    customers: list[int] = attrs.field(factory=list)
    exported: Any = None

    def owe(
        self, name: str = "王小明", phone: str = "+8613800130001", *, advisor: str | None = "A1", **visit: Any
    ) -> int:
        """A customer whose car was handed over three days ago: his callback is due since this morning; its number."""
        person = self.dealer.customer(phone, name=name, name_key=name)
        car = self.dealer.car(person, plate=f"京A{12300 + person}")
        self.customers.append(person)
        self.dealer.visit(person, car, handed="2026-11-19 16:00", advisor=advisor, **visit)
        self.crm.plan()
        (row,) = self.rows(schema.touchpoint, customer_id=person, rule="POST_REPAIR_CALLBACK")
        return int(row.id)

    def export(self, name: str = "worklist.xlsx", by: str = "E1", lang: str = "zh") -> Path:
        path = self.folder / name
        self.exported = export(self.db, self.crm.desk(), path, self.clock.now(), lang=lang, by=by)
        return path

    def take(self, path: Path, by: str = "E1") -> ImportReport:
        return take_in(self.db, self.crm.desk(), path, self.clock, by=by)

    def call(self, number: int, by: str = "E1", **said: Any) -> ImportReport:
        """Export, one row filled in, import."""
        self.until(said.get("called_at"), -5)
        path = self.export(by=by)
        fill(path, {f"T{number}": said})
        self.until(said.get("called_at"), 15)
        return self.take(path, by)

    def until(self, called: Any, minutes: int) -> None:
        """The clock is so many minutes after the call, if it was not that far yet."""
        if isinstance(called, str) and len(called) == 16:
            self.clock.at = max(self.clock.at, at(called) + timedelta(minutes=minutes))

    def rows(self, table: Any, **by: Any) -> list[Any]:
        where = [table.c[name] == value for name, value in by.items()]
        with self.db.reading() as connection:
            return list(connection.execute(select(table).where(*where).order_by(*table.primary_key)))

    def touchpoint(self, number: int) -> Any:
        return self.rows(schema.touchpoint, id=number)[0]


def open_desk(db: Any, clock: Any, folder: Path, toml: str = "") -> Desk:
    path = folder / "crm.toml"
    path.write_text(TOML + toml, "utf-8")
    crm = Crm(path, clock=clock, connection=db.engine)
    return Desk(db=db, clock=clock, folder=folder, crm=crm, dealer=Dealer(db, clock.now()))


def fill(path: Path, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Write answers into the workbook, a value as the type it has: a number as a number, a date as a date."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row in sheet.iter_rows(min_row=3):
        for column, value in rows.get(str(row[0].value), {}).items():
            cell = sheet.cell(row[0].row, columns[column])
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # the cells are formatted as text: Excel makes no formula of it either
    book.save(path)


def fill_csv(path: Path, rows: Mapping[str, Mapping[str, str]], headings: Mapping[str, str], encoding: str) -> None:
    """The same for a CSV, saved in another encoding."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    for row in table:
        for column, value in rows.get(row[headings["id"]], {}).items():
            row[headings[column]] = value
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def headings(desk: Desk, lang: str = "zh") -> dict[str, str]:
    """Column -> heading."""
    mine = desk.crm.desk()
    form = form_of(mine.results, mine.categories, mine.asked(mine.surveys.values()), ())
    return {heading: form.heading(heading, lang) for heading in ("id", "customer", "phone", *form.columns())}
