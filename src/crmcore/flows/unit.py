"""One batch on its way into the store: what was there, what is new, what changed. Written in one go, table by table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Table, select, update

from crmcore.db import bulk, rows
from crmcore.db.engine import take_ids
from crmcore.db.personal import ERASED
from crmcore.db.rows import Row
from crmcore.db.schema import correction, external_ref, next_id, proposal

BLOCK = 2_048  # what is left over is given back


class Kind:
    """The rows of one table that a batch touches.

    Attributes:
        columns: what is loaded; may be narrowed before the first `load`, or to `only` those that a source can say.
        known: id -> row, of those that were there and those that are new.
        new: the rows to insert.
        changed: id -> the columns to update; naming only these spares SQLite the indexes of the others.
    """

    def __init__(self, table: Table, defaults: Mapping[str, Any], *, only: tuple[str, ...] = ()) -> None:
        self.table = table
        self.columns = only or rows.columns_of(table)
        self.blank: Row = dict.fromkeys(self.columns) | dict(defaults)
        self.known: dict[int, Row] = {}
        self.new: dict[int, Row] = {}
        self.changed: dict[int, set[str]] = {}

    def load(self, connection: Connection, values: Iterable[Any], *, key: str = "id") -> list[Row]:
        """Bring in the rows whose `key` is among `values`; one that is here already stays as it is."""
        found = rows.load(connection, self.table, self.columns, values, key=key)
        return [self.known.setdefault(row["id"], row) for row in found]

    def touch(self, row: Row, columns: Iterable[str]) -> None:
        """These columns of a row that was there are to be written."""
        if row["id"] not in self.new:
            self.changed.setdefault(row["id"], set()).update(columns)

    def insert(self, connection: Connection) -> None:
        """Write what is new."""
        rows.insert(connection, self.table, tuple(self.blank), self.new.values())
        self.new = {}

    def update(self, connection: Connection) -> None:
        """Write what changed, rows with the same columns together."""
        alike: dict[tuple[str, ...], list[Row]] = {}
        for id_, columns in self.changed.items():
            alike.setdefault(tuple(sorted(columns)), []).append(self.known[id_])
        for names, changed in alike.items():
            rows.update(connection, self.table, ("id", *names), changed)
        self.changed = {}


class Unit:
    """The state that the parts of a batch share.

    Attributes:
        changes: grows with everything new or changed; a source row that leaves it as it was is unchanged.
    """

    def __init__(self, connection: Connection, *, system: str, source: str, now: str, warnings: Counter[str]) -> None:
        self.connection = connection
        self.system = system
        self.source = source
        self.now = now
        self.today = now[:10]
        self.changes = 0
        self.warnings = warnings
        self.new_refs: list[tuple[str, str, str, int, int]] = []
        self.moved_refs: list[tuple[str, str, str, int, int]] = []
        self.proposals: list[tuple[Any, ...]] = []
        self._ids: dict[str, Iterator[int]] = {}
        self.corrections = connection.execute(select(correction.c.entity_id).limit(1)).first() is not None
        self._corrected: dict[tuple[str, int], dict[str, str | None]] = {}

    def next_id(self, table: Table) -> int:
        """A free id of `table`, from a block that is taken inside this transaction."""
        ids = self._ids.get(table.name)
        found = None if ids is None else next(ids, None)
        if ids is None or found is None:
            ids = self._ids[table.name] = iter(take_ids(self.connection, table, BLOCK))
            found = next(ids)
        return found

    def create(self, kind: Kind, entity: str, key: str, values: Mapping[str, Any], *, derived: bool = False) -> Row:
        """A new row of `kind`, with the name that the source has for it."""
        row: Row = {**kind.blank, **values}
        id_ = row["id"] = self.next_id(kind.table)
        kind.known[id_] = kind.new[id_] = row
        self.changes += 1
        if key:
            self.name(entity, key, id_, derived=derived)
        return row

    def name(self, entity: str, key: str, id_: int, *, derived: bool = False, moved: bool = False) -> None:
        """The source calls this thing `key`; `moved`: it called another one so before."""
        refs = self.moved_refs if moved else self.new_refs
        refs.append((self.system, entity, key, id_, int(derived)))

    def apply(self, kind: Kind, entity: str, row: Row, values: Mapping[str, Any]) -> bool:
        """Set what differs; what staff have corrected becomes a proposal instead. True when something was set."""
        touched = []
        if self.erased(entity, row["id"]):
            private = {column.name for column in kind.table.c if column.info.get("personal")}
            values = {column: value for column, value in values.items() if column not in private}
        for column, value in values.items():
            if row[column] != value:
                if self.corrections and column in (held := self.corrected(entity, row["id"])):
                    if held[column] != _said(value):
                        self.propose(
                            "FIELD", entity, row["id"], field=column, old=row[column], new=value, why="CORRECTED"
                        )
                    continue
                row[column] = value
                touched.append(column)
        if touched:
            self.touch(kind, row, *touched)
        return bool(touched)

    def touch(self, kind: Kind, row: Row, *columns: str) -> None:
        """This row changed in these columns."""
        self.changes += 1
        row["updated_at"] = self.now
        kind.touch(row, ("updated_at", *columns))

    def erased(self, entity: str, id_: int) -> bool:
        """Was what says who this is taken away for good (`db.personal`)?"""
        return bool(self.corrections) and ERASED in self.corrected(entity, id_)

    def corrected(self, entity: str, id_: int) -> Mapping[str, str | None]:
        """The fields of this thing that staff have corrected, with their values."""
        found = self._corrected.get((entity, id_))
        if found is None:
            query = select(correction.c.field, correction.c.value)
            held = self.connection.execute(query.where(correction.c.entity == entity, correction.c.entity_id == id_))
            found = self._corrected[entity, id_] = {row.field: row.value for row in held}
        return found

    def propose(
        self,
        kind: str,
        entity: str,
        id_: int,
        *,
        other: int = 0,
        field: str = "",
        old: Any = None,
        new: Any = None,
        why: str,
    ) -> None:
        """Leave a question for a person; the same question is asked once, also after it was answered."""
        said = _said(new)
        print_ = blake2b(f"{kind}|{entity}|{id_}|{other}|{field}|{said}".encode(), digest_size=16).hexdigest()
        self.proposals.append((kind, entity, id_, other, field, _said(old), said, self.source, why, self.now, print_))

    def write(self) -> None:
        """Write the names and the questions, and give back ids that were not needed; the tables are for those who know
        their order.
        """
        bulk.insert(self.connection, external_ref, _REF, self.new_refs)
        bulk.upsert(self.connection, external_ref, _REF, self.moved_refs, key=_REF[:3], change=_REF[3:])
        if self.proposals:
            given = [
                (id_, *row)
                for id_, row in zip(
                    take_ids(self.connection, proposal, len(self.proposals)), self.proposals, strict=True
                )
            ]
            bulk.insert(self.connection, proposal, _PROPOSAL, given, ignore=True)
        for name, ids in self._ids.items():
            left = len(list(ids))
            if left:  # nobody has taken others since: the counter's row is locked by this transaction
                self.connection.execute(
                    update(next_id).where(next_id.c.name == name).values(value=next_id.c.value - left)
                )
        self._ids = {}


def _said(value: Any) -> str | None:
    return None if value is None else str(value)


_PROPOSAL = ("id", "kind", "entity", "entity_id", "other_id", "field", "old", "new", "source", "why", "created_at",
             "fingerprint")  # fmt: skip
_REF = ("system", "entity", "key", "id", "derived")
