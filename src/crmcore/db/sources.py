"""What was read from where: sources with their cursors, the digests of seen rows, the rows that were rejected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from crmcore.db import bulk, rows
from crmcore.db.engine import take_ids
from crmcore.db.schema import reject, source, source_row
from crmcore.errors import Busy

KEPT, REJECTED, DISMISSED = 0, 1, 2

REJECT = ("id", "source_id", "part", "at", "column", "shape", "reason", "catalog", "raw", "digest", "state", "subject",
          "first_at", "last_at")  # fmt: skip
_AGAIN = ("part", "at", "column", "shape", "reason", "catalog", "raw", "state", "subject", "last_at")


class SourceRow(NamedTuple):
    """A source as it is stored."""

    id: int
    cursor: str | None
    pull: int


def find(connection: Connection, name: str) -> SourceRow | None:
    """The source of this name."""
    found = connection.execute(
        select(source.c.id, source.c.cursor, source.c.pull).where(source.c.name == name)
    ).one_or_none()
    return None if found is None else SourceRow(*found)


def register(connection: Connection, name: str, system: str) -> SourceRow:
    """The source of this name, made when there is none; its system is what the config says now."""
    found = find(connection, name)
    if found is None:
        (id_,) = take_ids(connection, source, 1)
        connection.execute(insert(source).values(id=id_, name=name, system=system, pull=0, retired=0))
        return SourceRow(id_, None, 0)
    connection.execute(update(source).where(source.c.id == found.id, source.c.system != system).values(system=system))
    return found


def systems(connection: Connection) -> set[str]:
    """The namespaces that were ever synced."""
    return set(connection.execute(select(source.c.system).distinct()).scalars())


def advance(connection: Connection, was: SourceRow, now: SourceRow, at: str) -> None:
    """Move the cursor from `was` to `now`; `Busy` when another process has moved it meanwhile."""
    changed = connection.execute(
        update(source)
        .where(source.c.id == was.id, source.c.pull == was.pull, source.c.cursor.is_not_distinct_from(was.cursor))
        .values(cursor=now.cursor, pull=now.pull, pulled_at=at)
    )
    if changed.rowcount != 1:
        raise Busy("CRM-S202")


def seen(connection: Connection, source_id: int, digests: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
    """Which of `digests` were seen: the pull that brought them and their state."""
    found = rows.by_digest(
        connection,
        "SELECT digest, pull, state FROM source_row WHERE source_id = {} AND digest {any}",
        digests,
        source_id,
    )
    return {bytes(digest): (pull, state) for digest, pull, state in found}


def remember(
    connection: Connection, source_id: int, pull: int, new: Iterable[tuple[bytes, int]], again: Iterable[bytes]
) -> None:
    """Keep the digests of this pull's new rows with their state; rejected ones that came `again` get this pull."""
    columns = ("source_id", "digest", "pull", "state")
    bulk.insert(connection, source_row, columns, [(source_id, digest, pull, state) for digest, state in new])
    rejected = [(source_id, digest, pull, REJECTED) for digest in again]
    bulk.upsert(connection, source_row, columns, rejected, key=columns[:2], change=columns[2:])


def keep_rejects(connection: Connection, new: Sequence[dict[str, Any]]) -> None:
    """Keep rows that cannot be used; one that is there already is open again, with its new place."""
    if new:
        for id_, row in zip(take_ids(connection, reject, len(new)), new, strict=True):
            row["id"] = id_
        values = [tuple(row[name] for name in REJECT) for row in new]
        bulk.upsert(connection, reject, REJECT, values, key=("source_id", "digest"), change=_AGAIN)


def reject_again(connection: Connection, source_id: int, again: Sequence[tuple[str, str, str, bytes]]) -> None:
    """The same bad bytes came again: (part, at, now, digest)."""
    statement = "SELECT digest, id FROM reject WHERE source_id = {} AND digest {any}"
    ids = {
        bytes(digest): id_
        for digest, id_ in rows.by_digest(connection, statement, [row[3] for row in again], source_id)
    }
    changed = [(part, at, now, "OPEN", ids[digest]) for part, at, now, digest in again if digest in ids]
    bulk.update(connection, reject, ("part", "at", "last_at", "state"), changed)


def any_open(connection: Connection, source_id: int) -> bool:
    """Is a reject of this source still open?"""
    statement = select(reject.c.id).where(reject.c.source_id == source_id, reject.c.state == "OPEN").limit(1)
    return connection.execute(statement).first() is not None


def mend(connection: Connection, source_id: int, subjects: Iterable[str], places: Iterable[str], pull: int) -> None:
    """What these rejects were about has come in good order: same record or same place, and not rejected in this pull."""
    for column, values in (("subject", subjects), ("at", places)):
        found = rows.pick(
            connection,
            "SELECT id FROM reject WHERE source_id = {} AND state = 'OPEN' AND NOT EXISTS (SELECT 1 FROM source_row AS seen"  # noqa: S608
            f" WHERE seen.source_id = reject.source_id AND seen.digest = reject.digest AND seen.state = {REJECTED}"
            f' AND seen.pull = {{}}) AND "{column}" {{any}}',
            values,
            source_id,
            pull,
        )
        bulk.update(connection, reject, ("state",), [("MENDED", id_) for (id_,) in found])


def open_in_parts(connection: Connection, source_id: int, parts: Sequence[str]) -> int:
    """How many source rows of these parts are rejected and still open; a reject may stand for several rows."""
    found = rows.pick(
        connection,
        "SELECT COALESCE(SUM(1 + LENGTH(at) - LENGTH(REPLACE(at, {}, ''))), 0) FROM reject"
        " WHERE source_id = {} AND state = 'OPEN' AND part {any}",
        parts,
        "\n",
        source_id,
    )
    return int(found[0][0]) if found else 0


def refs(connection: Connection, system: str, entity: str, keys: Iterable[str]) -> dict[str, int]:
    """The ids of what `system` calls by these keys."""
    statement = "SELECT key, id FROM external_ref WHERE system = {} AND entity = {} AND key {any}"
    return dict(rows.pick(connection, statement, keys, system, entity))
