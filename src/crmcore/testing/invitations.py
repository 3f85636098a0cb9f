"""What holds for an invitation: everybody is asked once, and nobody reads what is another's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from crmcore.errors import CrmError
from crmcore.hooks.adapters import Invited, Invitee, NotInvited
from crmcore.testing.common import AdapterContract
from crmcore.testing.contract import check
from crmcore.testing.faults import BY_NAME, broken
from crmcore.testing.rig import NOW, Operation, Rig

INVITES = "Invites"
_OVER_HTTP = "invites over HTTP"
#: Tokens may have 1 to 35 letters and digits; the short, the long, and what a spreadsheet would take for a number.
_TOKENS = ("a", "Zz9", "0042", "1e5", "TRUE", "AbCdEfGhIjKlMnOpQrStUvWxYz012345678")


class InvitationContract(AdapterContract):
    """What `Invites` promises."""

    @classmethod
    def has(cls, needs: str) -> bool:
        """What needs the wire as well needs both."""
        if needs == _OVER_HTTP:
            return cls.over_http and super().has(INVITES)
        return super().has(needs)

    def operations(self, world: Any) -> Mapping[str, Operation]:
        """Also an invitation of three."""
        operations = dict(super().operations(world))
        if self.has(INVITES):
            operations["invite"] = Operation("read", lambda adapter: adapter.invite(invitees("Ann1", "Ann2", "Ann3")))
        return operations

    @check(needs=INVITES)
    def test_each_token_has_an_outcome(self, rig: Rig) -> None:
        """Every token that was handed in has its outcome and its holder is asked, also where two differ in nothing but case.

        Why: a token without an outcome is handed in again every night.
        If this fails: answer for each token, by the token and not by its place in the vendor's answer.
        """
        outcomes = rig.adapter.invite(invitees("Ann1", "Bob2", "ann1"))

        assert {"Ann1": Invited, "Bob2": Invited, "ann1": Invited} == {
            token: type(one) for token, one in outcomes.items()
        }
        assert ["Ann1", "Bob2", "ann1"] == sorted(rig.world.asked)

    @check(needs=INVITES)
    def test_each_link_is_one_persons(self, rig: Rig) -> None:
        """No two tokens have one link, and a token has the same link tomorrow.

        Why: whoever has the link answers as that customer, and a reminder carries the link once more.
        If this fails: make the link of the token, or ask the vendor for the one that it has.
        """
        tokens = ("Ann1", "Bob2", "Cid3")
        first = _links(rig.adapter.invite(invitees(*tokens)))
        rig.clock.tick(days=1)
        second = _links(rig.fresh().invite(invitees(*tokens)))

        assert len(tokens) == len(set(first.values()))
        assert all(link.startswith(("https://", "http://")) for link in first.values())
        assert first == second

    @check(needs=INVITES)
    def test_no_link_is_shown(self, rig: Rig) -> None:
        """A link stands in no log and in no repr.

        Why: whoever reads the log could answer as the customer.
        If this fails: log counts and codes.
        """
        outcomes = rig.adapter.invite(invitees("Ann1", "Bob2"))
        shown = "\n".join([*rig.log, repr(outcomes), repr(rig.adapter)])
        links = _links(outcomes)

        assert links
        assert [] == [token for token, link in links.items() if link in shown]

    @check(needs=INVITES)
    def test_inviting_twice_asks_once(self, rig: Rig) -> None:
        """A token that is handed in once more, by this instance or another, is `Invited` again, and nobody is asked twice.

        Why: a run that dies after the vendor's answer does not know it, and does all of it again.
        If this fails: what the vendor calls "already there" is an invitation; look first where it has no word for that.
        """
        rig.adapter.invite(invitees("Ann1", "Bob2"))
        again = [rig.adapter.invite(invitees("Ann1", "Bob2")), rig.fresh().invite(invitees("Bob2", "Cid3"))]

        assert {Invited} == {type(one) for outcomes in again for one in outcomes.values()}
        assert ["Ann1", "Bob2", "Cid3"] == sorted(rig.world.asked)

    @check(needs=INVITES)
    def test_one_refusal_costs_no_other(self, rig: Rig) -> None:
        """What the vendor will not take is `NotInvited` with a code, tomorrow as well; the others of the call are invited.

        Why: one customer with an odd language must not keep two hundred from being asked.
        If this fails: look at the answer row by row, and raise only for what concerns the call as a whole.
        """
        rig.world.refused.add("Bob2")
        for adapter in (rig.adapter, rig.fresh()):
            outcomes = adapter.invite(invitees("Ann1", "Bob2", "Cid3"))
            refusal = outcomes.get("Bob2")

            assert isinstance(refusal, NotInvited)
            assert refusal.code
            assert {Invited} == {type(outcomes.get(token)) for token in ("Ann1", "Cid3")}
        assert ["Ann1", "Cid3"] == sorted(rig.world.asked)

    @check(needs=INVITES)
    def test_as_many_as_it_says_are_invited_in_one_call(self, rig: Rig) -> None:
        """`invites_at_once` invitees in one call all have an outcome, and so has one call with more, or it raises.

        Why: the core hands in that many, and never looks behind the answer.
        If this fails: cut the call into as many as the vendor takes, or say fewer in `invites_at_once`.
        """
        count = self.adapter_class.invites_at_once  # type: ignore[attr-defined]
        many = [f"M{number:05d}" for number in range(count)]
        outcomes = rig.adapter.invite(invitees(*many))
        more = [f"N{number:05d}" for number in range(2 * count + 1)]
        try:
            beyond = rig.adapter.invite(invitees(*more))
        except CrmError:
            beyond = dict.fromkeys(more, Invited(link=""))
            rig.world.asked = [*many, *more]

        assert set(many) == outcomes.keys()
        assert set(more) == beyond.keys()
        assert sorted([*many, *more]) == sorted(rig.world.asked)

    @check(needs=INVITES)
    def test_any_token_of_ours_is_taken(self, rig: Rig) -> None:
        """Tokens of one character and of 35, of digits only, and such as look like numbers or words, arrive as they are.

        Why: our tokens are [A-Za-z0-9]{1,35}, and an answer under a token that was changed on its way belongs to nobody.
        If this fails: send it as text, quoted for where it stands; `NotInvited` when the vendor would change it.
        """
        outcomes = rig.adapter.invite(invitees(*_TOKENS))
        taken = [token for token, one in outcomes.items() if isinstance(one, Invited)]

        assert set(_TOKENS) == outcomes.keys()
        assert sorted(taken) == sorted(rig.world.asked)

    @check(needs=_OVER_HTTP)
    def test_a_call_that_broke_off_can_be_repeated_whole(self, rig: Rig) -> None:
        """An invitation whose answer was lost raises, and the same call once more invites everybody; nobody is asked twice.

        Why: a connection ends when it likes, and by then the vendor may have asked some of them.
        If this fails: let `TransientError` and `PermanentError` pass, and take "already there" for an invitation.
        """
        tokens = ("Ann1", "Bob2", "Cid3")
        before = len(rig.wire.travelled)
        rig.fresh().invite(invitees("Zoe0"))
        for position in range(len(rig.wire.travelled) - before):
            people = [f"{token}{position}" for token in tokens]
            raised = False
            with broken(rig, BY_NAME["truncated-json"], after=position):
                try:
                    rig.fresh().invite(invitees(*people))
                except CrmError:
                    raised = True
            outcomes = rig.fresh().invite(invitees(*people))

            assert raised, f"request {position + 1} was answered with half an answer, and nothing was raised"
            assert dict.fromkeys(people, Invited) == {token: type(one) for token, one in outcomes.items()}
        assert len(rig.world.asked) == len(set(rig.world.asked))


def invitees(*tokens: str) -> Sequence[Invitee]:
    """Somebody for each token; what they answer is wanted for two weeks."""
    return [
        Invitee(token=token, lang="zh", expires_at=NOW + timedelta(days=14), attributes={"store": "S01"})
        for token in tokens
    ]


def _links(outcomes: Mapping[str, Any]) -> dict[str, str]:
    return {token: one.link for token, one in outcomes.items() if isinstance(one, Invited)}
