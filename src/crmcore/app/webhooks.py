"""The door for what vendors push: whoever knows the path may push, and whoever does not learns nothing.

The path holds a secret because most gateways cannot sign what they push.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable

import attrs

from crmcore.hooks.adapters import WebhookRequest, WebhookResponse

#: Bytes; more than any vendor pushes. A door of a framework reads one more than these and not the rest.
LARGEST = 1 << 20

#: How vendors push. A HEAD, by which somebody only looks whether there is a door, must not be taken for a text.
METHODS = frozenset({"GET", "POST"})

Receive = Callable[[str, WebhookRequest], WebhookResponse | None]
#: What a door of a framework calls: `Crm.handle_webhook`.
Handle = Callable[[WebhookRequest], WebhookResponse]


def pushed(
    method: str, path: str, query: Iterable[tuple[str, str]], headers: Iterable[tuple[str, str]], body: bytes
) -> WebhookRequest:
    """What a framework took in: of a parameter that comes twice the last counts, names of headers are in lower case."""
    lower = {name.lower(): value for name, value in headers}
    return WebhookRequest(method=method, path=path, query=dict(query), headers=lower, body=body)


def answer(request: WebhookRequest, secret: str, receive: Receive) -> WebhookResponse:
    """Hand a push to the instance it is for; `request.path` is what follows the mount point, "<secret>/<instance>/<rest>"."""
    said, _, after = request.path.lstrip("/").partition("/")
    name, _, rest = after.partition("/")
    if not hmac.compare_digest(said.encode("utf-8", "replace"), secret.encode()):
        return WebhookResponse(status=404, body=b"not found")
    if request.method not in METHODS:
        return WebhookResponse(status=405, body=b"not allowed")
    if len(request.body) > LARGEST:
        return WebhookResponse(status=413, body=b"too large")
    if len(request.body) < _announced(request):
        return WebhookResponse(status=400, body=b"incomplete")
    found = receive(name, attrs.evolve(request, path=rest))
    return found or WebhookResponse(status=404, body=b"not found")


def _announced(request: WebhookRequest) -> int:
    """So many bytes the vendor has sent; fewer were cut off, or something in the application has read them before."""
    said = request.headers.get("content-length", "")
    unpacked = "content-encoding" in request.headers  # whatever did that, the length is that of the packed bytes
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 and not unpacked else 0
