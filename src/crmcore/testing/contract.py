"""What every contract is made of: checks that cannot be taken out, gaps that must be mended, and the rig they run on.

A vendor subclasses a contract with plain attributes and one method, `vendor`, that scripts what the vendor's system answers
when nothing is wrong. Everything that goes wrong is the kit's to make.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import attrs
import pytest

from crmcore.hooks.adapters import Adapter, Context, Secret, capabilities
from crmcore.http import HttpClient, Policy
from crmcore.testing.wire import Wire

#: The version of the contract that this kit holds adapters to; `since` of its newest check.
CONTRACT = "1.0"
#: When everything happens: 2026-11-22, ten in the morning in Shanghai.
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
#: A secret that is shorter could stand anywhere by chance.
SHORTEST_SECRET = 8
#: Where the vendor is told to push to.
CALLBACK = "https://crm.example.cn/hooks/S3cretPath/contract"

HTTP = "http"
F = TypeVar("F", bound=Callable[..., Any])


@attrs.frozen
class Check:
    """What is known of a check.

    Attributes:
        since: the version of the contract that brought it.
        needs: what an adapter must have for it to apply: "" (every adapter), "http", the name of a capability, or the name of a
            class attribute of the contract that is true; "A|B" for either, "A & B" for both.
        kind: the kind of adapter it is for; "" for every kind.
    """

    since: str
    needs: str = ""
    kind: str = ""


class Inapplicable:
    """Stands where a check would that does not apply to an adapter."""


def check(*, since: str = "1.0", needs: str = "", kind: str = "") -> Callable[[F], F]:
    """Mark a method as a check of the contract."""

    def mark(function: F) -> F:
        function.__crmcore_check__ = Check(since, needs, kind)  # type: ignore[attr-defined]
        return function

    return mark


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
        writes: how often something was written there; `check()` must leave it alone.
        export: writes the vendor's files anew; does nothing where the vendor is asked over HTTP and shows what the world holds.
    """

    folder: Path
    clock: Clock
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
        forget: drops what was noted of the requests and the log so far.
        log: every record that was logged meanwhile, by anybody, formatted with its traceback.
        adapter: built when it is first asked for; closed when the check is over.
    """

    contract: Contract
    world: Any
    wire: Wire
    http: HttpClient
    clock: Clock
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


class Contract:
    """The base of the contracts; subclass `DmsContract`, `MessagingContract` or `SurveyContract`.

    Attributes:
        adapter_class: what is to be proven.
        config: fields of its `Config` as crm.toml would give them: plain values, `Secret`, `Path`, tuples. A secret has at least
            eight characters, so that it can be looked for.
        contract: the version the adapter was written for; newer checks may fail without failing the run.
        known_gaps: check, or "check[case]" -> why it fails; one that does not fail any more must be taken out.
        over_http: False for an adapter that reads files; a check finds out whether that is true.
    """

    adapter_class: ClassVar[type[Adapter[Any]]]
    config: ClassVar[Mapping[str, Any]] = {}
    contract: ClassVar[str] = CONTRACT
    known_gaps: ClassVar[Mapping[str, str]] = {}
    over_http: ClassVar[bool] = True

    def vendor(self, rsps: Any, world: Any) -> None:  # noqa: ARG002 - this is what a vendor replaces
        """Script the vendor's normal answers with `rsps` (a `responses.RequestsMock`), out of what `world` holds.

        Use callbacks: the world changes while the adapter works. A vendor of files writes them into `world.folder`; it is called
        again whenever the world has changed.
        """
        msg = f"{type(self).__name__} has no vendor(self, rsps, world)"
        raise TypeError(msg)

    def make_world(self, folder: Path, clock: Clock) -> Any:
        """The world of this kind of contract."""
        return World(folder=folder, clock=clock)

    def operations(self, world: Any) -> Mapping[str, Operation]:  # noqa: ARG002 - each kind asks its own
        """What the core asks of this adapter, by name."""
        return {"check": Operation("read", lambda adapter: adapter.check())}

    # ------------------------------------------------------------------ the locks

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        own = {name for name, value in vars(cls).items() if hasattr(value, "__crmcore_check__")}
        checks = {name: found for base in reversed(cls.__mro__[1:]) for name, found in _checks_of(base)}
        _refuse_overrides(cls, checks, own)
        if getattr(cls, "adapter_class", None) is None:
            return
        everything = checks | {name: vars(cls)[name] for name in own}
        for name, function in everything.items():
            found = function.__crmcore_check__
            applies = cls.has(found.needs) and found.kind in {"", cls.adapter_class.kind}
            # what does not apply is no test of this class; pytest collects nothing that cannot be called
            setattr(cls, name, function if applies else Inapplicable())
        _check_attributes(cls, {name for name in everything if callable(getattr(cls, name))})

    @classmethod
    def has(cls, needs: str) -> bool:
        """Does a check that needs this apply?"""
        if "&" in needs:
            return all(cls.has(part.strip()) for part in needs.split("&"))
        if "|" in needs:
            return any(cls.has(part) for part in needs.split("|"))
        if needs in {"", HTTP}:
            return needs == "" or cls.over_http
        return needs in capabilities(cls.adapter_class) or getattr(cls, needs, False) is True

    # ------------------------------------------------------------------ fixtures

    @pytest.fixture(autouse=True)
    def _gaps(self, request: pytest.FixtureRequest) -> None:
        """A gap is expected to fail and must not stop doing so; a check newer than the adapter may do as it likes."""
        found = getattr(request.function, "__crmcore_check__", None)
        if found is None:
            return
        names = (request.node.name, request.node.originalname)
        reason = next((self.known_gaps[name] for name in names if name in self.known_gaps), None)
        if reason is not None:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
        elif version(found.since) > version(self.contract):
            why = f"newer than the adapter: contract {found.since}, written for {self.contract}"
            request.applymarker(pytest.mark.xfail(reason=why, strict=False))

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[Rig]:
        """What a check works with."""
        with rigged(self, tmp_path) as made:
            yield made


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
        rig.forget = lambda: _forget(rig, rsps)
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


# ------------------------------------------------------------------ what a class may not do


def version(text: str) -> tuple[int, ...]:
    """A version that compares: 1.10 is newer than 1.9."""
    return tuple(int(part) for part in text.split("."))


def _checks_of(base: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(base).items():
        if isinstance(value, types.FunctionType) and hasattr(value, "__crmcore_check__"):
            yield name, value


def _refuse_overrides(cls: type, checks: Mapping[str, Any], own: set[str]) -> None:
    """Also through a mixin that comes first: what counts is what pytest would find."""
    for name, function in checks.items():
        found = next(vars(base)[name] for base in cls.__mro__ if name in vars(base))
        if name in own or not (found is function or isinstance(found, Inapplicable)):
            msg = f"{cls.__name__}.{name} is a check of the contract and cannot be replaced; list it in known_gaps with the reason"
            raise TypeError(msg)


def _check_attributes(cls: type[Contract], applying: set[str]) -> None:
    if version(cls.contract) > version(CONTRACT):
        msg = f"{cls.__name__}.contract is {cls.contract}, but this kit knows {CONTRACT}: upgrade crmcore"
        raise TypeError(msg)
    for gap, reason in cls.known_gaps.items():
        name = gap.partition("[")[0]
        if name not in applying:
            near = difflib.get_close_matches(name, sorted(applying), 1)
            msg = f"{cls.__name__}.known_gaps: no check {name!r} applies" + (
                f"; did you mean {near[0]!r}?" if near else ""
            )
            raise TypeError(msg)
        if not reason.strip():
            msg = f"{cls.__name__}.known_gaps[{gap!r}] gives no reason"
            raise TypeError(msg)
    for name, value in cls.config.items():
        if isinstance(value, Secret) and len(value.reveal()) < SHORTEST_SECRET:
            msg = (
                f"{cls.__name__}.config[{name!r}]: a secret of {SHORTEST_SECRET} characters at least can be looked for"
            )
            raise TypeError(msg)
