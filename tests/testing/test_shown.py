"""What the kit looks for in what an adapter shows, how it finds a comparison, and what it takes for the same."""

from __future__ import annotations

import base64
import hmac
import json
from urllib.parse import quote

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.hooks import Secret, WebhookRequest
from crmcore.testing.garbage import watched
from crmcore.testing.saying import same
from crmcore.testing.shown import secrets_of, standing

SECRET = "S3cret-of-Acme"
SIGNATURES = ("4dc3df7be1099ad8b9895bb0c547605f", "0a1b2c3d4e5f60718293a4b5c6d7e8f9")


@given(st.text(max_size=20), st.text(min_size=8, max_size=40), st.text(max_size=20))
def test_a_secret_is_found_in_the_middle_of_base64(before, secret, after):
    """`Authorization: Basic` has the user and a colon before it; where the secret begins decides what it looks like."""
    written = base64.b64encode(f"{before}{secret}{after}".encode()).decode()

    assert ["token in the log"] == standing({"token": secret}, {"the log": f"sent Basic {written}"})


@pytest.mark.parametrize(
    "written",
    [
        "张三",
        repr("张三".encode()),
        json.dumps({"name": "张三"}),
        f"https://acme.example/?name={quote('张三')}",
        "张三".encode().hex(),
    ],
)
def test_a_name_is_found_however_it_is_written(written):
    """Plain, as bytes, in JSON, in an address, in a dump."""
    assert ["张三 in it"] == standing(["李四", "张三"], {"it": f"read {written}"})
    assert [] == standing(["李四"], {"it": f"read {written}"})


def test_secrets_are_found_wherever_a_configuration_has_them():
    """In a field, in a table in it, in a list and in a mapping; an empty one is none."""
    table = attrs.make_class("Table", ["token", "more"])
    config = table(
        Secret(SECRET), {"tables": [table(Secret(""), Secret("another")), "x"], "headers": {"Key": Secret("3")}}
    )

    assert {"token": SECRET, "more.tables.0.more": "another", "more.headers.Key": "3"} == {
        name: found.reveal() for name, found in secrets_of(config)
    }


@pytest.mark.parametrize(
    ("path", "written", "arrived", "expected"),
    [
        ("advisor", "0042", "0042", True),
        ("advisor", "0042", "42", False),
        ("customer.phone", "13800138042", "+86 138-0013-8042", True),
        ("customer.phone", "13800138042", "13900139042", False),
        ("km_in", "20042", 20042, True),
        ("delivered_at", "2026-11-05 23:30", "2026-11-05T15:30:00Z", True),
        ("delivered_at", "2026-11-05 23:30", "2026-11-05T15:30:00", False),
        ("delivered_at", "2026-11-05 23:30", "20261105", True),
        ("delivered_at", "2026-11-05 00:30", "2026-11-04", False),
        ("reason_verbatim", "1.0", "1", False),
        ("reason_verbatim", "1.0", None, False),
    ],
)
def test_what_is_spelled_otherwise_is_the_same(path, written, arrived, expected):
    """A time, a day, a phone and a distance are what they mean; a text is itself."""
    assert expected is same(path, written, arrived)


def test_a_comparison_of_a_signature_is_noticed():
    """`==` and `!=` with the true one, in a header as in the query; a digest's own comparison is none, and what never changes is none."""
    one, other = (
        WebhookRequest(
            method="POST", path="", query={"sign": sign}, headers={"x-sign": sign, "accept": "application/json;v=1"}
        )
        for sign in SIGNATURES
    )
    push, equals = watched(one, other)

    assert hmac.compare_digest(SIGNATURES[0], push.headers["x-sign"])
    assert push.headers["accept"] == "application/json;v=1"
    assert push.headers["x-sign"] != SIGNATURES[1]
    assert [] == equals
    assert push.headers["x-sign"] == SIGNATURES[0]
    assert not push.query["sign"] != SIGNATURES[0]  # noqa: SIM202 - this is the comparison that is meant
    assert [SIGNATURES[0]] * 2 == equals
