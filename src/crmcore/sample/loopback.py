"""What the small vendors on loopback share: a server between `with` and its end, of which nothing outlives the process."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Page(BaseHTTPRequestHandler):
    """One request; `self.server.vendor` is whose."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024  # a burst beyond the default backlog of 5 is refused by the kernel
    vendor: Any


class Loopback:
    """Listens on a free port of loopback from its construction on.

    Attributes:
        base: "http://127.0.0.1:<port>".
    """

    def __init__(self, page: type[Page]) -> None:
        self._server = _Server(("127.0.0.1", 0), page)
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


def machine_clock() -> datetime:
    """The time of this machine, where nobody fixes another."""
    return datetime.fromtimestamp(time.time(), UTC)
