"""What holds for a send: the text arrives as it was written, at the number it was for, once, and the outcome claims no more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from crmcore.errors import AuthError
from crmcore.testing.common import AdapterContract
from crmcore.testing.contract import check
from crmcore.testing.network import (
    ABROAD,
    CUSTOMER,
    NAME,
    OTHER,
    REFUSED,
    TEXT,
    WORDS,
    Network,
    a_message,
    longest,
)
from crmcore.testing.rig import Clock, Operation, Rig
from crmcore.testing.shown import standing
from crmcore.types.contact import Accepted, Deferred, Message, Rejected, Scope, SendResult, Unknown
from crmcore.types.customer import Channel

PEOPLE, GROUP = "PEOPLE", "GROUP"
#: Longer than any vendor takes.
_ENDLESS = 40_000
#: What a text may be made of.
TEXTS = {
    "gsm": "Your car is ready. Thank you!",
    "chinese": "您的车已经修好，欢迎来提车。【4S店】",
    "emoji": "您的车好了😀🚗",
    "newline": "第一行\n第二行",
    "url": "50% off? a+b & c=d #1; %41 %2B",
    "braces": "{to} {text} {key} {password} {0} ${words} %(key)s",
    "quotes": "\"a\" 'b' \\n <b>&amp;</b>",
}
#: Keys that the core may give: [A-Za-z0-9]{1,50}.
KEYS = {"short": "7", "mixed": "aZ09zA", "longest": "Kq" * 25}


class SendingContract(AdapterContract):
    """What a messaging adapter is asked to send.

    Attributes:
        carries_key: False where the vendor has no room for our key.
        refuses_numbers: False for a vendor that has no numbers, or takes any and tells later.
    """

    carries_key: ClassVar[bool] = True
    refuses_numbers: ClassVar[bool] = True

    # ------------------------------------------------------------------ the world and what is asked

    def make_world(self, folder: Path, clock: Clock) -> Network:
        """The vendor's network."""
        return Network(folder=folder, clock=clock, dedupes=self.has("DedupesKeys"))

    @classmethod
    def has(cls, needs: str) -> bool:
        """An adapter speaks to people, or to groups."""
        if needs in {PEOPLE, GROUP}:
            return (cls.channel() is Channel.GROUP) is (needs == GROUP)
        return super().has(needs)

    @classmethod
    def channel(cls) -> Channel:
        """The channel of the messages that the kit makes."""
        channels = getattr(cls.adapter_class, "channels", ())
        return Channel.SMS if Channel.SMS in channels else min(channels, default=Channel.SMS)

    def operations(self, world: Network) -> Mapping[str, Operation]:
        """A check and a text."""
        return {**super().operations(world), "send": Operation("send", lambda adapter: self.send(adapter, world))}

    def message(self, *, to: str = CUSTOMER, text: str = TEXT, template: bool = True) -> Message:
        """A text for this adapter."""
        return a_message(self.channel(), to=to, text=text, template=template)

    def send(self, adapter: Any, world: Network, **message: Any) -> SendResult:
        """Hand over one text, with a key of its own."""
        outcome: SendResult = adapter.send(self.message(**message), key=world.next_key())
        return outcome

    def personal(self, world: Network) -> list[str]:  # noqa: ARG002 - the same in every world
        """A number, a name, words."""
        return [CUSTOMER.removeprefix("+86"), NAME, WORDS]

    # ------------------------------------------------------------------ what arrives

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    @check()
    def test_a_text_arrives_as_it_was_written(self, rig: Rig, text: str) -> None:
        """What `limits.fits` is accepted and arrives sign by sign; what does not fit is rejected, and nothing arrives.

        Why: a gateway that gets Chinese in the wrong alphabet says "accepted" and sends question marks.
        If this fails: let `context.http` encode (`params=`, `json=`), name the alphabet where the vendor wants it, fill nothing
        into a text that is already written, and refuse in `limits.fits` what the vendor cannot carry.
        """
        outcome = self.send(rig.adapter, rig.world, text=text)
        arrived = [taken.text for taken in rig.world.texts]
        if rig.adapter.limits.fits(text):
            assert (Accepted, [text]) == (type(outcome), arrived)
        else:
            assert (Rejected, []) == (type(outcome), arrived)

    @check(needs=PEOPLE)
    def test_a_text_goes_to_its_number(self, rig: Rig) -> None:
        """Each text reaches the number it was for; one abroad is reached abroad, or refused, and never a stranger at home.

        Why: +852 5123 4567 without its +852 is somebody else's phone.
        If this fails: write numbers from `message.to`, which is E.164, and reject what the vendor's way of writing cannot express.
        """
        for number in (CUSTOMER, OTHER):
            self.send(rig.adapter, rig.world, to=number)
        outcome = self.send(rig.adapter, rig.world, to=ABROAD)
        reached = [taken.to for taken in rig.world.texts]

        assert [CUSTOMER, OTHER] == reached[:2]
        assert reached[2:] == ([ABROAD] if isinstance(outcome, Accepted) else [])

    @pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
    @check(needs="carries_key")
    def test_the_key_travels_along(self, rig: Rig, key: str) -> None:
        """Our key arrives with the text, whole and in its own case.

        Why: receipts are matched by it, and after a doubt it is all there is to ask for.
        If this fails: put it into the vendor's field for the caller's own id, or into the address that receipts are pushed to;
        say `carries_key = False` in the contract where the vendor has room in neither.
        """
        rig.adapter.send(self.message(), key=key)

        assert [key] == [taken.key for taken in rig.world.texts]

    @check()
    def test_the_reference_is_the_vendors(self, rig: Rig) -> None:
        """`Accepted.ref` is the id that the vendor gave, or None.

        Why: it is stored as what to ask the vendor's hotline about, and receipts may come with nothing else.
        If this fails: read it from the answer; never make one up, and leave out the number of the request.
        """
        outcome = self.send(rig.adapter, rig.world)
        (taken,) = rig.world.texts

        assert getattr(outcome, "ref", outcome) in {None, taken.ref}

    @check()
    def test_a_free_text_is_not_replaced(self, rig: Rig) -> None:
        """A message that names no template arrives as its text, or is rejected; no other text is sent in its place.

        Why: vendors of templates take only what was approved, and a clerk's own words are not.
        If this fails: look at `message.template`; without one send `message.text`, or return `Rejected(code="NO_TEMPLATE")`.
        """
        outcome = self.send(rig.adapter, rig.world, template=False)
        arrived = [taken.text for taken in rig.world.texts]

        assert arrived == ([TEXT] if isinstance(outcome, Accepted) else [])
        assert isinstance(outcome, Accepted | Rejected)

    # ------------------------------------------------------------------ what does not fit

    @pytest.mark.parametrize("char", ["a", "[", "长", "😀"], ids=["gsm", "extended", "chinese", "emoji"])
    @check()
    def test_nothing_is_cut(self, rig: Rig, char: str) -> None:
        """The longest text that `limits.fits` arrives whole; a longer one is rejected or arrives whole as well.

        Why: gateways cut and say "accepted"; the customer reads half a date, and the words that let him refuse are gone.
        If this fails: count as the vendor counts (septets, UTF-16 units, bytes) and reject before the call.
        """
        most = longest(rig.adapter.limits.fits, char, _ENDLESS)
        for count in {most, most + 1, _ENDLESS} - {0}:
            before = len(rig.world.texts)
            outcome = self.send(rig.adapter, rig.world, text=char * count)
            arrived = [len(taken.text) for taken in rig.world.texts[before:]]

            assert arrived == ([count] if isinstance(outcome, Accepted) else [])
            assert isinstance(outcome, Accepted if count == most else Accepted | Rejected)

    @pytest.mark.parametrize("text", ["", " \n"], ids=["empty", "blank"])
    @check()
    def test_an_empty_text_does_not_leave(self, rig: Rig, text: str) -> None:
        """A text without a word is rejected, `limits.fits` says so before, and nothing arrives.

        Why: a template whose variables are empty makes one; the customer is charged with a riddle.
        If this fails: `if not message.text.strip(): return Rejected(code="EMPTY_TEXT")`.
        """
        outcome = self.send(rig.adapter, rig.world, text=text)

        assert (Rejected, []) == (type(outcome), [taken.text for taken in rig.world.texts])

    # ------------------------------------------------------------------ what the vendor refuses

    @check(needs="refuses_numbers")
    def test_a_refused_number_is_rejected_alone(self, rig: Rig) -> None:
        """A number that the vendor refuses is `Rejected` with scope RECIPIENT and the vendor's code, which names nobody.

        Why: RECIPIENT turns this one text into a call; ACCOUNT stops every text of the day. Codes are counted and shown.
        If this fails: map the vendor's codes for numbers to `Rejected(code=…)`, those for us to `scope=Scope.ACCOUNT`; a sentence of the
        vendor's that repeats the number is no code.
        """
        outcome = self.send(rig.adapter, rig.world, to=REFUSED)

        assert isinstance(outcome, Rejected)
        assert Scope.RECIPIENT is outcome.scope
        assert outcome.code
        assert not standing([REFUSED.removeprefix("+86"), NAME], {"the code": outcome.code})

    @check()
    def test_a_failure_in_a_good_answer_is_seen(self, rig: Rig) -> None:
        """When the vendor takes nothing and says so in the body, whatever the status, the outcome is not `Accepted`; a later time has a zone.

        Why: most vendors of this trade answer 200 to everything; a status alone is no answer.
        If this fails: accept by the vendor's own word for success, and let everything you do not know be `Unknown`.
        """
        rig.world.failing = True
        outcome = self.send(rig.adapter, rig.world)

        later = outcome.not_before if isinstance(outcome, Deferred) else None

        assert isinstance(outcome, Rejected | Deferred | Unknown)
        assert later is None or later.utcoffset() is not None

    @check()
    def test_wrong_credentials_stop_the_account(self, rig: Rig) -> None:
        """When the vendor does not know us, a send is `Rejected` with scope ACCOUNT, or `Unknown`.

        Why: every further text would fail alike; with RECIPIENT each customer would be called instead, hundreds a day.
        If this fails: give `Scope.ACCOUNT` to the vendor's codes for login, signature, balance and address.
        """
        rig.world.locked = True
        outcome = self.send(rig.adapter, rig.world)

        assert [] == rig.world.texts, "vendor() answers as if it knew us: it must look at world.locked"
        assert isinstance(outcome, Unknown) or (isinstance(outcome, Rejected) and outcome.scope is Scope.ACCOUNT)

    @check()
    def test_the_check_finds_wrong_credentials(self, rig: Rig) -> None:
        """When the vendor does not know us, `check()` raises `AuthError`.

        Why: `crmcore doctor` says "renew the password" then, before the first text of the morning.
        If this fails: ask for something that needs the login, and raise `AuthError` for the vendor's way of refusing it.
        """
        rig.world.locked = True
        with pytest.raises(AuthError):
            rig.adapter.check()

    # ------------------------------------------------------------------ what it says of itself

    @check()
    def test_its_limits_can_be_kept(self, rig: Rig) -> None:
        """`limits` has a batch of at least one, of one without `SendsBatches`, and a pace above zero or none.

        Why: the core divides by them.
        If this fails: `Limits(batch=…)` only with `SendsBatches`; `per_second=None` where the vendor names no pace.
        """
        limits = rig.adapter.limits

        assert limits.batch >= 1
        assert limits.batch == 1 or self.has("SendsBatches")
        assert limits.per_second is None or limits.per_second > 0

    @check()
    def test_its_channels_are_named(self) -> None:
        """`channels` is a set of `Channel`; a robot of a group has GROUP and nothing else.

        Why: the core chooses by channel, and what goes to colleagues never mixes with what goes to customers.
        If this fails: `channels: ClassVar[frozenset[Channel]] = frozenset({Channel.SMS})`; make a second adapter for groups.
        """
        channels = getattr(self.adapter_class, "channels", None)

        assert isinstance(channels, frozenset)
        assert channels
        assert all(isinstance(channel, Channel) for channel in channels)
        assert Channel.GROUP not in channels or len(channels) == 1
