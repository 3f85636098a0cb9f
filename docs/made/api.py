"""docs/reference/api.md: every public name with its signature, as the code has it, so that a change shows in the diff.

Read from the sources and not from what is imported: annotations and defaults stand as they are written, and the page is the same on
every Python. What a public signature names is public too, wherever it lives.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import attrs

INTRO = """\
# The public API

What a program that embeds crmcore, and a plugin, may rely on.
It is written down here so that each change of it is seen by whoever reviews it; [what may change, and when](../explanation/compatibility.md) says what else is promised.
A name that begins with an underscore is nobody's, and so is a module that this page does not name.
"""
MET = """\
What the signatures above name: a program is handed these and may use them, without importing them by name.
{inside} are what crmcore's own command is made of: their names are seen, and nothing is promised of them.
"""
#: Modules and packages; of a package with a "*" each module.
PUBLIC = (
    "crmcore",
    "crmcore.errors",
    "crmcore.types.*",
    "crmcore.hooks",
    "crmcore.lang",
    "crmcore.http",
    "crmcore.tables",
    "crmcore.tables.files",
    "crmcore.testing",
    "crmcore.testing.strategies",
    "crmcore.sample",
    "crmcore.sample.gateway",
    "crmcore.sample.loopback",
    "crmcore.contrib.*",
)

#: Methods with underscores that a user calls, by writing something else.
SPOKEN = frozenset({"__init__", "__enter__", "__exit__", "__iter__", "__len__", "__getitem__", "__call__"})
WIDTH = 116  # of a line, four more inside a class

#: What the flows are given: the command that ships with crmcore is made of it. `Crm` shows these names, and promises nothing of them.
INSIDE = frozenset({"Account", "Cases", "Database", "Desk", "Office", "Plugins", "Policies", "Settings", "Surveying"})

Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


@attrs.frozen
class Found:
    """Where a name is defined, and how."""

    module: str
    name: str
    node: Definition


def api_page() -> str:
    """Every public module with its names, then what these names lead to."""
    parts, told = [INTRO], set()
    for module in modules():
        offered = [resolved(module, name) for name in window(module)]
        told |= set(offered)
        parts += [f"## `{module}`\n", listing(offered)]
    rest = [each for each in met(told) - told if not isinstance(getattr(each.node, "value", None), ast.Call)]
    rest.sort(key=lambda each: (each.module, each.name))  # without what a call makes, a type variable
    if rest:
        parts += ["## What these lead to\n", MET.format(inside=", ".join(f"`{name}`" for name in sorted(INSIDE)))]
        for module in dict.fromkeys(each.module for each in rest):
            parts += [f"### `{module}`\n", listing([each for each in rest if each.module == module])]
    return "\n".join(parts)


def modules() -> list[str]:
    """The public modules by name."""
    found = []
    for pattern in PUBLIC:
        if not pattern.endswith(".*"):
            found.append(pattern)
            continue
        package = pattern.removesuffix(".*")
        names = sorted(path.stem for path in source(package).parent.glob("*.py") if path.stem != "__init__")
        found += [f"{package}.{name}" for name in names if not name.startswith("_")]
    return found


def listing(offered: list[Found]) -> str:
    return "```\n" + "\n\n".join(text(each) for each in offered) + "\n```\n"


# ------------------------------------------------------------------ finding


@functools.cache
def source(module: str) -> Path:
    """The file of a module, which is not imported."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


@functools.cache
def tree(module: str) -> ast.Module:
    return ast.parse(source(module).read_text("utf-8"))


def window(module: str) -> list[str]:
    """`__all__` of a module."""
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(each) for each in ast.literal_eval(node.value)]
    raise SystemExit(f"{module} is public and has no __all__")


@functools.cache
def resolved(module: str, name: str) -> Found:
    """The definition of a name that a module has, through whatever imports it."""
    found = _own(module).get(name)
    if found is None:
        raise SystemExit(f"{module} offers {name} and does not have it")
    if isinstance(found, tuple):
        return resolved(*found)
    return Found(module, name, found)


@functools.cache
def _own(module: str) -> dict[str, Definition | tuple[str, str]]:
    """The names of a module: a definition, or the crmcore module and the name that it is imported from."""
    names: dict[str, Definition | tuple[str, str]] = {}
    for node in _statements(tree(module).body):
        match node:
            case ast.ClassDef() | ast.FunctionDef():
                names[node.name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names[name] = node
            case ast.ImportFrom(module=str(home)) if home.split(".")[0] == "crmcore":
                names |= {each.asname or each.name: (home, each.name) for each in node.names}
    return names


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of a module, with those that only a type checker sees."""
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from node.body
        else:
            yield node


def met(told: set[Found]) -> set[Found]:
    """What the signatures of these name, and what those name in turn."""
    seen: set[Found] = set()
    waiting = list(told)
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        for name in _named(each):
            home = None if name in INSIDE else _own(each.module).get(name)
            if home is not None and not (isinstance(home, tuple) and source_of(*home) is None):
                waiting.append(resolved(each.module, name))
    return seen


def source_of(module: str, name: str) -> Definition | None:
    """The definition, or None where the name is a module."""
    if module == "crmcore" or name not in _own(module):
        return None
    found = _own(module)[name]
    return source_of(*found) if isinstance(found, tuple) else found


def _named(each: Found) -> set[str]:
    """The names in what is shown of a definition: in annotations, bases and unions, not in values and decorators."""
    shown = ast.parse(text(each)).body[0]
    values = [node.value for node in ast.walk(shown) if isinstance(node, ast.Assign | ast.AnnAssign) and node.value]
    if isinstance(shown, ast.Assign):  # an alias is its value, unless it is made by a call, as a type variable is
        values = [node for node in values if isinstance(node, ast.Call)]
    for node in ast.walk(shown):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            values += node.decorator_list
        elif isinstance(node, ast.arguments):
            values += [default for default in (*node.defaults, *node.kw_defaults) if default is not None]
    # a field may be called what something else is called
    values += [node.target for node in ast.walk(shown) if isinstance(node, ast.AnnAssign)]
    hidden = {id(inner) for value in values for inner in ast.walk(value)}
    return {node.id for node in ast.walk(shown) if isinstance(node, ast.Name) and id(node) not in hidden}


# ------------------------------------------------------------------ showing


def text(each: Found) -> str:
    """A definition without its insides."""
    match each.node:
        case ast.ClassDef() as node:
            return "\n".join(_class(node))
        case ast.FunctionDef() as node:
            return "\n".join(_function(node))
        case ast.AnnAssign() as node:
            return f"{each.name}: {ast.unparse(node.annotation)}{_value(node.value)}"
        case ast.Assign() as node:
            return f"{each.name}{_value(node.value)}"


def _class(node: ast.ClassDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        yield f"@{ast.unparse(decorator)}"
    bases = ", ".join(ast.unparse(base) for base in [*node.bases, *node.keywords])
    inside = [*_attributes(node), *(line for part in node.body for line in _member(part))]
    yield f"class {node.name}{f'({bases})' if bases else ''}:{'' if inside else ' ...'}"
    yield from (f"    {line}" for line in inside)


def _attributes(node: ast.ClassDef) -> Iterator[str]:
    """What `__init__` puts into the public attributes of an instance."""
    for method in node.body:
        if not isinstance(method, ast.FunctionDef) or method.name != "__init__":
            continue
        for each in ast.walk(method):
            match each:
                case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=name), annotation=said):
                    if not name.startswith("_"):
                        yield f"{name}: {ast.unparse(said)}"
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                    if not name.startswith("_") and not _annotated(method, name):
                        yield f"{name}: ..."


def _annotated(method: ast.FunctionDef, name: str) -> bool:
    return any(
        isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == f"self.{name}" for each in ast.walk(method)
    )


def _member(node: ast.stmt) -> Iterator[str]:
    """What a class promises: its fields, its methods, the members of an enum; how it does it, nobody sees."""
    match node:
        case ast.FunctionDef(name=name) if name in SPOKEN or not name.startswith("_"):
            yield from _function(node)
        case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
            yield f"{name}: {ast.unparse(node.annotation)}{_value(node.value)}"
        case ast.Assign(targets=[ast.Name(id=name)]) if not name.startswith("_"):
            yield f"{name}{_value(node.value)}"


def _function(node: ast.FunctionDef) -> Iterator[str]:
    """A signature; one that is long has a line for each argument, as a formatter would write it."""
    for decorator in node.decorator_list:
        yield f"@{ast.unparse(decorator)}"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    given = list(_arguments(node.args))
    line = f"def {node.name}({', '.join(given)}){returns}: ..."
    if len(line) <= WIDTH:
        yield line
        return
    yield f"def {node.name}("
    yield from (f"    {each}," for each in given)
    yield f"){returns}: ..."


def _arguments(node: ast.arguments) -> Iterator[str]:
    """The arguments as they are written, with their defaults, each by itself."""
    places = [*node.posonlyargs, *node.args]
    for number, (each, default) in enumerate(zip(places, _padded(node.defaults, len(places)), strict=True), 1):
        yield _argument(each, default)
        if number == len(node.posonlyargs):
            yield "/"
    if node.vararg:
        yield f"*{_argument(node.vararg, None)}"
    elif node.kwonlyargs:
        yield "*"
    for each, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        yield _argument(each, default)
    if node.kwarg:
        yield f"**{_argument(node.kwarg, None)}"


def _padded(defaults: list[ast.expr], count: int) -> list[ast.expr | None]:
    return [*([None] * (count - len(defaults))), *defaults]


def _argument(node: ast.arg, default: ast.expr | None) -> str:
    said = f"{node.arg}: {ast.unparse(node.annotation)}" if node.annotation else node.arg
    if default is None:
        return said
    return f"{said} = {ast.unparse(default)}" if node.annotation else f"{said}={ast.unparse(default)}"


def _value(node: ast.expr | None) -> str:
    """A default; of a field of attrs only what stands there when nobody says anything."""
    if node is None:
        return ""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "attrs.field":
        given = {each.arg: each.value for each in node.keywords}
        default = given.get("default")
        if "factory" in given:
            return f" = {ast.unparse(given['factory'])}()"
        return f" = {ast.unparse(default)}" if default is not None else ""
    return f" = {ast.unparse(node)}"
