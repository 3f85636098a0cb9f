"""The customers of a batch: found by the source's id or by number and name, made when new, never merged silently.

A row without the source's id still gets a name of its own, derived from number and name (or, without a number, from the car
and the name). It only finds again what the same source said before in the same words; it proves nothing about anybody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import blake2b
from typing import Any

from crmcore.db import bulk, optouts, rows, sources
from crmcore.db.columns import instant
from crmcore.db.rows import Row
from crmcore.db.schema import consent, contact_point, customer, relative
from crmcore.flows.intake import Car, Person
from crmcore.flows.unit import Kind, Unit
from crmcore.rules import clean, match

RETIRED = 0  # customer.merged_into of somebody nobody is to contact
_POINT = ("id", "customer_id", "channel", "value", "preferred", "state")
_RELATIVE = ("id", "customer_id", "name", "relation", "birth_on", "birth_md")
_CONSENT = ("id", "customer_id", "purpose", "channel", "status", "evidence", "granted_at", "withdrawn_at")


def derived_key(person: Person, car: Car | None, near: str) -> str:
    """The name of somebody for whom the source has none; `near` is the key of the row when nothing else tells them apart."""
    on_car = "" if car is None else car.vin or car.key or car.plate
    basis = person.phones[0] if person.phones else on_car or near
    return "~" + blake2b(f"{basis}|{person.name_key}".encode(), digest_size=10).hexdigest()


class People:
    """Finds, makes and changes customers; `load` first, then `resolve` as often as needed, then `write`."""

    def __init__(self, unit: Unit, store: str) -> None:
        self.unit = unit
        self.rows = Kind(
            customer,
            {"kind": "PERSON", "name": "", "name_key": "", "birth_calendar": "SOLAR", "use_class": "PRIVATE", "deceased": 0,
             "created_at": unit.now, "updated_at": unit.now, "home_store": store or None},
        )  # fmt: skip
        self.refs: dict[str, int] = {}
        self.nameless = False
        self.by_phone: dict[str, dict[int, str]] = {}
        self.points: dict[int, set[str]] = {}
        self.wanted: list[Person] = []
        self.new_points: list[tuple[Any, ...]] = []
        self.refusals: dict[tuple[str, str], str | None] = {}
        self.refused: list[tuple[str, str]] = []
        self.family: dict[tuple[int, str], tuple[str, str | None, str | None]] = {}
        self.new_family: dict[tuple[int, str], tuple[str, str | None, str | None]] = {}
        self.consents: dict[tuple[int, str, str], tuple[str, str]] = {}
        self.agreed: dict[tuple[int, str, str], tuple[str, str, str]] = {}

    def expect(self, person: Person | None, car: Car | None, near: str) -> None:
        """Tell before `load` that this person will be resolved."""
        if person is not None:
            person.ref = person.key or derived_key(person, car, near)
            self.wanted.append(person)
            if not person.phones and not person.key:
                self.nameless = True

    def load(self) -> None:
        """One query per table for everybody who is expected."""
        unit = self.unit
        self.refs = sources.refs(unit.connection, unit.system, "customer", {person.ref for person in self.wanted})
        self._load_phones(person.phones for person in self.wanted if person.ref not in self.refs)
        rich = {self.refs[person.ref] for person in self.wanted if person.ref in self.refs and not _plain(person)}
        shared = {id_ for holders in self.by_phone.values() for id_ in holders}
        self.rows.load(unit.connection, rich | shared)
        statement = "SELECT customer_id, value FROM contact_point WHERE channel = 'PHONE' AND customer_id {any}"
        self.points = {id_: set() for id_ in self.rows.known}
        for id_, value in rows.pick(unit.connection, statement, rich | shared):
            self.points[id_].add(value)
        self._load_more()

    def _load_more(self) -> None:
        """What is kept of refusals, families and consents, where the batch speaks of them at all."""
        connection = self.unit.connection
        people = self.wanted
        refusing = [person for person in people if person.opted_out or person.no_calls]
        if refusing:
            numbers = {number for person in refusing for number in person.phones}
            numbers |= {n for p in refusing if not p.phones for n in self.points.get(self.refs.get(p.ref, 0), ())}
            statement = "SELECT value, channel, until FROM opt_out WHERE value {any}"
            self.refusals = {(v, c): until for v, c, until in rows.pick(connection, statement, numbers)}
        known = self.rows.known
        if any(person.relatives for person in people):
            statement = "SELECT customer_id, name, relation, birth_on, birth_md FROM relative WHERE customer_id {any}"
            self.family = {(id_, name): (r, on, md) for id_, name, r, on, md in rows.pick(connection, statement, known)}
        if any(person.consents for person in people):
            statement = "SELECT customer_id, purpose, channel, status, evidence FROM consent WHERE customer_id {any}"
            self.consents = {(id_, p, c): (s, e) for id_, p, c, s, e in rows.pick(connection, statement, known)}

    def _load_phones(self, numbers: Iterable[tuple[str, ...]]) -> None:
        statement = (
            "SELECT p.value, c.id, c.name_key FROM contact_point p JOIN customer c ON c.id = p.customer_id"
            " WHERE p.channel = 'PHONE' AND c.merged_into IS NULL AND p.value {any}"
        )
        wanted = {number for each in numbers for number in each}
        for value, id_, name_key in rows.pick(self.unit.connection, statement, wanted):
            self.by_phone.setdefault(value, {})[id_] = name_key

    def resolve(self, person: Person, nearby: dict[int, str] | None = None) -> int:
        """The id of this person, who is now known and up to date.

        Args:
            nearby: the people of the same car, id -> name key: a name without a number is looked for among them.
        """
        id_ = self.refs.get(person.ref)
        if id_ is None:
            found = self._match(person, nearby)
            if not isinstance(found, match.Same):
                return self._new(person, found)
            id_ = found.id
            self.refs[person.ref] = id_
            self.unit.name("customer", person.ref, id_, derived=not person.key)
            self.unit.changes += 1
        if id_ in self.rows.known:
            self._update(person, self.rows.known[id_])
        return id_

    def _match(self, person: Person, nearby: dict[int, str] | None) -> match.Match:
        """`rules.match` by number and name; a name without a number only among the people of the same car."""
        key, holders = person.name_key, self.by_phone
        if any(phone in holders for phone in person.phones):
            return match.by_phone(person.phones, key, holders, organization=_organization(person))
        if not person.phones and not person.key and key and nearby:
            same = [id_ for id_, name_key in nearby.items() if name_key == key]
            if len(same) == 1:
                return match.Same(same[0], "SAME_CAR_SAME_NAME")
        return match.NEW

    def _new(self, person: Person, found: match.Match) -> int:
        values = person.values
        row = self.unit.create(self.rows, "customer", person.ref, values, derived=not person.key)
        if "kind" not in values and _organization(person):
            row["kind"] = "ORGANIZATION"
        row["name_key"] = person.name_key
        _birthday(row)
        id_: int = row["id"]
        self.refs[person.ref] = id_
        self.points[id_] = set()
        if isinstance(found, match.Propose):
            for other in (found.id, *found.others):
                self.unit.propose("MERGE", "customer", other, other=id_, field="phone", why=found.why)
        for phone in person.phones:
            self._point(row, phone)
        if not _plain(person):
            self._more(person, row)
        return id_

    def _update(self, person: Person, row: Row) -> None:
        unit = self.unit
        if unit.erased("customer", row["id"]):
            return  # who was erased is not learnt again
        values = person.values
        if row["merged_into"] == RETIRED and "merged_into" not in unit.corrected("customer", row["id"]):
            row["merged_into"] = None  # the source has this customer again
            unit.touch(self.rows, row, "merged_into")
        if not person.key or person.name_key == row["name_key"] or not person.name_key:
            values = {column: value for column, value in values.items() if column not in {"name", "kind"}}
        old = row["name"]
        if unit.apply(self.rows, "customer", row, values):
            if row["name"] != old:
                row["name_key"] = person.name_key
            _birthday(row)
            self.rows.touch(row, ("name_key", "birth_md"))
        for phone in person.phones:
            if phone not in self.points.setdefault(row["id"], set()):
                self._added(row, phone)
        if not _plain(person):
            self._more(person, row)

    def _added(self, row: Row, phone: str) -> None:
        """Another number of a known customer; where staff have corrected the number it is only proposed."""
        unit = self.unit
        if unit.corrections and "phone" in unit.corrected("customer", row["id"]):
            unit.propose("CONTACT", "customer", row["id"], field="phone", new=phone, why="CORRECTED")
            return
        self._point(row, phone)
        unit.touch(self.rows, row)

    def _point(self, row: Row, phone: str) -> None:
        id_ = row["id"]
        held = self.points[id_]
        if phone in held:
            return
        self.new_points.append((self.unit.next_id(contact_point), id_, "PHONE", phone, int(not held), "UNKNOWN"))
        held.add(phone)
        self.by_phone.setdefault(phone, {})[id_] = row["name_key"]

    def _more(self, person: Person, row: Row) -> None:
        """Refusals, family and consents; what is kept already changes nothing."""
        if person.opted_out:
            self._refuse(person, row, "SMS")
        if person.no_calls:
            self._refuse(person, row, "PHONE")
        for name, relation, born in person.relatives:
            self._relative(row["id"], name, (relation, born, _month_day(born)))
        for purpose, channel, granted, at, evidence in person.consents:
            self._agree(row["id"], purpose, channel, granted=granted, at=at, evidence=evidence)

    def _refuse(self, person: Person, row: Row, channel: str) -> None:
        """A number that said yes again to staff after the source's no is not refused silently a second time."""
        for number in person.phones or tuple(self.points.get(row["id"], ())):
            until = self.refusals.get((number, channel), "")
            if until == "":
                self.refusals[number, channel] = None
                self.refused.append((number, channel))
                self.unit.changes += 1
            elif until is not None:
                self.unit.propose(
                    "CONTACT", "customer", row["id"], field=f"opted_out:{channel}", new=number, why="SAID_YES_AGAIN"
                )

    def _relative(self, id_: int, name: str, said: tuple[str, str | None, str | None]) -> None:
        if self.family.get((id_, name)) != said:
            self.family[id_, name] = said
            self.new_family[id_, name] = said
            self.unit.changes += 1

    def _agree(self, id_: int, purpose: str, channel: str, *, granted: bool, at: str | None, evidence: str) -> None:
        """A yes of the source does not revive what the customer took back elsewhere; a no always counts."""
        status = "GRANTED" if granted else "DENIED"
        old_status, old_evidence = self.consents.get((id_, purpose, channel), ("", "dms:"))
        if status == old_status or (granted and old_status and not old_evidence.startswith("dms:")):
            return
        evidence = f"dms:{self.unit.source}" + (f" {evidence}" if evidence else "")
        self.consents[id_, purpose, channel] = (status, evidence)
        self.agreed[id_, purpose, channel] = (status, evidence, at or self.unit.now)
        self.unit.changes += 1

    def gone(self, id_: int) -> None:
        """The source has this customer no more: nobody is to contact them."""
        self.rows.load(self.unit.connection, [id_])
        row = self.rows.known.get(id_)
        if row is not None and row["merged_into"] is None:
            row["merged_into"] = RETIRED
            self.unit.touch(self.rows, row, "merged_into")

    def write(self) -> None:
        """Write customers and what hangs on them."""
        unit = self.unit
        connection = unit.connection
        self.rows.insert(connection)
        self.rows.update(connection)
        bulk.insert(connection, contact_point, _POINT, self.new_points)
        optouts.refuse(connection, self.refused, f"dms:{unit.source}", instant(unit.now))
        if self.new_family:
            family = [(unit.next_id(relative), *key, *said) for key, said in self.new_family.items()]
            bulk.upsert(connection, relative, _RELATIVE, family, key=("customer_id", "name"), change=_RELATIVE[3:])
        if self.agreed:
            agreed = [
                (unit.next_id(consent), *key, status, evidence, *((at, None) if status == "GRANTED" else (None, at)))
                for key, (status, evidence, at) in self.agreed.items()
            ]
            bulk.upsert(connection, consent, _CONSENT, agreed, key=_CONSENT[1:4], change=_CONSENT[4:])

    def note(self) -> None:
        """Who refused stands in the trail as after an opt-out at the desk; last, as everybody takes the trail's numbers last."""
        unit = self.unit
        optouts.note(unit.connection, self.refused, "optout", f"dms:{unit.source}", instant(unit.now))


def _plain(person: Person) -> bool:
    """Does the row say nothing but number and name, which a derived key has already compared?"""
    return not (
        person.key
        or person.opted_out
        or person.no_calls
        or len(person.phones) > 1
        or person.relatives
        or person.consents
        or not person.values.keys() <= {"name"}
    )


def _organization(person: Person) -> bool:
    """As the source says, else as the name does."""
    kind = person.values.get("kind")
    return kind == "ORGANIZATION" if kind else bool(person.name_key) and clean.is_organization(person.values["name"])


def _birthday(row: Row) -> None:
    """`birth_md` drives the greeting, so it is empty for an organisation, a lunar date and a date that stands for none."""
    real = row["kind"] == "PERSON" and row["birth_calendar"] == "SOLAR"
    row["birth_md"] = _month_day(row["birth_on"]) if real else None


def _month_day(born: str | None) -> str | None:
    return None if born is None or clean.placeholder_birthday(date.fromisoformat(born)) else born[5:]
