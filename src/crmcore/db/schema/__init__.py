"""What is kept, table by table.

Ids are integers here and get their letter at the boundary ("C17"). Flags are 0/1, money is fen, hours are hundredths.
A column that holds personal data is marked `info=PERSONAL`; erasing and exporting one person follow these marks.
"""

from __future__ import annotations

from crmcore.db.schema.answers import survey_answer, survey_invitation, survey_response
from crmcore.db.schema.base import PERSONAL, metadata
from crmcore.db.schema.cases import (
    action_complaint,
    alert,
    complaint,
    complaint_clock,
    complaint_event,
    complaint_evidence,
    escalation,
    improvement_action,
    meeting,
    meeting_action,
    recovery_offer,
    rework,
)
from crmcore.db.schema.origin import correction, external_ref, merge, proposal, reject, source, source_row
from crmcore.db.schema.said import (
    account,
    attempt,
    audit,
    inbox,
    lease,
    message,
    message_event,
    next_id,
    reply,
    setting,
    touchpoint,
)
from crmcore.db.schema.who import (
    appointment,
    consent,
    contact_point,
    customer,
    opt_out,
    relative,
    staff,
    vehicle,
    vehicle_party,
    visit,
    visit_line,
)

__all__ = [
    "PERSONAL",
    "account",
    "action_complaint",
    "alert",
    "appointment",
    "attempt",
    "audit",
    "complaint",
    "complaint_clock",
    "complaint_event",
    "complaint_evidence",
    "consent",
    "contact_point",
    "correction",
    "customer",
    "escalation",
    "external_ref",
    "improvement_action",
    "inbox",
    "lease",
    "meeting",
    "meeting_action",
    "merge",
    "message",
    "message_event",
    "metadata",
    "next_id",
    "opt_out",
    "proposal",
    "recovery_offer",
    "reject",
    "relative",
    "reply",
    "rework",
    "setting",
    "source",
    "source_row",
    "staff",
    "survey_answer",
    "survey_invitation",
    "survey_response",
    "touchpoint",
    "vehicle",
    "vehicle_party",
    "visit",
    "visit_line",
]
