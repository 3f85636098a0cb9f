"""Run by test_responses.py in a process of its own: takes in a bad answer, and dies where it is told.

usage: crashing_survey.py DATABASE_URL POINT NOW
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime

from tests.flows.surveying import Vendor, filled, pull

from crmcore.db import complaints, sources, surveys
from crmcore.db.engine import Database
from crmcore.flows import evidence

url, point, now = sys.argv[1:4]


def dying(function, name):
    def wrapped(*args, **kwargs):
        if point == f"before_{name}":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if point == f"after_{name}":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


class Clock:
    def now(self):
        return datetime.fromisoformat(now)


surveys.keep = dying(surveys.keep, "response")
complaints.enter = dying(complaints.enter, "case")
evidence.Cases.keep = dying(evidence.Cases.keep, "evidence")
sources.remember = dying(sources.remember, "digest")

with Database(url) as db:
    pull(db, Clock(), Vendor(), filled(visit="RO2", answers={"OVERALL": "2"}))
