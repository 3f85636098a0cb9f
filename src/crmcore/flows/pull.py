"""One pull of one source, whatever it tells of: every batch is one transaction with its cursor.

Rows that were seen are known by their digest and not parsed again; each row read counts once. What costs time or may fail, such
as asking plugins, happens between the parsing and the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import Connection

from crmcore.db import sources
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.db.sources import SourceRow
from crmcore.errors import CrmError, PluginError
from crmcore.flows.batch import Counts, Keeping, Parsed, Readers, Reading, digest_of
from crmcore.hooks.adapters import Clock
from crmcore.hooks.records import Batch


def batches(
    source: str, pull: Callable[[str | None], Iterator[Batch]], cursor: str | None, code: str
) -> Iterator[Batch]:
    """What an adapter yields; a bug in it is a `PluginError` of `code` that says which, without what it was reading."""
    try:
        yield from pull(cursor)
    except CrmError:
        raise
    except Exception as error:
        raise PluginError(code, source=source, error=type(error).__name__) from error


class Pull:
    """One pull of one source.

    Args:
        name: of the source, as rejects name it.
        read: what cleans the records, by entity.
        counts: grows with each batch that is kept.
    """

    def __init__(self, db: Database, name: str, system: str, *, clock: Clock, read: Readers, counts: Counts) -> None:
        self.db = db
        self.clock = clock
        self.read = read
        self.counts = counts
        with db.writing() as connection:
            self.at: SourceRow = sources.register(connection, name, system)
            self.mending = sources.any_open(connection, self.at.id)
        self.pull = self.at.pull + 1

    def take(
        self,
        batch: Batch,
        keeper: Callable[[Connection, str], Keeping],
        prepare: Callable[[Sequence[Parsed]], None] | None = None,
    ) -> None:
        """Keep one batch: all of it with its cursor, or nothing.

        Args:
            keeper: makes what keeps the records in a transaction at an instant (as stored).
            prepare: is shown the records before the transaction begins.
        """
        with self.db.reading() as connection:
            seen = sources.seen(connection, self.at.id, [entry.digest or digest_of(entry) for entry in batch.entries])
        now = stamp(self.clock.now())
        reading = Reading(
            batch, seen, pull=self.pull, source_id=self.at.id, now=now, read=self.read, places=self.mending
        )
        if prepare is not None:
            prepare([parsed for _, records in reading.rows for parsed in records])
        moved = SourceRow(self.at.id, self.at.cursor if batch.cursor is None else batch.cursor, self.pull)
        with self.db.writing() as connection:
            sources.advance(connection, self.at, moved, now)
            reading.counts.unchanged_parts(batch.unchanged, sources.open_in_parts(connection, self.at.id, batch.parts))
            if reading.rows:
                reading.keep(keeper(connection, now))
            if self.mending:
                sources.mend(connection, self.at.id, reading.subjects, reading.places, self.pull)
            reading.record(connection)
        self.at = moved
        self.counts.add(reading.counts)
