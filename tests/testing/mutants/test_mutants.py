"""The kit proves itself: each check has an adapter that only it catches."""

from __future__ import annotations

import pytest
from tests.testing.mutants import dms, odd_dms, runner, survey

ZOOS = (dms, odd_dms, survey)


@pytest.fixture(scope="session")
def failed(tmp_path_factory):
    """What failed for whom; all zoos in one process of their own."""
    return runner.failed(tmp_path_factory.mktemp("zoo"), *ZOOS)


@pytest.mark.parametrize("zoo", ZOOS, ids=lambda zoo: zoo.__name__.rpartition(".")[2])
def test_each_mutant_is_caught_by_its_check_and_by_no_other(failed, zoo):
    """And the adapter they are all made from keeps every promise."""
    found = {name: runner.names(failures) for name, failures in failed[zoo.__name__].items()}

    assert runner.expected(zoo) == found, runner.told(failed[zoo.__name__], runner.expected(zoo))


def test_every_check_has_a_mutant():
    """A check that nothing can fail proves nothing."""
    checks = set().union(*(runner.checks(zoo.TestGood) for zoo in ZOOS))
    caught = set().union(*(zoo.MUTANTS for zoo in ZOOS))

    assert checks == caught
