"""crmcore events: what has happened after a cursor, for a program that reads along."""

from __future__ import annotations

from typing import Any

import attrs
import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State

_COLUMNS = ("recorded_at", "event", "about", "what", "id")


@click.command("events", cls=Command)
@click.option("--since", metavar="CURSOR")
@click.option("--limit", type=click.IntRange(1, 10_000), default=500)
@click.pass_obj
def command(state: State, since: str | None, limit: int) -> None:
    """The cursor after them comes with them; without one it begins at the start."""
    found = state.crm.events.since(since, limit)
    told: list[dict[str, Any]] = [{"event": type(each).__name__, **attrs.asdict(each)} for each in found.events]
    if state.json:
        state.emit("events", {"events": told, "cursor": found.cursor})
        return
    state.show(
        "events",
        [
            {**each, "recorded_at": each["recorded_at"].isoformat(), "about": _about(each), "what": _what(each)}
            for each in told
        ],
        _COLUMNS,
    )
    state.note(state.say("events.cursor", cursor=found.cursor))


def _about(told: dict[str, Any]) -> list[str]:
    """The ids of what it is about, its own first."""
    return [each for name, each in told.items() if name == "subject" or (name.endswith("_id") and each is not None)]


def _what(told: dict[str, Any]) -> str:
    """The code that says most."""
    return next(
        (str(told[name]) for name in ("state", "result", "survey", "kind", "clock", "verb") if name in told), ""
    )
