"""What a record says, cleaned: values by column, or the reason why its row cannot be used. No store, no clock.

A destroyed key, VIN, phone, date, mileage or amount rejects the whole row: a half-imported row misleads. A word that is not
known (a status, a gender) is left out and counted as a warning, because the dates say the same more reliably.
This runs for every new row of a large export, so a record becomes a slotted object of plain values, not a value type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from crmcore.flows import cells, words
from crmcore.flows.cells import Cleaner
from crmcore.rules import clean
from crmcore.rules.clean import Bad

Values = dict[str, Any]


class Refused(Exception):
    """A field that cannot be used: its path, the reason code and the shape of its value, never the value."""

    def __init__(self, field: str, reason: str, shape: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.shape = shape


class Person:
    """What a row says about one customer."""

    __slots__ = ("consents", "key", "name_key", "no_calls", "opted_out", "phones", "ref", "relatives", "values")

    def __init__(self, key: str, name_key: str, phones: tuple[str, ...], values: Values) -> None:
        self.key = key
        self.ref = key
        self.name_key = name_key
        self.phones = phones
        self.values = values
        self.opted_out = False
        self.no_calls = False
        self.relatives: Sequence[tuple[str, str, str | None]] = ()
        self.consents: Sequence[tuple[str, str, bool, str | None, str]] = ()


class Car:
    """What a row says about one vehicle."""

    __slots__ = ("key", "owner", "plate", "values", "vin")

    def __init__(self, key: str, vin: str | None, plate: str | None, values: Values) -> None:
        self.key = key
        self.vin = vin
        self.plate = plate
        self.values = values
        self.owner: Person | None = None


class Stay:
    """What a row says about one visit or appointment; `zone` is that of its store."""

    __slots__ = ("brought_by", "car", "customer", "key", "lines", "payer", "values", "visit_key", "zone")

    def __init__(self, key: str, values: Values, zone: str) -> None:
        self.key = key
        self.values = values
        self.zone = zone
        self.customer: Person | None = None
        self.brought_by: Person | None = None
        self.payer: Person | None = None
        self.car: Car | None = None
        self.lines: Sequence[tuple[str, Values]] = ()
        self.visit_key: str = ""


Steps = dict[str, tuple[str, Cleaner, bool]]  # our field -> column, cleaner, whether an explicit None empties it


def _steps(*nullable: tuple[str, str, Cleaner], fixed: tuple[tuple[str, str, Cleaner], ...] = ()) -> Steps:
    steps = {name: (column, cleaner, True) for name, column, cleaner in nullable}
    return steps | {name: (column, cleaner, False) for name, column, cleaner in fixed}


_PERSON = _steps(
    ("birth_date", "birth_on", cells.day),
    ("employer", "employer", cells.text),
    ("address", "address", cells.text),
    ("advisor", "advisor", cells.short_text),
    ("extra", "extra", cells.extra),
    fixed=(("name", "name", clean.name), ("deceased", "deceased", cells.flag_word)),
)
_CAR = _steps(
    ("vin", "vin", clean.vin),
    *((name, name, cells.short_text) for name in ("make", "series", "model")),
    *((name, name, cells.day) for name in (
        "sold_on", "delivered_on", "first_registered_on", "warranty_until", "inspection_due_on", "compulsory_insurance_until",
        "commercial_insurance_until",
    )),
    *((name, name, cells.km) for name in ("warranty_km", "service_interval_km", "service_interval_months")),
    ("extra", "extra", cells.extra),
)  # fmt: skip
_LINE = _steps(
    *((name, name, cells.short_text) for name in (
        "op_code", "op_name", "complaint", "cause", "correction", "fault_code", "technician", "pay_type", "revenue_line",
    )),
    ("hours_sold", "hours", cells.hours),
    *((name, name, cells.money) for name in ("labour_amount", "parts_amount", "amount")),
)  # fmt: skip
_VISIT = _steps(
    *((name, name, cells.short_text) for name in ("advisor", "repair_type", "comeback_of")),
    ("comeback", "comeback", cells.flag_word),
    *((name, name, cells.km) for name in ("km_in", "km_out")),
    *((name, name, cells.text) for name in ("reason_verbatim", "remark")),
    ("extra", "extra", cells.extra),
    fixed=(("ro_number", "ro_number", cells.text), ("injury_accident", "injury_accident", cells.flag_word), ("do_not_message", "do_not_message", cells.flag_word)),
)  # fmt: skip
_INSTANTS = ("opened_at", "promised_at", "completed_at", "delivered_at", "invoiced_at", "booked_at")
_NESTED = frozenset({"customer", "brought_by", "payer", "vehicle", "lines", "visit", "key", "store"})
_CAR_OTHER = frozenset({"key", "plate_number", "owner"})
_PERSON_OTHER = frozenset({"key", "phone", "phones", "opted_out", "do_not_call", "relatives", "consents"})
_STAFF = _steps(
    ("phone", "phone", clean.phone), fixed=(("name", "name", clean.name), ("active", "active", cells.flag_word))
)


def _order_type(raw: object) -> str:
    return words.ORDER_TYPE.get(str(raw).strip().upper(), "CUSTOMER")


class Intake:
    """Cleans the records of one source.

    Args:
        store: the store of a row that names none.
        zones: store code -> IANA zone.
    """

    def __init__(self, store: str, zones: Mapping[str, str]) -> None:
        self.store = store
        self.zones = zones
        self.warnings: Counter[str] = Counter()
        self.unknown: set[str] = set()
        self._person = _PERSON | self._worded(
            kind=words.KIND, gender=words.GENDER, birth_calendar=words.CALENDAR, use_class=words.USE
        )
        self._car = _CAR | self._worded(powertrain=words.POWERTRAIN, status=words.VEHICLE_STATUS)
        self._zoned: dict[str, dict[str, Steps]] = {}

    def _worded(self, **tables: Mapping[str, str]) -> Steps:
        return {
            name: (name, cells.Memo(self._knower(name, known), 256).__getitem__, False)
            for name, known in tables.items()
        }

    def _knower(self, name: str, known: Mapping[str, str]) -> Cleaner:
        """Our code for a word; one that is not known is left out and told once."""

        def know(raw: object) -> str | None:
            said = str(raw).strip()
            found = known.get(said) or known.get(said.upper())
            if found is None and said:
                self.warnings["UNKNOWN_WORD"] += 1
                self.unknown.add(f"{name}=?")
            return found

        return know

    def _steps(self, entity: str, zone: str) -> Steps:
        """How to clean the fields of a visit, an appointment or a complaint in this zone."""
        found = self._zoned.get(zone)
        if found is None:
            at = cells.Instants(zone)
            found = self._zoned[zone] = {
                "visit": _VISIT
                | {name: (name, at, True) for name in _INSTANTS}
                | {"order_type": ("order_type", _order_type, False)}
                | self._worded(kind=words.VISIT_KIND, status=words.VISIT_STATUS, booked_channel=words.CHANNEL),
                "appointment": _steps(("start", "start_at", at), ("advisor", "advisor", cells.short_text))
                | self._worded(status=words.APPOINTMENT_STATUS),
                "complaint": _steps(("received_at", "received_at", at)) | self._worded(state=words.COMPLAINT_STATE),
            }
        return found[entity]

    def visit(self, data: Mapping[str, Any]) -> Stay:
        """A visit with its people, its car and its lines."""
        stay = self._stay("visit", data)
        if stay.values.get("status") == "VOID":
            stay.values["order_type"] = "VOID"
        return stay

    def appointment(self, data: Mapping[str, Any]) -> Stay:
        """A booked visit."""
        return self._stay("appointment", data)

    def complaint(self, data: Mapping[str, Any]) -> Stay:
        """A complaint that the source keeps; about a visit it names by the source's key."""
        stay = self._stay("complaint", data)
        stay.visit_key = str(data.get("visit") or "").strip()
        return stay

    def _stay(self, entity: str, data: Mapping[str, Any]) -> Stay:
        store = data.get("store")
        store = str(store).strip() if store else ""
        zone = self.zones.get(store or self.store) or self.zones.get(self.store, "Asia/Shanghai")
        values: Values = {"store": store} if store else {}
        stay = Stay(_key(data), values, zone)
        for name in self._fill(values, data, self._steps(entity, zone), ""):
            if name == "customer":
                stay.customer = self.person(data[name], "customer.")
            elif name == "vehicle":
                stay.car = self.car(data[name])
            elif name == "lines" and entity == "visit":
                stay.lines = self._lines(data[name])
            elif name == "brought_by":
                stay.brought_by = self.person(data[name], "brought_by.")
            elif name == "payer":
                stay.payer = self.person(data[name], "payer.")
            elif name not in _NESTED:
                self.unknown.add(f"{entity}.{name}")
        return stay

    def staff(self, data: Mapping[str, Any]) -> Values:
        """A person who works at the dealer; the key is the staff code."""
        values: Values = {"code": _key(data)}
        if data.get("store"):
            values["store"] = str(data["store"]).strip()
        steps = _STAFF | self._worded(role=words.ROLE)
        for name in self._fill(values, data, steps, ""):
            if name not in {"key", "store"}:
                self.unknown.add(f"staff.{name}")
        return values

    def person(self, data: Mapping[str, Any] | None, path: str = "") -> Person | None:
        """A customer; None when the row says nothing about one."""
        if not data:
            return None
        values: Values = {}
        rest = self._fill(values, data, self._person, path)
        phones = self._phones(data, rest, path)
        called = values.get("name", "")
        key = str(data.get("key") or "").strip()
        if not (called or phones or key):
            return None
        person = Person(key, clean.name_key(called) if called else "", phones, values)
        if len(data) > 2:
            self._more(person, data, path)
        return person

    def _phones(self, data: Mapping[str, Any], names: list[str], path: str) -> tuple[str, ...]:
        """The numbers of a customer, the one under `phone` first."""
        phones: tuple[str, ...] = ()
        for name in names:
            if name in {"phone", "phones"}:
                given = (data[name],) if name == "phone" else data[name] or ()
                for raw in given:
                    found = _checked(path + name, clean.phone(raw), raw) if raw else None
                    if found is not None and found not in phones:
                        phones = (found, *phones) if name == "phone" else (*phones, found)
            elif name not in _PERSON_OTHER:
                self.unknown.add(f"customer.{name}")
        return phones

    def car(self, data: Mapping[str, Any] | None) -> Car | None:
        """A vehicle; None when the row says nothing that could identify one."""
        if not data:
            return None
        values: Values = {}
        for name in self._fill(values, data, self._car, "vehicle."):
            if name not in _CAR_OTHER:
                self.unknown.add(f"vehicle.{name}")
        key = str(data.get("key") or "").strip()
        vin = values.pop("vin", None)
        plate = self._plate(data, values, known=bool(key or vin))
        if not (key or vin or plate):
            return None
        car = Car(key, vin, plate, values)
        if "owner" in data:
            car.owner = self.person(data["owner"], "vehicle.owner.")
        return car

    @staticmethod
    def _fill(values: Values, data: Mapping[str, Any], steps: Steps, path: str) -> list[str]:
        """Clean what `steps` know into `values`, and return the names they do not know.

        An explicit None empties a field; a cell in which nothing is said ("-", 无) says nothing.
        """
        rest = []
        for name, raw in data.items():
            step = steps.get(name)
            if step is None:
                rest.append(name)
            elif raw is not None:
                value = step[1](raw)
                if value.__class__ is Bad:
                    raise Refused(path + name, value.reason, clean.shape(str(raw)))
                if value is not None:
                    values[step[0]] = value
            elif step[2]:
                values[step[0]] = None
        return rest

    def _plate(self, data: Mapping[str, Any], values: Values, *, known: bool) -> str | None:
        if "plate_number" not in data:
            return None
        raw = data["plate_number"]
        found = clean.plate(raw) if raw else None
        if found.__class__ is Bad:
            if not known:
                raise Refused("vehicle.plate_number", found.reason, clean.shape(raw))
            self.warnings[found.reason] += 1
            return None
        values["plate"] = found
        return found  # type: ignore[return-value]

    def _lines(self, raw: Any) -> list[tuple[str, Values]]:
        lines = []
        for number, data in enumerate(raw or (), 1):
            values: Values = {}
            for name in self._fill(values, data, _LINE, "lines."):
                if name != "key":
                    self.unknown.add(f"line.{name}")
            key = data.get("key") or values.get("op_code") or values.get("op_name")
            if key or any(value is not None for value in values.values()):
                lines.append((str(key or number), values))
        return lines

    def _more(self, person: Person, data: Mapping[str, Any], path: str) -> None:
        """The rarer parts: refusals, family, consents."""
        person.opted_out = bool(data.get("opted_out")) and _sure(path + "opted_out", data["opted_out"])
        person.no_calls = bool(data.get("do_not_call")) and _sure(path + "do_not_call", data["do_not_call"])
        relatives, consents = [], []
        for each in data.get("relatives") or ():
            name = _checked(path + "relatives.name", clean.name(str(each.get("name") or "")), each.get("name"))
            if name:
                born = _checked(
                    path + "relatives.birth_date", cells.day(each.get("birth_date") or ""), each.get("birth_date")
                )
                relatives.append((name, cells.text(each.get("relation") or "") or "", born))
        for each in data.get("consents") or ():
            found = cells.flag(each["granted"]) if each["granted"] not in {None, ""} else None
            if found in {0, 1}:
                channel = words.CHANNEL.get(str(each.get("channel") or "").strip().upper(), "")
                at = _checked(
                    path + "consents.at", cells.stored_instant(str(each.get("at") or ""), self.zones[self.store]), ""
                )
                consents.append(
                    (each["purpose"], channel, bool(found), at, cells.text(each.get("evidence") or "") or "")
                )
        person.relatives, person.consents = relatives, consents


def _key(data: Mapping[str, Any]) -> str:
    raw = data.get("key")
    key = str(raw).strip() if raw is not None else ""
    if not key:
        raise Refused("key", "KEY_MISSING", "")
    return key


def _sure(field: str, raw: object) -> bool:
    """A refusal flag; a word that is neither yes nor no rejects the row rather than texting somebody who said no."""
    return bool(_checked(field, cells.flag(raw), raw))


def _checked(field: str, value: Any, raw: object) -> Any:
    if value.__class__ is Bad:
        raise Refused(field, value.reason, clean.shape(str(raw or "")))
    return value
