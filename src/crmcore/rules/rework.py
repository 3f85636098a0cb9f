"""Was it fixed the first time? Same-fault matching over repair orders (domain section 2: rework window, first-time fix)."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Window:
    """Whichever ends first."""

    days: int
    km: int


@attrs.frozen(kw_only=True)
class ReworkPolicy:
    """The windows rework is looked for in: packs/rework.toml, overridden by [rework] of crm.toml.

    Attributes:
        same_fault_days: a return for the same fault within so many days is rework (C13b).
        guarantee: by labour category, the statutory repair guarantee (C14); a rework restarts it.
        sources: where each number comes from, by field.
    """

    same_fault_days: int
    guarantee: Mapping[str, Window]
    sources: Mapping[str, str] = attrs.field(factory=dict)
