"""What customers answer: invitations, responses, answers."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint

from crmcore.db.columns import integer, text
from crmcore.db.schema.base import PERSONAL, key, ref, table

survey_invitation = table(
    "survey_invitation",
    key(),
    text("survey"),
    text("instance"),  # of [survey.<name>]
    text("store"),
    integer("customer_id", ForeignKey("customer.id")),
    integer("visit_id", ForeignKey("visit.id"), null=True),
    text("staff", null=True),
    text("token", unique=True),
    text("link", null=True, info=PERSONAL),
    integer("message_id", ForeignKey("message.id"), null=True),
    text("state"),
    text("code", null=True),  # why it failed
    text("created_at"),
    text("expires_at", null=True),
    text("state_at"),
    Index(None, "customer_id", "created_at"),
    Index(None, "state"),
)

survey_response = table(
    "survey_response",
    key(),
    text("survey"),
    text("version", server_default=""),
    text("source"),  # "survey.<instance>" or "callbacks"
    text("key"),  # of the source: the vendor's id, or that of the attempt
    integer("invitation_id", ForeignKey("survey_invitation.id"), null=True),
    integer("attempt_id", ForeignKey("attempt.id"), null=True),
    text("side"),
    text("mode"),
    text("wave", server_default=""),
    text("sample_id", server_default=""),
    text("store"),
    integer("customer_id", ForeignKey("customer.id"), null=True),
    integer("visit_id", ForeignKey("visit.id"), null=True),
    integer("vehicle_id", ForeignKey("vehicle.id"), null=True),
    text("staff", null=True),
    text("department", null=True),
    text("phone", null=True, info=PERSONAL),  # as the respondent gave it, E.164; for integrity checks
    text("started_at", null=True),
    text("completed_at"),
    text("month"),  # local month of the store, "2026-11"; the period of what has no wave
    text("recorded_at"),
    integer("complete", server_default="1"),
    integer("valid", server_default="1"),
    text("flags", server_default="[]"),  # JSON: integrity codes
    UniqueConstraint("source", "key"),
    Index(None, "survey", "side", "month"),
    Index(None, "customer_id", "completed_at"),
    Index(None, "staff"),
)

#: Answers as they were given; scores are derived.
survey_answer = table(
    "survey_answer",
    ref("response_id", "survey_response"),
    text("question"),  # ours; "?<item>" for an item that nobody has mapped: reported, never dropped
    text("value", null=True, info=PERSONAL),
    integer("number", null=True),  # hundredths, where the value is a number: what scores are computed from in SQL
    integer("minimum", null=True),
    integer("maximum", null=True),
    integer("na", server_default="0"),
    text("comment", null=True, info=PERSONAL),
    PrimaryKeyConstraint("response_id", "question"),
    rowid=False,
)
