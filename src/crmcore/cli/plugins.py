"""crmcore plugins: what is installed, what it offers, whether it can be reached; and a new one to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click

from crmcore.cli.frame import Group
from crmcore.cli.plugins_matrix import matrix
from crmcore.cli.state import State
from crmcore.errors import ConfigError, CrmError, UsageError
from crmcore.scaffold import KINDS, Project

command = Group("plugins")
command.add_command(matrix)


@command.command("list")
@click.pass_obj
def list_(state: State) -> int:
    """All plugins, also those that are broken; 1 when the configuration uses a broken one."""
    used: dict[tuple[str, str], list[str]] = {}
    broken = False
    try:
        used = state.config.used_by()
        broken = any(each.cls is None and each.enabled for each in state.config.instances)
    except ConfigError as error:
        if error.code != "CRM-C101":
            state.note(state.say("plugins.no_config", code=error.code))
    rows = state.plugins.rows(used)
    state.show("plugins", rows, ("plugin", "distribution", "version", "provides", "used_by", "status"))
    if not state.json:
        for problem in state.plugins.problems:
            state.tell(f"× {problem.plugin} [{problem.stage}] {problem.error}")
    return int(broken)


@command.command("show")
@click.argument("adapter", metavar="KIND:NAME")
@click.pass_obj
def show(state: State, adapter: str) -> None:
    """The config keys of an adapter, with types, defaults and meaning."""
    kind, _, name = adapter.partition(":")
    cls = state.plugins.adapters.get((kind, name))
    if cls is None:
        known = ", ".join(sorted(f"{kind}:{name}" for kind, name in state.plugins.adapters))
        raise UsageError("CRM-U111", adapter=adapter, known=known)
    attrs.resolve_types(cls.Config)
    rows = [_key(field, state.lang) for field in attrs.fields(cls.Config)]
    if state.json:
        state.emit("plugin", {"adapter": adapter, "keys": rows})
        return
    state.show("keys", rows)


@command.command("check")
@click.argument("instances", nargs=-1, metavar="[KIND.NAME]…")
@click.pass_obj
def check(state: State, instances: tuple[str, ...]) -> int:
    """Ask each enabled instance whether its other side can be reached; writes nothing."""
    rows = check_instances(state, instances)
    state.show("checks", rows)
    return max((row["exit_code"] for row in rows), default=0) if rows else 0


@command.command("new")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option("--dir", "parent", default=".", metavar="DIR", type=click.Path(path_type=Path))
@click.pass_obj
def new(state: State, kind: str, name: str, parent: Path) -> None:
    """A plugin of its own that works and is proven; what the author makes his own in it is marked."""
    from crmcore import __version__

    project = Project(kind, name)
    folder = project.write(parent, __version__)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if state.json:
        state.emit("plugin_new", {"folder": folder, "distribution": project.distribution, "files": files})
    state.tell(state.say("plugins.new", folder=folder, count=len(files)))
    for row in state.plugins.rows():
        if f"{kind}:{name}" in row["provides"]:
            state.note(state.say("plugins.new.taken", adapter=f"{kind}:{name}", by=row["distribution"]))
    last = f"demo --messaging {name}" if kind == "messaging" else f"plugins show {kind}:{name}"
    path = folder.as_posix() if folder.is_absolute() else f"./{folder.as_posix()}"
    state.tell(state.say("plugins.new.next", path=path, folder=folder, last=last))


def check_instances(state: State, names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """One row an instance: ok, or what is wrong and how to mend it."""
    from crmcore.config import build

    rows = []
    known = {each.full_name: each for each in state.config.instances if each.enabled}
    for name in names:
        if name not in known:
            raise UsageError("CRM-U110", name=name, known=", ".join(known))
    for each in [known[name] for name in names or known]:
        error: CrmError | None = None
        try:
            adapter = build(state.config, each, state.clock)
            try:
                adapter.check()
            finally:
                adapter.close()
        except CrmError as caught:
            error = caught
        except Exception as caught:  # noqa: BLE001 - a plugin's bug is a row of the list
            error = CrmError("CRM-P105", at=each.at, adapter=each.full_name, why=type(caught).__name__)
        rows.append(
            {
                "instance": each.full_name,
                "ok": error is None,
                "code": error.code if error else "",
                "message": error.render(state.lang) if error else "",
                "exit_code": error.exit_code if error else 0,
            }
        )
    return rows


def _key(field: Any, lang: str) -> dict[str, Any]:
    default = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        default = default.factory() if not default.takes_self else ""
    required = default is attrs.NOTHING
    kind = getattr(field.type, "__name__", None) if not getattr(field.type, "__args__", None) else None
    return {
        "key": field.name,
        "type": kind or str(field.type).replace("typing.", "").replace("pathlib.", ""),
        "required": required,
        "default": None if required else str(default),
        "help": field.metadata.get("help", {}).get(lang, ""),
    }
