"""crmcore plan: who is to be contacted, when and why; replayed over a period, or word for word."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from crmcore.cli.frame import Command
from crmcore.cli.memory import no_collecting
from crmcore.cli.state import State
from crmcore.errors import UsageError

if TYPE_CHECKING:
    from crmcore.flows.planning import PlanReport

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("plan", cls=Command)
@click.option("--from", "first", type=DAY, metavar="DATE")
@click.option("--to", "last", type=DAY, metavar="DATE")
@click.option("--dry-run", is_flag=True)
@click.option("--show", "template", metavar="CODE")
@click.pass_obj
def command(state: State, first: datetime | None, last: datetime | None, dry_run: bool, template: str | None) -> None:
    """Plan; or replay a period and count; or show how a text reads."""
    if template is not None:
        _show(state, template)
        return
    since, until = (each.date() if each else None for each in (first, last))
    with no_collecting():
        report = state.crm.plan(since=since, until=until, dry_run=dry_run)
    if state.json:
        state.emit("plan", planned(report))
        return
    tell_plan(state, report)


def planned(report: PlanReport) -> dict[str, Any]:
    """The body of crmcore/plan@1: one row a rule, and for a replay one a day and rule."""
    names = list(report.totals())
    rules = sorted({code for name in names for code in getattr(report, name)})
    rows = [{"rule": code, **{name: getattr(report, name)[code] for name in names}} for code in rules]
    days = [{"on": on, "rule": rule, "due": count} for (on, rule), count in sorted(report.days.items())]
    unlisted = [{"rule": rule, "year": year} for rule, year in report.unlisted]
    return {"dry_run": report.dry_run, "rules": rows, "days": days, "unlisted": unlisted}


def tell_plan(state: State, report: PlanReport) -> None:
    """One line a rule that did something; the days of a replay as a table."""
    body = planned(report)
    labels = state.config.rules
    for row in body["rules"]:
        counts = ", ".join(
            f"{state.say(f'plan.{name}')} {count}" for name, count in row.items() if name != "rule" and count
        )
        if counts:
            state.tell(f"  {_label(labels, row['rule'], state.lang)}: {counts}")
    if body["days"]:
        state.show("days", [{**row, "rule": _label(labels, row["rule"], state.lang)} for row in body["days"]])
    for row in body["unlisted"]:
        state.tell(state.say("plan.unlisted", rule=_label(labels, row["rule"], state.lang), year=row["year"]))
    totals = ", ".join(f"{state.say(f'plan.{name}')} {count}" for name, count in report.totals().items() if count)
    key = "plan.would" if report.dry_run else "plan.done"
    state.tell(state.say(key, totals=totals or state.say("plan.unchanged")))


def _label(rules: Any, code: str, lang: str) -> str:
    rule = rules.get(code)
    return rule.label.get(lang, code) if rule is not None else code


def _show(state: State, wanted: str) -> None:
    """The words of one text or of all, as an invented customer would read them."""
    from crmcore.rules.templates import OWN_CLASSES, SPECIMEN, render

    templates = state.config.templates
    if wanted != "all" and wanted not in templates:
        raise UsageError("CRM-U114", template=wanted, known=", ".join(sorted(templates)))
    classes = OWN_CLASSES | {rule.template: rule.message_class for rule in state.config.rules.values() if rule.template}
    store = state.config.stores[0]
    example = {"store": store.name, "phone": store.phone or "", **SPECIMEN[state.lang]}
    rows = []
    for code in sorted(templates) if wanted == "all" else [wanted]:
        for shared in (False, True):
            said = render(
                templates[code],
                example,
                state.lang,
                store,
                shared=shared,
                message_class=classes[code],
                suffix=state.config.suffix,
            )
            rows.append({"template": code, "shared_number": shared, "text": said.text})
    state.show("texts", rows)


def today(state: State) -> date:
    """The date in the first store's zone."""
    from zoneinfo import ZoneInfo

    return state.clock.now().astimezone(ZoneInfo(state.config.stores[0].timezone)).date()
