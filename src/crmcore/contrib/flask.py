"""Webhooks in an application of Flask.

app.add_url_rule("/hooks/<path:path>", "hooks", webhook(crm.handle_webhook), methods=["GET", "POST"])
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request

from crmcore.app.webhooks import LARGEST, Handle, pushed

__all__ = ["webhook"]


def webhook(handle: Handle) -> Callable[[str], Response]:
    """A view; its rule has a `path`, "<secret>/<instance>/<rest>"."""

    def view(path: str) -> Response:
        body = request.stream.read(LARGEST + 1) or request.get_data()  # kept there by whoever has read it before
        query = request.args.items(multi=True)
        answer = handle(pushed(request.method, path, query, request.headers, body))
        return Response(answer.body, answer.status, content_type=answer.content_type)

    return view
