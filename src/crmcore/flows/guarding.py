"""Plugins that are asked before a text leaves: outside any transaction, one after another, and no answer is no.

What they are told is read once for a page of texts. A text that was changed after they were asked is not the one they spoke of,
and stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import contact_facts, messages
from crmcore.errors import CrmError, PluginError
from crmcore.types.contact import Message, Refuse
from crmcore.types.customer import Customer

if TYPE_CHECKING:
    from crmcore.hooks.manager import Plugins


@attrs.frozen
class Failed:
    """A plugin gave no answer that counts; `what`: the kind of its failure, none of its words."""

    what: str


@attrs.frozen
class Guard:
    """One plugin that is asked."""

    name: str
    ask: Callable[[Message, Customer], Refuse | Failed | None]


@attrs.frozen
class Left:
    """The text stays due, and `why`: a reason code."""

    why: str


Verdict = Refuse | Left | None


def of_plugins(plugins: Plugins) -> tuple[Guard, ...]:
    """One guard for each plugin that has the hook."""

    def of(name: str) -> Guard:
        def ask(message: Message, customer: Customer) -> Refuse | Failed | None:
            said = plugins.before_send(name, message, customer)
            return said if said is None or isinstance(said, Refuse) else Failed(said.error)

        return Guard(name, ask)

    return tuple(of(name) for name in plugins.guards())


@attrs.frozen
class _Asked:
    """A text as it was when the plugins were asked."""

    row: Row[Any]
    verdict: Verdict


@attrs.define
class Guarding:
    """The guards at work in one run.

    Attributes:
        failed: plugins that gave no answer, with the last failure of each.
    """

    guards: Sequence[Guard]
    failed: dict[str, CrmError] = attrs.field(factory=dict)
    _page: dict[int, tuple[Row[Any], Customer]] = attrs.field(factory=dict)
    _asked: dict[int, _Asked] = attrs.field(factory=dict)

    def load(self, connection: Connection, ids: Sequence[int], now: datetime) -> None:
        """Read what the guards are told of these texts, in a handful of statements; nothing where nobody is asked."""
        if not (self.guards and ids):
            return
        rows = messages.by_id(connection, ids)
        people = contact_facts.customers(
            connection, {row.customer_id for row in rows}, {row.value for row in rows}, now
        )
        self._page = {row.id: (row, people[row.customer_id]) for row in rows}

    def ask(self, ids: Sequence[int]) -> None:
        """Ask about these texts; no transaction is open."""
        for number in ids if self.guards else ():
            if number in self._page:
                row, customer = self._page[number]
                self._asked[number] = _Asked(row, self._ask(messages.to_message(row), customer))

    def _ask(self, message: Message, customer: Customer) -> Verdict:
        """The first that refuses or fails decides."""
        for guard in self.guards:
            match guard.ask(message, customer):
                case Refuse(why):
                    return Refuse(f"plugin:{guard.name}:{why}")
                case Failed(what):
                    self.failed[guard.name] = PluginError("CRM-P120", plugin=guard.name, error=what)
                    return Left("GATE_FAILED")
        return None

    def verdict(self, row: Row[Any]) -> Verdict:
        """What was said of this text, which is about to be claimed."""
        if not self.guards:
            return None
        asked = self._asked.get(row.id)
        if asked is None or _told(asked.row) != _told(row):
            return Left("CHANGED_MEANWHILE")
        return asked.verdict


def _told(row: Row[Any]) -> tuple[Any, ...]:
    """What of a text the guards were told."""
    return (row.customer_id, row.value, row.text, row.params, row.message_class, row.template)
