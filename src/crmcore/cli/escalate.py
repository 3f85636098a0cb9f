"""crmcore escalate: what is overdue climbs the ladder; with --yes the groups are told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State

if TYPE_CHECKING:
    from crmcore.flows.escalate import EscalateReport

PART = 1  # exit code: done in part


@click.command("escalate", cls=Command)
@click.option("--yes", is_flag=True)
@click.pass_obj
def command(state: State, yes: bool) -> int:
    """Rungs are climbed either way; without --yes nothing leaves."""
    from crmcore.cli.alerts import alerted, tell_alert

    report, alert = state.crm.escalate(), state.crm.alert(yes=yes)
    if state.json:
        state.emit("escalate", {**escalated(report), "alert": alerted(alert)})
    else:
        tell_escalate(state, report)
        tell_alert(state, alert)
    return PART if alert.errors else 0


def escalated(report: EscalateReport) -> dict[str, Any]:
    """The body of crmcore/escalate@1."""
    return {
        "looked": report.looked,
        "late": report.late,
        "escalations": [attrs.asdict(each) for each in report.climbed],
    }


def tell_escalate(state: State, report: EscalateReport) -> None:
    """One line, and one for each rung; nothing where nothing is overdue."""
    if report.looked:
        climbed = len(report.climbed)
        state.tell(state.say("escalate.done", looked=report.looked, climbed=climbed, late=report.late))
    for each in report.climbed:
        state.tell(
            state.say(
                "escalate.rung",
                case=each.case,
                level=each.level,
                clock=state.say(f"clock.{each.clock.value}"),
                due=f"{state.local(each.due_at.isoformat()):%Y-%m-%d %H:%M}",
                role=state.say(f"role.{each.role.value}"),
                late=state.say("escalate.late") if each.late else "",
            )
        )
