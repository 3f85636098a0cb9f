"""The few column types both databases keep alike.

SQLite's STRICT tables compile only Text, Integer, REAL and LargeBinary, and PostgreSQL sorts text by locale unless told not
to; so instants and dates are fixed-width ISO text under the "C" collation: they sort, compare and read the same everywhere.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

_TEXT = Text(collation="C").with_variant(Text(), "sqlite")
_INT = BigInteger().with_variant(Integer(), "sqlite")


def text(name: str, *args: Any, null: bool = False, **kw: Any) -> Column[str]:
    """Text; instants as `2026-11-22T00:30:00Z`, dates as `2026-11-22`, JSON as its text."""
    return Column(name, _TEXT, *args, nullable=null, **kw)


def integer(name: str, *args: Any, null: bool = False, **kw: Any) -> Column[int]:
    """Whole numbers: ids, km, fen, hundredths of an hour, 0/1 flags."""
    return Column(name, _INT, *args, nullable=null, **kw)


def blob(name: str, *args: Any, null: bool = False, **kw: Any) -> Column[bytes]:
    """Bytes: digests and raw pushes."""
    return Column(name, LargeBinary, *args, nullable=null, **kw)


def stamp(at: datetime) -> str:
    """An aware instant as it is stored: UTC, whole seconds; raises `ValueError` for one without a zone."""
    if at.tzinfo is None:  # Python would take it for the time of this machine
        raise ValueError("an instant without a zone is no instant")
    return f"{at.astimezone(UTC).isoformat()[:19]}Z"  # twice as fast as strftime


def instant(stored: str) -> datetime:
    """What `stamp` wrote."""
    return datetime.fromisoformat(stored)


def day(stored: str) -> date:
    """A stored date."""
    return date.fromisoformat(stored)
