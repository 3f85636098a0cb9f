"""Whose hands an exported call is in, and until when."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from crmcore.db import bulk
from crmcore.db.among import among
from crmcore.db.columns import stamp
from crmcore.db.schema import lease

_COLUMNS = ("touchpoint_id", "holder", "leased_at", "until", "file")


def of(connection: Connection, touchpoints: Collection[int]) -> dict[int, Row[Any]]:
    """The lease of each of these calls, also one that has run out."""
    rows = connection.execute(select(lease).where(among(lease.c.touchpoint_id, touchpoints)))
    return {row.touchpoint_id: row for row in rows}


def running(connection: Connection, touchpoints: Collection[int], now: datetime) -> dict[int, Row[Any]]:
    """Those that have not run out at `now`."""
    return {number: row for number, row in of(connection, touchpoints).items() if row.until > stamp(now)}


def take(
    connection: Connection, touchpoints: Collection[int], holder: str, now: datetime, until: datetime, file: str
) -> None:
    """These calls are in the hands of `holder` until then, whoever had them before."""
    rows = [(number, holder, stamp(now), stamp(until), file) for number in sorted(touchpoints)]
    bulk.upsert(connection, lease, _COLUMNS, rows, key=_COLUMNS[:1], change=_COLUMNS[1:])


def give_back(connection: Connection, touchpoint: int) -> None:
    """The call was made: it is in nobody's hands."""
    connection.execute(delete(lease).where(lease.c.touchpoint_id == touchpoint))
