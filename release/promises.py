"""Adds what this version offers to tests/compat/promised.json, from which a later one takes nothing away unsaid.

Run at a release: `python release/promises.py`. It only ever adds; a line that goes is deleted by hand, one minor after what it
names was deprecated. What is offered is read from the sources and from the reference pages that are made of them.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROMISED = ROOT / "tests" / "compat" / "promised.json"
sys.path.insert(0, str(ROOT / "docs"))

from click.testing import CliRunner  # noqa: E402
from made import api  # noqa: E402 - of docs/

from crmcore.cli import frame  # noqa: E402

#: In front of what a program is handed and never imports: the package may change.
HANDED = "handed"
CODES = ("errors", "reasons")
#: Commands that print what a demo has left, and ask nobody; five in the afternoon of its day.
READING = (
    "sync",
    "plan --dry-run",
    "send",
    "escalate",
    "events",
    "alerts list",
    "messages list",
    "replies list",
    "touchpoints list",
    "callbacks list",
    "rejects list",
    "proposals list",
    "staff list",
    "complaints list",
    "complaints show K4",
    "customer show C1",
    "explain K4",
    "explain T1",
    "explain M1",
    "surveys list",
    "surveys show aftersales",
    "surveys responses",
    "surveys flags",
    "rework list",
    "metrics list",
    "meetings sheet complaint",
    "meetings list",
    "actions list",
    "report daily",
    "report csi",
    "report board",
    "report calls",
    "plugins list",
    "plugins show dms:csv",
)
AFTER = "2026-11-22T17:10+0800"
SECRETS = dict.fromkeys(
    ("SMS_PASSWORD", "CRM_HOOK_SECRET", "SURVEY_PASSWORD", "ROBOT_TOKEN", "ROBOT_SECRET"), "OpensNothing1"
)


def offered() -> dict[str, Any]:
    """What this version offers: names with what they have, codes, keys, commands, exit codes and schemas."""
    found = {f"{module}.{name}": api.resolved(module, name) for module in api.modules() for name in api.window(module)}
    handed = {
        f"{HANDED}.{each.module.rpartition('.')[2]}.{each.name}": each
        for each in api.met(set(found.values())) - set(found.values())
    }
    return {
        "names": {name: members(each) for name, each in sorted((found | handed).items())},
        **{kind: re.findall(r"^### `([\w-]+)`$", page(kind), re.MULTILINE) for kind in CODES},
        "keys": tables("config"),
        "commands": commands(),
        "exit codes": [int(code) for code in re.findall(r"^\| (\d+) \| ", page("cli"), re.MULTILINE)],
        "schemas": sorted(set(schemas())),
    }


def members(found: api.Found) -> list[str]:
    """Fields, members and methods of a class, how a function is called; "=" behind what need not be given."""
    match ast.parse(api.text(found)).body[0]:
        case ast.FunctionDef() as node:
            return [called(node)]
        case ast.ClassDef(body=body):
            return [said for each in body if (said := member(each))]
    return []


def member(node: ast.stmt) -> str:
    """One line of a class as the page of the API shows it."""
    match node:
        case ast.FunctionDef():
            return called(node)
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            return f"{name}=" if value else name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return f"{name}="
    return ""


def called(node: ast.FunctionDef) -> str:
    """How a function is called: "due(self, until=...)"."""
    given, left_out = node.args, ast.Constant(...)
    for each in ast.walk(given):
        if isinstance(each, ast.arg):
            each.annotation = None
    given.defaults = [left_out for _ in given.defaults]
    given.kw_defaults = [default and left_out for default in given.kw_defaults]
    return f"{node.name}({ast.unparse(given)})"


def page(name: str) -> str:
    """A page of the reference."""
    return (ROOT / "docs" / "reference" / f"{name}.md").read_text("utf-8")


def tables(name: str) -> dict[str, list[str]]:
    """Section of a page -> the first column of its tables."""
    parts = re.split(r"^## (.*)$", page(name), flags=re.MULTILINE)[1:]
    found = {
        head: re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)
        for head, text in zip(parts[::2], parts[1::2], strict=True)
    }
    return {head: names for head, names in found.items() if names}


def commands() -> dict[str, list[str]]:
    """Command -> its options, with the global ones under "Global options"."""
    heads = re.findall(r"^## `(crmcore .*)`$", page("cli"), re.MULTILINE)
    options = {head.strip("`"): names for head, names in tables("cli").items()}
    return {head: options.get(head, []) for head in ["Global options", *heads]}


def schemas() -> Iterator[str]:
    """The schema of each --json and of each file of JSON."""
    package = api.source("crmcore").parent
    for path in sorted(package.rglob("*.py")):
        text = path.read_text("utf-8")
        yield from re.findall(r'"crmcore/([\w.]+@\d+)"', text)
        for node in ast.walk(ast.parse(text)) if path.is_relative_to(package / "cli") else ():
            match node:
                case ast.Call(func=ast.Attribute(attr="emit" | "show"), args=[ast.Constant(value=name), *_]) if (
                    len(name) > 1
                ):
                    yield f"{name}@1"  # and not `ids.show("K", 7)`
                case ast.Call(func=ast.Name(id="_emit"), args=[_, ast.Constant(value=name), *_]):
                    yield f"{name}@1"


def printed(folder: Path) -> dict[str, list[str]]:
    """Command -> the paths of keys in what it prints with --json, e.g. "cases[].id", after a demo into this folder."""
    demo = [sys.executable, "-m", "crmcore", "--lang", "en", "demo", "--folder", str(folder), "--json"]
    found = {"demo": subprocess.run(demo, capture_output=True, text=True, check=True).stdout}
    for command in READING:
        given = ["-c", str(folder / "crm.toml"), "--now", AFTER, "--json", *command.split()]
        found[command] = CliRunner(env=SECRETS).invoke(frame.cli, given, catch_exceptions=False).stdout
    return {command: sorted(set(paths(json.loads(text)))) for command, text in found.items()}


def paths(told: object, so_far: str = "") -> Iterator[str]:
    """Every path of keys; a key that is a code, a name or a number of the dealer's is "*"."""
    if isinstance(told, dict):
        for key, value in told.items():
            path = f"{so_far}.{key if re.fullmatch('[a-z][a-z_]*', key) else '*'}".removeprefix(".")
            yield path
            yield from paths(value, path)
    elif isinstance(told, list):
        for each in told:
            yield from paths(each, f"{so_far}[]")


def joined(old: Any, new: Any) -> Any:
    """Both, with nothing of the old left out."""
    if isinstance(old, dict):
        return {name: joined(old.get(name, type(value)()), value) for name, value in (old | new).items()}
    return [*old, *(each for each in new if each not in old)]


def written(promised: dict[str, Any]) -> str:
    """As JSON, with a line for each thing that has members, so that a change of it is one line of a diff."""
    parts = []
    for kind, value in promised.items():
        if isinstance(value, dict):
            lines = [f"  {_json(name)}: {_json(each)}" for name, each in value.items()]
            parts.append(f" {_json(kind)}: {{\n" + ",\n".join(lines) + "\n }")
        else:
            parts.append(f" {_json(kind)}: [\n" + ",\n".join(f"  {_json(each)}" for each in value) + "\n ]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    before = json.loads(PROMISED.read_text("utf-8")) if PROMISED.exists() else {}
    with tempfile.TemporaryDirectory(prefix="crmcore-promises-") as made:
        now = offered() | {"json": printed(Path(made) / "demo")}
    PROMISED.write_text(written(joined(before, now)), "utf-8")
