"""A sender whose vendor takes a key once, and one that promises it for no time at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tests.testing.mutants.good_messaging import Good, GoodDedupes
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, hookimpl


class TestGood(Good):
    """Keeps every promise."""

    adapter_class = GoodDedupes


class PromisesNothing(GoodDedupes):
    dedupes_for = timedelta(0)


MUTANTS = {
    "test_same_key_twice": PromisesNothing,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
