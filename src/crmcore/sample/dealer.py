"""A small 4S dealer with known truth: `generate` makes it from a seed, `write` puts its exports on disk."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random
from typing import Final

import attrs

from crmcore.errors import UsageError
from crmcore.sample import background, cases_dates, cases_sales, cases_source, cases_workshop
from crmcore.sample.files import Files, save
from crmcore.sample.layout import lay_out
from crmcore.sample.people import Answer, Booking, Call, Car, Colleague, Grievance, Person
from crmcore.sample.plan import Plan
from crmcore.sample.sheets import Sheet
from crmcore.sample.truth import Truth
from crmcore.sample.voices import Voices, speak, write_waves

TODAY: Final = date(2026, 11, 22)
#: The days on which somebody would have to be born on 1 January, which stands for "not known".
NO_BIRTHDAYS: Final = ("12-31", "01-01")
#: The make-up workday of October 2026 must lie behind.
EARLIEST: Final = date(2026, 10, 12)
SEED: Final = 20261122
#: Rules for which the truth names everything that falls due from today to three days later.
COMPLETE: Final = frozenset(
    {
        "DELIVERY_T72",
        "DELIVERY_T24",
        "DELIVERY_DAY7",
        "POST_REPAIR_CALLBACK",
        "APPOINTMENT_REMINDER",
        "BIRTHDAY",
        "FAMILY_BIRTHDAY",
    }
)


@attrs.frozen(kw_only=True)
class Dealer:
    """A dealer's world, its exports before they are written, and the truth about both.

    Attributes:
        answers: what some of the customers will text back.
        voices: what they say when they are asked.
    """

    seed: int
    today: date
    people: dict[str, Person] = attrs.field(repr=False)
    cars: dict[str, Car] = attrs.field(repr=False)
    visits: tuple[Call, ...] = attrs.field(repr=False)
    bookings: tuple[Booking, ...] = attrs.field(repr=False)
    staff: tuple[Colleague, ...] = attrs.field(repr=False)
    complaints: tuple[Grievance, ...] = attrs.field(repr=False)
    answers: tuple[Answer, ...] = attrs.field(repr=False)
    voices: Voices = attrs.field(repr=False)
    sheets: tuple[Sheet, ...] = attrs.field(repr=False)
    truth: Truth = attrs.field(repr=False)


def generate(seed: int = SEED, visits: int = 300, customers: int = 200, today: date = TODAY) -> Dealer:
    """The dealer of `seed`, with exactly so many good visits and so many people or companies behind them.

    Raises:
        UsageError: the numbers leave no room for the planned cases, or `today` does not suit them.
    """
    if today < EARLIEST or f"{today:%m-%d}" in NO_BIRTHDAYS:
        raise UsageError("CRM-U301", earliest=EARLIEST.isoformat())
    plan = Plan(Random(seed), today)  # noqa: S311 - a sample wants the same numbers each time, not secret ones
    for cases in (cases_workshop, cases_sales, cases_dates, cases_source):
        cases.add(plan)
    newcomers, more = customers - len(plan.people), visits - len(plan.calls)
    if newcomers < 1 or more < newcomers:
        raise UsageError("CRM-U302", customers=len(plan.people) + 1, visits=len(plan.calls) + max(newcomers, 1))
    background.fill(plan, visits=visits, customers=customers)
    return _finish(plan, seed)


def _finish(plan: Plan, seed: int) -> Dealer:
    layout = lay_out(plan, Random(f"{seed}:dress"))  # noqa: S311
    truth = Truth(
        today=plan.today,
        cases=plan.cases,
        mentions=layout.mentions,
        bad_rows=layout.bad_rows,
        counts=layout.counts,
        due=tuple(sorted(plan.due, key=lambda due: (due.on, due.rule, due.persons))),
        never=tuple(plan.never),
        twins=tuple(plan.twins),
        strangers=tuple(plan.strangers),
        warnings=tuple(plan.warnings),
        complete=COMPLETE,
    )
    return Dealer(
        seed=seed,
        today=plan.today,
        people=plan.people,
        cars=plan.cars,
        visits=tuple(plan.calls),
        bookings=tuple(plan.bookings),
        staff=plan.staff,
        complaints=tuple(plan.grievances),
        answers=tuple(plan.answers),
        voices=speak(plan.staff, seed),
        sheets=layout.sheets,
        truth=truth,
    )


def write(dealer: Dealer, folder: Path) -> Files:
    """Write the dealer's exports into `folder/exports/` and the agency's waves into `folder/waves/`; the same dealer gives the same bytes."""
    write_waves(dealer.voices, folder)
    return save(dealer.sheets, folder)
