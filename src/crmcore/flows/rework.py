"""rework: the register of repairs that did not hold, who says so, and what a person has decided."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta

import attrs

from crmcore.db import rework as query
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.hooks.adapters import Clock
from crmcore.rules.rework import Rates, ReworkPolicy, marks, rates, register, voices
from crmcore.rules.worktime import local
from crmcore.types.store import Store
from crmcore.types.visit import Rework, ReworkBasis

#: What is looked at where nobody says which days. [J]
QUARTER = timedelta(days=90)
_LINES = frozenset({ReworkBasis.SAME_FAULT})  # all that speaks where a marked return has no original


@attrs.frozen(kw_only=True)
class Row:
    """One line of the register.

    Attributes:
        order / returned: order numbers.
        advisor: of the original, as the DMS names him.
        disputed: not everybody who has spoken says so; a customer whom nobody has asked has not.
        verdict: REWORK or NOT_REWORK once a person has decided; `cause` and `responsible` with it.
    """

    order: str
    returned: str
    advisor: str
    bases: tuple[str, ...]
    why: str
    days: int | None
    km: int | None
    within_guarantee: bool | None
    disputed: bool
    verdict: str = ""
    cause: str = ""
    responsible: str = ""


@attrs.frozen(kw_only=True)
class Register:
    """What came back, and how much of what went out that is."""

    since: date
    until: date
    rows: tuple[Row, ...]
    rates: Rates


def look_up(
    db: Database, policy: ReworkPolicy, store: Store, since: date | None, until: date | None, clock: Clock
) -> Register:
    """The register of the orders handed over from `since` to `until`; returns are looked for until the window is over.

    Args:
        until: default: today at the store; `since`: 90 days before that.
    """
    today = local(clock.now(), store.timezone).date()
    until = until or today
    since = since or until - QUARTER
    last = until + timedelta(days=policy.same_fault_days)
    with db.reading() as connection:
        cars = list(query.cars(connection, policy, since, last, store=store.code, zone=store.timezone))
        found = [row for orders in cars for row in register(orders, policy)]
        in_period = {
            order.id for orders in cars for order in orders if order.handed_on and since <= order.handed_on <= until
        }
        wanted = [row for row in found if (row.returned if row.original is None else row.original) in in_period]
        names = query.named(connection, {each for row in wanted for each in (row.original, row.returned) if each})
        verdicts = query.verdicts(connection, [row.returned for row in wanted if row.returned])
    numbers = {each.id: (each.ro_number, each.advisor or "") for each in names}
    marked = marks(cars)
    speak = {order.id: voices(order, marked=marked) for orders in cars for order in orders}
    said = {each.return_visit_id: (each.verdict, each.cause or "", each.responsible or "") for each in verdicts}
    return Register(
        since=since,
        until=until,
        rows=tuple(_row(row, numbers, said, speak.get(row.original or 0, _LINES)) for row in wanted),
        rates=rates(cars, policy, since, until, today),
    )


def decide(
    db: Database,
    clock: Clock,
    returned: str,
    *,
    is_rework: bool,
    original: str | None = None,
    cause: str | None = None,
    responsible: str | None = None,
    by: str,
) -> None:
    """What a person says of a return, by its order number; raises `UsageError` for a number that is not one order's."""
    with db.writing() as connection:
        wanted = (returned, original) if original else (returned,)
        numbers = {number: query.by_number(connection, number) for number in wanted}
        for number, found in numbers.items():
            if len(found) != 1:
                raise UsageError("CRM-U140", order=number, count=len(found))
        first = numbers[original][0] if original else None
        query.decide(
            connection,
            numbers[returned][0],
            original=first,
            is_rework=is_rework,
            cause=cause,
            responsible=responsible,
            by=by,
            now=clock.now(),
        )


def _row(
    row: Rework,
    numbers: Mapping[int, tuple[str, str]],
    said: Mapping[int, tuple[str, str, str]],
    speak: AbstractSet[ReworkBasis],
) -> Row:
    order, advisor = numbers.get(row.original or 0, ("", ""))
    verdict, cause, responsible = said.get(row.returned or 0, ("", "", ""))
    return Row(
        order=order,
        returned=numbers.get(row.returned or 0, ("", ""))[0],
        advisor=advisor,
        bases=tuple(sorted(basis.value for basis in row.bases)),
        why=row.why,
        days=row.days,
        km=row.km,
        within_guarantee=row.within_guarantee,
        disputed=not row.bases >= speak,
        verdict=verdict,
        cause=cause,
        responsible=responsible,
    )
