"""report board: what is open and how long it may still take, what was complained about, how long it took."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row

from crmcore.db import board as query
from crmcore.db import complaint_clocks
from crmcore.db.board import Window
from crmcore.db.columns import instant, stamp
from crmcore.db.engine import Database
from crmcore.flows.report_head import Frame
from crmcore.flows.report_words import board_words
from crmcore.reports.board import Bar, Board, Climbed, Kept, Open, Step, pareto
from crmcore.rules.board import Lane, quantile, standing
from crmcore.rules.masking import mask_name
from crmcore.types.complaint import Category, ClockKind, ComplaintState, Severity, SlaClock
from crmcore.types.store import Store

LIMIT = 1000
STEPS = ("handed_over_at", "acknowledged_at", "responded_at", "resolved_at", "closed_at")
NOBODY = ""


def board(db: Database, categories: Mapping[str, Category], repeat_days: int, frame: Frame, *, lang: str) -> Board:
    """What is open now, and what was received in the period; customers are masked.

    Args:
        db: the store.
        categories: the taxonomy, for its words.
        repeat_days: who complains again within so many days is a repeat complainer.
        frame: which stores, which days.
        lang: of the words.
    """
    _, since, until = frame.instants()
    window = Window(since=since, until=until, stores=frame.codes)
    with db.reading() as connection:
        climbed = query.escalations(connection, window)
        seen = query.complainants(connection, window)
        again = _again(query.history(connection, {row.customer_id for row in seen}), repeat_days)
        kept = query.kept(connection, window, stamp(frame.now))
        received = query.steps(connection, window)
        avoidable, judged = query.judged(connection, window)
        return Board(
            head=frame.head(query.last(connection, window)),
            cases=_open(connection, window, frame, repeat_days),
            elsewhere=query.elsewhere(connection, frame.codes),
            received=len(received),
            categories=_bars(query.counts(connection, window, "category")),
            causes=_bars(query.counts(connection, window, "root_cause")),
            departments=_bars(query.counts(connection, window, "department")),
            colleagues=_colleagues(query.colleagues(connection, window)),
            avoidable=avoidable,
            judged=judged,
            complainants=len({row.customer_id for row in seen}),
            repeaters=len({row.customer_id for row in seen if row.id in again}),
            repeat_days=repeat_days,
            kept=tuple(Kept(clock=ClockKind(row.kind), kept=int(row.kept), n=int(row.n)) for row in kept),
            steps=tuple(_step(name, received) for name in STEPS),
            escalations=tuple(_climbed(row, frame) for row in climbed),
            words=board_words(connection, categories, frame, lang),
        )


def _open(connection: Connection, window: Window, frame: Frame, repeat_days: int) -> tuple[Open, ...]:
    """Open cases, by lane and by what is left in it."""
    stores = {store.code: store for store in frame.stores}
    rows = query.open_cases(connection, window, LIMIT)
    clocks = complaint_clocks.of(connection, [row.id for row in rows])
    levels = query.levels(connection, [row.id for row in rows])
    again = _again(query.history(connection, {row.customer_id for row in rows if row.customer_id}), repeat_days)
    lines = [
        _line(row, clocks.get(row.id, ()), stores[row.store], frame, levels.get((row.id, row.round), 0), again)
        for row in rows
    ]
    order = list(Lane)
    return tuple(sorted(lines, key=lambda each: (order.index(each.lane), each.left, int(each.id[1:]))))


def _again(rows: Iterable[Row[Any]], days: int) -> set[int]:
    """Cases whose customer had complained at most `days` before."""
    theirs: dict[int, list[tuple[str, int]]] = {}
    for row in rows:
        theirs.setdefault(row.customer_id, []).append((row.received_at, row.id))
    return {
        case
        for cases in theirs.values()
        for (before, _), (at, case) in pairwise(sorted(cases))
        if at <= _shifted(before, days)
    }


def _line(
    row: Row[Any], clocks: Sequence[SlaClock], store: Store, frame: Frame, level: int, again: Collection[int]
) -> Open:
    now = standing([clock for clock in clocks if clock.round == row.round], store, frame.now)
    return Open(
        id=f"K{row.id}",
        lane=now.lane,
        state=ComplaintState(row.state),
        severity=Severity(row.severity),
        category=row.category,
        store=row.store,
        customer=mask_name(row.customer_name) if row.customer_name else "",
        owner=row.owner,
        first_asked=row.first_asked,
        received_at=frame.minute(row.received_at, store),
        clock=now.clock.kind if now.clock else None,
        basis=now.clock.basis if now.clock else None,
        due_at=frame.minute(stamp(now.due_at), store) if now.due_at else "",
        left=int(now.left.total_seconds() // 60),
        provisional=now.provisional,
        round=row.round,
        level=level,
        repeat=row.id in again,
    )


def _climbed(row: Row[Any], frame: Frame) -> Climbed:
    store = next(each for each in frame.stores if each.code == row.store)
    late = (instant(row.at) - instant(row.due_at)).total_seconds() // 60
    return Climbed(
        id=f"K{row.complaint_id}",
        level=row.level,
        clock=ClockKind(row.clock),
        role=row.role,
        staff=row.staff,
        due_at=frame.minute(row.due_at, store),
        at=frame.minute(row.at, store),
        late=int(late) if row.late else 0,
    )


# ------------------------------------------------------------------ statistics


def _bars(rows: Iterable[Row[Any]]) -> tuple[Bar, ...]:
    return pareto({row.code: row.n for row in rows})


def _colleagues(rows: Iterable[Row[Any]]) -> tuple[Bar, ...]:
    """Whoever was found responsible; until that is judged, whom the customer complains about; "" where it is nobody."""
    found: Counter[str] = Counter()
    for row in rows:
        for code in [row.responsible] if row.responsible else json.loads(row.accused) or [NOBODY]:
            found[code] += row.n
    return pareto(found)


def _step(name: str, rows: Iterable[Row[Any]]) -> Step:
    taken = [
        int((instant(done) - instant(row.received_at)).total_seconds() // 60)
        for row in rows
        if (done := getattr(row, name)) is not None
    ]
    return Step(
        code=name.removesuffix("_at").upper(), n=len(taken), median=quantile(taken, 0.5), p90=quantile(taken, 0.9)
    )


def _shifted(stored: str, days: int) -> str:
    return stamp(instant(stored) + timedelta(days=days))
