"""The events that a plan looks at: those that are new, and those that what is owed hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import Row

from crmcore.db import touchpoints
from crmcore.flows.found import Found, callbacks_for, no_callbacks
from crmcore.flows.gather import Gathering
from crmcore.flows.planning import AHEAD, GUARD, Scene
from crmcore.rules.care import BROADCAST, timing
from crmcore.rules.case import Order
from crmcore.types.contact import AnchorKind, TouchpointRule


@attrs.frozen
class Events:
    """Fetches them for one plan."""

    scene: Scene
    gathering: Gathering

    def fresh(self) -> tuple[list[Found], dict[str, dict[int, Order]]]:
        """The events that are new, and apart from them the hand-overs of each callback rule, which are grouped later."""
        found: list[Found] = []
        hand_overs: dict[str, dict[int, Order]] = {}
        for rule in self.scene.rules.values():
            if rule.anchor is AnchorKind.HANDED_OVER:
                hand_overs[rule.code] = self.gathering.hand_overs(rule)
            else:
                found += [each for each in self.gathering.fresh(rule) if self._in_time(each)]
        return found, hand_overs

    def everything(
        self,
        fresh: Sequence[Found],
        hand_overs: Mapping[str, dict[int, Order]],
        by_rule: Mapping[str, Sequence[Row[Any]]],
    ) -> list[Found]:
        """New events and those of what is stored, each once."""
        found = list(fresh)
        for rule in self.scene.rules.values():
            rows = by_rule.get(rule.code, ())
            if rule.code in hand_overs:
                found += self._callbacks(rule, hand_overs[rule.code], rows)
            elif rows:
                found += self.gathering.again(rule, rows)
        return list({identity(each): each for each in found}.values())

    def _callbacks(self, rule: TouchpointRule, fresh: dict[int, Order], rows: Sequence[Row[Any]]) -> list[Found]:
        """The callbacks for new hand-overs and for those that open ones name; a visit is called about once."""
        orders = fresh | self.gathering.named_by(rows)
        cars = {order.vehicle for order in orders.values() if order.vehicle is not None}
        orders |= self.gathering.hand_overs_of(rule, cars) if self.gathering.done_until is not None else {}
        subjects = {f"vehicle:{order.vehicle}" if order.vehicle else f"visit:{order.id}" for order in orders.values()}
        fleets = {f"customer:{order.customer}" for order in orders.values()}
        history = touchpoints.of_subjects(self.scene.connection, rule.code, subjects | fleets)
        known = {(row.subject, row.anchor) for row in rows}
        return [
            each
            for each in callbacks_for(rule, orders, history)
            if (each.anchor.subject, each.anchor.key) in known or self._in_time(each)
        ] + [each for each in no_callbacks(rule, orders) if (each.anchor.subject, each.anchor.key) in known]

    def _in_time(self, found: Found) -> bool:
        """Is a new event's contact due soon, not over, and not so long past that it is left alone? Before any fact is fetched."""
        if found.order is not None and found.order.booked_at is not None:
            return True
        store = self.scene.settings.store(found.anchor.store)
        times = timing(found.rule, found.anchor, store, found.occurrence)
        last = self.scene.today if found.anchor.kind in BROADCAST else self.scene.today + AHEAD
        over = times.expires is not None and times.expires <= self.scene.now
        if over or times.on > last:
            return False
        if times.late_after < self.scene.now - GUARD:
            self.scene.report.left_alone[found.rule.code] += 1
            return False
        return True


def identity(found: Found) -> tuple[str, str, str, str]:
    """The identity of the touchpoint for an event."""
    anchor = found.anchor
    return (found.rule.code, anchor.subject, anchor.key, anchor.occurrence or str(found.occurrence))


def people_of(hand_overs: Mapping[str, dict[int, Order]]) -> set[int]:
    """Who brought the cars."""
    return {order.customer for orders in hand_overs.values() for order in orders.values() if order.customer is not None}
