"""The store: tables, migrations and queries on SQLite and PostgreSQL (SQLAlchemy Core, no ORM).

`engine.Database` opens and guards it, `schema` says what is kept, and each other module has the queries of one subject:
plain functions that take the connection first.
"""
