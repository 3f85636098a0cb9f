"""Who may be asked, and by which token."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.surveys.cooldown import Ask, Asked, NotNow, may_ask
from crmcore.rules.surveys.tokens import token

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def ago(**by):
    return NOW - timedelta(**by)


@pytest.mark.parametrize(
    ("before", "decision"),
    [
        ([], Ask()),
        ([Asked(at=ago(days=30))], Ask()),
        ([Asked(at=ago(days=29))], NotNow(ago(days=-1), "ASKED_RECENTLY")),
        ([Asked(at=ago(days=40)), Asked(at=ago(days=1), answered=True)], NotNow(ago(days=-29), "ANSWERED_RECENTLY")),
        ([Asked(at=ago(days=1)), Asked(at=ago(days=1), answered=True)], NotNow(ago(days=-29), "ANSWERED_RECENTLY")),
        ([Asked(at=ago(days=-1))], NotNow(ago(days=-31), "ASKED_RECENTLY")),
    ],
)
def test_nobody_is_asked_twice_within_the_cooldown(before, decision):
    """The latest counts, whoever asked; on the day it ends he may be asked."""
    assert decision == may_ask(before, cooldown_days=30, now=NOW)


@given(st.integers(1, 10**9), st.integers(1, 10**9) | st.none())
def test_a_token_is_stable_and_fits_every_vendor(customer, visit):
    """Letters and digits, at most 35, in one case."""
    found = token("survey.lime", customer, visit, salt="s")

    assert found == token("survey.lime", customer, visit, salt="s")
    assert re.fullmatch(r"[a-z2-7]{24}", found)


def test_another_person_visit_source_or_store_has_another_token():
    """Nor can it be worked out without the salt."""
    found = {
        token("a", 1, 2, salt="s"), token("a", 1, 3, salt="s"), token("a", 2, 2, salt="s"), token("b", 1, 2, salt="s"),
        token("a", 1, 2, salt="t"), token("a", 1, None, salt="s"), token("a", 12, None, salt="s"),
    }  # fmt: skip

    assert len(found) == 7
