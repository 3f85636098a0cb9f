"""What is public: every name is there, in order, complete, and costs nothing before it is used."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))


@pytest.fixture(name="api")
def _api(monkeypatch):
    """docs/made/api.py, which reads the public modules from their sources."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from made import api  # type: ignore[import-not-found]

    return api


def rank(name: str) -> tuple[int, str]:
    """SCREAMING names, then Camels, then the rest, each by the alphabet: as ruff sorts them."""
    return (0 if re.fullmatch(r"[A-Z0-9_]+", name) else 1 if name[0].isupper() else 2, name)


def test_every_public_name_can_be_had(api):
    """Whatever a public module offers, it has."""
    missing = [
        f"{module}.{name}"
        for module in api.modules()
        for name in importlib.import_module(module).__all__
        if not hasattr(importlib.import_module(module), name)
    ]

    assert {"crmcore", "crmcore.errors", "crmcore.hooks", "crmcore.sample", "crmcore.testing"} <= set(api.modules())
    assert [] == missing


def test_the_lists_are_sorted(api):
    """`__all__` is in order and names nothing twice, so that a new name has one place."""
    unsorted = [module for module in api.modules() if api.window(module) != sorted(set(api.window(module)), key=rank)]

    assert [] == unsorted


def defined(path: Path) -> set[str]:
    """The names without an underscore that a module gives itself."""
    names: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def test_types_and_errors_offer_all_that_they_define(api):
    """No type and no error is left out of its module's list, and nothing else is in it."""
    rooms = [module for module in api.modules() if module.startswith(("crmcore.types.", "crmcore.errors"))]

    assert len(rooms) > 8
    assert {room: set(api.window(room)) for room in rooms} == {room: defined(api.source(room)) for room in rooms}


def test_what_a_signature_names_can_be_imported(api):
    """Whoever reads a signature of a hook, an adapter, a type or an error finds each name of it in a public module."""
    offered = {api.resolved(module, name) for module in api.modules() for name in api.window(module)}
    rooms = ("crmcore.errors", "crmcore.types.", "crmcore.hooks", "crmcore.http", "crmcore.tables")
    shown = {
        api.resolved(module, name)
        for module in api.modules()
        if module.startswith(rooms)
        for name in api.window(module)
    }
    homeless = {each for each in api.met(shown) - offered if "TypeVar(" not in api.text(each)}

    assert {"HttpClient", "Message", "Store"} <= {each.name for each in api.met(shown)}
    assert [] == sorted(f"{each.module}.{each.name}" for each in homeless)


_IMPORT = re.compile(r"^ *from (crmcore(?:\.\w+)*) import (\([^)]*\)|[^(\n]+)", re.MULTILINE)
#: What others write, or copy: pages for authors and applications, the applications themselves, what `plugins new` writes, plugins.
TO_COPY = [
    *(
        ROOT / "docs/howto" / f"{page}.md"
        for page in ("embed", "events", "test-with-the-sample-dealer", "write-an-adapter")
    ),
    *sorted((ROOT / "examples").glob("*_dealer/**/*.py")),
    ROOT / "tests/typing/api.py",
    *sorted(Path(str(files("crmcore.scaffold"))).rglob("*.tmpl")),
    *(path for name in PLUGINS for path in sorted(Path(str(files(f"crmcore_{name}"))).rglob("*.py"))),
]


def test_what_others_write_imports_what_is_promised(api):
    """An application, a plugin and a page to copy from import public names alone, each from the module that offers it."""
    offered = {module: {*api.window(module), *below(module, api)} for module in api.modules()}
    hidden = []
    for path in TO_COPY:
        for module, names in _IMPORT.findall(path.read_text("utf-8")):
            said = re.sub(r"#.*", "", names).strip("() \n").split(",")
            wanted = {each.split(" as ")[0].strip() for each in said} - {""}
            known = offered.get(module, below(module, api))
            hidden += [f"{path.name}: {module}.{name}" for name in sorted(wanted - known)]

    assert len(TO_COPY) > 40
    assert [] == hidden


def below(module: str, api) -> set[str]:
    """The public modules of a package."""
    return {each.rpartition(".")[2] for each in api.modules() if each.rpartition(".")[0] == module}


def test_the_page_shows_what_a_reviewer_must_see(api, monkeypatch):
    """A new argument, a new field, a new default, a new member and a new base each change the page."""
    before = api.api_page()
    real = api.tree

    def changed(module: str, old: str, new: str) -> str:
        text = api.source(module).read_text("utf-8")
        assert old in text
        for cached in (api.resolved, api._own):
            cached.cache_clear()
        monkeypatch.setattr(
            api, "tree", lambda name: ast.parse(text.replace(old, new)) if name == module else real(name)
        )
        try:
            return api.api_page()
        finally:
            monkeypatch.setattr(api, "tree", real)
            for cached in (api.resolved, api._own):
                cached.cache_clear()

    assert before == api.api_page()
    assert before != changed("crmcore.hooks.adapters", "*, key: str)", "*, key: str, again: bool = False)")
    assert before != changed("crmcore.types.store", "    active: bool = True", "    active: bool = False")
    assert before != changed(
        "crmcore.types.store", "    active: bool = True", "    active: bool = True\n    title: str = ''"
    )
    assert before != changed("crmcore.types.store", '    OTHER = "OTHER"', '    OTHER = "OTHER"\n    TEMP = "TEMP"')
    assert before != changed("crmcore.errors", "class Busy(StoreError)", "class Busy(CrmError)")


def test_a_body_is_nobody_s_affair(api):
    """What a function does, and what a private name is, does not stand on the page."""
    page = api.api_page()

    assert "return" not in re.sub(r"returned|returns", "", page)
    assert not re.search(r"^\s*(?:def|class) _(?!_(?:init|enter|exit|iter|len|getitem|call)__)", page, re.MULTILINE)


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import crmcore", {"attrs", "cattrs", "pluggy", "requests", "sqlalchemy", "alembic", "phonenumbers", "click"}),
        ("import crmcore.errors", {"attrs", "cattrs", "pluggy", "requests", "sqlalchemy"}),
        ("import crmcore.types.customer", {"cattrs", "pluggy", "requests", "sqlalchemy"}),
        ("import crmcore.hooks", {"requests", "tenacity", "sqlalchemy", "alembic", "phonenumbers", "pytest"}),
        ("import crmcore.testing", {"pytest", "hypothesis", "responses", "requests", "sqlalchemy"}),
        ("import crmcore.contrib.serve", {"starlette", "uvicorn", "sqlalchemy", "requests"}),
        ("from crmcore import Crm", {"sqlalchemy", "alembic", "requests", "tenacity"}),
    ],
)
def test_importing_is_cheap(code, heavy):
    """What is imported for its names imports neither a database nor a network."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )

    assert set() == {name.split(".")[0] for name in run.stdout.split()} & heavy
