"""What the core would know after some batches: it reads an entry when its digest is new, and commits each cursor with its batch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from crmcore.hooks.records import Batch, Entry, Gone, Record, Reject
from crmcore.testing.source import SourceWorld

#: Where a record says which row of the vendor's it is.
_SPOKEN = ("key", "ro_number", "token", "sample_id", "visit")


@attrs.define
class Ledger:
    """What was read.

    Attributes:
        newest: the vendor's key -> the digest of what was read of it last.
        seen: every digest that came.
        said: what was read, in the order in which it came; `keys` are those of the records, by the vendor's key.
        strange: places of entries that no row of the vendor's stands behind.
    """

    pattern: re.Pattern[str]
    newest: dict[str, bytes] = attrs.field(factory=dict)
    seen: set[bytes] = attrs.field(factory=set)
    said: list[Record | Gone | Reject] = attrs.field(factory=list)
    keys: dict[str, set[str]] = attrs.field(factory=dict)
    strange: list[str] = attrs.field(factory=list)

    def read(self, batches: Iterable[Batch]) -> None:
        """Read every entry whose digest is new."""
        for batch in batches:
            for entry in batch.entries:
                if entry.digest not in self.seen:
                    self.seen.add(entry.digest)
                    self._read(entry)

    def _read(self, entry: Entry | Reject) -> None:
        said = list(entry.records()) if isinstance(entry, Entry) else [entry]
        self.said += said
        found = {key for each in said if (key := self._key(each))}
        for key in found:
            self.newest[key] = entry.digest
            self.keys.setdefault(key, set()).update(
                str(each.data.get("key")) for each in said if isinstance(each, Record)
            )
        if not found and not any(isinstance(each, Reject) for each in said):
            self.strange += entry.at

    def _key(self, said: Record | Gone | Reject) -> str:
        """The vendor's key of what was said; "" where there is none."""
        spoken: Mapping[str, Any] = said.data if isinstance(said, Record) else {"key": getattr(said, "key", "")}
        found = (self.pattern.search(str(spoken.get(name) or "")) for name in _SPOKEN)
        return next((match[0] for match in found if match), "")


def ledger(world: SourceWorld, *pulls: Iterable[Batch]) -> Ledger:
    """What the core would know after these pulls, one after the other."""
    made = Ledger(re.compile(world.pattern))
    for batches in pulls:
        made.read(batches)
    return made


def digests(batches: Iterable[Batch]) -> set[bytes]:
    """Every digest of a pull."""
    return {entry.digest for entry in entries(batches)}


def entries(batches: Iterable[Batch]) -> Iterator[Entry | Reject]:
    """Every entry of a pull."""
    for batch in batches:
        yield from batch.entries


def said(batches: Iterable[Batch]) -> list[Record | Gone | Reject]:
    """Everything that every entry of a pull says."""
    return [each for entry in entries(batches) for each in (entry.records() if isinstance(entry, Entry) else (entry,))]


def missing(world: SourceWorld, known: Ledger) -> list[str]:
    """Keys of rows that the vendor has and the core would know nothing of."""
    return sorted({row.key for row in world.held if row.key} - known.newest.keys())


def last(batches: Sequence[Batch]) -> str | None:
    """Where the next pull begins."""
    return batches[-1].cursor if batches else None
