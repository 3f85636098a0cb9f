"""The sample dealer, read and planned once: every test of the truth looks at the same store."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.truth.morning import Morning, opened
from tests.truth.world import World, open_world

from crmcore.sample import Dealer, generate


@pytest.fixture(name="dealer", scope="session")
def _dealer() -> Dealer:
    return generate()


@pytest.fixture(name="planned", scope="session")
def _planned(dealer: Dealer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The dealer's day at ten in the morning, synced and planned; tests only look at it."""
    with open_world(dealer, tmp_path_factory.mktemp("dealer")) as world:
        world.sync()
        world.plan()
        yield world


@pytest.fixture(name="world")
def _world(dealer: Dealer, tmp_path) -> Iterator[World]:
    """The same dealer for one test alone, which may change what it likes; nothing is read yet."""
    with open_world(dealer, tmp_path) as world:
        yield world


@pytest.fixture(name="told", scope="session")
def _told(dealer: Dealer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    """The dealer at twenty to eleven, when everybody has said what he had to say; tests only look at it."""
    with opened(dealer, tmp_path_factory.mktemp("morning")) as morning:
        morning.through()
        yield morning


@pytest.fixture(name="morning")
def _morning(dealer: Dealer, tmp_path) -> Iterator[Morning]:
    """The same at ten o'clock, for one test alone, which may change what it likes; nothing is read yet."""
    with opened(dealer, tmp_path) as morning:
        yield morning


@pytest.fixture(name="on_postgresql")
def _on_postgresql(dealer: Dealer, tmp_path, pg_url: str) -> Iterator[World]:
    """The same dealer in a PostgreSQL database of its own."""
    import psycopg

    from crmcore.db.engine import Database
    from crmcore.db.upgrade import upgrade

    name = f"truth_{os.getpid()}"
    with psycopg.connect(pg_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    path, _, query = pg_url.partition("?")
    url = f"{path.rsplit('/', 1)[0]}/{name}?{query}"
    with Database(url) as db:
        upgrade(db)
    with open_world(dealer, tmp_path, database=url) as world:
        yield world
    with psycopg.connect(pg_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}")
