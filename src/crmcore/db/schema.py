"""What is kept, table by table.

Ids are integers here and get their letter at the boundary ("C17"). Flags are 0/1, money is fen, hours are hundredths.
A column that holds personal data is marked `info=PERSONAL`; erasing and exporting one person follow these marks.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, MetaData, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy import text as sql

from crmcore.db.columns import blob, integer, text

PERSONAL = {"personal": True}

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *parts: Any, rowid: bool = True) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=rowid)


def _id() -> Column[int]:
    return integer("id", primary_key=True, autoincrement=False)


def _ref(name: str, target: str, *, null: bool = False) -> Column[int]:
    return integer(name, ForeignKey(f"{target}.id"), null=null)


# ------------------------------------------------------------------ who and what

customer = _table(
    "customer",
    _id(),
    text("kind"),
    text("name", info=PERSONAL),
    text("name_key", info=PERSONAL),
    text("gender", null=True, info=PERSONAL),
    text("birth_on", null=True, info=PERSONAL),
    text("birth_md", null=True, info=PERSONAL),  # "MM-DD"; null for a placeholder, an organisation or a lunar date
    text("birth_calendar", server_default="SOLAR"),
    text("use_class", server_default="PRIVATE"),
    text("employer", null=True, info=PERSONAL),
    text("address", null=True, info=PERSONAL),
    text("advisor", null=True),
    text("home_store", null=True),
    integer("deceased", server_default="0"),
    integer("merged_into", null=True),  # the customer it was merged into; 0: retired, nobody is to be contacted
    text("created_at"),
    text("updated_at"),
    text("extra", null=True, info=PERSONAL),
    Index(None, "birth_md", sqlite_where=sql("birth_md IS NOT NULL"), postgresql_where=sql("birth_md IS NOT NULL")),
    Index(
        None,
        "merged_into",
        sqlite_where=sql("merged_into IS NOT NULL"),
        postgresql_where=sql("merged_into IS NOT NULL"),
    ),
)

contact_point = _table(
    "contact_point",
    _id(),
    _ref("customer_id", "customer"),
    text("channel", server_default="PHONE"),
    text("value", info=PERSONAL),  # E.164
    text("label", server_default=""),
    integer("preferred", server_default="0"),
    text("state", server_default="UNKNOWN"),
    text("state_at", null=True),
    UniqueConstraint("customer_id", "channel", "value"),
    Index(None, "value"),
)

#: A number that said no, for every customer and store that has or will have it. `until` is set when it says yes again.
opt_out = _table(
    "opt_out",
    text("value", info=PERSONAL),
    text("channel"),  # SMS or PHONE
    text("since"),
    text("source"),  # "reply:I7", "dms:main", "staff:E01"
    text("until", null=True),
    PrimaryKeyConstraint("value", "channel"),
)

consent = _table(
    "consent",
    _id(),
    _ref("customer_id", "customer"),
    text("purpose"),
    text("channel", server_default=""),  # "" = every channel
    text("status"),
    text("evidence", server_default=""),
    text("granted_at", null=True),
    text("withdrawn_at", null=True),
    text("expires_at", null=True),
    UniqueConstraint("customer_id", "purpose", "channel"),
)

relative = _table(
    "relative",
    _id(),
    _ref("customer_id", "customer"),
    text("name", info=PERSONAL),
    text("relation", server_default=""),
    text("birth_on", null=True, info=PERSONAL),
    text("birth_md", null=True, info=PERSONAL),
    UniqueConstraint("customer_id", "name"),
    Index(None, "birth_md"),
)

vehicle = _table(
    "vehicle",
    _id(),
    text("vin", null=True, unique=True),
    text("plate", null=True, info=PERSONAL),
    text("make", null=True),
    text("series", null=True),
    text("model", null=True),
    text("powertrain", server_default="ICE"),
    text("sold_on", null=True),
    text("delivered_on", null=True),
    text("first_registered_on", null=True),
    text("warranty_until", null=True),
    integer("warranty_km", null=True),
    text("inspection_due_on", null=True),
    text("compulsory_insurance_until", null=True),
    text("commercial_insurance_until", null=True),
    integer("service_interval_km", null=True),
    integer("service_interval_months", null=True),
    # the two latest odometer readings by date (1 older, 2 newer): enough to predict, whatever order rows arrive in
    text("km1_on", null=True),
    integer("km1", null=True),
    text("km2_on", null=True),
    integer("km2", null=True),
    text("last_service_on", null=True),  # local date of the last SERVICE hand-over (or opening while it is in the shop)
    text(
        "next_service_on", null=True
    ),  # derived by rules.care from the above; indexed so that a plan costs what is due
    integer("next_service_km", null=True),
    text("next_service_basis", null=True),
    text("status", server_default="ACTIVE"),
    text("created_at"),
    text("updated_at"),
    text("extra", null=True, info=PERSONAL),
    Index(None, "plate"),
    Index(None, "next_service_on"),
    Index(None, "inspection_due_on"),
    Index(None, "compulsory_insurance_until"),
    Index(None, "commercial_insurance_until"),
    Index(None, "warranty_until"),
    Index(None, "last_service_on"),
    Index(None, "delivered_on"),
)

vehicle_party = _table(
    "vehicle_party",
    _ref("vehicle_id", "vehicle"),
    _ref("customer_id", "customer"),
    text("role"),
    text("start_on", null=True),
    text("end_on", null=True),
    PrimaryKeyConstraint("vehicle_id", "customer_id", "role"),
    Index(None, "customer_id"),
    rowid=False,
)

visit = _table(
    "visit",
    _id(),
    text("kind"),  # SERVICE DELIVERY SHOWROOM
    text("ro_number", server_default=""),
    text("store"),
    integer("customer_id", ForeignKey("customer.id"), null=True),
    integer("brought_by_id", ForeignKey("customer.id"), null=True),
    integer("payer_id", ForeignKey("customer.id"), null=True),
    integer("vehicle_id", ForeignKey("vehicle.id"), null=True),
    text("advisor", null=True),
    text("opened_at", null=True),
    text("promised_at", null=True),
    text("completed_at", null=True),
    text("delivered_at", null=True),
    text("invoiced_at", null=True),
    # hand-over, or settlement where hand-over is unknown; local date of the store, for the callback index
    text("handed_on", null=True),
    text("handed_basis", null=True),  # DELIVERED or INVOICED
    integer("km_in", null=True),
    integer("km_out", null=True),
    text("status"),
    text("order_type", server_default="CUSTOMER"),
    text("repair_type", null=True),
    text("reason_verbatim", null=True, info=PERSONAL),
    text("remark", null=True, info=PERSONAL),
    integer("injury_accident", server_default="0"),
    integer("do_not_message", server_default="0"),
    text("booked_at", null=True),
    text("booked_channel", null=True),
    text("created_at"),
    text("updated_at"),
    text("extra", null=True, info=PERSONAL),
    Index(None, "handed_on", "kind"),
    Index(None, "vehicle_id", "handed_on"),
    Index(None, "customer_id"),
    Index(
        "ix_visit_promised",
        "promised_at",
        sqlite_where=sql("kind = 'DELIVERY'"),
        postgresql_where=sql("kind = 'DELIVERY'"),
    ),
    Index(
        "ix_visit_showroom",
        "opened_at",
        sqlite_where=sql("kind = 'SHOWROOM'"),
        postgresql_where=sql("kind = 'SHOWROOM'"),
    ),
    Index(
        "ix_visit_injury",
        "customer_id",
        sqlite_where=sql("injury_accident = 1"),
        postgresql_where=sql("injury_accident = 1"),
    ),
    Index(
        "ix_visit_ready", "completed_at", sqlite_where=sql("status = 'READY'"), postgresql_where=sql("status = 'READY'")
    ),
)

visit_line = _table(
    "visit_line",
    _ref("visit_id", "visit"),
    text("no"),
    text("op_code", null=True),
    text("op_name", null=True),
    text("complaint", null=True),
    text("cause", null=True),
    text("correction", null=True),
    integer("hours", null=True),
    integer("labour_amount", null=True),
    integer("parts_amount", null=True),
    integer("amount", null=True),
    text("technician", null=True),
    text("pay_type", null=True),
    text("revenue_line", null=True),
    PrimaryKeyConstraint("visit_id", "no"),
    rowid=False,
)

appointment = _table(
    "appointment",
    _id(),
    text("store"),
    integer("customer_id", ForeignKey("customer.id"), null=True),
    integer("vehicle_id", ForeignKey("vehicle.id"), null=True),
    text("start_at", null=True),
    text("status"),
    text("advisor", null=True),
    text("updated_at"),
    Index(None, "start_at"),
    Index(None, "vehicle_id"),
)

complaint = _table(
    "complaint",
    _id(),
    text("store"),
    integer("customer_id", ForeignKey("customer.id"), null=True),
    integer("vehicle_id", ForeignKey("vehicle.id"), null=True),
    integer("visit_id", ForeignKey("visit.id"), null=True),
    text("state"),
    text("received_at", null=True),
    integer("restored", server_default="1"),  # 0: closed without the customer being content
    text("updated_at"),
    Index(None, "customer_id"),
)

staff = _table(
    "staff",
    text("code"),
    text("name", info=PERSONAL),
    text("store"),
    text("role"),
    text("phone", null=True, info=PERSONAL),
    text("away_until", null=True),
    integer("active", server_default="1"),
    text("source"),  # "config" or "dms:<instance>"
    PrimaryKeyConstraint("code"),
)

# ------------------------------------------------------------------ where it came from

external_ref = _table(
    "external_ref",
    text("system"),
    text("entity"),
    text("key"),
    integer("id"),  # of the entity's table
    integer("derived", server_default="0"),
    PrimaryKeyConstraint("system", "entity", "key"),
    Index(None, "entity", "id"),
    rowid=False,
)

source = _table(
    "source",
    _id(),
    text("name", unique=True),  # the instance
    text("system"),
    text("cursor", null=True),
    integer("pull", server_default="0"),  # number of the last pull that wrote
    text("pulled_at", null=True),
    integer("retired", server_default="0"),
)

#: Every source row that was seen, by digest: what is here is not parsed again.
source_row = _table(
    "source_row",
    integer("source_id"),
    blob("digest"),
    integer("pull"),
    integer("state"),  # 0 kept, 1 rejected, 2 dismissed
    PrimaryKeyConstraint("source_id", "digest"),
    rowid=False,
)

reject = _table(
    "reject",
    _id(),
    _ref("source_id", "source"),
    text("part"),
    text("at"),  # "ro.csv:17"; a row of several source rows has one per line
    text(
        "subject", server_default=""
    ),  # "visit:RO123" where its key could be read: mended when that comes in good order
    text("column"),
    text("shape"),
    text("reason"),
    text("catalog"),
    text("raw", info=PERSONAL),  # JSON: heading -> text
    blob("digest", null=True),
    text("state", server_default="OPEN"),  # OPEN MENDED DISMISSED
    text("first_at"),
    text("last_at"),
    UniqueConstraint("source_id", "digest"),
    Index(None, "state"),
    Index(None, "subject"),
    Index(None, "part"),
)

proposal = _table(
    "proposal",
    _id(),
    text("kind"),  # MERGE, FIELD, CONTACT
    text("entity"),
    integer("entity_id"),
    integer("other_id", server_default="0"),
    text("field", server_default=""),
    text("old", null=True, info=PERSONAL),
    text("new", null=True, info=PERSONAL),
    text("source"),
    text("why"),
    text("state", server_default="PENDING"),  # PENDING APPLIED REJECTED
    text("created_at"),
    text("decided_at", null=True),
    text("decided_by", null=True),
    text("fingerprint", unique=True),  # the same proposal is made once, also after it was rejected
    Index(None, "state"),
)

#: What staff have corrected by hand: a DMS change to such a field becomes a proposal (promise 7).
correction = _table(
    "correction",
    text("entity"),
    integer("entity_id"),
    text("field"),
    text("value", null=True, info=PERSONAL),
    text("by"),
    text("at"),
    PrimaryKeyConstraint("entity", "entity_id", "field"),
)

merge = _table(
    "merge",
    _id(),
    integer("winner_id"),
    integer("loser_id"),
    text("at"),
    text("by"),
    text("why"),
    text("moved"),  # JSON: what was moved, so that it can be moved back
    text("undone_at", null=True),
    Index(None, "loser_id"),
)

# ------------------------------------------------------------------ what is owed and what was said

touchpoint = _table(
    "touchpoint",
    _id(),
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

attempt = _table(
    "attempt",
    _id(),
    integer("touchpoint_id", ForeignKey("touchpoint.id"), null=True),
    integer("customer_id", ForeignKey("customer.id")),
    text("at"),
    text("recorded_at"),
    text("staff", null=True),
    text("channel"),
    text("outcome"),
    text("result"),
    text("remark", null=True, info=PERSONAL),
    text("next_at", null=True),
    Index(None, "touchpoint_id"),
    Index(None, "customer_id", "at"),
)

message = _table(
    "message",
    _id(),
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

message_event = _table(
    "message_event",
    _id(),
    _ref("message_id", "message"),
    text("at"),
    text("state"),
    text("code", null=True),
    text("detail", null=True),
    Index(None, "message_id"),
)

#: What vendors pushed, raw, stored before it is answered; `collect` works through it.
inbox = _table(
    "inbox",
    _id(),
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

reply = _table(
    "reply",
    _id(),
    text("account"),
    text("sender", info=PERSONAL),  # E.164 where it could be read, else as it came
    text("text", info=PERSONAL),
    text("at"),
    text("vendor_id"),
    integer("customer_id", ForeignKey("customer.id"), null=True),
    text("state"),  # OPTED_OUT WAITING CLOSED
    text("word", null=True),  # the opt-out word that was recognised
    text("closed_at", null=True),
    text("closed_by", null=True),
    UniqueConstraint("account", "vendor_id"),
    Index(None, "state"),
    Index(None, "sender"),
)

#: A messaging account: its poll cursor, whether it was stopped (bad credentials, no balance), and its circuit breaker.
account = _table(
    "account",
    text("name", primary_key=True),
    text("cursor", null=True),
    text("stopped_at", null=True),
    text("stopped_code", null=True),
    text("breaker", null=True),  # JSON of rules.messages
)

audit = _table(
    "audit",
    _id(),
    text("at"),
    text("who"),
    text("verb"),
    text("entity"),
    integer("entity_id", null=True),
    text("detail", null=True),  # JSON; codes and ids, no personal data
    Index(None, "entity", "entity_id"),
)

setting = _table("setting", text("key", primary_key=True), text("value"))

#: The next free id of each table; its row is the lock under which ids are handed out in blocks.
next_id = _table("next_id", text("name", primary_key=True), integer("value"))
