"""Draft the next migration: `python -m crmcore.db.migrations.draft > …/versions/v0002_what.py`, then read and correct it.

It compares `schema.metadata` with what the migrations make of an empty store; with `--first` it writes the first one anew.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from crmcore.db import schema, upgrade
from crmcore.db.engine import Database

_HEAD = '''"""{what}."""

# ruff: noqa: INP001, PLR0915 - Alembic loads this file by its path; one step creates what belongs together
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before!r}
branch_labels = None
depends_on = None

TEXT = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply this step."""
'''
_SHORT = {
    "sa.Text(collation='C').with_variant(sa.Text(), 'sqlite')": "TEXT",
    "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')": "INT",
}


def draft(*, first: bool = False) -> str:
    """The text of a migration that brings the migrated store to `schema.metadata`."""
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder) / 'draft.db'}") as db:
        if not first:
            upgrade.migrate(db)
        with db.reading() as connection:
            context = MigrationContext.configure(connection, opts={"render_as_batch": not first})
            steps = produce_migrations(context, schema.metadata).upgrade_ops
            code = render_python_code(steps, render_as_batch=not first)  # type: ignore[arg-type]  # never None here
    for long, short in _SHORT.items():
        code = code.replace(long, short)
    number = 1 if first else len(upgrade.REVISIONS) + 1
    before = None if first else upgrade.HEAD
    what = "Everything that the first version keeps" if first else "Say what this step is for"
    return _HEAD.format(what=what, revision=f"{number:04}", before=before) + "".join(
        f"{line}\n" for line in code.splitlines() if not line.lstrip().startswith("#")
    )


if __name__ == "__main__":
    sys.stdout.write(draft(first="--first" in sys.argv))
