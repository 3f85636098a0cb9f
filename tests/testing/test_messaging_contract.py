"""What the kit itself is like for messaging: the world that a vendor's script asks, and what a contract class must say."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.hooks import MessagingAdapter, ParsesReceipts, ParsesReplies, Secret, WebhookRequest
from crmcore.testing import Clock, Failed, MessagingContract, Network, Refused, Taken
from crmcore.testing.garbage import broken, evil, forged
from crmcore.testing.network import CUSTOMER, REFUSED, e164, longest
from crmcore.testing.rig import NOW
from crmcore.types.customer import Channel


class Plain(MessagingAdapter):
    """Understands no push."""

    name = "plain"
    channels = frozenset({Channel.SMS})
    Config = attrs.make_class("Config", ["token"])

    def send(self, message, *, key):
        raise NotImplementedError


class Reader(Plain, ParsesReceipts, ParsesReplies):
    """Understands both pushes."""

    def parse_receipts(self, request):
        return None

    def parse_replies(self, request):
        return None


def network(tmp_path: Path, **what) -> Network:
    return Network(folder=tmp_path, clock=Clock(), **what)


# ------------------------------------------------------------------ the world


def test_the_network_takes_what_it_is_given(tmp_path):
    """A text is kept as it came, with its number in one form, a reference and the time; a write is counted."""
    world = network(tmp_path)
    taken = world.take(to="13800138000", text="您好", key="K1")

    assert Taken(ref="V0000001", key="K1", to=CUSTOMER, text="您好", at=NOW) == taken
    assert [taken] == world.texts
    assert 1 == world.writes


def test_the_network_refuses_and_fails_without_taking(tmp_path):
    """A number that it refuses, and a day on which it takes nothing, leave no text and no write."""
    assert Refused() == network(tmp_path).take(to=REFUSED, text="x")
    world = network(tmp_path, failing=True)

    assert Failed() == world.take(to=CUSTOMER, text="x")
    assert ([], 0) == (world.texts, world.writes)


def test_a_key_is_taken_once_where_the_vendor_dedupes(tmp_path):
    """The second text with a key is the first one again; without a key nothing is known again."""
    world = network(tmp_path, dedupes=True)
    first, again = (world.take(to=CUSTOMER, text="x", key="K1") for _ in range(2))
    world.take(to=CUSTOMER, text="x")
    world.take(to=CUSTOMER, text="x")

    assert first is again
    assert 3 == len(world.texts)


def test_a_template_is_filled_in(tmp_path):
    """The kit's messages name one template; what a vendor does not know shows nothing."""
    world = network(tmp_path)

    assert "您好" == world.filled("CONTRACT", {"words": "您好"})
    assert "" == world.filled("SMS_1", {"words": "您好"})


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("85251234567", "+85251234567"),
        ("51234567", "+51234567"),
        ("", ""),
    ],
)
def test_a_number_is_one_however_it_is_written(written, number):
    """Nationally, internationally, with signs between; what lost its country is a stranger's."""
    assert number == e164(written)


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_longest_that_fits_is_found(limit, most):
    """Exactly as many as fit, and never more than was asked for."""
    assert min(limit, most) == longest(lambda text: len(text) <= limit, "长", most)


# ------------------------------------------------------------------ what a class must say


def test_a_capability_wants_its_push():
    """An adapter that understands pushes is proven with pushes: a contract without one is refused, with the name of the method."""
    with pytest.raises(TypeError, match="declares ParsesReceipts, so TestReader needs receipt_push"):
        type("TestReader", (MessagingContract,), {"adapter_class": Reader})
    receipt = {"receipt_push": lambda self, reports, world: None}
    with pytest.raises(TypeError, match="needs reply_push"):
        type("TestReader", (MessagingContract,), {"adapter_class": Reader, **receipt})


def test_only_what_applies_is_run():
    """Checks of pushes, batches, logs and groups are no tests of an adapter that has none of these."""
    plain = type("TestPlain", (MessagingContract,), {"adapter_class": Plain})
    robot = type(
        "TestRobot",
        (MessagingContract,),
        {"adapter_class": type("R", (Plain,), {"channels": frozenset({Channel.GROUP})})},
    )
    run = {
        name: {each for each in dir(cls) if each.startswith("test_") and callable(getattr(cls, each))}
        for name, cls in (("plain", plain), ("robot", robot))
    }

    assert "test_nothing_is_cut" in run["plain"]
    assert not {"test_garbage_is_refused", "test_receipts_are_answered", "test_a_full_batch_is_taken"} & run["plain"]
    assert {"test_a_text_goes_to_its_number"} == run["plain"] - run["robot"]
    assert {"test_who_is_mentioned_is_called", "test_the_group_sees_no_customers_number"} == run["robot"] - run["plain"]


def test_a_stranger_needs_a_secret_to_be_without():
    """Whether other secrets can sign is asked where the pushes are signed and the configuration has a secret."""
    pushes = {"receipt_push": lambda self, reports, world: None, "reply_push": lambda self, replies, world: None}
    for signed, config, applies in (
        (True, {"token": Secret("long-enough")}, True),
        (True, {"token": "public"}, False),
        (False, {"token": Secret("long-enough")}, False),
    ):
        cls = type(
            "TestReader", (MessagingContract,), {"adapter_class": Reader, "signed": signed, "config": config, **pushes}
        )

        assert applies is callable(cls.test_a_stranger_cannot_sign)
        assert signed is callable(cls.test_what_was_not_signed_is_refused)


# ------------------------------------------------------------------ garbage


def push(body: bytes, **query: str) -> WebhookRequest:
    return WebhookRequest(method="POST", path="receipts", query=query, headers={"x-sign": body.hex()}, body=body)


def test_a_forgery_is_never_a_true_push():
    """Parts of two good pushes are mixed, bits flipped and pieces left out; the other one as a whole is not among the forgeries."""
    true, other = push(b'{"key":"K1","state":"ok"}', n="1"), push(b'{"key":"K2","state":"bad"}', n="2")
    forgeries = list(forged(true, other))

    assert true not in forgeries
    assert other not in forgeries
    assert attrs.evolve(true, body=other.body) in forgeries
    assert attrs.evolve(true, body=other.body, headers={}) in forgeries
    assert attrs.evolve(true, body=b'{"key": "K2", "state": "ok"}') in forgeries


def test_every_field_is_left_out_and_made_strange():
    """Of JSON, of a form and of a query, each field is missing once, and once a number too large for any clock."""
    for good in (push(b'{"list":[{"at":"1"}]}'), push(b"at=1"), push(b"", at="1")):
        seen = list(broken(good)) + list(evil([good]))

        assert any("at" not in str((each.query, each.body)) and each != good for each in broken(good))
        assert any("9" * 5_000 in str((each.query, each.body)) for each in seen)
