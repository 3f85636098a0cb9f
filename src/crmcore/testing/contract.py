"""What every contract is made of: checks that cannot be taken out, gaps that must be mended, and who they apply to.

A vendor subclasses a contract with plain attributes and one method, `vendor`, that scripts what the vendor's system answers
when nothing is wrong. Everything that goes wrong is the kit's to make.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import attrs
import pytest

from crmcore.hooks.adapters import Adapter, Secret, capabilities
from crmcore.testing.rig import Clock, Operation, Rig, World, rigged

#: The version of the contract that this kit holds adapters to; `since` of its newest check.
CONTRACT = "1.0"
#: A secret that is shorter could stand anywhere by chance.
SHORTEST_SECRET = 8

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
