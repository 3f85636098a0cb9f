"""The fault matrix: everything a network and a vendor can do to one request, and what an adapter may make of it.

Where a fault is one of the network, a real socket commits it. What a fault *proves* decides which outcome of a send is honest: only
what never left may be tried again (`crmcore.http` tells, by letting `NotSent` through), and everything else may have been sent.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum
from http.client import HTTPMessage
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
import requests
import urllib3
import urllib3.exceptions as causes

from crmcore.errors import AuthError, CrmError, PermanentError, TransientError

if TYPE_CHECKING:
    from crmcore.testing.wire import Wire

ELSEWHERE = "elsewhere.example"
RETRY_AFTER = 7
#: What a system says that has caught its own fault: JSON, in a form that no page describes.
_FAILURE = b'{"success": false, "error": {"code": "INTERNAL", "message": "unexpected"}, "data": null}'
_HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Please sign in</form></body></html>"
_HANG = 5.0  # seconds until a server that hangs gives up by itself


class Proof(Enum):
    """What a fault proves about a request that was to send something."""

    UNSENT = "UNSENT"  # it never left, or was refused before anybody looked at it
    NOTHING = "NOTHING"  # it may have been taken
    REFUSED = "REFUSED"  # the vendor refuses us: trying again is pointless, but it may be called a doubt as well
    ANYTHING = "ANYTHING"  # the vendor's own answer in odd clothes


@attrs.frozen
class Fault:
    """One way in which a request goes wrong.

    Attributes:
        name: the case of the check.
        proves: what an honest send makes of it.
        reads: what a read may raise.
        must_raise: False where a read may also succeed.
        meet: what happens to the request instead.
        slow: it only shows after waiting.
    """

    name: str
    proves: Proof
    reads: tuple[type[CrmError], ...]
    meet: Callable[[Wire, requests.PreparedRequest, dict[str, Any]], requests.Response]
    must_raise: bool = True
    slow: bool = False


# ------------------------------------------------------------------ answers


def _answer(
    wire: Wire, request: requests.PreparedRequest, status: int, body: bytes, headers: dict[str, str]
) -> requests.Response:
    message = HTTPMessage()
    for name, value in headers.items():
        message.add_header(name, value)
    raw = urllib3.HTTPResponse(
        body=io.BytesIO(body),
        status=status,
        headers=headers,
        reason="",
        preload_content=False,
        original_response=None,
    )
    return wire.build_response(request, raw)


def _says(status: int, body: bytes = _HTML, **headers: str) -> Any:
    named = {
        "Content-Type": "text/html; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return lambda wire, request, _kwargs: _answer(wire, request, status, body, named)


def _changed(change: Callable[[int, bytes, dict[str, str]], tuple[int, bytes, dict[str, str]]]) -> Any:
    """The vendor's own answer, made into something else; an empty one cannot be."""

    def meet(wire: Wire, request: requests.PreparedRequest, kwargs: dict[str, Any]) -> requests.Response:
        told = wire.carry(request, **kwargs)
        wire.spared = wire.spared or not told.content
        of_the_body = {"content-encoding", "content-length"}
        headers = {name: value for name, value in told.headers.items() if name.lower() not in of_the_body}
        return _answer(wire, request, *change(told.status_code, told.content, headers))

    return meet


def _half(status: int, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    """Its first half. Plain text has no end that could be missed: there the connection ends before the length that was said."""
    if body.lstrip()[:1] not in {b"{", b"[", b"<", b'"'}:
        headers = headers | {"Content-Length": str(len(body))}
    return status, body[: len(body) // 2], headers


def _renamed(status: int, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    kept = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return status, body, kept | {"Content-Type": "application/octet-stream"}


def _reformatted(status: int, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    """The same JSON with its keys in another order and other white space; what is no JSON stays as it is."""
    try:
        return status, json.dumps(_turned(json.loads(body)), indent=1).encode(), headers
    except ValueError:
        return status, body, headers


def _turned(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _turned(content[name]) for name in reversed(content)}
    return [_turned(each) for each in content] if isinstance(content, list) else content


# ------------------------------------------------------------------ sockets


def _over(serve: Callable[[socket.socket], None]) -> Any:
    """To a server of one connection that does `serve` with it."""

    def meet(wire: Wire, request: requests.PreparedRequest, kwargs: dict[str, Any]) -> requests.Response:
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def take() -> None:
                with contextlib.suppress(OSError):
                    connection, _ = listening.accept()
                    with connection:
                        serve(connection)

            threading.Thread(target=take, daemon=True).start()
            return _at(wire, request, listening.getsockname()[1], kwargs)

    return meet


def _at(wire: Wire, request: requests.PreparedRequest, port: int, kwargs: dict[str, Any]) -> requests.Response:
    """The same request, to a port of this machine, over a real connection."""
    parts = urlsplit(request.url or "")
    moved = request.copy()
    moved.url = f"http://127.0.0.1:{port}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
    return wire.over_socket(moved, **{**kwargs, "proxies": None})


def _read_request(connection: socket.socket) -> None:
    """Head and body of one request."""
    connection.settimeout(_HANG)
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65_536)
        if not piece:
            return
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length and (piece := connection.recv(65_536)):
        body += piece


def _reset(connection: socket.socket) -> None:
    """Close with RST: the other side sees "connection reset by peer"."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _reset_before(connection: socket.socket) -> None:
    """Before the request was read, and after it was begun: a reset of a bare connection could prove that nothing left."""
    connection.settimeout(_HANG)
    connection.recv(1, socket.MSG_PEEK)
    _reset(connection)


def _reset_after(connection: socket.socket) -> None:
    _read_request(connection)
    _reset(connection)


def _hang(connection: socket.socket) -> None:
    _read_request(connection)
    with contextlib.suppress(OSError):
        connection.recv(1)  # until the other side gives up


def _drip(connection: socket.socket) -> None:
    """One byte now and then: never silent long enough for a read timeout."""
    _read_request(connection)
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        ends = time.monotonic() + _HANG
        while time.monotonic() < ends:
            connection.sendall(b" ")
            time.sleep(0.05)


def _refuse(wire: Wire, request: requests.PreparedRequest, kwargs: dict[str, Any]) -> requests.Response:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    return _at(wire, request, port, kwargs)


def _never_connects(_wire: Wire, request: requests.PreparedRequest, _kwargs: dict[str, Any]) -> requests.Response:
    """What requests raises when nobody takes the connection; a socket of this machine always takes it or refuses."""
    url = (request.url or "").partition("?")[0]
    cause = causes.ConnectTimeoutError(None, "timed out")
    reason = causes.MaxRetryError(None, url, cause)  # type: ignore[arg-type]
    raise requests.exceptions.ConnectTimeout(reason, request=request)


_DOWN = (TransientError,)
_GARBAGE = (PermanentError, TransientError)

#: Every fault, in the order of the layers it comes from.
FAULTS: tuple[Fault, ...] = (
    Fault("refused", Proof.UNSENT, _DOWN, _refuse),
    Fault("connect-timeout", Proof.UNSENT, _DOWN, _never_connects),
    Fault("read-timeout", Proof.NOTHING, _DOWN, _over(_hang), slow=True),
    Fault("reset-before-request", Proof.NOTHING, _DOWN, _over(_reset_before)),
    Fault("reset-after-request", Proof.NOTHING, _DOWN, _over(_reset_after)),
    Fault("slow-drip", Proof.NOTHING, _DOWN, _over(_drip), slow=True),
    Fault("throttled", Proof.UNSENT, _DOWN, _says(429)),
    Fault("throttled-retry-after", Proof.UNSENT, _DOWN, _says(429, Retry_After=str(RETRY_AFTER))),
    Fault("status-500", Proof.NOTHING, _DOWN, _says(500)),
    Fault("status-502", Proof.NOTHING, _DOWN, _says(502)),
    Fault("status-503", Proof.NOTHING, _DOWN, _says(503)),
    Fault("status-401", Proof.REFUSED, (AuthError,), _says(401)),
    Fault("status-403", Proof.REFUSED, (AuthError,), _says(403)),
    Fault("html-on-200", Proof.NOTHING, _GARBAGE, _says(200)),
    Fault("failure-on-200", Proof.NOTHING, _GARBAGE, _says(200, _FAILURE, Content_Type="application/json")),
    Fault("truncated-json", Proof.NOTHING, _GARBAGE, _changed(_half)),
    Fault("wrong-content-type", Proof.ANYTHING, _GARBAGE, _changed(_renamed), must_raise=False),
    Fault("empty-body", Proof.NOTHING, _GARBAGE, _says(200, b"")),
    Fault("redirect-elsewhere", Proof.REFUSED, (PermanentError,), _says(302, Location=f"https://{ELSEWHERE}/")),
)
#: No fault at all: the vendor's next release writes the same a little differently.
REFORMATTED = Fault("reformatted", Proof.ANYTHING, (), _changed(_reformatted), must_raise=False)
BY_NAME = {fault.name: fault for fault in FAULTS}


@contextlib.contextmanager
def broken(rig: Any, fault: Fault, *, after: int) -> Iterator[None]:
    """While it lasts, the first `after` requests of the adapter travel well and all others meet `fault`."""
    rig.wire.break_(fault, after=after)
    try:
        if fault.slow:
            with rig.impatient():
                yield
        else:
            yield
    finally:
        rig.wire.break_(None)
