"""docs/reference/matrix.md: what the contract tests of the shipped adapters prove, from a run of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
INTRO = """\
# What shipped adapters have proven

Rows are what an adapter can be held to: what every adapter is, what it makes of the faults of a network, and each of its [capabilities](adapters.md).
Nothing here is typed by hand: [the contract tests](../explanation/compatibility.md#what-has-been-proven-of-an-adapter) are run, and this is what they found.
"""


def matrix_page() -> str:
    """Run the contracts of all plugins and draw what they have proven."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        contracts = sorted(map(str, ROOT.glob("plugins/*/tests/test_contract.py")))
        run("-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", f"--crmcore-report={report}", *contracts)
        drawn = run("-m", "crmcore", "plugins", "matrix", str(report), "--markdown", "--lang", "en")
    return f"{INTRO}\n{drawn}"


def run(*arguments: str) -> str:
    """One command from the root of the checkout; one that fails ends this one with what it said."""
    environ = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environ, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout
