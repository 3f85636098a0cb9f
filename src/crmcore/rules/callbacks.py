"""One callback for what a car had done: orders of one day are one, and a visit before the callback replaces it by a later one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import attrs

from crmcore.rules.case import Anchor, Order
from crmcore.types.contact import AnchorKind


@attrs.frozen
class Called:
    """What callbacks that are over have covered: visits by id, and the hand-over dates they were about."""

    visits: frozenset[int] = frozenset()
    days: frozenset[date] = frozenset()


NOTHING = Called()


def fold(
    orders: Iterable[Order], called: Called = NOTHING, *, answered_after: int | None = None
) -> list[tuple[Order, ...]]:
    """Group the handed-over orders of one car into callbacks, each oldest order first.

    Args:
        answered_after: for a replay of the past: days after hand-over at which a callback counts as made; a visit after
            that begins a new one. None: nothing is made but what `called` says.
    """
    handed = sorted(
        (
            order
            for order in orders
            if order.handed_on is not None and order.id not in called.visits and order.handed_on not in called.days
        ),
        key=_by_hand_over,
    )
    groups: list[list[Order]] = []
    for order in handed:
        if groups and _joins(groups[-1][-1], order, answered_after):
            groups[-1].append(order)
        else:
            groups.append([order])
    return [tuple(group) for group in groups]


def _by_hand_over(order: Order) -> tuple[date, datetime, int]:
    return (order.handed_on or date.min, order.delivered_at or datetime.min.replace(tzinfo=UTC), order.id)


def _joins(last: Order, order: Order, answered_after: int | None) -> bool:
    if answered_after is None or last.handed_on is None or order.handed_on is None:
        return True
    return order.handed_on < last.handed_on + timedelta(days=answered_after) or order.handed_on == last.handed_on


def anchor_of(group: tuple[Order, ...]) -> Anchor:
    """The event of one callback: the latest hand-over, by the person who brought the car, naming every order."""
    last = group[-1]
    assert last.handed_on is not None
    assert last.customer is not None
    return Anchor(
        kind=AnchorKind.HANDED_OVER,
        subject=f"visit:{last.id}" if last.vehicle is None else f"vehicle:{last.vehicle}",
        key=f"visit:{last.id}",
        on=last.handed_on,
        at=last.delivered_at,
        store=last.store,
        customer=last.customer,
        vehicle=last.vehicle,
        visit=last.id,
        basis=last.handed_basis or "DELIVERED",
        visits=tuple(order.id for order in group),
        orders=tuple(order.ro_number for order in group if order.ro_number),
    )


def by_car(orders: Iterable[Order]) -> list[list[Order]]:
    """Orders that can share a callback: of one car; an order without a car stands alone."""

    def car(order: Order) -> tuple[int, int]:
        return (order.vehicle, 0) if order.vehicle is not None else (-1, order.id)

    return [list(group) for _, group in groupby(sorted(orders, key=car), key=car)]
