"""Alerts to colleagues: what is said in one digest, who is called by it, and when one that failed is tried again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import attrs

from crmcore.types.contact import Accepted, Deferred, SendResult
from crmcore.types.store import Role, Staff


@attrs.frozen(kw_only=True)
class AlertPolicy:
    """The numbers alerts go by: packs/alerts.toml, overridden by [alerts] of crm.toml.

    Attributes:
        per_run: digests that a store sends to one group in one run at most; what does not fit goes with the next.
        retry_minutes: how long an alert waits after a failure, unless the vendor names a time.
        sources: where each number comes from, by field.
    """

    per_run: int = attrs.field(validator=attrs.validators.ge(1))
    retry_minutes: int = attrs.field(validator=attrs.validators.ge(1))
    sources: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Line:
    """One alert, in words.

    Attributes:
        due_at: the deadline it speaks of.
        ended: the case is over; what still runs is said first.
        role / staff: whom it is meant for.
    """

    id: int
    text: str
    due_at: datetime
    ended: bool = False
    role: Role | None = None
    staff: str | None = None


@attrs.frozen(kw_only=True)
class Digest:
    """One message to one group: the alerts in it, and its text."""

    lines: tuple[Line, ...]
    text: str


def digest(
    lines: Collection[Line], head: Callable[[int], str], fits: Callable[[str], bool], per_run: int
) -> tuple[Digest, ...]:
    """The messages of one store to one group, at most `per_run`, each of which fits; the most urgent alerts come first.

    `head` is the first line of a message that holds so many alerts. A line too long for any message is cut, never left out.
    """
    found: list[Digest] = []
    taken: list[Line] = []
    for line in sorted(lines, key=lambda each: (each.ended, each.due_at, each.id)):
        if taken and not fits(_text(head, [*taken, line])):
            found.append(_digest(head, taken, fits))
            taken = []
        taken.append(line)
        if len(found) == per_run:
            return tuple(found)
    return (*found, _digest(head, taken, fits)) if taken else tuple(found)


def _text(head: Callable[[int], str], lines: Sequence[Line]) -> str:
    return "\n".join([head(len(lines)), *(line.text for line in lines)])


def _digest(head: Callable[[int], str], lines: Sequence[Line], fits: Callable[[str], bool]) -> Digest:
    text = _text(head, lines)
    return Digest(lines=tuple(lines), text=text if fits(text) else _cut(lines[0].text, fits))


def _cut(text: str, fits: Callable[[str], bool]) -> str:
    """As much of `text` as fits; all of it where nothing does, so that the vendor's refusal is seen."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return text[:low] or text


def called(lines: Collection[Line], staff: Collection[Staff], store: str, on: date) -> tuple[str, ...]:
    """The phones of those the alerts are meant for: one person, or everybody of a role at `store` who is there on `on`."""
    names = {line.staff for line in lines if line.staff is not None}
    roles = {line.role for line in lines if line.staff is None}
    return tuple(
        sorted(
            {
                each.phone
                for each in staff
                if each.active
                and each.phone is not None
                and (each.code in names or (each.role in roles and each.store == store and _there(each, on)))
            }
        )
    )


def _there(person: Staff, on: date) -> bool:
    return person.away_until is None or person.away_until < on


def again(answer: SendResult, policy: AlertPolicy, now: datetime) -> datetime | None:
    """When an alert that was answered so is tried again; None when the group has it.

    A refusal is tried again as well: colleagues correct the robot, and what was owed is still owed.
    """
    if isinstance(answer, Accepted):
        return None
    if isinstance(answer, Deferred) and answer.not_before is not None:
        return max(answer.not_before, now)
    return now + timedelta(minutes=policy.retry_minutes)
