"""Fixtures of the flows: a dealer, a vendor, and one run of sending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.flows.making import POLICIES, STORE, Recorder, World

from crmcore.db.engine import Database
from crmcore.flows.send import Account, Policies, send_due
from crmcore.hooks.adapters import MessagingAdapter


@pytest.fixture(name="world")
def _world(db: Database, clock: Any) -> World:
    return World(db, clock)


@pytest.fixture(name="recorder")
def _recorder() -> type[Recorder]:
    return Recorder


@pytest.fixture(name="policies")
def _policies() -> Policies:
    return POLICIES


@pytest.fixture(name="send")
def _send(db: Database, clock: Any) -> Callable[..., Any]:
    """Run `send_due` with one account; the rest are keyword arguments of it."""

    def run(adapter: MessagingAdapter[Any], *, dry_run: bool = False, **more: Any) -> Any:
        accounts = more.pop("accounts", [Account(name="sms", adapter=adapter)])
        return send_due(db, accounts, {"S01": STORE}, POLICIES, clock, dry_run=dry_run, pause=lambda _s: None, **more)

    return run
