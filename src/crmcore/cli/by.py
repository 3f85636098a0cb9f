"""--by: who does it. What stands in a history afterwards is somebody whom the dealer knows, or the command line itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from crmcore.cli.state import State

#: Nobody has said who: it was done at the command line.
CLI = "cli"


def _known(ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value in {None, CLI} or ctx.resilient_parsing:
        return value
    return ctx.ensure_object(State).crm.signed(str(value))


def _by(default: str | None) -> Callable[[Any], Any]:
    """The option, checked against the people of the dealer before anything is done."""
    return click.option("--by", metavar="STAFF", default=default, callback=_known)


BY = _by(CLI)
BY_IF_SAID = _by(None)
