"""crmcore meetings: the sheet a meeting goes through, and the record that it leaves."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
import click

from crmcore.cli import ids
from crmcore.cli.actions import told
from crmcore.cli.complaint_list import worded
from crmcore.cli.frame import Group
from crmcore.cli.plan import DAY
from crmcore.cli.state import State
from crmcore.types.complaint import MeetingKind

if TYPE_CHECKING:
    from crmcore.flows.meetings import Discussed

command = Group("meetings")

KIND = click.Choice([each.value for each in MeetingKind], case_sensitive=False)
CASES = ("id", "received_at", "category", "severity", "state", "owner", "responsible", "root_cause", "avoidable")
RETURNED = ("order", "returned", "advisor", "bases", "days", "km", "within_guarantee", "verdict", "cause")
ACTIONS = ("id", "priority", "factor", "measure", "responsible", "supervisor", "due_on", "state", "verdict")


@command.command("sheet")
@click.argument("kind", type=KIND)
@click.option("--since", type=DAY, metavar="DATE")
@click.option("--until", type=DAY, metavar="DATE")
@click.option("--store", metavar="CODE")
@click.pass_obj
def sheet(state: State, kind: str, since: datetime | None, until: datetime | None, store: str | None) -> None:
    """What is on the table: by default the last seven days."""
    from crmcore.flows.meetings import agenda

    crm = state.crm
    chosen = crm.store(store)
    first, last = (each.date() if each else None for each in (since, until))
    found = agenda(crm.db, MeetingKind(kind), chosen, first, last, crm.config.rework, crm.clock)
    cases, actions = [_case(each) for each in found.cases], [told(each) for each in found.actions]
    if state.json:
        state.emit("agenda", {**attrs.asdict(found), "cases": cases, "actions": actions})
        return
    title = state.say(f"meeting.{kind}")
    state.tell(state.say("meetings.sheet", kind=title, store=chosen.name, since=found.since, until=found.until))
    returned = [attrs.asdict(row) for row in found.returned]
    for name, rows, columns in (
        ("complaints", [worded(state, row) for row in cases], CASES),
        ("rework", returned, RETURNED),
        ("actions", actions, ACTIONS),
    ):
        if rows:
            state.tell(f"\n● {state.say(f'meetings.{name}', count=len(rows))}")
            state.show(name, rows, columns)


def _case(case: Discussed) -> dict[str, Any]:
    from crmcore.db.columns import stamp

    return {**attrs.asdict(case), "received_at": stamp(case.received_at)}


@command.command("add")
@click.argument("kind", type=KIND)
@click.option("--on", "held_on", type=DAY, metavar="DATE")
@click.option("--chair", default="", metavar="STAFF")
@click.option("--with", "attendees", multiple=True, metavar="STAFF")
@click.option("--record", "said", default="", metavar="TEXT")
@click.option("--wave", default="", metavar="WAVE")
@click.option("--action", "actions", multiple=True, metavar="ID")
@click.option("--store", metavar="CODE")
@click.pass_obj
def add(
    state: State,
    kind: str,
    held_on: datetime | None,
    chair: str,
    attendees: tuple[str, ...],
    said: str,
    wave: str,
    actions: tuple[str, ...],
    store: str | None,
) -> None:
    """Keep the record of a meeting, with the actions it decided."""
    from crmcore.flows.meetings import record

    crm = state.crm
    number = record(
        crm.db,
        MeetingKind(kind),
        store=crm.store(store),
        held_on=held_on.date() if held_on else None,
        chair=chair,
        attendees=attendees,
        said=said,
        actions=[ids.number(action, "B") for action in actions],
        clock=crm.clock,
        wave=wave,
    )
    if state.json:
        state.emit("meeting", {"id": f"G{number}"})
        return
    state.tell(state.say("meetings.added", id=f"G{number}", count=len(actions)))


@command.command("list")
@click.option("--kind", type=KIND, default=None)
@click.option("--store", metavar="CODE", default="")
@click.pass_obj
def list_(state: State, kind: str | None, store: str) -> None:
    """The records, the latest first."""
    from crmcore.flows.meetings import find

    rows = find(state.crm.db, kind=MeetingKind(kind) if kind else None, store=store)
    found = [
        {
            "id": each.id,
            "kind": each.kind.value if state.json else state.say(f"meeting.{each.kind.value}"),
            "held_on": each.held_on,
            "store": each.store,
            "chair": each.chair,
            "attendees": each.attendees,
            "wave": each.wave,
            "record": each.record or None,
            "actions": each.actions,
        }
        for each in rows
    ]
    state.show("meetings", found)
