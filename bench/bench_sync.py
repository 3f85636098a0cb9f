"""sync of one export of visits, against writing the same rows, and against dlt."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import HERE, OUT, Row, Sample, interleaved, median
from bench.measure import run as sample
from crmcore.sample.bulk import stream_csv

ROWS = int(os.environ.get("BENCH_ROWS", "300000"))
MEMORY = (100_000, 1_000_000)
DLT = "dlt[sqlalchemy]==1.31.0"


def ratios(folder: Path) -> list[Row]:
    files = {name: folder / name / "ro.csv" for name in ("first", "shuffled", "changed")}
    for file in files.values():
        file.parent.mkdir()
    stream_csv(files["first"], ROWS)
    stream_csv(files["shuffled"], ROWS, shuffle=True)
    stream_csv(files["changed"], ROWS, change=0.01)
    synced = folder / "synced.db"
    _sync(synced, files["first"])
    peer = _dlt_python()
    variants = {
        "write": lambda: _write(synced, folder),
        "first": lambda: _sync(_fresh(folder / "first.db"), files["first"]),
        "same": lambda: _again(synced, folder, files["first"]),
        "shuffled": lambda: _again(synced, folder, files["shuffled"]),
        "changed": lambda: _again(synced, folder, files["changed"]),
    }
    if peer is not None:
        variants["dlt"] = lambda: _dlt(peer, folder, files["first"])
    found = interleaved(variants)
    first = median(found["first"])
    write = median(found["write"], lambda sample: sample.said["cpu"])
    rows = [
        Row(
            f"first sync of {ROWS:,} rows / writing those very rows",
            first / write,
            limit=3.5,
            note=f"{first:.1f} s / {write:.1f} s CPU; aim 2",
        ),
        *(
            Row(what, median(found[name]) / first, limit=limit, note=_told(found[name][-1]))
            for name, what, limit in (
                ("same", "the same bytes again / first", 0.02),
                ("shuffled", "the same rows in another order / first", 0.3),
                ("changed", "1 % of the rows changed / first", 0.35),
            )
        ),
    ]
    if peer is None:
        rows.append(Row("dlt / first sync", None, limit=2, least=True, note="dlt could not be installed"))
    else:
        seconds = median(found["dlt"])
        version = found["dlt"][-1].said["version"]
        rows.append(
            Row(
                "dlt's merge of the same file / first sync",
                seconds / first,
                limit=2,
                least=True,
                note=f"dlt {version}: {seconds:.1f} s CPU; aim 4",
            )
        )
    return rows


def memory(folder: Path) -> list[Row]:
    peaks = []
    for size in MEMORY:
        file = folder / f"{size}.csv"
        stream_csv(file, size)
        peaks.append(_sync(_fresh(folder / "memory.db"), file).rss_mb)
        file.unlink()
    note = " / ".join(f"{peak:.0f} MB" for peak in reversed(peaks))
    return [Row("peak memory of 1,000,000 rows / 100,000 rows", peaks[1] / peaks[0], limit=1.2, note=note)]


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        return ratios(Path(folder)) + memory(Path(folder))


def _fresh(database: Path) -> Path:
    for file in database.parent.glob(database.name + "*"):
        file.unlink()
    return database


def _sync(database: Path, file: Path) -> Sample:
    return sample(sys.executable, str(HERE / "run_sync.py"), str(database), str(file))


def _again(synced: Path, folder: Path, file: Path) -> Sample:
    copy = _fresh(folder / "again.db")
    shutil.copy(synced, copy)
    return _sync(copy, file)


def _write(synced: Path, folder: Path) -> Sample:
    return sample(sys.executable, str(HERE / "run_write.py"), str(synced), str(_fresh(folder / "written.db")))


def _dlt(python: Path, folder: Path, file: Path) -> Sample:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        return sample(str(python), str(HERE / "run_dlt.py"), own, str(file))


def _dlt_python() -> Path | None:
    """Dlt in a venv of its own, so that nothing it installs touches ours."""
    python = OUT / "dlt" / "bin" / "python"
    if not python.exists():
        sys.stderr.write(f"  installing {DLT} into {OUT / 'dlt'} …\n")
        made = subprocess.run([sys.executable, "-m", "venv", str(OUT / "dlt")], check=False)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", DLT]
        if made.returncode or subprocess.run(pip, check=False, capture_output=True).returncode:
            shutil.rmtree(OUT / "dlt", ignore_errors=True)
            return None
    return python


def _told(sample: Sample) -> str:
    counts = sample.said
    return f"{sample.cpu:.2f} s; accepted {counts['accepted']:,}, unchanged {counts['unchanged']:,}, rejected {counts['rejected']:,}"
