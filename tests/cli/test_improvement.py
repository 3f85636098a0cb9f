"""crmcore actions, meetings: what is to be mended is a row of the plan, and a meeting leaves its record."""

from __future__ import annotations

import pytest

PEOPLE = """
[[staff]]
code = "V01"
name = "主管"
role = "SERVICE_MANAGER"
[[staff]]
code = "D01"
name = "顾问"
role = "SERVICE_ADVISOR"
"""
ROW = ("--factor", "invoices", "--cause", "filters are booked twice", "--measure", "the cashier compares the order")
WHO = ("--responsible", "D01", "--supervisor", "V01", "--due", "2026-12-15")


def at(clock):
    return ("--now", f"2026-11-22T{clock}")


@pytest.fixture(name="store")
def _store(crm):
    """A store with two people and one open case, K1."""
    crm.toml(PEOPLE)
    assert 0 == crm("complaints", "open", "charged twice", "--category", "PRICE", *at("10:00")).exit_code
    return crm


def test_a_row_of_the_plan_goes_from_a_case_to_a_meeting(store):
    """The row is written with its nine fields, decided on in a meeting, and taken on."""
    added = store.json("actions", "add", *ROW, *WHO, "--case", "K1", "--priority", "1", *at("11:00"))
    held = store.json(
        "meetings", "add", "complaint", "--chair", "V01", "--record", "from Monday", "--action", "B1", *at("12:00")
    )
    moved = store.json("actions", "set", "B1", "doing", *at("13:00"))
    (row,) = store.json("actions", "list", *at("13:00"))[1]["actions"]
    (record,) = store.json("meetings", "list", *at("13:00"))[1]["meetings"]

    assert (0, "B1", "OPEN") == (added[0], added[1]["id"], added[1]["state"])
    assert (0, "DOING") == (moved[0], moved[1]["state"])
    assert 0 == held[0]
    assert ("invoices", 1, "D01", "V01", "2026-12-15") == tuple(
        row[name] for name in ("factor", "priority", "responsible", "supervisor", "due_on")
    )
    assert (["B1"], "COMPLAINT") == (record["actions"], record["kind"])


@pytest.mark.parametrize(
    ("lang", "kind", "kept"), [("en", "Complaint meeting", "actions: 1"), ("zh", "客诉例会", "行动 1 项")]
)
def test_the_list_of_meetings_is_in_words(store, lang, kind, kept):
    """A meeting is called what its sheet calls it."""
    store("actions", "add", *ROW, *WHO, *at("11:00"))
    added = store("meetings", "add", "complaint", "--action", "B1", "--lang", lang, *at("12:00")).stdout
    listed = store("meetings", "list", "--lang", lang, *at("13:00")).stdout

    assert kept in added
    assert kind in listed
    assert "COMPLAINT" not in listed


def test_the_sheet_of_a_meeting_is_in_words(store):
    """Who sits in a meeting reads no codes."""
    sheet = store("meetings", "sheet", "complaint", *at("13:00")).output

    assert "Price" in sheet
    assert "received" in sheet
    assert "RECEIVED" not in sheet
