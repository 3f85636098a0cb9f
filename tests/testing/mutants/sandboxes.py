"""Adapters whose sandbox breaks one promise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
from tests.testing.mutants.good_messaging import GoodPushes, GoodSandbox, Toy
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, hookimpl


class TestGood(GoodPushes):
    """Keeps every promise."""

    adapter_class = GoodSandbox


class Blind(Toy):
    def shown(self, said):
        return attrs.evolve(super().shown(said), text="…")


class Mute(Toy):
    def push(self, what):
        return 200 if what[0] == "replies" else super().push(what)


class ShowsNothing(GoodSandbox):
    @classmethod
    def sandbox(cls, plan):
        return Blind(plan)


class SaysNothing(GoodSandbox):
    @classmethod
    def sandbox(cls, plan):
        return Mute(plan)


MUTANTS = {
    "test_its_sandbox_takes_a_text": ShowsNothing,
    "test_its_sandbox_answers": SaysNothing,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
