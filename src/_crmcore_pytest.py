"""The pytest plugin of the contract kit: what was proven, as a file, and the sample dealer as fixtures.

pytest loads it in every run of whoever has crmcore installed, and before coverage starts to measure. So it imports pytest and
the standard library and nothing else: what it imported of crmcore would count as never run.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import tempfile
from collections.abc import Generator, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crmcore.app import Crm
    from crmcore.testing.dealer import SampleDealer

SCHEMA = "crmcore/contract@1"
_ORDER = ("passed", "newer", "gap", "skipped", "failed")  # of two phases of one test the worse counts

#: Checks that hold every adapter to something, and those of a capability to more.
_ALSO = {"test_same_key_twice": {"DedupesKeys"}}

pytest.register_assert_rewrite("crmcore.testing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--crmcore-report FILE`."""
    parser.getgroup("crmcore").addoption(
        "--crmcore-report",
        metavar="FILE",
        help="write what the contract checks have proven as JSON, for `crmcore plugins matrix`",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start a report where one is asked for; under xdist the controller writes it."""
    given = config.getoption("--crmcore-report")
    if given and not hasattr(config, "workerinput"):
        path = config.invocation_params.dir / given
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            raise pytest.UsageError(_words("CRM-U620", path=given))
        config.pluginmanager.register(Report(path), "crmcore-report")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note on the report of a contract check what it is; as an attribute, for those travel between processes."""
    report = yield
    check = getattr(getattr(item, "function", None), "__crmcore_check__", None)
    suite = getattr(item, "cls", None)
    tells = report.when == "call" or not report.passed  # what was only set up has proven nothing
    if tells and check is not None and hasattr(suite, "adapter_class"):
        report.crmcore_check = _facts(item, suite, check, report)  # type: ignore[attr-defined]
    return report


class Report:
    """What each check came to, gathered on the controller and written once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.adapters: dict[str, dict[str, Any]] = {}
        self.checks: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of what set-up, call and tear-down came to."""
        facts = getattr(report, "crmcore_check", None)
        if facts is None:
            return
        self.adapters.setdefault(facts["adapter"]["adapter"], facts["adapter"])
        check = self.checks.setdefault(report.nodeid, facts["check"])
        if _ORDER.index(facts["check"]["outcome"]) > _ORDER.index(check["outcome"]):
            self.checks[report.nodeid] = facts["check"]

    def pytest_sessionfinish(self) -> None:
        """Write the file whole or not at all."""
        rows = list(self.checks.values())
        adapters = [
            adapter | {"checks": [row for row in rows if row["adapter"] == name]}
            for name, adapter in sorted(self.adapters.items())
        ]
        body = {"schema": SCHEMA, "kit": metadata.version("crmcore"), "adapters": adapters}
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(body, ensure_ascii=False, indent=1) + "\n")
            Path(name).chmod(0o644)
            Path(name).replace(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


def _facts(item: Any, suite: Any, check: Any, report: pytest.TestReport) -> dict[str, Any]:
    cls = suite.adapter_class
    adapter = f"{cls.kind}:{cls.name}"
    distribution, version = _distribution(cls.__module__)
    case = item.callspec.id if hasattr(item, "callspec") else ""
    outcome, reason = _outcome(report, suite, check, item.originalname, case)
    return {
        "adapter": {
            "adapter": adapter,
            "distribution": distribution,
            "version": version,
            "contract": getattr(suite, "contract", ""),
            "capabilities": _capabilities(cls),
        },
        "check": {
            "adapter": adapter,
            "suite": suite.__name__,
            "check": item.originalname,
            "case": case,
            "proves": _proves(item.originalname, check, _capabilities(cls)),
            "since": check.since,
            "outcome": outcome,
            "reason": reason,
        },
    }


def _outcome(report: pytest.TestReport, suite: Any, check: Any, name: str, case: str) -> tuple[str, str]:
    """What it came to, and why where there is a why: an xfail is a known gap, or of a check newer than the contract."""
    if hasattr(report, "wasxfail"):
        if report.outcome == "passed":
            return "passed", ""  # newer than the contract, and kept all the same
        gaps = getattr(suite, "known_gaps", {})
        reason = gaps.get(f"{name}[{case}]", gaps.get(name))
        if reason is None and _version(check.since) > _version(getattr(suite, "contract", check.since)):
            return "newer", ""
        return "gap", reason or report.wasxfail.removeprefix("reason: ")
    return report.outcome, report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""


def _proves(name: str, check: Any, declared: list[str]) -> list[str]:
    """The capabilities that a check is there for, of those the adapter declares, or "http"."""
    needs = set(re.split(r"\s*[&|]\s*", check.needs)) | _ALSO.get(name, set())
    return sorted(needs & {"http", *declared})


def _version(written: str) -> tuple[int, ...]:
    return tuple(int(part) for part in written.split("."))


def _capabilities(cls: type) -> list[str]:
    """The names of the mixins, without importing what they are mixed from."""
    return sorted(base.__name__ for base in cls.__mro__ if "Capability" in {each.__name__ for each in base.__bases__})


@functools.cache
def _distribution(module: str) -> tuple[str, str]:
    """Who ships the adapter: the distribution whose entry point is in the same package; empty when none is installed."""
    for entry in metadata.entry_points(group="crmcore"):
        if entry.module.partition(".")[0] == module.partition(".")[0] and entry.dist is not None:
            return entry.dist.name, entry.dist.version
    return "", ""


def _words(code: str, path: str) -> str:
    from crmcore.errors import UsageError  # here: only a run that cannot start asks

    return UsageError(code, path=path).render("en")


@pytest.fixture
def sample_dealer(tmp_path: Path) -> SampleDealer:
    """The sample dealer: who is in it, what is true of them, and its exports in a folder of this test."""
    from crmcore.testing.dealer import SampleDealer

    return SampleDealer.written(tmp_path / "dealer")


@pytest.fixture
def sample_crm(sample_dealer: SampleDealer) -> Iterator[Crm]:
    """A `Crm` that has read the sample dealer's exports; needs `crmcore[app]` and crmcore-dms-csv."""
    from crmcore import Crm

    with Crm.from_config(sample_dealer.config, now=sample_dealer.now) as crm:
        for source in crm.sync().sources:
            if source.error is not None:
                raise source.error  # mostly that the adapter is not installed
        yield crm
