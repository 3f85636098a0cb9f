"""The pages: find a customer, all that is known of him, and the complaints that are open."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from crmcore import CrmError
from crmcore.hooks import WebhookRequest, WebhookResponse
from crmcore.types.contact import TouchpointState
from django_dealer.apps import the_crm

OWED = {TouchpointState.PLANNED, TouchpointState.DUE}


def customers(request: HttpRequest) -> HttpResponse:
    """Who has this number?"""
    asked = request.GET.get("phone", "")
    found = the_crm().customers.find(phone=asked) if asked else ()
    return render(request, "customers.html", {"asked": asked, "found": found})


def customer(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002 - the name of the field in the address
    """The 360° of a customer."""
    crm = the_crm()
    try:
        found = crm.customers.get(id)
    except CrmError:
        raise Http404 from None
    owed = crm.touchpoints.of(found.id)
    facts = {
        "customer": found,
        "vehicles": crm.customers.vehicles(found.id),
        "planned": sorted((each for each in owed if each.state in OWED), key=lambda each: each.due_at),
        "timeline": crm.customers.timeline(found.id),
    }
    return render(request, "customer.html", facts)


def complaints(request: HttpRequest) -> HttpResponse:
    """What is open, with its deadlines."""
    crm = the_crm()
    return render(request, "complaints.html", {"cases": crm.complaints.open(), "now": crm.clock.now()})


def take_push(request: WebhookRequest) -> WebhookResponse:
    """What the gateway pushes goes to the `Crm` of this process."""
    return the_crm().handle_webhook(request)
