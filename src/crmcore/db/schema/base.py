"""The metadata that every table joins, and the shapes that all of them share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData, Table

from crmcore.db.columns import integer

PERSONAL = {"personal": True}

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *parts: Any, rowid: bool = True) -> Table:
    """A table of STRICT types; `rowid=False` where the primary key is all there is to find a row by."""
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=rowid)


def key() -> Column[int]:
    """Our own id, handed out by `engine.take_ids`."""
    return integer("id", primary_key=True, autoincrement=False)


def ref(name: str, target: str, *, null: bool = False) -> Column[int]:
    """The id of a row of `target`."""
    return integer(name, ForeignKey(f"{target}.id"), null=null)
