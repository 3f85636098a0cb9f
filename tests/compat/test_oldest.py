"""A plugin that was built against the oldest supported core goes on working; what it relies on is written down and reviewed."""

from __future__ import annotations

import hashlib
import json
import sys
import typing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pluggy
import pytest
from attrs import NOTHING

from crmcore import Crm
from crmcore.hooks import adapters, records, specs
from crmcore.hooks.adapters import Adapter, Capability, WebhookRequest
from crmcore.hooks.manager import Plugins
from crmcore.types import complaint, contact, survey
from crmcore.types.contact import MessageState

OLD = Path(__file__).parent / "built_for_0_1_0"
#: Of the frozen plugin; whoever must change this has broken somebody's plugin.
FROZEN = "72feca6e61dccc1b436980049c335927bc3329dcb25b4e2b805ad641cb33fa54"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
CONFIG = {
    "lang": "en",
    "store": {"code": "S01", "name": "示范店", "phone": "010-55500000", "timezone": "Asia/Shanghai"},
    "serve": {"public_url": "https://crm.example.cn", "secret": "S3cretPath"},
    "dms": {"main": {"adapter": "oldtimer"}},
    "messaging": {"sms": {"adapter": "oldtimer", "token": "S3cretToken"}},
    "survey": {"web": {"adapter": "oldtimer", "survey": "aftersales", "mode": "ONLINE"}},
}
ORDERS = [
    {
        "order": "RO1",
        "name": "王小明",
        "phone": "13800130001",
        "plate": "京A12345",
        "opened_at": "2026-11-22 08:40",
        "completed_at": "2026-11-22 09:50",
        "status": "READY",
    },
    {"name": "李芳"},
]
#: The same order in an export, with the moment the car was handed over.
BACK = (
    "工单号,车牌号,客户姓名,手机号,进厂时间,竣工时间,交车时间\n"
    "RO1,京A12345,王小明,13800130001,2026-11-22 08:40,2026-11-22 09:50,2026-11-22 10:00\n"
)


def digest(folder: Path) -> str:
    """Of names and contents."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    told = hashlib.sha256()
    for path in files:
        told.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return told.hexdigest()


@pytest.fixture(name="installed")
def _installed(monkeypatch):
    """The old distribution, as if pip had put it there."""
    monkeypatch.syspath_prepend(str(OLD))
    import crmcore_oldtimer  # type: ignore[import-not-found]

    yield crmcore_oldtimer
    crmcore_oldtimer.SENT.clear()
    sys.modules.pop("crmcore_oldtimer", None)


@pytest.fixture(name="crm")
def _crm(installed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.json").write_text(json.dumps(ORDERS), "utf-8")
    with Crm.from_config(CONFIG, now=NOW, connection=f"sqlite:///{tmp_path / 'crm.db'}") as crm:
        yield crm


# ------------------------------------------------------------------ the old plugin


def test_the_old_plugin_is_as_it_was():
    """Nobody has made the old plugin fit the new core."""
    assert FROZEN == digest(OLD)


def test_it_is_found_through_its_entry_point(installed):
    """The old distribution is loaded, and nothing of it is refused."""
    (row,) = [row for row in Plugins().rows() if row["plugin"] == "oldtimer"]

    assert ("crmcore-oldtimer", "0.1.0", "ok") == (row["distribution"], row["version"], row["status"])
    assert ["dms:oldtimer", "messaging:oldtimer", "survey:oldtimer"] == sorted(row["provides"])


def test_it_reads_and_sends(crm, installed):
    """An order is read, its text is planned and handed over once, and the receipt arrives, all by code of 0.1.0."""
    (read,) = crm.sync().sources
    crm.plan()
    sent = crm.send(yes=True)
    ((key, message),) = installed.SENT.items()
    answer = crm.handle_webhook(
        WebhookRequest(method="POST", path="S3cretPath/sms", body=json.dumps({"done": key}).encode())
    )
    (customer,) = crm.customers.find(phone="13800130001")

    assert (2, 1, 1, None) == (read.read, read.accepted, read.rejected, read.error)
    assert {"ACCEPTED": 1} == sent.counts()
    assert ("+8613800130001", True) == (message.to, message.text.startswith("【示范店】"))
    assert (200, b"ok") == (answer.status, answer.body)
    assert "王小明" == customer.full_name
    assert [MessageState.DELIVERED] == [text.state for text in crm.messages.of(customer.id)]


def test_it_asks_and_reads_answers(installed, tmp_path, monkeypatch):
    """On the day after a car came back its driver is invited by the old survey, the link goes out, and answers are pulled."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text(BACK, "utf-8")
    config = {**CONFIG, "dms": {"main": {"adapter": "csv", "path": "orders.csv"}}}
    with Crm.from_config(config, now=NOW + timedelta(days=1), connection=f"sqlite:///{tmp_path / 'crm.db'}") as crm:
        crm.sync()
        crm.invite(yes=True)
        crm.send(yes=True)
        (read,) = crm.collect().surveys
    links = [message for message in installed.SENT.values() if "https://survey.example/" in message.text]

    assert ["+8613800130001"] == [message.to for message in links]
    assert (0, None) == (read.read, read.error)


def test_a_finder_that_asks_for_nothing_is_asked(crm, installed):
    """A hook with fewer arguments than the spec has is called, and what it finds opens a case."""
    crm.sync()
    crm.handle_webhook(
        WebhookRequest(
            method="POST",
            path="S3cretPath/sms",
            body=json.dumps({"from": "13800130001", "said": "请回电"}).encode(),
        )
    )

    assert ["PRICE"] == [case.category for case in crm.complaints.open()]


# ------------------------------------------------------------------ what it relies on

#: Exchange types -> what must be given. A line may lose a name; it never gains one: an adapter that is older would not give it.
REQUIRED = {
    complaint.ComplaintDraft: ["why"],
    contact.Accepted: [],
    contact.Deferred: ["code"],
    contact.Message: ["id", "to", "text", "message_class"],
    contact.Receipt: ["key", "state"],
    contact.Rejected: ["code"],
    contact.Reply: ["sender", "text"],
    contact.Unknown: ["why"],
    contact.ContactAttempt: ["id", "at", "outcome", "result"],
    survey.Answer: ["question", "value"],
    survey.Response: ["id", "survey", "side", "mode", "store", "completed_at"],
    adapters.Context: ["instance", "system", "folder", "http", "clock", "logger"],
    adapters.Found: [],
    adapters.Invited: ["link"],
    adapters.Invitee: ["token"],
    adapters.Limits: [],
    adapters.NotInvited: ["code"],
    adapters.Parsed: ["events"],
    adapters.SandboxPlan: ["clock"],
    adapters.WebhookRequest: ["method", "path"],
    adapters.WebhookResponse: [],
    records.Gone: ["entity", "key"],
}
#: Those that are written by position as well: the order of what is there is never changed, new fields go behind.
BY_POSITION = {
    contact.Refuse: ["why"],
    records.Batch: ["entries", "cursor", "unchanged", "parts"],
    records.Entry: ["at", "digest", "records", "raw", "columns"],
    records.Record: ["entity", "data"],
    records.Reject: ["at", "column", "value_shape", "reason", "raw", "digest", "catalog"],
}
#: How many of those must be given.
GIVEN = {"Refuse": 1, "Batch": 2, "Entry": 4, "Record": 2, "Reject": 4}
#: Records -> the keys that must be there.
KEYS = {
    "AnswerRecord": {"item", "value"},
    "AppointmentRecord": {"key"},
    "ComplaintRecord": {"key"},
    "ConsentRecord": {"purpose", "granted"},
    "CustomerRecord": set(),
    "LineRecord": set(),
    "RelativeRecord": {"name"},
    "ResponseRecord": {"key", "answers"},
    "StaffRecord": {"key"},
    "VehicleRecord": set(),
    "VisitRecord": {"key"},
}
#: What an adapter must implement. A new method is optional, or comes with a capability of its own.
ABSTRACT = {
    "Adapter": set(),
    "DmsAdapter": {"pull"},
    "MessagingAdapter": {"send"},
    "SurveyAdapter": set(),
    "DedupesKeys": set(),
    "FindsMessages": {"find"},
    "HasSandbox": {"sandbox"},
    "Invites": {"invite"},
    "ParsesReceipts": {"parse_receipts"},
    "ParsesReplies": {"parse_replies"},
    "PullsReceipts": {"pull_receipts"},
    "PullsResponses": {"pull_responses"},
    "SendsBatches": {"send_batch"},
}
#: Hook -> its arguments, in order; a line may only grow.
ARGUMENTS = {
    "crmcore_adapters": [],
    "crmcore_before_send": ["message", "customer"],
    "crmcore_find_complaint": ["evidence"],
}


@pytest.mark.parametrize(("cls", "required"), REQUIRED.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_exchange_types_gain_only_optional_fields(cls, required):
    """A value that crosses the border is written with names, and what an older plugin leaves out has a default."""
    fields = attrs.fields(cls)

    assert [] == [field.name for field in fields if not field.kw_only]
    assert [] == [field.name for field in fields if field.default is NOTHING and field.name not in required]


@pytest.mark.parametrize(("cls", "order"), BY_POSITION.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_what_is_written_by_position_keeps_its_order(cls, order):
    """The few types that authors write by position begin with what they began with, and ask for no more."""
    fields = attrs.fields(cls)

    assert order == [field.name for field in fields][: len(order)]
    assert order[: GIVEN[cls.__name__]] == [field.name for field in fields if field.default is NOTHING]


def test_every_exchange_type_is_reviewed():
    """A type that an adapter is given or gives back stands in one of the lists above."""
    crossing = {
        thing
        for room in (adapters, records)
        for thing in vars(room).values()
        if isinstance(thing, type) and thing.__module__ == room.__name__ and attrs.has(thing)
    }

    assert set() == crossing - set(REQUIRED) - set(BY_POSITION)


@pytest.mark.parametrize("name", sorted(KEYS))
def test_records_ask_for_no_more_keys(name):
    """A record of an older adapter has every key that must be there."""
    hints = typing.get_type_hints(getattr(records, name), include_extras=True)

    assert {key for key, hint in hints.items() if typing.get_origin(hint) is typing.Required} <= KEYS[name]


def test_every_record_is_reviewed():
    """A record that is added is added to the list."""
    assert set(KEYS) == {name for name, thing in vars(records).items() if typing.is_typeddict(thing)}


def test_adapters_need_not_implement_more():
    """A class that could be instantiated still can: nothing that is abstract has been added."""
    found = {
        name: set(getattr(cls, "__abstractmethods__", ()))
        for name, cls in vars(adapters).items()
        if isinstance(cls, type)
        and (issubclass(cls, Adapter) or (issubclass(cls, Capability) and cls is not Capability))
    }

    assert found == ABSTRACT


def test_hooks_lose_no_argument():
    """What a hook asked for it still gets."""
    manager = pluggy.PluginManager(specs.PROJECT)
    manager.add_hookspecs(specs)
    hooks = {name: list(caller.spec.argnames) for name, caller in vars(manager.hook).items() if caller.spec}

    assert hooks
    for name, arguments in hooks.items():
        assert ARGUMENTS[name] == arguments[: len(ARGUMENTS[name])]
