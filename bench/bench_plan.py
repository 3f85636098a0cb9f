"""One day's plan over a million visits, against writing what it wrote and against a scan of what is stored.

The stores are written once and kept under bench/out/plan; each sample works on a copy.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import HERE, OUT, Row, Sample, interleaved, median
from bench.measure import run as sample

STORES = OUT / "plan"
#: What a store is made from: a change of these makes it anew.
MAKERS = (HERE / "plan_store.py", HERE.parent / "src" / "crmcore" / "db" / "schema.py")
MILLION, HUNDRED = 1_000_000, 100_000


def run() -> list[Row]:
    full, small, asleep = _store(MILLION, MILLION), _store(HUNDRED, HUNDRED), _store(MILLION, HUNDRED)
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        place = Path(folder)
        planned = place / "planned"
        _plan(full, planned, keep=True)
        found = interleaved(
            {
                "plan": lambda: _plan(full, place / "full"),
                "write": lambda: _write(full, planned, place / "written"),
                "scan": lambda: sample(sys.executable, "-m", "bench.run_plan_scan", str(full / "crm.db")),
                "small": lambda: _plan(small, place / "small"),
                "asleep": lambda: _plan(asleep, place / "asleep"),
            }
        )
    cpu = {name: median(samples, lambda one: one.said["cpu"]) for name, samples in found.items()}
    told = found["plan"][-1].said
    new = f"{told['added']:,} new touchpoints, {told['texts']:,} texts"
    version = found["write"][-1].said["sqlite"]
    return [
        Row(f"one day's plan over {MILLION:,} visits", cpu["plan"], unit="s", limit=1, note=f"CPU; {new}"),
        Row(
            "the same plan / inserting its rows",
            cpu["plan"] / cpu["write"],
            note=f"sqlite3 {version}, executemany of prepared tuples: {cpu['write']:.2f} s",
        ),
        Row(
            "reading every visit and car once / the same plan",
            cpu["scan"] / cpu["plan"],
            note=f"tuples, nothing decided: {cpu['scan']:.2f} s",
        ),
        Row(
            f"as much due among {MILLION:,} visits / among {HUNDRED:,}",
            cpu["asleep"] / cpu["small"],
            limit=1.2,
            note=f"{cpu['asleep']:.2f} s / {cpu['small']:.2f} s; {found['small'][-1].said['added']:,} new touchpoints",
        ),
    ]


def _store(visits: int, awake: int) -> Path:
    folder = STORES / f"{visits}-{awake}"
    made = folder / "made"
    if not made.exists() or made.stat().st_mtime < max(file.stat().st_mtime for file in MAKERS):
        shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.write(f"  writing a store of {visits:,} visits into {folder} …\n")
        subprocess.run(
            [sys.executable, "-m", "bench.plan_store", str(folder), str(visits), str(awake)],
            cwd=HERE.parent,
            check=True,
        )
        made.touch()
    return folder


def _copied(store: Path, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    return Path(shutil.copytree(store, place))


def _plan(store: Path, place: Path, *, keep: bool = False) -> Sample:
    found = sample(sys.executable, "-m", "bench.run_plan", str(_copied(store, place)))
    if not keep:
        shutil.rmtree(place)
    return found


def _write(store: Path, planned: Path, place: Path) -> Sample:
    """The peer: the rows that the plan added, into the store as it was before."""
    target = _copied(store, place) / "crm.db"
    found = sample(sys.executable, "-m", "bench.run_plan_write", str(planned / "crm.db"), str(target))
    shutil.rmtree(place)
    return found
