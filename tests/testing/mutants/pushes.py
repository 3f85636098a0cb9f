"""Readers of pushes that each break one promise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar

import attrs
from tests.testing.mutants.good_messaging import STATES, GoodPushes, GoodReader
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, PermanentError, WebhookResponse, hookimpl
from crmcore.types.contact import Accepted, ReceiptState


class TestGood(GoodPushes):
    """Keeps every promise."""

    adapter_class = GoodReader


class NamesReferencesOnly(GoodReader):
    """The receipt has the vendor's id, which the send did not tell."""

    def accepted(self, ref, message):
        return Accepted()

    def receipt(self, item):
        return attrs.evolve(super().receipt(item), key=None)


class LivesInLondon(GoodReader):
    """Takes Beijing's clock for that of Greenwich, in receipts."""

    def receipt(self, item):
        at = datetime.fromisoformat(self.field(item, "at")).replace(tzinfo=UTC) if super().at(item) else None
        return attrs.evolve(super().receipt(item), at=at)


class GivesUpEarly(GoodReader):
    def state(self, said):
        return ReceiptState.FAILED if said == "kept" else super().state(said)


class BuriesNumbers(GoodReader):
    def permanent(self, state, item):
        return state is ReceiptState.FAILED


class NeverGoesBack(GoodReader):
    """Ranks states by itself."""

    def receipt(self, item):
        found = super().receipt(item)
        delivered = self.__dict__.setdefault("delivered", set())
        if found.state is ReceiptState.DELIVERED:
            delivered.add(found.key)
        return attrs.evolve(found, state=ReceiptState.DELIVERED) if found.key in delivered else found


class KnowsItsOwn(GoodReader):
    sent: ClassVar[set[str]] = set()

    def send(self, message, *, key):
        self.sent.add(key)
        return super().send(message, key=key)

    def receipts(self, items):
        return (found for found in super().receipts(items) if found.key in self.sent)


class ReadsTen(GoodReader):
    def receipts(self, items):
        return islice(super().receipts(items), 10)


class FearsTheUnknown(GoodReader):
    def state(self, said):
        return STATES.get(said, ReceiptState.FAILED)


class RefusesNews(GoodReader):
    def state(self, said):
        if said not in STATES:
            raise self.unreadable("state")
        return STATES[said]


class KeepsEverything(GoodReader):
    def code(self, item):
        return repr(item)


class AnswersNobody(GoodReader):
    def parse_receipts(self, request):
        found = super().parse_receipts(request)
        return found and attrs.evolve(found, answer=WebhookResponse())


class AnswersTheCustomer(GoodReader):
    def parse_replies(self, request):
        found = super().parse_replies(request)
        return found and attrs.evolve(found, answer=WebhookResponse(body=b"Thank you"))


class Shouts(GoodReader):
    def text(self, item):
        return super().text(item).upper()


class Strips(GoodReader):
    def text(self, item):
        return super().text(item).strip("【】 \n")


class WantsWords(GoodReader):
    def text(self, item):
        if not super().text(item):
            raise self.unreadable("text")
        return super().text(item)


class ConfusesNumbers(GoodReader):
    def reply(self, item):
        return attrs.evolve(super().reply(item), sender=self.field(item, "to"))


class NamesTheText(GoodReader):
    def reply(self, item):
        return attrs.evolve(
            super().reply(item), vendor_id=hashlib.sha256(self.text(item).encode("utf-8", "replace")).hexdigest()
        )


class RefusesReceipts(GoodReader):
    def parse_replies(self, request):
        if request.path == "receipts":
            raise self.unreadable("path")
        return super().parse_replies(request)


class ReadsTheClock(GoodReader):
    def at(self, item):
        return self.context.clock.now()


class AsksBack(GoodReader):
    def reply(self, item):
        self.ask("/balance")
        return super().reply(item)


class ExpectsTheBest(GoodReader):
    def permanent(self, state, item):
        return state is ReceiptState.FAILED and item["dead"]


class CountsForEver(GoodReader):
    """A number that is too large for a time."""

    def at(self, item):
        return (
            super().at(item)
            if ":" in self.field(item, "at")
            else datetime.fromtimestamp(int(self.field(item, "at")), UTC)
        )


class Quotes(GoodReader):
    def reply(self, item):
        try:
            return super().reply(item)
        except PermanentError:
            raise self.unreadable(repr(item)) from None


MUTANTS = {
    "test_a_receipt_names_its_text": NamesReferencesOnly,
    "test_a_receipt_says_what_the_vendor_says": LivesInLondon,
    "test_what_is_pending_is_not_final": GivesUpEarly,
    "test_only_a_dead_number_is_permanent": BuriesNumbers,
    "test_receipts_may_come_in_any_order": NeverGoesBack,
    "test_another_process_reads_the_receipts": KnowsItsOwn,
    "test_many_receipts_come_in_one_push": ReadsTen,
    "test_an_unknown_status_claims_nothing": FearsTheUnknown,
    "test_an_unknown_status_costs_no_neighbour": RefusesNews,
    "test_a_receipt_keeps_nothing_of_the_customer": KeepsEverything,
    "test_receipts_are_answered": AnswersNobody,
    "test_replies_are_answered": AnswersTheCustomer,
    "test_a_reply_arrives_as_it_was_written": (Shouts, Strips),
    "test_an_empty_reply_is_no_fault": WantsWords,
    "test_a_reply_names_its_sender": ConfusesNumbers,
    "test_a_repeated_reply_can_be_recognised": NamesTheText,
    "test_each_parser_leaves_the_others_pushes": RefusesReceipts,
    "test_a_repeated_push_says_the_same": ReadsTheClock,
    "test_parsing_asks_nobody": AsksBack,
    "test_garbage_is_refused": (ExpectsTheBest, CountsForEver),
    "test_a_broken_push_shows_no_customer": Quotes,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
