"""What a plan works on: the settings of a run, and the touchpoint while it is being decided about."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import attrs
from sqlalchemy import Connection, Row

from crmcore.db.columns import instant, stamp
from crmcore.rules.care import Draft
from crmcore.rules.permit import ContactPolicy
from crmcore.rules.templates import Suffix
from crmcore.types.contact import AnchorKind, CareEvent, MessageTemplate, TouchpointRule
from crmcore.types.store import Staff, Store

#: What falls due within these days is planned now, so that a bundle of three days is seen whole. [J]
AHEAD = timedelta(days=3)
#: What was late for longer than this when it became known is left alone: a first import must not flood the past. [J]
GUARD = timedelta(days=7)
#: What an import writes while a plan runs carries an earlier time than it is seen at; so much is looked at again. [J]
OVERLAP = timedelta(hours=6)
#: However little was written, so often everything open is looked at again. [J]
THOROUGH = timedelta(days=7)
#: What people decided about a touchpoint, and what its calls came to: a later plan keeps it.
KEPT = (
    "decided", "assigned", "known_late", "to_phone", "next_at", "booked_next", "booked_by", "first_due", "first_expires",
)  # fmt: skip


class Widths(Protocol):
    """The numbers of [bundling] in packs/contact.toml."""

    @property
    def within_days(self) -> int:
        """Contacts with one person that fall due within so many days become one."""

    @property
    def fleet_above(self) -> int:
        """A contact with more vehicles gets one touchpoint per rule and week."""


@attrs.frozen(kw_only=True)
class Bundling:
    """The defaults of `Widths`: S3 asks for bundling, the numbers are [J]."""

    within_days: int = 3
    fleet_above: int = 5


@attrs.frozen(kw_only=True, slots=False)
class Settings:
    """What a dealer has configured, as far as planning asks.

    Attributes:
        stores: the first one takes what has no store of its own.
        suffix: the refusal route by message class and language.
    """

    rules: Mapping[str, TouchpointRule]
    stores: Sequence[Store]
    policy: ContactPolicy
    staff: Sequence[Staff] = ()
    templates: Mapping[str, MessageTemplate] = attrs.field(factory=dict)
    events: Sequence[CareEvent] = ()
    bundling: Widths = Bundling()
    suffix: Suffix = attrs.field(factory=dict)
    lang: str = "zh"

    @functools.cached_property
    def _by_code(self) -> Mapping[str | None, Store]:
        return {store.code: store for store in self.stores}

    def store(self, code: str | None) -> Store:
        """The store of this code, else the first."""
        return self._by_code.get(code) or self.stores[0]

    @property
    def fingerprint(self) -> str:
        """Changes when a rule, a store or an event does: then everything is looked at again."""
        said = repr((self.active, tuple(self.stores), tuple(self.events), self.bundling, self.policy))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def active(self) -> dict[str, TouchpointRule]:
        """The rules that are switched on and planned by; the second callback of a case is owed by the case."""
        planned = {code: rule for code, rule in self.rules.items() if rule.anchor is not AnchorKind.RESOLVED}
        return {code: rule for code, rule in planned.items() if rule.enabled}


@attrs.define(kw_only=True)
class PlanReport:
    """What a plan did, counted per rule.

    Attributes:
        added / moved / cancelled / suppressed / bundled / expired: touchpoints.
        overtaken: steps left out because a later one of their series is due.
        left_alone: late for too long when they became known.
        texts: messages that were queued.
        unlisted: (rule, year) without a greeting date in the pack.
        days: for a replay, (local date, rule) -> how many fall due.
        dry_run: nothing was written.
    """

    dry_run: bool = False
    added: Counter[str] = attrs.field(factory=Counter)
    moved: Counter[str] = attrs.field(factory=Counter)
    cancelled: Counter[str] = attrs.field(factory=Counter)
    suppressed: Counter[str] = attrs.field(factory=Counter)
    bundled: Counter[str] = attrs.field(factory=Counter)
    expired: Counter[str] = attrs.field(factory=Counter)
    overtaken: Counter[str] = attrs.field(factory=Counter)
    left_alone: Counter[str] = attrs.field(factory=Counter)
    texts: Counter[str] = attrs.field(factory=Counter)
    unlisted: list[tuple[str, int]] = attrs.field(factory=list)
    days: Counter[tuple[date, str]] = attrs.field(factory=Counter)

    def totals(self) -> dict[str, int]:
        """Each count over all rules."""
        names = ("added", "moved", "cancelled", "suppressed", "bundled", "expired", "overtaken", "left_alone", "texts")
        return {name: getattr(self, name).total() for name in names}


@attrs.frozen(kw_only=True, eq=False)
class Scene:
    """One plan at one instant: what its parts share.

    Attributes:
        rules: the active ones.
        today: the local date of the first store.
    """

    connection: Connection
    settings: Settings
    rules: Mapping[str, TouchpointRule]
    now: datetime
    today: date
    report: PlanReport


@attrs.define(kw_only=True, eq=False)
class Live:
    """A touchpoint that is open, new or stored, while a plan decides about it.

    Attributes:
        id: the stored id, or the one it will have.
        before: the stored row; None when it is new.
        draft: what the rules want now; None while a text of it is under way, then nothing is changed.
    """

    id: int
    before: Row[Any] | None
    draft: Draft | None = None
    state: str = "PLANNED"
    reason: str | None = None
    bundled_into: int | None = None
    executor: str | None = None
    said: dict[str, Any] = attrs.field(factory=dict)

    @property
    def rule(self) -> str:
        """The code of its rule."""
        if self.draft is not None:
            return self.draft.rule
        assert self.before is not None
        return str(self.before.rule)


def said_by(row: Row[Any]) -> Mapping[str, Any]:
    """The explanation of a stored touchpoint; not to be changed."""
    return _read(row.explanation)


@functools.lru_cache(maxsize=16_384)
def _read(explanation: str) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(explanation)
    return found


def explain_draft(draft: Draft, rule: TouchpointRule, before: Mapping[str, Any]) -> dict[str, Any]:
    """What `crmcore explain` will show; codes and ids, no personal data. What people decided is kept."""
    anchor = draft.anchor
    said: dict[str, Any] = {
        "anchor": anchor.kind.value,
        "on": anchor.on.isoformat(),
        "at": stamp(anchor.at) if anchor.at is not None else None,
        "basis": anchor.basis,
        "offset": rule.offset,
        "repeat": rule.repeat,
        "within": rule.within,
        "expires": rule.expires,
        "visits": list(anchor.visits),
        "orders": list(anchor.orders),
        "vehicles": list(draft.vehicles),
        "members": list(draft.members),
        "passed": dict(draft.why_channel),
        "booked": draft.booked,
        "provisional": draft.timing.provisional,
    }
    kept = {name: before[name] for name in KEPT if name in before}
    return {name: value for name, value in said.items() if value not in (None, "", [], {}, False)} | kept


def after_calls(draft: Draft, before: Mapping[str, Any]) -> Draft:
    """`draft` at the time that its calls have led to: the next try, or the time the customer booked, which overrides the rule's.

    A booked time moves the deadline where it is later, and how long the contact is worth making with it.
    """
    at = when(before.get("next_at"))
    if at is None:
        return draft
    timing = attrs.evolve(draft.timing, due=at)
    if before.get("booked_next"):
        if timing.deadline is not None:
            timing = attrs.evolve(timing, deadline=max(timing.deadline, at))
        if timing.expires is not None:
            moved = timing.expires + (at - draft.timing.due)
            timing = attrs.evolve(timing, expires=max(moved, timing.expires))
    return attrs.evolve(draft, timing=timing, booked=draft.booked or bool(before.get("booked_next")))


def anchor_stamp(draft: Draft) -> str:
    """When the event is, as it is stored: the instant where it is known, else the date."""
    return stamp(draft.anchor.at) if draft.anchor.at is not None else draft.anchor.on.isoformat()


def maybe(at: datetime | None) -> str | None:
    """A stamp, or nothing."""
    return None if at is None else stamp(at)


def when(stored: str | None) -> datetime | None:
    """What `maybe` wrote."""
    return instant(stored) if stored else None
