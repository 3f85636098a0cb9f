"""A process that syncs slowly, to be killed: `python syncing_process.py URL FOLDER`; writes a line after each batch."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.flows.fake_dms import STORES, FakeDms, entry, visit

from crmcore.db.engine import Database
from crmcore.flows.sync import Source, sync

BATCHES, ROWS = 12, 25


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def batches():
    """The same rows in every process; every tenth is bad, every eleventh a repetition."""
    for batch in range(BATCHES):
        rows = []
        for number in range(batch * ROWS, (batch + 1) * ROWS):
            phone = "1.38E+10" if number % 10 == 3 else f"1380013{number % 40:04d}"
            same = number - 1 if number % 11 == 5 else number
            who = {"name": f"王{'甲乙丙丁'[number % 4]}", "phone": phone}
            rows.append(entry(f"ro.csv:{number}", visit(f"RO{same}", customer=who, lines=[{"op_name": "保养"}])))
        yield rows


class Slow(FakeDms):
    """Says when a batch was committed: the core asks for the next one."""

    def pull(self, cursor):
        for batch in super().pull(cursor):
            yield batch
            os.write(1, b"committed\n")
            time.sleep(0.02)


def run(db, folder, adapter):
    return sync(
        db,
        [Source(name="main", system="main", adapter=adapter, store="S01")],
        stores=STORES,
        clock=_Clock(),
        folder=folder,
    )


if __name__ == "__main__":
    with Database(sys.argv[1]) as database:
        run(database, Path(sys.argv[2]), Slow(*batches()))
