"""What happened can be read in order: lines of histories are numbered over all cases, replies know when they were kept."""

# ruff: noqa: INP001 - Alembic loads this file by its path
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: By the time they were written; the lines of one case never change places, whatever the clocks of two machines said.
_NUMBER = """
    UPDATE complaint_event SET id = numbered.id
    FROM (
        SELECT complaint_id, seq, row_number() OVER (ORDER BY written, complaint_id, seq) AS id
        FROM (
            SELECT complaint_id, seq, max(recorded_at) OVER (PARTITION BY complaint_id ORDER BY seq) AS written
            FROM complaint_event
        ) AS lines
    ) AS numbered
    WHERE numbered.complaint_id = complaint_event.complaint_id AND numbered.seq = complaint_event.seq
"""
_GO_ON = """
    INSERT INTO next_id (name, value)
    SELECT 'complaint_event', count(*) + 1 FROM complaint_event HAVING count(*) > 0
"""


def upgrade() -> None:
    """Apply this step."""
    with op.batch_alter_table("complaint_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("id", INT, nullable=True))
    op.execute(_NUMBER)
    op.execute(_GO_ON)
    # SQLite builds these two anew, and SQLAlchemy before 2.1 does not see what kind of tables they were
    rebuilt = {"sqlite_strict": True, "sqlite_with_rowid": False}
    with op.batch_alter_table("complaint_event", schema=None, table_kwargs=rebuilt) as batch_op:
        batch_op.alter_column("id", existing_type=INT, nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_complaint_event_id"), ["id"])

    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recorded_at", TEXT, nullable=True))
    op.execute("UPDATE reply SET recorded_at = at")  # of older ones only the vendor's time is known
    with op.batch_alter_table("reply", schema=None, table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.alter_column("recorded_at", existing_type=TEXT, nullable=False)
        batch_op.create_index(batch_op.f("ix_reply_customer_id"), ["customer_id"], unique=False)

    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_visit_brought_by_id",
            ["brought_by_id"],
            unique=False,
            sqlite_where=sa.text("brought_by_id IS NOT NULL"),
            postgresql_where=sa.text("brought_by_id IS NOT NULL"),
        )
