"""What tests of complaints are made of: a store with its people, the shipped policy, and a vendor that hands over texts."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crmcore.config import Config, load_config
from crmcore.db import schema
from crmcore.db.engine import Database
from crmcore.flows.evidence import Cases
from crmcore.hooks.adapters import MessagingAdapter, Parsed, ParsesReplies, WebhookRequest
from crmcore.hooks.manager import Plugins
from crmcore.types.contact import Reply
from crmcore.types.customer import Channel

TOML = """
lang = "en"
[store]
code = "S01"
name = "示范店"
"""
PEOPLE = {
    "M01": "CR_MANAGER", "A01": "CR_AGENT", "V01": "SERVICE_MANAGER", "D01": "SERVICE_ADVISOR", "D02": "SERVICE_ADVISOR",
    "T01": "TECHNICIAN", "S01": "SALES_MANAGER", "G01": "GENERAL_MANAGER",
}  # fmt: skip


@functools.cache
def config() -> Config:
    """The shipped packs, and one person of each job."""
    staff = "".join(f'[[staff]]\ncode = "{code}"\nname = "{code}"\nrole = "{role}"\n' for code, role in PEOPLE.items())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crm.toml"
        path.write_text(TOML + staff, "utf-8")
        return load_config(path, Plugins())


def cases(**known: Any) -> Cases:
    """What opening a case goes by."""
    found = config()
    return Cases(
        policy=found.complaints,
        categories=found.categories,
        results=found.results,
        stores={store.code: store for store in found.stores},
        staff=found.staff,
        **known,
    )


class Texts(MessagingAdapter[None], ParsesReplies):
    """Hands over the texts it is pushed."""

    name = "texts"
    Config = type(None)
    channels = frozenset({Channel.SMS})

    def __init__(self) -> None:
        """No config, no context."""

    def send(self, message: Any, *, key: str) -> Any:
        raise NotImplementedError

    def parse_replies(self, request: WebhookRequest) -> Parsed[Reply]:
        return Parsed(events=tuple(Reply(**one) for one in json.loads(request.body)))


def push(text: str, sender: str = "13800130001", **more: Any) -> WebhookRequest:
    """One text of a customer."""
    body = json.dumps([{"sender": sender, "text": text, **more}]).encode()
    return WebhookRequest(method="POST", path="mo", body=body)


def rows(db: Database, table: str) -> list[Any]:
    """Every row of a table."""
    with db.reading() as connection:
        return list(connection.execute(select(schema.metadata.tables[table])))
