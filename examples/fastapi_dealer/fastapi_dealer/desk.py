"""The pages of the desk, what has happened for other programs, and the dealer's own list.

`Crm` is synchronous: what it does for a page is one function, and that runs in a thread, so that the loop goes on serving.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated, Any

import attrs
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from fastapi.templating import Jinja2Templates

from crmcore import Crm, CrmError
from crmcore.types.contact import TouchpointState
from fastapi_dealer.own_list import WORDS as OWN_WORDS
from fastapi_dealer.words import Words

OWED = {TouchpointState.PLANNED, TouchpointState.DUE}


def knows_the_password(
    request: Request, given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic(realm="desk"))]
) -> None:
    """Personal data is behind a password; TLS is the affair of the server in front."""
    if not hmac.compare_digest(given.password.encode(), request.app.state.password.encode()):
        raise HTTPException(401, headers={"WWW-Authenticate": 'Basic realm="desk"'})


router = APIRouter(dependencies=[Depends(knows_the_password)])


def crm_of(request: Request) -> Crm:
    """The one of this application."""
    found = request.app.state.crm
    assert isinstance(found, Crm)
    return found


TheCrm = Annotated[Crm, Depends(crm_of)]


def shown(request: Request, page: str, **facts: Any) -> Response:
    """A page."""
    found: Response = request.app.state.templates.TemplateResponse(request, page, facts)
    return found


@router.get("/")
@router.get("/customers")
async def customers(request: Request, crm: TheCrm, phone: str = "") -> Response:
    """Who has this number?"""
    found = await run_in_threadpool(crm.customers.find, phone=phone) if phone else ()
    return shown(request, "customers.html", asked=phone, found=found)


@router.get("/customers/{id}")
async def customer(request: Request, crm: TheCrm, id: str) -> Response:  # noqa: A002 - the name of the field in the address
    """The 360° of a customer."""
    try:
        facts = await run_in_threadpool(file_of, crm, id)
    except CrmError:
        raise HTTPException(404) from None
    return shown(request, "customer.html", **facts)


def file_of(crm: Crm, id_: str) -> dict[str, Any]:
    """All that is known of a customer; in a thread."""
    found = crm.customers.get(id_)
    owed = crm.touchpoints.of(found.id)
    return {
        "customer": found,
        "vehicles": crm.customers.vehicles(found.id),
        "planned": sorted((each for each in owed if each.state in OWED), key=lambda each: each.due_at),
        "timeline": crm.customers.timeline(found.id),
    }


@router.get("/complaints")
async def complaints(request: Request, crm: TheCrm) -> Response:
    """What is open, with its deadlines."""
    cases = await run_in_threadpool(crm.complaints.open)
    return shown(request, "complaints.html", cases=cases, now=crm.clock.now())


@router.get("/events")
async def events(crm: TheCrm, cursor: str | None = None, limit: int = 100) -> dict[str, Any]:
    """What has happened since `cursor`, and the cursor to ask with next time."""
    try:
        found = await run_in_threadpool(crm.events.since, cursor, limit)
    except CrmError as error:
        raise HTTPException(400, error.code) from None
    told = [{"event": type(each).__name__, **attrs.asdict(each)} for each in found.events]
    return {"events": told, "cursor": found.cursor}


@router.put("/do-not-contact/{number}", status_code=204, response_model=None)  # older ones take None for a body
async def do_not_contact(request: Request, number: str) -> None:
    """Put a number on the dealer's own list."""
    try:
        await run_in_threadpool(request.app.state.own.add, number)
    except ValueError:
        raise HTTPException(400, "no number") from None


def templates(crm: Crm) -> Jinja2Templates:
    """The pages, and the words they are said with."""
    made, words = Jinja2Templates(Path(__file__).parent / "templates"), Words(crm, OWN_WORDS)
    made.env.globals.update(words=words)
    made.env.filters.update(local=words.local, why=words.why, say=words.say, label=words.label, asked=words.asked)
    return made
