"""--by: what stands in a history is a colleague, or the command line itself."""

from __future__ import annotations

import pytest

PEOPLE = """
[[staff]]
code = "V01"
name = "主管"
role = "SERVICE_MANAGER"
"""
NOW = ("--now", "2026-11-22T10:00")


def who(crm):
    """Who stands in the history of K1."""
    return [line["who"] for line in crm.json("complaints", "show", "K1", *NOW)[1]["complaint"]["events"]]


@pytest.fixture(name="case")
def _case(crm):
    """A dealer with one colleague, and a case, K1."""
    crm.toml(PEOPLE)
    assert 0 == crm("complaints", "open", "charged twice", "--category", "PRICE", "--by", "V01", *NOW).exit_code
    return crm


@pytest.mark.parametrize(
    "command",
    [
        ("complaints", "note", "K1", "called"),
        ("complaints", "investigate", "K1"),
        ("complaints", "open", "once more"),
        ("rework", "decide", "RO1"),
        ("surveys", "exclude", "Q1", "--why", "x"),
        ("touchpoints", "done", "T1"),
        ("proposals", "accept", "P1"),
        ("privacy", "erase", "C1", "--yes"),
    ],
)
def test_a_stranger_does_nothing(case, command):
    """Whoever is none of the people is refused before anything is done, with the nearest code."""
    stranger = case(*command, "--by", "root", *NOW)
    slip = case(*command, "--by", "V1", *NOW)

    assert [(2, "CRM-U117"), (2, "CRM-U118")] == [(said.exit_code, said.stderr.split()[1]) for said in (stranger, slip)]
    assert "Did you mean V01?" in slip.stderr
    assert {"V01"} == set(who(case))


def test_who_is_not_named_is_the_command_line(case):
    """Nobody is guessed; "cli" may also be written."""
    assert 0 == case("complaints", "note", "K1", "called", *NOW).exit_code
    assert 0 == case("complaints", "note", "K1", "again", "--by", "cli", *NOW).exit_code

    assert ["cli", "cli"] == who(case)[-2:]


def test_before_anybody_is_known_any_word_is_taken(crm):
    """A dealer without a list of people can work on cases."""
    crm.toml()

    assert 0 == crm("complaints", "open", "charged twice", "--category", "PRICE", "--by", "陈", *NOW).exit_code
    assert {"陈"} == set(who(crm))
