"""One thread has an adapter at a time, whoever asks for it."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

import attrs
import pytest

from crmcore.app import FixedClock
from crmcore.app.lending import Lending
from crmcore.config import from_mapping, load
from crmcore.errors import CrmError
from crmcore.hooks import MessagingAdapter, Secret
from crmcore.hooks.manager import Plugins
from crmcore.http import HttpClient
from crmcore.types.contact import Accepted
from crmcore.types.customer import Channel


@attrs.frozen
class Token:
    token: Secret


class Paper(MessagingAdapter):
    name = "paper"
    channels = frozenset({Channel.SMS})
    Config = Token

    def __init__(self, config, context):
        super().__init__(config, context)
        self.closed = 0

    def send(self, message, *, key):
        return Accepted()

    def close(self):
        self.closed += 1
        raise RuntimeError("the drawer is stuck")


@pytest.fixture(name="config")
def _config():
    said = {
        "store": {"code": "S01", "name": "示范店"},
        "messaging": {
            "sms": {"adapter": "paper", "token": "s3cret", "classes": ["SERVICE"]},
            "ads": {"adapter": "paper", "token": {"env": "NOT_SET"}, "classes": ["CARE"]},
        },
    }
    return load(from_mapping(said), Plugins(adapters=[Paper]), environ={})


@pytest.fixture(name="lending")
def _lending(config):
    return Lending(config, FixedClock(datetime(2026, 11, 22, tzinfo=UTC)))


def test_an_adapter_that_came_back_is_lent_again(lending, config):
    """One after the other needs only one."""
    with lending.one(config.messaging["sms"]) as first:
        pass
    with lending.one(config.messaging["sms"]) as second:
        pass

    assert first is second


def test_two_at_once_have_two(lending, config):
    """While one is lent, whoever comes gets another; both share the way out over HTTP."""
    with lending.one(config.messaging["sms"]) as first, lending.one(config.messaging["sms"]) as second:
        same = first is second
        shared = first.context.http is second.context.http

    assert (False, True) == (same, shared)


def test_one_that_failed_comes_back(lending, config):
    """An exception of the borrower loses no adapter."""
    with pytest.raises(ZeroDivisionError), lending.one(config.messaging["sms"]) as first:
        raise ZeroDivisionError
    with lending.one(config.messaging["sms"]) as second:
        assert first is second


def test_what_cannot_be_built_does_not_stop_the_rest(lending, config):
    """A secret that is not set is said for its own instance."""
    with lending.each(config.messaging) as working:
        good, bad = set(working.good), {name: error.code for name, error in working.bad.items()}
    with pytest.raises(CrmError), lending.one(config.messaging["ads"]):
        pass

    assert ({"sms"}, {"ads": "CRM-C140"}) == (good, bad)


def test_each_is_closed_once(lending, config, caplog):
    """Those that are here at the end, and those that come back after it; one that fails to close is logged and stops nobody."""
    sms = config.messaging["sms"]
    with lending.one(sms) as late:
        with lending.one(sms) as other, lending.one(sms) as third:
            pass
        with caplog.at_level(logging.WARNING):
            lending.close()
        before = late.closed
    after = late.closed
    lending.close()

    assert (0, 1) == (before, after)
    assert [1, 1, 1] == [each.closed for each in (late, other, third)]
    assert 2 == len([record for record in caplog.records if record.levelno == logging.WARNING][:2])


def test_the_applications_way_out_stays_open(config):
    """An `HttpClient` that was handed over is used and not closed."""

    class Kept(HttpClient):
        closed = False

        def close(self):
            self.closed = True

    http = Kept()
    lending = Lending(config, FixedClock(datetime(2026, 11, 22, tzinfo=UTC)), http)
    with lending.one(config.messaging["sms"]) as adapter:
        used = adapter.context.http
    lending.close()

    assert http is used
    assert not http.closed


def test_no_two_threads_ever_have_the_same(lending, config):
    """Eight threads borrow four hundred times, and none is in the hands of two."""
    held, twice = set(), []

    def borrow():
        for _ in range(50):
            with lending.one(config.messaging["sms"]) as adapter:
                if id(adapter) in held:
                    twice.append(adapter)
                held.add(id(adapter))
                threading.Event().wait(0.0002)
                held.discard(id(adapter))

    threads = [threading.Thread(target=borrow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == twice
