"""Robots of a group that each break one promise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.testing.mutants.good_messaging import Good, GoodRobot
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, hookimpl


class TestGood(Good):
    """Keeps every promise."""

    adapter_class = GoodRobot
    carries_key = False
    refuses_numbers = False


class CallsTheFirst(GoodRobot):
    def mentions(self, message):
        return super().mentions(message)[:1]


class TellsTheGroup(GoodRobot):
    def fields(self, message, key):
        return super().fields(message, key) | {"about": message.to}


MUTANTS = {
    "test_who_is_mentioned_is_called": CallsTheFirst,
    "test_the_group_sees_no_customers_number": TellsTheGroup,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
