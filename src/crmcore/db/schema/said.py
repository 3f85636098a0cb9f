"""What is owed and what was said: touchpoints, attempts, texts, pushes, replies."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql

from crmcore.db.columns import blob, integer, text
from crmcore.db.schema.base import PERSONAL, key, ref, table

touchpoint = table(
    "touchpoint",
    key(),
    text("rule"),
    text("subject"),
    text("anchor"),
    text("anchor_on"),
    text("occurrence"),
    text("store"),
    integer("customer_id", ForeignKey("customer.id")),
    integer("vehicle_id", ForeignKey("vehicle.id"), null=True),
    integer("visit_id", ForeignKey("visit.id"), null=True),
    text("due_at"),
    text("deadline_at", null=True),
    text("expires_at", null=True),
    text("channel"),
    text("message_class"),
    text("executor", null=True),
    text("supervisors", server_default="[]"),
    text("state"),
    text("reason", null=True),
    integer("bundled_into", null=True),
    text("explanation"),  # JSON
    text("created_at"),
    text("updated_at"),
    UniqueConstraint("rule", "subject", "anchor", "occurrence"),
    Index(None, "state", "due_at"),
    Index(None, "customer_id"),
    Index(None, "subject"),
    Index(None, "bundled_into"),
)

attempt = table(
    "attempt",
    key(),
    integer("touchpoint_id", ForeignKey("touchpoint.id"), null=True),
    integer("complaint_id", ForeignKey("complaint.id"), null=True),  # the second callback of a case
    integer("customer_id", ForeignKey("customer.id")),
    integer("contact_point_id", null=True),  # the number that was dialled
    text("at"),
    text("recorded_at"),
    text("staff", null=True),
    text("channel"),
    text("outcome"),
    text("result"),
    text("remark", null=True, info=PERSONAL),
    text("category", null=True),
    text("referral", null=True, info=PERSONAL),
    text("note", null=True, info=PERSONAL),  # for the advisor
    text("next_at", null=True),
    text("next_channel", null=True),
    text("fingerprint", null=True, unique=True),  # of the row it was imported from: the same row comes in once
    Index(None, "touchpoint_id"),
    Index(None, "customer_id", "at"),
    Index(None, "complaint_id"),
)

#: An exported call is in somebody's hands until then.
lease = table(
    "lease",
    integer("touchpoint_id", ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False),
    text("holder"),
    text("leased_at"),
    text("until"),
    text("file"),
)

message = table(
    "message",
    key(),
    integer("touchpoint_id", ForeignKey("touchpoint.id"), null=True),
    integer("customer_id", ForeignKey("customer.id")),
    text("value", info=PERSONAL),  # E.164
    text("channel"),
    text("message_class"),
    text("purpose"),
    text("template"),
    text("params", info=PERSONAL),  # JSON
    text("text", info=PERSONAL),
    text("signature", server_default=""),
    text("store"),
    text("account", null=True),  # the messaging instance; null until one is chosen
    text("key", unique=True),  # ours, carried to the vendor: [A-Za-z0-9]{1,50}
    text("dedupe", unique=True),  # store|customer|touchpoint|template: planned once
    integer("names_customer", server_default="0"),
    text("state"),
    text("code", null=True),  # why it is held, refused, failed or unknown
    text("due_at"),
    text("expires_at", null=True),
    text("created_at"),
    text("first_at", null=True),  # the first claim, from which the retry budget and the vendor's window run
    text("claimed_at", null=True),
    text("state_at"),
    integer("attempts", server_default="0"),
    integer("doubted", server_default="0"),  # 1 once a call may have sent it and nothing has disproved that
    integer("absences", server_default="0"),
    text("absent_at", null=True),
    text("ref", null=True),
    Index(
        "ix_message_due",
        "due_at",
        "id",
        sqlite_where=sql("state IN ('QUEUED', 'HELD')"),
        postgresql_where=sql("state IN ('QUEUED', 'HELD')"),
    ),
    Index(
        "ix_message_doubt",
        "state_at",
        sqlite_where=sql("state IN ('SENDING', 'UNKNOWN')"),
        postgresql_where=sql("state IN ('SENDING', 'UNKNOWN')"),
    ),
    Index(None, "customer_id", "claimed_at"),
    Index(None, "value", "claimed_at"),
    Index(None, "account", "ref"),
    Index(None, "touchpoint_id"),
    Index(None, "state"),
)

message_event = table(
    "message_event",
    key(),
    ref("message_id", "message"),
    text("at"),
    text("state"),
    text("code", null=True),
    text("detail", null=True),
    Index(None, "message_id"),
)

#: What vendors pushed, raw, stored before it is answered; `collect` works through it.
inbox = table(
    "inbox",
    key(),
    text("account"),
    text("received_at"),
    text("method"),
    text("path"),
    text("query", info=PERSONAL),
    text("headers"),
    blob("body", info=PERSONAL),
    text("state", server_default="NEW"),  # NEW DONE FAILED
    text("code", null=True),
    text("done_at", null=True),
    Index(None, "state"),
)

reply = table(
    "reply",
    key(),
    text("account"),
    text("sender", info=PERSONAL),  # E.164 where it could be read, else as it came
    text("text", info=PERSONAL),
    text("at"),
    text("recorded_at"),
    text("vendor_id"),
    integer("customer_id", ForeignKey("customer.id"), null=True),
    text("state"),  # OPTED_OUT WAITING CLOSED
    text("word", null=True),  # the opt-out word that was recognised
    text("closed_at", null=True),
    text("closed_by", null=True),
    UniqueConstraint("account", "vendor_id"),
    Index(None, "state"),
    Index(None, "sender"),
    Index(None, "customer_id"),
)

#: A messaging account: its poll cursor, whether it was stopped (bad credentials, no balance), and its circuit breaker.
account = table(
    "account",
    text("name", primary_key=True),
    text("cursor", null=True),
    text("stopped_at", null=True),
    text("stopped_code", null=True),
    text("breaker", null=True),  # JSON of rules.messages
)

audit = table(
    "audit",
    key(),
    text("at"),
    text("who"),
    text("verb"),
    text("entity"),
    integer("entity_id", null=True),
    text("detail", null=True),  # JSON; codes and ids, no personal data
    Index(None, "entity", "entity_id"),
)

setting = table("setting", text("key", primary_key=True), text("value"))

#: The next free id of each table; its row is the lock under which ids are handed out in blocks.
next_id = table("next_id", text("name", primary_key=True), integer("value"))
