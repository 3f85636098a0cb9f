"""What holds for several texts in one call: each has its own number, text, key and outcome."""

from __future__ import annotations

from collections.abc import Mapping

from crmcore.testing.contract import check
from crmcore.testing.network import CUSTOMER, OTHER, REFUSED, TEXT, Network
from crmcore.testing.rig import Operation, Rig
from crmcore.testing.sending import SendingContract
from crmcore.types.contact import Accepted, Message, Rejected, Scope

#: A batch that is full holds this many at most in the check.
_FULL = 200


class BatchContract(SendingContract):
    """What `SendsBatches` promises."""

    def operations(self, world: Network) -> Mapping[str, Operation]:
        """Also a batch of two."""
        found = dict(super().operations(world))
        if self.has("SendsBatches"):
            found["send_batch"] = Operation(
                "send", lambda adapter: adapter.send_batch(self._pairs(world, (CUSTOMER, TEXT), (OTHER, TEXT)))
            )
        return found

    @check(needs="SendsBatches")
    def test_each_text_of_a_batch_goes_its_own_way(self, rig: Rig) -> None:
        """Every text of a batch arrives at its number with its key, and its key has the outcome, with the vendor's id for it.

        Why: lists that are put together by position slip by one, and everybody reads his neighbour's name.
        If this fails: build each list of the request from the same pairs, and read the answer by key or number, not by position.
        """
        pairs = self._pairs(rig.world, (CUSTOMER, "甲"), (OTHER, "乙"))
        outcomes = rig.adapter.send_batch(pairs)
        refs = {taken.key: taken.ref for taken in rig.world.texts}

        assert [(message.to, message.text, key) for key, message in pairs] == [
            (taken.to, taken.text, taken.key) for taken in rig.world.texts
        ]
        assert {key for key, _ in pairs} == set(outcomes)
        assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
        assert all(outcome.ref in {None, refs[key]} for key, outcome in outcomes.items())

    @check(needs="SendsBatches")
    def test_two_texts_of_a_batch_may_have_one_number(self, rig: Rig) -> None:
        """Two texts to one number in one batch arrive both, and both keys have an outcome.

        Why: a customer has two cars; what is put together by number loses one of them.
        If this fails: put together by key; where the vendor takes a number once in a call, send the second text with `send`.
        """
        pairs = self._pairs(rig.world, (CUSTOMER, "甲"), (CUSTOMER, "乙"))
        outcomes = rig.adapter.send_batch(pairs)

        assert {"甲", "乙"} == {taken.text for taken in rig.world.texts}
        assert {key: Accepted for key, _ in pairs} == {key: type(outcome) for key, outcome in outcomes.items()}

    @check(needs="SendsBatches & refuses_numbers")
    def test_a_refused_number_costs_no_neighbour(self, rig: Rig) -> None:
        """In a batch with a number that the vendor refuses, that key is `Rejected` with scope RECIPIENT, and the others are accepted.

        Why: one wrong digit in a list of a hundred would otherwise make ninety-nine calls, or ninety-nine texts that nobody sent.
        If this fails: read the outcome of each recipient from the answer; a vendor that refuses the call as a whole gets the rest again
        only if it says that it took none.
        """
        pairs = self._pairs(rig.world, (CUSTOMER, TEXT), (REFUSED, TEXT), (OTHER, TEXT))
        outcomes = rig.adapter.send_batch(pairs)
        first, refused, last = (outcomes[key] for key, _ in pairs)

        assert isinstance(refused, Rejected)
        assert Scope.RECIPIENT is refused.scope
        assert (Accepted, Accepted) == (type(first), type(last))

    @check(needs="SendsBatches")
    def test_a_full_batch_is_taken(self, rig: Rig) -> None:
        """As many texts as `limits.batch` allows go with one call, and each has an outcome.

        Why: the core cuts its work into pieces of this size and paces the calls.
        If this fails: make `limits.batch` what the vendor's page says, and send the pairs in one request.
        """
        size = min(rig.adapter.limits.batch, _FULL)
        numbers = [f"+861380013{number:04d}" for number in range(1_000, 1_000 + size)]
        rig.fresh().send_batch(self._pairs(rig.world, (CUSTOMER, TEXT)))
        usual = len(rig.wire.travelled)
        pairs = self._pairs(rig.world, *((number, TEXT) for number in numbers))
        outcomes = rig.fresh().send_batch(pairs)

        assert {key: Accepted for key, _ in pairs} == {key: type(outcome) for key, outcome in outcomes.items()}
        assert usual == len(rig.wire.travelled) - usual

    @check(needs="SendsBatches")
    def test_a_failure_of_a_batch_is_seen(self, rig: Rig) -> None:
        """When the vendor takes nothing of a batch and says so, whatever the status, no key is `Accepted`.

        Why: a hundred texts that nobody sent would count as sent.
        If this fails: accept each by the vendor's own word for it; a key without an outcome counts as `Unknown`.
        """
        rig.world.failing = True
        outcomes = rig.adapter.send_batch(self._pairs(rig.world, (CUSTOMER, TEXT), (OTHER, TEXT)))

        assert [] == [key for key, outcome in outcomes.items() if isinstance(outcome, Accepted)]

    def _pairs(self, world: Network, *texts: tuple[str, str]) -> list[tuple[str, Message]]:
        """A key and a message for each (number, text)."""
        return [(world.next_key(), self.message(to=to, text=text)) for to, text in texts]
