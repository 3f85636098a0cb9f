"""Senders of batches that each break one promise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.testing.mutants.good_messaging import Good, GoodBatches
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, hookimpl
from crmcore.types.contact import Accepted, Rejected


class TestGood(Good):
    """Keeps every promise."""

    adapter_class = GoodBatches


class MixesTexts(GoodBatches):
    """Sorts the texts and leaves the numbers as they are."""

    def texts(self, messages):
        texts = super().texts(messages)
        return [
            {**each, "text": text} for each, text in zip(texts, sorted(each["text"] for each in texts), strict=True)
        ]


class KnowsNumbersOnly(GoodBatches):
    def texts(self, messages):
        return list({each["to"]: each for each in super().texts(messages)}.values())


class RefusesAllForOne(GoodBatches):
    def results(self, said, messages):
        found = super().results(said, messages)
        refused = [outcome for outcome in found.values() if isinstance(outcome, Rejected)]
        return dict.fromkeys(found, refused[0]) if refused else found


class CallsTwice(GoodBatches):
    """A hundred at once, though it says a hundred and fifty."""

    def send_batch(self, messages):
        found = super().send_batch(messages[:100])
        return {**found, **(super().send_batch(messages[100:]) if messages[100:] else {})}


class TakesSilenceForYes(GoodBatches):
    def results(self, said, messages):
        if said.get("code") == "BUSY":
            return {key: Accepted() for key, _ in messages}
        return super().results(said, messages)


MUTANTS = {
    "test_each_text_of_a_batch_goes_its_own_way": MixesTexts,
    "test_two_texts_of_a_batch_may_have_one_number": KnowsNumbersOnly,
    "test_a_refused_number_costs_no_neighbour": RefusesAllForOne,
    "test_a_full_batch_is_taken": CallsTwice,
    "test_a_failure_of_a_batch_is_seen": TakesSilenceForYes,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
