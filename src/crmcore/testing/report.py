"""What the contract checks have proven, as a table: capabilities down, adapters across, each cell from test results.

`pytest --crmcore-report=FILE` writes the results; nothing here asks an adapter what it says of itself, except for the names of the
capabilities it declares, so that one that no check has proven shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from crmcore.errors import UsageError

SCHEMA = "crmcore/contract@1"
#: Groups of checks that are no capability: those of every adapter, and the faults of a vendor reached over HTTP.
EVERY, FAULTS = "", "http"
_OUTCOMES = frozenset({"passed", "newer", "gap", "skipped", "failed"})


@attrs.frozen(kw_only=True)
class Check:
    """One check of one adapter, and what it came to.

    Attributes:
        suite: the class of the author's that ran it; one adapter may have several, for several configurations.
        case: of a check with several cases; empty for one with one.
        proves: the capabilities whose proof it is, or `FAULTS`; empty for what every adapter is held to.
        since: the version of the contract that brought it.
        outcome: passed, newer (than the contract that the author follows, and not kept yet), gap, skipped or failed.
        reason: the author's, for a gap.
    """

    suite: str
    check: str
    case: str
    proves: tuple[str, ...]
    since: str
    outcome: str
    reason: str = ""

    @property
    def name(self) -> str:
        """As `known_gaps` names it: "test_same_key_twice" or "test_read_timeout[slow]"."""
        return f"{self.check}[{self.case}]" if self.case else self.check


@attrs.frozen(kw_only=True)
class Proven:
    """The checks of one adapter; empty `distribution` and `version`: it is not installed."""

    adapter: str
    distribution: str
    version: str
    contract: str
    capabilities: tuple[str, ...]
    checks: tuple[Check, ...]


@attrs.frozen(kw_only=True)
class Report:
    """One file; `kit` is the version of crmcore whose checks ran."""

    path: str
    kit: str
    adapters: tuple[Proven, ...]


class Mark(StrEnum):
    """A cell. UNPROVEN: the adapter declares the capability and no check of it has run."""

    PROVEN = "proven"
    GAP = "gap"
    FAILED = "failed"
    UNPROVEN = "unproven"
    ABSENT = "absent"


@attrs.frozen(kw_only=True)
class Matrix:
    """All reports together.

    Attributes:
        rows: capability or group -> a mark for each adapter, in the order of `adapters`.
    """

    kit: str
    adapters: tuple[Proven, ...]
    rows: Mapping[str, tuple[Mark, ...]]

    def notes(self) -> Iterable[tuple[Proven, Check]]:
        """Every check that was not simply kept."""
        for adapter in self.adapters:
            for check in adapter.checks:
                if check.outcome != "passed":
                    yield adapter, check


def read(path: Path) -> Report:
    """A file that pytest has written.

    Raises:
        UsageError: there is none, or it is no such report.
    """
    try:
        body = json.loads(path.read_text("utf-8"))
        if body["schema"] != SCHEMA:
            raise UsageError("CRM-U621", at=str(path))
        return Report(path=str(path), kit=body["kit"], adapters=tuple(_adapter(each) for each in body["adapters"]))
    except (OSError, ValueError, LookupError, TypeError):
        raise UsageError("CRM-U621", at=str(path)) from None


def matrix(reports: Sequence[Report]) -> Matrix:
    """The reports as one table.

    Raises:
        UsageError: their checks are of different versions of the kit, or two of them say different things of one adapter.
    """
    for other in reports[1:]:
        if other.kit != reports[0].kit:
            raise UsageError(
                "CRM-U622", at=other.path, kit=other.kit, other_kit=reports[0].kit, other_path=reports[0].path
            )
    adapters: dict[str, tuple[str, Proven]] = {}
    for report in reports:
        for adapter in report.adapters:
            known = adapters.get(adapter.adapter)
            merged = _merged(*known, report.path, adapter) if known else adapter
            adapters[adapter.adapter] = known[0] if known else report.path, merged
    columns = tuple(adapter for _, (_, adapter) in sorted(adapters.items()))
    return Matrix(kit=reports[0].kit, adapters=columns, rows=_rows(columns))


def _adapter(told: Mapping[str, Any]) -> Proven:
    checks = tuple(Check(**{field.name: each[field.name] for field in attrs.fields(Check)}) for each in told["checks"])
    if any(check.outcome not in _OUTCOMES for check in checks):
        raise ValueError
    names = {name: told[name] for name in ("adapter", "distribution", "version", "contract")}
    return Proven(**names, capabilities=tuple(told["capabilities"]), checks=checks)


def _merged(at: str, first: Proven, other_at: str, second: Proven) -> Proven:
    """Both as one, where they say the same of what both have run."""
    known = {(each.suite, each.name): each for each in first.checks}
    if attrs.evolve(first, checks=()) != attrs.evolve(second, checks=()):
        raise UsageError("CRM-U623", at=other_at, adapter=first.adapter, other_path=at, what=_versions(first, second))
    for check in second.checks:
        if known.setdefault((check.suite, check.name), check) != check:
            raise UsageError("CRM-U623", at=other_at, adapter=first.adapter, other_path=at, what=check.name)
    return attrs.evolve(first, checks=tuple(known.values()))


def _versions(first: Proven, second: Proven) -> str:
    if first.version != second.version:
        return f"{first.distribution} {first.version} ≠ {second.version}"
    return f"{first.distribution} {first.version}"


def _rows(adapters: Sequence[Proven]) -> dict[str, tuple[Mark, ...]]:
    names = {name for adapter in adapters for check in adapter.checks for name in check.proves or (EVERY,)}
    names |= {name for adapter in adapters for name in adapter.capabilities}
    order = [EVERY, FAULTS, *sorted(names - {EVERY, FAULTS})]
    return {name: tuple(_mark(adapter, name) for adapter in adapters) for name in order if name in names}


def _mark(adapter: Proven, capability: str) -> Mark:
    """The worst that a check of this capability came to; a check newer than the author's contract takes nothing away."""
    outcomes = {check.outcome for check in adapter.checks if capability in (check.proves or (EVERY,))}
    if outcomes & {"failed", "skipped"}:
        return Mark.FAILED
    if "gap" in outcomes:
        return Mark.GAP
    if "passed" in outcomes:
        return Mark.PROVEN
    return Mark.UNPROVEN if outcomes or capability in adapter.capabilities else Mark.ABSENT
