"""Runs suites against what `make dist` has built: `python release/suites.py 3.11-lowest 3.13-newest [-- plugins tests/hooks]`.

Behind "--" stand the suites that are wanted; all of them where nothing does.

Each combination has an empty environment with the wheels of core and plugins and the test tools in it, and a copy of the
checkout that lacks every `src`: what the tests import can only be what a user would get. "lowest" holds each dependency that
the wheels name at the very bound they name, "newest" takes what the index offers.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from environments import ROOT, bounds, clean, interpreter, lay, wheels

#: What proves the checks of the contract and not what was built runs in `make test` alone; the million rows are read from wheels
#: by `make contracts`.
ELSEWHERE = ("--ignore=tests/testing/mutants", "-k", "not test_a_very_large_source")
_SOURCE = re.compile(r"(plugins/\w+/)?src/")


def without_source(folder: Path) -> Path:
    """A copy of what git knows of the checkout, less every `src`."""
    ask = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if not _SOURCE.match(name) and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def astray(python: Path, checkout: Path) -> list[str]:
    """Every one of our packages that this Python, started in the checkout, does not take from its own environment."""
    told = f"import {', '.join(wheels())}\nfor each in ({', '.join(wheels())}): print(each.__file__)"
    found = subprocess.run([python, "-c", told], cwd=checkout, env=clean(), capture_output=True, text=True, check=True)
    return [path for path in found.stdout.splitlines() if not Path(path).is_relative_to(python.parents[1])]


def suites(base: str, which: str, wanted_suites: list[str]) -> bool:
    """Run the suites in one combination; `base`: the interpreter it is made with."""
    wanted = [f"{wheel}[dev]" if name == "crmcore" else str(wheel) for name, wheel in wheels().items()]
    with tempfile.TemporaryDirectory(prefix="crmcore-dist-") as made:
        python = lay(Path(made) / "venv", base, wanted, bounds() if which == "lowest" else ())
        checkout = without_source(Path(made) / "checkout")
        if paths := astray(python, checkout):
            sys.exit(f"not from a wheel: {paths}")
        run = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "auto", "--dist", "loadfile"]
        run += [*ELSEWHERE, *wanted_suites]
        return not subprocess.run(run, cwd=checkout, env=clean(), check=False).returncode


def main() -> None:
    """Run the combinations that are named, one after the other; each uses all processors by itself."""
    failed = []
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    combinations = [each.partition("-")[::2] for each in sys.argv[1:end]]
    pythons = {
        version: interpreter(version) for version, _ in combinations
    }  # one that is not there is told before any runs
    for version, which in combinations:
        print(f"wheels on Python {version}, {which} dependencies ...", flush=True)
        began = time.monotonic()
        passed = suites(pythons[version], which, sys.argv[end + 1 :])
        took = f"in {time.monotonic() - began:.0f} s"
        print(
            f"wheels on Python {version}, {which} dependencies: {'passed' if passed else 'FAILED'} {took}", flush=True
        )
        failed += [] if passed else [f"{version}-{which}"]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
