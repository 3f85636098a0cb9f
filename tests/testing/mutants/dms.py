"""DMS adapters that each break one promise, for the check that must notice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
from tests.testing.mutants import good_dms
from tests.testing.mutants.good_dms import Good, GoodDms
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, hookimpl


class TestGood(Good):
    """Keeps every promise."""


class AsksWhenMade(GoodDms):
    def __init__(self, config: Any, context: Any) -> None:
        super().__init__(config, context)
        self.check()


class ExplainsNothing(GoodDms):
    Config = attrs.make_class(
        "Config", {"more": attrs.field(default="", kw_only=True)}, bases=(good_dms.Config,), frozen=True
    )


MUTANTS = {
    "test_making_it_does_nothing": AsksWhenMade,
    "test_every_setting_is_explained": ExplainsNothing,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
