"""crmcore explain: why this touchpoint, text or case exists, and why it is as it is."""

from __future__ import annotations

import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State


@click.command("explain", cls=Command)
@click.argument("identity", metavar="ID")
@click.pass_obj
def command(state: State, identity: str) -> None:
    """T12, M3 or K5, in sentences."""
    found = state.crm.explain(identity)
    if state.json:
        state.emit("explain", dict(found.facts))
        return
    for line in found.lines:
        state.tell(line)
