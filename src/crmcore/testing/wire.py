"""The wire between adapter and vendor: everything that travels is seen, and any request can be met by a fault.

Without a fault a request goes to what `vendor()` scripted. With one it goes into a real socket that refuses, hangs, resets or
drips, or is answered by what the fault makes of the vendor's own answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from crmcore.testing.faults import Fault

#: The transport as it is without `responses`, which replaces it while a check runs.
_SEND = HTTPAdapter.send
_UNSCRIPTED = "Connection refused by Responses"


@attrs.frozen
class Travelled:
    """One request as it left the adapter."""

    method: str
    url: str = attrs.field(repr=False)
    headers: dict[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


class Wire(HTTPAdapter):
    """The transport of a rig's `context.http`.

    Attributes:
        travelled: every request, in order, also those that met a fault.
        taking: the numbers of those with which the vendor took something.
        writes: how often the vendor has written something so far.
        fault: what requests from `since` on meet; None: nothing is wrong.
        spared: a request met the fault and came to no harm, since there was nothing to break.
        unscripted: requests that `vendor()` has no answer for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.travelled: list[Travelled] = []
        self.taking: list[int] = []
        self.writes: Callable[[], int] = lambda: 0
        self.unscripted: list[str] = []
        self.fault: Fault | None = None
        self.since = 0
        self.spared = False
        self._lock = threading.Lock()

    def break_(self, fault: Fault | None, *, after: int = 0) -> None:
        """From now on the first `after` requests travel well, and each later one meets `fault`; None mends the wire."""
        self.fault, self.since, self.spared = fault, len(self.travelled) + after, False

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Carry one request."""
        with self._lock:
            number, before = len(self.travelled), self.writes()
            self.travelled.append(_seen(request))
        if self.fault is not None and number >= self.since:
            return self.fault.meet(self, request, kwargs)
        answer = self.carry(request, *args, **kwargs)
        if self.writes() > before:
            self.taking.append(number)
        return answer

    def carry(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """To the vendor's script."""
        try:
            return super().send(request, *args, **kwargs)
        except requests.exceptions.ConnectionError as error:
            if str(error).startswith(_UNSCRIPTED):
                self.unscripted.append(f"{request.method} {(request.url or '').partition('?')[0]}")
            raise

    def over_socket(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """To a real socket, past the script."""
        return _SEND(self, request, *args, **kwargs)


def _seen(request: requests.PreparedRequest) -> Travelled:
    body = request.body.encode() if isinstance(request.body, str) else request.body
    kept = body if isinstance(body, bytes) else b""  # a file that is being read out
    return Travelled(request.method or "", request.url or "", dict(request.headers), kept)
