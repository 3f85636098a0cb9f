"""What the store promises: privacy of the file, one writer at a time, errors that say what to do."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from crmcore.db import bulk, engine, schema
from crmcore.db.engine import Database, take_ids
from crmcore.errors import Busy, StoreError


def test_the_file_is_for_its_owner_alone(tmp_path):
    """Everything SQLite writes beside and in the database is mode 0600."""
    with Database(f"sqlite:///{tmp_path / 'crm.db'}") as db:
        schema.metadata.create_all(db.engine)
        with db.reading():
            modes = {stat.S_IMODE(file.stat().st_mode) for file in Path(tmp_path).iterdir()}

    assert {0o600} == modes


def test_a_lost_power_cannot_lose_a_commit(tmp_path):
    """SQLite runs in WAL with synchronous=FULL (2) and keeps foreign keys."""
    with Database(f"sqlite:///{tmp_path / 'crm.db'}") as db, db.reading() as connection:
        found = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert ["wal", 2, 1] == found


def test_ids_are_handed_out_once(db):
    """Two writers that take ids at the same time never get the same one."""
    taken: list[int] = []

    def take() -> None:
        for _ in range(20):
            with db.writing() as connection:
                taken.extend(take_ids(connection, schema.customer, 3))

    with db.writing() as connection:
        take_ids(connection, schema.customer, 1)
    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 180 == len(taken) == len(set(taken))


def test_a_transaction_that_fails_leaves_nothing(db):
    """What was written before the exception is not there afterwards."""
    with pytest.raises(ZeroDivisionError), db.writing() as connection:
        bulk.insert(connection, schema.setting, ("key", "value"), [("a", "1")])
        raise ZeroDivisionError
    with db.reading() as connection:
        found = connection.execute(schema.setting.select()).all()

    assert [] == found


def test_bulk_writes_insert_replace_and_leave(db):
    """`insert(ignore)` keeps what is there, `upsert` replaces it, `update` sets by key."""
    with db.writing() as connection:
        bulk.insert(connection, schema.setting, ("key", "value"), [("a", "1"), ("b", "1")])
        bulk.insert(connection, schema.setting, ("key", "value"), [("a", "2")], ignore=True)
        bulk.upsert(connection, schema.setting, ("key", "value"), [("b", "2")], key=("key",), change=("value",))
        bulk.update(connection, schema.setting, ("value",), [("3", "a")], key="key")
        found = dict(connection.execute(schema.setting.select().order_by(schema.setting.c.key)).all())

    assert {"a": "3", "b": "2"} == found


def test_a_second_writer_is_told_to_wait(tmp_path, monkeypatch):
    """A writer that cannot get in says so with a code, and changes nothing."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with Database(url) as one, Database(url) as two:
        schema.metadata.create_all(one.engine)
        with one.writing(), pytest.raises(Busy) as caught, two.writing():
            pass

    assert "CRM-D110" == caught.value.code


def test_a_reader_does_not_wait_for_a_writer(tmp_path, monkeypatch):
    """Reading goes on while somebody writes."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with Database(url) as one, Database(url) as two:
        schema.metadata.create_all(one.engine)
        with one.writing(), two.reading() as connection:
            found = connection.execute(schema.setting.select()).all()

    assert [] == found


@pytest.mark.parametrize(
    ("url", "code"),
    [("not a url", "CRM-D101"), ("mysql://x/y", "CRM-D102"), ("sqlite:////no/such/folder/crm.db", "CRM-D103")],
)
def test_a_wrong_url_is_named(url, code):
    """A URL that cannot be used gives a code, not a traceback of the driver."""
    with pytest.raises(StoreError) as caught:
        Database(url)

    assert code == caught.value.code


def test_a_file_that_is_no_database_is_named(tmp_path):
    """A text file in the place of the database is recognised."""
    (tmp_path / "crm.db").write_text("hello " * 1000)
    with Database(f"sqlite:///{tmp_path / 'crm.db'}") as db, pytest.raises(StoreError) as caught, db.reading():
        pass

    assert "CRM-D114" == caught.value.code


def test_missing_tables_send_to_upgrade(db):
    """A query on a database without our tables says to run `crmcore db upgrade`."""
    with pytest.raises(StoreError) as caught, db.reading() as connection:
        connection.execute(text("select * from no_such_table"))

    assert "CRM-D120" == caught.value.code


def test_the_first_threads_of_a_child_come_together(tmp_path):
    """After a fork nobody takes a connection of the parent, also not while another thread is still making the pool new."""
    with Database(f"sqlite:///{tmp_path / 'crm.db'}") as db:
        with db.reading() as connection:
            parents = connection.connection.driver_connection
        made_new, goes_on = threading.Event(), threading.Event()
        real, taken = db.engine.dispose, []

        def slow(*, close):
            made_new.set()
            goes_on.wait(0.5)
            real(close=close)

        def read():
            with db.reading() as connection:
                taken.append(connection.connection.driver_connection)

        db.engine.dispose, db._process = slow, -1  # as if this were the child
        threads = [threading.Thread(target=read) for _ in range(2)]
        threads[0].start()
        made_new.wait()
        threads[1].start()
        for thread in threads:
            thread.join()
        db.engine.dispose = real
        parents_pool = db._inherited[0]

    assert 2 == len(taken)
    assert parents not in taken
    parents_pool.dispose()


def test_a_child_that_closes_leaves_the_parent_its_connections(db):
    """A worker that ends closes what it has inherited of a `Crm` and never used; the parent goes on."""
    with Database(db.url.render_as_string(hide_password=False)) as own:
        with own.reading() as connection:
            parents = connection.connection.driver_connection
        own._process = -1  # as if this were the child
        own.close()
        found = parents.execute("SELECT 1").fetchone()
        own._inherited[0].dispose()

    assert (1,) == found
