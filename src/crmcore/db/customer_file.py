"""Everything that is known of one customer, flat and by code: what `customer show` shows. Personal data in full."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from crmcore.db.schema import (
    complaint,
    consent,
    contact_point,
    correction,
    customer,
    external_ref,
    opt_out,
    relative,
    vehicle,
    vehicle_party,
    visit,
)

LATEST_VISITS = 10
_FIELDS = (
    "kind",
    "name",
    "gender",
    "birth_on",
    "birth_calendar",
    "use_class",
    "employer",
    "address",
    "advisor",
    "home_store",
)


def file_of(connection: Connection, id_: int) -> dict[str, Any]:
    """Fields, numbers with their refusals, family, consents, vehicles, latest visits, open complaints, corrections."""
    row = connection.execute(select(customer).where(customer.c.id == id_)).mappings().one()
    open_cases = select(func.count()).where(
        complaint.c.customer_id == id_, complaint.c.state.not_in(["CLOSED", "WITHDRAWN"])
    )
    return {
        "id": f"C{id_}",
        **{name: row[name] for name in _FIELDS},
        "deceased": bool(row["deceased"]),
        "retired": row["merged_into"] == 0,
        "open_complaints": connection.execute(open_cases).scalar_one(),
        "phones": _phones(connection, id_),
        "relatives": _dicts(connection, _of(relative, id_, "name", "relation", "birth_on")),
        "consents": _dicts(connection, _of(consent, id_, "purpose", "channel", "status", "evidence")),
        "vehicles": _vehicles(connection, id_),
        "visits": _visits(connection, id_),
        "refs": _dicts(
            connection,
            select(external_ref.c.system, external_ref.c.key).where(
                external_ref.c.entity == "customer", external_ref.c.id == id_, external_ref.c.derived == 0
            ),
        ),
        "corrected": _dicts(
            connection,
            select(correction.c.field, correction.c.by, correction.c.at).where(
                correction.c.entity == "customer", correction.c.entity_id == id_
            ),
        ),
    }


def _phones(connection: Connection, id_: int) -> list[dict[str, Any]]:
    points = _dicts(connection, _of(contact_point, id_, "value", "preferred", "state"))
    query = select(opt_out.c.value, opt_out.c.channel).where(
        opt_out.c.value.in_([point["value"] for point in points]), opt_out.c.until.is_(None)
    )
    refused: dict[str, list[str]] = {}
    for value, channel in connection.execute(query.order_by(opt_out.c.channel)):
        refused.setdefault(value, []).append(channel)
    return [
        {**point, "preferred": bool(point["preferred"]), "refused": refused.get(point["value"], [])} for point in points
    ]


def _vehicles(connection: Connection, id_: int) -> list[dict[str, Any]]:
    names = ("id", "plate", "vin", "model", "status", "last_service_on", "next_service_on", "next_service_basis")
    query = (
        select(*(vehicle.c[name] for name in names), vehicle_party.c.role, vehicle_party.c.end_on)
        .join(vehicle_party, vehicle.c.id == vehicle_party.c.vehicle_id)
        .where(vehicle_party.c.customer_id == id_)
        .order_by(vehicle.c.id, vehicle_party.c.role)
    )
    return [{**row, "id": f"V{row['id']}"} for row in _dicts(connection, query)]


def _visits(connection: Connection, id_: int) -> list[dict[str, Any]]:
    names = ("id", "kind", "ro_number", "status", "opened_at", "handed_on", "km_in")
    query = (
        select(*(visit.c[name] for name in names))
        .where(or_(visit.c.customer_id == id_, visit.c.brought_by_id == id_))
        .order_by(visit.c.id.desc())
        .limit(LATEST_VISITS)
    )
    return [{**row, "id": f"R{row['id']}"} for row in _dicts(connection, query)]


def _of(table: Any, id_: int, *names: str) -> Select[Any]:
    return select(*(table.c[name] for name in names)).where(table.c.customer_id == id_).order_by(table.c.id)


def _dicts(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]
