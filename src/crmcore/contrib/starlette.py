"""Webhooks in an application of Starlette or FastAPI.

app.add_route("/hooks/{path:path}", webhook(crm.handle_webhook), methods=["GET", "POST"])
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from crmcore.app.webhooks import LARGEST, Handle, pushed

__all__ = ["webhook"]


def webhook(handle: Handle) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint; its route has a `path`, "<secret>/<instance>/<rest>"."""

    async def endpoint(request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                break
        path, query = request.path_params["path"], request.query_params.multi_items()
        asked = pushed(request.method, path, query, request.headers.items(), bytes(body))
        answer = await run_in_threadpool(handle, asked)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return endpoint
