"""crmcore metrics: what each figure means; a name that could mean two formulas is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crmcore.cli.frame import Group
from crmcore.cli.state import State

if TYPE_CHECKING:
    from crmcore.rules.score.definition import Metric

command = Group("metrics")

COLUMNS = ("id", "label", "unit", "source")


@command.command("list")
@click.pass_obj
def list_(state: State) -> None:
    """Every figure by its id."""
    from crmcore.rules.score.metrics import METRICS

    state.show("metrics", [_told(state, each) for each in METRICS.values()], COLUMNS)


@command.command("show")
@click.argument("name", metavar="NAME")
@click.pass_obj
def show(state: State, name: str) -> None:
    """One figure: its formula, and who is counted."""
    from crmcore.rules.score.metrics import metric

    found = _told(state, metric(name))
    if state.json:
        state.emit("metric", found)
        return
    for key, value in found.items():
        state.tell(f"{state.word(key, 'metrics')}: {value}")


def _told(state: State, metric: Metric) -> dict[str, Any]:
    """Its words in the reader's language."""
    return {
        "id": metric.id,
        "label": metric.label[state.lang],
        "formula": metric.formula[state.lang],
        "population": metric.population[state.lang],
        "unit": state.say(f"unit.{metric.unit}") if not state.json else metric.unit.value,
        "interval": state.say(f"interval.{metric.method}")
        if state.knows(f"interval.{metric.method}")
        else metric.method,
        "source": metric.source,
    }
