"""Who has looked at whose file, and when: a table of the application, in the database that crmcore is in as well."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Column, DateTime, Engine, Integer, MetaData, String, Table, insert, select

metadata = MetaData()
look = Table(
    "dealer_look",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer", String(32), nullable=False, index=True),
    Column("who", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)


def note(engine: Engine, customer: str, who: str, at: datetime) -> None:
    """Keep that somebody has opened a file."""
    with engine.begin() as connection:
        connection.execute(insert(look).values(customer=customer, who=who, at=at.astimezone(UTC)))


def latest(engine: Engine, customer: str, limit: int = 5) -> list[tuple[str, datetime]]:
    """The last few who have opened it."""
    query = select(look.c.who, look.c.at).where(look.c.customer == customer).order_by(look.c.id.desc()).limit(limit)
    with engine.connect() as connection:
        return [(who, at.replace(tzinfo=UTC)) for who, at in connection.execute(query)]  # SQLite keeps no zone
