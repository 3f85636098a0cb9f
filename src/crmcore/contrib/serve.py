"""`crmcore serve`: the receiver of delivery receipts and replies (Starlette on uvicorn).

A push is stored durably before it is answered; an answer before the commit would lose a reply in a crash. The path holds a
secret because most gateways cannot sign what they push, so the access log is off: it would write that secret down.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING

from crmcore.errors import MissingExtra
from crmcore.hooks.adapters import WebhookRequest, WebhookResponse

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["make_app", "make_server"]

#: Python's own default of 5 lost receipts of a gateway under load; vendors.md asks for at least this.
BACKLOG = 2048
LARGEST_PUSH = 1 << 20

Receive = Callable[[str, WebhookRequest], WebhookResponse | None]


def make_app(receive: Receive, secret: str) -> Starlette:
    """The ASGI application: `/hooks/<secret>/<instance>/<rest>` goes to `receive`, `/health` says that it lives.

    `receive(instance, request)` stores the push and returns the vendor's answer; None means that there is no such instance.
    """
    try:
        from starlette.applications import Starlette
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import PlainTextResponse, Response
        from starlette.routing import Route
    except ModuleNotFoundError:
        raise MissingExtra("CRM-X001", extra="serve") from None

    async def hook(request: Request) -> Response:
        if not hmac.compare_digest(request.path_params["secret"].encode(), secret.encode()):
            return PlainTextResponse("not found", 404)
        pushed = await _to_request(request)
        if pushed is None:
            return PlainTextResponse("too large", 413)
        answer = await run_in_threadpool(receive, request.path_params["instance"], pushed)
        if answer is None:
            return PlainTextResponse("not found", 404)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    paths = ("/hooks/{secret}/{instance}", "/hooks/{secret}/{instance}/{rest:path}")
    return Starlette(routes=[Route("/health", health), *(Route(path, hook, methods=["GET", "POST"]) for path in paths)])


async def _to_request(request: Request) -> WebhookRequest | None:
    """The push without its framework; None when it is larger than any vendor's."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_PUSH:
            return None
    return WebhookRequest(
        method=request.method,
        path=request.path_params.get("rest", ""),
        query=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=bytes(body),
    )


def make_server(receive: Receive, secret: str, *, host: str, port: int) -> uvicorn.Server:
    """A server that is ready to `run()`; `should_exit = True` stops it."""
    app = make_app(receive, secret)
    try:
        import uvicorn
    except ModuleNotFoundError:
        raise MissingExtra("CRM-X001", extra="serve") from None
    config = uvicorn.Config(
        app, host=host, port=port, backlog=BACKLOG, access_log=False, log_level="warning", lifespan="off"
    )
    return uvicorn.Server(config)
