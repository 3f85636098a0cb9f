"""What holds the commands together: lazy groups, global options before and after the verb, words in two languages, exit codes.

A command is a module of this package with a `command`; it is imported when it is called, so that `--help` stays quick. Its words
are in lang/: `help.<command>` (first line: the short help), `option.<name>`, `column.<name>`.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from crmcore.cli import failures
from crmcore.cli.state import State

#: Command -> module of this package, in the order of `--help`.
COMMANDS = {
    "demo": "demo",
    "init": "init",
    "doctor": "doctor",
    "run": "verbs",
    "sync": "verbs",
    "collect": "verbs",
    "escalate": "escalate",
    "plan": "plan",
    "send": "verbs",
    "report": "report",
    "callbacks": "callbacks",
    "touchpoints": "touchpoints",
    "messages": "messages",
    "replies": "replies",
    "surveys": "surveys",
    "customer": "customer",
    "complaints": "complaints",
    "alerts": "alerts",
    "proposals": "proposals",
    "rejects": "rejects",
    "privacy": "privacy",
    "rework": "rework",
    "metrics": "metrics",
    "actions": "actions",
    "meetings": "meetings",
    "staff": "staff",
    "explain": "explain",
    "events": "events",
    "plugins": "plugins",
    "serve": "serve",
    "db": "db",
}


class _Words:
    """Help in the reader's language; mixed into commands and groups."""

    params: list[click.Parameter]

    # ruff: noqa: D102 - the methods are click's own
    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx), *_global_options(hidden=ctx.parent is not None)]  # type: ignore[misc]

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002 - click's signature
        return ""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, pieces, prefix=f"{_state(ctx).say('help.usage')} ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        state, key = _state(ctx), f"help.{_key(ctx)}"
        formatter.write_paragraph()
        with formatter.indentation():
            for paragraph in (state.say(key) if state.knows(key) else "").split("\n"):
                formatter.write_text(paragraph)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        params = self.get_params(ctx)
        for param in params:
            if isinstance(param, click.Option):
                param.help = _option_words(ctx, param)
        records = [record for param in params if (record := param.get_help_record(ctx)) is not None]
        if records:
            with formatter.section(_state(ctx).say("help.options").rstrip(":：")):
                formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class Command(_Words, click.Command):
    """A command whose words are in lang/."""


class Group(_Words, click.Group):
    """Commands of one subject."""

    command_class = Command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        state = _state(ctx)
        prefix = _key(ctx) + "." if ctx.parent else ""
        rows = [(name, state.say(f"help.{prefix}{name}").split("\n")[0]) for name in self.list_commands(ctx)]
        with formatter.section(state.say("help.commands").rstrip(":：")):
            formatter.write_dl(rows)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        if not [*getattr(ctx, "_protected_args", ()), *ctx.args]:
            raise click.exceptions.NoArgsIsHelpError(ctx)
        return super().invoke(ctx)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise failures.no_command(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


class Root(Group):
    """`crmcore` itself: knows its commands by name, imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name, module in COMMANDS.items() if (Path(__file__).parent / f"{module}.py").exists()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"crmcore.cli.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name, None) or module.command
        return found

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> Any:
        """For click's test runner; the console script calls `run`."""
        raise SystemExit(run(sys.argv[1:] if args is None else list(args)))


@click.command("crmcore", cls=Root)
@click.version_option(package_name="crmcore", message="crmcore %(version)s")
def cli() -> None:
    """The group; what it says is in lang/."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; whatever happens becomes an exit code and one message."""
    state = _glance(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a GBK console must not end a run
    try:
        with state.closing, cli.make_context("crmcore", list(arguments), obj=state) as context:
            code = cli.invoke(context)
        sys.stdout.flush()  # here, where a reader that has left is no error yet
    except click.exceptions.Exit as done:
        code = done.exit_code
    except BaseException as error:  # noqa: BLE001 - whatever it is, it ends as a message and a code
        code = failures.told(state, error)
    return code if isinstance(code, int) else 0


def _glance(arguments: Sequence[str]) -> State:
    """The language and the form of messages, before the command line is parsed: parsing may fail, and --help comes early."""
    state = State()
    state.json = "--json" in arguments
    for option, value in zip(arguments, [*arguments, ""][1:], strict=True):
        name, _, joined = option.partition("=")
        if name == "--lang":
            state.lang_option = joined or value
        if name in {"-c", "--config"}:
            state.path = Path(joined or value)
        if option.startswith("-v") and set(option[1:]) == {"v"}:
            state.verbosity += len(option) - 1
    return state


def _global_options(*, hidden: bool) -> list[click.Option]:
    def option(*names: str, take: Callable[[State, Any], None], **settings: Any) -> click.Option:
        def callback(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
            if value:
                take(_state(ctx), value)

        return click.Option(
            names, expose_value=False, hidden=hidden, is_eager=True, callback=callback, **settings
        )  # eager: an option that asks the store needs the file and the time first

    return [
        option("-c", "--config", metavar="FILE", take=lambda state, value: setattr(state, "path", Path(value))),
        option(
            "--lang", type=click.Choice(["zh", "en"]), take=lambda state, value: setattr(state, "lang_option", value)
        ),
        option("--json", is_flag=True, take=lambda state, value: setattr(state, "json", value)),
        option("--now", metavar="ISO", take=lambda state, value: setattr(state, "now_text", value)),
        option("-q", "--quiet", is_flag=True, take=lambda state, _value: _verbosity(state, -1)),
        option("-v", "--verbose", count=True, take=_verbosity),
    ]


def _verbosity(state: State, level: int) -> None:
    state.verbosity = level
    logger = logging.getLogger("crmcore")
    state.closing.callback(logger.setLevel, logger.level)  # whoever calls this in a process of their own gets it back
    logger.setLevel({-1: logging.ERROR, 1: logging.INFO}.get(level, logging.DEBUG))
    if not logging.getLogger().handlers:
        logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def _state(ctx: click.Context) -> State:
    return ctx.ensure_object(State)


def _key(ctx: click.Context) -> str:
    """`crmcore touchpoints list` -> "touchpoints.list"; the root is "crmcore"."""
    names: list[str] = []
    above: click.Context | None = ctx
    while above is not None and above.parent is not None:
        names.insert(0, above.info_name or "")
        above = above.parent
    return ".".join(names) or "crmcore"


def _option_words(ctx: click.Context, option: click.Option) -> str:
    state, name = _state(ctx), max(option.opts, key=len).lstrip("-").replace("-", "_")
    own = f"option.{_key(ctx)}.{name}"
    return state.say(own if state.knows(own) else f"option.{name}")
