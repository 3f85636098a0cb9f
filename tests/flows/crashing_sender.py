"""Run by test_send_crash.py in a process of its own: sends what is due and dies where it is told.

usage: crashing_sender.py DATABASE_URL VENDOR_LOG POINT NTH NOW KIND
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime, time, timedelta
from pathlib import Path

from crmcore.db import messages
from crmcore.db.engine import Database
from crmcore.flows import send as flow
from crmcore.flows.guarding import Guard
from crmcore.hooks.adapters import FindsMessages, Found, MessagingAdapter
from crmcore.rules.messages import BreakerPolicy, SendPolicy
from crmcore.rules.permit import ContactPolicy, QuietHours
from crmcore.types.contact import Accepted
from crmcore.types.customer import Channel
from crmcore.types.store import Store

url, log, point, nth, now, kind = sys.argv[1:7]
log_file = Path(log)
countdown = {"left": int(nth)}


def die_at(here: str) -> None:
    """Kill -9 the n-th time `here` is reached."""
    if here == point:
        countdown["left"] -= 1
        if countdown["left"] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Vendor(MessagingAdapter[None]):
    """Writes each text it takes to a file, durably: what is there has reached the customer."""

    name = "vendor"
    Config = type(None)
    channels = frozenset({Channel.SMS})

    def __init__(self) -> None:
        """No config, no context."""

    def send(self, message, *, key):
        die_at("before_vendor")
        with log_file.open("a") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        die_at("after_vendor")
        return Accepted(ref=key)


class AskableVendor(Vendor, FindsMessages):
    """Can be asked whether it has a key; its log does not lag."""

    absence_is_proof_after = timedelta(seconds=1)

    def find(self, message, *, key, sent_at):
        taken = log_file.read_text().split() if log_file.exists() else []
        return Found(ref=key) if key in taken else None


def dying(function, before, after):
    def wrapped(*args, **kwargs):
        die_at(before)
        result = function(*args, **kwargs)
        die_at(after)
        return result

    return wrapped


class Clock:
    def now(self):
        return datetime.fromisoformat(now)


def guard(_message, _customer):
    """A plugin that is asked before each text leaves, and refuses none."""
    die_at("while_a_plugin_is_asked")


messages.claim = dying(messages.claim, "before_claim", "inside_claim_transaction")
messages.record = dying(messages.record, "before_record", "inside_record_transaction")
flow.attempt = dying(flow.attempt, "after_claim_commit", "after_call")

policies = flow.Policies(
    contact=ContactPolicy(quiet=QuietHours(time(21), time(8)), max_per_day=9, max_per_week=9),
    sending=SendPolicy(
        max_attempts=9,
        max_age_hours=99,
        backoff_seconds=1,
        backoff_cap_seconds=2,
        lease_seconds=600,
        receipt_wait_hours=24,
    ),
    breaker=BreakerPolicy(sample=20, min_calls=10, failure_ratio=0.5, pause_seconds=1),
)
vendor = AskableVendor() if kind == "askable" else Vendor()
with Database(url) as db:
    flow.send_due(
        db,
        [flow.Account(name="sms", adapter=vendor)],
        {"S01": Store(code="S01", name="x")},
        policies,
        Clock(),
        dry_run=False,
        guards=[Guard("guard", guard)],
    )
