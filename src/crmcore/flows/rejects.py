"""rejects: the source rows that could not be used, in a file for the person who mends them, and what is decided about them."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Connection, delete, select, update

from crmcore import lang as catalogue
from crmcore.db.columns import instant
from crmcore.db.engine import LONGEST, Database
from crmcore.db.schema import reject, source, source_row
from crmcore.db.sources import DISMISSED
from crmcore.errors import StoreError, UsageError

_RISKY = ("=", "+", "-", "@", "\t", "\r")
_HEAD = ("source", "place", "column", "reason", "why", "fix")


@attrs.frozen(kw_only=True)
class Rejected:
    """One source row that could not be used; `raw` is the row by heading (personal data)."""

    id: str
    source: str
    place: tuple[str, ...]
    column: str
    shape: str
    reason: str
    catalog: str
    state: str
    first_at: datetime
    last_at: datetime
    raw: dict[str, str] = attrs.field(repr=False)


def find(db: Database, *, state: str | None = "OPEN", source_name: str | None = None) -> list[Rejected]:
    """The rejects in this state (None: all), oldest first."""
    with db.reading() as connection:
        return list(_each(connection, state, source_name))


def retry(db: Database, ids: Sequence[str] | None = None) -> int:
    """Let the next sync read these rows again (None: all open ones); how many there are.

    Their digests are forgotten and the cursors of their sources too, so the adapter yields everything once more; what was
    seen and kept is skipped by its digest as ever.
    """
    with db.writing() as connection:
        found = _chosen(connection, ids)
        for id_, source_id, digest in found:
            connection.execute(
                delete(source_row).where(source_row.c.source_id == source_id, source_row.c.digest == digest)
            )
            connection.execute(update(source).where(source.c.id == source_id).values(cursor=None))
            connection.execute(update(reject).where(reject.c.id == id_).values(state="OPEN"))
    return len(found)


def dismiss(db: Database, ids: Sequence[str]) -> int:
    """These rows are not wanted; how many there are. The same bytes count as unchanged from now on."""
    with db.writing() as connection:
        found = _chosen(connection, ids)
        for id_, source_id, digest in found:
            seen = (source_row.c.source_id == source_id, source_row.c.digest == digest)
            connection.execute(update(source_row).where(*seen).values(state=DISMISSED))
            connection.execute(update(reject).where(reject.c.id == id_).values(state="DISMISSED"))
    return len(found)


def _chosen(connection: Connection, ids: Sequence[str] | None) -> list[Any]:
    query = select(reject.c.id, reject.c.source_id, reject.c.digest)
    if ids is None:
        return list(connection.execute(query.where(reject.c.state == "OPEN")))
    numbers = [_number(id_) for id_ in ids]
    found = list(connection.execute(query.where(reject.c.id.in_(numbers), reject.c.state != "MENDED")))
    missing = sorted(set(numbers) - {row.id for row in found})
    if missing:
        raise UsageError("CRM-S220", ids=", ".join(f"J{number}" for number in missing))
    return found


def _number(id_: str) -> int:
    digits = id_.strip().upper().removeprefix("J")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < LONGEST):
        raise UsageError("CRM-S220", ids=id_)
    return int(digits)


def _each(connection: Connection, state: str | None, source_name: str | None = None) -> Iterator[Rejected]:
    query = select(reject, source.c.name).join(source, source.c.id == reject.c.source_id).order_by(reject.c.id)
    if state is not None:
        query = query.where(reject.c.state == state)
    if source_name is not None:
        query = query.where(source.c.name == source_name)
    for row in connection.execution_options(yield_per=500).execute(query):
        yield Rejected(
            id=f"J{row.id}",
            source=row.name,
            place=tuple(row.at.split("\n")),
            column=row.column,
            shape=row.shape,
            reason=row.reason,
            catalog=row.catalog,
            state=row.state,
            first_at=instant(row.first_at),
            last_at=instant(row.last_at),
            raw=json.loads(row.raw),
        )


def write_csv(db: Database, path: Path, lang: str) -> Path | None:
    """Write all open rejects for a spreadsheet (mode 0600, UTF-8 with BOM); without any, the file goes. Returns its path.

    Raises:
        StoreError: the file cannot be written, e.g. because it is open in Excel; the rejects stay in the store.
    """
    try:
        return _write_csv(db, path, lang)
    except OSError as error:
        raise StoreError("CRM-D130", at=path.name, why=type(error).__name__) from None


def _write_csv(db: Database, path: Path, lang: str) -> Path | None:
    with db.reading() as connection:
        headings = _headings(connection)
        if headings is None:
            path.unlink(missing_ok=True)
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        # 0600, and never half a file in its place
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file, quoting=csv.QUOTE_ALL)
                writer.writerow(
                    [safe(cell) for cell in (*(catalogue.say(f"reject_{name}", lang) for name in _HEAD), *headings)]
                )
                for row in _each(connection, "OPEN"):
                    writer.writerow(
                        [safe(cell) for cell in (*_told(row, lang), *(row.raw.get(name, "") for name in headings))]
                    )
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    return path


def _headings(connection: Connection) -> list[str] | None:
    """The original columns of all open rejects, in the order they are met; None without any reject."""
    met: dict[str, None] = {}
    any_row = False
    for row in _each(connection, "OPEN"):
        any_row = True
        met |= dict.fromkeys(row.raw)
    return list(met) if any_row else None


def _told(row: Rejected, lang: str) -> tuple[str, ...]:
    words, fix = catalogue.reason(row.reason, lang, row.catalog)
    return (row.source, " ".join(row.place), row.column, row.reason, words, fix)


def safe(cell: str) -> str:
    """A cell that a spreadsheet will not run: what could start a formula gets an apostrophe."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell
