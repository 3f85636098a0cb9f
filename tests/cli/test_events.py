"""crmcore events: a program reads along, from where it was."""

from __future__ import annotations

from crmcore.app import Crm

OPEN = ("complaints", "open", "又坏了，要退钱", "--by", "cli")


def test_a_program_reads_along_from_where_it_was(crm):
    """Every answer brings the cursor of the next question; the JSON is what `crm.events` tells."""
    crm.toml()
    crm(*OPEN, "--now", "2026-11-22T10:00")
    _, first = crm.json("events", "--limit", "1")
    crm("complaints", "note", "K1", "x", "--now", "2026-11-22T10:05")
    _, second = crm.json("events", "--since", first["cursor"])
    _, third = crm.json("events", "--since", second["cursor"])
    with Crm.from_config(crm.folder / "crm.toml") as opened:
        told, latest = opened.events.since(), opened.events.latest()

    assert ["CaseOpened"] == [each["event"] for each in first["events"]]
    assert [("CaseMoved", "K1", "NOTE")] == [
        (each["event"], each["complaint_id"], each["kind"]) for each in second["events"]
    ]
    assert [] == third["events"]
    assert second["cursor"] == third["cursor"] == told.cursor == latest
    assert ["k1", "k2"] == [each.id for each in told.events]


def test_a_person_sees_what_happened(crm):
    """A table for who looks, with the next cursor beside it."""
    crm.toml()
    crm(*OPEN, "--now", "2026-11-22T10:00")
    result = crm("events")

    assert "2026-11-22 10:00" in result.stdout
    assert "CaseOpened" in result.stdout
    assert "K1" in result.stdout
    assert "crmcore events --since m0.i0.a0.q0.k1.u0" in result.stderr


def test_a_cursor_that_is_none_is_a_wrong_command(crm):
    """Exit code 2 and the code of the error."""
    crm.toml()
    code, body = crm.json("events", "--since", "yesterday")

    assert (2, "CRM-U160") == (code, body["code"])
