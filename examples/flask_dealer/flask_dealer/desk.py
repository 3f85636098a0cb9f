"""The pages of the desk: find a customer, all that is known of him, and the complaints that are open."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, current_app, render_template, request
from sqlalchemy import Engine

from crmcore import Crm, CrmError
from crmcore.types.contact import TouchpointState
from flask_dealer import looks

blueprint = Blueprint("desk", __name__)
OWED = {TouchpointState.PLANNED, TouchpointState.DUE}


def crm() -> Crm:
    """The one of this application."""
    found = current_app.extensions["crm"]
    assert isinstance(found, Crm)
    return found


def engine() -> Engine:
    """The database of this application."""
    found = current_app.extensions["engine"]
    assert isinstance(found, Engine)
    return found


@blueprint.before_request
def ask_who_it_is() -> Response | None:
    """Personal data is behind a password; TLS is the affair of the server in front."""
    given = request.authorization
    expected = current_app.config["DESK_PASSWORD"].encode()
    if given and hmac.compare_digest((given.get("password") or "").encode(), expected):
        return None
    return Response("password, please", 401, {"WWW-Authenticate": 'Basic realm="desk", charset="UTF-8"'})


@blueprint.get("/")
@blueprint.get("/customers")
def customers() -> str:
    """Who has this number?"""
    asked = request.args.get("phone", "")
    return render_template("customers.html", asked=asked, found=crm().customers.find(phone=asked) if asked else ())


@blueprint.get("/customers/<id>")
def customer(id: str) -> str:  # noqa: A002 - the name of the field in the address
    """The 360° of a customer."""
    now = crm().clock.now()
    try:
        found = crm().customers.get(id)
    except CrmError:
        abort(404)
    who = request.authorization.get("username") if request.authorization else None
    looks.note(engine(), found.id, who or "?", now)
    owed = crm().touchpoints.of(found.id)
    return render_template(
        "customer.html",
        customer=found,
        vehicles=crm().customers.vehicles(found.id),
        planned=sorted((each for each in owed if each.state in OWED), key=lambda each: each.due_at),
        timeline=crm().customers.timeline(found.id),
        looked=looks.latest(engine(), found.id),
    )


@blueprint.get("/complaints")
def complaints() -> str:
    """What is open, with its deadlines."""
    return render_template("complaints.html", cases=crm().complaints.open(), now=crm().clock.now())
