"""Run by test_evidence.py in a process of its own: takes in a text that is a complaint, and dies where it is told.

usage: crashing_complaint.py DATABASE_URL POINT NOW
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime

from tests.flows.complaining import Texts, cases, push

from crmcore.db import alerts, complaint_clocks, complaint_history, complaints, inbox
from crmcore.db.engine import Database
from crmcore.flows import collect as flow

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


inbox.keep_reply = dying(inbox.keep_reply, "reply")
complaints.enter = dying(complaints.enter, "case")
complaint_clocks.start = dying(complaint_clocks.start, "clocks")
complaint_history.note = dying(complaint_history.note, "event")
complaint_history.keep_evidence = dying(complaint_history.keep_evidence, "evidence")
alerts.owe = dying(alerts.owe, "alert")

with Database(url) as db:
    if point != "again":
        with db.writing() as connection:
            inbox.store(connection, "sms", push("车又坏了，我要投诉", vendor_id="1"), Clock().now())
    flow.collect(db, {"sms": Texts()}, Clock(), cases=cases())
