"""crmcore messages: texts, and the word of a person on those in doubt. What they say and to whom stays in the database."""

from __future__ import annotations

from typing import Any

import click

from crmcore.cli import ids
from crmcore.cli.by import BY
from crmcore.cli.frame import Group
from crmcore.cli.state import State
from crmcore.types.contact import MessageState

command = Group("messages")

COLUMNS = ("id", "state", "why", "to", "template", "account", "due_at", "attempts")


@command.command("list")
@click.option(
    "--state", "wanted", type=click.Choice([each.value for each in MessageState], case_sensitive=False), multiple=True
)
@click.option("--limit", type=click.IntRange(min=1), default=200)
@click.pass_obj
def list_(state: State, wanted: tuple[str, ...], limit: int) -> None:
    """Texts, those that need a person first; numbers are masked."""
    from crmcore.db import messages

    with state.crm.db.reading() as connection:
        found = messages.listing(connection, wanted, limit)
    state.show("messages", [_row(state, row) for row in found], COLUMNS)


@command.command("settle")
@click.argument("message", metavar="ID")
@click.argument("answer", type=click.Choice(["sent", "not-sent", "drop"]))
@BY
@click.pass_obj
def settle(state: State, message: str, answer: str, by: str) -> None:
    """Only a person can know what became of a text whose vendor cannot be asked."""
    from crmcore.flows.doubt import settle

    after = settle(state.crm.db, ids.number(message, "M"), answer, by, state.clock.now())
    if state.json:
        state.emit("message", {"id": message.upper(), "state": after})
        return
    state.tell(state.say("messages.settled", id=message.upper(), state=state.say(f"state.{after.value}")))


def _row(state: State, row: Any) -> dict[str, Any]:
    from crmcore.rules.masking import mask_phone

    return {
        "id": ids.show("M", row.id),
        "touchpoint": ids.show("T", row.touchpoint_id),
        "customer": ids.show("C", row.customer_id),
        "to": mask_phone(row.value),
        "channel": row.channel,
        "message_class": row.message_class,
        "template": row.template,
        "store": row.store,
        "account": row.account,
        "state": row.state,
        "code": row.code,
        "why": state.reason(row.code),
        "due_at": row.due_at,
        "state_at": row.state_at,
        "attempts": row.attempts,
    }
