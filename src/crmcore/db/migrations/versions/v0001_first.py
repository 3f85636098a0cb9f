"""Everything that the first version keeps."""

# ruff: noqa: INP001, PLR0915 - Alembic loads this file by its path; one step creates what belongs together
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "account",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("cursor", TEXT, nullable=True),
        sa.Column("stopped_at", TEXT, nullable=True),
        sa.Column("stopped_code", TEXT, nullable=True),
        sa.Column("breaker", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_account")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "audit",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("verb", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("entity_id", INT, nullable=True),
        sa.Column("detail", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_audit_entity_entity_id"), "audit", ["entity", "entity_id"], unique=False)
    op.create_table(
        "correction",
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("entity_id", INT, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=True),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entity", "entity_id", "field", name=op.f("pk_correction")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "customer",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("name_key", TEXT, nullable=False),
        sa.Column("gender", TEXT, nullable=True),
        sa.Column("birth_on", TEXT, nullable=True),
        sa.Column("birth_md", TEXT, nullable=True),
        sa.Column("birth_calendar", TEXT, server_default="SOLAR", nullable=False),
        sa.Column("use_class", TEXT, server_default="PRIVATE", nullable=False),
        sa.Column("employer", TEXT, nullable=True),
        sa.Column("address", TEXT, nullable=True),
        sa.Column("advisor", TEXT, nullable=True),
        sa.Column("home_store", TEXT, nullable=True),
        sa.Column("deceased", INT, server_default="0", nullable=False),
        sa.Column("merged_into", INT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("extra", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        op.f("ix_customer_birth_md"),
        "customer",
        ["birth_md"],
        unique=False,
        sqlite_where=sa.text("birth_md IS NOT NULL"),
        postgresql_where=sa.text("birth_md IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_customer_merged_into"),
        "customer",
        ["merged_into"],
        unique=False,
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_table(
        "external_ref",
        sa.Column("system", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("id", INT, nullable=False),
        sa.Column("derived", INT, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("system", "entity", "key", name=op.f("pk_external_ref")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_external_ref_entity_id"), "external_ref", ["entity", "id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("received_at", TEXT, nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("query", TEXT, nullable=False),
        sa.Column("headers", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", TEXT, server_default="NEW", nullable=False),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("done_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_inbox_state"), "inbox", ["state"], unique=False)
    op.create_table(
        "merge",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("winner_id", INT, nullable=False),
        sa.Column("loser_id", INT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("moved", TEXT, nullable=False),
        sa.Column("undone_at", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_merge_loser_id"), "merge", ["loser_id"], unique=False)
    op.create_table(
        "next_id",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", INT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_next_id")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "opt_out",
        sa.Column("value", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("until", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("value", "channel", name=op.f("pk_opt_out")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "proposal",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("entity_id", INT, nullable=False),
        sa.Column("other_id", INT, server_default="0", nullable=False),
        sa.Column("field", TEXT, server_default="", nullable=False),
        sa.Column("old", TEXT, nullable=True),
        sa.Column("new", TEXT, nullable=True),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("state", TEXT, server_default="PENDING", nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("decided_at", TEXT, nullable=True),
        sa.Column("decided_by", TEXT, nullable=True),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_proposal_fingerprint")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_proposal_state"), "proposal", ["state"], unique=False)
    op.create_table(
        "setting",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "source",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("system", TEXT, nullable=False),
        sa.Column("cursor", TEXT, nullable=True),
        sa.Column("pull", INT, server_default="0", nullable=False),
        sa.Column("pulled_at", TEXT, nullable=True),
        sa.Column("retired", INT, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "source_row",
        sa.Column("source_id", INT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("pull", INT, nullable=False),
        sa.Column("state", INT, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "digest", name=op.f("pk_source_row")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "staff",
        sa.Column("code", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("phone", TEXT, nullable=True),
        sa.Column("away_until", TEXT, nullable=True),
        sa.Column("active", INT, server_default="1", nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_staff")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "vehicle",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("vin", TEXT, nullable=True),
        sa.Column("plate", TEXT, nullable=True),
        sa.Column("make", TEXT, nullable=True),
        sa.Column("series", TEXT, nullable=True),
        sa.Column("model", TEXT, nullable=True),
        sa.Column("powertrain", TEXT, server_default="ICE", nullable=False),
        sa.Column("sold_on", TEXT, nullable=True),
        sa.Column("delivered_on", TEXT, nullable=True),
        sa.Column("first_registered_on", TEXT, nullable=True),
        sa.Column("warranty_until", TEXT, nullable=True),
        sa.Column("warranty_km", INT, nullable=True),
        sa.Column("inspection_due_on", TEXT, nullable=True),
        sa.Column("compulsory_insurance_until", TEXT, nullable=True),
        sa.Column("commercial_insurance_until", TEXT, nullable=True),
        sa.Column("service_interval_km", INT, nullable=True),
        sa.Column("service_interval_months", INT, nullable=True),
        sa.Column("km1_on", TEXT, nullable=True),
        sa.Column("km1", INT, nullable=True),
        sa.Column("km2_on", TEXT, nullable=True),
        sa.Column("km2", INT, nullable=True),
        sa.Column("last_service_on", TEXT, nullable=True),
        sa.Column("next_service_on", TEXT, nullable=True),
        sa.Column("next_service_km", INT, nullable=True),
        sa.Column("next_service_basis", TEXT, nullable=True),
        sa.Column("status", TEXT, server_default="ACTIVE", nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("extra", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle")),
        sa.UniqueConstraint("vin", name=op.f("uq_vehicle_vin")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        op.f("ix_vehicle_commercial_insurance_until"), "vehicle", ["commercial_insurance_until"], unique=False
    )
    op.create_index(
        op.f("ix_vehicle_compulsory_insurance_until"), "vehicle", ["compulsory_insurance_until"], unique=False
    )
    op.create_index(op.f("ix_vehicle_delivered_on"), "vehicle", ["delivered_on"], unique=False)
    op.create_index(op.f("ix_vehicle_inspection_due_on"), "vehicle", ["inspection_due_on"], unique=False)
    op.create_index(op.f("ix_vehicle_last_service_on"), "vehicle", ["last_service_on"], unique=False)
    op.create_index(op.f("ix_vehicle_next_service_on"), "vehicle", ["next_service_on"], unique=False)
    op.create_index(op.f("ix_vehicle_plate"), "vehicle", ["plate"], unique=False)
    op.create_index(op.f("ix_vehicle_warranty_until"), "vehicle", ["warranty_until"], unique=False)
    op.create_table(
        "appointment",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("customer_id", INT, nullable=True),
        sa.Column("vehicle_id", INT, nullable=True),
        sa.Column("start_at", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("advisor", TEXT, nullable=True),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_appointment_customer_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_appointment_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_appointment_start_at"), "appointment", ["start_at"], unique=False)
    op.create_index(op.f("ix_appointment_vehicle_id"), "appointment", ["vehicle_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("customer_id", INT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("channel", TEXT, server_default="", nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("evidence", TEXT, server_default="", nullable=False),
        sa.Column("granted_at", TEXT, nullable=True),
        sa.Column("withdrawn_at", TEXT, nullable=True),
        sa.Column("expires_at", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_consent_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("customer_id", "purpose", "channel", name=op.f("uq_consent_customer_id_purpose_channel")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "contact_point",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("customer_id", INT, nullable=False),
        sa.Column("channel", TEXT, server_default="PHONE", nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("label", TEXT, server_default="", nullable=False),
        sa.Column("preferred", INT, server_default="0", nullable=False),
        sa.Column("state", TEXT, server_default="UNKNOWN", nullable=False),
        sa.Column("state_at", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_point_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
        sa.UniqueConstraint("customer_id", "channel", "value", name=op.f("uq_contact_point_customer_id_channel_value")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_contact_point_value"), "contact_point", ["value"], unique=False)
    op.create_table(
        "reject",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("source_id", INT, nullable=False),
        sa.Column("part", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("subject", TEXT, server_default="", nullable=False),
        sa.Column("column", TEXT, nullable=False),
        sa.Column("shape", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("catalog", TEXT, nullable=False),
        sa.Column("raw", TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("state", TEXT, server_default="OPEN", nullable=False),
        sa.Column("first_at", TEXT, nullable=False),
        sa.Column("last_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_reject_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reject")),
        sa.UniqueConstraint("source_id", "digest", name=op.f("uq_reject_source_id_digest")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_reject_part"), "reject", ["part"], unique=False)
    op.create_index(op.f("ix_reject_state"), "reject", ["state"], unique=False)
    op.create_index(op.f("ix_reject_subject"), "reject", ["subject"], unique=False)
    op.create_table(
        "relative",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("customer_id", INT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("relation", TEXT, server_default="", nullable=False),
        sa.Column("birth_on", TEXT, nullable=True),
        sa.Column("birth_md", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_relative_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relative")),
        sa.UniqueConstraint("customer_id", "name", name=op.f("uq_relative_customer_id_name")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_relative_birth_md"), "relative", ["birth_md"], unique=False)
    op.create_table(
        "reply",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("vendor_id", TEXT, nullable=False),
        sa.Column("customer_id", INT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("word", TEXT, nullable=True),
        sa.Column("closed_at", TEXT, nullable=True),
        sa.Column("closed_by", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_reply_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("account", "vendor_id", name=op.f("uq_reply_account_vendor_id")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_reply_sender"), "reply", ["sender"], unique=False)
    op.create_index(op.f("ix_reply_state"), "reply", ["state"], unique=False)
    op.create_table(
        "vehicle_party",
        sa.Column("vehicle_id", INT, nullable=False),
        sa.Column("customer_id", INT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("start_on", TEXT, nullable=True),
        sa.Column("end_on", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_vehicle_party_customer_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_vehicle_party_vehicle_id")),
        sa.PrimaryKeyConstraint("vehicle_id", "customer_id", "role", name=op.f("pk_vehicle_party")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_vehicle_party_customer_id"), "vehicle_party", ["customer_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("ro_number", TEXT, server_default="", nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("customer_id", INT, nullable=True),
        sa.Column("brought_by_id", INT, nullable=True),
        sa.Column("payer_id", INT, nullable=True),
        sa.Column("vehicle_id", INT, nullable=True),
        sa.Column("advisor", TEXT, nullable=True),
        sa.Column("opened_at", TEXT, nullable=True),
        sa.Column("promised_at", TEXT, nullable=True),
        sa.Column("completed_at", TEXT, nullable=True),
        sa.Column("delivered_at", TEXT, nullable=True),
        sa.Column("invoiced_at", TEXT, nullable=True),
        sa.Column("handed_on", TEXT, nullable=True),
        sa.Column("handed_basis", TEXT, nullable=True),
        sa.Column("km_in", INT, nullable=True),
        sa.Column("km_out", INT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("order_type", TEXT, server_default="CUSTOMER", nullable=False),
        sa.Column("repair_type", TEXT, nullable=True),
        sa.Column("reason_verbatim", TEXT, nullable=True),
        sa.Column("remark", TEXT, nullable=True),
        sa.Column("injury_accident", INT, server_default="0", nullable=False),
        sa.Column("do_not_message", INT, server_default="0", nullable=False),
        sa.Column("booked_at", TEXT, nullable=True),
        sa.Column("booked_channel", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.Column("extra", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["brought_by_id"], ["customer.id"], name=op.f("fk_visit_brought_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_visit_customer_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["customer.id"], name=op.f("fk_visit_payer_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_visit_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_visit_customer_id"), "visit", ["customer_id"], unique=False)
    op.create_index(op.f("ix_visit_handed_on_kind"), "visit", ["handed_on", "kind"], unique=False)
    op.create_index(
        "ix_visit_promised",
        "visit",
        ["promised_at"],
        unique=False,
        sqlite_where=sa.text("kind = 'DELIVERY'"),
        postgresql_where=sa.text("kind = 'DELIVERY'"),
    )
    op.create_index(
        "ix_visit_injury",
        "visit",
        ["customer_id"],
        unique=False,
        sqlite_where=sa.text("injury_accident = 1"),
        postgresql_where=sa.text("injury_accident = 1"),
    )
    op.create_index(
        "ix_visit_ready",
        "visit",
        ["completed_at"],
        unique=False,
        sqlite_where=sa.text("status = 'READY'"),
        postgresql_where=sa.text("status = 'READY'"),
    )
    op.create_index(
        "ix_visit_showroom",
        "visit",
        ["opened_at"],
        unique=False,
        sqlite_where=sa.text("kind = 'SHOWROOM'"),
        postgresql_where=sa.text("kind = 'SHOWROOM'"),
    )
    op.create_index(op.f("ix_visit_vehicle_id_handed_on"), "visit", ["vehicle_id", "handed_on"], unique=False)
    op.create_table(
        "complaint",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("customer_id", INT, nullable=True),
        sa.Column("vehicle_id", INT, nullable=True),
        sa.Column("visit_id", INT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("received_at", TEXT, nullable=True),
        sa.Column("restored", INT, server_default="1", nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_complaint_customer_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_complaint_vehicle_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_complaint_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_complaint_customer_id"), "complaint", ["customer_id"], unique=False)
    op.create_table(
        "touchpoint",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("anchor", TEXT, nullable=False),
        sa.Column("anchor_on", TEXT, nullable=False),
        sa.Column("occurrence", TEXT, nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("customer_id", INT, nullable=False),
        sa.Column("vehicle_id", INT, nullable=True),
        sa.Column("visit_id", INT, nullable=True),
        sa.Column("due_at", TEXT, nullable=False),
        sa.Column("deadline_at", TEXT, nullable=True),
        sa.Column("expires_at", TEXT, nullable=True),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("message_class", TEXT, nullable=False),
        sa.Column("executor", TEXT, nullable=True),
        sa.Column("supervisors", TEXT, server_default="[]", nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("bundled_into", INT, nullable=True),
        sa.Column("explanation", TEXT, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_touchpoint_customer_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_touchpoint_vehicle_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_touchpoint_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touchpoint")),
        sa.UniqueConstraint(
            "rule", "subject", "anchor", "occurrence", name=op.f("uq_touchpoint_rule_subject_anchor_occurrence")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_touchpoint_bundled_into"), "touchpoint", ["bundled_into"], unique=False)
    op.create_index(op.f("ix_touchpoint_customer_id"), "touchpoint", ["customer_id"], unique=False)
    op.create_index(op.f("ix_touchpoint_state_due_at"), "touchpoint", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_touchpoint_subject"), "touchpoint", ["subject"], unique=False)
    op.create_table(
        "visit_line",
        sa.Column("visit_id", INT, nullable=False),
        sa.Column("no", TEXT, nullable=False),
        sa.Column("op_code", TEXT, nullable=True),
        sa.Column("op_name", TEXT, nullable=True),
        sa.Column("complaint", TEXT, nullable=True),
        sa.Column("cause", TEXT, nullable=True),
        sa.Column("correction", TEXT, nullable=True),
        sa.Column("hours", INT, nullable=True),
        sa.Column("labour_amount", INT, nullable=True),
        sa.Column("parts_amount", INT, nullable=True),
        sa.Column("amount", INT, nullable=True),
        sa.Column("technician", TEXT, nullable=True),
        sa.Column("pay_type", TEXT, nullable=True),
        sa.Column("revenue_line", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_line_visit_id")),
        sa.PrimaryKeyConstraint("visit_id", "no", name=op.f("pk_visit_line")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attempt",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("touchpoint_id", INT, nullable=True),
        sa.Column("customer_id", INT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.Column("staff", TEXT, nullable=True),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("result", TEXT, nullable=False),
        sa.Column("remark", TEXT, nullable=True),
        sa.Column("next_at", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_attempt_customer_id")),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoint.id"], name=op.f("fk_attempt_touchpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_attempt_customer_id_at"), "attempt", ["customer_id", "at"], unique=False)
    op.create_index(op.f("ix_attempt_touchpoint_id"), "attempt", ["touchpoint_id"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("touchpoint_id", INT, nullable=True),
        sa.Column("customer_id", INT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("message_class", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("template", TEXT, nullable=False),
        sa.Column("params", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("signature", TEXT, server_default="", nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("dedupe", TEXT, nullable=False),
        sa.Column("names_customer", INT, server_default="0", nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("due_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("first_at", TEXT, nullable=True),
        sa.Column("claimed_at", TEXT, nullable=True),
        sa.Column("state_at", TEXT, nullable=False),
        sa.Column("attempts", INT, server_default="0", nullable=False),
        sa.Column("doubted", INT, server_default="0", nullable=False),
        sa.Column("absences", INT, server_default="0", nullable=False),
        sa.Column("absent_at", TEXT, nullable=True),
        sa.Column("ref", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_message_customer_id")),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoint.id"], name=op.f("fk_message_touchpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_message_dedupe")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_message_account_ref"), "message", ["account", "ref"], unique=False)
    op.create_index(op.f("ix_message_customer_id_claimed_at"), "message", ["customer_id", "claimed_at"], unique=False)
    op.create_index(
        "ix_message_doubt",
        "message",
        ["state_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('SENDING', 'UNKNOWN')"),
        postgresql_where=sa.text("state IN ('SENDING', 'UNKNOWN')"),
    )
    op.create_index(
        "ix_message_due",
        "message",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('QUEUED', 'HELD')"),
        postgresql_where=sa.text("state IN ('QUEUED', 'HELD')"),
    )
    op.create_index(op.f("ix_message_state"), "message", ["state"], unique=False)
    op.create_index(op.f("ix_message_touchpoint_id"), "message", ["touchpoint_id"], unique=False)
    op.create_index(op.f("ix_message_value_claimed_at"), "message", ["value", "claimed_at"], unique=False)
    op.create_table(
        "message_event",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("message_id", INT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("detail", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_event_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_event")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_message_event_message_id"), "message_event", ["message_id"], unique=False)
