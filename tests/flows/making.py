"""What tests of flows are made of: a small dealer written straight into the store, and an adapter that does what it is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import attrs

from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.db.engine import Database, take_ids
from crmcore.flows.send import Policies
from crmcore.hooks.adapters import Limits, MessagingAdapter
from crmcore.rules.messages import BreakerPolicy, SendPolicy
from crmcore.rules.permit import ContactPolicy, QuietHours
from crmcore.types.contact import Accepted, Message, SendResult
from crmcore.types.customer import Channel
from crmcore.types.store import Store

STORE = Store(code="S01", name="示范店")


@attrs.define
class World:
    """Writes customers and texts into a store; numbers count up from one fictitious block."""

    db: Database
    clock: Any
    _numbers: Any = attrs.field(factory=lambda: itertools.count(1))

    def phone(self) -> str:
        return f"+861380013{next(self._numbers):04d}"

    def customer(self, value: str | None = None, **columns: Any) -> tuple[int, str]:
        """A customer with one number; returns (id, number)."""
        number = value or self.phone()
        now = stamp(self.clock.now())
        with self.db.writing() as connection:
            (person,) = take_ids(connection, schema.customer, 1)
            (point,) = take_ids(connection, schema.contact_point, 1)
            values = {"kind": "PERSON", "name": "王小明", "name_key": "王小明", **columns}
            connection.execute(schema.customer.insert().values(id=person, created_at=now, updated_at=now, **values))
            connection.execute(schema.contact_point.insert().values(id=point, customer_id=person, value=number))
        return person, number

    def text(self, person: int | None = None, value: str | None = None, **columns: Any) -> int:
        """A text that is due now; returns its id."""
        if person is None:
            person, value = self.customer()
        now = self.clock.now()
        with self.db.writing() as connection:
            (number,) = take_ids(connection, schema.message, 1)
            values: dict[str, Any] = {
                "customer_id": person,
                "value": value,
                "channel": "SMS",
                "message_class": "SERVICE",
                "purpose": "REMINDER",
                "template": "READY_FOR_PICKUP",
                "params": "{}",
                "text": "【示范店】您的爱车已可提车。",
                "store": "S01",
                "key": f"k{number}",
                "dedupe": f"d{number}",
                "state": "QUEUED",
                "due_at": stamp(now - timedelta(minutes=1)),
                "created_at": stamp(now),
                "state_at": stamp(now),
            }
            connection.execute(schema.message.insert().values(id=number, **{**values, **columns}))
        return number

    def state(self, number: int) -> tuple[str, str | None]:
        """(state, reason) of a text."""
        with self.db.reading() as connection:
            row = connection.execute(schema.message.select().where(schema.message.c.id == number)).one()
        return row.state, row.code

    def states(self) -> dict[int, str]:
        with self.db.reading() as connection:
            return {row.id: row.state for row in connection.execute(schema.message.select())}


TAKEN = Accepted(ref="r")


class Recorder(MessagingAdapter[None]):
    """Answers what it is told and remembers every call."""

    name = "recorder"
    Config = type(None)
    channels = frozenset({Channel.SMS})

    def __init__(self, answer: SendResult | Exception | Callable[[Message, str], SendResult] = TAKEN) -> None:
        self.answer = answer
        self.calls: list[str] = []
        self.texts: list[Message] = []
        self.limit = Limits()

    @property
    def limits(self) -> Limits:
        return self.limit

    def send(self, message: Message, *, key: str) -> SendResult:
        self.calls.append(key)
        self.texts.append(message)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(message, key) if callable(self.answer) else self.answer


POLICIES = Policies(
    contact=ContactPolicy(quiet=QuietHours(time(21), time(8)), max_per_day=2, max_per_week=4),
    sending=SendPolicy(
        max_attempts=3,
        max_age_hours=24,
        backoff_seconds=60,
        backoff_cap_seconds=3600,
        lease_seconds=600,
        receipt_wait_hours=24,
    ),
    breaker=BreakerPolicy(sample=20, min_calls=10, failure_ratio=0.5, pause_seconds=60),
)
