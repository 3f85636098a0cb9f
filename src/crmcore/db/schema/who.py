"""Customers, cars, visits, colleagues: who and what."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy import text as sql

from crmcore.db.columns import integer, text
from crmcore.db.schema.base import PERSONAL, key, ref, table

customer = table(
    "customer",
    key(),
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

contact_point = table(
    "contact_point",
    key(),
    ref("customer_id", "customer"),
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
opt_out = table(
    "opt_out",
    text("value", info=PERSONAL),
    text("channel"),  # SMS or PHONE
    text("since"),
    text("source"),  # "reply:I7", "dms:main", "staff:E01"
    text("until", null=True),
    PrimaryKeyConstraint("value", "channel"),
)

consent = table(
    "consent",
    key(),
    ref("customer_id", "customer"),
    text("purpose"),
    text("channel", server_default=""),  # "" = every channel
    text("status"),
    text("evidence", server_default=""),
    text("granted_at", null=True),
    text("withdrawn_at", null=True),
    text("expires_at", null=True),
    UniqueConstraint("customer_id", "purpose", "channel"),
)

relative = table(
    "relative",
    key(),
    ref("customer_id", "customer"),
    text("name", info=PERSONAL),
    text("relation", server_default=""),
    text("birth_on", null=True, info=PERSONAL),
    text("birth_md", null=True, info=PERSONAL),
    UniqueConstraint("customer_id", "name"),
    Index(None, "birth_md"),
)

vehicle = table(
    "vehicle",
    key(),
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

vehicle_party = table(
    "vehicle_party",
    ref("vehicle_id", "vehicle"),
    ref("customer_id", "customer"),
    text("role"),
    text("start_on", null=True),
    text("end_on", null=True),
    PrimaryKeyConstraint("vehicle_id", "customer_id", "role"),
    Index(None, "customer_id"),
    rowid=False,
)

visit = table(
    "visit",
    key(),
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
    integer("comeback", null=True),  # the source's own mark of a return for the same fault; null: it says nothing
    text("comeback_of", null=True),  # the order number it returns on, as the source writes it
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
        "ix_visit_brought_by_id",
        "brought_by_id",
        sqlite_where=sql("brought_by_id IS NOT NULL"),
        postgresql_where=sql("brought_by_id IS NOT NULL"),
    ),
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

visit_line = table(
    "visit_line",
    ref("visit_id", "visit"),
    text("no"),
    text("op_code", null=True),
    text("op_name", null=True),
    text("complaint", null=True),
    text("cause", null=True),
    text("correction", null=True),
    text("fault_code", null=True),
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

appointment = table(
    "appointment",
    key(),
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

staff = table(
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
