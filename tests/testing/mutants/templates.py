"""An adapter whose vendor fills in templates, and one that sends a template for what is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
from tests.testing.mutants.good_messaging import Good, GoodTemplates
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, hookimpl


class TestGood(Good):
    """Keeps every promise."""

    adapter_class = GoodTemplates


class HasOneForAll(GoodTemplates):
    def send(self, message, *, key):
        return super().send(attrs.evolve(message, template=message.template or "CONTRACT"), key=key)


MUTANTS = {"test_a_free_text_is_not_replaced": HasOneForAll}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
