"""A vendor who can do less: the README's table says what to delete, and what is left is proven and in good order."""

from __future__ import annotations

import ast
import re

import pytest

from crmcore.hooks import adapters
from crmcore.hooks.adapters import Capability

MIXINS = {name for name, cls in vars(adapters).items() if isinstance(cls, type) and Capability in cls.__bases__}
WITHOUT = ["SendsBatches", "FindsMessages", "DedupesKeys", "PullsReceipts", "ParsesReceipts", "ParsesReplies"]
#: What takes its time is the same for every adapter, and is checked where nothing was deleted.
QUICK = "not garbage and not slow and not timeout and not shown"


def table(readme: str) -> dict[str, tuple[set[str], set[str]]]:
    """Capability -> what goes in the adapter, what goes in the contract, as the README says."""
    rows = re.findall(r"^\| [^`|]+ \| (`.+) \| (.*)\|$", readme, re.MULTILINE)
    named = [(set(re.findall(r"`([\w=]+)`", first)), set(re.findall(r"`(\w+)`", second))) for first, second in rows]
    return {name: each for each in named for name in each[0] & MIXINS}


def without(text: str, names: set[str]) -> str:
    """A module less the lines that define what is named, derive from it, pass it (`name=`), or register it."""
    gone: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef(name=name) if name in names:
                gone.update(range(node.lineno, node.end_lineno + 1))
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if name in names:
                gone.add(node.lineno)
            case ast.ClassDef():
                gone.update(base.lineno for base in node.bases if isinstance(base, ast.Name) and base.id in names)
            case ast.keyword(arg=str(name)) if f"{name}=" in names:
                gone.add(node.lineno)
            case ast.Expr(value=ast.Call(args=[*_, ast.Name(id=name)])) if name in names:
                gone.add(node.lineno)
    return "".join(line for number, line in enumerate(text.splitlines(keepends=True), 1) if number not in gone)


def test_the_table_has_every_capability_of_the_adapter(generate):
    """But for the sandbox, which is the author's own."""
    folder = generate("messaging").folder
    adapter = (folder / "src/crmcore_messaging_acme/adapter.py").read_text("utf-8")
    bases = {
        ast.unparse(base) for node in ast.parse(adapter).body if isinstance(node, ast.ClassDef) for base in node.bases
    }

    assert sorted(WITHOUT) == sorted(table((folder / "README.md").read_text("utf-8")))
    assert {*WITHOUT, "HasSandbox"} == bases & MIXINS


@pytest.mark.parametrize("less", [*([name] for name in WITHOUT), WITHOUT], ids="-".join)
def test_what_a_vendor_cannot_do_is_deleted(generate, less):
    """The mixin, the method, the lines of the contract: then ruff takes the imports, and the contract asks for it no more."""
    made = generate("messaging")
    says = table((made.folder / "README.md").read_text("utf-8"))
    files = made.folder / "src/crmcore_messaging_acme/adapter.py", made.folder / "tests/test_contract.py"
    for name in less:
        for file, names in zip(files, says[name], strict=True):
            before = file.read_text("utf-8")
            file.write_text(without(before, names), "utf-8")
            assert (before == file.read_text("utf-8")) is (not names)
    mended = made.run("-m", "ruff", "check", "--fix", "--no-cache", ".")
    typed = made.run("-m", "mypy", "--cache-dir", str(made.folder.parent / "mypy")) if less == WITHOUT else mended
    proven = made.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", QUICK)
    offered = made.run("-c", "from crmcore_messaging_acme.adapter import AcmeAdapter as A\n"
                             "from crmcore.hooks import capabilities\nprint(*capabilities(A))")  # fmt: skip

    assert 0 == mended.returncode, mended.stdout
    assert 0 == typed.returncode, typed.stdout
    assert 0 == proven.returncode, proven.stdout
    assert sorted({*WITHOUT, "HasSandbox"} - set(less)) == offered.stdout.split()
