"""Who is given what a plan finds: the colleagues who are there today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select

from crmcore.db.schema import staff as staff_table
from crmcore.rules import people
from crmcore.rules.care import Draft
from crmcore.rules.case import Case
from crmcore.types.contact import TouchpointRule
from crmcore.types.store import Role, Staff


class Employs(Protocol):
    """Whatever knows the people of crm.toml."""

    @property
    def staff(self) -> Sequence[Staff]:
        """As configured."""
        ...


def staff_of(connection: Connection, settings: Employs) -> list[Staff]:
    """Everybody who works here: as configured, and as the DMS knows them."""
    found = {
        row.code: Staff(
            code=row.code,
            name=row.name,
            store=row.store,
            role=Role(row.role) if row.role in Role.__members__ else Role.OTHER,
            away_until=date.fromisoformat(row.away_until) if row.away_until else None,
            active=bool(row.active),
        )
        for row in connection.execute(select(staff_table))
    }
    return list({**{one.code: one for one in settings.staff}, **found}.values())


class Colleagues:
    """Those who are there; who does which job where is worked out once."""

    def __init__(self, staff: list[Staff], today: date) -> None:
        self._staff, self._today = staff, today
        self._there = {one.code for one in staff if people.present(one, today)}
        self._roles: dict[tuple[str, Role], list[Staff]] = {}

    def executor(
        self, rule: TouchpointRule, draft: Draft, case: Case, row: Row[Any] | None, before: Mapping[str, Any]
    ) -> str:
        """Who it is given to; who had it before keeps it, unless he is gone."""
        if row is not None and row.executor is not None and (row.executor in self._there or before.get("assigned")):
            return str(row.executor)
        role = (draft.anchor.store, rule.executor)
        if role not in self._roles:
            self._roles[role] = people.there(self._staff, *role, self._today)
        return people.executor(
            rule,
            self._roles[role],
            store=draft.anchor.store,
            customer=draft.anchor.customer,
            advisors=(case.order.advisor if case.order is not None else None, case.customer.advisor),
            today=self._today,
        )
