"""crmcore alerts: what colleagues are owed and what they were told; and the lines with which other commands report it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crmcore import lang as catalogue
from crmcore.cli import ids
from crmcore.cli.frame import Group
from crmcore.cli.state import State

if TYPE_CHECKING:
    from crmcore.flows.alert import AlertReport

command = Group("alerts")

COLUMNS = ("id", "said", "complaint", "role", "due_at", "sent_at", "next_at", "attempts", "groups", "why")


@command.command("list")
@click.option("--owed", is_flag=True)
@click.option("--sent", is_flag=True)
@click.option("--limit", type=click.IntRange(min=1), default=200)
@click.pass_obj
def list_(state: State, owed: bool, sent: bool, limit: int) -> None:
    """Alerts, what is owed first; both flags together are none."""
    from crmcore.db import alerts

    waiting = None if owed == sent else owed
    with state.crm.db.reading() as connection:
        found = alerts.listing(connection, waiting=waiting, limit=limit)
    state.show("alerts", [_row(state, row) for row in found], COLUMNS)


def alerted(report: AlertReport) -> dict[str, Any]:
    """The body of crmcore/alert@1: what `Crm.alert` did, for whoever calls it."""
    lines = [
        {
            "id": line.id,
            "kind": line.kind,
            "store": line.store,
            "complaint": line.complaint,
            "account": line.account,
            "code": line.code,
            "next_at": line.next_at,
        }
        for line in report.lines
    ]
    return {
        "dry_run": report.dry_run,
        "owed": report.owed,
        "told": report.told,
        "messages": report.messages,
        "alerts": lines,
        "left": report.left,
        "failed": {name: error.code for name, error in report.errors.items()},
    }


def tell_alert(state: State, report: AlertReport) -> None:
    """How many were told, or would be; what stays owed and why; which robot refused. Nothing where nothing is owed."""
    if report.owed:
        state.tell(state.say("alerts.owed" if report.dry_run else "alerts.told", **_counts(report)))
    for why, count in sorted(report.left.items()):
        words, fix = catalogue.reason(why, state.lang)
        state.note(state.say("alerts.left", count=count, why=f"{words} → {fix}" if fix else words))
    for error in report.errors.values():
        state.note(f"× {error.render(state.lang)}")


def _counts(report: AlertReport) -> dict[str, int]:
    return {"owed": report.owed, "told": report.told, "messages": report.messages}


def _row(state: State, row: Any) -> dict[str, Any]:
    from crmcore.db import alerts

    key = f"alert.{row.kind}"
    return {
        "id": ids.show("L", row.id),
        "store": row.store,
        "complaint": ids.show("K", row.complaint_id),
        "kind": row.kind,
        "said": state.say(key if state.knows(key) else "alert.OTHER", level=row.level, round=row.round),
        "round": row.round,
        "level": row.level,
        "role": row.role,
        "staff": row.staff,
        "due_at": row.due_at,
        "created_at": row.created_at,
        "next_at": None if row.sent_at else row.next_at,
        "attempts": row.attempts,
        "sent_at": row.sent_at,
        "groups": sorted(alerts.groups(row)),
        "code": row.code,
        "why": _why(state, row.code),
    }


def _why(state: State, code: str | None) -> str:
    """The words of a code: an error's, a reason's; a vendor's own code has them in the catalogue of its plugin."""
    if code is not None and code.startswith("CRM-"):
        return catalogue.error(code, state.lang, "crmcore", {})[0]
    plugins = {
        each.cls.__module__.partition(".")[0]
        for each in state.config.messaging.values()
        if each.cls is not None and each.channels
    }
    said = (state.reason(code, catalog) for catalog in ("crmcore", *sorted(plugins)))
    return next((words for words in said if words != code), code or "")
