"""Where it came from: sources, their rows, proposals and corrections."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint

from crmcore.db.columns import blob, integer, text
from crmcore.db.schema.base import PERSONAL, key, ref, table

external_ref = table(
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

source = table(
    "source",
    key(),
    text("name", unique=True),  # the instance
    text("system"),
    text("cursor", null=True),
    integer("pull", server_default="0"),  # number of the last pull that wrote
    text("pulled_at", null=True),
    integer("retired", server_default="0"),
)

#: Every source row that was seen, by digest: what is here is not parsed again.
source_row = table(
    "source_row",
    integer("source_id"),
    blob("digest"),
    integer("pull"),
    integer("state"),  # 0 kept, 1 rejected, 2 dismissed
    PrimaryKeyConstraint("source_id", "digest"),
    rowid=False,
)

reject = table(
    "reject",
    key(),
    ref("source_id", "source"),
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

proposal = table(
    "proposal",
    key(),
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
correction = table(
    "correction",
    text("entity"),
    integer("entity_id"),
    text("field"),
    text("value", null=True, info=PERSONAL),
    text("by"),
    text("at"),
    PrimaryKeyConstraint("entity", "entity_id", "field"),
)

merge = table(
    "merge",
    key(),
    integer("winner_id"),
    integer("loser_id"),
    text("at"),
    text("by"),
    text("why"),
    text("moved"),  # JSON: what was moved, so that it can be moved back
    text("undone_at", null=True),
    Index(None, "loser_id"),
)
