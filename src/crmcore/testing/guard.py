"""Watches what Python itself reports: files and connections that are opened, threads and processes that are started.

Audit hooks cannot be taken away again, so one is added when a check first needs it, and asks whether anybody is watching.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import sysconfig
import threading
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_EVENTS = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system", "os.mkdir", "os.remove",
     "os.rename", "_thread.start_new_thread", "sqlite3.connect"}
)  # fmt: skip

_watchers: list[_Watcher] = []
_hooked: list[bool] = []


class _Watcher:
    """Collects what one thread does."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.thread = threading.get_ident()
        self.allowed = allowed
        self.done: list[str] = []

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode = str(arguments[0]), arguments[1]
            writes = isinstance(mode, str) and bool(set(mode) & set("wax+"))
            if writes or not (path.endswith((".py", ".pyc", ".so", ".pyd")) or path.startswith(self.allowed)):
                self.done.append(f"open {Path(path).name}")
        elif event in _EVENTS:
            self.done.append(event)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watchers and (event in _EVENTS or event == "open"):
        for watcher in _watchers:
            if watcher.thread == threading.get_ident():
                watcher.see(event, arguments)


@contextlib.contextmanager
def watching(cls: type) -> Iterator[list[str]]:
    """What this thread opens and starts meanwhile; code, and what lies in the package of `cls` or in Python itself, may be read."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    spec = importlib.util.find_spec(cls.__module__.partition(".")[0])
    package = tuple(str(place) for place in (spec.submodule_search_locations or ())) if spec else ()
    home = tuple({sysconfig.get_path(name) for name in ("stdlib", "platlib", "purelib")})
    watcher = _Watcher((*package, *home, *zoneinfo.TZPATH))
    _watchers.append(watcher)
    try:
        yield watcher.done
    finally:
        _watchers.remove(watcher)


def opened() -> set[str]:
    """Threads that run, and what the process holds open, where the system says so."""
    threads = {f"thread {thread.name}" for thread in threading.enumerate()}
    table = Path("/proc/self/fd")
    if not table.is_dir():
        return threads
    held = set()
    for name in os.listdir(table):  # noqa: PTH208 - the listing itself holds one, which is gone when it is looked at
        with contextlib.suppress(OSError):
            held.add(f"{name} {os.readlink(table / name)}")  # noqa: PTH115 - what a descriptor points at is no path
    return threads | held


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below `folder` with its size and time."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
