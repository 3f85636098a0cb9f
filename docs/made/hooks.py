"""docs/reference/hooks.md: every hook with its exact signature. docs/reference/adapters.md: what an adapter can be and yields."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import crmcore
from crmcore import errors
from crmcore.hooks import adapters, records, specs
from crmcore.scaffold import KINDS, Project

ROOT = Path(__file__).parents[2]
HOOKS = """\
# Hooks

A plugin is a distribution with an entry point in the group `crmcore`; its value is a module with `@hookimpl` functions.
All that it imports is `crmcore.hooks`, and the types and errors named there.
A hook may take fewer arguments than stand here; [what may change](../explanation/compatibility.md) says what else you can rely on.

What a hook registers is an [adapter](adapters.md).
"""
ADAPTERS = """\
# Adapters

An adapter is what one vendor's system looks like from here: a class that a plugin returns from [`crmcore_adapters`](hooks.md).
[An afternoon](../howto/write-an-adapter.md) makes one from start to finish.
"""
NOBODY = "nothing yet; only the tests have one"


def hooks_page() -> str:
    """Every hook with its signature, and who ships it."""
    parts = [HOOKS]
    for node in functions(specs.__file__):
        parts += [f"## `{signature(node)}`\n", text_of(node), f"Shipped with: {users(node.name)}.\n"]
    return "\n".join(parts)


def adapters_page() -> str:
    """The bases, what an adapter can do beside, what it is given, what it yields, and what it may raise."""
    found = classes(adapters.__file__)
    bases = [each for each in found if each.name == "Adapter" or "Adapter[C]" in bases_of(each)]
    mixins = [each for each in found if "Capability" in bases_of(each)]
    apart = {each.name for each in (*bases, *mixins)}
    parts = [ADAPTERS, "## Kinds\n"]
    for each in bases:
        parts += class_section(each)
    parts.append("## Capabilities\n")
    parts.append(
        "What an adapter can do beside is a class it also derives from; one that is declared and not implemented is refused.\n"
    )
    for each in mixins:
        parts += [*class_section(each), f"Shipped with: {users(each.name)}.\n"]
    parts.append("## What is handed over and back\n")
    for each in found:
        if each.name not in apart:
            parts += class_section(each)
    parts.append("## Records\n")
    parts.append(
        (ast.get_docstring(ast.parse(Path(records.__file__).read_text("utf-8"))) or "").partition("\n\n")[2] + "\n"
    )
    for each in classes(records.__file__):
        parts += class_section(each)
    parts += ["## Errors\n", "What a read may raise, named by what the core does next.\n"]
    parts += [f"- `{name}`: {inspect.getdoc(getattr(errors, name))}" for name in RAISED]
    return "\n".join(parts)


#: What `crmcore.hooks` offers of the errors.
RAISED = ("TransientError", "NotSent", "PermanentError", "AuthError", "SourceError", "ConfigError")


def functions(path: str) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(Path(path).read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]


def classes(path: str) -> list[ast.ClassDef]:
    return [node for node in ast.parse(Path(path).read_text("utf-8")).body if isinstance(node, ast.ClassDef)]


def bases_of(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(each) for each in node.bases]


def users(name: str) -> str:
    """The plugins, begun plugins and examples that implement the hook or have the capability; `NOBODY` where none does."""
    found = [f"[{label}](../../{path})" for label, path, code in shipped() if implements(code, name)]
    return ", ".join(found) or NOBODY


def shipped() -> list[tuple[str, str, list[ast.stmt]]]:
    """Name, page and code of each plugin, begun plugin and example that comes with crmcore."""
    plugins = [
        (
            f"crmcore-{folder.name.replace('_', '-')}",
            f"plugins/{folder.name}/README.md",
            code_of(_installed(folder.name)),
        )
        for folder in sorted((ROOT / "plugins").iterdir())
    ]
    begun = [
        (f"the adapter that `crmcore plugins new {kind}` writes", "docs/howto/write-an-adapter.md", code_begun(kind))
        for kind in KINDS
    ]
    examples = [
        (folder.name, f"examples/{folder.name}/README.md", code_of(folder))
        for folder in sorted((ROOT / "examples").glob("*"))
        if folder.is_dir()
    ]
    return [*plugins, *begun, *examples]


def _installed(plugin: str) -> Path:
    """Where a plugin's package lies, in the checkout or where its wheel was put."""
    found = find_spec(f"crmcore_{plugin}")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def code_of(folder: Path) -> list[ast.stmt]:
    """Every statement of a package or an application, less its tests."""
    files = [path for path in sorted(folder.rglob("*.py")) if "tests" not in path.relative_to(folder).parts]
    return statements(path.read_text("utf-8") for path in files)


def code_begun(kind: str) -> list[ast.stmt]:
    """Every statement of the package that the scaffold writes."""
    files = Project(kind, "acme").files(crmcore.__version__)
    return statements(text for path, text in files.items() if path.startswith("src/") and path.endswith(".py"))


def statements(texts: Iterable[str]) -> list[ast.stmt]:
    return [node for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]


def implements(code: list[ast.stmt], name: str) -> bool:
    """A function of that name under `@hookimpl`, or a class that derives from it."""
    for node in code:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return any("hookimpl" in ast.unparse(each) for each in node.decorator_list)
        if isinstance(node, ast.ClassDef) and name in bases_of(node):
            return True
    return False


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
    bases = ", ".join(bases_of(node))
    fields = [ast.unparse(each) for each in node.body if isinstance(each, ast.AnnAssign)]
    fields = [each for each in fields if not each.startswith("_")]
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")]
    parts = [f"### `{node.name}{f'({bases})' if bases else ''}`\n", text_of(node)]
    if fields:
        parts.append("\n".join(["```", *fields, "```"]) + "\n")
    for each in methods:
        parts.append(f"- `{signature(each)}`  ")
        parts.append("  " + shown(" ".join((ast.get_docstring(each) or "").split())) + "\n")
    return parts
