"""Adds what this version offers to tests/compat/promised.json, from which a later one takes nothing away unsaid.

Run at a release: `python release/promises.py`. It only ever adds; a line that goes is deleted by hand, one minor after what it
names was deprecated. What is offered is read from the sources and from the reference pages that are made of them.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROMISED = ROOT / "tests" / "compat" / "promised.json"
sys.path.insert(0, str(ROOT / "docs"))

from made import api  # noqa: E402 - of docs/

#: In front of what a program is handed and never imports: the package may change.
HANDED = "handed"
CODES = ("errors", "reasons")


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
    PROMISED.write_text(written(joined(before, offered())), "utf-8")
