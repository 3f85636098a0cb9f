"""A dealer written straight into the tables, for tests of planning."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from sqlalchemy import select

from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.flows.planning import Settings
from crmcore.rules.permit import ContactPolicy, QuietHours
from crmcore.types.contact import AnchorKind, MessageClass, MessageTemplate, TouchpointRule
from crmcore.types.customer import Channel
from crmcore.types.store import Role, Store

CHINA = ZoneInfo("Asia/Shanghai")
STORE = Store(code="S01", name="示范店", phone="010-55501234")
POLICY = ContactPolicy(quiet=QuietHours(time(21), time(8)), max_per_day=2, max_per_week=4)
SUNDAY = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


def pack(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("crmcore") / "packs" / f"{name}.toml").read_text("utf-8"))


def rule_of(code: str, table: dict[str, Any]) -> TouchpointRule:
    data = dict(
        table, code=code, anchor=AnchorKind(table["anchor"]), message_class=MessageClass(table["message_class"])
    )
    data["channels"] = tuple(Channel(each) for each in table["channels"])
    data["executor"] = Role(table["executor"])
    for name in ("population", "stop_on", "suppress_when", "questions"):
        data[name] = tuple(table.get(name, ()))
    if "supervisors" in table:
        data["supervisors"] = tuple(Role(each) for each in table["supervisors"])
    return TouchpointRule(**data)


def all_rules() -> dict[str, TouchpointRule]:
    return {
        code: rule_of(code, table) for name in ("sales", "aftersales") for code, table in pack(name)["rules"].items()
    }


def all_templates() -> dict[str, MessageTemplate]:
    return {code: MessageTemplate(code=code, **table) for code, table in pack("messages")["templates"].items()}


def settings(**known: Any) -> Settings:
    codes = known.pop("only", None)
    rules = all_rules()
    if codes is not None:
        rules = {code: rules[code] for code in codes}
    return Settings(**{"rules": rules, "stores": (STORE,), "policy": POLICY, "templates": all_templates()} | known)


def local(on: str) -> datetime:
    """An instant of Shanghai, as UTC."""
    return datetime.fromisoformat(on).replace(tzinfo=CHINA).astimezone(UTC)


@attrs.define
class Dealer:
    """Writes rows and reads touchpoints."""

    db: Database
    now: datetime = SUNDAY
    numbers: int = 0

    def _insert(self, table: Any, **values: Any) -> int:
        self.numbers += 1
        number = self.numbers
        if "id" in table.c:
            values["id"] = number
        for name in ("created_at", "updated_at"):
            if name in table.c:
                values.setdefault(name, stamp(self.now))
        with self.db.writing() as connection:
            connection.execute(table.insert().values(**values))
        return number

    def customer(self, phone: str | None = "+8613800130001", **known: Any) -> int:
        values = {"kind": "PERSON", "name": "王小明", "name_key": "王小明", "home_store": "S01"} | known
        number = self._insert(schema.customer, **values)
        if phone is not None:
            self._insert(schema.contact_point, customer_id=number, value=phone)
        return number

    def car(self, owner: int, role: str = "OWNER", **known: Any) -> int:
        number = self._insert(schema.vehicle, **{"plate": "京A12345"} | known)
        self.party(number, owner, role)
        return number

    def party(self, car: int, owner: int, role: str = "OWNER", **known: Any) -> None:
        self._insert(schema.vehicle_party, vehicle_id=car, customer_id=owner, role=role, **known)

    def visit(self, customer: int, car: int | None, *, handed: str | None = None, **known: Any) -> int:
        values: dict[str, Any] = {"kind": "SERVICE", "store": "S01", "status": "DELIVERED" if handed else "OPEN"}
        if handed:
            values |= {"delivered_at": stamp(local(handed)), "handed_on": handed[:10], "handed_basis": "DELIVERED"}
            values["opened_at"] = stamp(local(handed) - timedelta(hours=5))
        for name in ("opened_at", "promised_at", "completed_at", "booked_at"):
            if name in known:
                known[name] = stamp(local(known[name]))
        values |= known
        return self._insert(schema.visit, customer_id=customer, vehicle_id=car, ro_number=f"RO{self.numbers}", **values)

    def change(self, table: Any, number: int, **values: Any) -> None:
        if "updated_at" in table.c:
            values.setdefault("updated_at", stamp(self.now))
        with self.db.writing() as connection:
            connection.execute(table.update().where(table.c.id == number).values(**values))

    def touchpoints(self, *rules: str) -> list[Any]:
        query = select(schema.touchpoint).order_by(schema.touchpoint.c.id)
        if rules:
            query = query.where(schema.touchpoint.c.rule.in_(rules))
        with self.db.reading() as connection:
            return list(connection.execute(query))

    def one(self, *rules: str) -> Any:
        (row,) = self.touchpoints(*rules)
        return row

    def messages(self) -> list[Any]:
        with self.db.reading() as connection:
            return list(connection.execute(select(schema.message).order_by(schema.message.c.id)))


def on(text: str) -> date:
    return date.fromisoformat(text)
