"""crmcore callbacks: the clerk's worklist, masked on the screen, whole in the clerk's own file."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from crmcore.cli.frame import Group
from crmcore.cli.state import State

command = Group("callbacks")

COLUMNS = ("id", "due", "deadline", "task", "reason", "customer", "phone", "plate", "executor", "late")


@command.command("list")
@click.option("--store", metavar="CODE")
@click.pass_obj
def list_(state: State, store: str | None) -> None:
    """The calls that are due."""
    from crmcore.flows.callbacks import due_rows

    crm = state.crm
    rows = due_rows(crm.db, crm.config.rules, crm.stores, crm.clock.now(), lang=state.lang, masked=True, store=store)
    state.show("callbacks", [attrs.asdict(row) for row in rows], COLUMNS)


@command.command("export")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--store", metavar="CODE")
@click.pass_obj
def export(state: State, target: Path, store: str | None) -> None:
    """Write the worklist to a file for its reader alone."""
    from crmcore.flows.callbacks import export

    crm = state.crm
    count = export(crm.db, crm.config.rules, crm.stores, target, crm.clock.now(), lang=state.lang, store=store)
    if state.json:
        state.emit("export", {"path": target, "callbacks": count})
        return
    state.tell(state.say("callbacks.exported", count=count, path=target))
