"""WeCom's dialect: bytes, and who is mentioned."""

from __future__ import annotations

import pytest

from crmcore.sample.robot import TOO_LONG_WECOM, Said
from crmcore.types.contact import Accepted


def test_a_text_is_taken(make, message, group):
    """The key goes in the query, the numbers in a list of their own, not in the text."""
    outcome = make("wecom", url=group.wecom_url).send(message("你好", ("+8613900139001",)), key="K1")

    assert Accepted() == outcome
    assert [Said(vendor="wecom", text="你好", mentioned=("13900139001",))] == group.said
    assert group.wire[0].startswith(b"/cgi-bin/webhook/send?key=samplekey\n")


@pytest.mark.parametrize(
    ("text", "fits"), [("a" * 2_048, True), ("a" * 2_049, False), ("诉" * 682 + "aa", True), ("诉" * 683, False)]
)
def test_bytes_are_counted_not_characters(make, message, group, text, fits):
    """A Chinese character is three bytes of 2,048; what fits is taken by a robot that counts as WeCom does."""
    adapter = make("wecom", url=group.wecom_url)

    assert fits == adapter.limits.fits(text)
    assert fits == (adapter.send(message(text), key="K1") == Accepted())


def test_a_robot_on_loopback_counts_too(make, message, group, monkeypatch):
    """The robot that the bytes were tried on refuses what is longer, so the test above can fail."""
    adapter = make("wecom", url=group.wecom_url)
    monkeypatch.setattr(type(adapter), "fits", lambda _self, _text: True)

    assert str(TOO_LONG_WECOM["errcode"]) == adapter.send(message("诉" * 683), key="K1").code
