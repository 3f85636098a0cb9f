"""callbacks notes: what callers have written down for the advisor of a customer."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from crmcore.db import attempts
from crmcore.db.columns import instant
from crmcore.db.engine import Database
from crmcore.flows import naming
from crmcore.flows.colleague import colleague
from crmcore.flows.plan_who import staff_of
from crmcore.flows.planning import Settings
from crmcore.rules.masking import mask_name, mask_text


@attrs.frozen(kw_only=True)
class Note:
    """A note for an advisor ("A7" is its call); the customer's name is masked unless asked for, numbers in the note are as well."""

    id: str
    at: datetime
    touchpoint: str | None
    customer_id: str
    customer: str = attrs.field(repr=False)
    note: str = attrs.field(repr=False)
    staff: str
    advisor: str


def notes(
    db: Database, settings: Settings, now: datetime, *, advisor: str | None, days: int, masked: bool
) -> list[Note]:
    """The notes of the last `days`, newest first, of one advisor (code) or of all.

    Raises:
        UsageError: CRM-U117 or CRM-U118, nobody has this code.
    """
    with db.reading() as connection:
        wanted = [] if advisor is None else [colleague(staff_of(connection, settings), advisor)]
        names = naming.staff_names(connection) | {one.code: one.name for one in settings.staff}
        found = attempts.notes(
            connection, {name for one in wanted for name in (one.code, one.name)}, now - timedelta(days)
        )
    return [
        Note(
            id=f"A{row.id}",
            at=instant(row.at),
            touchpoint=None if row.touchpoint_id is None else f"T{row.touchpoint_id}",
            customer_id=f"C{row.customer_id}",
            customer=mask_name(row.name) if masked else row.name,
            note=mask_text(row.note) if masked else row.note,
            staff=names.get(row.staff, row.staff or ""),
            advisor=names.get(row.advisor, row.advisor or ""),
        )
        for row in found
    ]
