"""A pytest plugin for the runner's process: makes waiting short, and writes down which check failed for which contract class."""

from __future__ import annotations

import gc
import json
import os
from pathlib import Path

import attrs
import pytest

#: Path of the file that is written: {zoo: {class: {check: why it failed}}}, with {} for a class that passed.
FILE = "CRMCORE_MUTANTS"
_SHOWN = 2_000  # characters of a failure

_failed: dict[str, dict[str, dict[str, str]]] = {}


def pytest_configure() -> None:
    # here, since pytest is still about to rewrite its asserts when it loads plugins
    from crmcore.testing import common, garbage, pull, rig

    garbage.EXAMPLES = 5
    pull.MANY, pull._SLACK = 25_000, 64 * 1024
    common._PATIENCE = 3.0
    rig.IMPATIENT = attrs.evolve(rig.IMPATIENT, connect=0.05, read=0.05, total=0.1)


def pytest_collection_finish() -> None:
    # what was imported stays; the checks of memory collect garbage again and again, and need not look at it
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    path, cls, name = report.nodeid.split("::")
    zoo = path.removesuffix(".py").replace("/", ".")
    failed = _failed.setdefault(zoo, {}).setdefault(cls, {})
    if report.failed:
        failed[name] = f"{report.when}: {report.longreprtext[-_SHOWN:]}"


def pytest_sessionfinish() -> None:
    Path(os.environ[FILE]).write_text(json.dumps(_failed), "utf-8")
