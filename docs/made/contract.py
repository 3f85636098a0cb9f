"""docs/reference/contract.md: every check of the contract kit, with what it is there for, out of the checks' own docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from made import hooks

import crmcore.testing as kit
from crmcore.testing import network, source
from crmcore.testing.contract import Check, Contract

HEAD = """\
# The contract

What an adapter is held to, check by check: subclass the contract of its kind, and pytest runs those that apply.
A check can be neither replaced nor deleted; one that an adapter cannot pass is listed in `known_gaps` by its name, or by its name and case, `"test_x[case]"`, with the reason.
[An afternoon](../howto/write-an-adapter.md) makes an adapter that passes them all; [what may change](../explanation/compatibility.md) says when a check may be added.
"""
#: What a check may need that is no capability and no attribute of the contract.
NEEDS = {
    "": "every adapter",
    "http": "adapters over HTTP",
    "PEOPLE": "channels to people",
    "GROUP": "channels to a group",
    "SHARED_SECRET": "a `Secret` in `config`",
}

#: What `vendor` works with besides, after what its module says of it.
HANDED = {
    network: (network.Network, network.Taken, network.Refused, network.Failed, network.Report),
    source: (source.SourceWorld, kit.SurveyWorld, source.Row),
}


def contract_page() -> str:
    """Every contract with its parts, then each part with its checks."""
    offered = [getattr(kit, name) for name in kit.__all__ if name.endswith("Contract")]
    contracts = [each for each in offered if parts_of(each)]
    parts = list(dict.fromkeys(part for contract in contracts for part in parts_of(contract)))
    lines = [HEAD]
    for contract in contracts:
        links = " · ".join(f"[{title(part)}](#{title(part).lower()})" for part in parts_of(contract))
        lines.append(f"- `{contract.__name__}`: {links}")
    lines += ["", "## What a contract class says\n", about(Contract)]
    lines += ["## What the vendor's script is handed\n", *hooks.class_section(node_of(kit.World))]
    for module, handed in HANDED.items():
        lines += [inspect.getdoc(module) or "", ""]
        for each in handed:
            lines += hooks.class_section(node_of(each))
    for part in parts:
        lines += [f"## {title(part)}\n", about(part)]
        for name, function in checks(part):
            lines += section(name, function)
    return "\n".join(lines)


def parts_of(contract: type) -> list[type]:
    """The classes that a contract is made of, the most general first."""
    return [each for each in reversed(contract.__mro__) if any(True for _ in checks(each))]


def checks(cls: type) -> Iterator[tuple[str, Any]]:
    """The checks that a class brings itself, in their order."""
    return ((name, each) for name, each in vars(cls).items() if hasattr(each, "__crmcore_check__"))


def title(part: type) -> str:
    return part.__name__.removesuffix("Contract")


def about(cls: type) -> str:
    return hooks.text_of(node_of(cls))


def node_of(cls: type) -> ast.ClassDef:
    node = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(node, ast.ClassDef)
    return node


def section(name: str, function: Any) -> list[str]:
    check: Check = function.__crmcore_check__
    promise, why, remedy = told(function)
    lines = [f"### `{name}`\n", f"Since {check.since}, for {applies(check.needs)}.\n", f"{promise}\n"]
    lines += [f"- Why: {why}", f"- If this fails: {remedy}"]
    if cases := ", ".join(f"`{case}`" for case in cases_of(function)):
        lines.append(f"- Cases: {cases}")
    return [*lines, ""]


def told(function: Any) -> tuple[str, str, str]:
    """What a check promises, why, and what to do if it fails; a docstring without all three stops the generator."""
    said = " ".join((inspect.getdoc(function) or "").split())
    found = re.fullmatch(r"(.+?) Why: (.+?) If this fails: (.+)", said)
    if found is None:
        msg = f"{function.__qualname__}: a check says what holds, Why: and If this fails:"
        raise SystemExit(msg)
    promise, why, remedy = (outside_code(part) for part in found.groups())
    return promise, why, remedy


def applies(needs: str) -> str:
    """Whom a check is for, in words."""
    either = [
        " or ".join(NEEDS.get(part, f"`{part}`") for part in each.strip().split("|")) for each in needs.split("&")
    ]
    return " and ".join(either)


def cases_of(function: Any) -> Iterator[str]:
    """The names of the cases of a check that has several."""
    for mark in getattr(function, "pytestmark", ()):
        if mark.name == "parametrize":
            ids, values = mark.kwargs.get("ids"), mark.args[1]
            yield from (ids(value) for value in values) if callable(ids) else map(str, values if ids is None else ids)


def outside_code(text: str) -> str:
    """Nothing in `text` is markup but what stands between backticks."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(piece if piece.startswith("`") else re.sub(r"([*_<>\[\]])", r"\\\1", piece) for piece in pieces)
