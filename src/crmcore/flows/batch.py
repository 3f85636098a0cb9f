"""The source rows of one batch: which were seen, what the others say, and how each one counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Protocol

import attrs
from sqlalchemy import Connection

from crmcore.db import sources
from crmcore.db.sources import KEPT, REJECTED
from crmcore.flows.intake import Refused
from crmcore.hooks.records import Batch, Entry, Gone, Record, Reject


@attrs.define
class Counts:
    """Source rows by what became of them; read is always the sum of the others."""

    accepted: int = 0
    unchanged: int = 0
    duplicates: int = 0
    rejected: int = 0

    def add(self, other: Counts) -> None:
        """Sum up."""
        self.accepted += other.accepted
        self.unchanged += other.unchanged
        self.duplicates += other.duplicates
        self.rejected += other.rejected

    def unchanged_parts(self, rows: int, still_rejected: int) -> None:
        """Rows the adapter skipped because their part is what it was: rejects stay rejected, the rest is unchanged."""
        rejected = min(rows, still_rejected)
        self.rejected += rejected
        self.unchanged += rows - rejected

    @property
    def read(self) -> int:
        """All of them."""
        return self.accepted + self.unchanged + self.duplicates + self.rejected


Parsed = tuple[str, Any]  # the entity, and what its reader made of it
Readers = Mapping[str, Callable[[Mapping[str, Any]], Any]]  # entity -> cleans a record; raises `Refused`


class Changes(Protocol):
    """Counts what a keeper writes; a source row that leaves it as it was is unchanged."""

    changes: int


class Keeping(Protocol):
    """Keeps what was parsed: all that a batch needs is fetched, then each record is decided about, then all is written."""

    @property
    def unit(self) -> Changes:
        """What counts the changes."""

    def load(self, parsed: Sequence[Parsed]) -> None:
        """Fetch what is known of everything these records speak of."""

    def keep(self, entity: str, said: Any) -> None:
        """One record."""

    def write(self) -> None:
        """Write everything."""


About = tuple[str, Mapping[str, Any]] | None  # the entity and the record


class Reading:
    """Sorts the entries of a batch, parses what is new, and after `keep` records digests and rejects.

    Attributes:
        rows: what is to be kept: the entry and its parsed records.
    """

    def __init__(
        self,
        batch: Batch,
        seen: Mapping[bytes, tuple[int, int]],
        *,
        pull: int,
        source_id: int,
        now: str,
        read: Readers,
        places: bool,
    ) -> None:
        self.pull = pull
        self.source_id = source_id
        self.now = now
        self.read = read
        self.keep_places = places
        self.counts = Counts()
        self.rows: list[tuple[Entry, list[Parsed]]] = []
        self.digests: dict[bytes, int] = {}
        self.rejects: dict[bytes, dict[str, Any]] = {}
        self.again: dict[bytes, tuple[str, str, str, bytes]] = {}
        self.subjects: set[str] = set()
        self.places: set[str] = set()
        for entry in batch.entries:
            digest = entry.digest or digest_of(entry)
            if digest in self.digests or digest in self.again:
                self.counts.duplicates += len(entry.at)
                continue
            found = seen.get(digest)
            if found is not None:
                self._known(entry, digest, *found)
            elif isinstance(entry, Reject):
                self._reject(entry, digest, entry)
            else:
                self._parse(entry, digest)

    def _known(self, entry: Entry | Reject, digest: bytes, pull: int, state: int) -> None:
        if pull == self.pull:
            self.counts.duplicates += len(entry.at)
        elif state == REJECTED:
            self.counts.rejected += len(entry.at)
            self.again[digest] = (_part(entry.at), "\n".join(entry.at), self.now, digest)
        else:
            self.counts.unchanged += len(entry.at)

    def _parse(self, entry: Entry, digest: bytes) -> None:
        parsed: list[Parsed] = []
        subject: About = None
        try:
            for record in entry.records():
                if record.__class__ is Reject:
                    self._reject(entry, digest, record)
                    return
                if record.__class__ is Gone:
                    parsed.append((record.entity, record))
                    continue
                assert record.__class__ is Record
                entity, data = record.entity, record.data
                subject = (entity, data)
                said = self.read[entity](data)
                if said is not None:
                    parsed.append((entity, said))
        except Refused as why:
            column = entry.columns.get(why.field, why.field)
            self._reject(entry, digest, Reject(entry.at, column, why.shape, why.reason), subject)
            return
        except Exception:  # noqa: BLE001 - a row that breaks its adapter is put aside, the others go on
            self._reject(entry, digest, Reject(entry.at, "", "", "ROW_UNREADABLE"), subject)
            return
        self.digests[digest] = KEPT
        self.rows.append((entry, parsed))
        if self.keep_places:
            self.subjects.add(_subject(subject))
            self.places.add("\n".join(entry.at))

    def _reject(self, entry: Entry | Reject, digest: bytes, why: Reject, subject: About = None) -> None:
        raw = why.raw or _raw(entry)
        self.counts.rejected += len(entry.at)
        self.digests[digest] = REJECTED
        self.rejects[digest] = {
            "source_id": self.source_id,
            "part": _part(entry.at),
            "at": "\n".join(entry.at),
            "subject": _subject(subject),
            "column": why.column,
            "shape": why.value_shape,
            "reason": why.reason,
            "catalog": why.catalog,
            "raw": json.dumps(dict(raw), ensure_ascii=False),
            "digest": digest,
            "state": "OPEN",
            "first_at": self.now,
            "last_at": self.now,
        }

    def keep(self, keeper: Keeping) -> None:
        """Keep the parsed rows; a row that brings nothing new is unchanged."""
        keeper.load([parsed for _, records in self.rows for parsed in records])
        unit = keeper.unit
        for entry, records in self.rows:
            before = unit.changes
            for record in records:
                keeper.keep(*record)
            if unit.changes != before:
                self.counts.accepted += len(entry.at)
            else:
                self.counts.unchanged += len(entry.at)
        keeper.write()

    def record(self, connection: Connection) -> None:
        """Keep the digests and the rejects."""
        sources.remember(connection, self.source_id, self.pull, self.digests.items(), self.again)
        sources.keep_rejects(connection, list(self.rejects.values()))
        sources.reject_again(connection, self.source_id, list(self.again.values()))


def _subject(about: About) -> str:
    """What a row is about, where it says: "visit:RO123"."""
    if about is None or not (key := about[1].get("key")):
        return ""
    return f"{about[0]}:{key}"


def digest_of(entry: Entry | Reject) -> bytes:
    """For a row that comes without: of its place and its text, so that the same row gets the same digest."""
    said = json.dumps([entry.at, dict(_raw(entry))], ensure_ascii=False, sort_keys=True)
    return blake2b(said.encode(), digest_size=16).digest()


def _part(at: tuple[str, ...]) -> str:
    """The file or page of a place: "ro.csv" of "ro.csv:17"."""
    return at[0].rpartition(":")[0] if at else ""


def _raw(entry: Entry | Reject) -> Mapping[str, str]:
    try:
        return entry.raw if isinstance(entry, Reject) else entry.raw()
    except Exception:  # noqa: BLE001 - a row that cannot even be shown is rejected all the same
        return {}
