"""Readers of signed pushes that each break one promise."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import attrs
from tests.testing.mutants.good_messaging import SIGNATURE, GoodPushes, GoodSigned
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, hookimpl
from crmcore.testing.rig import NOW


class TestGood(GoodPushes):
    """Keeps every promise."""

    adapter_class = GoodSigned
    signed = True


class TrustsTheUnsigned(GoodSigned):
    def verify(self, request):
        if SIGNATURE in request.headers:
            super().verify(request)


class ComparesSignBySign(GoodSigned):
    """And tells by its haste how many of them were right."""

    def verify(self, request):
        if request.headers.get(SIGNATURE) != self.digest(request.body):
            raise self.unreadable(SIGNATURE)


class SignsWithNothing(GoodSigned):
    """The digest is of the body alone; its vendor's is, too."""

    def digest(self, body):
        return hashlib.sha256(body).hexdigest()


class SignedWithNothing(TestGood):
    adapter_class = SignsWithNothing

    def push(self, path, said):
        push = super().push(path, said)
        return attrs.evolve(push, headers={SIGNATURE: hashlib.sha256(push.body).hexdigest()})


class ForgetsWhatWaited(GoodSigned):
    """Half a day after it is over what came in this morning."""

    def verify(self, request):
        super().verify(request)
        if self.context.clock.now() > NOW + timedelta(hours=12):
            raise self.unreadable(SIGNATURE)


class ComparesText(GoodSigned):
    """`compare_digest` takes text that is ASCII, and nothing else."""

    def verify(self, request):
        if not hmac.compare_digest(self.digest(request.body), request.headers.get(SIGNATURE, "")):
            raise self.unreadable(SIGNATURE)


MUTANTS = {
    "test_a_push_that_waited_is_read": ForgetsWhatWaited,
    "test_what_was_not_signed_is_refused": TrustsTheUnsigned,
    "test_a_signature_is_compared_in_constant_time": ComparesSignBySign,
    "test_a_stranger_cannot_sign": SignedWithNothing,
    "test_garbage_is_refused": ComparesText,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
