"""Alerts to colleagues: what is said in one digest, and when a failed one is tried again."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class AlertPolicy:
    """The numbers alerts go by: packs/alerts.toml, overridden by [alerts] of crm.toml.

    Attributes:
        per_run: digests one store sends in one run at most; what does not fit goes with the next.
        retry_minutes: how long an alert waits after a failure, unless the vendor says more.
        sources: where each number comes from, by field.
    """

    per_run: int
    retry_minutes: int
    sources: Mapping[str, str] = attrs.field(factory=dict)
