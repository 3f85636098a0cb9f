"""A text as it is queued: one row of `message`, whatever made it due."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

from crmcore.db.columns import stamp
from crmcore.rules.templates import Rendered
from crmcore.types.contact import MessageClass
from crmcore.types.customer import Channel
from crmcore.types.store import Store

COLUMNS = (
    "id", "touchpoint_id", "customer_id", "value", "channel", "message_class", "purpose", "template", "params", "text", "signature",
    "store", "key", "dedupe", "names_customer", "state", "due_at", "expires_at", "created_at", "state_at",
)  # fmt: skip


def text_row(
    words: Rendered,
    store: Store,
    *,
    touchpoint: int,
    customer: int,
    to: str,
    channel: Channel,
    message_class: MessageClass,
    purpose: str,
    template: str,
    due: datetime,
    expires_at: str | None,
    now: datetime,
) -> tuple[Any, ...]:
    """The values of `COLUMNS` behind the id; the same text of one touchpoint has the same `dedupe`."""
    return (
        touchpoint,
        customer,
        to,
        channel.value,
        message_class.value,
        purpose,
        template,
        json.dumps(dict(words.params), ensure_ascii=False),
        words.text,
        store.signature or store.name,
        store.code,
        secrets.token_hex(12),
        f"{store.code}|C{customer}|T{touchpoint}|{template}",
        int(words.names_customer),
        "QUEUED",
        stamp(due),
        expires_at,
        stamp(now),
        stamp(now),
    )
