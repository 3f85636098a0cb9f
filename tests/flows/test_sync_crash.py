"""A sync that is killed: nothing lost, nothing twice."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select
from tests.flows.syncing_process import Slow, batches, run

from crmcore.db import schema
from crmcore.db.engine import Database

COUNTED = ("customer", "contact_point", "visit", "visit_line", "external_ref", "source_row", "reject", "proposal")


def counts(db):
    with db.reading() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(schema.metadata.tables[name])).scalar_one()
            for name in COUNTED
        }


def killed_after(url, folder, lines):
    """Start the process, and kill -9 it after it has committed `lines` batches and a little more."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "syncing_process.py"), url, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(lines):
        if "committed" not in process.stdout.readline():
            break
    if lines % 2:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=random.Random(lines).uniform(0, 0.03))
    process.kill()
    process.communicate()


def test_a_killed_sync_goes_on_where_it_was(db, tmp_path):
    """Killed five times at any point, then run to its end: the store is what one undisturbed run makes it."""
    url = db.url.render_as_string(hide_password=False)
    for committed in (1, 3, 2, 1, 3):
        killed_after(url, tmp_path, committed)
    run(db, tmp_path, Slow(*batches()))
    with Database(f"sqlite:///{tmp_path / 'undisturbed.db'}") as other:
        schema.metadata.create_all(other.engine)
        run(other, tmp_path, Slow(*batches()))
        expected = counts(other)

    assert expected == counts(db)


def test_killed_before_it_began_to_write_it_begins_anew(db, tmp_path):
    """A process that was killed before its first commit has left nothing but the name of its source."""
    killed_after(db.url.render_as_string(hide_password=False), tmp_path, 0)
    report = run(db, tmp_path, Slow(*batches())).sources[0]

    assert report.read == report.accepted + report.unchanged + report.duplicates + report.rejected
