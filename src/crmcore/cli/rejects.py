"""crmcore rejects: rows that could not be used, until they are mended or dismissed."""

from __future__ import annotations

import click

from crmcore.cli.frame import Group
from crmcore.cli.state import State
from crmcore.errors import UsageError

command = Group("rejects")


@command.command("list")
@click.option(
    "--state", "wanted", default="OPEN", type=click.Choice(["OPEN", "MENDED", "DISMISSED", "all"], case_sensitive=False)
)
@click.option("--source", metavar="NAME")
@click.pass_obj
def list_(state: State, wanted: str, source: str | None) -> None:
    """Each with its place, column, reason and fix; the row itself is in rejects.csv."""
    from crmcore import lang as catalogue
    from crmcore.db.columns import stamp
    from crmcore.flows.rejects import find

    rows = []
    for each in find(state.crm.db, state=None if wanted == "all" else wanted, source_name=source):
        why, fix = catalogue.reason(each.reason, state.lang, each.catalog)
        rows.append(
            {
                "id": each.id,
                "source": each.source,
                "at": list(each.place),
                "column": each.column,
                "shape": each.shape,
                "reason": each.reason,
                "why": why,
                "fix": fix,
                "state": each.state,
                "first_at": stamp(each.first_at),
                "last_at": stamp(each.last_at),
            }
        )
    state.show("rejects", rows, ("id", "at", "column", "shape", "why", "fix"))


@command.command("retry")
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option("--all", "everything", is_flag=True)
@click.pass_obj
def retry(state: State, ids: tuple[str, ...], everything: bool) -> None:
    """Read them again at the next sync."""
    from crmcore.flows.rejects import retry

    if not ids and not everything:
        raise UsageError("CRM-U104", name="ID")
    count = retry(state.crm.db, None if everything else ids)
    _done(state, "retry", count)


@command.command("dismiss")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.pass_obj
def dismiss(state: State, ids: tuple[str, ...]) -> None:
    """They are not wanted."""
    from crmcore.flows.rejects import dismiss

    _done(state, "dismiss", dismiss(state.crm.db, ids))


def _done(state: State, verb: str, count: int) -> None:
    if state.json:
        state.emit(verb, {"rejects": count})
        return
    state.tell(state.say(f"rejects.{verb}", count=count))
