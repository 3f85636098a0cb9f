"""Senders of texts that each break one promise, for the check that must notice."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs
from tests.testing.mutants.good_messaging import CATALOG, Good, GoodSender
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, NotSent, PermanentError, hookimpl
from crmcore.types.contact import Accepted, Deferred, Rejected, Scope, Unknown
from crmcore.types.customer import Channel


class TestGood(Good):
    """Keeps every promise."""

    adapter_class = GoodSender


class GetsLate(GoodSender):
    """Takes a doubt for a proof: the text is sent again."""

    def post(self, path, fields):
        said = super().post(path, fields)
        return {"code": "BUSY"} if isinstance(said, Unknown) and said.why.startswith("CRM-H20") else said


class FollowsTheSign(GoodSender):
    """Asks where the sign points, with the token; what comes of it is a doubt."""

    def post(self, path, fields):
        said = super().post(path, fields)
        if isinstance(said, Unknown) and said.why == "HTTP_302":
            super().post("@elsewhere.example/", fields)
        return said


class WritesTheTokenDown(GoodSender):
    def login(self):
        self.context.logger.debug("token %s", self.config.token.reveal())
        return super().login()


class WritesTheNumberDown(GoodSender):
    def send(self, message, *, key):
        self.context.logger.info("to %s", message.to)
        return super().send(message, key=key)


class HasNoEmoji(GoodSender):
    def fields(self, message, key):
        text = "".join("?" if char > "\uffff" else char for char in message.text)
        return super().fields(attrs.evolve(message, text=text), key)


class ForgetsTheCountry(GoodSender):
    def fields(self, message, key):
        return super().fields(message, key) | {"to": message.to.removeprefix("+852").removeprefix("+86")}


class ShoutsKeys(GoodSender):
    def fields(self, message, key):
        return super().fields(message, key.upper())


class MakesReferencesUp(GoodSender):
    def accepted(self, ref, message):
        return Accepted(ref=message.id)


class HasWordsOfItsOwn(GoodSender):
    def fields(self, message, key):
        return super().fields(message, key) | ({} if message.template else {"text": "尊敬的客户您好"})


class LetsItBeCut(GoodSender):
    def fits(self, text):
        return bool(text.strip())


class SendsNothing(GoodSender):
    def fits(self, text):
        return len(text) <= 500


class BlamesUs(GoodSender):
    def meaning(self, said, message):
        return (
            Rejected(code="NUMBER", scope=Scope.ACCOUNT)
            if said == {"code": "NUMBER", "key": said.get("key")}
            else super().meaning(said, message)
        )


class QuotesTheNumber(GoodSender):
    """As the vendor's sentence does."""

    def meaning(self, said, message):
        found = super().meaning(said, message)
        return attrs.evolve(found, code=f"no such number: {message.to}") if found == Rejected(code="NUMBER") else found


class BelievesTheStatus(GoodSender):
    def meaning(self, said, message):
        found = super().meaning(said, message)
        return Accepted() if isinstance(found, Deferred) else found


class IsBusyUntilSomewhen(GoodSender):
    def meaning(self, said, message):
        found = super().meaning(said, message)
        later = datetime(2026, 11, 22, 11)
        return attrs.evolve(found, not_before=later) if isinstance(found, Deferred) else found


class BlamesTheCustomer(GoodSender):
    def meaning(self, said, message):
        found = super().meaning(said, message)
        return attrs.evolve(found, scope=Scope.RECIPIENT) if isinstance(found, Rejected) else found


class CallsItAFault(GoodSender):
    def check(self):
        if self.ask("/balance")["code"] != "OK":
            raise PermanentError("CRM-G102", catalog=CATALOG, status=200)


class RemembersKeys(GoodSender):
    def send(self, message, *, key):
        if key in self.__dict__.setdefault("keys", set()):
            return Accepted()
        self.keys.add(key)
        return super().send(message, key=key)


class TriesAgain(GoodSender):
    def post(self, path, fields):
        said = super().post(path, fields)
        return super().post(path, fields) if isinstance(said, Unknown) and said.why == "HTTP_503" else said


class InsistsOnAConnection(GoodSender):
    def post(self, path, fields):
        try:
            return super().post(path, fields)
        except NotSent as error:
            if error.retry_after is None:
                return super().post(path, fields)
            raise


class Waits(GoodSender):
    def post(self, path, fields):
        try:
            return super().post(path, fields)
        except NotSent as error:
            with contextlib.suppress(TypeError):
                time.sleep(min(error.retry_after, 0.001))
            raise


class StandsStill(GoodSender):
    @property
    def limits(self):
        return attrs.evolve(super().limits, per_second=0)


class SpeaksToBoth(GoodSender):
    channels = frozenset({Channel.SMS, Channel.GROUP})


MUTANTS = {
    "test_a_send_claims_no_more_than_is_proven": GetsLate,
    "test_no_redirect_is_followed": FollowsTheSign,
    "test_no_secret_is_shown": WritesTheTokenDown,
    "test_no_customer_is_shown": WritesTheNumberDown,
    "test_a_text_arrives_as_it_was_written": HasNoEmoji,
    "test_a_text_goes_to_its_number": ForgetsTheCountry,
    "test_the_key_travels_along": ShoutsKeys,
    "test_the_reference_is_the_vendors": MakesReferencesUp,
    "test_a_free_text_is_not_replaced": HasWordsOfItsOwn,
    "test_nothing_is_cut": LetsItBeCut,
    "test_an_empty_text_does_not_leave": SendsNothing,
    "test_a_refused_number_is_rejected_alone": (BlamesUs, QuotesTheNumber),
    "test_a_failure_in_a_good_answer_is_seen": (BelievesTheStatus, IsBusyUntilSomewhen),
    "test_wrong_credentials_stop_the_account": BlamesTheCustomer,
    "test_the_check_finds_wrong_credentials": CallsItAFault,
    "test_same_key_twice": RemembersKeys,
    "test_a_text_is_handed_over_once": (TriesAgain, InsistsOnAConnection),
    "test_a_send_waits_for_nobody": Waits,
    "test_its_limits_can_be_kept": StandsStill,
    "test_its_channels_are_named": SpeaksToBoth,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
