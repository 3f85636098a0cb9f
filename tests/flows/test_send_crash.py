"""kill -9 at every point of the sending protocol: nobody is texted twice, and what is in doubt is seen."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

POINTS = (
    "while_a_plugin_is_asked",
    "before_claim",
    "inside_claim_transaction",
    "after_claim_commit",
    "before_vendor",
    "after_vendor",
    "after_call",
    "before_record",
    "inside_record_transaction",
)
SENDER = Path(__file__).with_name("crashing_sender.py")
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
KILLED = -9


def run(db, log, point, nth, now, kind):
    url = db.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, str(SENDER), url, str(log), point, str(nth), now.isoformat(), kind]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("kind", ["silent", "askable"])
def test_a_kill_at_any_point_sends_nothing_twice(world, db, clock, tmp_path, kind):
    """Killed at each point in turn and started again: no key reaches the vendor twice.

    A vendor that can be asked gets every text exactly once; with one that cannot, what may have gone waits for a person.
    """
    clock.at = NOON
    log = tmp_path / "vendor.log"
    for _ in range(2 * len(POINTS)):
        world.text()
    now = NOON
    for index, point in enumerate(POINTS):
        done = run(db, log, point, 1 + index % 2, now, kind)
        assert KILLED == done.returncode, (point, done.stderr[-500:])
        now += timedelta(minutes=11)
    for _ in range(4):
        done = run(db, log, "nowhere", 1, now, kind)
        assert 0 == done.returncode, done.stderr[-2000:]
        now += timedelta(minutes=11)
    sent = Counter(log.read_text().split())
    states = Counter(world.states().values())

    assert {1} == set(sent.values())
    if kind == "askable":
        assert {"ACCEPTED": 2 * len(POINTS)} == dict(states)
        assert 2 * len(POINTS) == len(sent)
    else:
        assert {"ACCEPTED", "NEEDS_REVIEW"} == set(states)
        assert 2 * len(POINTS) == states["ACCEPTED"] + states["NEEDS_REVIEW"]
