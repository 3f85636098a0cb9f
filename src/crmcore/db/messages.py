"""The texts: what is due, the claim, and what came of it (states of `rules.messages`).

The order of locks is the same everywhere: contact rows of the numbers first, by id, then the messages. An opt-out locks the
same contact rows, so no claim can commit after an opt-out that it did not see.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, or_, select, update

from crmcore.db import bulk
from crmcore.db.columns import stamp
from crmcore.db.engine import for_update, take_ids
from crmcore.db.schema import (
    account,
    contact_point,
    message,
    message_event,
)
from crmcore.rules.messages import Outcome, forward, number_after
from crmcore.types.contact import Message, MessageClass, MessageState, Receipt, Scope
from crmcore.types.customer import (
    Channel,
    NumberState,
)

WAITING = ("QUEUED", "HELD")
#: Reasons after which a text is no longer in doubt.
DISPROVED = frozenset({"PROVEN_NOT_SENT", "SETTLED"})


def due(connection: Connection, now: datetime, limit: int, *, after: tuple[str, int] = ("", 0)) -> list[Row[Any]]:
    """The next texts whose time has come, oldest first, `after` the (due_at, id) of the last page."""
    moment, last = after
    return list(
        connection.execute(
            select(
                message.c.id,
                message.c.due_at,
                message.c.store,
                message.c.message_class,
                message.c.channel,
                message.c.account,
            )
            .where(
                message.c.state.in_(WAITING),
                message.c.due_at <= stamp(now),
                or_(message.c.due_at > moment, and_(message.c.due_at == moment, message.c.id > last)),
            )
            .order_by(message.c.due_at, message.c.id)
            .limit(limit)
        )
    )


def lock(connection: Connection, ids: Sequence[int], now: datetime) -> list[Row[Any]]:
    """Lock those of `ids` that are still waiting and due, and the contact rows of their numbers; return the texts.

    A text that another process is claiming right now is left out rather than waited for.
    """
    values = select(message.c.value).where(message.c.id.in_(ids))
    connection.execute(
        for_update(select(contact_point.c.id).where(contact_point.c.value.in_(values)).order_by(contact_point.c.id))
    ).all()
    chosen = (
        select(message)
        .where(message.c.id.in_(ids), message.c.state.in_(WAITING), message.c.due_at <= stamp(now))
        .order_by(message.c.due_at, message.c.id)
    )
    return list(connection.execute(chosen.with_for_update(skip_locked=True)))


def by_id(connection: Connection, ids: Sequence[int]) -> list[Row[Any]]:
    """The texts `ids`, in the order in which they are due."""
    return list(
        connection.execute(select(message).where(message.c.id.in_(ids)).order_by(message.c.due_at, message.c.id))
    )


def claim(connection: Connection, ids: Sequence[int], account_name: str, now: datetime) -> None:
    """Make the intent durable: from the commit on, these texts are never blindly sent again."""
    connection.execute(
        update(message)
        .where(message.c.id.in_(ids))
        .values(
            state="SENDING",
            account=account_name,
            first_at=func.coalesce(message.c.first_at, stamp(now)),
            claimed_at=stamp(now),
            state_at=stamp(now),
            attempts=message.c.attempts + 1,
            absences=0,
            absent_at=None,
            code=None,
        )
    )
    log(connection, ((number, "SENDING", None, None) for number in ids), now)


def record(
    connection: Connection, number: int, outcome: Outcome, now: datetime, *, claimed_at: str | None = None
) -> MessageState:
    """Write what became of a text; returns its state, which stays where a receipt was faster (`rules.messages.forward`).

    With `claimed_at` it speaks of that claim only: who comes back late finds a newer claim and changes nothing, or a text
    that was proven unsent and is on its way again would be queued a third time.
    """
    row = connection.execute(
        for_update(select(message.c.state, message.c.attempts, message.c.claimed_at).where(message.c.id == number))
    ).one()
    current = MessageState(row.state)
    state = forward(current, outcome.state)
    superseded = claimed_at is not None and row.claimed_at != claimed_at
    if superseded or (state is current and current is not outcome.state):
        return current
    values: dict[str, Any] = {"state": state.value, "code": outcome.reason, "state_at": stamp(now)}
    if outcome.due_at is not None:
        values["due_at"] = stamp(outcome.due_at)
    if outcome.ref is not None:
        values["ref"] = outcome.ref
    if state is MessageState.UNKNOWN:
        values["doubted"] = 1
    elif outcome.reason in DISPROVED:
        values["doubted"] = 0
    if outcome.stops is Scope.ACCOUNT:
        values["attempts"] = row.attempts - 1  # a stopped account costs no text its budget
    connection.execute(update(message).where(message.c.id == number).values(**values))
    log(connection, [(number, state.value, outcome.reason, outcome.code or None)], now)
    return state


def cancel(connection: Connection, which: ColumnElement[bool], reason: str, now: datetime) -> None:
    """Cancel those of the texts that have not left."""
    gone = connection.execute(
        update(message)
        .where(which, message.c.state.in_(WAITING))
        .values(state="CANCELLED", code=reason, state_at=stamp(now))
        .returning(message.c.id)
    )
    if numbers := sorted(gone.scalars()):
        log(connection, [(number, "CANCELLED", reason, None) for number in numbers], now)


def log(connection: Connection, events: Iterable[tuple[int, str, str | None, str | None]], now: datetime) -> None:
    """Keep what became of texts: (number, state, reason, the vendor's code) each."""
    rows = list(events)
    ids = take_ids(connection, message_event, len(rows))
    bulk.insert(
        connection,
        message_event,
        ("id", "message_id", "at", "state", "code", "detail"),
        [(event_id, number, stamp(now), *rest) for event_id, (number, *rest) in zip(ids, rows, strict=True)],
    )


def to_message(row: Row[Any]) -> Message:
    """A stored text as the adapter gets it."""
    return Message(
        id=f"M{row.id}",
        to=row.value,
        text=row.text,
        message_class=MessageClass(row.message_class),
        channel=Channel(row.channel),
        store=row.store,
        template=row.template,
        params=json.loads(row.params),
        signature=row.signature,
    )


# ------------------------------------------------------------------ doubt, receipts, people


def in_doubt(connection: Connection, now: datetime, claimed_before: datetime) -> list[Row[Any]]:
    """Texts to look at: UNKNOWN whose time has come, and SENDING whose sender must have died (claimed before the lease)."""
    return list(
        connection.execute(
            select(message)
            .where(
                or_(
                    and_(message.c.state == "UNKNOWN", message.c.due_at <= stamp(now)),
                    and_(message.c.state == "SENDING", message.c.claimed_at < stamp(claimed_before)),
                )
            )
            .order_by(message.c.state_at, message.c.id)
        )
    )


def note_absence(connection: Connection, number: int, now: datetime) -> None:
    """The vendor does not (yet) have this text."""
    connection.execute(
        update(message)
        .where(message.c.id == number, message.c.state == "UNKNOWN")
        .values(absences=message.c.absences + 1, absent_at=stamp(now))
    )


def by_key(connection: Connection, keys: Collection[str]) -> dict[str, Row[Any]]:
    """Texts by our key, locked: a receipt is applied to a state nobody else is changing."""
    rows = connection.execute(for_update(select(message).where(message.c.key.in_(keys)).order_by(message.c.id)))
    return {row.key: row for row in rows}


def by_ref(connection: Connection, account_name: str, refs: Collection[str]) -> dict[str, Row[Any]]:
    """Texts by the vendor's id within one account, locked."""
    rows = connection.execute(
        for_update(
            select(message).where(message.c.account == account_name, message.c.ref.in_(refs)).order_by(message.c.id)
        )
    )
    return {row.ref: row for row in rows}


def judge_number(connection: Connection, number: int, receipt: Receipt, now: datetime) -> None:
    """Note what a delivery report says of the number it went to (`rules.messages.number_after`)."""
    row = connection.execute(
        select(contact_point.c.id, contact_point.c.state)
        .join(
            message,
            and_(message.c.customer_id == contact_point.c.customer_id, message.c.value == contact_point.c.value),
        )
        .where(message.c.id == number)
    ).one_or_none()
    if row is None:
        return
    state = number_after(NumberState(row.state), receipt)
    if state.value != row.state:
        connection.execute(
            update(contact_point).where(contact_point.c.id == row.id).values(state=state.value, state_at=stamp(now))
        )


def listing(connection: Connection, states: Collection[str] = (), limit: int = 200) -> list[Row[Any]]:
    """Texts for a person to look at, those that need one first, then the newest."""
    needs = case((message.c.state == "NEEDS_REVIEW", 0), (message.c.state == "UNKNOWN", 1), else_=2)
    query = select(message).order_by(needs, message.c.id.desc()).limit(limit)
    if states:
        query = query.where(message.c.state.in_(states))
    return list(connection.execute(query))


def counts(connection: Connection) -> dict[str, int]:
    """How many texts there are in each state."""
    rows = connection.execute(select(message.c.state, func.count().label("n")).group_by(message.c.state))
    return {row.state: row.n for row in rows}


# ------------------------------------------------------------------ accounts


def account_state(connection: Connection, name: str) -> Row[Any] | None:
    """What is remembered of a messaging account; None when nothing is."""
    return connection.execute(select(account).where(account.c.name == name)).one_or_none()


def save_account(connection: Connection, name: str, **values: str | None) -> None:
    """Remember the breaker, the stop or the poll cursor of an account."""
    columns = tuple(values)
    bulk.upsert(connection, account, ("name", *columns), [(name, *values.values())], key=("name",), change=columns)
