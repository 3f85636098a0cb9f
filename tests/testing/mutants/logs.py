"""Adapters that ask the vendor, and each break one promise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import attrs
from tests.testing.mutants.good_messaging import Good, GoodLog
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, hookimpl
from crmcore.types.contact import ReceiptState, Reply


class TestGood(Good):
    """Keeps every promise."""

    adapter_class = GoodLog
    pulls_replies = True


class LooksAtTheFirst(GoodLog):
    def find(self, message, *, key, sent_at):
        texts = self.ask("/log", day=self.day(sent_at))["texts"]
        return self.found(texts[0]) if texts and texts[0]["key"] == key else None


class FindsAnything(GoodLog):
    def find(self, message, *, key, sent_at):
        texts = self.ask("/log", day=self.day(sent_at))["texts"]
        return self.found(texts[-1]) if texts else None


class AsksForToday(GoodLog):
    def day(self, sent_at):
        return super().day(self.context.clock.now())


class IsHasty(GoodLog):
    absence_is_proof_after = timedelta(0)


class HopesForTheBest(GoodLog):
    def event(self, event):
        found = super().event(event)
        return found if isinstance(found, Reply) else attrs.evolve(found, state=ReceiptState.DELIVERED)


class LivesNowhere(GoodLog):
    """Ten in the morning, wherever that is."""

    def event(self, event):
        return attrs.evolve(super().event(event), at=datetime(2026, 11, 22, 10))


class CountsFromThePage(GoodLog):
    """The cursor of a page that is not the last is where that page began."""

    def pull_receipts(self, cursor):
        pages = list(super().pull_receipts(cursor))
        for number, (events, end) in enumerate(pages):
            yield events, end if number == len(pages) - 1 else str(int(end) - len(events))


class LosesItsPlace(GoodLog):
    """A page of nothing has no cursor."""

    def pull_receipts(self, cursor):
        yield from list(super().pull_receipts(cursor)) or [((), None)]


MUTANTS = {
    "test_what_was_taken_is_found": LooksAtTheFirst,
    "test_what_was_not_taken_is_not_found": FindsAnything,
    "test_a_text_is_found_after_midnight": AsksForToday,
    "test_absence_takes_its_time": IsHasty,
    "test_every_receipt_is_pulled_once": (HopesForTheBest, LivesNowhere),
    "test_pulling_resumes_after_every_page": CountsFromThePage,
    "test_pulling_goes_on": LosesItsPlace,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
