"""What it costs to import crmcore and to ask for help; as CPU over a bare interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measure import Row, interleaved, median
from bench.measure import run as sample

ROUNDS = 11


def run() -> list[Row]:
    crmcore = str(Path(sys.executable).parent / "crmcore")
    found = interleaved(
        {
            "bare": lambda: sample(sys.executable, "-c", "pass"),
            "import": lambda: sample(sys.executable, "-c", "import crmcore"),
            "help": lambda: sample(crmcore, "--help"),
        },
        ROUNDS,
    )
    bare, imported, helped = (1000 * median(found[name]) for name in ("bare", "import", "help"))
    return [
        Row(
            "import crmcore, over a bare interpreter",
            imported - bare,
            unit="ms",
            limit=60,
            note=f"bare: {bare:.0f} ms CPU",
        ),
        Row("crmcore --help", helped, unit="ms", limit=150, note="CPU, whole process"),
    ]
