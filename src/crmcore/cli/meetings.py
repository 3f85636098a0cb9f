"""crmcore meetings: the sheet a meeting goes through, and the record that it leaves."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import attrs
import click

from crmcore.cli import ids
from crmcore.cli.complaint_list import worded
from crmcore.cli.frame import Group
from crmcore.cli.plan import DAY
from crmcore.cli.state import State
from crmcore.types.complaint import MeetingKind

command = Group("meetings")

KIND = click.Choice([each.value for each in MeetingKind], case_sensitive=False)
WEEK = timedelta(days=6)  # and its last day
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
    from crmcore.rules.worktime import local

    crm = state.crm
    chosen = crm.store(store)
    last = until.date() if until else local(crm.clock.now(), chosen.timezone).date()
    first = since.date() if since else last - WEEK
    found = agenda(crm.db, MeetingKind(kind), chosen, first, last, crm.config.rework, crm.clock)
    if state.json:
        state.emit("agenda", {**attrs.asdict(found), "cases": found.cases, "actions": found.actions})
        return
    title = state.say(f"meeting.{kind}")
    state.tell(state.say("meetings.sheet", kind=title, store=chosen.name, since=first, until=last))
    returned = [attrs.asdict(row) for row in found.returned]
    for name, rows, columns in (
        ("complaints", [worded(state, row) for row in found.cases], CASES),
        ("rework", returned, RETURNED),
        ("actions", found.actions, ACTIONS),
    ):
        if rows:
            state.tell(f"\n● {state.say(f'meetings.{name}', count=len(rows))}")
            state.show(name, rows, columns)


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
    from crmcore.rules.worktime import local

    crm = state.crm
    chosen = crm.store(store)
    number = record(
        crm.db,
        MeetingKind(kind),
        store=chosen.code,
        held_on=held_on.date() if held_on else local(crm.clock.now(), chosen.timezone).date(),
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
    from crmcore.db import improvement

    with state.crm.db.reading() as connection:
        rows = improvement.meetings(connection, kind=kind or "", store=store)
        linked = improvement.actions_of(connection, [row.id for row in rows])
    found = [
        {
            "id": f"G{row.id}",
            "kind": row.kind,
            "held_on": row.held_on,
            "store": row.store,
            "chair": row.chair,
            "attendees": json.loads(row.attendees),
            "wave": row.wave,
            "record": row.record,
            "actions": [f"B{each}" for each in linked.get(row.id, ())],
        }
        for row in rows
    ]
    if not state.json:
        found = [{**row, "kind": state.say(f"meeting.{row['kind']}")} for row in found]
    state.show("meetings", found)
