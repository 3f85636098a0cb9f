"""Names that other systems gave to our things."""

from __future__ import annotations

import attrs

__all__ = ["ExternalRef"]


@attrs.frozen(kw_only=True)
class ExternalRef:
    """An id in another system (外部编号; STAR `identifiers`).

    Attributes:
        system: the namespace, e.g. "main"; two exports of one DMS share it.
        entity: "customer", "vehicle", "visit", "appointment", "staff".
        key: the id as the other system writes it.
        derived: True when the source has no id and the adapter made one up from content; such a key proves nothing.
    """

    system: str
    entity: str
    key: str
    derived: bool = False
