"""crmcore complaints list, show: cases in words; and how the other commands say what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from crmcore.cli import ids
from crmcore.cli.frame import Group
from crmcore.cli.state import State, table
from crmcore.flows.complaint_words import Words
from crmcore.rules.complaints.states import SOLVED
from crmcore.types.complaint import ClockKind, ComplaintState

if TYPE_CHECKING:
    from crmcore.types.complaint import Complaint, EventKind

command = Group("complaints")

COLUMNS = ("id", "received_at", "category", "severity", "state", "owner", "clock", "clock_due_at", "overdue", "name")
_STATES = click.Choice([*(each.value for each in ComplaintState), "all"], case_sensitive=False)
#: Fields that hold codes -> the kind of their words in lang/.
_KINDS = {
    "severity": "severity", "origin": "origin", "form": "form", "clock": "clock", "basis": "basis", "event": "event",
    "before": "state.complaint", "after": "state.complaint", "state": "state.complaint", "role": "role",
    "channel": "channel.complaint", "department": "board.department", "outcome": "restoration", "needs": "need",
    "customer_type": "customer_type", "by": "by",
}  # fmt: skip
#: Fields that hold lines of the taxonomy, and those that hold staff codes.
_TAXONOMY, _PEOPLE = ("category", "root_cause"), ("owner", "first_asked", "responsible", "accused")
#: Events that say where the case stands now; it is not said twice.
_SAME = {
    "HAND_OVER": "HANDED_OVER", "RESPOND": "RESPONDED", "RESOLVE": "RESOLVED", "CALL_BACK": "CALLBACK_PENDING",
    "CLOSE": "CLOSED", "REOPEN": "REOPENED", "WITHDRAW": "WITHDRAWN",
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
    from crmcore.flows.plan_who import staff_of

    found = show_case(state.crm.office(), case, full=full)
    if state.json:
        state.emit("complaint", {"complaint": found})
        return
    with state.crm.db.reading() as connection:
        names = {one.code: one.name for one in staff_of(connection, state.crm.cases())}
    flat = {key: value for key, value in _named(worded(state, found), names).items() if value not in (None, "", [])}
    state.tell("\n".join(f"{state.word(key, 'complaints')}: {state.cell(value)}" for key, value in flat.items()
                         if not _rows(value)))  # fmt: skip
    for key, rows in found.items():
        if _rows(rows):
            told = [worded(state, row, kind=_ROWS.get(key, "")) for row in rows]
            columns = [name for name in told[0] if name not in {"detail", "recorded_at"}]
            cells = [[state.cell(row[name]) for name in columns] for row in told]
            heading = f"complaint.{key}"
            state.tell(f"\n{state.say(heading) if state.knows(heading) else key}")
            state.tell(table([_heading(state, key, name) for name in columns], cells))


def _rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _heading(state: State, part: str, name: str) -> str:
    """What a column of one of the lists under a case is called: the id of an offer is not that of the case."""
    own = f"column.complaints.{part}.{name}"
    return state.say(own) if state.knows(own) else state.word(name, "complaints")


def _named(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same with colleagues by name and code."""

    def name(code: str) -> str:
        return f"{names[code]} ({code})" if code in names else code

    def told(value: Any) -> Any:
        return [name(each) for each in value] if isinstance(value, list) else name(value) if value else value

    return {field: told(value) if field in _PEOPLE else value for field, value in row.items()}


def worded(state: State, row: Mapping[str, Any], *, kind: str = "") -> dict[str, Any]:
    """A row with its codes in words."""
    kinds, words = _KINDS | ({"kind": kind} if kind else {}), Words(state.config, state.lang)

    def coded(name: str, value: Any) -> Any:
        if name in _TAXONOMY and value:
            return words.category(value)
        if isinstance(value, list) and name in {*kinds, "why"}:
            return [words.why(each) if name == "why" else words.coded(kinds[name], each) for each in value]
        return words.coded(kinds[name], value) if name in kinds and isinstance(value, str) else value

    told = {name: coded(name, value) for name, value in row.items()}
    if "event" in row:
        told["event"] = words.event(row["event"], row["detail"])
    return told | ({"waiver": state.reason(row["waiver"])} if row.get("waiver") else {})


def category(state: State, code: str) -> str:
    """A category by name."""
    return Words(state.config, state.lang).category(code)


def done(state: State, case: Complaint, event: EventKind | str, detail: Mapping[str, Any] | None = None) -> None:
    """Say what was done, where the case stands now, and what is left to do before it is closed.

    Args:
        detail: of a second callback, as its line in the history has it: what came of it.
    """
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
                **(detail or {}),
            },
        )
        return
    happened = Words(state.config, state.lang).event(str(event), detail or {})
    now = state.say(f"state.complaint.{case.state}")
    if _SAME.get(str(event)) == case.state:
        state.tell(state.say("complaint.did", id=case.id, event=happened if event == "CALL_BACK" else now))
    else:
        state.tell(state.say("complaint.done", id=case.id, event=happened, state=now))
    if str(event) in {"HAND_OVER", "ASSIGN", "CLASSIFY"}:
        state.tell(state.say("complaint.owner", owner=case.owner or "-"))
    if str(event) in {"CALL_BACK", "WAIVE"} and case.state in SOLVED:
        owed = next((each for each in case.clocks if each.kind is ClockKind.CALLBACK and each.stopped_at is None), None)
        due = state.cell(owed.due_at.isoformat()) if owed else ""
        state.tell(state.say("complaint.call_again" if owed else "complaint.to_close", id=case.id, due=due))
