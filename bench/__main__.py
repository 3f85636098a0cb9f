"""`python -m bench`: CPU ratios against named peers, side by side in one run, printed as a table. `python -m bench plan` runs one part.

Every sample is a fresh process; user and system CPU come from `os.wait4`; samples of what is compared are interleaved, and the
median counts. Nothing here is a test: a figure that is missed is said so in the table.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from bench.measure import OUT, Row, table

PARTS = ("sync", "start", "plan")


def main(wanted: list[str]) -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for part in wanted or PARTS:
        if (Path(__file__).parent / f"bench_{part}.py").exists():
            rows += importlib.import_module(f"bench.bench_{part}").run()
    sys.stdout.write(table(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
