"""crmcore actions: the improvement plan, from a weak score or a complaint to the wave that measures its effect."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from crmcore.cli import ids
from crmcore.cli.frame import Group
from crmcore.cli.plan import DAY
from crmcore.cli.state import State
from crmcore.errors import UsageError
from crmcore.types.complaint import ActionStatus

command = Group("actions")

COLUMNS = (
    "id",
    "priority",
    "factor",
    "item",
    "last_score",
    "target_score",
    "cause",
    "measure",
    "responsible",
    "supervisor",
    "due_on",
    "state",
    "result_score",
    "verdict",
)
LIVE = ("OPEN", "DOING", "DONE")


@command.command("list")
@click.option(
    "--state",
    "wanted",
    type=click.Choice(["live", *(each.value for each in ActionStatus), "all"], case_sensitive=False),
    default="live",
)
@click.option("--store", metavar="CODE", default="")
@click.pass_obj
def list_(state: State, wanted: str, store: str) -> None:
    """The rows of the plan, the most urgent first."""
    from crmcore.db import improvement
    from crmcore.flows.meetings import action_of

    states = LIVE if wanted == "live" else () if wanted == "all" else (wanted,)
    with state.crm.db.reading() as connection:
        rows = improvement.actions(connection, states=states, store=store)
        cases = improvement.cases_of(connection, [row.id for row in rows])
    found = [{**action_of(row), "complaints": [f"K{each}" for each in cases.get(row.id, ())]} for row in rows]
    state.show("actions", found, COLUMNS)


@command.command("add")
@click.option("--factor", required=True, metavar="CODE")
@click.option("--item", default="", metavar="CODE")
@click.option("--survey", default="", metavar="CODE")
@click.option("--wave", default="", metavar="WAVE")
@click.option("--side", type=click.Choice(["INTERNAL", "EXTERNAL"], case_sensitive=False), default=None)
@click.option("--about", default="", metavar="STAFF")
@click.option("--target", metavar="SCORE")
@click.option("--cause", required=True, metavar="TEXT")
@click.option("--measure", required=True, metavar="TEXT")
@click.option("--responsible", required=True, metavar="STAFF")
@click.option("--supervisor", required=True, metavar="STAFF")
@click.option("--due", "due_on", required=True, type=DAY, metavar="DATE")
@click.option("--priority", type=click.IntRange(1, 3), default=2)
@click.option("--case", "cases", multiple=True, metavar="ID")
@click.option("--store", metavar="CODE")
@click.pass_obj
def add(state: State, /, due_on: datetime, cases: tuple[str, ...], store: str | None, **said: Any) -> None:
    """A new row, out of a weak score or of complaints."""
    from crmcore.flows.improve import Plan, add

    crm = state.crm
    target, side, about = said.pop("target"), said.pop("side"), said.pop("about")
    plan = Plan(
        **said,
        side=side or "",
        staff=about,
        store=crm.store(store).code,
        target=None if target is None else _score(target),
        due_on=due_on.date(),
        cases=tuple(ids.number(case, "K") for case in cases),
    )
    number = add(crm.db, plan, crm.config.surveys, crm.config.scores, crm.clock)
    if state.json:
        state.emit("action", {"id": f"B{number}", "state": ActionStatus.OPEN.value})
        return
    state.tell(state.say("actions.added", id=f"B{number}"))


@command.command("set")
@click.argument("action", metavar="ID")
@click.argument("status", type=click.Choice([each.value for each in ActionStatus], case_sensitive=False))
@click.pass_obj
def set_(state: State, action: str, status: str) -> None:
    """Take a row on: DOING, DONE, VERIFIED or DROPPED."""
    from crmcore.flows.improve import move

    crm, number = state.crm, ids.number(action, "B")
    move(crm.db, number, ActionStatus(status), crm.clock)
    if state.json:
        state.emit("action", {"id": f"B{number}", "state": status})
        return
    state.tell(state.say("actions.moved", id=f"B{number}", state=state.say(f"state.{status}")))


@command.command("measure")
@click.pass_obj
def measure(state: State) -> None:
    """Hold what was done against the next wave: moved, or noise."""
    from crmcore.flows.improve import measure

    crm = state.crm
    found = measure(crm.db, crm.config.surveys, crm.config.scores, crm.clock)
    rows = [
        {"id": f"B{each.action}", "result_wave": each.wave, "result_score": each.score, "verdict": each.verdict.value}
        for each in found
    ]
    state.show("measured", rows)


def _score(text: str) -> Decimal:
    try:
        score = Decimal(text)
    except InvalidOperation:
        score = Decimal(-1)
    if not score.is_finite() or not 0 <= score <= 100:
        raise UsageError("CRM-U134", value=text)
    return score
