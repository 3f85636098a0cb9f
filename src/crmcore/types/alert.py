"""What colleagues must act on, as the robots of their groups are to tell it (提醒)."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmcore.types.store import Role

__all__ = ["Alert"]


@attrs.frozen(kw_only=True)
class Alert:
    """One alert: owed from the moment something happens, until every group of the store has it.

    Attributes:
        complaint_id: the case; None for what is about no case.
        kind: OPENED, ESCALATED, REOPENED, CALLBACK_DUE …
        level: of the ladder; 0: none.
        role / staff: who is to act; without `staff` everybody of that role.
        due_at: the deadline that it speaks of.
        next_at: when it is told next; None once it was told.
        sent_at: when the last group had it.
        groups: the accounts whose group has it already.
        code: why the last try failed; None: it did not.
    """

    id: str
    store: str
    complaint_id: str | None = None
    kind: str
    round: int = 1
    level: int = 0
    role: Role | None = None
    staff: str | None = None
    due_at: datetime
    created_at: datetime
    next_at: datetime | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    groups: tuple[str, ...] = ()
    code: str | None = None
