"""Who asks too often is not answered: one survey per customer in so many days, whoever asks (C31)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs


@attrs.frozen(kw_only=True)
class Asked:
    """One time at which somebody asked this customer, or he answered; the side does not matter.

    Attributes:
        answered: a filled questionnaire; False: an invitation or a call that only asked.
    """

    at: datetime
    answered: bool = False


@attrs.frozen
class Ask:
    """He may be asked."""


@attrs.frozen
class NotNow:
    """Not before `until`; `why` is a reason code."""

    until: datetime
    why: str


def may_ask(before: Iterable[Asked], *, cooldown_days: int, now: datetime) -> Ask | NotNow:
    """May a customer be asked at `now`, after all of `before`? At the end of the cooldown he may."""
    last = max(before, key=lambda each: (each.at, each.answered), default=None)
    if last is None:
        return Ask()
    until = last.at + timedelta(days=cooldown_days)
    if now >= until:
        return Ask()
    return NotNow(until, "ANSWERED_RECENTLY" if last.answered else "ASKED_RECENTLY")
