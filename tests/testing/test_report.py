"""The capability matrix: computed from what tests have proven, and refused where two reports do not go together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from crmcore.cli.frame import cli
from crmcore.errors import UsageError
from crmcore.testing.report import matrix, read


def check(name: str = "test_kept", capability: str = "", outcome: str = "passed", **known: object) -> dict[str, object]:
    return {
        "adapter": "messaging:acme",
        "suite": "TestAcme",
        "check": name,
        "case": "",
        "proves": [capability] if capability else [],
        "since": "1.0",
        "outcome": outcome,
        "reason": "",
    } | known


def adapter(*checks: dict[str, str], **known: object) -> dict[str, object]:
    return {
        "adapter": "messaging:acme",
        "distribution": "crmcore-acme",
        "version": "2.3",
        "contract": "1.0",
        "capabilities": [],
        "checks": list(checks),
    } | known


@pytest.fixture(name="report")
def _report(tmp_path):
    def write(name: str, *adapters: dict[str, object], kit: str = "0.1.0") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"schema": "crmcore/contract@1", "kit": kit, "adapters": adapters}), "utf-8")
        return path

    return write


def marks(*paths: Path) -> dict[str, tuple[str, ...]]:
    return {name: tuple(map(str, row)) for name, row in matrix([read(path) for path in paths]).rows.items()}


# ------------------------------------------------------------------ what a cell says


@pytest.mark.parametrize(
    ("outcomes", "mark"),
    [
        (["passed", "passed"], "proven"),
        (["passed", "newer"], "proven"),
        (["newer"], "unproven"),
        (["passed", "gap"], "gap"),
        (["gap", "failed", "passed"], "failed"),
        (["passed", "skipped"], "failed"),
        ([], "absent"),
    ],
)
def test_a_cell_is_the_worst_of_its_checks(report, outcomes, mark):
    """One failure outweighs every proof, a known gap shows, and what is newer than the contract takes nothing away."""
    checks = [check(f"test_{number}", "http", outcome) for number, outcome in enumerate(outcomes)]
    path = report("a.json", adapter(check(), *checks))

    assert ("proven",) == marks(path)[""]
    assert (mark,) == marks(path).get("http", ("absent",))


def test_what_is_declared_and_not_proven_shows(report):
    """A capability that an adapter declares and no check has proven is no proof and no absence."""
    path = report("a.json", adapter(check(), capabilities=["FindsMessages"]))

    assert ("unproven",) == marks(path)["FindsMessages"]


def test_adapters_stand_side_by_side(report):
    """Groups come first, then capabilities by name; columns are the adapters by name, whatever file they came from."""
    first = report("a.json", adapter(check(), check("test_a", "SendsBatches"), capabilities=["SendsBatches"]))
    other = adapter(
        check("test_f", "http"), check("test_d", "DedupesKeys"), adapter="dms:zed", capabilities=["DedupesKeys"]
    )
    second = report("b.json", other)
    found = matrix([read(first), read(second)])

    assert ["dms:zed", "messaging:acme"] == [each.adapter for each in found.adapters]
    assert {
        "": ("absent", "proven"),
        "http": ("proven", "absent"),
        "DedupesKeys": ("proven", "absent"),
        "SendsBatches": ("absent", "proven"),
    } == marks(first, second)
    assert ["", "http", "DedupesKeys", "SendsBatches"] == list(found.rows)


def test_one_check_may_prove_two_things(report):
    """A check that needs two capabilities counts for both."""
    both = check("test_both", outcome="gap", proves=["ParsesReceipts", "ParsesReplies"])
    path = report("a.json", adapter(check(), both))

    assert {"": ("proven",), "ParsesReceipts": ("gap",), "ParsesReplies": ("gap",)} == marks(path)


def test_two_reports_of_one_adapter_add_up(report):
    """Reports that agree on what both have run are one."""
    first = report("a.json", adapter(check(), check("test_a", "http", "gap", reason="no clock")))
    second = report("b.json", adapter(check(), check("test_b", "FindsMessages")))

    assert {"": ("proven",), "http": ("gap",), "FindsMessages": ("proven",)} == marks(first, second)


# ------------------------------------------------------------------ what does not go together


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (adapter(check(outcome="failed")), "test_kept"),
        (adapter(check(case="b")) | {"version": "2.4"}, "crmcore-acme 2.3 ≠ 2.4"),
        (adapter(check()) | {"capabilities": ["FindsMessages"]}, "crmcore-acme 2.3"),
    ],
    ids=["outcome", "version", "capabilities"],
)
def test_reports_that_disagree_are_refused(report, other, what):
    """Two reports that say different things of one adapter are told by name, and no cell is guessed."""
    paths = [report("a.json", adapter(check())), report("b.json", other)]
    with pytest.raises(UsageError) as error:
        marks(*paths)

    assert ("CRM-U623", what) == (error.value.code, error.value.params["what"])
    assert "b.json" in error.value.at
    assert "a.json" in str(error.value)


def test_reports_of_different_kits_are_refused(report):
    """The checks of two versions are not set side by side."""
    with pytest.raises(UsageError) as error:
        marks(report("a.json", adapter(check())), report("b.json", adapter(adapter="dms:b"), kit="0.2.0"))

    assert "CRM-U622" == error.value.code


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        '{"schema": "crmcore/contract@2", "kit": "9", "adapters": []}',
        '{"schema": "crmcore/contract@1", "kit": "9", "adapters": [{}]}',
        '{"schema": "crmcore/contract@1", "kit": "9", "adapters": [1]}',
        json.dumps({"schema": "crmcore/contract@1", "kit": "9", "adapters": [adapter(check(outcome="fine"))]}),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_report_is_told(tmp_path, text):
    """A file that is missing, garbage, or of another version is named, whatever is in it."""
    path = tmp_path / "a.json"
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(UsageError) as error:
        read(path)

    assert ("CRM-U621", str(path)) == (error.value.code, error.value.at)


# ------------------------------------------------------------------ the command


@pytest.fixture(name="two")
def _two(report):
    gap = check("test_same_key_twice", "http", "gap", reason="Acme ignores\nclient ids")
    return [
        report("a.json", adapter(check(), gap, capabilities=["FindsMessages"])),
        report("b.json", adapter(check(outcome="failed"), adapter="dms:zed", version="1.0")),
    ]


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli, ["plugins", "matrix", *map(str, arguments)], env={"CRMCORE_LANG": "en"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_draws_the_table(two):
    """Adapters with their versions across, marks that any console can show, and a line for each check that was not kept."""
    told = run(*two)

    assert [
        "Capability     dms:zed 1.0  messaging:acme 2.3",
        "-------------  -----------  ------------------",
        "every adapter  ×            √",
        "faults         —            gap",
        "FindsMessages  —            ?",
        "dms:zed × test_kept",
        "messaging:acme gap test_same_key_twice: Acme ignores client ids",
    ] == told.splitlines()
    assert told.encode("gbk")


def test_the_command_writes_markdown(two):
    """--markdown is a page: how it was made, the table, what the marks mean, and the gaps with their reasons."""
    lines = run(*two, "--markdown").splitlines()

    assert "Made from the results of contract tests with crmcore 0.1.0." == lines[0]
    assert [
        "| Capability | dms:zed 1.0 | messaging:acme 2.3 |",
        "| --- | --- | --- |",
        "| every adapter | × | √ |",
        "| faults | — | gap |",
        "| FindsMessages | — | ? |",
    ] == lines[2:7]
    assert 5 == len([line for line in lines if line.startswith(("- √", "- gap", "- ×", "- ?", "- —"))])
    assert "- messaging:acme gap test_same_key_twice: Acme ignores client ids" == lines[-1]


def test_the_command_speaks_json(two):
    """--json has the same facts under codes."""
    told = json.loads(run(*two, "--json"))

    assert "crmcore/matrix@1" == told["schema"]
    assert {"capability": "http", "marks": {"dms:zed": "absent", "messaging:acme": "gap"}} == told["rows"][1]
    assert [("dms:zed", "failed"), ("messaging:acme", "gap")] == [
        (each["adapter"], each["outcome"]) for each in told["notes"]
    ]
