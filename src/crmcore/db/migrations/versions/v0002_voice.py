"""Hear the answer: surveys, complaints with their clocks, attempts with what was said, alerts, improvements."""

# ruff: noqa: INP001, PLR0915 - Alembic loads this file by its path; one step creates what belongs together
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "improvement_action",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("survey", TEXT, server_default="", nullable=False),
        sa.Column("factor", TEXT, nullable=False),
        sa.Column("item", TEXT, server_default="", nullable=False),
        sa.Column("last_score", INT, nullable=True),
        sa.Column("target_score", INT, nullable=True),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("measure", TEXT, nullable=False),
        sa.Column("responsible", TEXT, nullable=False),
        sa.Column("supervisor", TEXT, nullable=False),
        sa.Column("due_on", TEXT, nullable=False),
        sa.Column("priority", INT, server_default="2", nullable=False),
        sa.Column("status", TEXT, server_default="OPEN", nullable=False),
        sa.Column("wave", TEXT, server_default="", nullable=False),
        sa.Column("side", TEXT, server_default="", nullable=False),
        sa.Column("staff", TEXT, nullable=True),
        sa.Column("result_wave", TEXT, server_default="", nullable=False),
        sa.Column("result_score", INT, nullable=True),
        sa.Column("verdict", TEXT, server_default="", nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("updated_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement_action")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    with op.batch_alter_table("improvement_action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_improvement_action_status"), ["status"], unique=False)

    op.create_table(
        "meeting",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("held_on", TEXT, nullable=False),
        sa.Column("chair", TEXT, nullable=True),
        sa.Column("attendees", TEXT, server_default="[]", nullable=False),
        sa.Column("wave", TEXT, server_default="", nullable=False),
        sa.Column("record", TEXT, nullable=True),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_held_on"), ["held_on"], unique=False)

    op.create_table(
        "meeting_action",
        sa.Column("meeting_id", INT, nullable=False),
        sa.Column("action_id", INT, nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["improvement_action.id"], name=op.f("fk_meeting_action_action_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_action_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "action_id", name=op.f("pk_meeting_action")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("meeting_action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_action_action_id"), ["action_id"], unique=False)

    op.create_table(
        "rework",
        sa.Column("return_visit_id", INT, nullable=False),
        sa.Column("return_line", TEXT, server_default="", nullable=False),
        sa.Column("original_visit_id", INT, nullable=True),
        sa.Column("original_line", TEXT, server_default="", nullable=False),
        sa.Column("verdict", TEXT, nullable=False),
        sa.Column("cause", TEXT, nullable=True),
        sa.Column("responsible", TEXT, nullable=True),
        sa.Column("confirmed_by", TEXT, nullable=False),
        sa.Column("confirmed_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["original_visit_id"], ["visit.id"], name=op.f("fk_rework_original_visit_id")),
        sa.ForeignKeyConstraint(["return_visit_id"], ["visit.id"], name=op.f("fk_rework_return_visit_id")),
        sa.PrimaryKeyConstraint("return_visit_id", "return_line", name=op.f("pk_rework")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "action_complaint",
        sa.Column("action_id", INT, nullable=False),
        sa.Column("complaint_id", INT, nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["improvement_action.id"], name=op.f("fk_action_complaint_action_id")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_action_complaint_complaint_id")),
        sa.PrimaryKeyConstraint("action_id", "complaint_id", name=op.f("pk_action_complaint")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("action_complaint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_complaint_complaint_id"), ["complaint_id"], unique=False)

    op.create_table(
        "alert",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("complaint_id", INT, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("round", INT, server_default="1", nullable=False),
        sa.Column("level", INT, server_default="0", nullable=False),
        sa.Column("role", TEXT, nullable=True),
        sa.Column("staff", TEXT, nullable=True),
        sa.Column("params", TEXT, server_default="{}", nullable=False),
        sa.Column("due_at", TEXT, nullable=False),
        sa.Column("next_at", TEXT, nullable=False),
        sa.Column("attempts", INT, server_default="0", nullable=False),
        sa.Column("sent_at", TEXT, nullable=True),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_alert_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint(
            "complaint_id", "kind", "round", "level", name=op.f("uq_alert_complaint_id_kind_round_level")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index(
            "ix_alert_owed",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )

    op.create_table(
        "complaint_clock",
        sa.Column("complaint_id", INT, nullable=False),
        sa.Column("round", INT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("basis", TEXT, nullable=False),
        sa.Column("target_minutes", INT, nullable=False),
        sa.Column("started_at", TEXT, nullable=False),
        sa.Column("due_at", TEXT, nullable=False),
        sa.Column("stopped_at", TEXT, nullable=True),
        sa.Column("pauses", TEXT, server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_clock_complaint_id")),
        sa.PrimaryKeyConstraint("complaint_id", "round", "kind", name=op.f("pk_complaint_clock")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("complaint_clock", schema=None) as batch_op:
        batch_op.create_index(
            "ix_complaint_clock_running",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )

    op.create_table(
        "complaint_event",
        sa.Column("complaint_id", INT, nullable=False),
        sa.Column("seq", INT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=True),
        sa.Column("after", TEXT, nullable=False),
        sa.Column("detail", TEXT, server_default="{}", nullable=False),
        sa.Column("note", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_event_complaint_id")),
        sa.PrimaryKeyConstraint("complaint_id", "seq", name=op.f("pk_complaint_event")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "complaint_evidence",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("evidence_id", INT, nullable=False),
        sa.Column("complaint_id", INT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_complaint_evidence_complaint_id")),
        sa.PrimaryKeyConstraint("kind", "evidence_id", name=op.f("pk_complaint_evidence")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("complaint_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_evidence_complaint_id"), ["complaint_id"], unique=False)

    op.create_table(
        "escalation",
        sa.Column("complaint_id", INT, nullable=False),
        sa.Column("round", INT, nullable=False),
        sa.Column("level", INT, nullable=False),
        sa.Column("clock", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("staff", TEXT, nullable=True),
        sa.Column("due_at", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("late", INT, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_escalation_complaint_id")),
        sa.PrimaryKeyConstraint("complaint_id", "round", "level", name=op.f("pk_escalation")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lease",
        sa.Column("touchpoint_id", INT, autoincrement=False, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("leased_at", TEXT, nullable=False),
        sa.Column("until", TEXT, nullable=False),
        sa.Column("file", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoint.id"], name=op.f("fk_lease_touchpoint_id")),
        sa.PrimaryKeyConstraint("touchpoint_id", name=op.f("pk_lease")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "recovery_offer",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("complaint_id", INT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("cost", INT, nullable=False),
        sa.Column("offered_by", TEXT, nullable=False),
        sa.Column("offered_at", TEXT, nullable=False),
        sa.Column("approved_by", TEXT, nullable=True),
        sa.Column("approved_at", TEXT, nullable=True),
        sa.Column("accepted", INT, nullable=True),
        sa.Column("decided_at", TEXT, nullable=True),
        sa.Column("note", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_recovery_offer_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_offer")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    with op.batch_alter_table("recovery_offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_offer_complaint_id"), ["complaint_id"], unique=False)

    op.create_table(
        "survey_invitation",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("survey", TEXT, nullable=False),
        sa.Column("instance", TEXT, nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("customer_id", INT, nullable=False),
        sa.Column("visit_id", INT, nullable=True),
        sa.Column("staff", TEXT, nullable=True),
        sa.Column("token", TEXT, nullable=False),
        sa.Column("link", TEXT, nullable=True),
        sa.Column("message_id", INT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("created_at", TEXT, nullable=False),
        sa.Column("expires_at", TEXT, nullable=True),
        sa.Column("state_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_survey_invitation_customer_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_survey_invitation_message_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_survey_invitation_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_invitation")),
        sa.UniqueConstraint("token", name=op.f("uq_survey_invitation_token")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    with op.batch_alter_table("survey_invitation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_survey_invitation_customer_id_created_at"), ["customer_id", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_survey_invitation_state"), ["state"], unique=False)

    op.create_table(
        "survey_response",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("survey", TEXT, nullable=False),
        sa.Column("version", TEXT, server_default="", nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("invitation_id", INT, nullable=True),
        sa.Column("attempt_id", INT, nullable=True),
        sa.Column("side", TEXT, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("wave", TEXT, server_default="", nullable=False),
        sa.Column("sample_id", TEXT, server_default="", nullable=False),
        sa.Column("store", TEXT, nullable=False),
        sa.Column("customer_id", INT, nullable=True),
        sa.Column("visit_id", INT, nullable=True),
        sa.Column("vehicle_id", INT, nullable=True),
        sa.Column("staff", TEXT, nullable=True),
        sa.Column("department", TEXT, nullable=True),
        sa.Column("phone", TEXT, nullable=True),
        sa.Column("started_at", TEXT, nullable=True),
        sa.Column("completed_at", TEXT, nullable=False),
        sa.Column("month", TEXT, nullable=False),
        sa.Column("recorded_at", TEXT, nullable=False),
        sa.Column("complete", INT, server_default="1", nullable=False),
        sa.Column("valid", INT, server_default="1", nullable=False),
        sa.Column("flags", TEXT, server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_survey_response_attempt_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_survey_response_customer_id")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["survey_invitation.id"], name=op.f("fk_survey_response_invitation_id")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_survey_response_vehicle_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_survey_response_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_response")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_survey_response_source_key")),
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    with op.batch_alter_table("survey_response", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_survey_response_customer_id_completed_at"), ["customer_id", "completed_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_survey_response_staff"), ["staff"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_survey_response_survey_side_month"), ["survey", "side", "month"], unique=False
        )

    op.create_table(
        "survey_answer",
        sa.Column("response_id", INT, nullable=False),
        sa.Column("question", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=True),
        sa.Column("number", INT, nullable=True),
        sa.Column("minimum", INT, nullable=True),
        sa.Column("maximum", INT, nullable=True),
        sa.Column("na", INT, server_default="0", nullable=False),
        sa.Column("comment", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["response_id"], ["survey_response.id"], name=op.f("fk_survey_answer_response_id")),
        sa.PrimaryKeyConstraint("response_id", "question", name=op.f("pk_survey_answer")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    # SQLite builds this one anew, and SQLAlchemy before 2.1 does not see that it was STRICT
    with op.batch_alter_table("attempt", schema=None, table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.add_column(sa.Column("complaint_id", INT, nullable=True))
        batch_op.add_column(sa.Column("contact_point_id", INT, nullable=True))
        batch_op.add_column(sa.Column("category", TEXT, nullable=True))
        batch_op.add_column(sa.Column("referral", TEXT, nullable=True))
        batch_op.add_column(sa.Column("note", TEXT, nullable=True))
        batch_op.add_column(sa.Column("next_channel", TEXT, nullable=True))
        batch_op.add_column(sa.Column("fingerprint", TEXT, nullable=True))
        batch_op.create_index(batch_op.f("ix_attempt_complaint_id"), ["complaint_id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_attempt_fingerprint"), ["fingerprint"])
        batch_op.create_foreign_key(batch_op.f("fk_attempt_complaint_id"), "complaint", ["complaint_id"], ["id"])

    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line_no", TEXT, nullable=True))
        batch_op.add_column(sa.Column("origin", TEXT, server_default="DMS", nullable=False))
        batch_op.add_column(sa.Column("round", INT, server_default="1", nullable=False))
        batch_op.add_column(sa.Column("recorded_at", TEXT, nullable=True))
        batch_op.add_column(sa.Column("form", TEXT, server_default="COMPLAINT", nullable=False))
        batch_op.add_column(sa.Column("channel", TEXT, server_default="STORE", nullable=False))
        batch_op.add_column(sa.Column("category", TEXT, server_default="OTHER", nullable=False))
        batch_op.add_column(sa.Column("root_cause", TEXT, nullable=True))
        batch_op.add_column(sa.Column("severity", TEXT, server_default="NORMAL", nullable=False))
        batch_op.add_column(sa.Column("customer_type", TEXT, nullable=True))
        batch_op.add_column(sa.Column("needs", TEXT, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("magnitude", INT, nullable=True))
        batch_op.add_column(sa.Column("verbatim", TEXT, nullable=True))
        batch_op.add_column(sa.Column("demand", TEXT, nullable=True))
        batch_op.add_column(sa.Column("background", TEXT, nullable=True))
        batch_op.add_column(sa.Column("first_asked", TEXT, nullable=True))
        batch_op.add_column(sa.Column("owner", TEXT, nullable=True))
        batch_op.add_column(sa.Column("accused", TEXT, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("responsible", TEXT, nullable=True))
        batch_op.add_column(sa.Column("department", TEXT, nullable=True))
        batch_op.add_column(sa.Column("handed_over_at", TEXT, nullable=True))
        batch_op.add_column(sa.Column("acknowledged_at", TEXT, nullable=True))
        batch_op.add_column(sa.Column("responded_at", TEXT, nullable=True))
        batch_op.add_column(sa.Column("resolved_at", TEXT, nullable=True))
        batch_op.add_column(sa.Column("closed_at", TEXT, nullable=True))
        batch_op.add_column(sa.Column("resolution", TEXT, nullable=True))
        batch_op.add_column(sa.Column("outcome", TEXT, nullable=True))
        batch_op.add_column(sa.Column("avoidable", INT, nullable=True))
        batch_op.add_column(sa.Column("callback_id", INT, nullable=True))
        batch_op.add_column(sa.Column("waiver", TEXT, nullable=True))
        batch_op.add_column(sa.Column("prevention", TEXT, nullable=True))
        batch_op.create_index(batch_op.f("ix_complaint_received_at"), ["received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaint_state"), ["state"], unique=False)

    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("comeback", INT, nullable=True))
        batch_op.add_column(sa.Column("comeback_of", TEXT, nullable=True))

    with op.batch_alter_table("visit_line", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fault_code", TEXT, nullable=True))
