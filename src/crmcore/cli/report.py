"""crmcore report: what was done and what was not, what customers say, what they complain about: pages, workbooks, facts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crmcore.cli.frame import Group
from crmcore.cli.state import State

if TYPE_CHECKING:
    from crmcore.app.reports import Reports
    from crmcore.reports.board import Board
    from crmcore.reports.calls import Calls
    from crmcore.reports.csi import Csi

command = Group("report")

DAY = click.DateTime(["%Y-%m-%d"])


def window(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which stores and which days, and into which file."""
    for option in (
        click.option("--months", type=click.IntRange(1, 60), metavar="N"),
        click.option("--until", type=DAY, metavar="DATE"),
        click.option("--since", type=DAY, metavar="DATE"),
        click.option("--store", metavar="CODE"),
        click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path)),
    ):
        function = option(function)
    return click.pass_obj(function)


@command.command("daily")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--store", metavar="CODE")
@click.pass_obj
def daily(state: State, output: Path | None, store: str | None) -> None:
    """What was done today and what was not."""
    from crmcore.reports import files

    suffix = files.suffix_of(output) if output else ""
    facts = state.crm.report(store)
    form = suffix or (files.JSON if state.json else files.HTML)
    _give(state, output, files.content(facts, form, state.lang))


@command.command("csi")
@click.option("--survey", "surveys", metavar="CODE", multiple=True)
@window
def csi(state: State, surveys: tuple[str, ...], output: Path | None, **given: Any) -> None:
    """What customers answered."""
    _report(state, output, lambda reports, frame: reports.csi(*surveys, **frame), given)


@command.command("board")
@window
def board(state: State, output: Path | None, **given: Any) -> None:
    """What customers complain about."""
    _report(state, output, lambda reports, frame: reports.board(**frame), given)


@command.command("calls")
@window
def calls(state: State, output: Path | None, **given: Any) -> None:
    """What calls came to."""
    _report(state, output, lambda reports, frame: reports.calls(**frame), given)


def _report(
    state: State,
    output: Path | None,
    gather: Callable[[Reports, dict[str, Any]], Csi | Board | Calls],
    given: dict[str, Any],
) -> None:
    """Gather and write; a name that nothing can be written to is told before anything is counted."""
    from crmcore.reports import files

    suffix = files.suffix_of(output) if output else ""
    days = {name: _date(given[name]) for name in ("since", "until")}
    facts = gather(state.crm.reports, {**given, **days})
    form = suffix or (files.JSON if state.json else files.HTML)
    _give(state, output, files.content(facts, form, state.lang))


def _date(given: datetime | None) -> date | None:
    return given.date() if given else None


def _give(state: State, output: Path | None, content: bytes) -> None:
    """Into a file for its reader alone, or on stdout."""
    from crmcore.worklist.write import private_write

    if output is None:
        sys.stdout.write(f"{content.decode().rstrip()}\n")
        return
    private_write(output, content)
    if not state.json:
        state.tell(state.say("report.written", path=output))
