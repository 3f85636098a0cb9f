"""The world of a messaging adapter: the vendor's network, which takes texts and tells what became of them.

A vendor's script asks it at every call, and puts into the vendor's words what it says: `Taken`, `Refused` or `Failed`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import attrs

from crmcore.testing.rig import NOW, World
from crmcore.types.contact import Message, MessageClass, ReceiptState, Reply
from crmcore.types.customer import Channel

#: Numbers of customers; the vendor refuses the last one.
CUSTOMER, OTHER, REFUSED = "+8613800138000", "+8613800138001", "+8613800138099"
#: A number of another country.
ABROAD = "+85251234567"
#: Phones of colleagues.
COLLEAGUES = ("+8613900139001", "+8613900139002")
NAME, WORDS = "李先生", "您的爱车该做保养了"
TEXT = f"{NAME}，{WORDS}"
#: The code of the one template that the kit's messages name; its variable is the text as a whole.
TEMPLATE, VARIABLE = "CONTRACT", "words"


@attrs.frozen(kw_only=True)
class Taken:
    """The network has the text.

    Attributes:
        ref: the vendor's id for it.
        key: ours, as it arrived; "" where the vendor has no room for it.
        to: E.164, however it was written; "" for a group.
        mentions: the colleagues who are called by it, E.164.
        at: when it was taken.
    """

    ref: str
    key: str
    to: str = attrs.field(repr=False)
    text: str = attrs.field(repr=False)
    mentions: tuple[str, ...] = attrs.field(default=(), repr=False)
    at: datetime = NOW


@attrs.frozen
class Refused:
    """The vendor takes nothing for this number, ever."""


@attrs.frozen
class Failed:
    """The vendor takes nothing and says so; with status 200, if that is how it says such things."""


@attrs.frozen(kw_only=True)
class Report:
    """What became of a text; `receipt_push` puts it into the vendor's words.

    Attributes:
        state: None stands for a status that this vendor invents tomorrow.
        permanent: the number does not exist.
    """

    key: str
    ref: str
    to: str = attrs.field(repr=False)
    state: ReceiptState | None
    permanent: bool = False
    at: datetime = NOW


@attrs.define(kw_only=True)
class Network(World):
    """What the vendor holds.

    Attributes:
        dedupes: it takes a key once.
        refused: numbers it takes nothing for, E.164.
        texts: what it took, in order.
        outbox: what a vendor that is asked for receipts has to tell, in order.
    """

    dedupes: bool = False
    refused: frozenset[str] = frozenset({REFUSED})
    texts: list[Taken] = attrs.field(factory=list)
    outbox: list[Report | Reply] = attrs.field(factory=list)
    _keys: int = 0

    def take(
        self,
        *,
        to: str = "",
        text: str = "",
        key: str = "",
        mentions: Sequence[str] = (),
    ) -> Taken | Refused | Failed:
        """One text for one number, as the phone would show it."""
        number = e164(to)
        if self.failing:
            return Failed()
        if number in self.refused:
            return Refused()
        if self.dedupes and (known := self.find(key)) is not None:
            return known
        called = tuple(e164(each) for each in mentions)
        ref = f"V{len(self.texts) + 1:07d}"
        taken = Taken(ref=ref, key=key, to=number, text=text, mentions=called, at=self.clock.now())
        self.texts.append(taken)
        self.writes += 1
        return taken

    def filled(self, template: str, params: Mapping[str, str]) -> str:
        """What the phone would show, for vendors that fill in: the kit's messages name one template, and its variable is all of it."""
        return params.get(VARIABLE, "") if template == TEMPLATE else ""

    def find(self, key: str) -> Taken | None:
        """The text that came with this key."""
        return next((taken for taken in self.texts if key and taken.key == key), None)

    def next_key(self) -> str:
        """A key that was not used yet."""
        self._keys += 1
        return f"Kit{self._keys:04d}a"


def e164(number: str) -> str:
    """A number however a vendor writes it: 13800138000, 8613800138000, 0086…, +86 138 0013 8000."""
    digits = re.sub(r"[^0-9+]", "", number)
    if not digits or digits.startswith("+"):
        return digits
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+86{digits}" if re.fullmatch("1[0-9]{10}", digits) else f"+{digits}"


def a_message(channel: Channel, *, to: str = CUSTOMER, text: str = TEXT, template: bool = True) -> Message:
    """A text to a customer, or to a group of colleagues."""
    return Message(
        id="M1",
        to="" if channel is Channel.GROUP else to,
        text=text,
        message_class=MessageClass.CARE,
        channel=channel,
        template=TEMPLATE if template else "",
        params={VARIABLE: text} if template else {},
    )


def a_reply(text: str, *, number: int = 1, sender: str = CUSTOMER) -> Reply:
    """What a customer texts back."""
    return Reply(sender=sender, text=text, to="10690000", at=NOW, vendor_id=f"R{number:07d}")


def longest(fits: Callable[[str], bool], char: str, most: int) -> int:
    """How many of `char` fit, at most `most`; what fits also fits when it is shorter."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(char * middle) else (low, middle - 1)
    return low
