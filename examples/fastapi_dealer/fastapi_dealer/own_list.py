"""The dealer's own do-not-contact list: a text file with a number a line, which crmcore asks before each text."""

from __future__ import annotations

import re
from pathlib import Path

from crmcore.hooks import hookimpl
from crmcore.types.contact import Message, Refuse
from crmcore.types.customer import Customer

#: Our reason code, and what the page says for it.
ON_OWN_LIST = "ON_OWN_LIST"
WORDS = {ON_OWN_LIST: "号码在本店的免打扰名单上"}
#: Digits; nothing else is texted.
MOBILE = 11


class OwnList:
    """Numbers that nobody here is to text, whatever else is known of them.

    A file that cannot be read raises, and then no text leaves at all: not knowing is no permission.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def numbers(self) -> set[str]:
        """What is on the list now, however it was typed; other programs may write it."""
        return {digits(line) for line in self.path.read_text("utf-8").splitlines()}

    def add(self, number: str) -> None:
        """Put a number on the list; raises `ValueError` for what is none, which would stand there and hold nobody back."""
        if len(digits(number)) < MOBILE:
            raise ValueError("no number")
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{digits(number)}\n")

    @hookimpl
    def crmcore_before_send(self, message: Message, customer: Customer) -> Refuse | None:  # noqa: ARG002 - the number decides
        """Refuse who is on it; everything else is for crmcore's own gate to say."""
        return Refuse(ON_OWN_LIST) if digits(message.to) in self.numbers() else None


def digits(number: str) -> str:
    """A number as it is compared: "+86 138 0013 0001" and "138-0013-0001" are the same one."""
    return re.sub(r"\D", "", number)[-MOBILE:]
