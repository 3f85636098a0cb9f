"""crmcore staff: who is there; what is open with somebody who is not goes to others."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from crmcore.cli.frame import Group
from crmcore.cli.plan import DAY
from crmcore.cli.state import State

if TYPE_CHECKING:
    from crmcore.flows.staff import HandedOver

command = Group("staff")


@command.command("list")
@click.pass_obj
def list_(state: State) -> None:
    """The people, and how much is open with each."""
    from crmcore.flows.staff import members

    crm = state.crm
    rows = [
        {
            "code": each.staff.code,
            "name": each.staff.name,
            "store": each.staff.store,
            "role": each.staff.role.value,
            "active": each.staff.active,
            "away_until": each.staff.away_until,
            "open": each.open,
            "cases": each.cases,
        }
        for each in members(crm.db, crm.settings())
    ]
    state.show("staff", rows)


@command.command("away")
@click.argument("code", metavar="STAFF")
@click.argument("until", type=DAY, metavar="DATE", required=False)
@click.pass_obj
def away(state: State, code: str, until: datetime | None) -> None:
    """Away until a date, inclusive; without one, back again."""
    from crmcore.flows.staff import away

    crm, day = state.crm, until.date() if until else None
    given = away(crm.db, crm.settings(), code, day, cases=crm.cases(), clock=crm.clock)
    if state.json:
        body = {"code": code, "away_until": day, "cases": given.cases, "ownerless": given.ownerless}
        state.emit("member", body)
        return
    state.tell(state.say("staff.away" if day else "staff.back", code=code, until=day))
    _tell_cases(state, given)


@command.command("leave")
@click.argument("code", metavar="STAFF")
@click.option("--to", metavar="STAFF")
@click.pass_obj
def leave(state: State, code: str, to: str | None) -> None:
    """Has left; what is open goes to another, or is given out by the next plan."""
    from crmcore.flows.staff import leave

    crm = state.crm
    given = leave(crm.db, crm.settings(), code, to, crm.clock, cases=crm.cases())
    if state.json:
        counts = {"touchpoints": given.touchpoints, "cases": given.cases, "ownerless": given.ownerless}
        state.emit("member", {"code": code, "active": False, "to": to, **counts})
        return
    state.tell(state.say("staff.left", code=code))
    if given.touchpoints:
        state.tell(state.say("staff.given" if to else "staff.handed", count=given.touchpoints, to=to))
    _tell_cases(state, given)


def _tell_cases(state: State, given: HandedOver) -> None:
    if given.cases or given.ownerless:
        state.tell(state.say("staff.cases", count=given.cases, left=given.ownerless))
