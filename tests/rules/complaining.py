"""A case, its people and the shipped promises, for the tests of the rules on complaints."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from crmcore.rules.complaints.policy import ComplaintPolicy, Rung, Target
from crmcore.types.complaint import Basis, Category, ClockKind, Complaint, Severity
from crmcore.types.store import Department, Role, Staff, Store

CHINA = ZoneInfo("Asia/Shanghai")
STORE = Store(code="S1", name="店")
TODAY = date(2026, 11, 23)


def pack(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("crmcore") / "packs" / f"{name}.toml").read_text("utf-8"))


def target(table: dict[str, Any]) -> Target:
    return Target(minutes=table["minutes"], basis=Basis(table.get("basis", "STORE")))


def policy() -> ComplaintPolicy:
    """As it is shipped."""
    table = pack("complaints")["complaints"]
    ladder = tuple(
        Rung(
            level=rung["level"],
            clock=ClockKind(rung["clock"]),
            after_minutes=rung.get("after_minutes", 0),
            role=Role(rung["role"]) if "role" in rung else None,
            severities=frozenset(map(Severity, rung.get("severities", ()))),
        )
        for rung in table["ladder"]
    )
    return ComplaintPolicy(
        handover=target(table["handover"]),
        response={Severity(key): target(value) for key, value in table["response"].items()},
        close={Severity(key): target(value) for key, value in table["close"].items()},
        callback=target(table["callback"]),
        ladder=ladder,
        late_after_minutes=table["late_after_minutes"],
        repeat_days=table["repeat_days"],
        approval={Role(key): Decimal(value) for key, value in table["approval"].items()},
        critical_words=tuple(table["critical_words"]),
        demand_words=tuple(table["demand_words"]),
        harmless_words=tuple(table["harmless_words"]),
        sources=table["sources"],
    )


def categories() -> dict[str, Category]:
    """As they are shipped."""
    return {
        code: Category(
            code=code,
            label=table["label"],
            department=Department(table["department"]),
            words=tuple(table.get("words", ())),
            severity=Severity(table.get("severity", "NORMAL")),
            source=table["source"],
        )
        for code, table in pack("categories")["categories"].items()
    }


POLICY, CATEGORIES = policy(), categories()


def at(clock: str, day: int = 23) -> datetime:
    """An instant of November 2026 by the clock of the store, in UTC; the 23rd is a Monday."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA).astimezone(UTC)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def case(**known: Any) -> Complaint:
    return Complaint(**{"id": "K1", "store": "S1", "customer_id": "C1", "received_at": at("09:00")} | known)


def colleague(code: str, role: Role, **known: Any) -> Staff:
    return Staff(**{"code": code, "name": code, "store": "S1", "role": role} | known)
