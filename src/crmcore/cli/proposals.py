"""crmcore proposals: what the DMS wants to change against the word of staff, and who may be one person."""

from __future__ import annotations

from typing import Any

import attrs
import click

from crmcore.cli.by import BY
from crmcore.cli.frame import Group
from crmcore.cli.state import State
from crmcore.errors import UsageError

command = Group("proposals")

COLUMNS = ("id", "kind", "entity_id", "other_id", "field", "old", "new", "source", "why")
STATE_AFTER = {"accept": "APPLIED", "reject": "REJECTED"}
STATES = click.Choice(["PENDING", "APPLIED", "REJECTED", "all"], case_sensitive=False)


@command.command("list")
@click.option("--state", "wanted", type=STATES, default="PENDING")
@click.option("--full", is_flag=True)
@click.pass_obj
def list_(state: State, wanted: str, full: bool) -> None:
    """Oldest first; who it is shows only with --full."""
    from crmcore.db.columns import stamp
    from crmcore.flows.proposals import find

    rows = [
        {**attrs.asdict(each), "created_at": stamp(each.created_at)}
        for each in find(state.crm.db, state=None if wanted == "all" else wanted)
    ]
    if not full:
        rows = [_masked(row) for row in rows]
    if not state.json:
        rows = [{**row, "why": state.reason(row["why"])} for row in rows]
    state.show("proposals", rows, COLUMNS)


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    """Old and new as their field is masked; of a contact they are numbers."""
    from crmcore.rules.masking import MASKS, mask_phone

    mask = mask_phone if row["kind"] == "CONTACT" else MASKS.get(row["field"], str)
    return {**row, **{key: row[key] and mask(row[key]) for key in ("old", "new")}}


def _told(state: State, name: str, ids: tuple[str, ...]) -> None:
    if state.json:
        state.emit(name, {"proposals": [{"id": one, "state": STATE_AFTER[name]} for one in ids]})
        return
    for one in ids:
        state.tell(state.say(f"proposals.{name}", id=one))


@command.command("accept")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@BY
@click.option("--number", metavar="PHONE")
@click.pass_obj
def accept(state: State, ids: tuple[str, ...], by: str, number: str | None) -> None:
    """Each on its own: one that is no longer pending stops those behind it."""
    from crmcore.flows import proposals

    if number is not None and len(ids) > 1:
        raise UsageError("CRM-U313")
    decided = [proposals.accept(state.crm.db, each, by=by, clock=state.clock, value=number) for each in ids]
    _told(state, "accept", tuple(each.id for each in decided))


@command.command("reject")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@BY
@click.pass_obj
def reject(state: State, ids: tuple[str, ...], by: str) -> None:
    """Leave everything as it is; the same is not proposed again."""
    from crmcore.flows import proposals

    decided = [proposals.reject(state.crm.db, each, by=by, clock=state.clock) for each in ids]
    _told(state, "reject", tuple(each.id for each in decided))
