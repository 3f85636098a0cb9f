"""The circuit breaker of a messaging account: while the vendor is down, nobody knocks; the texts stay due.

It counts calls, not texts: a batch is one. Closed, it lets everything through and opens once too many of the last calls
failed. Open, it lets nothing through for a pause; then half-open, one probe, whose outcome closes or opens it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import attrs

from crmcore.types.contact import Deferred, Rejected, Scope, SendResult, Unknown


@attrs.frozen(kw_only=True)
class BreakerPolicy:
    """When an account is left alone (packs/contact.toml, [breaker]).

    Attributes:
        sample: how many of the last calls are looked at.
        min_calls: fewer calls than this prove nothing.
        failure_ratio: opens when at least this share of them failed, 0 to 1.
        pause_seconds: how long nothing is tried.
        sources: where each number comes from, by field.
    """

    sample: int
    min_calls: int
    failure_ratio: float
    pause_seconds: int
    sources: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Breaker:
    """What is remembered of an account between runs.

    Attributes:
        recent: the last calls, oldest first, "+" for one that worked and "-" for one that did not.
        opened_at: when it opened; None while it is closed.
    """

    recent: str = ""
    opened_at: datetime | None = None

    def to_json(self) -> str:
        """As it is stored."""
        at = self.opened_at
        return json.dumps({"recent": self.recent, "opened_at": at and at.astimezone(UTC).isoformat()})

    @classmethod
    def from_json(cls, stored: str | None) -> Breaker:
        """As it was stored; a fresh one from None."""
        if stored is None:
            return cls()
        told = json.loads(stored)
        return cls(told["recent"], told["opened_at"] and datetime.fromisoformat(told["opened_at"]))


@attrs.frozen
class Closed:
    """Send."""


@attrs.frozen
class HalfOpen:
    """Make one call, record it, and ask again."""


@attrs.frozen
class Open:
    """Send nothing before `until`; what is due stays due."""

    until: datetime


def vendor_ok(result: SendResult) -> bool:
    """Does this outcome speak for the vendor's health? A rejected recipient does: the vendor works."""
    match result:
        case Unknown() | Deferred() | Rejected(scope=Scope.ACCOUNT):
            return False
        case _:
            return True


def position(breaker: Breaker, now: datetime, policy: BreakerPolicy) -> Closed | HalfOpen | Open:
    """May a call be made at `now`?"""
    if breaker.opened_at is None:
        return Closed()
    until = breaker.opened_at + timedelta(seconds=policy.pause_seconds)
    return Open(until) if now < until else HalfOpen()


def after_call(breaker: Breaker, now: datetime, policy: BreakerPolicy, *, ok: bool) -> Breaker:
    """What a call that ended at `now` makes of the breaker. One that was under way when it opened changes nothing."""
    match position(breaker, now, policy):
        case HalfOpen():
            return Breaker() if ok else Breaker(opened_at=now)
        case Open():
            return breaker
        case _:  # Closed
            recent = (breaker.recent + ("+" if ok else "-"))[-policy.sample :]
            failing = recent.count("-") >= policy.failure_ratio * len(recent)
            trips = not ok and failing and len(recent) >= policy.min_calls
            return Breaker(opened_at=now) if trips else Breaker(recent)
