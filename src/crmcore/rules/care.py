"""Which contact is owed, when, on which channel, and why: one rule and one event -> a draft, or the reason why not.

The shop window of care: timing and decision are here; `series`, `bundling`, `callbacks`, `maintenance`, `people` and
`templates` have their own page.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import attrs

from crmcore.rules import conditions, durations
from crmcore.rules.case import Anchor, Case
from crmcore.rules.permit import ContactFacts, ContactPolicy, permit
from crmcore.rules.worktime import Moment, instant, local, opening
from crmcore.types.contact import AnchorKind, MessageClass, Refuse, TouchpointRule, TouchpointState
from crmcore.types.customer import Channel, ContactPoint, Customer, NumberState, Purpose
from crmcore.types.store import Store

#: Reasons that end only when a person says so.
PERSON_ONLY = frozenset({"INJURY_ACCIDENT"})


@attrs.frozen(kw_only=True)
class Timing:
    """When a contact is due, late, and no longer worth doing.

    Attributes:
        on: the local date that the rule means, before a closed day moves it to the next opening.
        provisional: the calendar of that year is not announced.
    """

    due: datetime
    on: date
    deadline: datetime | None = None
    expires: datetime | None = None
    provisional: bool = False

    @property
    def late_after(self) -> datetime:
        """A step is missed once this has passed."""
        return self.deadline or self.due


@attrs.frozen(kw_only=True)
class Draft:
    """A contact as the rules want it; the flow makes a touchpoint of it.

    Attributes:
        rule .. occurrence: the identity, planned once.
        point: the number for `channel`; None when there is none.
        reason: why it is suppressed, or what a person must know.
        why_channel: channel -> the reason why it was passed over.
        booked: the customer chose the time.
        members: for a fleet, the identities that this one contact stands for.
    """

    rule: str
    subject: str
    anchor: Anchor
    key: str
    occurrence: str
    timing: Timing
    channel: Channel
    message_class: MessageClass
    state: TouchpointState = TouchpointState.PLANNED
    reason: str | None = None
    point: ContactPoint | None = attrs.field(default=None, repr=False)
    why_channel: Mapping[str, str] = attrs.field(factory=dict)
    booked: bool = False
    vehicles: tuple[int, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """UNIQUE over all touchpoints."""
        return (self.rule, self.subject, self.key, self.occurrence)


@attrs.frozen
class Stop:
    """Nothing is owed, or no longer; `why` is a reason code."""

    why: str


# ------------------------------------------------------------------ when


@functools.lru_cache(maxsize=8192)
def opens(store: Store, on: date) -> Moment:
    """`worktime.opening`, remembered: a plan asks for few days, many times."""
    return opening(store, on)


def local_day(at: datetime, store: Store) -> date:
    """The date that `at` is at the store."""
    return _local_day(at, store.timezone)


@functools.lru_cache(maxsize=8192)
def _local_day(at: datetime, zone: str) -> date:
    return local(at, zone).date()


def end_of_day(on: date, store: Store) -> datetime:
    """The last second of a local date."""
    return instant(on + timedelta(days=1), time(0), store.timezone) - timedelta(seconds=1)


def timing(rule: TouchpointRule, anchor: Anchor, store: Store, occurrence: int = 1) -> Timing:
    """When the `occurrence`-th contact about `anchor` is due, late and over.

    An offset with a clock is an instant; whole days are that calendar date, due at the store's opening.
    """
    offset = _offset(rule.offset, rule.repeat, occurrence)
    at = anchor.at if offset.clock is not None else None
    return _timing(offset, rule.within, rule.expires, anchor.on, at, store)


@functools.lru_cache(maxsize=1024)
def _offset(offset: str, repeat: str | None, occurrence: int) -> durations.Duration:
    """From the event to its `occurrence`-th contact."""
    first = durations.parse(offset)
    if occurrence == 1 or repeat is None:
        return first
    return first.plus(durations.parse(repeat).times(occurrence - 1))


@functools.lru_cache(maxsize=8192)
def _timing(
    offset: durations.Duration, within: str | None, expires: str | None, on: date, at: datetime | None, store: Store
) -> Timing:
    """`timing`, remembered: the events of one day have the same."""
    if offset.clock is not None:
        start = _start(on, at, store)
        day = durations.shift(on, durations.Duration(months=offset.months, days=offset.days))
        due, provisional = start.at + (day - on) + offset.clock, start.provisional
        meant = local_day(due, store)
    else:
        meant = durations.shift(on, offset)
        moment = opens(store, meant)
        due, provisional = moment.at, moment.provisional
    return Timing(
        due=due,
        on=meant,
        deadline=_after(due, within, store),
        expires=_after(due, expires, store),
        provisional=provisional,
    )


def _start(on: date, at: datetime | None, store: Store) -> Moment:
    """The instant of an event; one known by its date alone, or written down as midnight, counts from opening."""
    if at is not None and local(at, store.timezone).time() != time(0):
        return Moment(at.astimezone(UTC))
    return opens(store, on)


def _after(due: datetime, lasts: str | None, store: Store) -> datetime | None:
    """The end of a deadline: hours count from `due`, days run to the end of that local date."""
    if lasts is None:
        return None
    length = durations.parse(lasts)
    if length.clock is not None:
        return due + timedelta(days=length.days) + length.clock
    return end_of_day(durations.shift(local_day(due, store), length), store)


def window(rule: TouchpointRule, first: date, last: date, occurrence: int = 1) -> tuple[date, date]:
    """The dates of events whose `occurrence`-th contact is meant for a day from `first` to `last`; never too narrow.

    For an instant a day at either end covers the clock.
    """
    offset = _offset(rule.offset, rule.repeat, occurrence)
    low, high = durations.before(first, offset)[0], durations.before(last, offset)[1]
    if offset.clock is None:
        return low, high
    return low - offset.clock - timedelta(days=2), high - offset.clock + timedelta(days=2)


# ------------------------------------------------------------------ whether, and how


def decide(
    rule: TouchpointRule,
    case: Case,
    store: Store,
    policy: ContactPolicy,
    now: datetime,
    *,
    occurrence: int = 1,
    decided: bool = False,
) -> Draft | Stop:
    """One rule and one event at `now`.

    Args:
        decided: a person has looked at it and said that it shall be done.
    """
    anchor = case.anchor
    today = local_day(now, store)
    why = anchor.gone or conditions.stopped(rule, case, today)
    if why is not None:
        return Stop(why)
    when = timing(rule, anchor, store, occurrence)
    booked = _booked(rule, case)
    if booked is not None:
        when = attrs.evolve(
            when,
            due=booked,
            on=local_day(booked, store),
            deadline=max(when.deadline or booked, booked),
            expires=_after(booked, rule.expires, store),
        )
    reason = conditions.suppressed(rule, case, today)
    if decided and reason in PERSON_ONLY:
        reason = None
    channel, point, passed = _channel(rule, case, store, policy, now, person_only=case.injury)
    state = TouchpointState.PLANNED
    if reason is None and channel is None:
        reason = next(iter(passed.values()))
    if reason is not None:
        state = TouchpointState.SUPPRESSED
    return Draft(
        rule=rule.code,
        subject=anchor.subject,
        anchor=anchor,
        key=anchor.key,
        occurrence=anchor.occurrence or str(occurrence),
        timing=when,
        channel=channel or rule.channels[0],
        message_class=rule.message_class,
        state=state,
        reason=reason,
        point=point,
        why_channel=passed,
        booked=booked is not None,
        vehicles=() if anchor.vehicle is None else (anchor.vehicle,),
    )


def _booked(rule: TouchpointRule, case: Case) -> datetime | None:
    """The time the customer chose for his callback (预约回访)."""
    return case.order.booked_at if case.order is not None and rule.purpose == "CALLBACK" else None


def _channel(
    rule: TouchpointRule, case: Case, store: Store, policy: ContactPolicy, now: datetime, *, person_only: bool
) -> tuple[Channel | None, ContactPoint | None, dict[str, str]]:
    """The first channel on which the person may be contacted, and why each one before it was passed over.

    What answers the customer's own order is never lost for want of a text: it ends as a call.
    """
    channels = rule.channels
    if case.order is not None and rule.purpose == "CALLBACK" and case.order.booked_channel is not None:
        channels = (case.order.booked_channel, *channels)
    if person_only or (rule.message_class is MessageClass.SERVICE and Channel.PHONE not in channels):
        channels = (*channels, Channel.PHONE)
    passed: dict[str, str] = {}
    for channel in channels:
        if person_only and channel is not Channel.PHONE:
            passed.setdefault(channel.value, "INJURY_ACCIDENT")
            continue
        point = best_point(case.customer, channel)
        facts = ContactFacts(
            point=point,
            customer=case.customer,
            store=store,
            channel=channel,
            message_class=rule.message_class,
            purpose=Purpose.SURVEY if rule.purpose == "SURVEY" else None,  # a callback goes without its questions
            do_not_message=case.order is not None and case.order.do_not_message,
        )
        match permit(facts, policy, now):
            case Refuse(why):
                passed.setdefault(channel.value, why)
            case _:
                return channel, point, passed
    return None, None, passed


def best_point(customer: Customer, channel: Channel) -> ContactPoint | None:
    """The number for a call or text: one that can be used, then the preferred, then the proven; None without any."""
    points = [point for point in customer.contact_points if point.channel is Channel.PHONE]
    return min(points, key=functools.partial(_rank, channel), default=None)


def _rank(channel: Channel, point: ContactPoint) -> tuple[bool, bool, bool]:
    usable = point.reachable and channel not in point.refused and (channel is Channel.PHONE or point.mobile)
    return (not usable, not point.preferred, point.state is not NumberState.VALID)


#: Events that many people share: planned on the day, not days ahead.
BROADCAST = frozenset({AnchorKind.HOLIDAY, AnchorKind.SEASON, AnchorKind.EVENT})
