"""What a record says, cleaned: values by column, or the reason why its row cannot be used. No store, no clock.

A destroyed key, VIN, phone, date, mileage or amount rejects the whole row: a half-imported row misleads. A word that is not
known (a status, a gender) is left out and counted as a warning, because the dates say the same more reliably.
This runs for every new row of a large export, so a record becomes a slotted object of plain values, not a value type.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crmcore.flows import words
from crmcore.rules import clean

Cleaner = Callable[[Any], Any]
Values = dict[str, Any]
_MEMO = 65536


class Refused(Exception):  # noqa: N818 - not an error of the program: a row that cannot be used
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
        self.relatives: list[tuple[str, str, str | None]] = []
        self.consents: list[tuple[str, str, bool, str | None, str]] = []


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
        self.lines: list[tuple[str, Values]] = []
        self.visit_key: str = ""


@functools.lru_cache(_MEMO)
def stored_instant(raw: str, zone: str) -> Any:
    """An instant as it is stored, None, or `Bad`."""
    found = clean.instant(raw, zone)
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if found.__class__ is datetime else found


@functools.lru_cache(_MEMO)
def stored_day(raw: str) -> Any:
    """A date as it is stored, None, or `Bad`."""
    found = clean.day(raw)
    return found.isoformat() if isinstance(found, date) else found


@functools.lru_cache(_MEMO)
def local_day(stored: str, zone: str) -> str:
    """The date of a stored instant in `zone`, as it is stored."""
    return datetime.fromisoformat(stored).astimezone(ZoneInfo(zone)).date().isoformat()


def text(raw: object) -> str | None:
    """Stripped text; None when nothing is left."""
    stripped = str(raw).strip()
    return stripped or None


def _flag(raw: object) -> Any:
    if raw.__class__ is bool:
        return int(raw)  # type: ignore[call-overload]
    found = clean.yes_no(str(raw))
    return int(found) if found.__class__ is bool else found


def _extra(raw: Mapping[str, str]) -> str | None:
    return json.dumps(dict(raw), ensure_ascii=False, sort_keys=True) if raw else None


def _months(raw: object) -> Any:
    found = clean.km(raw)  # type: ignore[arg-type]
    return found


def _day(raw: object) -> Any:
    return stored_day(str(raw))


_PERSON: dict[str, tuple[str, Cleaner]] = {
    "name": ("name", clean.name),
    "birth_date": ("birth_on", _day),
    "employer": ("employer", text),
    "address": ("address", text),
    "advisor": ("advisor", text),
    "deceased": ("deceased", _flag),
    "extra": ("extra", _extra),
}
_PERSON_WORDS = {"kind": words.KIND, "gender": words.GENDER, "birth_calendar": words.CALENDAR, "use_class": words.USE}
_CAR: dict[str, tuple[str, Cleaner]] = {
    "vin": ("vin", clean.vin),
    "make": ("make", text),
    "series": ("series", text),
    "model": ("model", text),
    "sold_on": ("sold_on", _day),
    "delivered_on": ("delivered_on", _day),
    "first_registered_on": ("first_registered_on", _day),
    "warranty_until": ("warranty_until", _day),
    "warranty_km": ("warranty_km", clean.km),
    "inspection_due_on": ("inspection_due_on", _day),
    "compulsory_insurance_until": ("compulsory_insurance_until", _day),
    "commercial_insurance_until": ("commercial_insurance_until", _day),
    "service_interval_km": ("service_interval_km", clean.km),
    "service_interval_months": ("service_interval_months", _months),
    "extra": ("extra", _extra),
}
_CAR_WORDS = {"powertrain": words.POWERTRAIN, "status": words.VEHICLE_STATUS}
_LINE: dict[str, tuple[str, Cleaner]] = {
    "op_code": ("op_code", text),
    "op_name": ("op_name", text),
    "complaint": ("complaint", text),
    "cause": ("cause", text),
    "correction": ("correction", text),
    "hours_sold": ("hours", clean.hours),
    "labour_amount": ("labour_amount", clean.money),
    "parts_amount": ("parts_amount", clean.money),
    "amount": ("amount", clean.money),
    "technician": ("technician", text),
    "pay_type": ("pay_type", text),
    "revenue_line": ("revenue_line", text),
}
_VISIT: dict[str, tuple[str, Cleaner]] = {
    "ro_number": ("ro_number", text),
    "advisor": ("advisor", text),
    "km_in": ("km_in", clean.km),
    "km_out": ("km_out", clean.km),
    "repair_type": ("repair_type", text),
    "reason_verbatim": ("reason_verbatim", text),
    "remark": ("remark", text),
    "injury_accident": ("injury_accident", _flag),
    "do_not_message": ("do_not_message", _flag),
    "extra": ("extra", _extra),
}
_INSTANTS = frozenset(
    {"opened_at", "promised_at", "completed_at", "delivered_at", "invoiced_at", "booked_at", "start", "received_at"}
)
_VISIT_WORDS = {"kind": words.VISIT_KIND, "status": words.VISIT_STATUS, "booked_channel": words.CHANNEL}
_NOT_NULL = frozenset(
    {"name", "kind", "birth_calendar", "use_class", "deceased", "powertrain", "status", "ro_number", "order_type",
     "injury_accident", "do_not_message", "store"}
)  # fmt: skip


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

    def visit(self, data: Mapping[str, Any]) -> Stay:
        """A visit with its people, its car and its lines."""
        values, zone = self._placed(data)
        stay = Stay(self._key(data, "key"), values, zone)
        for name, raw in data.items():
            field = _VISIT.get(name)
            if field is not None:
                self._set(values, name, field, raw)
            elif name in _INSTANTS:
                values[name] = None if raw is None else self._checked(name, stored_instant(str(raw), zone), raw)
            elif name in _VISIT_WORDS:
                self._worded(values, name, raw, _VISIT_WORDS[name])
            elif name == "order_type":
                if raw is not None:
                    values[name] = words.ORDER_TYPE.get(str(raw).strip().upper(), "CUSTOMER")
            elif name == "customer":
                stay.customer = self.person(raw, "customer.")
            elif name == "brought_by":
                stay.brought_by = self.person(raw, "brought_by.")
            elif name == "payer":
                stay.payer = self.person(raw, "payer.")
            elif name == "vehicle":
                stay.car = self.car(raw)
            elif name == "lines":
                stay.lines = self._lines(raw)
            elif name not in {"key", "store"}:
                self.unknown.add(f"visit.{name}")
        if values.get("status") == "VOID":
            values["order_type"] = "VOID"
        return stay

    def appointment(self, data: Mapping[str, Any]) -> Stay:
        """A booked visit."""
        values, zone = self._placed(data)
        stay = Stay(self._key(data, "key"), values, zone)
        for name, raw in data.items():
            if name == "start":
                values["start_at"] = None if raw is None else self._checked(name, stored_instant(str(raw), zone), raw)
            elif name == "status":
                self._worded(values, name, raw, words.APPOINTMENT_STATUS)
            elif name == "advisor":
                values[name] = None if raw is None else text(raw)
            elif not self._parties(stay, name, raw) and name not in {"key", "store"}:
                self.unknown.add(f"appointment.{name}")
        return stay

    def complaint(self, data: Mapping[str, Any]) -> Stay:
        """A complaint that the source keeps."""
        values, zone = self._placed(data)
        stay = Stay(self._key(data, "key"), values, zone)
        for name, raw in data.items():
            if name == "received_at":
                values[name] = None if raw is None else self._checked(name, stored_instant(str(raw), zone), raw)
            elif name == "state":
                self._worded(values, name, raw, words.COMPLAINT_STATE)
            elif name == "visit":
                stay.visit_key = str(raw or "").strip()
            elif not self._parties(stay, name, raw) and name not in {"key", "store"}:
                self.unknown.add(f"complaint.{name}")
        return stay

    def staff(self, data: Mapping[str, Any]) -> Values:
        """A person who works at the dealer; the key is the staff code."""
        values: Values = {"code": self._key(data, "key"), "store": str(data.get("store") or self.store).strip()}
        for name, raw in data.items():
            if name == "name":
                values[name] = self._checked(name, clean.name(str(raw or "")), raw) or ""
            elif name == "phone":
                values[name] = None if raw is None else self._checked(name, clean.phone(str(raw)), raw)
            elif name == "role":
                values[name] = self._word(name, raw or "", words.ROLE) or "OTHER"
            elif name == "active":
                found = _flag(raw) if raw is not None else None
                if found in {0, 1}:
                    values[name] = found
            elif name not in {"key", "store"}:
                self.unknown.add(f"staff.{name}")
        return values

    def person(self, data: Mapping[str, Any] | None, path: str = "") -> Person | None:
        """A customer; None when the row says nothing about one."""
        if not data:
            return None
        values: Values = {}
        phones: tuple[str, ...] = ()
        person: Person | None = None
        for name, raw in data.items():
            if name == "name":
                values["name"] = self._checked(path + name, clean.name(raw), raw) or "" if raw else ""
            elif name == "phone":
                found = self._checked(path + name, clean.phone(raw), raw) if raw else None
                if found is not None:
                    phones = (found, *phones)
            elif (field := _PERSON.get(name)) is not None:
                self._set(values, name, field, raw, path)
            elif name in _PERSON_WORDS:
                self._worded(values, name, raw, _PERSON_WORDS[name])
            elif name == "phones":
                for each in raw or ():
                    found = self._checked(path + name, clean.phone(each), each)
                    if found is not None and found not in phones:
                        phones += (found,)
            elif name not in _PERSON_OTHER:
                self.unknown.add(f"customer.{name}")
        name_text = values.get("name", "")
        key = str(data.get("key") or "").strip()
        if not (name_text or phones or key):
            return None
        if name_text and "kind" not in values and clean.is_organization(name_text):
            values["kind"] = "ORGANIZATION"
        person = Person(key, clean.name_key(name_text) if name_text else "", phones, values)
        if len(data) > 2:
            self._more(person, data, path)
        return person

    def car(self, data: Mapping[str, Any] | None) -> Car | None:
        """A vehicle; None when the row says nothing that could identify one."""
        if not data:
            return None
        values: Values = {}
        for name, raw in data.items():
            field = _CAR.get(name)
            if field is not None:
                self._set(values, name, field, raw, "vehicle.")
            elif name in _CAR_WORDS:
                self._worded(values, name, raw, _CAR_WORDS[name])
            elif name not in {"key", "plate_number", "owner"}:
                self.unknown.add(f"vehicle.{name}")
        key = str(data.get("key") or "").strip()
        vin = values.pop("vin", None)
        plate = self._plate(data, values, known=bool(key or vin))
        if not (key or vin or plate):
            return None
        if vin is not None and clean.vin_warning(vin) is not None:
            self.warnings["VIN_CHECK_DIGIT"] += 1
        car = Car(key, vin, plate, values)
        if "owner" in data:
            car.owner = self.person(data["owner"], "vehicle.owner.")
        return car

    def _plate(self, data: Mapping[str, Any], values: Values, *, known: bool) -> str | None:
        if "plate_number" not in data:
            return None
        raw = data["plate_number"]
        found = clean.plate(raw) if raw else None
        if found.__class__ is clean.Bad:
            if not known:
                raise Refused("vehicle.plate_number", found.reason, clean.shape(raw))  # type: ignore[union-attr]
            self.warnings[found.reason] += 1  # type: ignore[union-attr]
            return None
        values["plate"] = found
        return found  # type: ignore[return-value]

    def _placed(self, data: Mapping[str, Any]) -> tuple[Values, str]:
        store = str(data.get("store") or "").strip()
        values: Values = {"store": store} if store else {}
        return values, self.zones.get(store or self.store) or self.zones.get(self.store, "Asia/Shanghai")

    def _parties(self, stay: Stay, name: str, raw: Any) -> bool:
        if name == "customer":
            stay.customer = self.person(raw, "customer.")
        elif name == "vehicle":
            stay.car = self.car(raw)
        else:
            return False
        return True

    def _lines(self, raw: Any) -> list[tuple[str, Values]]:
        lines = []
        for number, data in enumerate(raw or (), 1):
            values: Values = {}
            for name, cell in data.items():
                field = _LINE.get(name)
                if field is not None:
                    self._set(values, name, field, cell, "lines.")
                elif name != "key":
                    self.unknown.add(f"line.{name}")
            key = data.get("key") or values.get("op_code") or values.get("op_name")
            if key is None and not any(value is not None for value in values.values()):
                continue
            lines.append((str(key or number), values))
        return lines

    def _more(self, person: Person, data: Mapping[str, Any], path: str) -> None:
        """The rarer parts: refusals, family, consents."""
        person.opted_out = bool(data.get("opted_out")) and self._sure(path + "opted_out", data["opted_out"])
        person.no_calls = bool(data.get("do_not_call")) and self._sure(path + "do_not_call", data["do_not_call"])
        for each in data.get("relatives") or ():
            name = self._checked(path + "relatives.name", clean.name(str(each.get("name") or "")), each.get("name"))
            if name:
                born = self._checked(
                    path + "relatives.birth_date", _day(each.get("birth_date") or ""), each.get("birth_date")
                )
                person.relatives.append((name, text(each.get("relation") or "") or "", born))
        for each in data.get("consents") or ():
            found = _flag(each["granted"]) if each["granted"] not in {None, ""} else None
            if found in {0, 1}:
                channel = words.CHANNEL.get(str(each.get("channel") or "").strip().upper(), "")
                at = self._checked(
                    path + "consents.at", stored_instant(str(each.get("at") or ""), self.zones[self.store]), ""
                )
                person.consents.append(
                    (each["purpose"], channel, bool(found), at, text(each.get("evidence") or "") or "")
                )

    def _sure(self, field: str, raw: object) -> bool:
        """A refusal flag; a word that is neither yes nor no rejects the row rather than texting somebody who said no."""
        return bool(self._checked(field, _flag(raw), raw))

    def _key(self, data: Mapping[str, Any], name: str) -> str:
        raw = data.get(name)
        key = str(raw).strip() if raw is not None else ""
        if not key:
            raise Refused(name, "KEY_MISSING", "")
        return key

    def _set(self, values: Values, name: str, field: tuple[str, Cleaner], raw: Any, path: str = "") -> None:
        column, cleaner = field
        if raw is None:
            value = None
        else:
            value = cleaner(raw)
            if value.__class__ is clean.Bad:
                raise Refused(path + name, value.reason, clean.shape(str(raw)))
        if value is None and column in _NOT_NULL:
            return
        values[column] = value

    def _worded(self, values: Values, name: str, raw: Any, known: Mapping[str, str]) -> None:
        if raw is not None and (found := self._word(name, raw, known)) is not None:
            values[name] = found

    def _word(self, name: str, raw: Any, known: Mapping[str, str]) -> str | None:
        said = str(raw).strip()
        found = known.get(said) or known.get(said.upper())
        if found is None and said:
            self.warnings[f"UNKNOWN_WORD:{name}"] += 1
        return found

    @staticmethod
    def _checked(field: str, value: Any, raw: object) -> Any:
        if value.__class__ is clean.Bad:
            raise Refused(field, value.reason, clean.shape(str(raw or "")))
        return value


_PERSON_OTHER = frozenset({"key", "opted_out", "do_not_call", "relatives", "consents"})
