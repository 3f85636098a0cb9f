"""docs/reference/hooks.md: every hook with its exact signature, then what an adapter can be and what it yields."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from crmcore.hooks import adapters, records, specs

INTRO = """\
# Hooks and adapters

A plugin is a distribution with an entry point in the group `crmcore`; its value is a module with `@hookimpl` functions.
All that it imports is `crmcore.hooks`, and the types and errors named there.
"""


def hooks_page() -> str:
    """Every hook with its signature, then what an adapter can be."""
    parts = [
        INTRO,
        "## Hooks\n",
    ]
    tree = ast.parse(Path(specs.__file__).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            parts += [f"### `{signature(node)}`\n", text_of(node)]
    parts.append("## Adapters\n")
    tree = ast.parse(Path(adapters.__file__).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name not in {"Clock", "Capability"}:
            parts += class_section(node)
    parts.append("## Records\n")
    tree = ast.parse(Path(records.__file__).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            parts += class_section(node)
    return "\n".join(parts)


def signature(node: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({ast.unparse(node.args)}){returns}"


def text_of(node: ast.FunctionDef | ast.ClassDef) -> str:
    """A docstring; `Attributes:` becomes a list."""
    said, _, attributes = (ast.get_docstring(node) or "").partition("Attributes:\n")
    lines = [f"- {line.strip()}" for line in re.split(r"\n(?=    \w)", attributes.rstrip()) if line.strip()]
    lines = [" ".join(re.sub(r"^- ([\w /]+):", r"- `\1`:", line, count=1).split()) for line in lines]
    return shown(said.strip() + "\n" + ("\n" + "\n".join(lines) + "\n" if lines else ""))


def shown(text: str) -> str:
    """`text` with its <placeholders> kept: Markdown would take them for HTML."""
    return re.sub(r"<(\w+)>", r"\\<\1\\>", text)


def class_section(node: ast.ClassDef) -> list[str]:
    bases = ", ".join(ast.unparse(each) for each in node.bases)
    fields = [ast.unparse(each) for each in node.body if isinstance(each, ast.AnnAssign)]
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")]
    parts = [f"### `{node.name}{f'({bases})' if bases else ''}`\n", text_of(node)]
    if fields:
        parts.append("\n".join(["```", *fields, "```"]) + "\n")
    for each in methods:
        parts.append(f"- `{signature(each)}`  ")
        parts.append("  " + shown(" ".join((ast.get_docstring(each) or "").split())) + "\n")
    return parts
