"""An application's own engine under a store: it serves both, and the application notices nothing."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

import pytest
from sqlalchemy import Engine, create_engine, event, exc, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from crmcore.db import borrowed, bulk, schema
from crmcore.db.engine import Database, take_ids
from crmcore.errors import Busy, StoreError

NOTES = 'CREATE TABLE IF NOT EXISTS "notes" (word TEXT)'
STATE = ("foreign_keys", "synchronous", "trusted_schema", "busy_timeout")


@pytest.fixture(name="engine", params=["sqlite", "postgresql"])
def _engine(request, tmp_path):
    """The application's engine, made as its author would, over a store that has its tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'shop.db'}"
        with Database(url) as db:
            schema.metadata.create_all(db.engine)
        engine = create_engine(url, connect_args={"timeout": 0.2})
    else:
        request.getfixturevalue("pg_db")
        engine = create_engine(request.getfixturevalue("pg_url").replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text(NOTES))
        connection.execute(text("DELETE FROM notes"))
        connection.execute(text("DELETE FROM setting"))
    yield engine
    engine.dispose()


def words(engine):
    with engine.connect() as connection:
        return [row.word for row in connection.execute(text("SELECT word FROM notes ORDER BY word"))]


def setting(db, key, value="1"):
    with db.writing() as connection:
        bulk.insert(connection, schema.setting, ("key", "value"), [(key, value)])


def test_the_application_keeps_its_transactions(engine):
    """What the application writes commits and rolls back as before, on the connections that a store has used."""
    db = Database(engine)
    setting(db, "a")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('kept')"))
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('undone')"))
        raise ZeroDivisionError

    assert ["kept"] == words(engine)


def test_a_transaction_around_a_call_is_not_ours(engine, monkeypatch):
    """What the application rolls back takes nothing of ours along; where it has the whole store in its hands we say so."""
    monkeypatch.setitem(borrowed.PRAGMAS, "busy_timeout", "10")
    db, alone = Database(engine), engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        connection.execute(text("SELECT * FROM notes" if alone else "INSERT INTO notes VALUES ('undone')"))
        setting(db, "a")
        connection.rollback()
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('undone')"))
        with contextlib.suppress(Busy) if alone else contextlib.nullcontext():
            setting(db, "b")
        connection.rollback()
    with db.reading() as connection:
        kept = {row.key for row in connection.execute(schema.setting.select())}

    assert ({"a"} if alone else {"a", "b"}) == kept
    assert [] == words(engine)


def test_ours_are_transactions_whatever_the_application_has(engine):
    """What was written before an exception is not there afterwards, also where the application's engine commits by itself."""
    by_itself = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    db = Database(by_itself)
    with pytest.raises(ZeroDivisionError), db.writing() as connection:
        bulk.insert(connection, schema.setting, ("key", "value"), [("a", "1")])
        raise ZeroDivisionError
    with db.reading() as connection:
        found = connection.execute(schema.setting.select()).all()
    by_itself.dispose()

    assert [] == found


def test_closing_a_store_leaves_the_engine_open(engine):
    """After `close()` the application's pool still has the connections it had."""
    db = Database(engine)
    with engine.connect() as connection:
        before = connection.connection.driver_connection
    setting(db, "a")
    db.close()
    with engine.connect() as connection:
        after = connection.connection.driver_connection

    assert before is after


def test_a_pool_that_was_replaced_is_followed(engine):
    """When the application disposes of its pool, as after a fork, the store takes its connections from the new one."""
    db = Database(engine)
    setting(db, "a")
    engine.dispose()
    setting(db, "b")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('undone')"))
        connection.rollback()

    assert db.engine.pool is engine.pool
    assert 1 == engine.pool.checkedin()
    assert [] == words(engine)


def test_a_connection_goes_back_as_it_came(tmp_path):
    """On SQLite the application's own pragmas and isolation level are there again when it takes the connection."""
    with Database(f"sqlite:///{tmp_path / 'shop.db'}") as db:
        schema.metadata.create_all(db.engine)
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", pool_size=1, max_overflow=0)

    def state():
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            return raw.isolation_level, [raw.execute(f"pragma {name}").fetchone()[0] for name in STATE]

    before = state()
    db = Database(engine)
    with db.writing() as connection:
        raw = connection.connection.driver_connection
        ours = raw.isolation_level, [raw.execute(f"pragma {name}").fetchone()[0] for name in STATE]
    after = state()
    engine.dispose()

    assert (None, [1, 2, 0, 15000]) == ours
    assert before == after != ours


def test_errors_of_the_application_stay_its_own(engine):
    """The driver's error reaches the application as SQLAlchemy raises it, and us with a code."""
    db = Database(engine)
    with pytest.raises(exc.DBAPIError), engine.connect() as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    with pytest.raises(StoreError) as caught, db.reading() as connection:
        connection.execute(text("SELECT * FROM nowhere"))

    assert "CRM-D120" == caught.value.code


def test_a_pool_that_is_empty_says_so(engine):
    """An application that has all connections of its own pool in its hands is told by a code that this can be tried again."""
    small = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    db = Database(small)
    with small.connect(), pytest.raises(Busy) as caught, db.reading():
        pass
    setting(db, "a")
    small.dispose()

    assert "CRM-D117" == caught.value.code


def test_opening_often_leaves_nothing_on_the_engine(engine):
    """An application may open a store for each request; what listens on its engine does not become more."""

    def listeners():
        return len(list(engine.dialect.dispatch.handle_error)), len(list(engine.pool.dispatch.checkin))

    stores = [Database(engine)]
    once = listeners()
    stores += [Database(engine) for _ in range(20)]

    assert once == listeners()
    assert (1, int(engine.dialect.name == "sqlite")) == once


def test_no_parameter_is_shown(engine):
    """An error out of our statements holds no value, although the application's engine shows them."""
    db = Database(engine)
    setting(db, "a")
    with pytest.raises(exc.IntegrityError) as caught:
        setting(db, "a", "13800130001")

    assert "13800130001" not in str(caught.value)


@pytest.fixture(name="recipe", params=["this engine", "every engine"])
def _recipe(request, tmp_path):
    """SQLAlchemy's recipe for savepoints on SQLite: the application says BEGIN itself."""
    with Database(f"sqlite:///{tmp_path / 'shop.db'}") as db:
        schema.metadata.create_all(db.engine)
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    target = engine if request.param == "this engine" else Engine

    def connect(raw, _record):
        raw.isolation_level = None

    def begin(connection):
        connection.exec_driver_sql("BEGIN")

    event.listen(target, "connect", connect)
    event.listen(target, "begin", begin)
    yield engine
    event.remove(target, "connect", connect)
    event.remove(target, "begin", begin)
    engine.dispose()


def test_an_application_that_says_begin_itself(recipe):
    """With its own BEGIN in place, for one engine or for all, both sides still have their transactions."""
    db = Database(recipe)
    setting(db, "a")
    with recipe.begin() as connection:
        connection.execute(text(NOTES))
    with pytest.raises(ZeroDivisionError), recipe.begin() as connection, connection.begin_nested():
        connection.execute(text("INSERT INTO notes VALUES ('undone')"))
        raise ZeroDivisionError

    assert [] == words(recipe)


def test_a_writer_of_ours_is_alone_from_its_beginning(recipe):
    """BEGIN IMMEDIATE is said, whatever the application says: nobody writes between our question and our answer."""
    db = Database(recipe)
    with db.writing(), pytest.raises(exc.OperationalError), recipe.connect() as connection:
        connection.exec_driver_sql("pragma busy_timeout=10")
        connection.execute(text("INSERT INTO setting VALUES ('b', '1')"))


def test_both_write_at_once(engine):
    """Threads of the application and of a store write through one pool, and every row is there."""
    db = Database(engine.execution_options())
    failures = []

    def ours():
        for _ in range(10):
            with db.writing() as connection:
                take_ids(connection, schema.customer, 1)

    def theirs():
        for number in range(10):
            for _ in range(50):
                try:
                    with engine.begin() as connection:
                        connection.execute(text("INSERT INTO notes VALUES (:word)"), {"word": str(number)})
                except exc.OperationalError as error:  # on SQLite one at a time writes, and this pool waits 0.2 s
                    failures.append(error)
                else:
                    break

    with db.writing() as connection:
        first = take_ids(connection, schema.customer, 1)[0]
    threads = [threading.Thread(target=work) for work in (ours, theirs, ours)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.writing() as connection:
        last = take_ids(connection, schema.customer, 1)[0]

    assert sorted(map(str, range(10))) == words(engine)
    assert 21 == last - first
    assert all("locked" in str(failure) for failure in failures)


@pytest.mark.parametrize("pool", [NullPool, None])
def test_any_pool_of_connections_will_do(tmp_path, pool):
    """Whether connections are kept or closed, a store works."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with Database(url) as db:
        schema.metadata.create_all(db.engine)
    engine = create_engine(url, poolclass=pool)
    db = Database(engine)
    setting(db, "a")
    setting(db, "b")
    with db.reading() as connection:
        found = connection.execute(schema.setting.select()).all()
    engine.dispose()

    assert 2 == len(found)


def test_a_store_in_a_store_changes_nothing(engine):
    """A store over the engine of another store is the same store."""
    db = Database(Database(engine).engine)
    setting(db, "a")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('kept')"))
        connection.rollback()

    assert [] == words(engine)


def test_a_file_becomes_a_log_once_or_says_who_is_in_the_way(tmp_path, monkeypatch):
    """An application's file is switched to the write-ahead log; while somebody is in it, the error says wait, and keeps no connection."""
    monkeypatch.setitem(borrowed.PRAGMAS, "busy_timeout", "10")
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    other.execute(NOTES)
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    db = Database(engine)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy) as caught, db.reading():
        pass
    kept = engine.pool.checkedout()
    other.execute("ROLLBACK")
    with db.reading() as connection:
        mode = connection.exec_driver_sql("pragma journal_mode").scalar()
    other.close()
    engine.dispose()

    assert ("CRM-D110", 0) == (caught.value.code, kept)
    assert "wal" == mode


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: create_engine("sqlite://"), "CRM-D106"),
        (lambda: create_engine("sqlite:///x.db", poolclass=StaticPool), "CRM-D106"),
        (lambda: create_async_engine("postgresql+psycopg://host/name"), "CRM-D105"),
        (object, "CRM-D105"),
    ],
)
def test_an_engine_that_cannot_be_shared_is_named(make, code):
    """One connection for everybody, an asynchronous engine and no engine at all are refused with a fix."""
    with pytest.raises(StoreError) as caught:
        Database(make())

    assert code == caught.value.code
