"""crmcore send with a plugin that is asked before: who it was, what it said, and how the command ends."""

from __future__ import annotations

import pytest

from crmcore.app import Crm
from crmcore.hooks import hookimpl
from crmcore.hooks.manager import Plugins
from crmcore.types.contact import Refuse

SMS = """
[messaging.sms]
adapter = "gateway"
url = "http://127.0.0.1:9/"
"""
NOW = ("--now", "2026-11-22T12:00")


class Guard:
    """Answers what it is told."""

    def __init__(self, answer):
        self.answer = answer

    @hookimpl
    def crmcore_before_send(self, message, customer):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(name="due")
def _due(crm, monkeypatch):
    """One text that is due, and a plugin that says so."""
    crm.toml(SMS)
    (crm.folder / "ro.csv").write_text("", "utf-8")
    with Crm.from_config(crm.folder / "crm.toml") as opened, opened.db.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO customer (id, kind, name, name_key, created_at, updated_at) "
            "VALUES (1, 'PERSON', '王小明', '王小明', '', '')"
        )
        connection.exec_driver_sql("INSERT INTO contact_point (id, customer_id, value) VALUES (1, 1, '+8613800130001')")
        connection.exec_driver_sql(
            "INSERT INTO message (id, customer_id, value, channel, message_class, purpose, template, params, text, store, "
            "key, dedupe, state, due_at, created_at, state_at) VALUES (1, 1, '+8613800130001', 'SMS', 'SERVICE', 'READY', "
            "'READY_FOR_PICKUP', '{}', '您好', 'S01', 'k1', 'd1', 'QUEUED', '2026-11-22T01:00:00Z', "
            "'2026-11-22T01:00:00Z', '2026-11-22T01:00:00Z')"
        )

    def says(answer):
        real = Plugins.__init__

        def init(self, extra=(), **more):
            real(self, [*extra, Guard(answer)], **more)

        monkeypatch.setattr(Plugins, "__init__", init)
        return crm

    return says


@pytest.mark.parametrize("yes", [(), ("--yes",)])
def test_a_plugin_that_fails_ends_the_command_with_4(due, yes):
    """In earnest and in a dry run; it is named, its words are not, and the text stays due."""
    crm = due(ValueError("王小明 13800130001"))
    result = crm("send", *yes, *NOW)
    code, body = crm.json("send", *yes, *NOW)
    _, listed = crm.json("messages", "list")

    assert (4, 4) == (result.exit_code, code)
    assert "CRM-P120" in result.stderr
    assert "Guard" in result.stderr
    assert "ValueError" in result.stderr
    assert "13800130001" not in result.output + result.stderr + str(body)
    assert ("CRM-P120", {"GATE_FAILED": 1}) == (body["code"], body["left"])
    assert ["QUEUED"] == [each["state"] for each in listed["messages"]]


def test_what_a_plugin_refused_is_shown_with_its_name(due):
    """send, messages list and explain say who it was and why; refusing is no failure."""
    crm = due(Refuse("ON_THE_LIST"))
    result = crm("send", "--yes", *NOW)
    listed, explained = crm("messages", "list"), crm("explain", "M1")
    code, body = crm.json("explain", "M1")

    assert 0 == result.exit_code
    for said in (result, listed, explained):
        assert "Guard: ON_THE_LIST" in said.stdout
    assert 0 == code
    assert "ON_THE_LIST" in str(body)


def test_a_run_that_could_not_ask_is_done_in_part(due):
    """The rest of `crmcore run` goes on, and it ends with 1."""
    crm = due(SystemError())
    result = crm("run", "--yes", *NOW)

    assert 1 == result.exit_code
    assert "CRM-P120" in result.stderr
