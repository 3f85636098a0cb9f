"""The public API under the type checkers that users run: mypy and pyright, both strict. `make types` runs these."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RIGHT, WRONG = ROOT / "tests/typing/api.py", ROOT / "tests/typing/wrong.py"

pytestmark = pytest.mark.types


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def mypy(path: Path) -> dict[int, str]:
    """What mypy has against each line."""
    told = run("mypy", "--no-error-summary", str(path))
    found = re.findall(rf"^{re.escape(path.relative_to(ROOT).as_posix())}:(\d+): error: (.*)$", told, re.MULTILINE)

    assert len(found) == len(re.findall(r": error:", told)), told
    return {int(line): said for line, said in found}


def pyright(path: Path) -> dict[int, str]:
    """What pyright has against each line."""
    told = json.loads(run("pyright", "--outputjson", "--pythonpath", sys.executable, str(path)))

    assert told["summary"]["filesAnalyzed"] >= 1
    return {each["range"]["start"]["line"] + 1: each["message"] for each in told["generalDiagnostics"]}


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_the_intended_form_is_right(checker):
    """Neither checker has anything against the public API as it is meant to be used."""
    assert {} == checker(RIGHT)


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_mistake_is_seen(checker):
    """Each planted mistake is found and nothing else, so that nothing of the API is `Any` in silence."""
    planted = {number for number, line in enumerate(WRONG.read_text("utf-8").splitlines(), 1) if "# wrong" in line}
    planted -= {1}  # the docstring speaks of the mark
    found = checker(WRONG)

    assert len(planted) > 10
    assert sorted(planted) == sorted(found), found
