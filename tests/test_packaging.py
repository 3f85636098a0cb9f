"""One name everywhere, one version, types inside, and nothing heavy at import."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pytest

import crmcore

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.name for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").exists())


def project(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_has_one_name(name):
    """Folder, distribution, import and entry point of a plugin are the same name."""
    told = project(ROOT / "plugins" / name)

    assert f"crmcore-{name.replace('_', '-')}" == told["name"]
    assert {"crmcore": {name: f"crmcore_{name}"}} == told["entry-points"]
    assert (files(f"crmcore_{name}") / "py.typed").is_file()
    assert (ROOT / "plugins" / name / "README.md").read_text("utf-8").startswith(f"# crmcore-{name.replace('_', '-')}")


def test_versions_move_in_lockstep():
    """Core and plugins carry one version, and `crmcore.__version__` is it."""
    found = {project(ROOT)["version"], *(project(ROOT / "plugins" / name)["version"] for name in PLUGINS)}

    assert {crmcore.__version__} == found


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_carries_the_licence(name):
    """A plugin can be moved out and be released alone: the licence beside its project file is the one of the project."""
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "plugins" / name / "LICENSE").read_bytes()
    assert ["LICENSE"] == project(ROOT / "plugins" / name)["license-files"]


def test_the_shop_window_is_complete():
    """Every public name can be had, the list is sorted, and nothing else is offered."""
    assert sorted(crmcore.__all__) == list(crmcore.__all__)
    assert all(getattr(crmcore, name) is not None for name in crmcore.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = crmcore.no_such_name


def modules_after(*code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", ";".join([*code, "import sys", "print(*sys.modules)"])],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_crmcore_imports_nothing_heavy():
    """`import crmcore` pulls in none of its dependencies."""
    heavy = {"attrs", "cattrs", "requests", "tenacity", "sqlalchemy", "click", "pluggy", "phonenumbers", "jinja2"}

    assert set() == modules_after("import crmcore") & heavy


def test_help_imports_no_database_and_no_plugin():
    """`crmcore --help` builds no table, loads no plugin and opens no connection library."""
    heavy = {
        "sqlalchemy",
        "alembic",
        "requests",
        *(f"crmcore_{name}" for name in PLUGINS),
        "phonenumbers",
        "xlsxwriter",
    }
    run = "from crmcore.cli import main; import contextlib, io\nwith contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n main(['--help'])\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{run}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )

    assert set() == {name.split(".")[0] for name in done.stdout.split()} & heavy


def test_installed_metadata_is_ours():
    """The installed distribution names its licence and its Python."""
    told = metadata.metadata("crmcore")

    assert "Apache-2.0" == told["License-Expression"]
    assert ">=3.11" == told["Requires-Python"]
