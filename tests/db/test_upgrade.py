"""What a newer version may do to a store: migrate it as a whole, after a copy, or refuse."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from crmcore.db import schema, upgrade
from crmcore.db.engine import Database, take_ids
from crmcore.errors import StoreError

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture(name="empty", params=["sqlite", "postgresql"])
def _empty(request, tmp_path):
    """A store in which nothing was ever created."""
    if request.param == "sqlite":
        with Database(f"sqlite:///{tmp_path / 'crm.db'}") as db:
            yield db
        return
    server = request.getfixturevalue("pg_db")
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS upgraded"))
        connection.execute(text("CREATE DATABASE upgraded"))
    with Database(server.url.set(database="upgraded").render_as_string(hide_password=False)) as db:
        yield db


@pytest.fixture(name="lite")
def _lite(tmp_path):
    with Database(f"sqlite:///{tmp_path / 'crm.db'}") as db:
        yield db


def test_the_migrations_make_the_schema(empty):
    """A store that was migrated has exactly the tables, columns, defaults and indexes that the code expects."""
    upgrade.migrate(empty)
    with empty.reading() as connection:
        # SQLite reports the default '' in a dress of its own; its tables are compared word for word below
        context = MigrationContext.configure(connection, opts={"compare_server_default": empty.postgresql})
        differences = compare_metadata(context, schema.metadata)

    assert [] == differences


def definitions(sql: str) -> list[str]:
    """What stands between the outermost commas, a column or a constraint each; quotes and breaks are nobody's."""
    words = re.sub(r"\s*([(),])\s*", r"\1", " ".join(sql.replace('"', "").split()))
    head, _, rest = words.partition("(")
    found, depth = [head, ""], 0
    for sign in rest:
        depth += (sign == "(") - (sign == ")")
        if (sign == "," and depth == 0) or depth < 0:
            found.append("")
            depth = max(depth, 0)
        else:
            found[-1] += sign
    return sorted(found)


def test_migrated_tables_are_as_strict_as_created_ones(tmp_path):
    """SQLite's own description of every table and index is the same whether it was migrated or created."""
    described = []
    for name, create in (("a.db", upgrade.migrate), ("b.db", upgrade.upgrade)):
        with Database(f"sqlite:///{tmp_path / name}") as db:
            create(db)
            with db.reading() as connection:
                rows = connection.execute(text("select name, sql from sqlite_master")).all()
        described.append({name: definitions(sql or "") for name, sql in rows})

    assert described[0] == described[1]
    assert "STRICT" in described[0]["message"]
    assert "alembic_version" in described[0]


def test_the_list_of_revisions_is_the_folder():
    """The code knows every migration that is shipped, in order, without loading Alembic."""
    script = ScriptDirectory(str(Path(upgrade.__file__).parent / "migrations"))
    shipped = [step.revision for step in script.walk_revisions()]

    assert list(reversed(shipped)) == list(upgrade.REVISIONS)


def test_a_new_store_has_no_history_to_walk_through(empty, monkeypatch):
    """Its tables are created at once, and the migrations of a later version go on from there."""
    walk = upgrade.migrate
    monkeypatch.setattr(upgrade, "migrate", None)
    done = upgrade.upgrade(empty)
    walk(empty)

    assert (None, upgrade.HEAD) == (done.found, done.known)
    upgrade.check_schema(empty)


def test_two_first_upgrades_at_once_make_one_store(empty):
    """Whoever comes second, having seen an empty store as well, finds it made."""
    both = threading.Barrier(2)
    looked = upgrade._empty

    def seen(db: Database) -> bool:
        found = looked(db)
        both.wait(20)
        return found

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(upgrade, "_empty", seen)
        done = list(pool.map(upgrade.upgrade, [empty, empty]))

    assert [upgrade.HEAD] * 2 == [each.known for each in done]
    upgrade.check_schema(empty)


def test_upgrading_twice_changes_nothing(empty):
    """The second upgrade finds nothing to do."""
    first, second = upgrade.upgrade(empty), upgrade.upgrade(empty)

    assert (True, False) == (first.changed, second.changed)
    upgrade.check_schema(empty)


def test_older_histories_are_numbered_in_order(empty):
    """Lines of cases get numbers by when they were written, those of one case in their own order, and the next goes on there."""
    upgrade.migrate(empty, "0002")
    lines = [(1, 1, "10"), (1, 2, "09"), (2, 1, "08"), (2, 2, "11"), (3, 1, "10")]  # a clock went back within case 1
    with empty.writing() as connection:
        for case in (1, 2, 3):
            connection.execute(
                text("insert into complaint (id, store, state, updated_at) values (:id, 'S01', 'RECEIVED', '2026')"),
                {"id": case},
            )
        for case, seq, hour in lines:
            connection.execute(
                text(
                    "insert into complaint_event (complaint_id, seq, at, recorded_at, who, kind, after) values "
                    "(:case, :seq, '2026', :when, 'E01', 'NOTE', 'RECEIVED')"
                ),
                {"case": case, "seq": seq, "when": f"2026-11-22T{hour}:00:00Z"},
            )
        connection.execute(
            text(
                "insert into reply (id, account, sender, text, at, vendor_id, state) "
                "values (1, 'sms', '', '', '2026-11-22T02:00:00Z', '1', 'WAITING')"
            )
        )
    upgrade.upgrade(empty)
    with empty.writing() as connection:
        found = connection.execute(text("select complaint_id, seq from complaint_event order by id")).all()
        kept = connection.execute(text("select recorded_at from reply")).scalars().all()
        following = take_ids(connection, schema.complaint_event, 1)

    assert [(2, 1), (1, 1), (1, 2), (3, 1), (2, 2)] == [tuple(row) for row in found]
    assert ["2026-11-22T02:00:00Z"] == kept
    assert range(6, 7) == following


def test_a_new_file_needs_no_upgrade(lite):
    """The first command on a new SQLite file creates what it needs."""
    upgrade.ready(lite, NOW)

    upgrade.check_schema(lite)


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_an_empty_server_asks_for_the_upgrade(empty):
    """On a server nothing is created unasked."""
    with pytest.raises(StoreError) as caught:
        upgrade.ready(empty, NOW)

    assert "CRM-D120" == caught.value.code


def test_an_older_schema_asks_for_the_upgrade(lite):
    """A store of an older version is not touched by ordinary commands."""
    with lite.writing() as connection:
        connection.execute(text("create table setting (key text)"))
    with pytest.raises(StoreError) as caught:
        upgrade.ready(lite, NOW)

    assert "CRM-D120" == caught.value.code


def test_a_newer_schema_is_refused(empty):
    """A store of a newer version is neither used nor migrated."""
    upgrade.upgrade(empty)
    with empty.writing() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    codes = []
    for use in (upgrade.check_schema, upgrade.upgrade, lambda db: upgrade.ready(db, NOW)):
        with pytest.raises(StoreError) as caught:
            use(empty)
        codes.append((caught.value.code, caught.value.params["found"]))

    assert [("CRM-D121", "9999")] * 3 == codes


def test_an_upgrade_that_fails_leaves_everything(lite, tmp_path):
    """A migration that fails in the middle undoes what it did, and the copy from before is there."""
    with lite.writing() as connection:
        connection.execute(text("create table visit (a text)"))  # in the way of the first migration
    with pytest.raises(Exception, match="already exists"):
        upgrade.upgrade(lite, NOW)
    with lite.reading() as connection:
        tables = connection.execute(text("select name from sqlite_master")).scalars().all()

    assert ["visit"] == tables
    assert [tmp_path / "crm.db.unversioned-20261122T020000.bak"] == list(tmp_path.glob("*.bak"))


def test_a_backup_is_whole_and_private(lite, tmp_path):
    """A backup taken while somebody is writing is sound, is for its owner alone, and has what was committed."""
    upgrade.upgrade(lite)
    with lite.writing() as connection:
        connection.execute(schema.setting.insert().values(key="a", value="1"))
    with lite.writing() as connection:
        connection.execute(schema.setting.insert().values(key="b", value="1"))
        upgrade.backup(lite, tmp_path / "copy.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy, copy:
        found = copy.execute("select key from setting").fetchall()
    copy.close()

    assert [("a",)] == found
    assert 0o600 == stat.S_IMODE((tmp_path / "copy.db").stat().st_mode)
    assert not list(tmp_path.glob("copy.db-*"))


def test_a_backup_never_writes_over_a_file(lite, tmp_path):
    """A file that is there is left alone."""
    upgrade.upgrade(lite)
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(StoreError) as caught:
        upgrade.backup(lite, tmp_path / "copy.db")

    assert ("CRM-D123", "mine") == (caught.value.code, (tmp_path / "copy.db").read_text())


def test_a_backup_without_a_folder_is_named(lite, tmp_path):
    """A folder that does not exist is an error with a fix, not a traceback."""
    upgrade.upgrade(lite)
    with pytest.raises(StoreError) as caught:
        upgrade.backup(lite, tmp_path / "no" / "copy.db")

    assert "CRM-D124" == caught.value.code
