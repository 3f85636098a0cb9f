"""Alerts from the command line: what is owed, what was told, and what a run says about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crmcore.db import alerts, schema
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.sample.robot import KEY, LoopbackRobot

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
AT = ("--now", "2026-11-22T02:00:00Z")
ROBOT = """
[messaging.group]
adapter = "wecom"
key = {{ env = "ROBOT_KEY" }}
url = "{url}"
"""


@pytest.fixture(name="robot")
def _robot():
    with LoopbackRobot(now=lambda: NOW) as robot:
        yield robot


@pytest.fixture(name="owed")
def _owed(crm):
    """A dealer with one case, of which somebody must be told."""

    def make(text=""):
        path = crm.toml(text)
        crm("db", "upgrade", *AT)
        with Database(f"sqlite:///{path.parent / 'crm.db'}") as db, db.writing() as connection:
            case = {"id": 7, "store": "S01", "state": "RECEIVED", "category": "OTHER", "updated_at": stamp(NOW)}
            connection.execute(schema.complaint.insert().values(**case))
            alerts.owe(
                connection, store="S01", complaint_id=7, kind="ESCALATED", level=1, role="CR_MANAGER", staff=None,
                params={"clock": "HANDOVER"}, due_at=NOW - timedelta(minutes=5), now=NOW,
            )  # fmt: skip

    return make


def test_a_run_tells_colleagues_only_with_a_yes(crm, owed, robot):
    """Without --yes alerts are counted; with it the group reads them, and the list shows when and where."""
    owed(ROBOT.format(url=robot.wecom_url))
    _, before = crm.json("run", *AT, ROBOT_KEY=KEY)
    said_before = list(robot.said)
    _, after = crm.json("run", "--yes", *AT, ROBOT_KEY=KEY)
    _, listed = crm.json("alerts", "list", *AT, ROBOT_KEY=KEY)

    assert (1, 0, []) == (before["alert"]["owed"], before["alert"]["told"], said_before)
    assert (1, 1, {}) == (after["alert"]["owed"], after["alert"]["told"], after["alert"]["failed"])
    assert ["[Complaints] 示范店: 1"] == [said.text.split("\n")[0] for said in robot.said]
    (row,) = listed["alerts"]
    assert ("L1", "K7", "ESCALATED", ["group"], "2026-11-22T02:00:00Z", None) == (
        row["id"], row["complaint"], row["kind"], row["groups"], row["sent_at"], row["next_at"]
    )  # fmt: skip


def test_a_refusal_is_an_error_with_words_and_the_alert_stays(crm, owed, robot):
    """A robot that does not know us ends the run with 1, says why in words, and the alert is tried again."""
    owed(ROBOT.format(url=robot.wecom_url))
    result = crm("run", "--yes", *AT, ROBOT_KEY="wrong")
    shown = crm("alerts", "list", "--owed", "--lang", "zh", *AT, ROBOT_KEY=KEY)
    _, sent = crm.json("alerts", "list", "--sent", *AT, ROBOT_KEY=KEY)

    assert 1 == result.exit_code
    assert "CRM-M601" in result.stderr
    assert "WeCom knows no robot with this key" in result.stderr
    assert "wrong" not in result.stderr + result.stdout
    assert "企业微信没有这个 key 的机器人" in shown.stdout
    assert "升级到第 1 级" in shown.stdout
    assert [] == sent["alerts"]


def test_a_dealer_without_a_group_is_told_so(crm, owed):
    """Nobody to tell is no failure of the run, but it is said each time, with what to configure."""
    owed()
    result = crm("run", "--yes", *AT)

    assert 0 == result.exit_code
    assert "Nobody is told" in result.stderr
    assert 'adapter "dingtalk" or "wecom"' in result.stderr


def test_a_robot_whose_key_is_not_set_is_an_error(crm, owed, robot):
    """The secret that is missing is named where colleagues are told, and is no trouble of what customers are sent."""
    owed(ROBOT.format(url=robot.wecom_url))
    code, body = crm.json("run", "--yes", *AT)

    assert (1, {"group": "CRM-C140"}) == (code, body["alert"]["failed"])
    assert ({}, {}) == (body["send"]["failed"], body["collect"]["failed"])
    assert 0 == crm("send", "--yes", *AT).exit_code


def test_doctor_hints_at_a_store_without_a_group(crm, robot):
    """A store that nobody hears complaints of is a hint, not an error; with a robot that answers it is fine."""
    crm.toml()
    without, hints = crm.json("doctor", "--now", "2026-03-01")
    crm.toml(ROBOT.format(url=robot.wecom_url))
    code, fine = crm.json("doctor", "--now", "2026-03-01", ROBOT_KEY=KEY)

    (hint,) = [check for check in hints["checks"] if check["check"] == "alerts"]
    (ok,) = [check for check in fine["checks"] if check["check"] == "alerts"]
    assert ("warning", "S01", 0) == (hint["level"], hint["found"], without)
    assert "dingtalk" in hint["fix"]
    assert ("ok", "messaging.group", 0) == (ok["level"], ok["found"], code)
    assert [] == robot.said


def test_doctor_does_not_call_a_robot_that_cannot_speak_fine(crm, robot):
    """A group whose connection fails tells nobody; the two lines agree, and one group that works is enough."""
    crm.toml(ROBOT.format(url=robot.wecom_url))
    code, body = crm.json("doctor", "--now", "2026-03-01")
    other = (
        ROBOT.format(url=robot.wecom_url)
        .replace("messaging.group", "messaging.other")
        .replace("ROBOT_KEY", "OTHER_KEY")
    )
    crm.toml(ROBOT.format(url=robot.wecom_url) + other)
    _, half = crm.json("doctor", "--now", "2026-03-01", OTHER_KEY=KEY)

    found = {check["check"]: check for check in body["checks"]}
    assert ("error", "messaging.group", "CRM-C140") == tuple(
        found["alerts"][name] for name in ("level", "found", "code")
    )
    assert (3, "error") == (code, found["connection"]["level"])
    assert ("ok", "messaging.other") == next(
        (each["level"], each["found"]) for each in half["checks"] if each["check"] == "alerts"
    )
