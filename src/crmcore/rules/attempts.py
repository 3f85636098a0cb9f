"""Trying to reach somebody: what a call result means, when to try again, when to give up (domain section 2: call results)."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class CallbackPolicy:
    """The numbers callbacks go by: packs/callbacks.toml, overridden by [callbacks] of crm.toml.

    Attributes:
        max_attempts: failed tries after which the call is given up.
        retry_hours: store hours between two tries.
        unreachable_days: after so many days without reaching anybody a text goes instead (C18b).
        lease_hours: how long an exported row counts as in somebody's hands.
        own_customers: True lets an advisor call back his own customers.
        sources: where each number comes from, by field.
    """

    max_attempts: int
    retry_hours: int
    unreachable_days: int
    lease_hours: int
    own_customers: bool = False
    sources: Mapping[str, str] = attrs.field(factory=dict)
