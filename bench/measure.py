"""A sample is a fresh process and the CPU it used; a row of the table is a ratio, what was asked of it, and whether it was met."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

HERE = Path(__file__).parent
OUT = HERE / "out"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


@attrs.frozen
class Sample:
    """What one process used, and the JSON of its last line."""

    cpu: float
    rss_mb: float
    said: Mapping[str, Any]


@attrs.frozen
class Row:
    """One line of the table; `value` in `unit`, and the limit that was asked for (at most, or with `least` at least)."""

    what: str
    value: float | None
    unit: str = "x"
    limit: float | None = None
    least: bool = False
    note: str = ""

    @property
    def met(self) -> str:
        if self.limit is None:
            return ""
        if self.value is None:
            return "not measured"
        good = self.value >= self.limit if self.least else self.value <= self.limit
        return "met" if good else "MISSED"


def run(*command: str, timeout: float = 1800) -> Sample:
    """Run a command to its end; its CPU with all children it waited for."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            command, stdout=out, stderr=err, cwd=HERE.parent, env=os.environ | {"PYTHONHASHSEED": "0"}
        )
        timer = __import__("threading").Timer(timeout, process.kill)
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            sys.stderr.write(err.read())
            raise SystemExit(f"{' '.join(command[:3])} … ended with {process.returncode}")
        lines = out.read().strip().splitlines()
    said = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Sample(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said)


def interleaved(variants: Mapping[str, Callable[[], Sample]], rounds: int = ROUNDS) -> dict[str, list[Sample]]:
    """`rounds` samples of each, forwards, backwards, forwards …, so that a slow minute hits all alike."""
    found: dict[str, list[Sample]] = {name: [] for name in variants}
    for number in range(rounds):
        order = list(variants) if number % 2 == 0 else list(reversed(variants))
        for name in order:
            found[name].append(variants[name]())
            sys.stderr.write(f"  {name}: {found[name][-1].cpu:.2f} s CPU\n")
    return found


def median(samples: list[Sample], value: Callable[[Sample], float] = lambda sample: sample.cpu) -> float:
    return statistics.median(map(value, samples))


def table(rows: list[Row]) -> str:
    """All rows, aligned, for a terminal."""
    cells = [("what", "measured", "asked", "", "how")]
    for row in rows:
        asked = "" if row.limit is None else f"{'>=' if row.least else '<='} {row.limit:g} {row.unit}"
        value = "-" if row.value is None else f"{row.value:.3g} {row.unit}"
        cells.append((row.what, value, asked, row.met, row.note))
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], ""])
