"""crmcore db: the schema and the copy; the two commands that open a store which the others refuse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmcore.cli.frame import Group
from crmcore.cli.state import State

if TYPE_CHECKING:
    from crmcore.db.engine import Database

command = Group("db")


def _open(state: State) -> Database:
    """The store as it is, whatever its schema."""
    from crmcore.db.engine import Database

    return state.closing.enter_context(Database(state.config.database_url))


@command.command("upgrade")
@click.pass_obj
def upgrade(state: State) -> None:
    """Bring the store to the schema of this version."""
    from crmcore.db.upgrade import upgrade

    done = upgrade(_open(state), state.clock.now())
    if state.json:
        state.emit("upgrade", {"found": done.found, "known": done.known, "backup": done.backup})
        return
    key = "db.current" if not done.changed else "db.fresh" if done.found is None else "db.upgraded"
    state.tell(state.say(key, found=done.found, known=done.known))
    if done.backup is not None:
        state.tell(state.say("db.copied", name=done.backup.name))


@command.command("backup")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def backup(state: State, target: Path) -> None:
    """Copy the store and check the copy."""
    from crmcore.db.upgrade import backup

    written = backup(_open(state), target)
    if state.json:
        state.emit("backup", {"path": written})
        return
    state.tell(state.say("db.backed_up", name=written))
