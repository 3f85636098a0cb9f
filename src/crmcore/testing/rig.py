"""The rig that a check works with: an adapter, the world its vendor lives in, and the wire between them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs
import pytest

from crmcore.hooks.adapters import Adapter, Context
from crmcore.http import HttpClient, Policy
from crmcore.testing.wire import Wire

if TYPE_CHECKING:
    from crmcore.testing.contract import Contract

#: When everything happens: 2026-11-22, ten in the morning in Shanghai.
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
#: Where the vendor is told to push to.
CALLBACK = "https://crm.example.cn/hooks/S3cretPath/contract"


@attrs.define
class Clock:
    """Stands at `at` until somebody moves it."""

    at: datetime = NOW

    def now(self) -> datetime:
        """The instant it stands at."""
        return self.at

    def tick(self, **by: float) -> None:
        """Move it forwards, by the arguments of `timedelta`."""
        self.at += timedelta(**by)


@attrs.define(kw_only=True)
class World:
    """What the vendor's system holds; each kind of contract has its own.

    Attributes:
        folder: where crm.toml would lie, and where a vendor of files puts them.
        locked: it does not know our credentials; the script answers everything as it would answer a stranger.
        failing: it gives and takes nothing, and says so in its own words.
        writes: how often something was written there; `check()` must leave it alone.
        export: writes the vendor's files anew; does nothing where the vendor is asked over HTTP and shows what the world holds.
    """

    folder: Path
    clock: Clock
    locked: bool = False
    failing: bool = False
    writes: int = 0
    export: Callable[[], None] = attrs.field(default=lambda: None, repr=False)


@attrs.frozen
class Operation:
    """One thing the core asks of an adapter.

    Attributes:
        kind: "read" raises what went wrong; "send" returns one of four outcomes, or lets `NotSent` pass.
        run: does it, to the end: a pull is exhausted.
    """

    kind: Literal["read", "send"]
    run: Callable[[Any], Any]


@attrs.define(kw_only=True)
class Rig:
    """An adapter, the world its vendor lives in, and the wire between them.

    Attributes:
        answered: how many requests the vendor's script has answered so far, whoever made them.
        forget: drops what was noted of the requests and the log so far.
        log: every record that was logged meanwhile, by anybody, formatted with its traceback.
        adapter: built when it is first asked for; closed when the check is over.
    """

    contract: Contract
    world: Any
    wire: Wire
    http: HttpClient
    clock: Clock
    answered: Callable[[], int] = attrs.field(default=lambda: 0, repr=False)
    forget: Callable[[], None] = attrs.field(default=lambda: None, repr=False)
    log: list[str] = attrs.field(factory=list)
    built: list[Adapter[Any]] = attrs.field(factory=list)

    @property
    def adapter(self) -> Any:
        """The adapter of this check."""
        return self.built[0] if self.built else self.fresh()

    def fresh(self, *, salt: bytes = b"contract", **config: Any) -> Any:
        """One more instance; `config` replaces fields of the contract's."""
        adapter = self.contract.adapter_class(self.settings(**config), self.context(salt=salt))
        self.built.append(adapter)
        return adapter

    def settings(self, **config: Any) -> Any:
        """The adapter's `Config` with the contract's values."""
        return self.contract.adapter_class.Config(**{**self.contract.config, **config})

    def context(self, *, salt: bytes = b"contract") -> Context:
        """What the core would hand over."""
        return Context(
            instance="contract",
            system="contract",
            folder=self.world.folder,
            http=self.http,
            clock=self.clock,
            logger=logging.getLogger("crmcore.contract"),
            callback_url=CALLBACK,
            salt=salt,
        )

    @contextlib.contextmanager
    def impatient(self) -> Iterator[None]:
        """While it lasts, nothing is waited for longer than a moment."""
        before, self.http.policy = self.http.policy, IMPATIENT
        try:
            yield
        finally:
            self.http.policy = before


#: Generous, since a busy machine is no fault; two attempts, so that a read that fails once and then succeeds is seen.
PATIENT = Policy(connect=10.0, read=30.0, total=120.0, attempts=2, pause=0.0)
IMPATIENT = Policy(connect=0.3, read=0.3, total=0.6, attempts=2, pause=0.0)


@contextlib.contextmanager
def rigged(contract: Contract, folder: Path) -> Iterator[Rig]:
    """A rig for one check: nothing leaves this machine, and what was opened is closed."""
    import responses

    clock = Clock()
    wire = Wire()
    http = HttpClient(PATIENT, sleep=lambda _seconds: None, transport=wire)
    world = contract.make_world(folder, clock)
    rig = Rig(contract=contract, world=world, wire=wire, http=http, clock=clock)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as rsps, _logging(rig.log):
        rig.forget, rig.answered = lambda: _forget(rig, rsps), lambda: len(rsps.calls)
        wire.writes = lambda: int(world.writes)
        contract.vendor(rsps, world)
        if not contract.over_http:
            world.export = lambda: contract.vendor(rsps, world)
        try:
            yield rig
        finally:
            for adapter in rig.built:
                with contextlib.suppress(Exception):  # whether closing works has a check of its own
                    adapter.close()
            http.close()
            wire.close()
    if wire.unscripted:
        pytest.fail(f"vendor() scripts no answer to {wire.unscripted[0]}", pytrace=False)


def _forget(rig: Rig, rsps: Any) -> None:
    rig.wire.travelled.clear()
    rig.wire.taking.clear()
    rig.log.clear()
    rsps.calls.reset()
    for scripted in rsps.registered():
        scripted.calls.reset()


@contextlib.contextmanager
def _logging(lines: list[str]) -> Iterator[None]:
    """Everything that anybody logs, down to DEBUG, into `lines`."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    root, handler = logging.getLogger(), Keep(logging.DEBUG)
    levels = {each: each.level for each in (root, logging.getLogger("crmcore"), logging.getLogger("urllib3"))}
    root.addHandler(handler)
    for each in levels:
        each.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for each, level in levels.items():
            each.setLevel(level)
