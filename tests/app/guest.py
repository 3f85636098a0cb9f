"""A program that embeds crmcore, in a process of its own: `python guest.py FOLDER URL WANTED` prints as JSON what it noticed."""

from __future__ import annotations

import decimal
import gc
import json
import locale
import logging
import os
import random
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import attrs

from crmcore import Crm
from crmcore.hooks import DmsAdapter, MessagingAdapter, Secret
from crmcore.hooks.records import Batch, Entry, Record
from crmcore.types.contact import Accepted
from crmcore.types.customer import Channel

FOLDER = Path(sys.argv[1])
VISIT = {
    "key": "RO1",
    "status": "CLOSED",
    "closed_at": "2026-11-19 16:00",
    "customer": {"name": "王小明", "phone": "13800130001"},
}


@attrs.frozen
class Settings:
    token: Secret


class Exports(DmsAdapter):
    name = "exports"
    Config = Settings

    def pull(self, cursor):
        if cursor is None:
            records = (Record("visit", VISIT),)
            yield Batch((Entry(("ro:1",), b"0123456789abcdef", lambda: records, dict),), "1")


class Paper(MessagingAdapter):
    name = "paper"
    channels = frozenset({Channel.SMS})
    Config = Settings

    def send(self, message, *, key):
        return Accepted()


def opened(name: str, **more):
    said = {
        "store": {"code": "S01", "name": "示范店"},
        "database": {"url": f"sqlite:///{FOLDER / name}.db"},
        "dms": {"main": {"adapter": "exports", "token": {"env": "DMS_TOKEN"}}},
        "messaging": {"sms": {"adapter": "paper", "token": "s3cret"}},
    }
    return Crm(said, adapters=[Exports, Paper], **more)


def live(name: str) -> None:
    """What an application does all day."""
    with opened(name) as crm:
        crm.run(yes=True)
        assert crm.customers.find(phone="13800130001")
        crm.report()
        crm.events.since()
        crm.complaints.open()


def state() -> dict[str, object]:
    """All that a library could change for everybody else in the process, and should not."""
    loggers = [
        logging.getLogger(),
        *(each for each in logging.Logger.manager.loggerDict.values() if isinstance(each, logging.Logger)),
    ]
    speaking = (logging.NullHandler,)
    return {
        "signals": {str(number): repr(signal.getsignal(number)) for number in signal.valid_signals()},
        "handlers": [
            (each.name, repr(handler))
            for each in loggers
            for handler in each.handlers
            if not isinstance(handler, speaking)
        ],
        "levels": [
            (each.name, each.level, each.disabled, each.propagate)
            for each in loggers
            if each.level or each.disabled or not each.propagate
        ],
        "logging": (logging.root.manager.disable, repr(logging.getLoggerClass()), repr(logging.getLogRecordFactory())),
        "collector": (gc.isenabled(), gc.get_threshold(), len(gc.callbacks)),
        "hooks": [
            repr(each)
            for each in (
                sys.excepthook,
                threading.excepthook,
                sys.unraisablehook,
                sys.displayhook,
                sys.stdout,
                sys.stderr,
            )
        ],
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), socket.getdefaulttimeout()),
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "mask": (mask := os.umask(0o22), os.umask(mask))[0],
        "locale": locale.setlocale(locale.LC_ALL),
        "random": hash(random.getstate()),
        "decimal": repr(decimal.getcontext()),
        "zone": time.tzname,
        "threads": [thread.name for thread in threading.enumerate()],
    }


def changes() -> list[str]:
    """The names of what was there before a second `Crm` lived and died, and is another thing afterwards."""
    live("first")  # what is imported when it is first needed is imported now
    before = state()
    live("second")
    after = state()
    return [name for name in before if before[name] != after[name]]


def asked() -> list[str]:
    """Which variables of the environment code of crmcore has asked for."""
    found: set[str] = set()
    real = os._Environ.__getitem__

    def watched(self, key):
        frame = sys._getframe(1)
        while frame is not None and Path(frame.f_code.co_filename).name in {
            "os.py",
            "<frozen os>",
            "<frozen _collections_abc>",
            "_collections_abc.py",
        }:
            frame = frame.f_back
        if frame is not None and "crmcore" in Path(frame.f_code.co_filename).parts:
            found.add(key)
        return real(self, key)

    os._Environ.__getitem__ = watched
    try:
        live("asking")
    finally:
        os._Environ.__getitem__ = real
    return sorted(found)


def forked() -> list[int]:
    """A child goes on with the `Crm` that its parent opened; both work at once, fifty times. The exit code of each."""
    with opened("forked", connection=sys.argv[2]) as crm:
        crm.sync()
        child = os.fork()
        try:
            for _ in range(50):
                crm.plan()
                assert crm.customers.find(phone="13800130001")
        except BaseException:
            if child == 0:
                os._exit(1)
            raise
        if child == 0:
            os._exit(0)
        return [0, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]


def talked() -> int:
    """One request before a fork and one each after it by child and parent, to URL; the exit code of the child."""
    from crmcore.http import HttpClient

    client = HttpClient()
    client.read("GET", sys.argv[2])
    if (child := os.fork()) == 0:
        try:
            client.read("GET", sys.argv[2])
            os._exit(0)
        finally:
            os._exit(1)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    client.read("GET", sys.argv[2])
    client.close()
    return ended


if __name__ == "__main__":
    os.environ["DMS_TOKEN"] = "t0ken"
    wanted = {"changes": changes, "asked": asked, "forked": forked, "talked": talked}
    sys.stdout.write(json.dumps(wanted[sys.argv[3]]()))
