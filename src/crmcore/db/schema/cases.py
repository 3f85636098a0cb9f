"""Complaints, what they rest on, their clocks, alerts and improvements."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy import text as sql

from crmcore.db.columns import integer, text
from crmcore.db.schema.base import PERSONAL, key, ref, table

#: A case. One of origin DMS is the dealer's own list: it stops care and marketing, and has no clocks here.
complaint = table(
    "complaint",
    key(),
    text("store"),
    integer("customer_id", ForeignKey("customer.id"), null=True),
    integer("vehicle_id", ForeignKey("vehicle.id"), null=True),
    integer("visit_id", ForeignKey("visit.id"), null=True),
    text("line_no", null=True),
    text("origin", server_default="DMS"),
    text("state"),
    integer("round", server_default="1"),
    text("received_at", null=True),  # by the CR department: the call or the text, not the import
    text("recorded_at", null=True),
    text("form", server_default="COMPLAINT"),
    text("channel", server_default="STORE"),
    text("category", server_default="OTHER"),
    text("root_cause", null=True),
    text("severity", server_default="NORMAL"),
    text("customer_type", null=True),
    text("needs", server_default="[]"),  # JSON
    integer("magnitude", null=True),
    text("verbatim", null=True, info=PERSONAL),
    text("demand", null=True, info=PERSONAL),
    text("background", null=True, info=PERSONAL),
    text("first_asked", null=True),
    text("owner", null=True),
    text("accused", server_default="[]"),  # JSON: staff codes
    text("responsible", null=True),
    text("department", null=True),
    text("handed_over_at", null=True),
    text("acknowledged_at", null=True),
    text("responded_at", null=True),
    text("resolved_at", null=True),
    text("closed_at", null=True),
    text("resolution", null=True, info=PERSONAL),
    text("outcome", null=True),
    integer("avoidable", null=True),
    integer("callback_id", null=True),  # the second callback: an attempt
    text("waiver", null=True),  # why it was closed without one; a reason code
    text("prevention", null=True),
    integer("restored", server_default="1"),  # 0: closed without the customer being content
    text("updated_at"),
    Index(None, "customer_id"),
    Index(None, "state"),
    Index(None, "received_at"),
)

#: What happened to a case, in order; rows are only ever added.
complaint_event = table(
    "complaint_event",
    integer("id"),  # in the order of the commits, over all cases
    ref("complaint_id", "complaint"),
    integer("seq"),
    text("at"),
    text("recorded_at"),
    text("who"),
    text("kind"),
    text("before", null=True),
    text("after"),
    text("detail", server_default="{}"),  # JSON; codes and ids, no personal data
    text("note", null=True, info=PERSONAL),
    PrimaryKeyConstraint("complaint_id", "seq"),
    UniqueConstraint("id"),
    rowid=False,
)

#: What a case rests on; one piece of evidence opens or joins one case, however often it comes.
complaint_evidence = table(
    "complaint_evidence",
    text("kind"),
    integer("evidence_id"),
    ref("complaint_id", "complaint"),
    text("at"),
    text("why"),  # JSON: visible reasons
    PrimaryKeyConstraint("kind", "evidence_id"),
    Index(None, "complaint_id"),
    rowid=False,
)

complaint_clock = table(
    "complaint_clock",
    ref("complaint_id", "complaint"),
    integer("round"),
    text("kind"),
    text("basis"),
    integer("target_minutes"),
    text("started_at"),
    text("due_at"),
    text("stopped_at", null=True),
    text("pauses", server_default="[]"),  # JSON
    PrimaryKeyConstraint("complaint_id", "round", "kind"),
    Index(
        "ix_complaint_clock_running",
        "due_at",
        sqlite_where=sql("stopped_at IS NULL"),
        postgresql_where=sql("stopped_at IS NULL"),
    ),
    rowid=False,
)

#: A rung of the ladder is climbed once in each round; the key is the promise.
escalation = table(
    "escalation",
    ref("complaint_id", "complaint"),
    integer("round"),
    integer("level"),
    text("clock"),
    text("role"),
    text("staff", null=True),
    text("due_at"),
    text("at"),
    integer("late", server_default="0"),
    PrimaryKeyConstraint("complaint_id", "round", "level"),
    rowid=False,
)

recovery_offer = table(
    "recovery_offer",
    key(),
    ref("complaint_id", "complaint"),
    text("kind"),
    integer("cost"),  # fen
    text("offered_by"),
    text("offered_at"),
    text("approved_by", null=True),
    text("approved_at", null=True),
    integer("accepted", null=True),
    text("decided_at", null=True),
    text("note", null=True, info=PERSONAL),
    Index(None, "complaint_id"),
)

#: An alert to colleagues, owed until a group has it: at least once.
alert = table(
    "alert",
    key(),
    text("store"),
    ref("complaint_id", "complaint", null=True),
    text("kind"),  # OPENED ESCALATED …; with level it names the sentence alert.<kind> in lang/
    integer("round", server_default="1"),
    integer("level", server_default="0"),
    text("role", null=True),
    text("staff", null=True),  # who is to be mentioned
    text("params", server_default="{}"),  # JSON; codes, ids and minutes, no personal data
    text("due_at"),
    text("next_at"),
    integer("attempts", server_default="0"),
    text("sent_at", null=True),
    text("account", null=True),
    text("code", null=True),  # why the last try failed
    text("created_at"),
    UniqueConstraint("complaint_id", "kind", "round", "level"),
    Index("ix_alert_owed", "next_at", sqlite_where=sql("sent_at IS NULL"), postgresql_where=sql("sent_at IS NULL")),
)

improvement_action = table(
    "improvement_action",
    key(),
    text("store"),
    text("survey", server_default=""),
    text("factor"),
    text("item", server_default=""),
    integer("last_score", null=True),  # hundredths of an index point
    integer("target_score", null=True),
    text("cause"),
    text("measure"),
    text("responsible"),
    text("supervisor"),
    text("due_on"),
    integer("priority", server_default="2"),
    text("status", server_default="OPEN"),
    text("wave", server_default=""),
    text("side", server_default=""),
    text("staff", null=True),  # when it is about one advisor's work
    text("result_wave", server_default=""),
    integer("result_score", null=True),
    text("verdict", server_default=""),
    text("created_at"),
    text("updated_at"),
    Index(None, "status"),
)

action_complaint = table(
    "action_complaint",
    ref("action_id", "improvement_action"),
    ref("complaint_id", "complaint"),
    PrimaryKeyConstraint("action_id", "complaint_id"),
    Index(None, "complaint_id"),
    rowid=False,
)

meeting = table(
    "meeting",
    key(),
    text("store"),
    text("kind"),
    text("held_on"),
    text("chair", null=True),
    text("attendees", server_default="[]"),  # JSON: staff codes
    text("wave", server_default=""),
    text("record", null=True),  # what was said; names colleagues, not customers
    text("recorded_at"),
    Index(None, "held_on"),
)

meeting_action = table(
    "meeting_action",
    ref("meeting_id", "meeting"),
    ref("action_id", "improvement_action"),
    PrimaryKeyConstraint("meeting_id", "action_id"),
    Index(None, "action_id"),
    rowid=False,
)

#: A return for the same fault that a person has looked at; what nobody has looked at is found anew each time.
rework = table(
    "rework",
    integer("return_visit_id", ForeignKey("visit.id")),
    text("return_line", server_default=""),
    integer("original_visit_id", ForeignKey("visit.id"), null=True),
    text("original_line", server_default=""),
    text("verdict"),  # REWORK or NOT_REWORK
    text("cause", null=True),
    text("responsible", null=True),
    text("confirmed_by"),
    text("confirmed_at"),
    PrimaryKeyConstraint("return_visit_id", "return_line"),
    rowid=False,
)
