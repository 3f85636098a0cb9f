"""Several contacts with one person become one (S3: a survey rides on a callback), and a fleet is called once a week.

What rides on what:
- A call carries everything, whatever its class: what is not allowed has been suppressed before.
- A text carries only texts of its own class, whose words are joined; a reminder that the customer ordered must not fail
  because an advertisement rode on it.
- Nothing rides that would be late or over by the time of its carrier, or that a rule keeps apart (`bundle = false`).
- What is done for good carries nothing: a contact that becomes known after the call is its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta

import attrs

from crmcore.rules.care import Draft, local_day, opens
from crmcore.types.contact import MessageClass
from crmcore.types.customer import Channel
from crmcore.types.store import Store


@attrs.frozen(kw_only=True)
class Contact:
    """A touchpoint that may ride or carry.

    Attributes:
        ref: whatever the caller knows it by; ties are broken by it.
        on: the local date on which it is due.
    """

    ref: int
    customer: int
    store: str
    on: date
    due: datetime
    late: datetime | None
    channel: Channel
    message_class: MessageClass


def bundle(contacts: Iterable[Contact], within_days: int) -> dict[int, int]:
    """Ref of each rider -> ref of its carrier; carriers and what stays alone are not in it.

    Calls are looked at first, so that texts ride on calls; among equals the earliest carries. A rider never carries.
    """
    people: dict[tuple[int, str], list[Contact]] = defaultdict(list)
    for contact in contacts:
        people[contact.customer, contact.store].append(contact)
    found: dict[int, int] = {}
    for theirs in people.values():
        if len(theirs) > 1:
            carriers: list[Contact] = []
            for contact in sorted(theirs, key=_order):
                carrier = next((each for each in carriers if _carries(each, contact, within_days)), None)
                if carrier is None:
                    carriers.append(contact)
                else:
                    found[contact.ref] = carrier.ref
    return found


def _order(contact: Contact) -> tuple[bool, datetime, int]:
    return (contact.channel is not Channel.PHONE, contact.due, contact.ref)


def _carries(carrier: Contact, rider: Contact, within_days: int) -> bool:
    near = abs((carrier.on - rider.on).days) <= within_days
    in_time = rider.late is None or carrier.due <= rider.late
    kind = carrier.channel is Channel.PHONE or (
        carrier.channel is rider.channel and carrier.message_class is rider.message_class
    )
    return near and in_time and kind


# ------------------------------------------------------------------ fleets


def week_of(on: date) -> str:
    """The ISO week, e.g. "2026-W48"."""
    year, week, _ = on.isocalendar()
    return f"{year}-W{week:02d}"


def _monday_after(on: date) -> date:
    return on + timedelta(days=7 - on.weekday())


def fleet(drafts: Iterable[Draft], store: Store, closed: Mapping[str, Collection[str]]) -> list[Draft]:
    """One draft per week for the contacts that one rule owes to one fleet; it names every car.

    Args:
        closed: week -> the members of this rule's contacts with this fleet that are over. What falls due in such a week
            afterwards waits for the next; what was a member of one is not named again.
    """
    over = {member for members in closed.values() for member in members}
    weeks: dict[str, list[Draft]] = defaultdict(list)
    for draft in sorted(drafts, key=lambda each: each.timing.due):
        if member_of(draft) not in over:
            on = local_day(draft.timing.due, store)
            while week_of(on) in closed:
                on = _monday_after(on)
            weeks[week_of(on)].append(_not_before(draft, on, store))
    return [_joined(week, theirs) for week, theirs in weeks.items()]


def member_of(draft: Draft) -> str:
    """The identity of one car's contact within the fleet's."""
    return f"{draft.subject}|{draft.key}|{draft.occurrence}"


def _not_before(draft: Draft, on: date, store: Store) -> Draft:
    moment = opens(store, on).at
    if local_day(draft.timing.due, store) >= on:
        return draft
    return attrs.evolve(draft, timing=attrs.evolve(draft.timing, due=moment, deadline=None))


def _joined(week: str, drafts: list[Draft]) -> Draft:
    first = drafts[0]
    deadlines = [draft.timing.deadline for draft in drafts if draft.timing.deadline is not None]
    ends = [draft.timing.expires for draft in drafts if draft.timing.expires is not None]
    anchor = attrs.evolve(
        first.anchor,
        visits=tuple(visit for draft in drafts for visit in draft.anchor.visits),
        orders=tuple(order for draft in drafts for order in draft.anchor.orders),
        vehicle=None,
    )
    return attrs.evolve(
        first,
        subject=f"customer:{first.anchor.customer}",
        key=f"fleet:{week}",
        occurrence="1",
        anchor=anchor,
        timing=attrs.evolve(
            first.timing, deadline=min(deadlines, default=None), expires=max(ends) if len(ends) == len(drafts) else None
        ),
        vehicles=tuple(dict.fromkeys(car for draft in drafts for car in draft.vehicles)),
        members=tuple(member_of(draft) for draft in drafts),
    )
