"""crmcore complaints list, show: cases in words; and how the other commands say what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from crmcore.cli import ids
from crmcore.cli.frame import Group
from crmcore.cli.state import State, table
from crmcore.types.complaint import ComplaintState

if TYPE_CHECKING:
    from crmcore.types.complaint import Complaint, EventKind

command = Group("complaints")

COLUMNS = ("id", "received_at", "category", "severity", "state", "owner", "clock", "clock_due_at", "overdue", "name")
_STATES = click.Choice([*(each.value for each in ComplaintState), "all"], case_sensitive=False)
#: Fields that hold codes -> the kind of their words in lang/.
_KINDS = {
    "severity": "severity", "origin": "origin", "form": "form", "clock": "clock", "basis": "basis", "event": "event",
    "before": "state.complaint", "after": "state.complaint", "state": "state.complaint", "role": "role",
}  # fmt: skip
#: Likewise for the field `kind` of the rows under a case.
_ROWS = {"clocks": "clock", "offers": "kind", "evidence": "evidence"}


@command.command("list")
@click.option("--state", "wanted", type=_STATES, multiple=True)
@click.option("--store", metavar="CODE")
@click.option("--owner", metavar="STAFF")
@click.option("--customer", metavar="ID")
@click.option("--limit", type=click.IntRange(min=1), default=1000)
@click.option("--full", is_flag=True)
@click.pass_obj
def list_(
    state: State,
    wanted: tuple[str, ...],
    store: str | None,
    owner: str | None,
    customer: str | None,
    limit: int,
    full: bool,
) -> None:
    """Newest first; without --state what is open."""
    from crmcore.flows.complaint_view import list_cases

    states = [each.value for each in ComplaintState] if "all" in wanted else wanted
    rows = list_cases(
        state.crm.office(),
        states=states,
        store=state.crm.store(store).code if store else None,
        owner=owner,
        customer=ids.number(customer, "C") if customer else None,
        limit=limit,
        full=full,
    )
    state.show("complaints", rows if state.json else [worded(state, row) for row in rows], COLUMNS)


@command.command("show")
@click.argument("case", metavar="ID")
@click.option("--full", is_flag=True)
@click.pass_obj
def show(state: State, case: str, full: bool) -> None:
    """What was said and by whom shows only with --full."""
    from crmcore.flows.complaint_view import show_case

    found = show_case(state.crm.office(), case, full=full)
    if state.json:
        state.emit("complaint", {"complaint": found})
        return
    flat = {key: value for key, value in worded(state, found).items() if value not in (None, "", [])}
    state.tell("\n".join(f"{state.word(key, 'complaints')}: {state.cell(value)}" for key, value in flat.items()
                         if not _rows(value)))  # fmt: skip
    for key, rows in found.items():
        if _rows(rows):
            told = [worded(state, row, kind=_ROWS.get(key, "")) for row in rows]
            names = [name for name in told[0] if name not in {"detail", "recorded_at"}]
            cells = [[state.cell(row[name]) for name in names] for row in told]
            heading = f"complaint.{key}"
            state.tell(f"\n{state.say(heading) if state.knows(heading) else key}")
            state.tell(table([state.word(name, "complaints") for name in names], cells))


def _rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def worded(state: State, row: Mapping[str, Any], *, kind: str = "") -> dict[str, Any]:
    """A row with its codes in words."""
    kinds = _KINDS | ({"kind": kind} if kind else {})
    told = {}
    for name, value in row.items():
        key = f"{kinds.get(name)}.{value}"
        told[name] = state.say(key) if name in kinds and state.knows(key) else value
    if "category" in row:
        told["category"] = category(state, row["category"])
    return told


def category(state: State, code: str) -> str:
    """A category by name."""
    known = state.config.categories.get(code)
    return code if known is None else known.label.get(state.lang, code)


def done(state: State, case: Complaint, event: EventKind | str) -> None:
    """Say what was done, and where the case stands now."""
    clock = min((each for each in case.clocks if each.stopped_at is None), key=lambda each: each.due_at, default=None)
    if state.json:
        state.emit(
            "complaint",
            {
                "id": case.id,
                "event": str(event),
                "state": case.state,
                "round": case.round,
                "owner": case.owner,
                "severity": case.severity,
                "clock": clock.kind if clock else None,
                "clock_due_at": clock.due_at if clock else None,
            },
        )
        return
    words = {"event": state.say(f"event.{event}"), "state": state.say(f"state.complaint.{case.state}")}
    state.tell(state.say("complaint.done", id=case.id, **words))
    if str(event) in {"HAND_OVER", "ASSIGN", "CLASSIFY"}:
        state.tell(state.say("complaint.owner", owner=case.owner or "-"))
