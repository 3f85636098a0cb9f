"""Runs all suites against what `make dist` has built: `python release/suites.py 3.11-lowest 3.13-newest`.

Each combination has an empty environment with the wheels of core and plugins and the test tools in it, and a copy of the
checkout that lacks every `src`: what the tests import can only be what a user would get. "lowest" holds each dependency that
the wheels name at the very bound they name, "newest" takes what the index offers.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from email.parser import Parser
from pathlib import Path

import uv
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
WHEELS = sorted((ROOT / "dist").glob("*.whl"))
_SOURCE = re.compile(r"(plugins/\w+/)?src/")


def interpreter(version: str) -> str:
    """A Python of this version, from PATH or from pyenv; ends the run where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in (shutil.which(f"python{version}"), *sorted(map(str, pyenv.glob(f"{version}.*/bin/python")))):
        # a shim of pyenv stands on PATH for versions that are not chosen: only one that answers counts
        if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
            return found
    sys.exit(
        f"no Python {version} on PATH or under {pyenv}; install one, or name those that are there: make test-dist PYTHONS=..."
    )


def bounds() -> list[str]:
    """Each dependency of core and plugins, held at its lower bound: "attrs==24.2"."""
    held = set()
    for wheel in WHEELS:
        with zipfile.ZipFile(wheel) as packed:
            name = next(name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
            wanted = Parser().parsestr(packed.read(name).decode()).get_all("Requires-Dist") or []
        for told in map(Requirement, wanted):
            held |= {f"{told.name}=={each.version}" for each in told.specifier if each.operator == ">="}
    return sorted(each for each in held if not each.startswith("crmcore"))


def environment(version: str, which: str, folder: Path) -> Path:
    """An environment that holds the wheels of dist/ and the test tools; its Python."""
    subprocess.run([uv.find_uv_bin(), "venv", "--quiet", "--python", interpreter(version), str(folder)], check=True)
    python = folder / "bin" / "python"
    held = folder / "held.txt"
    held.write_text("\n".join(bounds() if which == "lowest" else []))
    wheels = [f"{wheel}[dev]" if wheel.name.startswith("crmcore-") else str(wheel) for wheel in WHEELS]
    install = [uv.find_uv_bin(), "pip", "install", "--quiet", "--no-build", "--python", str(python)]
    subprocess.run([*install, "--constraint", str(held), *wheels], check=True)
    return python


def without_source(folder: Path) -> Path:
    """A copy of what git knows of the checkout, less every `src`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if not _SOURCE.match(name) and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def suites(version: str, which: str) -> bool:
    """Run every suite in one combination."""
    with tempfile.TemporaryDirectory(prefix="crmcore-dist-") as made:
        python, checkout = environment(version, which, Path(made) / "venv"), without_source(Path(made) / "checkout")
        names = [wheel.name.split("-")[0] for wheel in WHEELS]
        where = f"import sys, {', '.join(names)}; print(*(each.__file__ for each in ({', '.join(names)})), sep='\\n')"
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        found = subprocess.run(
            [python, "-c", where], cwd=checkout, env=clean, capture_output=True, text=True, check=True
        )
        if astray := [path for path in found.stdout.split() if not Path(path).is_relative_to(Path(made) / "venv")]:
            sys.exit(f"not from a wheel: {astray}")
        run = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "auto", "--dist", "loadfile"]
        return not subprocess.run(run, cwd=checkout, env=clean, check=False).returncode


def main() -> None:
    """Run the combinations that are named, one after the other; each uses all processors by itself."""
    if not WHEELS:
        sys.exit("dist/ holds no wheels: make dist")
    failed = []
    for combination in sys.argv[1:]:
        version, _, which = combination.partition("-")
        print(f"wheels on Python {version} with the {which} dependencies ...", flush=True)
        began = time.monotonic()
        passed = suites(version, which)
        print(
            f"wheels on Python {version}, {which}: {'passed' if passed else 'FAILED'} in {time.monotonic() - began:.0f} s"
        )
        failed += [] if passed else [combination]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
