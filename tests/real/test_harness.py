"""What the harness itself promises: nothing of it stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.real.kannel import HERE, eventually

pytestmark = pytest.mark.real

STARTER = """
import pathlib, sys, time
from tests.real.kannel import Kannel, Receiver
kannel = Kannel(pathlib.Path(sys.argv[1]), Receiver())
print(*[box.pid for box in kannel._boxes], kannel.smsc.process.pid, flush=True)
time.sleep(60)
"""


def _runs(pid: int) -> bool:
    """Is the process there, other than as a corpse nobody has buried?"""
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in {"Z", "X"}
    return False


def test_everything_ends_with_a_killed_run(tmp_path):
    """SIGKILL to the test run ends both boxes and the SMSC."""
    run = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=HERE.parent.parent
    )
    pids = [int(pid) for pid in run.stdout.readline().split()]
    alive = [_runs(pid) for pid in pids]
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()

    assert [True] * 3 == alive
    eventually(lambda: not any(_runs(pid) for pid in pids), "everything to end", 10)
