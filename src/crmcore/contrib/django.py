"""Webhooks in a project of Django.

urlpatterns = [path("hooks/<path:path>", webhook(crm.handle_webhook))]
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crmcore.app.webhooks import LARGEST, Handle, pushed

__all__ = ["webhook"]


def webhook(handle: Handle) -> Callable[..., HttpResponse]:
    """A view; its pattern has a `path`, "<secret>/<instance>/<rest>". A vendor has no CSRF token, and that secret instead."""

    @csrf_exempt
    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, path: str) -> HttpResponse:
        body, query = request.read(LARGEST + 1), request.GET.dict().items()
        answer = handle(pushed(request.method or "", path, query, request.headers.items(), body))
        return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)

    return view
