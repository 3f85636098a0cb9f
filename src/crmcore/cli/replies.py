"""crmcore replies: what customers texted back. An opt-out needs nobody; everything else waits for a person."""

from __future__ import annotations

import click

from crmcore.cli import ids
from crmcore.cli.by import BY
from crmcore.cli.frame import Group
from crmcore.cli.state import State

command = Group("replies")

COLUMNS = ("id", "at", "sender", "customer", "text", "state")


@command.command("list")
@click.option(
    "--state",
    "wanted",
    type=click.Choice(["WAITING", "OPTED_OUT", "CLOSED", "all"], case_sensitive=False),
    default="WAITING",
)
@click.option("--limit", type=click.IntRange(min=1), default=200)
@click.option("--full", is_flag=True)
@click.pass_obj
def list_(state: State, wanted: str, limit: int, full: bool) -> None:
    """Replies, oldest first; numbers, also those in a text, show only with --full."""
    from crmcore.db import inbox
    from crmcore.rules.masking import mask_phone, mask_text

    states = ("WAITING", "OPTED_OUT", "CLOSED") if wanted == "all" else (wanted,)
    with state.crm.db.reading() as connection:
        found = inbox.replies(connection, states, limit)
    rows = [
        {
            "id": ids.show("I", row.id),
            "at": row.at,
            "sender": row.sender if full else mask_phone(row.sender),
            "customer": ids.show("C", row.customer_id),
            "text": row.text if full else mask_text(row.text),
            "state": row.state,
            "word": row.word,
            "account": row.account,
        }
        for row in found
    ]
    state.show("replies", rows, COLUMNS)


@command.command("close")
@click.argument("reply", metavar="ID")
@BY
@click.pass_obj
def close(state: State, reply: str, by: str) -> None:
    """A person has dealt with it."""
    state.crm.messages.close_reply(f"I{ids.number(reply, 'I')}", by=by)
    if state.json:
        state.emit("reply", {"id": reply.upper(), "state": "CLOSED"})
        return
    state.tell(state.say("replies.closed", id=reply.upper()))
