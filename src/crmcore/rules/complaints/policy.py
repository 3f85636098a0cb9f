"""The numbers complaints go by: packs/complaints.toml, overridden by [complaints] of crm.toml."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from crmcore.types.complaint import Basis, ClockKind, Severity
from crmcore.types.store import Role


@attrs.frozen(kw_only=True)
class Target:
    """How long something may take."""

    minutes: int = attrs.field(validator=attrs.validators.ge(1))
    basis: Basis = Basis.STORE


@attrs.frozen(kw_only=True)
class Rung:
    """One rung of the escalation ladder: `after_minutes` past the deadline of `clock`, `role` is told.

    Attributes:
        level: how high it has gone; of two rungs of one level only the first that falls due is climbed.
        after_minutes: wall time.
        role: None: who leads the department that the case is about.
        severities: only for these; empty: for all.
    """

    level: int
    clock: ClockKind
    after_minutes: int = 0
    role: Role | None = None
    severities: frozenset[Severity] = frozenset()


@attrs.frozen(kw_only=True)
class ComplaintPolicy:
    """The dealer's promises to who complains.

    Attributes:
        handover: from the CR department's receipt to an owner's desk.
        response / close: by severity.
        callback: from the solution to the second callback.
        late_after_minutes: a rung that is noticed later than this after it fell due is recorded as late.
        repeat_days: another complaint of the same customer within so many days makes him a repeat complainer.
        approval: cost of one offer in yuan up to which a role may approve it; roles not named may approve none.
        critical_words: safety, legal, media: a case that holds one of them starts as CRITICAL.
        demand_words: with one of them the customer asks for a result: a complaint, not a grumble (S2).
        harmless_words: phrases in which the words of the other lists mean nothing.
        sources: where each number comes from, by field.
    """

    handover: Target
    response: Mapping[Severity, Target]
    close: Mapping[Severity, Target]
    callback: Target
    ladder: tuple[Rung, ...]
    late_after_minutes: int
    repeat_days: int = attrs.field(validator=attrs.validators.ge(1))
    approval: Mapping[Role, Decimal]
    critical_words: tuple[str, ...] = ()
    demand_words: tuple[str, ...] = ()
    harmless_words: tuple[str, ...] = ()
    sources: Mapping[str, str] = attrs.field(factory=dict)
