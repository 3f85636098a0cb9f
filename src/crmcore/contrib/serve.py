"""`crmcore serve`: the receiver of delivery receipts and replies (Starlette on uvicorn).

A push is stored durably before it is answered; an answer before the commit would lose a reply in a crash. The path holds a
secret because most gateways cannot sign what they push, so the access log is off: it would write that secret down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcore.app.webhooks import Receive, answer
from crmcore.errors import MissingExtra
from crmcore.hooks.adapters import WebhookRequest, WebhookResponse

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request

__all__ = ["make_app", "make_server"]

#: Python's own default of 5 lost receipts of a gateway under load; vendors.md asks for at least this.
BACKLOG = 2048


def make_app(receive: Receive, secret: str) -> Starlette:
    """The ASGI application: `/hooks/<secret>/<instance>/<rest>` goes to `receive`, `/health` says that it lives.

    `receive(instance, request)` stores the push and returns the vendor's answer; None means that there is no such instance.
    """
    try:
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse, Response
        from starlette.routing import Route
    except ModuleNotFoundError:
        raise MissingExtra("CRM-X001", extra="serve") from None
    from crmcore.contrib.starlette import webhook

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    def handle(request: WebhookRequest) -> WebhookResponse:
        return answer(request, secret, receive)

    hooks = Route("/hooks/{path:path}", webhook(handle), methods=["GET", "POST"])
    return Starlette(routes=[Route("/health", health), hooks])


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
