"""Run by test_alert.py in a process of its own: tells what is owed and dies where it is told.

usage: crashing_speaker.py DATABASE_URL GROUP_LOG POINT NOW
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from crmcore.db import alerts
from crmcore.db.engine import Database
from crmcore.flows.alert import speak_up
from crmcore.flows.send import Account
from crmcore.hooks.adapters import MessagingAdapter
from crmcore.rules.alerts import AlertPolicy
from crmcore.types.contact import Accepted
from crmcore.types.customer import Channel
from crmcore.types.store import Store

url, log, point, now = sys.argv[1:5]


def die_at(here: str) -> None:
    if here == point:
        os.kill(os.getpid(), signal.SIGKILL)


class Group(MessagingAdapter[None]):
    """Writes each text to a file, durably: what is there has been read."""

    name = "group"
    Config = type(None)
    channels = frozenset({Channel.GROUP})

    def __init__(self) -> None:
        """No config, no context."""

    def send(self, message, *, key):
        die_at("before_call")
        with Path(log).open("a") as file:
            file.write(message.text + "\n")
            file.flush()
            os.fsync(file.fileno())
        die_at("after_call")
        return Accepted()


class Clock:
    def now(self):
        return datetime.fromisoformat(now)


marked = alerts.told


def told(*args):
    die_at("before_mark")
    done = marked(*args)
    die_at("inside_mark")
    return done


alerts.told = told
with Database(url) as db:
    policy = AlertPolicy(per_run=5, retry_minutes=10)
    stores = {"S01": Store(code="S01", name="x")}
    speak_up(db, [Account(name="group", adapter=Group())], stores, policy, Clock(), lang="zh", dry_run=False)
