"""Runs a contract against adapters that each break one promise, and says which checks noticed.

A zoo is a module with a `TestGood`, the contract of an adapter that keeps every promise, and with `MUTANTS`: check -> one or more
subclasses of that adapter (or of `TestGood`, where the contract class itself lies) that break what this check is there for.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.testing.mutants import results

from crmcore.testing.contract import Contract

ROOT = Path(__file__).parents[3]
Mutants = Mapping[str, type | tuple[type, ...]]


def contracts(good: type[Contract], mutants: Mutants) -> dict[str, type[Contract]]:
    """The contract class of each mutant, for the globals of its zoo; pytest collects them there."""
    return {name: _contract(good, name, mutant) for name, _, mutant in _each(mutants)}


def adapters(good: type[Contract], mutants: Mutants) -> list[type]:
    """What the zoo's entry point offers: each adapter under a name of its own."""
    return [good.adapter_class, *(_adapter(good, mutant) for _, _, mutant in _each(mutants))]


def expected(zoo: types.ModuleType) -> dict[str, set[str]]:
    """Contract class -> the checks that must fail for it, and no others."""
    return {"TestGood": set()} | {name: {check} for name, check, _ in _each(zoo.MUTANTS)}


def failed(folder: Path, *zoos: types.ModuleType) -> dict[str, dict[str, dict[str, str]]]:
    """Zoo -> contract class -> the checks that failed, with what pytest said; the zoos are installed in `folder` for one run."""
    site, out = folder / "site", folder / "failed.json"
    for zoo in zoos:
        _install(site, zoo.__name__)
    paths = [str(site), str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), results.FILE: str(out)}
    files = [str(zoo.__file__) for zoo in zoos]
    quiet = ("-q", "--tb=short", "--noconftest", "-p", "no:cacheprovider", "-p", results.__name__)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *quiet, "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), *files],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stdout[-4_000:] + done.stderr[-4_000:]
    found: dict[str, dict[str, dict[str, str]]] = json.loads(out.read_text("utf-8"))
    return found


def told(found: Mapping[str, Mapping[str, str]], expected_: Mapping[str, set[str]]) -> str:
    """Why what failed unexpectedly failed."""
    lines = [
        f"{cls}: {name}: {why}"
        for cls, failures in found.items()
        for name, why in failures.items()
        if name.partition("[")[0] not in expected_.get(cls, set())
    ]
    return "\n\n".join(lines)


def checks(cls: type[Contract]) -> set[str]:
    """The checks that apply to a contract class."""
    return {name for name in dir(cls) if name.startswith("test_") and callable(getattr(cls, name))}


def names(failures: Mapping[str, str]) -> set[str]:
    """Check names without their cases."""
    return {name.partition("[")[0] for name in failures}


def _each(mutants: Mutants) -> Iterator[tuple[str, str, type]]:
    """(name of the contract class, check, mutant)."""
    for check, found in mutants.items():
        for mutant in found if isinstance(found, tuple) else (found,):
            yield f"Test{mutant.__name__}", check, mutant


def _adapter(good: type[Contract], mutant: type) -> type:
    """The adapter of a mutant, named after its class, so that one entry point can offer them all."""
    adapter: Any = mutant.adapter_class if issubclass(mutant, Contract) else mutant
    if adapter is not good.adapter_class and "name" not in vars(adapter):
        adapter.name = re.sub(r"(?<!^)(?=[A-Z])", "_", adapter.__name__).lower()
    return adapter  # type: ignore[no-any-return]


def _contract(good: type[Contract], name: str, mutant: type) -> type[Contract]:
    adapter = _adapter(good, mutant)
    base = mutant if issubclass(mutant, Contract) else good
    return type(name, (base,), {"adapter_class": adapter, "__module__": good.__module__})


def _install(site: Path, module: str) -> None:
    """A distribution that is nothing but an entry point."""
    name = module.rpartition(".")[2]
    info = site / f"mutants_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mutants-{name}\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[crmcore]\nmutants_{name} = {module}\n", "utf-8")
