"""crmcore touchpoints: what is owed to customers, and what staff decide about it."""

from __future__ import annotations

import click

from crmcore.cli.by import BY_IF_SAID
from crmcore.cli.frame import Group
from crmcore.cli.state import State
from crmcore.types.contact import TouchpointState

command = Group("touchpoints")

COLUMNS = ("id", "due_at", "rule", "customer", "channel", "executor", "state", "why")
STATES = click.Choice([each.value for each in TouchpointState], case_sensitive=False)


@command.command("list")
@click.option("--state", "wanted", type=STATES, multiple=True)
@click.option("--rule", metavar="CODE")
@click.option("--store", metavar="CODE")
@click.option("--customer", metavar="ID")
@click.option("--until", metavar="ISO")
@click.option("--limit", type=click.IntRange(min=1), default=1000)
@click.pass_obj
def list_(
    state: State,
    wanted: tuple[str, ...],
    rule: str | None,
    store: str | None,
    customer: str | None,
    until: str | None,
    limit: int,
) -> None:
    """By due time, times in the store's zone."""
    from crmcore.flows.touchpoints import list_touchpoints

    crm = state.crm
    rows = list_touchpoints(
        crm.db,
        crm.settings(),
        states=wanted,
        rule=rule,
        store=store,
        customer=customer,
        until=state.instant(until) if until else None,
        limit=limit,
    )["touchpoints"]
    if not state.json:
        rules = crm.config.rules
        for row in rows:
            row["why"] = state.reason(row["reason"])
            row["rule"] = rules[row["rule"]].label.get(state.lang, row["rule"]) if row["rule"] in rules else row["rule"]
    state.show("touchpoints", rows, COLUMNS)


@command.command("done")
@click.argument("touchpoint", metavar="ID")
@BY_IF_SAID
@click.pass_obj
def done(state: State, touchpoint: str, by: str | None) -> None:
    """Somebody has seen to it."""
    from crmcore.flows.touchpoints import done

    done(state.crm.db, touchpoint, state.clock, by=by)
    _told(state, "done", touchpoint)


@command.command("assign")
@click.argument("touchpoint", metavar="ID")
@click.argument("to", metavar="STAFF")
@BY_IF_SAID
@click.pass_obj
def assign(state: State, touchpoint: str, to: str, by: str | None) -> None:
    """Give it to a colleague."""
    from crmcore.flows.touchpoints import assign

    crm = state.crm
    assign(crm.db, touchpoint, to, crm.settings(), crm.clock, by=by)
    _told(state, "assign", touchpoint, to=to)


@command.command("cancel")
@click.argument("touchpoint", metavar="ID")
@BY_IF_SAID
@click.pass_obj
def cancel(state: State, touchpoint: str, by: str | None) -> None:
    """Take it off the list for good."""
    from crmcore.flows.touchpoints import cancel

    cancel(state.crm.db, touchpoint, state.clock, by=by)
    _told(state, "cancel", touchpoint)


def _told(state: State, verb: str, identity: str, **params: str) -> None:
    if state.json:
        state.emit("touchpoint", {"id": identity.upper(), "verb": verb, **params})
        return
    state.tell(state.say(f"touchpoints.{verb}", id=identity.upper(), **params))
