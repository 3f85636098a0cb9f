"""A complaint, as far as the loop needs it: an open one stops care and marketing (ISO 10002; GB/T 19012)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs


class ComplaintState(StrEnum):
    RECEIVED = "RECEIVED"
    HANDED_OVER = "HANDED_OVER"
    INVESTIGATING = "INVESTIGATING"
    RESPONDED = "RESPONDED"
    RESOLVED = "RESOLVED"
    CALLBACK_PENDING = "CALLBACK_PENDING"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    WITHDRAWN = "WITHDRAWN"


#: In these states the case no longer stops care and marketing.
ENDED = frozenset({ComplaintState.CLOSED, ComplaintState.WITHDRAWN})


@attrs.frozen(kw_only=True)
class Complaint:
    """A case, opened at `received_at` by the CR department."""

    id: str
    store: str
    customer_id: str
    visit_id: str | None = None
    vehicle_id: str | None = None
    state: ComplaintState = ComplaintState.RECEIVED
    received_at: datetime
    restored: bool = True
