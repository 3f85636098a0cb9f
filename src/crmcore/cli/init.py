"""crmcore init: a crm.toml after four questions, which loads as it stands and shows where more belongs."""

from __future__ import annotations

import json

import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State
from crmcore.errors import StoreError, UsageError


@click.command("init", cls=Command)
@click.option("--yes", is_flag=True)
@click.option("--name", metavar="TEXT")
@click.option("--code", metavar="CODE")
@click.option("--exports", metavar="GLOB")
@click.option("--gateway", metavar="URL")
@click.pass_obj
def command(state: State, /, yes: bool, **answers: str | None) -> None:
    """Never over a file that is there."""
    if state.path.exists():
        raise UsageError("CRM-U108", name=state.path.name)
    defaults = {"name": state.say("init.store"), "code": "S01", "exports": "exports/*.csv", "gateway": ""}
    given = {
        key: answers[key] if answers[key] is not None else _ask(state, key, default, yes)
        for key, default in defaults.items()
    }
    text = _text(state, {key: str(value).strip() for key, value in given.items()})
    try:
        with state.path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise StoreError("CRM-D130", at=state.path.name, why=type(error).__name__) from None
    _ = state.config  # it loads, or says why not
    if state.json:
        state.emit("init", {"path": state.path.absolute()})
        return
    state.tell(state.say("init.written", path=state.path))
    state.tell(state.say("init.next"))


def _ask(state: State, key: str, default: str, yes: bool) -> str:
    if yes:
        return default
    try:
        answer: str = click.prompt(state.say(f"init.ask.{key}"), default=default, show_default=bool(default), err=True)
    except click.Abort:
        raise UsageError("CRM-U109") from None
    return answer


def _text(state: State, given: dict[str, str]) -> str:
    """TOML takes JSON's quoted text as it is, backslashes of Windows paths included."""
    quoted = {key: json.dumps(value, ensure_ascii=False) for key, value in given.items()}
    gateway = quoted["gateway"] if given["gateway"] else '"http://127.0.0.1:13013/cgi-bin/sendsms"'
    return state.say(
        "init.file",
        **{**quoted, "gateway": gateway},
        lang=json.dumps(state.lang),
        off="" if given["gateway"] else "# ",
    )
