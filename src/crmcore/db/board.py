"""What the board counts: complaints by what they are about, whom they concern, how long each step took."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select

from crmcore.db.among import among
from crmcore.db.schema import complaint, complaint_clock, customer, escalation
from crmcore.types.complaint import ENDED, Origin

C = complaint.c
_OVER = [state.value for state in ENDED]


@attrs.frozen(kw_only=True)
class Window:
    """Complaints of our own that were received from `since` to `until` (exclusive; stored instants); no stores: of all."""

    since: str
    until: str
    stores: Collection[str] = ()

    def received(self) -> ColumnElement[bool]:
        """The condition on cases."""
        return and_(self.ours(), C.received_at >= self.since, C.received_at < self.until)

    def ours(self) -> ColumnElement[bool]:
        """Cases that have clocks here, of these stores."""
        mine = C.origin == Origin.CRM.value
        return and_(mine, C.store.in_(self.stores)) if self.stores else mine


def open_cases(connection: Connection, window: Window, limit: int) -> list[Row[Any]]:
    """What is open now, whenever it came, with `customer_name`; the newest first."""
    query = select(complaint, customer.c.name.label("customer_name")).outerjoin(
        customer, customer.c.id == C.customer_id
    )
    query = query.where(window.ours(), C.state.not_in(_OVER)).order_by(C.received_at.desc(), C.id.desc())
    return list(connection.execute(query.limit(limit)))


def history(connection: Connection, customers: Collection[int]) -> list[Row[Any]]:
    """(customer_id, id, received_at) of all cases of these customers, those of the dealer's own list included."""
    query = select(C.customer_id, C.id, C.received_at).where(
        among(C.customer_id, customers), C.received_at.is_not(None)
    )
    return list(connection.execute(query.order_by(C.id)))


def counts(connection: Connection, window: Window, column: str) -> list[Row[Any]]:
    """(code, n) by one column of the case, the most frequent first; "" for what nobody has said yet."""
    code, n = func.coalesce(C[column], ""), func.count()
    query = select(code.label("code"), n.label("n")).where(window.received()).group_by(code)
    return list(connection.execute(query.order_by(n.desc(), code)))


def colleagues(connection: Connection, window: Window) -> list[Row[Any]]:
    """(responsible, accused, n): whose work it was about, as judged, and as the customer says (JSON)."""
    said = (func.coalesce(C.responsible, "").label("responsible"), C.accused)
    query = select(*said, func.count().label("n")).where(window.received()).group_by(*said)
    return list(connection.execute(query.order_by(*said)))


def judged(connection: Connection, window: Window) -> tuple[int, int]:
    """How many could have been avoided, of those somebody has judged."""
    query = select(func.coalesce(func.sum(C.avoidable), 0), func.count(C.avoidable)).where(window.received())
    avoidable, all_ = connection.execute(query).one()
    return int(avoidable), int(all_)


def steps(connection: Connection, window: Window) -> list[Row[Any]]:
    """When each case was received, handed over, acknowledged, responded to, resolved and closed."""
    columns = (C.received_at, C.handed_over_at, C.acknowledged_at, C.responded_at, C.resolved_at, C.closed_at)
    return list(connection.execute(select(*columns).where(window.received()).order_by(C.id)))


def complainants(connection: Connection, window: Window) -> list[Row[Any]]:
    """(id, customer_id) of the window's cases whose customer is known."""
    return list(connection.execute(select(C.id, C.customer_id).where(window.received(), C.customer_id.is_not(None))))


def kept(connection: Connection, window: Window, now: str) -> list[Row[Any]]:
    """(kind, kept, n): deadlines of the window's cases that were met, of those that were met or missed."""
    clock = complaint_clock.c
    met = case((func.coalesce(clock.stopped_at, now) <= clock.due_at, 1), else_=0)
    decided = clock.stopped_at.is_not(None) | (clock.due_at < now)
    query = (
        select(clock.kind, func.sum(met).label("kept"), func.count().label("n"))
        .join(complaint, C.id == clock.complaint_id)
        .where(window.received(), decided)
        .group_by(clock.kind)
    )
    return list(connection.execute(query.order_by(clock.kind)))


def escalations(connection: Connection, window: Window) -> list[Row[Any]]:
    """Rungs that were climbed from `since` to `until`, the newest first."""
    query = (
        select(escalation, C.store)
        .join(complaint, C.id == escalation.c.complaint_id)
        .where(window.ours(), escalation.c.at >= window.since, escalation.c.at < window.until)
    )
    newest = (escalation.c.at.desc(), escalation.c.complaint_id, escalation.c.level)
    return list(connection.execute(query.order_by(*newest)))


def levels(connection: Connection, cases: Collection[int]) -> dict[tuple[int, int], int]:
    """The highest rung of each case and round."""
    who = (escalation.c.complaint_id, escalation.c.round)
    highest = func.max(escalation.c.level).label("level")
    query = select(*who, highest).where(among(escalation.c.complaint_id, cases)).group_by(*who)
    return {(row.complaint_id, row.round): row.level for row in connection.execute(query)}


def last(connection: Connection, window: Window) -> str | None:
    """When a case was last touched."""
    newest: str | None = connection.execute(select(func.max(C.updated_at)).where(window.ours())).scalar_one()
    return newest


def elsewhere(connection: Connection, stores: Collection[str]) -> int:
    """Open cases of the dealer's own list, which has no clocks here."""
    query = select(func.count()).where(C.origin == Origin.DMS.value, C.state.not_in(_OVER))
    return connection.execute(query.where(C.store.in_(stores)) if stores else query).scalar_one()
