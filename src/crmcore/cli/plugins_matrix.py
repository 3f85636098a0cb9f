"""crmcore plugins matrix: which adapter has been proven to do what, from the reports of their contract tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State

if TYPE_CHECKING:
    from crmcore.testing.report import Matrix

#: Marks that a console of any encoding can show.
SIGNS = {"proven": "√", "failed": "×", "unproven": "?", "absent": "—"}
GROUPS = {"": "every", "http": "faults"}


@click.command("matrix", cls=Command)
@click.argument("reports", nargs=-1, required=True, metavar="REPORT.json…", type=click.Path(path_type=Path))
@click.option("--markdown", is_flag=True)
@click.pass_obj
def matrix(state: State, reports: tuple[Path, ...], *, markdown: bool) -> None:
    """Capabilities down, adapters across."""
    from crmcore.testing import report

    found = report.matrix([report.read(path) for path in reports])
    headings = [
        state.word("capability", "matrix"),
        *(f"{each.adapter} {each.version}".strip() for each in found.adapters),
    ]
    rows = [[_group(state, name), *(_sign(state, mark) for mark in marks)] for name, marks in found.rows.items()]
    if state.json:
        state.emit("matrix", _facts(found))
    elif markdown:
        state.tell(_markdown(state, found, headings, rows))
    else:
        from crmcore.cli.state import table

        state.tell(table(headings, rows))
        for line in _notes(state, found):
            state.tell(line)


def _group(state: State, name: str) -> str:
    return state.say(f"matrix.{GROUPS[name]}") if name in GROUPS else name


def _sign(state: State, mark: str) -> str:
    return SIGNS.get(mark) or state.say("matrix.gap")


def _notes(state: State, found: Matrix) -> list[str]:
    """One line for each check that was not simply kept."""
    return [
        state.say(f"matrix.note.{check.outcome}", adapter=adapter.adapter, check=check.name)
        + (f": {' '.join(check.reason.split())}" if check.reason else "")
        for adapter, check in found.notes()
    ]


def _markdown(state: State, found: Matrix, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    drawn = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    legend = [*(f"- {sign}: {state.say(f'matrix.legend.{mark}')}" for mark, sign in SIGNS.items())]
    legend.insert(1, f"- {state.say('matrix.gap')}: {state.say('matrix.legend.gap')}")
    notes = [f"- {line}" for line in _notes(state, found)]
    told = [state.say("matrix.intro", kit=found.kit), "\n".join(drawn), "\n".join(legend), "\n".join(notes)]
    return "\n\n".join(part for part in told if part)


def _facts(found: Matrix) -> dict[str, object]:
    return {
        "kit": found.kit,
        "adapters": [
            {
                "adapter": each.adapter,
                "distribution": each.distribution,
                "version": each.version,
                "contract": each.contract,
                "checks": len(each.checks),
            }
            for each in found.adapters
        ],
        "rows": [
            {
                "capability": name,
                "marks": {each.adapter: str(mark) for each, mark in zip(found.adapters, marks, strict=True)},
            }
            for name, marks in found.rows.items()
        ],
        "notes": [
            {"adapter": adapter.adapter, "check": check.name, "outcome": check.outcome, "reason": check.reason}
            for adapter, check in found.notes()
        ],
    }
