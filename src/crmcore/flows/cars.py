"""The vehicles of a batch: found by the source's id, by VIN, else by plate together with a customer; and who they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from operator import itemgetter

from crmcore.db import bulk, rows, sources
from crmcore.db.rows import Row
from crmcore.db.schema import vehicle, vehicle_party, visit
from crmcore.flows.cells import Memo, local_day
from crmcore.flows.intake import Car
from crmcore.flows.unit import Kind, Unit
from crmcore.rules import clean
from crmcore.rules.odometer import Interval, due
from crmcore.types.vehicle import Powertrain

_PARTY = ("vehicle_id", "customer_id", "role", "start_on", "end_on")
_DERIVED = (
    "km1_on",
    "km1",
    "km2_on",
    "km2",
    "last_service_on",
    "next_service_on",
    "next_service_km",
    "next_service_basis",
)
_WITH_TIME = (*_DERIVED, "updated_at")
_NEEDED = frozenset(
    (*_WITH_TIME, "id", "vin", "plate", "powertrain", "status", "service_interval_km", "service_interval_months")
)
_derived = itemgetter(*_DERIVED)
_ORDINAL = Memo(lambda on: date.fromisoformat(on).toordinal())
_DATE = Memo(lambda ordinal: date.fromordinal(ordinal).isoformat())
Reading = tuple[str, int]


class Cars:
    """Finds, makes and changes vehicles; `load` first, then `find`, `at_plate` and `settle`, then `insert` and `update`."""

    def __init__(self, unit: Unit, intervals: Mapping[Powertrain, Interval]) -> None:
        self.unit = unit
        self.intervals = intervals
        self.rows = Kind(
            vehicle, {"powertrain": "ICE", "status": "ACTIVE", "created_at": unit.now, "updated_at": unit.now}
        )
        self.wanted: list[Car] = []
        self.refs: dict[str, int] = {}
        self.by_vin: dict[str, int] = {}
        self.by_plate: dict[str, list[int]] = {}
        self.parties: dict[int, dict[tuple[int, str], str | None]] = {}
        self.names: dict[int, dict[int, str]] = {}
        self.new_parties: dict[tuple[int, int, str], str | None] = {}
        self.touched: dict[int, tuple[list[Reading], str | None]] = {}
        self.stale: set[int] = set()
        self.derived: dict[int, Row] = {}

    def expect(self, car: Car | None) -> None:
        """Tell before `load` that this car will be asked for."""
        if car is not None:
            self.wanted.append(car)

    def load(self, *, by_name: bool) -> None:
        """One query per table for every car that is expected; `by_name`: somebody is to be looked for among its people."""
        connection = self.unit.connection
        said: set[str] = set()
        for car in self.wanted:
            said.update(car.values)
        self.rows.columns = tuple(name for name in self.rows.columns if name in said or name in _NEEDED)
        keys = {car.key for car in self.wanted if car.key}
        self.refs = sources.refs(connection, self.unit.system, "vehicle", keys)
        self.rows.load(connection, self.refs.values())
        self.rows.load(connection, {car.vin for car in self.wanted if car.vin}, key="vin")
        plates = {car.plate for car in self.wanted if car.plate and not car.vin and car.key not in self.refs}
        self.rows.load(connection, plates, key="plate")
        for id_, row in self.rows.known.items():
            if row["vin"] is not None:
                self.by_vin[row["vin"]] = id_
            if row["plate"] in plates:
                self.by_plate.setdefault(row["plate"], []).append(id_)
        statement = "SELECT vehicle_id, customer_id, role, end_on FROM vehicle_party WHERE vehicle_id {any}"
        for id_, customer, role, end_on in rows.pick(connection, statement, self.rows.known):
            self.parties.setdefault(id_, {})[customer, role] = end_on
        if by_name:
            statement = (
                "SELECT p.vehicle_id, p.customer_id, c.name_key FROM vehicle_party p"
                " JOIN customer c ON c.id = p.customer_id WHERE c.merged_into IS NULL AND p.vehicle_id {any}"
            )
            for id_, customer, name_key in rows.pick(connection, statement, self.rows.known):
                self.names.setdefault(id_, {})[customer] = name_key

    def find(self, car: Car) -> int | None:
        """By the source's id or by VIN; None when only the plate is left to tell. The VIN wins over the source's id."""
        by_key = self.refs.get(car.key) if car.key else None
        by_vin = self.by_vin.get(car.vin) if car.vin else None
        if by_vin is None and by_key is not None and car.vin and self.rows.known[by_key]["vin"] not in {None, car.vin}:
            by_key = None  # the source gave its id to another car
        return by_key if by_vin is None else by_vin

    def nearby(self, car: Car, id_: int | None) -> dict[int, str] | None:
        """The people of this car, or of the cars with its plate, by name."""
        if id_ is not None:
            return self.names.get(id_)
        found: dict[int, str] = {}
        for other in self.by_plate.get(car.plate or "", ()):
            found |= self.names.get(other, {})
        return found

    def keep(self, car: Car, id_: int | None, customer: int | None) -> int:
        """The id of this car, which is now known and up to date."""
        if id_ is None and not car.vin:
            id_ = self._at_plate(car, customer)
        if id_ is None:
            return self._new(car)
        row = self.rows.known[id_]
        if car.vin and row["vin"] is None:
            row["vin"] = car.vin
            self.by_vin[car.vin] = id_
            self.unit.touch(self.rows, row, "vin")
        if car.key and self.refs.get(car.key) != id_:
            self.unit.name("vehicle", car.key, id_, moved=car.key in self.refs)
            self.refs[car.key] = id_
            self.unit.changes += 1
        if self.unit.apply(self.rows, "vehicle", row, car.values):
            self.touched.setdefault(id_, ([], None))
            if car.plate:
                self._plated(car.plate, id_)
        return id_

    def _at_plate(self, car: Car, customer: int | None) -> int | None:
        """A plate proves a car only together with its customer; a nameless row may take the only car that has it."""
        same = [
            id_
            for id_ in self.by_plate.get(car.plate or "", ())
            if self.rows.known[id_]["plate"] == car.plate
            and (customer is None or any(customer == party for party, _ in self.parties.get(id_, ())))
        ]
        return same[0] if len(same) == 1 else None

    def _new(self, car: Car) -> int:
        values = {"vin": car.vin, **car.values}
        if car.key in self.refs:  # the source gave its id to another car
            row = self.unit.create(self.rows, "vehicle", "", values)
            self.unit.name("vehicle", car.key, row["id"], moved=True)
        else:
            row = self.unit.create(self.rows, "vehicle", car.key, values)
        if car.vin and clean.vin_warning(car.vin) is not None:
            self.unit.warnings["VIN_CHECK_DIGIT"] += 1
        id_: int = row["id"]
        if car.key:
            self.refs[car.key] = id_
        if car.vin:
            self.by_vin[car.vin] = id_
        if car.plate:
            self._plated(car.plate, id_)
        return id_

    def _plated(self, plate: str, id_: int) -> None:
        held = self.by_plate.setdefault(plate, [])
        if id_ not in held:
            held.append(id_)

    def belongs(self, id_: int, customer: int, role: str, name_key: str) -> None:
        """`customer` is `role` of this vehicle; a part that was ended by staff or by the source stays ended."""
        parties = self.parties.setdefault(id_, {})
        if (customer, role) not in parties:
            parties[customer, role] = None
            self.names.setdefault(id_, {})[customer] = name_key
            self.new_parties[id_, customer, role] = None
            self.unit.changes += 1

    def visited_by(self, id_: int, customer: int, name_key: str) -> None:
        """The customer of an order owns the car where no other owner is known, else is a contact of it."""
        parties = self.parties.get(id_)
        if parties is None:
            self.belongs(id_, customer, "OWNER", name_key)
        elif (customer, "OWNER") not in parties and (customer, "CONTACT") not in parties:
            owned = any(role == "OWNER" and end_on is None for (_, role), end_on in parties.items())
            self.belongs(id_, customer, "CONTACT" if owned else "OWNER", name_key)

    def gone(self, id_: int) -> None:
        """The source has this car no more."""
        self.rows.load(self.unit.connection, [id_])
        row = self.rows.known.get(id_)
        if row is not None:
            self.unit.apply(self.rows, "vehicle", row, {"status": "OFF_SITE"})

    def read(self, id_: int, reading: Reading | None, served_on: str | None) -> None:
        """What a new visit says of the odometer and of the last service."""
        held, last = self.touched.get(id_, ([], None))
        if reading is not None:
            held.append(reading)
        if served_on is not None and (last is None or served_on > last):
            last = served_on
        self.touched[id_] = (held, last)

    def settle(self) -> None:
        """Merge the readings of new visits, and work out the next service of every car they touch."""
        for id_, (readings, served_on) in self.touched.items():
            if id_ not in self.stale:
                row = self.rows.known[id_]
                kept = [(row["km1_on"], row["km1"])] if row["km1_on"] is not None else []
                if row["km2_on"] is not None:
                    kept.append((row["km2_on"], row["km2"]))
                for reading in readings:
                    kept = _latest(kept, reading)
                last = row["last_service_on"]
                self._derive(
                    row, kept, served_on if last is None or (served_on is not None and served_on > last) else last
                )

    def recount(self, zone_of: Mapping[str, str], default: str) -> None:
        """Work out readings and last service anew where a known visit changed: from all visits of these cars, as written."""
        connection = self.unit.connection
        self.rows.load(connection, self.stale - self.rows.known.keys())
        columns = (
            "vehicle_id",
            "store",
            "kind",
            "order_type",
            "status",
            "opened_at",
            "delivered_at",
            "handed_on",
            "km_in",
            "km_out",
        )
        found: dict[int, tuple[list[Reading], list[str]]] = {id_: ([], []) for id_ in self.stale}
        for row in rows.load(connection, visit, columns, self.stale, key="vehicle_id"):
            reading, served_on = said_by(row, zone_of.get(row["store"], default))
            if reading is not None:
                found[row["vehicle_id"]][0].append(reading)
            if served_on is not None:
                found[row["vehicle_id"]][1].append(served_on)
        for id_, (readings, days) in found.items():
            kept: list[Reading] = []
            for reading in readings:
                kept = _latest(kept, reading)
            self._derive(self.rows.known[id_], kept, max(days, default=None))

    def _derive(self, row: Row, kept: list[Reading], last_service_on: str | None) -> None:
        (km2_on, km2) = kept[-1] if kept else (None, None)
        (km1_on, km1) = kept[0] if len(kept) > 1 else (None, None)
        next_on, next_km, basis = row["next_service_on"], row["next_service_km"], row["next_service_basis"]
        if basis != "MANUAL":
            next_on, next_km, basis = (
                (None, None, None) if last_service_on is None else self._next(row, kept, last_service_on)
            )
        values = (km1_on, km1, km2_on, km2, last_service_on, next_on, next_km, basis)
        if values != _derived(row):
            row.update(zip(_DERIVED, values, strict=True))
            row["updated_at"] = self.unit.now
            if row["id"] not in self.rows.new:
                self.derived[row["id"]] = row

    def _next(self, row: Row, kept: list[Reading], last_service_on: str) -> tuple[str, int | None, str]:
        usual = self.intervals[row["powertrain"]]
        months, km = row["service_interval_months"], row["service_interval_km"]
        due_on, due_km, predicted = due(
            _ORDINAL[last_service_on], [(_ORDINAL[on], km) for on, km in kept], months or usual.months, km or usual.km
        )
        basis = "PREDICTED" if predicted else "MODEL" if months or km else "FIXED"
        return _DATE[due_on], due_km, basis

    def insert(self) -> None:
        """Write new vehicles."""
        self.rows.insert(self.unit.connection)

    def update(self) -> None:
        """Write changed vehicles and new parties."""
        self.rows.update(self.unit.connection)
        rows.update(self.unit.connection, vehicle, ("id", *_WITH_TIME), self.derived.values())
        new = [(*key, None, end_on) for key, end_on in self.new_parties.items()]
        bulk.insert(self.unit.connection, vehicle_party, _PARTY, new, ignore=True)


def _latest(kept: list[Reading], reading: Reading) -> list[Reading]:
    """The two latest readings by day; of one day the higher."""
    on, km = reading
    if not kept or on > kept[-1][0]:
        return [*kept[-1:], reading]
    for place, (held_on, held_km) in enumerate(kept):
        if held_on == on:
            kept[place] = (on, max(km, held_km))
            return kept
    return sorted((*kept, reading))[-2:]


def said_by(row: Row, zone: str) -> tuple[Reading | None, str | None]:
    """What a visit says of its car: an odometer reading, and the day that counts as a service."""
    if row["status"] == "VOID" or row["order_type"] == "VOID":
        return None, None
    opened = row["opened_at"] or row["delivered_at"]
    opened_on = local_day(opened, zone) if opened else None
    km = row["km_in"] if row["km_in"] is not None else row["km_out"]
    reading = (opened_on, km) if opened_on is not None and km is not None else None
    served = row["kind"] == "SERVICE" and row["order_type"] == "CUSTOMER"
    return reading, (row["handed_on"] or opened_on) if served else None
