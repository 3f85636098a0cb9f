"""Runs the documentation: every code block of every page is executed.

A page has a folder of its own, in which its blocks run from top to bottom. `python` blocks run as they stand; `console` blocks run
each `$ command` and compare what it prints with what the page shows ("..." stands for anything). A `python`, `toml`, `csv` or `json`
block whose first line names a file ("# crm.toml") is written to that folder; any other must at least be well-formed, as must a drawing
(`mermaid`). `sh` and `powershell` blocks are the set-up commands of a bare checkout, which the gate itself runs: here each must
name what exists. Of `pip install -e` of a project on the page only the outcome is made: it can be imported, and is found as installed.
Several processes share the pages with `--dist loadfile`, as the blocks of a page belong together.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parent
_RUN = PythonEvaluator()
_FILE = re.compile(r"^(?:#|//|<!--)\s*([\w./-]+\.(?:toml|csv|json|py|txt))\s*(?:-->)?\s*$")


def _setup(namespace: dict[str, Any]) -> None:
    folder = tempfile.mkdtemp(prefix="crmcore-docs-")
    patch = pytest.MonkeyPatch()
    namespace["environ"] = dict(os.environ)
    patch.chdir(folder)
    patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    for name, value in {"PYTHONUTF8": "1", "COLUMNS": "160", "NO_COLOR": "1"}.items():
        patch.setenv(name, value)
    namespace.update(folder=folder, patch=patch)


def _teardown(namespace: dict[str, Any]) -> None:
    """Whatever the page left running ends with it."""
    for held in namespace.values():
        if isinstance(held, subprocess.Popen):
            held.terminate()
            held.wait()
    namespace["patch"].undo()
    os.environ.clear()
    os.environ.update(namespace["environ"])  # what the page has set as well
    shutil.rmtree(namespace["folder"], ignore_errors=True)


def _console(example: Example) -> str | None:
    """Run each `$ ` line; what follows it, up to the next, is what it must print."""
    problems = []
    for block in re.split(r"^\$ ", example.parsed, flags=re.MULTILINE)[1:]:
        command, _, expected = block.partition("\n")
        done = subprocess.run(  # noqa: S602 - the page's own command, as the reader would type it
            command,
            shell=True,
            cwd=example.namespace["folder"],
            env={**os.environ, "CRMCORE_LANG": "zh" if example.path.endswith(".zh.md") else "en"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        printed = (done.stdout + done.stderr).rstrip()
        pattern = ".*?".join(re.escape(piece) for piece in expected.rstrip().split("..."))
        if expected.strip() and not re.fullmatch(pattern, printed, flags=re.DOTALL):
            problems.append(f"$ {command}\nexpected:\n{expected.rstrip()}\nprinted:\n{printed}")
        elif not expected.strip() and done.returncode not in {0, 1}:
            problems.append(f"$ {command}\nexit code {done.returncode}:\n{printed}")
    return "\n\n".join(problems) or None


def _file(language: str, example: Example) -> str | None:
    """Write a block that names its file; check the others for form."""
    first, _, rest = example.parsed.partition("\n")
    if match := _FILE.match(first):
        target = Path(example.namespace["folder"]) / match[1]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rest if target.suffix in {".csv", ".json", ".py"} else example.parsed, encoding="utf-8")
        return None
    match language:
        case "toml":
            tomllib.loads(example.parsed)
        case "json":
            json.loads(example.parsed)
        case "csv":
            list(csv.reader(io.StringIO(example.parsed), strict=True))
    return None


def _python(example: Example) -> str | None:
    """Write a block that names its file; run the others."""
    if _FILE.match(example.parsed.partition("\n")[0]):
        return _file("python", example)
    _RUN(example)
    return None


def _installed(example: Example, project: Path) -> None:
    """What `pip install -e` leaves of a project: its source on Python's path, and the metadata that names its entry points."""
    told = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    info = project.parent / ".site" / f"{told['name'].replace('-', '_')}-{told['version']}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {told['name']}\nVersion: {told['version']}\n")
    groups = told["entry-points"].items()
    lines = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in each.items()) for group, each in groups]
    (info / "entry_points.txt").write_text("".join(lines))
    for path in (info.parent, project / "src"):
        example.namespace["patch"].setenv("PYTHONPATH", str(path), prepend=os.pathsep)


def _bare(example: Example) -> str | None:
    """Set-up commands: every make target, extra and folder they name exists."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    wrong = [name for name in re.findall(r"^make ([\w-]+)", example.parsed, flags=re.MULTILINE) if name not in targets]
    for group in re.findall(r"\[([\w,]+)\]", example.parsed):
        wrong += [name for name in group.split(",") if name not in extras]
    for name in re.findall(r'^pip install -e "\./([\w-]+)', example.parsed, flags=re.MULTILINE):
        _installed(example, Path(example.namespace["folder"]) / name)
    for path in re.findall(r"plugins[/\\]\w+", example.parsed):
        if not (ROOT / path.replace("\\", "/")).is_dir():
            wrong.append(path)
    return f"does not exist: {', '.join(wrong)}" if wrong else None


def _drawing(example: Example) -> str | None:
    """A state diagram: every line is one step from state to state, as mermaid reads it."""
    first, *steps = example.parsed.strip().splitlines()
    wrong = [step for step in steps if not re.fullmatch(r"\s+(?:\[\*\]|\w+) --> (?:\[\*\]|\w+)(?:: [\w, ]+)?", step)]
    if first != "stateDiagram-v2" or not steps or wrong:
        return f"no state diagram: {first}, {wrong}"
    return None


pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser("python", _python),
        CodeBlockParser("console", _console),
        CodeBlockParser("mermaid", _drawing),
        *(CodeBlockParser(language, functools.partial(_file, language)) for language in ("toml", "csv", "json")),
        *(CodeBlockParser(language, _bare) for language in ("sh", "powershell")),
    ],
    patterns=["*.md"],
    setup=_setup,
    teardown=_teardown,
).pytest()
