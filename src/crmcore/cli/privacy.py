"""crmcore privacy: one person's data, handed over or taken away."""

from __future__ import annotations

import json
from pathlib import Path

import click

from crmcore.cli.by import BY
from crmcore.cli.frame import Group
from crmcore.cli.state import State
from crmcore.errors import UsageError

command = Group("privacy")


@command.command("export")
@click.argument("what", metavar="PHONE|PLATE|VIN|ID")
@click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(path_type=Path))
@click.pass_obj
def export(state: State, what: str, output: Path) -> None:
    """Into a file for its reader alone: it holds everything."""
    from crmcore.flows.privacy import export
    from crmcore.worklist.write import private_write

    told = export(state.crm.db, what)
    private_write(
        output, json.dumps({"schema": "crmcore/privacy.export@1", **told}, ensure_ascii=False, indent=2).encode()
    )
    if state.json:
        state.emit("privacy", {"customer": told["customer"], "path": output})
        return
    state.tell(state.say("privacy.exported", id=told["customer"], path=output))


@command.command("erase")
@click.argument("what", metavar="PHONE|PLATE|VIN|ID")
@click.option("--yes", is_flag=True)
@BY
@click.pass_obj
def erase(state: State, what: str, yes: bool, by: str) -> None:
    """For good; only with --yes."""
    from crmcore.flows.privacy import erase

    if not yes:
        raise UsageError("CRM-U230")
    done = erase(state.crm.db, what, by=by, clock=state.clock)
    if state.json:
        state.emit("privacy", {"customer": done.id, "rows": done.rows})
        return
    state.tell(state.say("privacy.erased", id=done.id, count=sum(done.rows.values())))
    state.tell(state.say("privacy.elsewhere"))
