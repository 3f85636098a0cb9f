"""A folder with a crm.toml, and the command run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from crmcore.cli.frame import cli

TOML = """
lang = "en"
[store]
code = "S01"
name = "示范店"
"""


@attrs.define
class Shell:
    """Runs `crmcore …` in a folder of its own."""

    folder: Path

    def toml(self, text: str = "") -> Path:
        path = self.folder / "crm.toml"
        path.write_text(TOML + text, "utf-8")
        return path

    def __call__(self, *arguments: str, given: str = "", **environ: str):
        """In this process; PYTHONIOENCODING makes its streams, as it does for a process."""
        runner = CliRunner(charset=environ.get("PYTHONIOENCODING", "utf-8"))
        return runner.invoke(cli, arguments, input=given, env={"CRMCORE_LANG": None, **environ})

    def json(self, *arguments: str, **environ: str):
        """The exit code and the object on stdout."""
        result = self(*arguments, "--json", **environ)
        return result.exit_code, json.loads(result.stdout)

    def really(self, *arguments: str, code: str = "", **environ: str):
        """A process of its own, with bytes as output."""
        lines = f"import sys\n{code}\nfrom crmcore.cli import main\nsys.exit(main(sys.argv[1:]))"
        return subprocess.run(
            [sys.executable, "-c", lines, *arguments],
            capture_output=True,
            cwd=self.folder,
            env={**os.environ, "CRMCORE_LANG": "zh", **environ},
            check=False,
            timeout=60,
        )


@pytest.fixture(name="crm")
def _crm(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path)
