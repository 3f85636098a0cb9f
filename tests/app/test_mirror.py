"""What a command does, a program can: each command has its mirror on `Crm`, or stands in a short list with its reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from crmcore.app import Crm
from crmcore.cli import frame
from crmcore.cli.state import State

DOCS = Path(__file__).parents[2] / "docs"

#: (command, option or argument) -> what its mirror calls it.
RENAMED = {
    ("sync", "instances"): "names",
    ("plan", "from"): "since",
    ("plan", "to"): "until",
    ("report csi", "survey"): "surveys",
    ("callbacks export", "target"): "path",
    ("callbacks import", "source"): "path",
    ("touchpoints list", "state"): "states",
    ("messages list", "state"): "states",
    ("customer show", "what"): "customer",
    ("customer optout", "number"): "phone",
    ("customer optin", "number"): "phone",
    ("customer split", "what"): "customer",
    ("complaints list", "state"): "states",
    ("complaints open", "received"): "received_at",
    ("complaints classify", "need"): "needs",
    ("complaints answer", "said"): "accepted",
    ("complaints resolve", "text"): "resolution",
    ("alerts list", "sent"): "owed",
    ("proposals accept", "ids"): "proposal",
    ("proposals reject", "ids"): "proposal",
    ("rejects retry", "ids"): "rejects",
    ("rejects retry", "all"): "rejects",
    ("rejects dismiss", "ids"): "rejects",
    ("rework decide", "not"): "is_rework",
    ("rework decide", "of"): "original",
    ("actions list", "state"): "states",
    ("actions add", "due"): "due_on",
    ("actions add", "case"): "cases",
    ("actions set", "status"): "to",
    ("meetings add", "on"): "held_on",
    ("meetings add", "with"): "attendees",
    ("meetings add", "action"): "actions",
    ("events", "since"): "cursor",
}
#: What a mirror has no use for -> why; "*": of any command.
NEEDLESS = {
    ("*", "full"): "what a program reads is never masked",
    ("*", "output"): "a program is given the facts, and writes what it likes",
    ("escalate", "yes"): "telling colleagues is a verb of its own, `crm.alert(yes=…)`",
    ("privacy erase", "yes"): "nobody types a method by a slip",
    ("plan", "show"): "how a text reads is for the eyes of whoever writes it",
}


def leaves(context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, as it is typed behind `crmcore`."""
    group = context.command
    if not isinstance(group, click.Group):
        yield context.command_path.removeprefix("crmcore "), group
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from leaves(click.Context(command, info_name=name, parent=context, obj=context.obj))


COMMANDS: dict[str, click.Command] = dict(leaves(click.Context(frame.cli, info_name="crmcore", obj=State())))


def given(command: click.Command) -> set[str]:
    """What a command takes, as its user writes it."""
    return {
        max(each.opts, key=len).lstrip("-").replace("-", "_") if isinstance(each, click.Option) else str(each.name)
        for each in command.params
    }


@pytest.fixture(name="mirror")
def _mirror(monkeypatch):
    """The list that docs/reference/cli.md is made with."""
    monkeypatch.syspath_prepend(str(DOCS))
    from made import mirror  # type: ignore[import-not-found]

    return mirror


@pytest.fixture(name="crm", scope="module")
def _crm(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('mirror') / 'crm.db'}"
    with Crm({"store": {"code": "S01", "name": "示范店"}, "database": {"url": url}}) as opened:
        yield opened


def behind(crm: Crm, name: str) -> Callable[..., Any] | None:
    """What stands behind `crm.`; None where nothing does that could be called."""
    found: Any = crm
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if callable(found) else None


def missing(crm: Crm, mirror: Any, command: str) -> list[str]:
    """What keeps a program from doing what this command does: the mirror itself, or what it cannot be told."""
    name = mirror.called(command)
    if name is None:
        return []
    found = behind(crm, name)
    if found is None or name.startswith("_"):
        return [f"crm.{name}"]
    takes = inspect.signature(found).parameters
    said = given(COMMANDS[command]) - {what for of, what in NEEDLESS if of in {"*", command}}
    return sorted(what for what in said if RENAMED.get((command, what), what) not in takes)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_its_mirror(crm, mirror, command):
    """What is typed can be called, with everything that the command can be told; or the list says why it is not for programs."""
    assert [] == missing(crm, mirror, command)
    assert (command in mirror.NOT_CALLED) <= (len(mirror.NOT_CALLED.get(command, "")) > len("why"))


def test_a_command_without_a_mirror_is_noticed(crm, mirror, monkeypatch):
    """A new command, and a new option of one that is there, are missing until somebody has thought of programs."""
    new = click.Command("burn", params=[click.Argument(["letter"])])
    list_ = click.Command(
        "list", params=[click.Option(["--colour"]), click.Option(["--state"]), click.Option(["--full"])]
    )
    monkeypatch.setitem(COMMANDS, "letters burn", new)
    monkeypatch.setitem(COMMANDS, "proposals list", list_)

    assert ["crm.letters.burn"] == missing(crm, mirror, "letters burn")
    assert ["colour"] == missing(crm, mirror, "proposals list")


def test_nothing_is_listed_that_is_not_there(mirror):
    """Who takes a command or an option away takes it out of the lists, too."""
    takes = {(command, what) for command, each in COMMANDS.items() for what in given(each)}
    anywhere = {("*", what) for _, what in takes}

    assert len(COMMANDS) > 80
    assert set() == (mirror.CALLED.keys() | mirror.NOT_CALLED.keys()) - COMMANDS.keys()
    assert set() == mirror.CALLED.keys() & mirror.NOT_CALLED.keys()
    assert {} == {command: name for command, name in mirror.CALLED.items() if name == command.replace(" ", ".")}
    assert set() == (RENAMED.keys() | NEEDLESS.keys()) - takes - anywhere
