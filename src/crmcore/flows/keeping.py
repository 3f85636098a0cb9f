"""A batch of cleaned records into the store: the visits, and through them the people and the cars.

Everything a batch needs is fetched first, one query per table; then row after row is decided in memory; then all is written,
parents before children. The caller's transaction holds it together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from crmcore.db import bulk, rows, sources
from crmcore.db.rows import Row
from crmcore.db.schema import appointment, complaint, staff, visit, visit_line
from crmcore.flows.cars import Cars, said_by
from crmcore.flows.cells import local_day
from crmcore.flows.intake import Person, Stay, Values
from crmcore.flows.people import People
from crmcore.flows.unit import Kind, Unit
from crmcore.hooks.records import Gone
from crmcore.rules.odometer import Interval
from crmcore.types.vehicle import Powertrain

Parsed = tuple[str, Any]  # the entity, and what `intake` made of it
_LINE = rows.columns_of(visit_line)
_STAFF = ("code", "name", "store", "role", "phone", "active", "source")
_RANK = {"OPEN": 0, "READY": 1, "CLOSED": 2, "DELIVERED": 2}
_MATTERS = frozenset(
    {"opened_at", "delivered_at", "handed_on", "km_in", "km_out", "status", "order_type", "vehicle_id", "kind", "store"}
)

#: What a source can say of a complaint; the rest of a case is ours.
_COMPLAINT = (
    "id", "store", "customer_id", "vehicle_id", "visit_id", "origin", "state", "received_at", "restored", "updated_at",
)  # fmt: skip


#: A case that was taken over from the source is ours: what the source goes on saying of it changes nothing.
ADOPTED = "CRM"


class Keeper:
    """Keeps one batch of one source.

    Args:
        store: of a row that names none.
        zones: store code -> IANA zone.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        system: str,
        source: str,
        store: str,
        zones: Mapping[str, str],
        now: str,
        intervals: Mapping[Powertrain, Interval],
        warnings: Counter[str],
    ) -> None:
        self.connection = connection
        self.store = store
        self.zones = zones
        self.zone = zones.get(store, "Asia/Shanghai")
        self.unit = Unit(connection, system=system, source=source, now=now, warnings=warnings)
        self.people = People(self.unit, store)
        self.cars = Cars(self.unit, intervals)
        times = {"store": store, "updated_at": now}
        self.visits = Kind(
            visit,
            times | {"kind": "SERVICE", "ro_number": "", "status": "OPEN", "order_type": "CUSTOMER", "injury_accident": 0,
                     "do_not_message": 0, "created_at": now},
        )  # fmt: skip
        self.appointments = Kind(appointment, times | {"status": "CONFIRMED"})
        self.complaints = Kind(
            complaint, times | {"origin": "DMS", "state": "RECEIVED", "restored": 1}, only=_COMPLAINT
        )
        self.refs: dict[str, dict[str, int]] = {}
        self.lines: dict[int, dict[str, Row]] = {}
        self.changed_lines: dict[tuple[int, str], Row] = {}
        self.new_lines: set[tuple[int, str]] = set()
        self.staff: dict[str, Row] = {}
        self.changed_staff: dict[str, Row] = {}

    # -------------------------------------------------------------- fetch

    def load(self, parsed: Sequence[Parsed]) -> None:
        """Fetch what is known of everything these records speak of."""
        connection = self.connection
        keys, codes = self._keys(parsed)
        self.cars.load(by_name=self.people.nameless)
        self.people.load()
        for entity, wanted in keys.items():
            self.refs[entity] = sources.refs(connection, self.unit.system, entity, wanted)
        for entity, kind in (
            ("visit", self.visits),
            ("appointment", self.appointments),
            ("complaint", self.complaints),
        ):
            kind.load(connection, self.refs[entity].values())
        for row in rows.load(connection, visit_line, _LINE, self.visits.known, key="visit_id"):
            self.lines.setdefault(row["visit_id"], {})[row["no"]] = row
        self.staff = {row["code"]: row for row in rows.load(connection, staff, _STAFF, codes, key="code")}

    def _keys(self, parsed: Sequence[Parsed]) -> tuple[dict[str, set[str]], set[str]]:
        """What the source calls what the records speak of, by entity; and the codes of staff."""
        keys: dict[str, set[str]] = {"visit": set(), "appointment": set(), "complaint": set()}
        codes = set()
        for entity, said in parsed:
            if said.__class__ is Stay:
                keys[entity].add(said.key)
                if said.visit_key:
                    keys["visit"].add(said.visit_key)
                self._expect(said)
            elif entity == "staff":
                codes.add(said.key if said.__class__ is Gone else said["code"])
            elif said.__class__ is Gone:
                keys.setdefault(entity, set()).add(said.key)
            elif entity == "customer":
                self.people.expect(said, None, "")
            else:
                self.cars.expect(said)
                self.people.expect(said.owner, said, "")
        return keys, codes

    def _expect(self, stay: Stay) -> None:
        car = stay.car
        if car is not None:
            self.cars.expect(car)
            self.people.expect(car.owner, car, stay.key)
        self.people.expect(stay.customer, car, stay.key)
        if stay.brought_by is not None:
            self.people.expect(stay.brought_by, car, stay.key)
        if stay.payer is not None:
            self.people.expect(stay.payer, car, stay.key)

    # -------------------------------------------------------------- decide

    def keep(self, entity: str, said: Any) -> None:
        """One record; `unit.changes` tells whether it brought anything."""
        if entity == "visit" and said.__class__ is Stay:
            self._visit(said)
        elif said.__class__ is Gone:
            self._gone(entity, said.key)
        elif entity == "customer":
            self.people.resolve(said)
        elif entity == "vehicle":
            self._vehicle(said)
        elif entity == "appointment":
            self._booked(said, self.appointments, entity)
        elif entity == "complaint":
            self._complained(said)
        else:
            self._employed(said)

    def _visit(self, stay: Stay) -> None:
        values = stay.values
        customer, car = self._who_and_what(stay)
        if customer is not None:
            values["customer_id"] = customer
        if car is not None:
            values["vehicle_id"] = car
        if stay.brought_by is not None:
            values["brought_by_id"] = self._also(stay.brought_by, stay, car, customer, "CONTACT")
        if stay.payer is not None:
            values["payer_id"] = self._also(stay.payer, stay, car, customer, "PAYER")
        if customer is not None and car is not None and stay.customer is not None and values.get("kind") == "DELIVERY":
            self.cars.belongs(car, customer, "BUYER", stay.customer.name_key)
        id_ = self.refs["visit"].get(stay.key)
        if id_ is None:
            row = self.unit.create(self.visits, "visit", stay.key, values)
            self.refs["visit"][stay.key] = id_ = row["id"]
            self._derive(row, stay.zone, given="status" in values)
        else:
            self._revisit(self.visits.known[id_], stay)
        if stay.lines:
            self._lines(id_, stay.lines)

    def _revisit(self, row: Row, stay: Stay) -> None:
        """A visit that is known: what it says of its car is worked out anew when something that matters changed."""
        before = {name: row[name] for name in _MATTERS}
        if self.unit.apply(self.visits, "visit", row, stay.values):
            self._derive(row, stay.zone, given="status" in stay.values)
            self.visits.touch(row, ("status", "handed_on", "handed_basis"))
        if row["id"] not in self.visits.new and any(row[name] != value for name, value in before.items()):
            self.cars.stale |= {id_ for id_ in (before["vehicle_id"], row["vehicle_id"]) if id_ is not None}

    def _derive(self, row: Row, zone: str, *, given: bool) -> None:
        """Hand-over by hand-over, else by settlement; the status by the dates where the source gives none."""
        if not given:
            status = _progress(row)
            if _RANK.get(row["status"], 9) < _RANK[status]:
                row["status"] = status
        if row["kind"] != "SHOWROOM":
            handed, basis = row["delivered_at"], "DELIVERED"
            if handed is None and row["kind"] == "SERVICE":
                handed, basis = row["invoiced_at"], "INVOICED"
            row["handed_on"] = local_day(handed, zone) if handed is not None else None
            row["handed_basis"] = basis if handed is not None else None

    def _who_and_what(self, stay: Stay) -> tuple[int | None, int | None]:
        """The customer and the car of a row; each may need the other to be recognised."""
        person, car = stay.customer, stay.car
        if car is None:
            return (None if person is None else self.people.resolve(person)), None
        id_ = self.cars.find(car)
        customer = None
        if person is not None:
            customer = self.people.resolve(person, None if person.phones else self.cars.nearby(car, id_))
        id_ = self.cars.keep(car, id_, customer)
        if car.owner is not None:
            self._owner(car.owner, id_)
        if person is not None and customer is not None:
            self.cars.visited_by(id_, customer, person.name_key)
        return customer, id_

    def _owner(self, owner: Person, id_: int) -> None:
        customer = self.people.resolve(owner, self.cars.names.get(id_))
        self.cars.belongs(id_, customer, "OWNER", owner.name_key)

    def _also(self, person: Person, stay: Stay, car: int | None, customer: int | None, role: str) -> int:
        """Who brought or pays: the customer again when the row says nothing else, or somebody with a part in the car."""
        same = stay.customer
        told_apart = same is None or person.key or not set(person.phones) <= set(same.phones)
        if customer is not None and same is not None and not told_apart and person.name_key in {"", same.name_key}:
            return customer
        other = self.people.resolve(person, self.cars.names.get(car) if car is not None else None)
        if car is not None and other != customer and (other, "OWNER") not in self.cars.parties.get(car, {}):
            self.cars.belongs(car, other, role, person.name_key)
        return other

    def _lines(self, visit_id: int, lines: Sequence[tuple[str, Values]]) -> None:
        held = self.lines.setdefault(visit_id, {})
        for no, values in lines:
            row = held.get(no)
            if row is None:
                row = held[no] = {**_EMPTY_LINE, **values, "visit_id": visit_id, "no": no}
                self.new_lines.add((visit_id, no))
            elif all(row[column] == value for column, value in values.items()):
                continue
            else:
                row.update(values)
            self.changed_lines[visit_id, no] = row
            self.unit.changes += 1

    def _vehicle(self, car: Any) -> None:
        owner = car.owner
        id_ = self.cars.find(car)
        customer = None if owner is None else self.people.resolve(owner, self.cars.nearby(car, id_))
        id_ = self.cars.keep(car, id_, customer)
        if owner is not None and customer is not None:
            self.cars.belongs(id_, customer, "OWNER", owner.name_key)

    def _booked(self, stay: Stay, kind: Kind, entity: str) -> Row:
        """An appointment, or the part of a complaint that is like one."""
        customer, car = self._who_and_what(stay)
        if customer is not None:
            stay.values["customer_id"] = customer
        if car is not None:
            stay.values["vehicle_id"] = car
        id_ = self.refs[entity].get(stay.key)
        if id_ is None:
            row = self.unit.create(kind, entity, stay.key, stay.values)
            self.refs[entity][stay.key] = row["id"]
            return row
        row = kind.known[id_]
        if row.get("origin") != ADOPTED:
            self.unit.apply(kind, entity, row, stay.values)
        return row

    def _complained(self, stay: Stay) -> None:
        """A complaint about a visit that was not seen yet makes a stub of that visit."""
        if stay.visit_key:
            id_ = self.refs["visit"].get(stay.visit_key)
            if id_ is None:
                place = {"store": stay.values["store"]} if "store" in stay.values else {}
                row = self.unit.create(self.visits, "visit", stay.visit_key, place)
                id_ = self.refs["visit"][stay.visit_key] = row["id"]
            stay.values["visit_id"] = id_
            about = self.visits.known[id_]
            for column in ("customer_id", "vehicle_id"):
                if about[column] is not None and (stay.customer if column == "customer_id" else stay.car) is None:
                    stay.values[column] = about[column]
        self._booked(stay, self.complaints, "complaint")

    def _employed(self, values: Values) -> None:
        """Staff of the config are the config's."""
        code = values["code"]
        row = self.staff.get(code)
        if row is None:
            given = {"name": "", "store": self.store, "role": "OTHER", "phone": None, "active": 1}
            row = self.staff[code] = given | values | {"source": f"dms:{self.unit.source}"}
        elif row["source"] == "config" or all(row[column] == value for column, value in values.items()):
            return
        else:
            row.update(values)
        self.changed_staff[code] = row
        self.unit.changes += 1

    def _gone(self, entity: str, key: str) -> None:
        """Gone from the source: void, cancelled, retired or left; nothing is deleted."""
        if entity == "staff":
            row = self.staff.get(key)
            if row is not None and row["active"] and row["source"] != "config":
                self._employed({"code": key, "active": 0})
            return
        id_ = self.refs.get(entity, {}).get(key)
        if id_ is None:
            return
        if entity == "visit":
            row = self.visits.known[id_]
            if (
                self.unit.apply(self.visits, "visit", row, {"status": "VOID", "order_type": "VOID"})
                and row["vehicle_id"] is not None
            ):
                self.cars.stale.add(row["vehicle_id"])
        elif entity == "appointment":
            self.unit.apply(self.appointments, entity, self.appointments.known[id_], {"status": "CANCELLED"})
        elif entity == "complaint" and self.complaints.known[id_]["origin"] != ADOPTED:
            self.unit.apply(self.complaints, entity, self.complaints.known[id_], {"state": "WITHDRAWN"})
        elif entity == "vehicle":
            self.cars.gone(id_)
        elif entity == "customer":
            self.people.gone(id_)

    # -------------------------------------------------------------- record

    def write(self) -> None:
        """Write everything, parents first."""
        zones, default = self.zones, self.zone
        for row in self.visits.new.values():
            if row["vehicle_id"] is not None:
                self.cars.read(row["vehicle_id"], *said_by(row, zones.get(row["store"], default)))
        self.cars.settle()
        self.people.write()
        self.cars.insert()
        self.visits.insert(self.connection)
        self.visits.update(self.connection)
        if self.cars.stale:
            self.cars.recount(zones, default)
        self.cars.update()
        self._write_lines()
        for kind in (self.appointments, self.complaints):
            kind.insert(self.connection)
            kind.update(self.connection)
        bulk.upsert(
            self.connection, staff, _STAFF, [tuple(row[name] for name in _STAFF) for row in self.changed_staff.values()],
            key=("code",), change=_STAFF[1:],
        )  # fmt: skip
        self.unit.write()
        self.people.note()

    def _write_lines(self) -> None:
        new = [row for key, row in self.changed_lines.items() if key in self.new_lines]
        rows.insert(self.connection, visit_line, _LINE, new)
        for (visit_id, no), row in self.changed_lines.items():
            if (visit_id, no) not in self.new_lines:
                self.connection.execute(
                    visit_line.update().where(visit_line.c.visit_id == visit_id, visit_line.c.no == no).values(row)
                )


def _progress(row: Row) -> str:
    """How far an order is by its dates, where the source gives no status."""
    if row["delivered_at"] is not None:
        return "DELIVERED"
    if row["invoiced_at"] is not None:
        return "CLOSED"
    if row["completed_at"] is None:
        return "OPEN"
    return "CLOSED" if row["kind"] == "SHOWROOM" else "READY"  # a visitor has left; a car waits for its owner


_EMPTY_LINE: Row = dict.fromkeys(_LINE)
