"""A source that says what the test tells it to, in rows of plain text."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from crmcore.flows.sync import Source, sync
from crmcore.hooks.adapters import DmsAdapter
from crmcore.hooks.records import Batch, Entry, Gone, Record
from crmcore.types.store import Store

STORES = {"S01": Store(code="S01", name="示范店"), "S02": Store(code="S02", name="西店", timezone="Europe/Berlin")}


def entry(place, *records, salt=""):
    """One source row that says `records`: (entity, data) pairs or Gone."""
    said = tuple(record if isinstance(record, Gone) else Record(*record) for record in records)
    digest = blake2b(f"{salt}{records!r}".encode(), digest_size=16).digest()
    return Entry((place,) if isinstance(place, str) else place, digest, lambda: said, lambda: {"工单号": str(place)})


def visit(key="RO1", **said):
    """A visit as a record."""
    return ("visit", {"key": key, **said})


class FakeDms(DmsAdapter):
    """Yields the batches it holds from the cursor on; a cursor is the number of batches read."""

    name = "fake"
    Config = dict

    def __init__(self, *batches):
        self.batches = [batch if isinstance(batch, Batch) else Batch(tuple(batch), None) for batch in batches]
        self.error = None

    def pull(self, cursor):
        for number, batch in enumerate(self.batches[int(cursor or 0) :], int(cursor or 0) + 1):
            yield Batch(batch.entries, batch.cursor or str(number), batch.unchanged, batch.parts)
        if self.error is not None:
            raise self.error


def read(db, clock, *batches, name="main", system="main", folder=Path("/nonexistent"), adapter=None, **options):
    """Sync one source that yields `batches` anew; its report."""
    adapter = adapter or Anew(*batches)
    source = Source(name=name, system=system, adapter=adapter, store="S01")
    return sync(db, [source], stores=STORES, clock=clock, folder=folder, **options).sources[0]


class Anew(FakeDms):
    """Reads everything each time, as a source without a cursor does."""

    def pull(self, cursor):
        yield from (Batch(b.entries, None, b.unchanged, b.parts) for b in self.batches)
        if self.error is not None:
            raise self.error
