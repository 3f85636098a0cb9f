"""The sample dealer as authors get it: on disk, with its truth, and behind a `Crm`."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import _crmcore_pytest
from crmcore.errors import PluginError
from crmcore.sample import generate
from crmcore.testing.dealer import SampleDealer


def test_its_exports_are_there(sample_dealer):
    """Every export of the truth lies in the folder of the test, readable by its owner alone."""
    assert {each.file for each in sample_dealer.truth.counts} == set(sample_dealer.files)
    for path in sample_dealer.files.values():
        assert path.is_relative_to(sample_dealer.folder)
        assert path.stat().st_size
        assert 0o600 == path.stat().st_mode & 0o777


def test_the_same_seed_is_the_same_dealer(sample_dealer, tmp_path):
    """Two tests look at the same bytes, and another seed is another dealer."""
    again = SampleDealer.written(tmp_path / "again")
    other = SampleDealer.written(tmp_path / "other", seed=7)

    assert generate().truth == sample_dealer.truth
    assert {name: path.read_bytes() for name, path in sample_dealer.files.items()} == {
        name: path.read_bytes() for name, path in again.files.items()
    }
    assert other.files["ro.csv"].read_bytes() != again.files["ro.csv"].read_bytes()


def test_the_crm_has_read_it(sample_crm, sample_dealer):
    """`sample_crm` stands at the dealer's hour and has counted every row as the truth counts it; nothing is left to read."""
    again = sample_crm.sync().sources
    counts = sample_dealer.truth.counts

    assert sample_dealer.now == sample_crm.clock.now()
    assert [0] * len(counts) == [each.accepted for each in again]
    assert sum(each.read for each in counts) == sum(each.read for each in again)
    assert sum(each.rejected for each in counts) == sum(each.rejected for each in again)


def test_a_crm_that_cannot_read_it_says_so(sample_dealer):
    """Without the adapter that reads the exports the fixture fails with the reason, and no test runs on an empty store."""
    import _crmcore_pytest as leaf

    with sample_dealer.config.open("a", encoding="utf-8") as file:
        file.write('\n[plugins]\ndisabled = ["dms_csv"]\n')
    with pytest.raises(PluginError, match="CRM-P102"):
        next(inspect.unwrap(leaf.sample_crm)(sample_dealer))


def test_it_is_there_without_being_asked_for(tmp_path):
    """Whoever has crmcore installed writes `sample_dealer` as an argument, and imports nothing."""
    info = tmp_path / "site" / "crmcore-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crmcore\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[pytest11]\ncrmcore = _crmcore_pytest\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
            def test_it(sample_dealer):
                assert sample_dealer.config.exists()
        """)
    )
    paths = [
        str(tmp_path / "site"),
        str(Path(_crmcore_pytest.__file__).parent),
        *os.environ.get("PYTHONPATH", "").split(os.pathsep),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_its_truth_is_not_the_answer_of_the_code(sample_dealer):
    """The truth names what is due and what must never be, so that a test has something to hold the code against."""
    assert sample_dealer.truth.due
    assert sample_dealer.truth.never
    assert pytest.approx(300) == len(sample_dealer.dealer.visits)
