"""Texts: read, and the word of a person on those in doubt: `crm.messages`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crmcore.errors import UsageError
from crmcore.types.contact import MessageState, Reply, Text

if TYPE_CHECKING:
    from crmcore.app.crm import Crm

#: The states of a reply.
REPLIES = ("WAITING", "OPTED_OUT", "CLOSED")


class Messages:
    """What was, is or will be said to customers, and what they have texted back; `by` as in `crm.customers`."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def get(self, message: str) -> Text:
        """One text; raises `UsageError` CRM-U120 when there is none."""
        from crmcore.db import lookup
        from crmcore.flows.casework import number_of

        with self._crm.db.reading() as connection:
            found = lookup.text(connection, number_of(message, "M", "CRM-U120"))
        if found is None:
            raise UsageError("CRM-U120", id=message)
        return found

    def of(self, customer: str, limit: int = 100) -> tuple[Text, ...]:
        """The latest texts to a customer; CRM-S230 for what is no id."""
        from crmcore.db import lookup
        from crmcore.flows.casework import number_of

        with self._crm.db.reading() as connection:
            return tuple(lookup.texts(connection, number_of(customer, "C", "CRM-S230"), limit))

    def find(self, *states: MessageState, limit: int = 200) -> tuple[Text, ...]:
        """Texts in one of these states, none named: in any; those that need a person first, then the newest."""
        from crmcore.db import messages, values

        with self._crm.db.reading() as connection:
            return tuple(values.text(row) for row in messages.listing(connection, states, limit))

    def in_doubt(self, limit: int = 200) -> tuple[Text, ...]:
        """Texts of which nobody knows whether they went: those that wait for a person first."""
        return self.find(MessageState.NEEDS_REVIEW, MessageState.UNKNOWN, limit=limit)

    def replies(
        self, limit: int = 200, state: Literal["WAITING", "OPTED_OUT", "CLOSED"] | None = "WAITING"
    ) -> tuple[Reply, ...]:
        """What customers have texted, oldest first; default: what nobody has dealt with yet, None: all of it."""
        from crmcore.db import inbox, values

        with self._crm.db.reading() as connection:
            return tuple(
                values.reply(row) for row in inbox.replies(connection, REPLIES if state is None else (state,), limit)
            )

    # ------------------------------------------------------------------ what people do

    def settle(self, message: str, answer: str, *, by: str) -> MessageState:
        """A person says what became of a text in doubt: "sent", "not-sent" (it goes again) or "drop".

        Raises:
            UsageError: CRM-U120 there is no such text, CRM-U121 it is in no doubt, CRM-U122 another answer.
        """
        from crmcore.flows import doubt
        from crmcore.flows.casework import number_of

        number = number_of(message, "M", "CRM-U120")
        return doubt.settle(self._crm.db, number, answer, self._crm.signed(by), self._crm.clock.now())

    def close_reply(self, reply: str, *, by: str) -> None:
        """A person has dealt with it; CRM-U115 where it does not wait."""
        from crmcore.db import inbox
        from crmcore.flows.casework import number_of

        number, who = number_of(reply, "I", "CRM-U115"), self._crm.signed(by)
        with self._crm.db.writing() as connection:
            closed = inbox.close_reply(connection, number, who, self._crm.clock.now())
        if not closed:
            raise UsageError("CRM-U115", id=reply)
