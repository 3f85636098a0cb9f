"""What Alembic runs for every command: the migrations, on the connection and in the transaction of the caller."""

from __future__ import annotations

from alembic import context

from crmcore.db import schema

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=schema.metadata, render_as_batch=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
