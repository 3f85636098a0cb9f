"""The contract with authors: each hook and each method is written down, held to by a test, and used by something that ships."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import _crmcore_pytest as leaf
from crmcore import hooks, testing
from crmcore.hooks import adapters, records, specs
from crmcore.hooks.adapters import Capability

ROOT = Path(__file__).parents[2]
HOOKS = sorted(name for name in vars(specs) if name.startswith("crmcore_"))
CAPABILITIES = sorted(
    cls.__name__ for cls in vars(adapters).values() if isinstance(cls, type) and Capability in cls.__bases__
)


@pytest.fixture(name="made")
def _made(monkeypatch):
    """docs/made/hooks.py, which writes both pages."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from made import hooks as page  # type: ignore[import-not-found]

    return page


def page(name: str) -> str:
    return (ROOT / "docs/reference" / f"{name}.md").read_text("utf-8")


def methods() -> list[tuple[str, ast.FunctionDef]]:
    """Each public method of what an adapter can be, with its class."""
    tree = ast.parse(Path(adapters.__file__).read_text("utf-8"))
    return [
        (cls.name, node)
        for cls in tree.body
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


def kit() -> str:
    return "\n".join(path.read_text("utf-8") for path in Path(testing.__file__).parent.rglob("*.py"))


# ------------------------------------------------------------------ written down


@pytest.mark.parametrize(("cls", "node"), methods(), ids=lambda each: getattr(each, "name", each))
def test_every_method_has_its_signature(cls, node):
    """A method of an adapter stands under its class in the reference, with its exact signature and what it means."""
    _, _, section = page("adapters").partition(f"### `{cls}")
    section = section.partition("\n### ")[0]

    assert node.returns is not None
    assert f"- `{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}`  \n" in section
    assert ast.get_docstring(node)


def test_everything_an_author_imports_is_described():
    """Each class that `crmcore.hooks` offers has its section, and each error its line."""
    described = page("adapters") + page("hooks")
    offered = {name: getattr(hooks, name) for name in hooks.__all__}
    classes = {
        name: thing
        for name, thing in offered.items()
        if inspect.isclass(thing) and thing.__module__ in {adapters.__name__, records.__name__, "crmcore.errors"}
    }
    missing = [name for name in classes if f"### `{name}" not in described and f"- `{name}`: " not in described]

    assert len(classes) > 40
    assert [] == missing


# ------------------------------------------------------------------ held to


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook):
    """A hook has a test that is named after it."""
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    assert f"def test_hook_{hook}" in tests


@pytest.mark.parametrize(
    "name", sorted({node.name for cls, node in methods() if cls.endswith("Adapter") or cls in CAPABILITIES})
)
def test_every_method_is_checked_by_the_kit(name):
    """The contract calls each method of an adapter, so that whoever implements it is held to it."""
    assert f".{name}" in kit()


@pytest.mark.parametrize("name", CAPABILITIES)
def test_every_capability_has_a_check(name):
    """A capability that an adapter declares is proven by checks, and a report says that it is."""
    contracts = [getattr(testing, each) for each in testing.__all__ if each.endswith("Contract")]
    checks = {
        test: function.__crmcore_check__
        for contract in contracts
        for test, function in inspect.getmembers(contract, inspect.isfunction)
        if hasattr(function, "__crmcore_check__")
    }

    assert any(name in leaf._proves(test, found, [name]) for test, found in checks.items())


# ------------------------------------------------------------------ used


def test_what_is_offered_has_a_shipped_user(made):
    """A hook or capability arrives with a plugin, an example or a begun plugin that has it."""
    assert [] == [name for name in (*HOOKS, *CAPABILITIES) if made.users(name) == made.NOBODY]


def test_a_user_is_found_by_its_code(made):
    """What an adapter derives from, and what it registers, is read from its text; no list says it."""
    assert "crmcore plugins new messaging" in made.users("FindsMessages")
    assert "crmcore plugins new survey" in made.users("Invites")
    assert "crmcore plugins new" not in made.users("crmcore_before_send")
    assert made.NOBODY == made.users("SendsTelegrams")


def test_the_pages_say_who_uses_it(made):
    """Under each hook and capability stands who ships it, or that nobody does."""
    for name in HOOKS:
        assert f"Shipped with: {made.users(name)}." in page("hooks").partition(f"## `{name}(")[2].partition("\n## ")[0]
    for name in CAPABILITIES:
        assert (
            f"Shipped with: {made.users(name)}."
            in page("adapters").partition(f"### `{name}(")[2].partition("\n### ")[0]
        )
