"""What a vendor does who has never seen this project: wheels in an empty environment, a plugin begun, installed, proven, in the demo."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

import crmcore
from crmcore.scaffold import KINDS, Project

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
PLUGINS = ("dms_csv", "notify_robot", "sms_gateway", "survey_csv", "survey_limesurvey")
MINUTES = 3  # for begin, install, prove


class Environment:
    """A virtual environment that sees nothing of this checkout."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True)
        self.bin = folder / "bin"

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """As it would be typed there."""
        kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTEST_ADDOPTS"}}
        return subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=cwd,
            env={**kept, "PATH": f"{self.bin}{os.pathsep}{kept['PATH']}", "PYTHONUTF8": "1", "CRMCORE_LANG": "en"},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=500,
        )

    def must(self, *command: str, cwd: Path) -> str:
        """What it says when it succeeds."""
        done = self.run(*command, cwd=cwd)
        assert 0 == done.returncode, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(name="wheels", scope="module")
def _wheels(tmp_path_factory):
    """Core and plugins as they would be published."""
    folder = tmp_path_factory.mktemp("wheels")
    sources = [str(ROOT), *(str(ROOT / "plugins" / name) for name in PLUGINS)]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), *sources]
    subprocess.run(command, check=True, timeout=500)
    return folder


def core(wheels: Path, extras: str) -> str:
    return f"{next(wheels.glob('crmcore-*.whl'))}[{extras}]"


def test_from_nothing_to_a_text_in_three_minutes(wheels, tmp_path):
    """Begin, install, pytest in the folder above: green, in time; then the demo's texts go through it."""
    there = Environment(tmp_path / "venv")
    shipped = [str(path) for path in wheels.glob("crmcore_*.whl")]
    there.must("pip", "install", "--quiet", core(wheels, "app,serve,testing"), *shipped, cwd=tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    began = time.monotonic()
    there.must("crmcore", "plugins", "new", "messaging", "acme", cwd=work)
    there.must("pip", "install", "--quiet", "./crmcore-messaging-acme", cwd=work)
    proven = there.must("pytest", cwd=work)
    took = time.monotonic() - began
    told = there.must("crmcore", "demo", "--messaging", "acme", cwd=work)
    where = there.must("python", "-c", "import crmcore; print(crmcore.__file__)", cwd=work)

    assert str(tmp_path) in where
    assert int(re.search(r"(\d+) passed", proven)[1]) > 50
    assert not re.search(r"\d+ (failed|error|skipped|warning)", proven)
    assert took < MINUTES * 60
    assert re.search(r"√ the gateway took (\d\d) texts, \1 are delivered", told)
    assert 'adapter = "acme"' in (work / "crmcore-demo" / "crm.toml").read_text("utf-8")


@pytest.fixture(name="bare", scope="module")
def _bare(wheels, tmp_path_factory):
    """Nothing but the core and what tests need: no application, no database."""
    there = Environment(tmp_path_factory.mktemp("bare") / "venv")
    there.must("pip", "install", "--quiet", core(wheels, "testing"), "hatchling", cwd=wheels)
    return there


@pytest.mark.parametrize("kind", KINDS)
def test_core_and_testing_are_all_it_needs(bare, tmp_path, kind):
    """Its wheel is built and installed beside the core, and it is green inside its folder, with its own package out of sight."""
    folder = Project(kind, "acme").write(tmp_path, crmcore.__version__)
    command = ("pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(folder))
    bare.must(*command, cwd=tmp_path)
    bare.must("pip", "install", "--quiet", "--no-deps", str(next(tmp_path.glob("*.whl"))), cwd=tmp_path)
    (folder / "src").rename(tmp_path / "hidden")
    done = bare.must("pytest", "-q", "-p", "no:cacheprovider", cwd=folder)

    assert int(re.search(r"(\d+) passed", done)[1]) > 50
    assert 1 == bare.run("python", "-c", "import sqlalchemy", cwd=folder).returncode


@pytest.fixture(name="cache", scope="module")
def _cache(tmp_path_factory):
    """What mypy knows of the core after the first kind."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("kind", KINDS)
def test_its_types_are_strict(tmp_path, cache, kind):
    """Nothing is found by mypy, by the project's own settings, which are strict."""
    folder = Project(kind, "acme").write(tmp_path, crmcore.__version__)
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout
    assert "strict = true" in (folder / "pyproject.toml").read_text("utf-8")
