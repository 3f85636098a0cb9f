"""What a newcomer without make does: pip into an empty environment, then the demo; built, not editable."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]


def test_the_readmes_pip_commands_work_in_an_empty_environment(tmp_path):
    """The README's own lines install core and plugins from the checkout, and the demo runs from what was installed."""
    block = next(
        block
        for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
        if "pip install" in block
    )
    install = next(line for line in block.splitlines() if "pip install" in line).split("pip install ")[1]
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    wanted = [part.strip('"') for part in install.split()]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], cwd=ROOT, check=True, timeout=500)
    done = subprocess.run(
        [python, "-I", "-m", "crmcore", "demo", "--folder", str(tmp_path / "demo"), "--lang", "zh"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1"},
        check=False,
        timeout=120,
    )
    where = subprocess.run(
        [python, "-I", "-c", "import crmcore; print(crmcore.__file__)"], capture_output=True, text=True, check=True
    ).stdout

    assert 0 == done.returncode, done.stderr
    assert str(ROOT) not in where
    assert {"crm.toml", "crm.db", "worklist.xlsx", "rejects.csv", "report.html"} <= {
        file.name for file in (tmp_path / "demo").iterdir()
    }
    assert sys.version_info >= (3, 11)
