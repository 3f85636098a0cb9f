"""docs/reference/cli.md: every command as its --help says it, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from made import mirror
from made.markdown import code, plain, table

from crmcore import lang
from crmcore.cli import frame
from crmcore.cli.state import State

INTRO = """\
# Commands

Global options stand before or after the command.
Every reading command takes `--json`: one object on stdout with its `schema`, and everything else on stderr.
The language is that of `--lang`, else `CRMCORE_LANG`, else that of the file, else that of the system.
In a program, `crm` is an open [`Crm`](../howto/embed.md); what each takes and gives stands in [the public API](api.md).
"""


def cli_page() -> str:
    """Every command, as its --help says it, in both languages."""
    root = click.Context(frame.cli, info_name="crmcore", obj=State())
    parts = [
        INTRO,
        "## Global options\n",
        options_table(root, frame.cli.get_params(root)),
        *exit_codes(),
        *(line for context in commands(root) for line in command_section(context)),
    ]
    return "\n".join(parts)


def commands(root: click.Context) -> Iterator[click.Context]:
    """Every command that does something, in the order of --help."""
    group = root.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(root):
        command = group.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root, obj=root.obj)
        if isinstance(command, click.Group):
            yield from commands(context)
        else:
            yield context


def command_section(context: click.Context) -> Iterator[str]:
    path = context.command_path
    yield f"## `{path}`\n"
    usage = " ".join(context.command.collect_usage_pieces(context))
    yield f"    {path} {usage.replace('[[', '[').replace(']]', ']')}\n"  # click < 8.5 brackets an optional choice twice
    key = f"help.{path.removeprefix('crmcore ').replace(' ', '.')}"
    for language in ("en", "zh"):
        yield spoken(key, language) + ("\n" if language == "zh" else "  ")
    name = path.removeprefix("crmcore ")
    said = mirror.called(name)
    yield f"In a program: {code(f'crm.{said}')}.\n" if said else f"Not in a program. {mirror.NOT_CALLED[name]}\n"
    options = [each for each in context.command.params if isinstance(each, click.Option)]
    if options:
        yield options_table(context, options)


def options_table(context: click.Context, params: Sequence[click.Parameter]) -> str:
    rows = []
    for option in params:
        if isinstance(option, click.Option):
            takes = "" if option.is_flag or option.count else f" {option.make_metavar(ctx=context)}"
            names = ", ".join(code(name) for name in option.opts) + (code(takes.strip()) if takes else "")
            rows.append((names.replace("``", "` `"), *(option_words(context, option, each) for each in ("en", "zh"))))
    return table(("option", "meaning", "含义"), rows)


def option_words(context: click.Context, option: click.Option, language: str) -> str:
    state = context.find_root().obj
    state.lang_option = language
    said = frame._option_words(context, option)  # noqa: SLF001 - the page says what --help says
    if said.startswith("option."):
        raise SystemExit(f"lang/: no words for {said}")
    return plain(said)


def spoken(key: str, language: str) -> str:
    said = lang.say(key, language)
    if said == key:
        raise SystemExit(f"lang/: no words for {key}")
    return plain(said)


def exit_codes() -> Iterator[str]:
    """The codes of crmcore.errors."""
    yield "## Exit codes\n"
    rows = (
        ("0", "done; rejected rows alone are 0", "完成；仅有被退回的行也算 0"),
        ("1", "done in part", "部分完成"),
        ("2", "the command line is wrong", "命令行有误"),
        ("3", "the configuration is wrong", "配置有误"),
        ("4", "a remote system or a plugin failed", "远端系统或插件失败"),
        ("70", "a fault in crmcore", "crmcore 自身的错误"),
    )
    yield table(("code", "meaning", "含义"), rows)
