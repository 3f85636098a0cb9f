"""crmcore rework: repairs that did not hold, who says so, and what a person has decided."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
import click

from crmcore.cli.by import BY
from crmcore.cli.frame import Group
from crmcore.cli.plan import DAY
from crmcore.cli.state import State
from crmcore.types.visit import ReworkBasis

if TYPE_CHECKING:
    from crmcore.rules.rework import Rates

command = Group("rework")

COLUMNS = ("order", "returned", "advisor", "bases", "why", "days", "km", "within_guarantee", "disputed", "verdict")


@command.command("list")
@click.option("--since", type=DAY, metavar="DATE")
@click.option("--until", type=DAY, metavar="DATE")
@click.option("--store", metavar="CODE")
@click.pass_obj
def list_(state: State, since: datetime | None, until: datetime | None, store: str | None) -> None:
    """The register, and the first-time-fix rate by each of the three who can say."""
    from crmcore.flows.rework import look_up

    crm = state.crm
    first, last = (each.date() if each else None for each in (since, until))
    found = look_up(crm.db, crm.config.rework, crm.store(store), first, last, crm.clock)
    rows = [attrs.asdict(row) for row in found.rows]
    if state.json:
        state.emit("rework", {"since": found.since, "until": found.until, "rework": rows, "rates": _told(found.rates)})
        return
    if rows:
        state.show("rework", [{**row, "bases": _named(state, row["bases"])} for row in rows], COLUMNS)
    else:
        state.tell(state.say("rework.empty"))
    rates = found.rates
    state.tell(state.say("rework.period", since=found.since, until=found.until, orders=rates.orders, open=rates.open))
    for basis in ReworkBasis:
        heard, count = rates.heard.get(basis, 0), rates.returned.get(basis, 0)
        if heard:
            share = f"{100 * (heard - count) / heard:.1f}"
            state.tell(state.say(f"rework.rate.{basis}", share=share, count=count, heard=heard))
        elif rates.orders:
            state.tell(state.say(f"rework.unheard.{basis}"))


def _told(rates: Rates) -> dict[str, Any]:
    """Rates of crmcore/rework@1, by basis."""
    by = {name: {each.value: n for each, n in getattr(rates, name).items()} for name in ("heard", "returned")}
    return {"orders": rates.orders, "open": rates.open, **by, "disputed": rates.disputed}


def _named(state: State, bases: tuple[str, ...]) -> list[str]:
    return [state.say(f"basis.{basis}") for basis in bases]


@command.command("decide")
@click.argument("order", metavar="ORDER")
@click.option("--not", "refuted", is_flag=True)
@click.option("--of", "original", metavar="ORDER")
@click.option("--cause", metavar="TEXT")
@click.option("--responsible", metavar="STAFF")
@BY
@click.pass_obj
def decide(
    state: State,
    order: str,
    refuted: bool,
    original: str | None,
    cause: str | None,
    responsible: str | None,
    by: str,
) -> None:
    """Say of a return that it is rework, or with --not that it is none."""
    from crmcore.flows.rework import decide

    crm = state.crm
    decide(
        crm.db,
        crm.clock,
        order,
        is_rework=not refuted,
        original=original,
        cause=cause,
        responsible=responsible,
        by=by,
    )
    verdict = "NOT_REWORK" if refuted else "REWORK"
    if state.json:
        state.emit("rework.verdict", {"order": order, "verdict": verdict})
        return
    state.tell(state.say("rework.decided", order=order, verdict=state.say(f"verdict.{verdict}")))
