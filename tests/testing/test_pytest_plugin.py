"""The leaf that pytest loads everywhere: it takes no coverage away, and tells what was proven, whoever ran it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import attrs
import pytest

import _crmcore_pytest

#: Where the leaf lies: `src` of a checkout, or where its wheel was installed.
HOME = Path(_crmcore_pytest.__file__).parent
LEAF = (HOME / "_crmcore_pytest.py").read_text("utf-8")

#: An adapter that is installed, and a suite as the kit makes it: checks carry what is known of them.
ADAPTER = """
    class Capability: pass
    class DedupesKeys(Capability): pass
    class FindsMessages(Capability): pass
    class ParsesReplies(Capability): pass
    class Adapter(FindsMessages, DedupesKeys, ParsesReplies):
        kind, name = "messaging", "acme"
"""
SUITE = """
    from types import SimpleNamespace as Check
    import pytest
    from acme import Adapter

    def check(since="1.0", needs=""):
        def mark(function):
            function.__crmcore_check__ = Check(since=since, needs=needs)
            return function
        return mark

    class TestAcme:
        adapter_class = Adapter
        contract = "1.0"
        known_gaps = {"test_gap": "Acme has no clock", "test_cases[b]": "b is odd"}

        @check()
        def test_kept(self): pass

        @check(needs="http")
        def test_broken(self): assert 0

        @check(needs="FindsMessages & pushes")
        @pytest.mark.xfail(reason="Acme has no clock", strict=True)
        def test_gap(self): assert 0

        @check(since="1.1")
        @pytest.mark.xfail(reason="newer than the adapter")
        def test_newer(self): assert 0

        @check(since="1.1", needs="pushes")
        @pytest.mark.xfail(reason="newer than the adapter")
        def test_newer_and_kept(self): pass

        @check()
        @pytest.mark.xfail(reason="mended", strict=True)
        def test_mended(self): pass

        @check()
        @pytest.mark.parametrize("each", ["a", pytest.param("b", marks=pytest.mark.xfail(reason="b is odd", strict=True))])
        def test_cases(self, each): assert each == "a"

        @check(needs="ParsesReceipts|ParsesReplies")
        def test_same_key_twice(self): pass

        @check()
        def test_skipped(self): pytest.skip("no time")

        @pytest.fixture
        def leaking(self):
            yield
            assert 0

        @check()
        def test_leaves_something_open(self, leaking): pass

        @pytest.fixture
        def absent(self):
            assert 0

        @check()
        def test_never_ran(self, absent): pass

        def test_of_the_author(self): pass

    def test_without_a_class(): pass
"""
EXPECTED = {
    "test_kept": ("", "passed", ""),
    "test_broken": ("http", "failed", ""),
    "test_gap": ("FindsMessages", "gap", "Acme has no clock"),
    "test_newer": ("", "newer", ""),
    "test_newer_and_kept": ("", "passed", ""),
    "test_mended": ("", "failed", ""),
    "test_cases[a]": ("", "passed", ""),
    "test_cases[b]": ("", "gap", "b is odd"),
    "test_same_key_twice": ("DedupesKeys&ParsesReplies", "passed", ""),
    "test_skipped": ("", "skipped", "Skipped: no time"),
    "test_leaves_something_open": ("", "failed", ""),
    "test_never_ran": ("", "failed", ""),
}


@attrs.frozen
class Project:
    """A folder with tests of its own, and a site in which the leaf is installed through its entry point."""

    folder: Path
    site: Path

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(textwrap.dedent(text), "utf-8")

    def install(self, distribution: str, version: str, group: str, entry: str) -> None:
        info = self.site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))}
        paths = [str(self.site), str(self.folder), str(HOME), *environ.get("PYTHONPATH", "").split(os.pathsep)]
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=self.folder,
            env=environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            capture_output=True,
            text=True,
            check=False,
        )

    def report(self, name: str = "report.json") -> dict[str, object]:
        return json.loads((self.folder / name).read_text("utf-8"))


@pytest.fixture(name="project")
def _project(tmp_path):
    """The leaf and one adapter, installed; the suite of that adapter."""
    made = Project(tmp_path / "project", tmp_path / "site")
    made.folder.mkdir()
    made.install("crmcore", "0.1.0", "pytest11", "crmcore = _crmcore_pytest")
    made.install("crmcore-acme", "2.3", "crmcore", "acme = acme")
    (made.site / "_crmcore_pytest.py").write_text(LEAF, "utf-8")
    made.write("acme.py", ADAPTER)
    made.write("test_acme.py", SUITE)
    made.write("pytest.ini", "[pytest]\n")
    return made


def told(report: dict[str, object]) -> dict[str, tuple[str, str, str]]:
    (adapter,) = report["adapters"]
    return {
        f"{each['check']}[{each['case']}]" if each["case"] else each["check"]: (
            "&".join(each["proves"]),
            each["outcome"],
            each["reason"],
        )
        for each in adapter["checks"]
    }


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_report_says_what_each_check_came_to(project, how):
    """Each contract check that ran is told with its capability and outcome, and nothing else is, with one process and with several."""
    project.pytest("--crmcore-report=report.json", *how)
    report = project.report()
    (adapter,) = report["adapters"]

    assert EXPECTED == told(report)
    assert ("crmcore/contract@1", "0.1.0") == (report["schema"], report["kit"])
    assert ("messaging:acme", "crmcore-acme", "2.3", "1.0", ["DedupesKeys", "FindsMessages", "ParsesReplies"]) == tuple(
        adapter[name] for name in ("adapter", "distribution", "version", "contract", "capabilities")
    )
    assert {"1.0", "1.1"} == {each["since"] for each in adapter["checks"]}
    assert {"TestAcme"} == {each["suite"] for each in adapter["checks"]}


def test_without_the_option_nothing_is_written(project):
    """A run that asks for no report leaves no file."""
    before = sorted(path.name for path in project.folder.iterdir())
    project.pytest()

    assert before == sorted(path.name for path in project.folder.iterdir() if path.name != "__pycache__")


@pytest.mark.parametrize("path", ["nowhere/report.json", "."], ids=["no folder", "a folder"])
def test_a_bad_path_is_told_before_anything_runs(project, path):
    """A report that could not be written is a usage error, not an hour of tests for nothing."""
    done = project.pytest(f"--crmcore-report={path}")

    assert pytest.ExitCode.USAGE_ERROR == done.returncode
    assert f"CRM-U620 No report can be written to {path}." in done.stderr
    assert "passed" not in done.stdout


def test_a_report_is_whole_or_the_one_before(project):
    """What stops the writing half-way leaves the report that was there, and no other file."""
    project.write("report.json", "before")
    project.write(
        "conftest.py",
        """
        import json
        def no(*_, **__): raise OSError("disk full")
        json.dumps = no
        """,
    )
    done = project.pytest("--crmcore-report=report.json")

    assert "disk full" in done.stdout + done.stderr
    assert "before" == (project.folder / "report.json").read_text("utf-8")
    assert [] == [path.name for path in project.folder.iterdir() if path.name.startswith(".")]


def test_what_nobody_installed_has_no_distribution(project):
    """An adapter of the tests' own is told without a distribution."""
    project.write("elsewhere.py", ADAPTER)
    project.write("test_acme.py", textwrap.dedent(SUITE).replace("from acme", "from elsewhere"))
    project.pytest("--crmcore-report=report.json")

    assert ("", "") == tuple(project.report()["adapters"][0][name] for name in ("distribution", "version"))


# ------------------------------------------------------------------ a leaf


def covered(project: Project) -> float:
    """How much of `crmcore.errors` a run measures that imports it and no more; nothing measured is no file."""
    project.write("test_acme.py", "def test_errors():\n    import crmcore.errors\n")
    (project.folder / "coverage.json").unlink(missing_ok=True)
    done = project.pytest("--cov=crmcore.errors", "--cov-report=json")
    assert done.returncode == 0, done.stdout + done.stderr
    if "No data was collected" in done.stderr:
        return 0.0
    return project.report("coverage.json")["totals"]["percent_covered"]


def test_coverage_of_crmcore_is_not_lost(project):
    """What runs at import of crmcore is measured although the leaf was loaded before; a leaf that imports crmcore loses it."""
    measured = covered(project)
    (project.site / "_crmcore_pytest.py").write_text(
        LEAF.replace("import pytest\n", "import pytest\nimport crmcore.errors\n", 1)
    )
    lost = covered(project)

    assert measured > 50
    assert 0 == lost


def test_the_leaf_imports_pytest_and_nothing_else():
    """No module of anybody else is loaded by loading the leaf."""
    code = "import sys, pytest; before = set(sys.modules); import _crmcore_pytest; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()} - {"_crmcore_pytest"}

    assert set() == loaded - set(sys.stdlib_module_names)


def test_asserts_of_the_kit_explain_themselves(project):
    """An `assert` inside crmcore.testing shows its values when it fails."""
    project.write(
        "test_acme.py",
        """
        def test_rewritten():
            from crmcore.testing import report
            assert "@pytest_ar" in vars(report)
        """,
    )

    assert 0 == project.pytest().returncode
