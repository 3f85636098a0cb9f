"""What the small vendors on loopback share: a server between `with` and its end, of which nothing outlives the process."""

from __future__ import annotations

import queue
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, Self, TypeVar
from urllib.error import HTTPError

__all__ = ["Loopback", "Page", "Pushes", "Server", "call", "machine_clock"]

P = TypeVar("P")


class Page(BaseHTTPRequestHandler):
    """One request; `self.server.vendor` is whose."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """A vendor that is asked; most are only told."""
        self.got()

    def do_POST(self) -> None:
        """A vendor that is told."""
        self.posted()

    def got(self) -> None:
        """Nothing is here for the asking."""
        self.answer(501, b"", "text/plain")

    def posted(self) -> None:
        """Nothing is taken."""
        self.answer(501, b"", "text/plain")

    def body(self) -> bytes:
        """What was posted."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes, content_type: str) -> None:
        """Answer, with a length, so that the connection is kept."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:  # addresses and bodies hold tokens, numbers, answers
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """What a `Page` finds its vendor through: `self.server.vendor`."""

    daemon_threads = True
    request_queue_size = 1024  # a burst beyond the default backlog of 5 is refused by the kernel
    vendor: Any


class Loopback:
    """Listens on a free port of loopback from its construction on.

    Attributes:
        base: "http://127.0.0.1:<port>".
    """

    def __init__(self, page: type[Page]) -> None:
        self._server = Server(("127.0.0.1", 0), page)
        self._server.vendor = self
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._listening = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._listening.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._listening.join()


class Pushes(Generic[P]):
    """What a vendor pushes, one after another in a thread of its own, four attempts each.

    Attributes:
        undelivered: what the receiver did not take.
    """

    def __init__(self, deliver: Callable[[P], int], *, pause: float = 0.2) -> None:
        """`deliver` pushes once and returns the status it got; `pause` between attempts, in seconds."""
        self.undelivered: list[P] = []
        self._deliver, self._pause = deliver, pause
        self._waiting: queue.Queue[P | None] = queue.Queue()
        self._pushing = threading.Thread(target=self._run, daemon=True)
        self._pushing.start()

    def put(self, push: P) -> None:
        """Push this after what is waiting."""
        self._waiting.put(push)

    def settle(self) -> None:
        """Wait until everything was pushed, or given up."""
        self._waiting.join()

    def close(self) -> None:
        """Push what is still waiting, end."""
        self._waiting.put(None)
        self._pushing.join()

    def _run(self) -> None:
        while (push := self._waiting.get()) is not None:
            if not any(self._attempt(push, wait) for wait in (0, self._pause, self._pause, self._pause)):
                self.undelivered.append(push)
            self._waiting.task_done()
        self._waiting.task_done()

    def _attempt(self, push: P, wait: float) -> bool:
        time.sleep(wait)
        try:
            return 200 <= self._deliver(push) < 300
        except (OSError, HTTPException):  # nobody there, or somebody who speaks no HTTP
            return False


def call(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> int:
    """Push once, by GET or with a body by POST, past any proxy; the status of the answer, whatever it is."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - the receiver's address
    try:
        with opener.open(request, timeout=10) as response:
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code


def machine_clock() -> datetime:
    """The time of this machine, where nobody fixes another."""
    return datetime.fromtimestamp(time.time(), UTC)
