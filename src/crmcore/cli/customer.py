"""crmcore customer: one person, found by phone, plate, VIN or id; what staff say of them holds against the DMS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from crmcore.cli.by import BY
from crmcore.cli.frame import Group
from crmcore.cli.state import State, table

command = Group("customer")

CHANNEL = click.option("--channel", type=click.Choice(["SMS", "PHONE"], case_sensitive=False), default="SMS")


@command.command("show")
@click.argument("what", metavar="PHONE|PLATE|VIN|ID")
@click.option("--full", is_flag=True)
@click.pass_obj
def show(state: State, what: str, full: bool) -> None:
    """Everything that is known; who it is shows only with --full."""
    from crmcore.flows.customers import show
    from crmcore.rules.masking import mask_phone, masked

    found = show(state.crm.db, what)
    if not full:
        found = {
            key: [masked(row) for row in value] if isinstance(value, list) else value
            for key, value in masked(found).items()
        }
        found["phones"] = [{**phone, "value": mask_phone(phone["value"])} for phone in found["phones"]]
    if state.json:
        state.emit("customer", {"customer": found})
        return
    flat = {key: value for key, value in found.items() if not isinstance(value, list) and value not in {None, ""}}
    state.tell("\n".join(f"{state.word(key)}: {state.cell(value)}" for key, value in flat.items()))
    for key, rows in found.items():
        if isinstance(rows, list) and rows:
            names = list(rows[0])
            cells = [[state.cell(row[name]) for name in names] for row in rows]
            state.tell(f"\n{state.word(key)}\n{table([state.word(name) for name in names], cells)}")


@command.command("correct")
@click.argument("what", metavar="ID|PHONE")
@click.argument("field", metavar="FIELD")
@click.argument("value", metavar="VALUE")
@BY
@click.pass_obj
def correct(state: State, what: str, field: str, value: str, by: str) -> None:
    """What the DMS says of this field from now on is only a proposal."""
    from crmcore.flows.customers import correct

    _done(state, correct(state.crm.db, what, field, value, by=by, clock=state.clock))


def _refusal(name: str) -> Callable[..., None]:
    @command.command(name)
    @click.argument("number", metavar="PHONE")
    @CHANNEL
    @BY
    @click.pass_obj
    def change(state: State, number: str, channel: str, by: str) -> None:
        """For the number, whoever has it, in every store."""
        from crmcore.flows import customers

        verb = customers.optout if name == "optout" else customers.optin
        _done(state, verb(state.crm.db, number, channel=channel, by=by, clock=state.clock))

    return change


optout, optin = _refusal("optout"), _refusal("optin")


@command.command("merge")
@click.argument("winner", metavar="ID")
@click.argument("loser", metavar="ID")
@BY
@click.pass_obj
def merge(state: State, winner: str, loser: str, by: str) -> None:
    """What belongs to the second belongs to the first."""
    from crmcore.flows.customers import merge

    _done(state, merge(state.crm.db, winner, loser, by=by, clock=state.clock))


@command.command("split")
@click.argument("what", metavar="ID")
@BY
@click.pass_obj
def split(state: State, what: str, by: str) -> None:
    """Undo the last merge of this customer."""
    from crmcore.flows.customers import split

    _done(state, split(state.crm.db, what, by=by, clock=state.clock))


@command.command("retire")
@click.argument("what", metavar="ID|PHONE")
@click.argument(
    "why", type=click.Choice(["DECEASED", "GONE", "SOLD", "SCRAPPED", "OFF_SITE", "ACTIVE"], case_sensitive=False)
)
@BY
@click.pass_obj
def retire(state: State, what: str, why: str, by: str) -> None:
    """A customer who has died or is gone, a vehicle that is sold or scrapped."""
    from crmcore.flows.customers import retire

    _done(state, retire(state.crm.db, what, why, by=by, clock=state.clock))


def _done(state: State, done: Any) -> None:
    if state.json:
        state.emit("customer", {"id": done.id, "verb": done.verb, "changed": done.changed})
        return
    state.tell(
        state.say(
            f"customer.{'changed' if done.changed else 'unchanged'}", id=done.id, verb=state.say(f"verb.{done.verb}")
        )
    )
