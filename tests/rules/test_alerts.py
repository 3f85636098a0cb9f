"""Alerts: what goes together, in which order, to whom, and when again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.alerts import AlertPolicy, Line, again, called, digest
from crmcore.types.contact import Accepted, Deferred, Rejected, Scope, Unknown
from crmcore.types.store import Role, Staff

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
POLICY = AlertPolicy(per_run=5, retry_minutes=10)
MANAGER, AGENT = Role.CR_MANAGER, Role.CR_AGENT


def line(number, text="x", minutes=0, **known) -> Line:
    return Line(id=number, text=text, due_at=NOW + timedelta(minutes=minutes), **known)


def head(count) -> str:
    return f"={count}="


def person(code, role=MANAGER, phone="+8613900139001", store="S1", **known) -> Staff:
    return Staff(code=code, name="甲", store=store, role=role, phone=phone, **known)


# ------------------------------------------------------------------ digests


def test_what_fits_goes_together_and_the_most_urgent_first():
    """One message holds all that fits, the earliest deadline first; cases that are over come last."""
    lines = [line(1, "later", 30), line(2, "over", -90, ended=True), line(3, "late", -5), line(4, "late too", -5)]

    (one,) = digest(lines, head, lambda _text: True, 5)
    assert "=4=\nlate\nlate too\nlater\nover" == one.text
    assert (3, 4, 1, 2) == tuple(each.id for each in one.lines)


def test_what_does_not_fit_goes_with_the_next():
    """A message is full before it is too long; no more than `per_run` go in one run, and the most urgent are among them."""
    lines = [line(number, "y" * 10, number) for number in range(1, 8)]
    found = digest(lines, head, lambda text: len(text) <= 26, 3)

    assert ["=2=\n" + "\n".join(["y" * 10] * 2)] * 3 == [each.text for each in found]
    assert [(1, 2), (3, 4), (5, 6)] == [tuple(line.id for line in each.lines) for each in found]


def test_a_line_too_long_for_any_message_is_cut():
    """Even what fits nowhere is said, as far as it goes."""
    found = digest([line(1, "z" * 50), line(2, "short", 1)], head, lambda text: len(text) <= 20, 5)

    assert ["z" * 20, "=1=\nshort"] == [each.text for each in found]


def test_a_group_that_takes_nothing_is_shown_the_whole():
    """Where no text fits, the vendor refuses it and says why."""
    (one,) = digest([line(1, "whole")], head, lambda _text: False, 5)

    assert "whole" == one.text


def test_nothing_owed_says_nothing():
    """Without alerts there is no message."""
    assert () == digest([], head, lambda _text: True, 5)


@given(
    st.lists(st.tuples(st.integers(-60, 60), st.text("诉a", min_size=1, max_size=30), st.booleans()), max_size=30),
    st.integers(40, 200),
    st.integers(1, 6),
)
def test_every_alert_is_said_once_and_every_message_fits(owed, limit, per_run):
    """Whatever is owed: each message fits, none repeats or skips an alert, and what is left is what is least urgent."""
    lines = [line(number, text, minutes, ended=over) for number, (minutes, text, over) in enumerate(owed)]
    wanted = [each.id for each in sorted(lines, key=lambda each: (each.ended, each.due_at, each.id))]

    def fits(text):
        return len(text.encode()) <= limit

    found = digest(lines, head, fits, per_run)
    said = [each.id for one in found for each in one.lines]
    assert wanted[: len(said)] == said
    assert len(said) == len(wanted) or len(found) == per_run
    assert all(fits(one.text) for one in found)


# ------------------------------------------------------------------ who is called


def test_one_person_is_called_before_a_role():
    """A named colleague alone is called, also when away: it is his case."""
    staff = [person("E1", phone="+8613900139001", away_until=TODAY), person("E2", phone="+8613900139002")]

    assert ("+8613900139001",) == called([line(1, role=MANAGER, staff="E1")], staff, "S1", TODAY)


def test_a_role_means_everybody_of_it_who_is_there():
    """Of a role: those at this store who work, are not away, and have a phone; each once."""
    staff = [
        person("E1", phone="+8613900139001"),
        person("E2", phone="+8613900139002", away_until=TODAY - timedelta(days=1)),
        person("E3", phone="+8613900139003", away_until=TODAY),
        person("E4", phone="+8613900139004", active=False),
        person("E5", phone="+8613900139005", store="S2"),
        person("E6", phone="+8613900139006", role=AGENT),
        person("E7", phone=None),
        person("E8", phone="+8613900139001"),
    ]

    assert ("+8613900139001", "+8613900139002") == called([line(1, role=MANAGER), line(2)], staff, "S1", TODAY)


# ------------------------------------------------------------------ when again


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Accepted(), None),
        (Deferred(code="1", not_before=NOW + timedelta(minutes=3)), NOW + timedelta(minutes=3)),
        (Deferred(code="1", not_before=NOW - timedelta(minutes=3)), NOW),
        (Deferred(code="1"), NOW + timedelta(minutes=10)),
        (Unknown(why="HTTP_500"), NOW + timedelta(minutes=10)),
        (Rejected(code="310000", scope=Scope.ACCOUNT), NOW + timedelta(minutes=10)),
        (Rejected(code="40058"), NOW + timedelta(minutes=10)),
    ],
)
def test_only_what_the_group_has_is_not_said_again(answer, expected):
    """A doubt, a delay and a refusal are all tried again; the vendor's time counts where there is one."""
    assert expected == again(answer, POLICY, NOW)
