"""Fetching for a plan: the events of each rule's window, and those of what is still open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import anchors as db_anchors
from crmcore.db.columns import instant
from crmcore.flows.found import Found, callbacks_for
from crmcore.flows.planning import Settings, said_by
from crmcore.rules import anchors as make
from crmcore.rules.care import window
from crmcore.rules.case import Order
from crmcore.rules.durations import Duration, parse, shift
from crmcore.types.contact import AnchorKind, TouchpointRule

#: A store that is closed for longer plans its first day by hand. [J]
LONGEST_CLOSURE = 10  # days

VISIT_EVENTS = frozenset(
    {AnchorKind.PROSPECT_LEFT, AnchorKind.DELIVERY_PLANNED, AnchorKind.DELIVERED, AnchorKind.READY}
)


@attrs.define(kw_only=True)
class Gathering:
    """Fetches for one run.

    Attributes:
        first / last: local dates between which contacts must fall due.
        broadcast_first / broadcast_last: the same for what everybody gets.
        done_until: everything due until then was looked at by an earlier plan, and only what was written `since` is new.
            None: this plan looks at everything.
        answered: for a replay of the past: every callback was made on the day it was due.
    """

    connection: Connection
    settings: Settings
    today: date
    first: date
    last: date
    broadcast_first: date
    broadcast_last: date
    done_until: date | None = None
    since: str = ""
    answered: bool = False

    def fresh(self, rule: TouchpointRule) -> list[Found]:
        """The events whose contact falls due in the window and that no earlier plan has looked at."""
        match rule.anchor:
            case AnchorKind.HANDED_OVER:
                return callbacks_for(rule, self.hand_overs(rule), answered_on=self.today if self.answered else None)
            case kind if kind in VISIT_EVENTS:
                return self._visits(rule, db_anchors.orders(self.connection, self._orders(rule)))
            case AnchorKind.APPOINTMENT:
                window_of = self._window(rule)
                rows = self.connection.execute(db_anchors.appointments_between(window_of))
                return self._appointments(rule, rows)
            case kind if kind in db_anchors.CAR_DATES:
                return self._cars(rule)
            case AnchorKind.BIRTHDAY | AnchorKind.FAMILY_BIRTHDAY:
                return self._birthdays(rule)
            case _:
                return self._everybody(rule)

    def again(self, rule: TouchpointRule, stored: Sequence[Row[Any]]) -> list[Found]:
        """The events that `stored` touchpoints hang on, as they are now; callbacks have `callbacks` for it."""
        match rule.anchor:
            case kind if kind in VISIT_EVENTS:
                named = {visit for row in stored for visit in said_by(row).get("visits", ())}
                return self._visits(rule, db_anchors.orders_by_id(self.connection, named).values())
            case AnchorKind.APPOINTMENT:
                numbers = [_number(row.subject) for row in stored]
                return self._appointments(rule, db_anchors.appointments_by_id(self.connection, numbers))
            case kind if kind in db_anchors.CAR_DATES:
                return self._cars_again(rule, stored)
            case AnchorKind.BIRTHDAY | AnchorKind.FAMILY_BIRTHDAY:
                return self._birthdays_again(rule, stored)
            case _:
                return self._everybody_again(rule, stored)

    def _window(self, rule: TouchpointRule, occurrence: int = 1, *, earlier: int = 0) -> db_anchors.Window:
        """The dates of events to fetch; `earlier` is how many months before the event its date is stored."""
        first = self.first - timedelta(days=_days(rule.within))
        # a store that was closed for a holiday opens late, so what expires is given some days
        if rule.expires is not None:
            first = max(first, self.today - timedelta(days=_days(rule.expires) + LONGEST_CLOSURE))
        low, high = window(rule, first, self.last, occurrence)
        new = (
            low
            if self.done_until is None
            else window(rule, self.done_until + timedelta(days=1), self.last, occurrence)[0]
        )
        if earlier:
            low, new = (shift(on, Duration(months=-earlier, days=-3)) for on in (low, new))
            high = shift(high, Duration(months=-earlier, days=3))
        return db_anchors.Window(first=low, last=high, new=max(new, low), since=self.since)

    def _orders(self, rule: TouchpointRule) -> Any:
        return db_anchors.orders_between(rule.anchor, self._window(rule))

    # -------------------------------------------------------------- visits

    def _visits(self, rule: TouchpointRule, orders: Iterable[Order]) -> list[Found]:
        found = []
        for order in orders:
            anchor = make.of_order(rule.anchor, order, self.settings.store(order.store))
            if anchor is not None:
                found.append(Found(rule=rule, anchor=anchor, occurrence=1, order=order))
        return found

    def hand_overs(self, rule: TouchpointRule) -> dict[int, Order]:
        """The hand-overs that no earlier plan has looked at, and those of the same cars in the whole window."""
        orders = {order.id: order for order in db_anchors.orders(self.connection, self._orders(rule))}
        if self.done_until is not None:
            orders |= self.hand_overs_of(
                rule, {order.vehicle for order in orders.values() if order.vehicle is not None}
            )
        return orders

    def hand_overs_of(self, rule: TouchpointRule, cars: Iterable[int]) -> dict[int, Order]:
        """The hand-overs of these cars in the window."""
        return db_anchors.orders_of_cars(self.connection, cars, self._window(rule))

    def named_by(self, stored: Sequence[Row[Any]]) -> dict[int, Order]:
        """The visits that stored touchpoints name."""
        return db_anchors.orders_by_id(
            self.connection, {visit for row in stored for visit in said_by(row).get("visits", ())}
        )

    # -------------------------------------------------------------- appointments

    def _appointments(self, rule: TouchpointRule, rows: Iterable[Row[Any]]) -> list[Found]:
        return [
            Found(
                rule=rule,
                anchor=make.of_appointment(
                    row.id, row.customer_id, row.vehicle_id, instant(row.start_at), self.settings.store(row.store)
                ),
                occurrence=1,
            )
            for row in rows
        ]

    # -------------------------------------------------------------- dates of cars

    def _cars(self, rule: TouchpointRule) -> list[Found]:
        wanted: list[tuple[Row[Any], str, int]] = []
        for field in db_anchors.CAR_DATES[rule.anchor]:
            for occurrence in range(1, rule.max_count + 1):
                dates = self._window(rule, occurrence, earlier=_first_months(rule))
                rows = list(self.connection.execute(db_anchors.cars_between(field, dates)).all())
                if rule.anchor is AnchorKind.FIRST_SERVICE:
                    rows += self.connection.execute(db_anchors.new_cars_between(dates)).all()
                wanted += [(row, field, occurrence) for row in rows]
        return self._car_events(rule, wanted)

    def _cars_again(self, rule: TouchpointRule, stored: Sequence[Row[Any]]) -> list[Found]:
        members = [member for row in stored for member in _members(row)]
        cars = db_anchors.cars_by_id(self.connection, {_number(subject) for subject, _, _ in members})
        wanted = [
            (cars[_number(subject)], key.partition(":")[0], int(occurrence))
            for subject, key, occurrence in members
            if _number(subject) in cars
        ]
        return self._car_events(rule, wanted)

    def _car_events(self, rule: TouchpointRule, wanted: Sequence[tuple[Row[Any], str, int]]) -> list[Found]:
        ahead = Duration(months=_first_months(rule))
        parties, homes = db_anchors.parties(self.connection, [row.id for row, _, _ in wanted])
        speakers = {car: make.speaker(theirs, rule.anchor, self.today) for car, theirs in parties.items()}
        first = rule.anchor is AnchorKind.FIRST_SERVICE
        delivered = db_anchors.delivery_days(self.connection, [row.id for row, _, _ in wanted if first])
        found = []
        for row, field, occurrence in wanted:
            who = speakers.get(row.id)
            stored_on = getattr(row, field, None) or delivered.get(row.id)
            served = first and row.last_service_on is not None
            if who is None or stored_on is None or served:
                continue
            anchor = make.of_car(
                rule.anchor,
                field,
                row.id,
                shift(date.fromisoformat(stored_on), ahead),
                customer=who[0],
                store=self.settings.store(homes.get(who[0])).code,
                basis=(row.next_service_basis or "") if rule.anchor is AnchorKind.NEXT_SERVICE else "",
                since=_since(rule.anchor, row, stored_on),
            )
            if who[1]:
                anchor = attrs.evolve(anchor, gone="OWNERSHIP_ENDED")
            found.append(Found(rule=rule, anchor=anchor, occurrence=occurrence))
        return found

    # -------------------------------------------------------------- days of people

    def _birthdays(self, rule: TouchpointRule) -> list[Found]:
        dates = self._window(rule)
        days = make.month_days(dates.first, dates.last)
        family = rule.anchor is AnchorKind.FAMILY_BIRTHDAY
        query = db_anchors.family_birthdays(list(days)) if family else db_anchors.birthdays(list(days), dates)
        return [
            self._person(
                rule, f"relative:{row.relative}" if family else "birthday", days[row.birth_md], row.id, row.home_store
            )
            for row in self.connection.execute(query)
        ]

    def _birthdays_again(self, rule: TouchpointRule, stored: Sequence[Row[Any]]) -> list[Found]:
        family = rule.anchor is AnchorKind.FAMILY_BIRTHDAY
        ids = {row.id: _number(row.anchor) if family else row.customer_id for row in stored}
        born = db_anchors.still_born(self.connection, set(ids.values()), family=family)
        return [
            self._person(
                rule, row.anchor, make.birthday_in(int(row.occurrence), born[ids[row.id]]), row.customer_id, row.store
            )
            for row in stored
            if ids[row.id] in born
        ]

    def _everybody(self, rule: TouchpointRule) -> list[Found]:
        low, high = window(rule, self.broadcast_first, self.broadcast_last)
        days = make.shared_days(rule, self.settings.events, low, high)
        people = self.connection.execute(db_anchors.everybody()).all() if days else []
        found = []
        for on, key, label, event in days:
            for row in people:
                store = self.settings.store(row.home_store).code
                if event is None or not event.stores or store in event.stores:
                    found.append(self._person(rule, key, on, row.id, store, label))
        return found

    def _everybody_again(self, rule: TouchpointRule, stored: Sequence[Row[Any]]) -> list[Found]:
        found = []
        for row in stored:
            on = date.fromisoformat(row.anchor_on[:10])
            for day, key, label, _ in make.shared_days(rule, self.settings.events, on, on):
                if key == row.anchor:
                    found.append(self._person(rule, key, day, row.customer_id, row.store, label))
        return found

    def _person(
        self, rule: TouchpointRule, key: str, on: date, customer: int, home: str | None, label: Any = None
    ) -> Found:
        anchor = make.of_person(
            rule.anchor,
            key,
            on,
            customer=customer,
            store=self.settings.store(home).code,
            yearly=rule.anchor is not AnchorKind.EVENT,
            label=label,
        )
        return Found(rule=rule, anchor=anchor, occurrence=1)


def _days(lasts: str | None) -> int:
    """How many days a deadline lasts at most."""
    if lasts is None:
        return 0
    length = parse(lasts)
    return length.months * 31 + length.days + (0 if length.clock is None else length.clock.days + 1)


def _first_months(rule: TouchpointRule) -> int:
    """How long after the hand-over of a new car its first service is due."""
    months = rule.params.get("months")
    return months if rule.anchor is AnchorKind.FIRST_SERVICE and isinstance(months, int) else 0


def _since(kind: AnchorKind, row: Row[Any], stored_on: str) -> str:
    """What identifies the event: a predicted date moves with each reading, the service it follows does not."""
    if kind is AnchorKind.NEXT_SERVICE:
        return row.last_service_on or stored_on
    return stored_on


def _members(row: Row[Any]) -> list[tuple[str, str, str]]:
    """(subject, anchor, occurrence) of each contact that a touchpoint stands for: its own, or those of a fleet."""
    members = said_by(row).get("members") or [f"{row.subject}|{row.anchor}|{row.occurrence}"]
    return [(subject, key, occurrence) for subject, key, occurrence in (member.split("|") for member in members)]


def _number(identity: str) -> int:
    """The 9 of "visit:9"."""
    return int(identity.rpartition(":")[2])
