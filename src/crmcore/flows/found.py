"""An event of a rule; and hand-overs as such: which callbacks they ask for, and which they do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import attrs
from sqlalchemy import Row

from crmcore.flows.planning import said_by
from crmcore.rules import callbacks
from crmcore.rules.case import Anchor, Order
from crmcore.rules.durations import parse, shift
from crmcore.types.contact import TouchpointRule
from crmcore.types.visit import OrderType


@attrs.frozen(kw_only=True)
class Found:
    """One event of one rule.

    Attributes:
        occurrence: which of its repeats.
        order: the visit behind it.
    """

    rule: TouchpointRule
    anchor: Anchor
    occurrence: int
    order: Order | None = None


def callbacks_for(
    rule: TouchpointRule,
    orders: Mapping[int, Order],
    history: Sequence[Row[Any]] = (),
    *,
    answered_on: date | None = None,
) -> list[Found]:
    """One event per callback that these hand-overs ask for, given what was called about before.

    Args:
        answered_on: for a replay of the past that begins on this day: every callback was made on the day it was due.
    """
    over = _called(history)
    eligible = [order for order in orders.values() if order.customer is not None and _paid_for(order)]
    after = None if answered_on is None else (shift(answered_on, parse(rule.offset)) - answered_on).days
    found = []
    for car in callbacks.by_car(eligible):
        subject = f"vehicle:{car[0].vehicle}" if car[0].vehicle is not None else f"visit:{car[0].id}"
        groups = callbacks.fold(car, over.get(subject, callbacks.NOTHING), answered_after=after)
        found += [
            Found(rule=rule, anchor=callbacks.anchor_of(group), occurrence=1, order=group[-1]) for group in groups
        ]
    return found


def no_callbacks(rule: TouchpointRule, orders: Mapping[int, Order]) -> list[Found]:
    """The hand-overs of orders that turned out to be no customer's: what was planned about them says so when it goes."""
    return [
        Found(rule=rule, anchor=callbacks.anchor_of((order,)), occurrence=1, order=order)
        for order in orders.values()
        if order.customer is not None and order.handed_on is not None and not _paid_for(order)
    ]


def _called(history: Sequence[Row[Any]]) -> dict[str, callbacks.Called]:
    """What the callbacks that are over have covered, by car."""
    visits: dict[str, set[int]] = defaultdict(set)
    days: dict[str, set[date]] = defaultdict(set)
    for row in history:
        if row.state in {"DONE", "SKIPPED", "EXPIRED"} or (row.state == "CANCELLED" and row.reason == "BY_HAND"):
            said = said_by(row)
            for subject in {row.subject, *(f"vehicle:{car}" for car in said.get("vehicles", ()))}:
                visits[subject].update(said.get("visits", ()))
                if row.subject == subject and "on" in said:
                    days[subject].add(date.fromisoformat(said["on"]))
    return {subject: callbacks.Called(frozenset(visits[subject]), frozenset(days[subject])) for subject in visits}


def _paid_for(order: Order) -> bool:
    """Is it a customer's own order, and did it take place?"""
    return order.order_type == OrderType.CUSTOMER and not order.void
