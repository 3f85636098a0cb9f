"""crmcore report: what was done and what was not, on one page."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from crmcore.cli.frame import Group
from crmcore.cli.state import State

command = Group("report")


@command.command("daily")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--store", metavar="CODE")
@click.pass_obj
def daily(state: State, output: Path | None, store: str | None) -> None:
    """The page as HTML, into a file or on stdout; with --json its facts."""
    from crmcore.reports.daily import render, to_json
    from crmcore.worklist.write import private_write

    facts = state.crm.report(store)
    text = (
        to_json(facts) if state.json or (output is not None and output.suffix == ".json") else render(facts, state.lang)
    )
    if output is None:
        sys.stdout.write(f"{text}\n")
        return
    private_write(output, text.encode())
    if not state.json:
        state.tell(state.say("report.written", path=output))
