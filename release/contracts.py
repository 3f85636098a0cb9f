"""Proves every shipped plugin from its wheel, and holds docs/reference/matrix.md against what was proven: `--write` writes it.

Each plugin has an environment with the core's wheel, `[testing]` and its own wheel, and its `test_contract.py` alone in an empty
folder: what it needs besides is missing here. The matrix is drawn from the reports of these runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from environments import ROOT, clean, lay, wheels

MATRIX = ROOT / "docs" / "reference" / "matrix.md"
HEAD = """\
<!-- Made by release/contracts.py from the results of contract tests: run `make matrix`. -->

# What shipped adapters have proven

Rows are what an adapter can be held to: what every adapter is, what it makes of the faults of a network, and each of its [capabilities](adapters.md).
Nothing here is typed by hand: [the contract tests](../explanation/compatibility.md#what-has-been-proven-of-an-adapter) are run, and this is what they found.
Each plugin was installed from its wheel for it, beside the core alone.

"""


def contract(plugin: str) -> Path:
    """Where a plugin's contract tests are."""
    return ROOT / "plugins" / plugin / "tests" / "test_contract.py"


def prove(plugin: str, folder: Path) -> tuple[int, str, Path]:
    """Run the contract of one plugin; pytest's exit code, what it printed, and its report."""
    folder.mkdir()
    report = folder / f"{plugin}.json"
    alone = folder / "alone"
    alone.mkdir()
    shutil.copy(contract(plugin), alone)
    built = wheels()
    wanted = [f"{built['crmcore']}[testing]", str(built[f"crmcore_{plugin}"])]
    python = lay(folder / "venv", sys.executable, wanted)
    run = [python, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", "-W", "error", f"--crmcore-report={report}"]
    done = subprocess.run(
        [*run, "test_contract.py"], cwd=alone, env=clean(), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr, report


def drawn(reports: list[Path]) -> str:
    """The page, as `crmcore plugins matrix` draws it."""
    command = [Path(sys.executable).with_name("crmcore"), "plugins", "matrix", *reports, "--markdown", "--lang", "en"]
    return HEAD + subprocess.run(command, capture_output=True, text=True, check=True).stdout.rstrip() + "\n"


def main() -> None:
    """Prove all of them, then look at the matrix."""
    plugins = [name.removeprefix("crmcore_") for name in wheels() if name != "crmcore"]
    if unproven := [name for name in plugins if not contract(name).exists()]:
        sys.exit(f"has no tests/test_contract.py: {', '.join(unproven)}")
    with tempfile.TemporaryDirectory(prefix="crmcore-contracts-") as made, ThreadPoolExecutor(os.cpu_count()) as pool:
        proven = list(pool.map(lambda plugin: prove(plugin, Path(made) / plugin), plugins))
        for plugin, (_, said, _) in zip(plugins, proven, strict=True):
            print(f"{plugin}, from its wheel:\n{said}")
        if broken := [plugin for plugin, (code, _, _) in zip(plugins, proven, strict=True) if code]:
            sys.exit(f"does not keep its contract: {', '.join(broken)}")
        page = drawn([report for _, _, report in proven])
    if "--write" in sys.argv[1:]:
        MATRIX.write_text(page, "utf-8")
    elif not MATRIX.exists() or MATRIX.read_text("utf-8") != page:
        sys.exit(f"{MATRIX.relative_to(ROOT)} is not what was proven; run: make matrix")


if __name__ == "__main__":
    main()
