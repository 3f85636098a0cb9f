"""crmcore callbacks: the clerk's worklist, masked on the screen, whole in the clerk's own file, and read back from it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from crmcore.cli.by import BY_IF_SAID
from crmcore.cli.frame import Group
from crmcore.cli.state import State
from crmcore.errors import UsageError

if TYPE_CHECKING:
    from crmcore.flows.callbacks_import import ImportReport

command = Group("callbacks")

COLUMNS = ("id", "due", "deadline", "task", "reason", "customer", "phone", "plate", "executor", "lease", "late")
REJECTED = ("cell", "id", "column", "shape", "why", "fix")
NOTES = ("at", "customer", "note", "staff", "advisor")
PART = 1
#: What became of complaints.
CASES = ("opened", "joined", "closed", "reopened")


@command.command("list")
@click.option("--store", metavar="CODE")
@click.pass_obj
def list_(state: State, store: str | None) -> None:
    """The calls that are due."""
    from crmcore.flows.callbacks import due_rows

    crm = state.crm
    rows = due_rows(crm.db, crm.desk(), crm.clock.now(), lang=state.lang, masked=True, store=store)
    state.show("callbacks", [attrs.asdict(row) for row in rows], COLUMNS)


@command.command("export")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--store", metavar="CODE")
@click.option("--mine", is_flag=True)
@click.option("--limit", type=click.IntRange(1), metavar="N")
@BY_IF_SAID
@click.pass_obj
def export(state: State, target: Path, store: str | None, mine: bool, limit: int | None, by: str | None) -> None:
    """Write the worklist to a file for its reader alone; its rows are then in his hands."""
    from crmcore.flows.callbacks import Choice, export

    if mine and by is None:
        raise UsageError("CRM-U314")
    crm = state.crm
    who = by or login()
    choice = Choice(store=store, mine=mine, limit=limit)
    done = export(crm.db, crm.desk(), target, crm.clock.now(), lang=state.lang, by=who, choice=choice)
    if state.json:
        state.emit("export", {"path": target, "by": who, **attrs.asdict(done)})
        return
    state.tell(state.say("callbacks.exported", count=done.callbacks, path=target))
    until = state.local(done.until.isoformat())
    state.tell(state.say("callbacks.leased", count=done.leased, by=who or "─", until=f"{until:%Y-%m-%d %H:%M}"))
    if done.nobody:
        state.tell(state.say("callbacks.nobody", by=who or "─"))
    if done.others:
        state.tell(state.say("callbacks.others", count=done.others))


@command.command("import")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@BY_IF_SAID
@click.pass_obj
def import_(state: State, source: Path, by: str | None) -> int:
    """Read an edited worklist back; every row whole or not at all."""
    from crmcore.flows.callbacks_import import take_in

    crm = state.crm
    report = take_in(crm.db, crm.desk(), source, crm.clock, by=by or login())
    if state.json:
        state.emit("import", told(report))
    else:
        tell(state, report)
    return PART if report.rejected else 0


@command.command("notes")
@click.option("--advisor", metavar="STAFF")
@click.option("--days", type=click.IntRange(1), default=30)
@click.option("--full", is_flag=True)
@click.pass_obj
def notes(state: State, advisor: str | None, days: int, full: bool) -> None:
    """What callers have noted for an advisor."""
    from crmcore.db.columns import stamp
    from crmcore.flows.notes import notes

    crm = state.crm
    rows = notes(crm.db, crm.settings(), crm.clock.now(), advisor=advisor, days=days, masked=not full)
    state.show("notes", [{**attrs.asdict(row), "at": stamp(row.at)} for row in rows], NOTES)


def login() -> str:
    """Who is logged in to this machine; "" where nobody can be told."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user, as in a container
        return ""


def told(report: ImportReport) -> dict[str, Any]:
    """The body of crmcore/import@1."""
    body: dict[str, Any] = attrs.asdict(report)
    body["rejected_rows"] = report.rejected_rows
    body |= {name: [f"K{number}" for number in body[name]] for name in CASES}
    return body


def tell(state: State, report: ImportReport) -> None:
    """What was taken, what follows from it, what the clerk should know, and each cell that could not be taken."""
    counts = {name: getattr(report, name) for name in ("recorded", "unchanged", "not_called", "late")}
    mark = "×" if report.rejected else "√"
    state.tell(state.say("callbacks.imported", mark=mark, rejected=report.rejected_rows, **counts))
    for name, count in sorted(report.follows.items()):
        state.tell(state.say(f"callbacks.follows.{name}", count=count))
    for name in ("responses", "proposals", "opted_out", "texts"):
        if getattr(report, name):
            state.tell(state.say(f"callbacks.{name}", count=getattr(report, name)))
    for name in CASES:
        if cases := getattr(report, name):
            state.tell(state.say(f"callbacks.{name}", count=len(cases), ids=", ".join(f"K{one}" for one in cases)))
    for notice in report.notices:
        state.note(state.say("callbacks.notice", row=notice.row, id=notice.id, why=state.reason(notice.reason)))
    for warning in state.plugins.warned("find"):
        state.note(state.say("collect.finder", plugin=warning.plugin, error=warning.error))
    if report.ignored:
        state.note(state.say("callbacks.ignored", columns=", ".join(report.ignored)))
    if report.rejected:
        state.tell(state.say("callbacks.rejected"))
        state.show("rejected", [_line(state, attrs.asdict(each)) for each in report.rejected], REJECTED)


def _line(state: State, row: dict[str, Any]) -> dict[str, Any]:
    from crmcore import lang as catalogue
    from crmcore.worklist.form import heading

    why, fix = catalogue.reason(row["reason"], state.lang)
    desk = state.crm.desk()
    asked = {one.key: one.heading(state.lang) for one in desk.asked(desk.surveys.values())}
    column = asked.get(row["column"]) or heading(row["column"], state.lang)
    return {**row, "column": column, "why": why, "fix": fix}
