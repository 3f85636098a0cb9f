"""Whose a filled questionnaire is: by our token, else by order number, number, key or car; nobody is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import invitations, survey_facts
from crmcore.flows.response_intake import Filled


@attrs.frozen(kw_only=True)
class Owner:
    """What a response is about; all of it may be unknown.

    Attributes:
        stranger: it came with a token that is none of ours.
        handed_at: when the car of the visit was handed over.
    """

    store: str
    customer_id: int | None = None
    visit_id: int | None = None
    vehicle_id: int | None = None
    invitation_id: int | None = None
    staff: str | None = None
    handed_at: datetime | None = None
    stranger: bool = False


@attrs.frozen
class _Known:
    """What was fetched for a batch."""

    invited: Mapping[str, Row[Any]]
    visits: Mapping[int, Row[Any]]
    orders: Mapping[tuple[str, str], list[Row[Any]]]
    phones: Mapping[str, int]
    keys: Mapping[str, int]
    cars: Mapping[str, int]
    staff: Mapping[str, str]


def owners(
    connection: Connection, filled: Sequence[Filled], staff: Mapping[str, str], *, system: str, store: str
) -> list[Owner]:
    """The owner of each, in order; `store` is that of a response which names none.

    Args:
        staff: code or name -> code.
    """
    invited = invitations.by_token(connection, {each.token for each in filled if each.token})
    people = [each.customer for each in filled if each.customer is not None]
    cars = [each.car for each in filled if each.car is not None]
    known = _Known(
        invited,
        survey_facts.visits(connection, {row.visit_id for row in invited.values() if row.visit_id is not None}),
        survey_facts.orders(connection, {each.order for each in filled if each.order}),
        survey_facts.owners(connection, {number for each in people for number in each.phones}),
        survey_facts.customer_refs(connection, system, {each.key for each in people if each.key}),
        survey_facts.cars(
            connection, {each.vin for each in cars if each.vin}, {each.plate for each in cars if each.plate}
        ),
        staff,
    )
    return [_owner(each, known, store) for each in filled]


def _owner(said: Filled, known: _Known, store: str) -> Owner:
    invitation = known.invited.get(said.token)
    if invitation is not None:
        visit = known.visits.get(invitation.visit_id)
        return Owner(
            store=invitation.store,
            customer_id=invitation.customer_id,
            visit_id=invitation.visit_id,
            vehicle_id=visit.vehicle_id if visit is not None else None,
            invitation_id=invitation.id,
            staff=_code(said.staff, known) or _advisor(visit, known) or _code(invitation.staff, known),
            handed_at=survey_facts.handed_at(visit),
        )
    visit = _visit(said, known, store)
    customer = _customer(said, known)
    return Owner(
        store=said.store or (visit.store if visit is not None else store),
        customer_id=customer if customer is not None or visit is None else visit.customer_id,
        visit_id=visit.id if visit is not None else None,
        vehicle_id=_car(said, known) or (visit.vehicle_id if visit is not None else None),
        staff=_code(said.staff, known) or _advisor(visit, known),
        handed_at=survey_facts.handed_at(visit),
        stranger=bool(said.token),
    )


def _visit(said: Filled, known: _Known, store: str) -> Row[Any] | None:
    """By the order number; two orders of one number at a store are a doubt, and then it is none of them."""
    found = known.orders.get((said.store or store, said.order), [])
    return found[0] if len(found) == 1 else None


def _customer(said: Filled, known: _Known) -> int | None:
    """By the source's own key, else by a number that only one customer has."""
    if said.customer is None:
        return None
    by_key = known.keys.get(said.customer.key)
    if by_key is not None:
        return by_key
    found = {known.phones[number] for number in said.customer.phones if number in known.phones}
    return next(iter(found)) if len(found) == 1 else None


def _car(said: Filled, known: _Known) -> int | None:
    if said.car is None:
        return None
    return known.cars.get(said.car.vin or "") or known.cars.get(said.car.plate or "")


def _advisor(visit: Row[Any] | None, known: _Known) -> str | None:
    return _code(visit.advisor, known) if visit is not None else None


def _code(named: str | None, known: _Known) -> str | None:
    """The code of a colleague whom a source calls by code or name; somebody unknown is kept as named."""
    return known.staff.get(named, named) if named else None
