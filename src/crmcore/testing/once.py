"""What holds for a text that is handed over: once, and at once; the core decides what comes next."""

from __future__ import annotations

import contextlib
import time

import pytest

from crmcore.errors import CrmError
from crmcore.testing.contract import HTTP, check
from crmcore.testing.faults import BY_NAME, broken
from crmcore.testing.rig import Rig
from crmcore.testing.sending import SendingContract
from crmcore.types.contact import Accepted

_MOMENT = 3.0  # seconds; the throttled vendor asks for seven
#: After these it is unknown whether the text left, or certain that it did not; in any case it is the core's turn.
_ONCE = ("refused", "reset-after-request", "status-500", "status-503", "html-on-200", "empty-body", "throttled")


class OnceContract(SendingContract):
    """What holds for every handing over."""

    @check()
    def test_same_key_twice(self, rig: Rig) -> None:
        """A key that is handed over twice: with `DedupesKeys` one text arrives; without it as many arrive as are accepted.

        Why: after a doubt the core hands a key over again only where the vendor takes it once.
        If this fails: send the key in the vendor's field for it, or do not declare `DedupesKeys`; and keep no list of keys in the
        adapter, which would say "accepted" of what never left.
        """
        dedupes = self.has("DedupesKeys")
        outcomes = [rig.adapter.send(self.message(), key="Twice1") for _ in range(2)]
        accepted = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]

        assert accepted[:1] == outcomes[:1]
        assert (1 if dedupes else len(accepted)) == len(rig.world.texts)
        assert not dedupes or len(accepted) == len(outcomes)
        assert not dedupes or rig.adapter.dedupes_for.total_seconds() > 0

    @pytest.mark.parametrize("fault", _ONCE)
    @check(needs=HTTP)
    def test_a_text_is_handed_over_once(self, rig: Rig, fault: str) -> None:
        """A send that meets a fault makes no further request: whether it is repeated is decided by the core.

        Why: an adapter that tries again sends the text twice; the core knows the clock, the consent and what a doubt may cost.
        If this fails: use `context.http.send`, never `read`, for what sends; no loop, no tenacity, no `Retry` of urllib3. What comes
        after it when all is well, a logout, may still come.
        """
        before = len(rig.wire.travelled)
        self.send(rig.fresh(), rig.world)
        usual, handed = len(rig.wire.travelled) - before, rig.wire.taking[-1] - before
        with broken(rig, BY_NAME[fault], after=handed):
            _send_anyhow(self, rig)
        met, *more = rig.wire.travelled[before + usual + handed :]

        assert [] == [each.method for each in more if each == met]
        assert len(more) < usual - handed

    @check(needs=HTTP)
    def test_a_send_waits_for_nobody(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """A vendor that asks for patience is not waited for: a send sleeps neither a second nor seven.

        Why: one account would hold up all others, and the run that sends at ten would end at noon.
        If this fails: return `Deferred(not_before=…)`, or let `NotSent` pass; the core waits.
        """
        slept: list[float] = []
        monkeypatch.setattr(time, "sleep", slept.append)
        self.send(rig.adapter, rig.world)
        began = time.monotonic()
        with broken(rig, BY_NAME["throttled-retry-after"], after=0):
            _send_anyhow(self, rig)

        assert [] == slept
        assert time.monotonic() - began < _MOMENT


def _send_anyhow(contract: SendingContract, rig: Rig) -> None:
    """Send through one more adapter, which has not logged in yet; what comes of it is another check's."""
    with contextlib.suppress(CrmError):
        contract.send(rig.fresh(), rig.world)
