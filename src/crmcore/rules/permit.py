"""May this person be contacted, on this channel, now?  One pure decision for texts and calls, made again at the moment of acting.

Order matters and is the documentation: the number and its opt-out come first, then what is going on with the person, what was
agreed to, what the text says, and last what is only a matter of time.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs

from crmcore.rules.worktime import instant, local
from crmcore.types.contact import Hold, MessageClass, Permit, Refuse, Send
from crmcore.types.customer import Channel, ContactPoint, Customer, Purpose
from crmcore.types.store import Store

#: The consent that a message class lives on, whatever else it is for.
CLASS_PURPOSE = {
    MessageClass.SERVICE: Purpose.SERVICE,
    MessageClass.CARE: Purpose.CARE,
    MessageClass.MARKETING: Purpose.MARKETING,
}

WEEK = 7  # days


@attrs.frozen
class QuietHours:
    """Local times between which nobody is contacted; `start` after `end` runs over midnight, equal means never."""

    start: time
    end: time

    def covers(self, at: datetime, zone: str) -> bool:
        """Is it quiet at `at` on the wall clock of `zone`? The end is open: at 08:00 texts go."""
        clock = local(at, zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    @functools.lru_cache(maxsize=1024)  # noqa: B019 - a few small frozen objects; a plan asks ten thousand times at one instant
    def opens(self, at: datetime, zone: str) -> datetime:
        """The first instant from `at` on that is not quiet, in UTC; `at` itself when it is not."""
        while self.covers(at, zone):
            shown = local(at, zone)
            on = shown.date() if shown.time() < self.end else shown.date() + timedelta(days=1)
            # Where a clock set back shows the end twice, only after the second is it quiet no more.
            at = max(
                instant(on, self.end, zone),
                datetime.combine(on, self.end, ZoneInfo(zone)).replace(fold=1).astimezone(UTC),
            )
        return at.astimezone(UTC)


@attrs.frozen(kw_only=True)
class ContactPolicy:
    """A store's rules of contact (packs/contact.toml, [contact] of crm.toml).

    Attributes:
        quiet: when neither texts nor calls are made, in the store's zone.
        max_per_day: care and marketing contacts of one customer on one local date; service contacts do not count.
        max_per_week: likewise on any seven local dates in a row. 0 forbids care and marketing altogether.
        sources: where each number comes from, by field, shown by `crmcore explain`.
    """

    quiet: QuietHours
    max_per_day: int
    max_per_week: int
    sources: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ContactFacts:
    """All that the decision looks at.

    Attributes:
        point: the number to use; None when the customer has none.
        store: whose zone the quiet hours and caps are in.
        channel: PHONE is a call by a person; anything else is a text.
        purpose: a narrower consent purpose, e.g. SURVEY; the one of the message class is always asked as well.
        sent_recently: when care and marketing contacts of this customer were made, by any rule and store; at least the last 7 days.
        fits: does the rendered text fit into one message of this vendor (`Limits.fits`)?
        names_customer: does the text hold a name, a plate or a price?
        expires_at: no longer worth doing from then on.
        injury_accident: the visit behind it was an accident in which somebody was hurt.
        do_not_message: the DMS says of this visit that nothing automatic shall go out.
    """

    point: ContactPoint | None
    customer: Customer
    store: Store
    channel: Channel
    message_class: MessageClass
    purpose: Purpose | None = None
    sent_recently: tuple[datetime, ...] = ()
    fits: bool = True
    names_customer: bool = False
    expires_at: datetime | None = None
    injury_accident: bool = False
    do_not_message: bool = False

    @property
    def is_text(self) -> bool:
        """True for everything that goes out without a person speaking."""
        return self.channel is not Channel.PHONE

    @property
    def is_service(self) -> bool:
        """True for what answers the customer's own order: caps, complaints and care consents do not stop it."""
        return self.message_class is MessageClass.SERVICE


def permit(facts: ContactFacts, policy: ContactPolicy, now: datetime) -> Permit:
    """Decide whether the contact may be made at `now`; Send, Hold(until, why) or Refuse(why).

    An opt-out is per number and channel, holds across stores, and beats everything, also a service text (SMS rules of 2015).
    Whoever asks again at `until` with the same facts is not held again.
    """
    why = _number(facts) or _situation(facts) or _consent(facts, now) or _content(facts)
    if why is not None:
        return Refuse(why)
    if facts.expires_at is not None and now >= facts.expires_at:
        return Refuse("EXPIRED")
    return _when(facts, policy, now)


def _number(facts: ContactFacts) -> str | None:
    """What is wrong with the number, whatever it is for."""
    point = facts.point
    if point is None:
        return "NO_NUMBER"
    if facts.channel in point.refused:
        return "OPTED_OUT" if facts.is_text else "DO_NOT_CALL"
    if not point.reachable:
        return f"NUMBER_{point.state.value}"
    if facts.channel is Channel.SMS and not point.mobile:
        return "NOT_MOBILE"
    return None


def _situation(facts: ContactFacts) -> str | None:
    """What is going on with the customer.

    For the deceased a person may still make the one call that the open order needs; nothing else goes out.
    """
    if facts.customer.gone:
        return "CUSTOMER_GONE"
    if facts.customer.deceased and (facts.is_text or not facts.is_service):
        return "DECEASED"
    if facts.is_text and facts.injury_accident:
        return "INJURY_ACCIDENT_PERSON_ONLY"
    if facts.is_text and facts.do_not_message:
        return "DO_NOT_MESSAGE"
    if not facts.is_service and facts.customer.has_open_complaint:
        return "OPEN_COMPLAINT"
    return None


def _consent(facts: ContactFacts, now: datetime) -> str | None:
    """What the customer has agreed to: a no counts for every purpose (PIPL), silence is a no to marketing (SMS rules of 2015)."""
    asked = {CLASS_PURPOSE[facts.message_class], facts.purpose or CLASS_PURPOSE[facts.message_class]}
    if any(facts.customer.denies(purpose, facts.channel) for purpose in asked):
        return "CONSENT_WITHDRAWN"
    if Purpose.MARKETING in asked and not facts.customer.consents_to(Purpose.MARKETING, facts.channel, now):
        return "NO_CONSENT"
    return None


def _content(facts: ContactFacts) -> str | None:
    """What is wrong with the text itself; a caller knows whom he has on the line."""
    if facts.is_text and facts.names_customer and facts.point is not None and facts.point.shared:
        return "NAMES_SHARED_NUMBER"
    if facts.is_text and not facts.fits:
        return "TOO_LONG"
    return None


def _when(facts: ContactFacts, policy: ContactPolicy, now: datetime) -> Permit:
    """Only a matter of time: wait for the cap to free and the quiet hours to end, unless that is too late."""
    zone = facts.store.timezone
    free = now if facts.is_service else _cap_frees(facts, policy, now)
    if free is None:
        return Refuse("TOO_OFTEN")
    until = policy.quiet.opens(free, zone)
    if until <= now:
        return Send()
    too_often = free > now
    if facts.expires_at is not None and until >= facts.expires_at:
        return Refuse("TOO_OFTEN" if too_often else "EXPIRED_WHILE_HELD")
    return Hold(until, "TOO_OFTEN" if too_often else "QUIET_HOURS")


def _cap_frees(facts: ContactFacts, policy: ContactPolicy, now: datetime) -> datetime | None:
    """From when on one more contact keeps within the caps: `now`, the beginning of a later local date, or never (None)."""
    zone = facts.store.timezone
    if min(policy.max_per_day, policy.max_per_week) < 1:
        return None
    if not facts.sent_recently:
        return now
    today = local(now, zone).date()
    dates = sorted((local(at, zone).date() for at in facts.sent_recently), reverse=True)
    on = max(today, *_free_dates(dates, ((policy.max_per_day, 1), (policy.max_per_week, WEEK))))
    return now if on == today else instant(on, time(0), zone)


def _free_dates(dates: list[date], caps: Iterable[tuple[int, int]]) -> list[date]:
    """For each (most, days): the first date by which the `most`-th latest contact has left the window of `days`."""
    return [dates[most - 1] + timedelta(days=days) if len(dates) >= most else date.min for most, days in caps]
