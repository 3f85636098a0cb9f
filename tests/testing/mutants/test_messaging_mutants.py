"""The contract of messaging adapters proves itself: each check has an adapter that only it catches."""

from __future__ import annotations

import pytest
from tests.testing.mutants import (
    batches,
    dedupes,
    logs,
    odd_messaging,
    pushes,
    robots,
    runner,
    sandboxes,
    sending,
    signed,
    templates,
)

ZOOS = (sending, templates, batches, dedupes, pushes, signed, logs, sandboxes, robots, odd_messaging)


@pytest.fixture(scope="module", name="failed")
def _failed(tmp_path_factory):
    """What failed for whom; all zoos in one process of their own."""
    return runner.failed(tmp_path_factory.mktemp("zoo"), *ZOOS)


@pytest.mark.parametrize("zoo", ZOOS, ids=lambda zoo: zoo.__name__.rpartition(".")[2])
def test_each_mutant_is_caught_by_its_check_and_by_no_other(failed, zoo):
    """And the adapter they are all made from keeps every promise."""
    found = {name: runner.names(failures) for name, failures in failed[zoo.__name__].items()}

    assert runner.expected(zoo) == found, runner.told(failed[zoo.__name__], runner.expected(zoo))


def test_every_check_of_messaging_has_a_mutant():
    """A check that nobody fails proves nothing; those of every adapter are proven by the mutants of a DMS."""
    from crmcore.testing import AdapterContract, MessagingContract

    checks = {
        name
        for base in MessagingContract.__mro__
        for name, value in vars(base).items()
        if hasattr(value, "__crmcore_check__") and base not in AdapterContract.__mro__
    }

    assert len(checks) > 40
    assert set() == checks - {check for zoo in ZOOS for check in zoo.MUTANTS}
