"""Empty environments with wheels of dist/ in them: what a user would have, and nothing of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from email.parser import Parser
from pathlib import Path

import uv
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"


def wheels() -> dict[str, Path]:
    """What `make dist` has built, by import name; ends the run where it has not."""
    built = {path.name.split("-")[0]: path for path in sorted(DIST.glob("*.whl"))}
    return built or sys.exit("dist/ holds no wheels; run: make dist")


def interpreter(version: str) -> str:
    """A Python of this version, from PATH or from pyenv; ends the run where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in (shutil.which(f"python{version}"), *sorted(map(str, pyenv.glob(f"{version}.*/bin/python")))):
        # a shim of pyenv stands on PATH for versions that are not chosen: only one that answers counts
        if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
            return found
    return sys.exit(f"no Python {version} on PATH or under {pyenv}; install it, or name those there are: PYTHONS=...")


def lay(folder: Path, python: str, wanted: Iterable[str], held: Iterable[str] = ()) -> Path:
    """A new environment that holds what is wanted, nothing built from source; its Python.

    Args:
        folder: where it will be.
        python: the interpreter it is made with.
        wanted: wheels and names, each with its extras.
        held: "name==version", which whatever is installed has to keep to.
    """
    subprocess.run([uv.find_uv_bin(), "venv", "--quiet", "--python", python, str(folder)], check=True)
    constraints = folder / "held.txt"
    constraints.write_text("\n".join(held))
    inside = folder / "bin" / "python"
    install = [uv.find_uv_bin(), "pip", "install", "--quiet", "--no-build", "--python", str(inside)]
    subprocess.run([*install, "--constraint", str(constraints), *wanted], check=True)
    return inside


def clean() -> dict[str, str]:
    """The environment variables without those through which a checkout would be found."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}


def bounds() -> list[str]:
    """Each dependency of core and plugins, held at its lower bound: "attrs==24.2"."""
    held = set()
    for wheel in wheels().values():
        with zipfile.ZipFile(wheel) as packed:
            name = next(name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
            wanted = Parser().parsestr(packed.read(name).decode()).get_all("Requires-Dist") or []
        for told in map(Requirement, wanted):
            held |= {f"{told.name}=={each.version}" for each in told.specifier if each.operator == ">="}
    return sorted(each for each in held if not each.startswith("crmcore"))
