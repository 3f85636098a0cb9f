"""crmcore actions: the improvement plan, from a weak score or a complaint to the wave that measures its effect."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from crmcore.cli import ids
from crmcore.cli.frame import Group
from crmcore.cli.plan import DAY
from crmcore.cli.state import State
from crmcore.errors import UsageError
from crmcore.types.complaint import ActionStatus

if TYPE_CHECKING:
    from crmcore.types.improvement import Action

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
    from crmcore.flows.improve import LIVE, find

    states = LIVE if wanted == "live" else () if wanted == "all" else (ActionStatus(wanted),)
    rows = find(state.crm.db, states=states, store=store)
    state.show("actions", [{**told(each), "complaints": each.cases} for each in rows], COLUMNS)


def told(action: Action) -> dict[str, Any]:
    """A row of the plan as crmcore/actions@1 has it."""
    scores = {"last_score": action.last_score, "target_score": action.target_score}
    shown = {name: None if score is None else float(score) for name, score in scores.items()}
    return {
        "id": action.id,
        "factor": action.factor,
        "item": action.item,
        **shown,
        "cause": action.cause,
        "measure": action.measure,
        "responsible": action.responsible,
        "supervisor": action.supervisor,
        "due_on": action.due_on,
        "priority": action.priority,
        "state": action.status.value,
        "survey": action.survey,
        "wave": action.wave,
        "side": action.side or "",
        "staff": action.staff,
        "result_wave": action.result_wave,
        "result_score": None if action.result_score is None else float(action.result_score),
        "verdict": action.verdict,
    }


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
        {"id": each.action, "result_wave": each.wave, "result_score": each.score, "verdict": each.verdict.value}
        for each in found
    ]
    state.show("measured", rows)


def _score(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UsageError("CRM-U134", value=text) from None
