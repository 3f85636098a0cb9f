"""What holds for asking the vendor: for one text after a doubt, and for all receipts since last time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from crmcore.hooks.adapters import Found
from crmcore.testing.contract import check
from crmcore.testing.network import CUSTOMER, OTHER, Network, Report, a_reply
from crmcore.testing.rig import Operation, Rig
from crmcore.testing.sending import SendingContract
from crmcore.types.contact import Receipt, ReceiptState, Reply

_PLANTED = "Planted1"
_PAGES = 7
#: Half a minute before midnight in Shanghai.
_LATE = datetime(2026, 11, 22, 15, 59, 30, tzinfo=UTC)


class LogContract(SendingContract):
    """What `FindsMessages` and `PullsReceipts` promise.

    Attributes:
        pulls_replies: the vendor tells customers' texts together with the receipts.
    """

    pulls_replies: ClassVar[bool] = False

    def operations(self, world: Network) -> Mapping[str, Operation]:
        """Also what reads the vendor's log."""
        found = dict(super().operations(world))
        if self.has("FindsMessages"):
            if world.find(_PLANTED) is None:
                world.take(to=CUSTOMER, text=self.message().text, key=_PLANTED)
            found["find"] = Operation("read", lambda adapter: self._find(adapter, _PLANTED, world.clock.now()))
        if self.has("PullsReceipts"):
            if not world.outbox:
                world.outbox.extend(self._events(world, _PAGES))
            found["pull_receipts"] = Operation("read", lambda adapter: list(adapter.pull_receipts(None)))
        return found

    # ------------------------------------------------------------------ finding one text

    @check(needs="FindsMessages")
    def test_what_was_taken_is_found(self, rig: Rig) -> None:
        """After a send, `find` has the text, with the vendor's id where it names one.

        Why: it ends a doubt; what is not found, though it is there, is sent again.
        If this fails: ask by our key, through every page of the vendor's answer.
        """
        rig.adapter.send(self.message(), key="Other1")
        rig.adapter.send(self.message(), key="Find1")
        found = self._find(rig.adapter, "Find1", rig.clock.now())

        assert isinstance(found, Found)
        assert found.ref in {None, rig.world.texts[-1].ref}
        assert found.receipt is None or found.receipt.key in {None, "Find1"}

    @check(needs="FindsMessages")
    def test_what_was_not_taken_is_not_found(self, rig: Rig) -> None:
        """A key that the vendor does not have gives None, also when another text went to the same number a moment before.

        Why: the doubt is settled as "sent" otherwise, and the customer never hears of his car.
        If this fails: compare the key in each line of the answer, not the number alone; None, not an error.
        """
        rig.adapter.send(self.message(), key="Other1")

        assert self._find(rig.adapter, "Find1", rig.clock.now()) is None

    @check(needs="FindsMessages")
    def test_a_text_is_found_after_midnight(self, rig: Rig) -> None:
        """A text that was sent before midnight is found after it.

        Why: vendors ask for a day; the day is that of the text, in the vendor's zone, not the day of the question in UTC.
        If this fails: make the day from `sent_at` in the vendor's time zone, and ask for the next one too if it may have slipped.
        """
        rig.clock.at = _LATE
        rig.adapter.send(self.message(), key="Find1")
        rig.clock.tick(minutes=30)

        assert self._find(rig.adapter, "Find1", _LATE) is not None

    @check(needs="FindsMessages")
    def test_absence_takes_its_time(self, rig: Rig) -> None:
        """`absence_is_proof_after` is longer than nothing and at most a day.

        Why: two absences this far apart prove "not sent", and the text is sent again; a log that lags proves nothing yet.
        If this fails: set what the vendor's page says about delays of the log, and twice as much where it says none.
        """
        assert timedelta(0) < rig.adapter.absence_is_proof_after <= timedelta(days=1)

    def _find(self, adapter: Any, key: str, sent_at: datetime) -> object:
        return adapter.find(self.message(), key=key, sent_at=sent_at)

    # ------------------------------------------------------------------ asking for all receipts

    @check(needs="PullsReceipts")
    def test_every_receipt_is_pulled_once(self, rig: Rig) -> None:
        """From the beginning, each event of the vendor's log comes once, in its order, with its state, and a time that has a zone.

        Why: what is left out stays "accepted" for ever.
        If this fails: go through all pages; receipts of one second belong to several pages now and then. Vendors mean Beijing when
        they say no zone.
        """
        rig.world.outbox.extend(self._events(rig.world, _PAGES))
        pulled = [event for events, _ in rig.adapter.pull_receipts(None) for event in events]

        assert [_name(event) for event in rig.world.outbox] == [_name(event) for event in pulled]
        assert {each.at for each in pulled} <= {None, *(each.at for each in rig.world.outbox)}

    @check(needs="PullsReceipts")
    def test_pulling_resumes_after_every_page(self, rig: Rig) -> None:
        """From the cursor of each page on, another process gets exactly what follows that page.

        Why: the core stores the cursor with the page; a run that is killed between two pages must lose and repeat nothing.
        If this fails: put into the cursor what the vendor needs to go on after this page's last event, an id rather than a time.
        """
        rig.world.outbox.extend(self._events(rig.world, _PAGES))
        pages = list(rig.adapter.pull_receipts(None))
        wrong = []
        for number, (_, cursor) in enumerate(pages):
            rest = [_name(event) for events, _ in rig.fresh().pull_receipts(cursor) for event in events]
            if rest != [_name(event) for events, _ in pages[number + 1 :] for event in events]:
                wrong.append(number)

        assert pages
        assert [] == wrong

    @check(needs="PullsReceipts")
    def test_pulling_goes_on(self, rig: Rig) -> None:
        """From the last cursor on, what has been added since comes, and nothing else.

        Why: receipts come for days; this is asked every few minutes.
        If this fails: the last page has a cursor too, also when it was empty: give back the one you were given.
        """
        rig.world.outbox.extend(self._events(rig.world, _PAGES))
        cursor = _last(rig.adapter.pull_receipts(None), None)
        nothing = list(rig.adapter.pull_receipts(cursor))
        cursor = _last(nothing, cursor)
        rig.world.outbox.extend(self._events(rig.world, 1))
        added = [event for events, _ in rig.adapter.pull_receipts(cursor) for event in events]

        assert [] == [event for events, _ in nothing for event in events]
        assert [_name(rig.world.outbox[-1])[0]] == [_name(event)[0] for event in added]

    def _events(self, world: Network, count: int) -> list[Report | Reply]:
        """What the vendor has to tell, all of it of one second."""
        begin = len(world.outbox)
        found: list[Report | Reply] = []
        for number in range(begin, begin + count):
            if self.pulls_replies and number % 3 == 0:
                found.append(a_reply("TD", number=number))
            else:
                state = (ReceiptState.DELIVERED, ReceiptState.FAILED)[number % 2]
                found.append(Report(key=f"Pulled{number}", ref=f"P{number}", to=OTHER, state=state))
        return found


def _name(event: Report | Receipt | Reply) -> tuple[str | None, ...]:
    """What tells events of one log apart; a key where there is one, else the reference."""
    if isinstance(event, Reply):
        return (event.vendor_id, event.text)
    return (event.key or event.ref, str(event.state))


def _last(pages: Any, cursor: str | None) -> str | None:
    for _, each in pages:
        cursor = each
    return cursor
