"""The adapter that docs/howto/write-an-adapter.md ends with, against real Kannel: what the page teaches is true."""

from __future__ import annotations

import importlib
import itertools
import logging
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.real.kannel import eventually

import crmcore
from crmcore.hooks import AuthError, Context, Secret
from crmcore.http import HttpClient
from crmcore.scaffold import Project
from crmcore.types.contact import Accepted, Message, MessageClass, ReceiptState, Rejected

pytestmark = pytest.mark.real

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "write-an-adapter.md"
NAMED = re.compile(r"^```\w+\n# (crmcore-messaging-kannel/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_numbers = itertools.count(50)


class _Now:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture(name="package", scope="module")
def _package(tmp_path_factory):
    """The page's files over the generated ones, as its reader has them in the evening."""
    parent = tmp_path_factory.mktemp("howto")
    project = Project("messaging", "kannel")
    folder = project.write(parent, crmcore.__version__)
    for path, text in NAMED.findall(PAGE.read_text("utf-8")):
        (parent / path).write_text(text, encoding="utf-8")
    known = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder / "src"))
        yield importlib.import_module(f"{project.package}.adapter")
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.fixture(name="make")
def _make(package, kannel, tmp_path):
    """The adapter, pointed at `kannel`, calling back to its receiver."""
    http = HttpClient()

    def make(**config):
        fields = {"url": kannel.sendsms_url, "username": kannel.username, "password": Secret(kannel.password), **config}
        context = Context(
            instance="sms", system="sms", folder=tmp_path, http=http, clock=_Now(),
            logger=logging.getLogger("crmcore.sms"), callback_url=kannel.receiver.url,
        )  # fmt: skip
        return package.KannelAdapter(package.KannelConfig(**fields), context)

    yield make
    http.close()


def text(words: str, outcome: int = 1) -> Message:
    """A text to a number whose last two digits choose what becomes of it."""
    to = f"+861380013{next(_numbers):02d}{outcome:02d}"
    return Message(id="M1", to=to, text=words, message_class=MessageClass.CARE)


@pytest.mark.parametrize("words", ["Your car is ready.", "您的车好了😀", "第一行\n50% & a+b", "长" * 402])
def test_a_text_arrives_and_is_reported(make, kannel, words):
    """Whole, whatever it is made of; and the report that comes back is read as "delivered", under our key."""
    adapter, message = make(), text(words)
    key = f"Howto{next(_numbers)}"

    assert Accepted() == adapter.send(message, key=key)
    assert [words] == eventually(lambda: kannel.smsc.texts_to(message.to.removeprefix("+86")), "the text")
    assert eventually(lambda: ReceiptState.DELIVERED in states(adapter, kannel, key), "the report")


def states(adapter, kannel, key: str) -> set[ReceiptState]:
    """What the adapter has been told of a text so far."""
    mine = [push for push in kannel.receiver.at("dlr") if push.query.get("key") == key]
    return {adapter.parse_receipts(push).events[0].state for push in mine}


def test_what_it_would_cut_does_not_leave(make, kannel):
    """One character more than six parts carry is refused before the call."""
    message = text("长" * 403)

    assert Rejected(code="TOO_LONG") == make().send(message, key="Howto1")
    assert [] == kannel.smsc.texts_to(message.to.removeprefix("+86"))


def test_it_asks_without_sending(make):
    """`check()` is content with a Kannel that knows us, and tells one that does not."""
    make().check()
    with pytest.raises(AuthError):
        make(password=Secret("another")).check()
