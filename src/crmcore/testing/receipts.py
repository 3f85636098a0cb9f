"""What holds for delivery reports, pushed or asked for: they name their text, and claim no more than the vendor does."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from crmcore.errors import PermanentError
from crmcore.testing.contract import check
from crmcore.testing.network import CUSTOMER, NAME, OTHER, WORDS, Report
from crmcore.testing.rig import Rig
from crmcore.testing.shown import standing
from crmcore.testing.webhooks import WebhookContract, read
from crmcore.types.contact import Accepted, Receipt, ReceiptState

_FINAL = (ReceiptState.DELIVERED, ReceiptState.FAILED)
_PENDING = (ReceiptState.SENT, ReceiptState.BUFFERED)
_MANY = 50


class ReceiptContract(WebhookContract):
    """What `ParsesReceipts` promises."""

    @check(needs="ParsesReceipts")
    def test_a_receipt_names_its_text(self, rig: Rig) -> None:
        """A receipt has the key of its text, or, without a key, the reference that the send had returned.

        Why: a receipt that names nobody is read, counted and lost; the text stays "accepted" and is asked for by hand.
        If this fails: read our key from where you put it; where the vendor has no room for one, return `Accepted(ref=…)` and give
        the same id as `Receipt.ref`.
        """
        sent = {}
        for key in ("Receipt1", "Receipt2"):
            outcome = rig.adapter.send(self.message(), key=key)
            sent[key] = (outcome.ref if isinstance(outcome, Accepted) else None, rig.world.texts[-1])
        for key, (ref, taken) in sent.items():
            report = Report(key=taken.key, ref=taken.ref, to=taken.to, state=ReceiptState.DELIVERED)
            receipt = self._receipt(rig, report)

            assert receipt.key == key or (receipt.key is None and ref is not None and receipt.ref == ref)

    @pytest.mark.parametrize("state", _FINAL, ids=lambda state: state.value)
    @check(needs="ParsesReceipts")
    def test_a_receipt_says_what_the_vendor_says(self, rig: Rig, state: ReceiptState) -> None:
        """Delivered is DELIVERED and failed is FAILED; the time, where there is one, is the vendor's, and aware.

        Why: a text that failed becomes a call, and one that is called delivered never does.
        If this fails: map every status of the vendor's table, and give `at` a time zone: vendors mean Beijing when they say none.
        """
        receipt = self._receipt(rig, *self.reports(rig, state))

        assert state is receipt.state
        assert receipt.at is None or receipt.at.utcoffset() is not None
        assert receipt.at is None or receipt.at == rig.clock.now()

    @pytest.mark.parametrize("state", _PENDING, ids=lambda state: state.value)
    @check(needs="ParsesReceipts & tells_pending")
    def test_what_is_pending_is_not_final(self, rig: Rig, state: ReceiptState) -> None:
        """What the network has taken or keeps for later is SENT or BUFFERED.

        Why: a phone that is off in the morning gets its text at noon; called failed, it would get a call about it as well.
        If this fails: map these statuses too; say `tells_pending = False` in the contract where the vendor pushes only what is final.
        """
        receipt = self._receipt(rig, *self.reports(rig, state))

        assert receipt.state in _PENDING

    @check(needs="ParsesReceipts")
    def test_only_a_dead_number_is_permanent(self, rig: Rig) -> None:
        """`permanent` is True only for a failure whose code says that the number does not exist.

        Why: it marks the number as dead for everything; a phone that was off is no dead number.
        If this fails: list the vendor's codes for numbers that do not exist, and leave False for all others.
        """
        (failed,) = self.reports(rig, ReceiptState.FAILED)
        (dead,) = self.reports(rig, ReceiptState.FAILED, permanent=True)

        assert not self._receipt(rig, failed).permanent
        assert ReceiptState.FAILED is self._receipt(rig, dead).state

    @check(needs="ParsesReceipts")
    def test_receipts_may_come_in_any_order(self, rig: Rig) -> None:
        """What a receipt is read as does not depend on those that came before it.

        Why: "delivered" overtakes "sent" on the way; ranking states is the core's work, which has all of them.
        If this fails: keep nothing between two pushes.
        """
        (report,) = self.reports(rig, ReceiptState.DELIVERED)
        story = [report, attrs.evolve(report, state=ReceiptState.FAILED)]
        if self.tells_pending:
            story.append(attrs.evolve(report, state=ReceiptState.SENT))
        forwards = [self._receipt(rig, each) for each in story]
        other = rig.fresh()
        backwards = [self._receipt(rig, each, other) for each in reversed(story)]

        assert forwards == backwards[::-1]

    @check(needs="ParsesReceipts")
    def test_another_process_reads_the_receipts(self, rig: Rig) -> None:
        """A receipt for a key that this adapter never sent is read like any other.

        Why: `crmcore send` has long ended when the receiver, another process, gets the receipts.
        If this fails: keep no list of what was sent; whether a key is known is the core's question.
        """
        report = Report(key="NeverSent1", ref="V9999999", to=OTHER, state=ReceiptState.DELIVERED)
        receipt = self._receipt(rig, report)

        assert receipt.key == report.key or (receipt.key is None and receipt.ref == report.ref)

    @check(needs="ParsesReceipts & receipts_together")
    def test_many_receipts_come_in_one_push(self, rig: Rig) -> None:
        """A push of fifty receipts gives fifty, in their order.

        Why: vendors collect what they tell; with one of fifty read, the others wait for a receipt that was here.
        If this fails: read the list, not its first item.
        """
        reports = self.reports(rig, *[ReceiptState.DELIVERED] * _MANY)
        events = read(rig.adapter, self.receipt_push(reports, rig.world))

        assert isinstance(events, tuple)
        assert [(report.key, report.ref) for report in reports] == [
            (receipt.key or report.key, receipt.ref or report.ref)
            for receipt, report in zip(events, reports, strict=True)
            if isinstance(receipt, Receipt)
        ]

    @check(needs="ParsesReceipts")
    def test_an_unknown_status_claims_nothing(self, rig: Rig) -> None:
        """A status that the adapter does not know is a `PermanentError`, no event, or one that is not final.

        Why: vendors add codes without telling; guessing "failed" calls a customer about a text that he has read.
        If this fails: no default in the table of states.
        """
        events = read(rig.adapter, self.receipt_push(self.reports(rig, None), rig.world))

        assert events is None or isinstance(events, PermanentError | tuple)
        if isinstance(events, tuple):
            assert not [event for event in events if isinstance(event, Receipt) and event.state in _FINAL]

    @check(needs="ParsesReceipts & receipts_together")
    def test_an_unknown_status_costs_no_neighbour(self, rig: Rig) -> None:
        """In a push of several, one unknown status leaves the others readable.

        Why: a push is read as a whole or not at all; ninety-nine good receipts would wait for a new release of the plugin.
        If this fails: read what is unknown as SENT with the vendor's own code, or leave it out.
        """
        reports = self.reports(rig, ReceiptState.DELIVERED, None, ReceiptState.FAILED)
        events = read(rig.adapter, self.receipt_push(reports, rig.world))

        assert isinstance(events, tuple)
        states = {event.key or event.ref: event.state for event in events if isinstance(event, Receipt)}
        for report in (reports[0], reports[2]):
            assert report.state is states.get(report.key, states.get(report.ref))

    @check(needs="ParsesReceipts")
    def test_a_receipt_keeps_nothing_of_the_customer(self, rig: Rig) -> None:
        """Neither number nor text of the customer stands in a receipt: its key is enough.

        Why: receipts are counted, exported and shown; their code is kept raw.
        If this fails: keep the status alone in `code`; the report of an SMSC repeats the text's first words.
        """
        receipt = self._receipt(rig, *self.reports(rig, ReceiptState.DELIVERED))
        personal = [number.removeprefix("+86") for number in (CUSTOMER, OTHER)]

        assert not standing([*personal, NAME, WORDS[:4]], {"the receipt": repr(receipt)})

    @check(needs="ParsesReceipts")
    def test_receipts_are_answered(self, rig: Rig) -> None:
        """The answer to a push of receipts is the one that the vendor waits for (`receipt_answer`).

        Why: without it the vendor repeats the push twice or thrice, and then never again.
        If this fails: return `Parsed(answer=WebhookResponse(…))` with the body that the vendor's page asks for, byte for byte.
        """
        parsed = rig.adapter.parse_receipts(self.receipt_push(self.reports(rig, ReceiptState.DELIVERED), rig.world))

        assert self.receipt_answer == parsed.answer

    def _receipt(self, rig: Rig, report: Report, adapter: Any = None) -> Receipt:
        """What one report is read as."""
        events = read(adapter or rig.adapter, self.receipt_push([report], rig.world))

        assert isinstance(events, tuple)
        (receipt,) = events
        assert isinstance(receipt, Receipt)
        return receipt
