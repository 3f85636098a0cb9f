"""The commands on a new folder, on a store that refuses, and on the sample dealer."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import stat
import threading
from urllib.request import urlopen

import pytest

from crmcore.app import Crm
from crmcore.db import engine
from crmcore.db.engine import Database
from crmcore.hooks import WebhookRequest
from crmcore.sample import TODAY, config_toml, generate, limesurvey, write

NOW = ("--now", f"{TODAY.isoformat()}T10:00")
SECRETS = {
    "SMS_PASSWORD": "x",
    "CRM_HOOK_SECRET": "hook",
    "ROBOT_TOKEN": "t",
    "ROBOT_SECRET": "s",
    "SURVEY_PASSWORD": limesurvey.PASSWORD,
}


# ------------------------------------------------------------------ init


def test_init_asks_and_writes_what_loads(crm):
    """Four answers give a crm.toml with which every reading command works at once."""
    said = crm("init", "--lang", "zh", given="城东店\nS9\nD:\\导出\\*.csv\nhttp://127.0.0.1:13013/x\n")
    shown = crm.json("plugins", "list")[1]["plugins"]

    assert 0 == said.exit_code
    assert {"dms.main", "messaging.sms"} == {name for row in shown for name in row["used_by"]}
    assert ["城东店", "S9", "D:\\导出\\*.csv"] == _answers(crm)
    assert 0 == crm("callbacks", "list").exit_code


def _answers(crm):
    import tomllib

    data = tomllib.loads((crm.folder / "crm.toml").read_text("utf-8"))
    return [data["store"]["name"], data["store"]["code"], data["dms"]["main"]["path"]]


def test_init_asks_nothing_with_yes(crm):
    """--yes takes the defaults; options answer single questions."""
    exit_code, body = crm.json("init", "--yes", "--name", "示范店", "--lang", "en")

    assert (0, str(crm.folder / "crm.toml")) == (exit_code, body["path"])
    assert ["示范店", "S01", "exports/*.csv"] == _answers(crm)


def test_init_leaves_a_file_alone(crm):
    """A crm.toml that is there is not touched."""
    before = crm.toml().read_bytes()
    said = crm("init", "--yes")

    assert (2, before) == (said.exit_code, (crm.folder / "crm.toml").read_bytes())
    assert "CRM-U108" in said.stderr


def test_init_without_anybody_to_ask(crm):
    """In a script without --yes nothing is written, and the message says so."""
    said = crm("init", "--lang", "en")

    assert 2 == said.exit_code
    assert "CRM-U109" in said.stderr
    assert not (crm.folder / "crm.toml").exists()


# ------------------------------------------------------------------ doctor and plugins


def test_doctor_finds_nothing_wrong(crm):
    """On a good configuration every check is ok, exit 0, and nothing is created; without a robot there is a hint."""
    crm.toml("calendar = 'cn'\n")
    exit_code, body = crm.json("doctor", "--now", "2026-03-01")

    assert 0 == exit_code
    assert {"ok"} == {each["level"] for each in body["checks"] if each["check"] not in {"encoding", "alerts"}}
    assert {"python", "encoding", "plugin", "config", "calendar", "timezone", "database", "alerts"} == {
        each["check"] for each in body["checks"]
    }
    assert ["crm.toml"] == [file.name for file in crm.folder.iterdir()]


def test_doctor_tells_everything_with_its_fix(crm, monkeypatch):
    """A calendar year that is not announced, a missing secret, no files, an old database: each has a finding and a fix."""
    monkeypatch.delenv("SMS_PASSWORD", raising=False)
    (crm.folder / "crm.db").write_bytes(b"")
    crm.toml(
        "calendar = 'cn'\n[dms.main]\nadapter = 'csv'\npath = 'no/*.csv'\n"
        "[messaging.sms]\nadapter = 'gateway'\nurl = 'http://127.0.0.1:1/x'\npassword = { env = 'SMS_PASSWORD' }\n"
    )
    exit_code, body = crm.json("doctor", "--now", "2090-12-01")
    found = {(each["check"], each["level"], each["code"]) for each in body["checks"] if each["level"] != "ok"}

    assert 4 == exit_code
    assert {("calendar", "warning", ""), ("connection", "error", "CRM-C140"), ("serve", "warning", "")} <= found
    assert ("database", "error", "CRM-D120") in found
    assert any(check == "connection" and code.startswith("CRM-S") for check, _, code in found)
    assert all(each["fix"] for each in body["checks"] if each["level"] != "ok")


def test_doctor_reads_a_wrong_file_to_its_end(crm):
    """Each mistake of crm.toml is a finding; the exit code is 3."""
    crm.toml("[contact]\nmax_per_day = 'x'\nmax_pr_week = 3\n")
    exit_code, body = crm.json("doctor")

    assert 3 == exit_code
    assert ["CRM-C121", "CRM-C111"] == [each["code"] for each in body["checks"] if each["level"] == "error"]


def test_plugins_are_listed_without_a_file(crm):
    """The shipped plugins are shown with distribution, version, what they provide, and nobody uses them."""
    exit_code, body = crm.json("plugins", "list")
    rows = {row["plugin"]: row for row in body["plugins"]}

    assert 0 == exit_code
    assert ("crmcore-dms-csv", ["dms:csv"], [], "ok") == tuple(
        rows["dms_csv"][key] for key in ("distribution", "provides", "used_by", "status")
    )
    assert ["HasSandbox", "ParsesReceipts", "ParsesReplies"] == rows["sms_gateway"]["capabilities"]


def test_using_a_plugin_that_is_off_is_told(crm):
    """`plugins list` ends with 1 when the configuration uses what cannot be used; `sync` names the plugin."""
    crm.toml("[plugins]\ndisabled = ['dms_csv']\n[dms.main]\nadapter = 'csv'\npath = 'x'\n")
    exit_code, body = crm.json("plugins", "list")
    synced = crm("sync")

    assert 1 == exit_code
    assert ["dms_csv"] == [row["plugin"] for row in body["plugins"] if row["status"] == "disabled"]
    assert 4 == synced.exit_code
    assert "CRM-P102" in synced.stderr


def test_the_keys_of_an_adapter_are_explained(crm):
    """`plugins show` lists every config key with type, default and meaning, in the language asked for."""
    _, zh = crm.json("plugins", "show", "dms:csv", "--lang", "zh")
    _, en = crm.json("plugins", "show", "dms:csv", "--lang", "en")

    assert [("path", True)] == [(row["key"], row["required"]) for row in zh["keys"] if row["required"]]
    assert all(row["help"] and row["type"] for row in [*zh["keys"], *en["keys"]])
    assert zh["keys"][0]["help"] != en["keys"][0]["help"]
    assert 0 == crm("plugins", "show", "messaging:gateway").exit_code


# ------------------------------------------------------------------ db


def test_the_first_command_makes_the_database(crm):
    """Nobody has to run `db upgrade` first; the file is for its owner alone."""
    crm.toml()

    assert 0 == crm("callbacks", "list").exit_code
    assert 0o600 == stat.S_IMODE((crm.folder / "crm.db").stat().st_mode)
    assert "already" in crm("db", "upgrade", "--lang", "en").stdout


def test_db_upgrade_creates_and_says_so(crm):
    """On a new file it creates, on a current one it does nothing."""
    crm.toml()
    first, second = crm.json("db", "upgrade")[1], crm.json("db", "upgrade")[1]

    assert (None, first["known"]) == (first["found"], second["found"])
    assert "created" in crm("db", "upgrade", "-c", str(_other(crm))).stdout


def _other(crm):
    path = crm.folder / "other.toml"
    path.write_text("lang = 'en'\n[store]\ncode = 'S'\nname = 's'\n[database]\nurl = 'sqlite:///other.db'\n", "utf-8")
    return path


def test_an_older_database_is_copied_and_upgraded(crm):
    """A store without our revision is refused by commands, and copied before it is changed."""
    crm.toml()
    with contextlib.closing(sqlite3.connect(crm.folder / "crm.db")) as old, old:
        old.execute("create table something (a)")
    old.close()
    refused = crm("staff", "list")
    upgraded = crm("db", "upgrade", *NOW)

    assert 3 == refused.exit_code
    assert "crmcore db upgrade" in refused.stderr
    assert 0 == upgraded.exit_code
    assert 1 == len(list(crm.folder.glob("*.bak")))
    assert 0 == crm("staff", "list").exit_code


def test_a_newer_database_is_refused(crm):
    """A store of a newer version is told with CRM-D121 and exit 3."""
    crm.toml()
    crm("db", "upgrade")
    with contextlib.closing(sqlite3.connect(crm.folder / "crm.db")) as newer, newer:
        newer.execute("update alembic_version set version_num = '9999'")
    newer.close()

    assert [(3, "CRM-D121")] * 2 == [
        (code, body["code"]) for code, body in (crm.json("sync"), crm.json("db", "upgrade"))
    ]


def test_a_second_process_is_told_to_wait(crm, monkeypatch):
    """While another process writes, a writing command ends with CRM-D110 and changes nothing."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    crm.toml()
    crm("db", "upgrade")
    with Database(f"sqlite:///{crm.folder / 'crm.db'}") as other, other.writing():
        exit_code, body = crm.json("plan")

    assert (3, "CRM-D110") == (exit_code, body["code"])


def test_a_backup_from_the_command_line(crm):
    """`db backup FILE` writes a sound copy, and refuses a name that is taken."""
    crm.toml()
    crm("db", "upgrade")

    assert 0 == crm("db", "backup", "copy.db").exit_code
    assert 2 < (crm.folder / "copy.db").stat().st_size
    assert "CRM-D123" in crm("db", "backup", "copy.db").stderr


# ------------------------------------------------------------------ the loop


@pytest.fixture(name="lime")
def _lime():
    with limesurvey.LoopbackLimeSurvey() as lime:
        yield lime


@pytest.fixture(name="dealer")
def _dealer(crm, lime):
    """The sample dealer; nobody is at his gateway's address, and nobody has answered at his survey's."""
    write(generate(), crm.folder)
    text = config_toml(lang="zh", gateway_url="http://127.0.0.1:1/cgi-bin/sendsms", survey_url=lime.url)
    (crm.folder / "crm.toml").write_text(text, "utf-8")
    return crm


def test_the_sample_dealer_from_export_to_worklist(dealer):
    """sync, plan and send without --yes: counts reconcile, calls and texts are due, nothing leaves, each is explained."""
    code, synced = dealer.json("sync", *NOW, **SECRETS)
    again = dealer.json("sync", *NOW, **SECRETS)[1]
    planned = dealer.json("plan", *NOW, **SECRETS)[1]
    repeated = dealer.json("plan", *NOW, **SECRETS)[1]
    sent = dealer.json("send", *NOW, **SECRETS)[1]
    calls = dealer.json("callbacks", "list", *NOW, **SECRETS)[1]["callbacks"]
    owed = dealer.json("touchpoints", "list", *NOW, **SECRETS)[1]["touchpoints"]

    assert (0, "crmcore/sync@1", 6) == (code, synced["schema"], len(synced["sources"]))
    for row in [*synced["sources"], *again["sources"]]:
        assert row["read"] == row["accepted"] + row["unchanged"] + row["duplicates"] + row["rejected"]
    assert 0 == sum(row["accepted"] for row in again["sources"])
    assert sum(row["added"] for row in planned["rules"]) == len(owed) > 20
    assert 0 == sum(row["added"] + row["texts"] for row in repeated["rules"])
    assert sent["dry_run"]
    assert {"SENDING", "HELD", "REFUSED"} >= {row["state"] for row in sent["messages"]}
    assert {"QUEUED"} == {row["state"] for row in dealer.json("messages", "list", **SECRETS)[1]["messages"]}
    assert len(calls) > 5
    assert all("*" in row["phone"] for row in calls if row["phone"])
    assert "crmcore/explain@1" == dealer.json("explain", owed[0]["id"], **SECRETS)[1]["schema"]


def test_run_without_yes_lets_nothing_leave(dealer):
    """`crmcore run` without --yes learns and decides; not one text has left or was tried."""
    code, body = dealer.json("run", *NOW, **SECRETS)

    assert ("crmcore/run@1", True) == (body["schema"], body["send"]["dry_run"])
    assert 0 == code
    assert {0} == {row["attempts"] for row in dealer.json("messages", "list", **SECRETS)[1]["messages"]}


def test_a_survey_that_cannot_be_reached_stops_nothing_else(dealer, lime):
    """`run` says who is not there, in a line with its code, and exits 1; everything else was done."""
    lime.close()
    code, body = dealer.json("run", *NOW, **SECRETS)
    said = dealer("run", *NOW, "--lang", "en", **SECRETS)

    assert (1, {"survey.web": "CRM-H101"}) == (code, body["collect"]["failed"])
    assert body["sync"]["sources"]
    assert body["send"]["messages"]
    assert {"survey.agency": 324} == {
        each["source"]: each["accepted"] for each in body["collect"]["surveys"] if each["accepted"]
    }
    assert ["CRM-H101"] == [word for word in said.stderr.split() if word.startswith("CRM-")]
    assert "survey.web" in said.stderr


def test_a_gateway_that_is_down_loses_nothing(dealer):
    """With --yes and nobody at the gateway's address every text stays due for the next run."""
    dealer("run", *NOW, **SECRETS)
    code, body = dealer.json("send", "--yes", *NOW, **SECRETS)
    states = {row["state"] for row in dealer.json("messages", "list", **SECRETS)[1]["messages"]}

    assert (4, "crmcore/error@1", "CRM-H101") == (code, body["schema"], body["code"])
    assert not body["dry_run"]
    assert states <= {"QUEUED", "HELD", "REFUSED"}


def test_what_staff_decide(dealer):
    """Opt-out, correction, retirement, proposals, rejects, hand-over: each from the command line, each kept."""
    dealer("sync", *NOW, **SECRETS)
    dealer("plan", *NOW, **SECRETS)
    owed = dealer.json("touchpoints", "list", *NOW, **SECRETS)[1]["touchpoints"]
    who = owed[0]["customer"]
    full = dealer.json("customer", "show", who, "--full", **SECRETS)[1]["customer"]
    number = full["phones"][0]["value"]
    clerk = next(row["code"] for row in dealer.json("staff", "list", **SECRETS)[1]["staff"] if row["open"] > 0)
    steps = [
        ("customer", "optout", number),
        ("customer", "correct", who, "name", "周某某"),
        ("touchpoints", "assign", owed[1]["id"], clerk),
        ("touchpoints", "done", owed[1]["id"]),
        ("touchpoints", "cancel", owed[2]["id"]),
        ("staff", "away", clerk, "2026-12-01"),
        ("staff", "leave", clerk),
        ("proposals", "reject", dealer.json("proposals", "list", **SECRETS)[1]["proposals"][0]["id"]),
        ("rejects", "dismiss", "J1"),
        ("rejects", "retry", "J2"),
    ]
    codes = [dealer(*step, *NOW, **SECRETS).exit_code for step in steps]
    shown = dealer.json("customer", "show", who, **SECRETS)[1]["customer"]

    assert [0] * len(steps) == codes
    assert ("周**", ["SMS"]) == (shown["name"], shown["phones"][0]["refused"])
    assert "*" in shown["phones"][0]["value"]
    assert not next(row for row in dealer.json("staff", "list", **SECRETS)[1]["staff"] if row["code"] == clerk)[
        "active"
    ]


def test_every_reading_command_speaks_both_ways(dealer):
    """Each list has a table for people and an object with its schema for machines."""
    dealer("run", *NOW, **SECRETS)
    for command in (
        ("callbacks", "list"),
        ("touchpoints", "list"),
        ("messages", "list"),
        ("replies", "list"),
        ("proposals", "list"),
        ("rejects", "list"),
        ("staff", "list"),
        ("plugins", "list"),
    ):
        human = dealer(*command, *NOW, **SECRETS)
        code, body = dealer.json(*command, *NOW, **SECRETS)

        assert 0 == human.exit_code == code, command
        assert f"crmcore/{command[0]}@1" == body["schema"]
        assert isinstance(body[command[0]], list)


def test_reports_and_files(dealer):
    """The daily page, its JSON and the worklist are written for their owner alone."""
    dealer("run", *NOW, **SECRETS)
    for arguments in (("report", "daily", "-o", "day.html"), ("callbacks", "export", "calls.xlsx")):
        assert 0 == dealer(*arguments, *NOW, **SECRETS).exit_code
    code, body = dealer.json("report", "daily", *NOW, **SECRETS)

    assert (0, "crmcore/report.daily@1") == (code, body["schema"])
    assert {0o600} == {
        stat.S_IMODE((dealer.folder / name).stat().st_mode) for name in ("day.html", "calls.xlsx", "rejects.csv")
    }


def test_a_replay_counts_and_writes_nothing(dealer):
    """`plan --from --to` shows what falls due on each day, and adds nothing."""
    dealer("sync", *NOW, **SECRETS)
    said = dealer("plan", "--from", "2026-12-01", "--to", "2026-12-07", *NOW, **SECRETS)
    _, body = dealer.json("plan", "--from", "2026-12-01", "--to", "2026-12-07", *NOW, **SECRETS)

    assert 0 == said.exit_code
    assert body["dry_run"]
    assert body["days"]
    assert all("2026-12-01" <= row["on"] <= "2026-12-07" for row in body["days"])
    assert [] == dealer.json("touchpoints", "list", **SECRETS)[1]["touchpoints"]


def test_every_text_can_be_seen(crm):
    """`plan --show all` renders every template for a number of its own and a shared one; the shared one names nobody."""
    crm.toml()
    _, body = crm.json("plan", "--show", "all", "--lang", "zh")

    assert 2 * len({row["template"] for row in body["texts"]}) == len(body["texts"])
    assert all(row["text"].startswith("【示范店】") for row in body["texts"])
    assert not any("王女士" in row["text"] for row in body["texts"] if row["shared_number"])


# ------------------------------------------------------------------ Crm in an application


def test_crm_takes_pushes_for_a_framework(dealer, monkeypatch):
    """An application that embeds crmcore hands a push over and gets the vendor's answer; an unknown instance is None."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with Crm.from_config(dealer.folder / "crm.toml") as crm:
        reply = WebhookRequest(
            method="GET", path="mo", query={"from": "+8613800130001", "text": "TD", "to": "1", "id": "a"}
        )
        answer = crm.receive("sms", reply)

        assert crm.receive("nobody", reply) is None
        assert answer is not None
        assert 200 == answer.status


def test_two_crm_in_one_process_never_meet(tmp_path):
    """Each has its own store, clock and language."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "crm.toml").write_text(f"[store]\ncode = '{name}'\nname = '{name}'\n", "utf-8")
    with (
        Crm.from_config(tmp_path / "a" / "crm.toml", lang="en") as one,
        Crm.from_config(tmp_path / "b" / "crm.toml") as other,
    ):
        one.plan()

        assert ("en", "zh") == (one.lang, other.lang)
        assert one.db.url != other.db.url
        assert ["a"] == list(one.stores)


def test_serve_answers_on_its_port(dealer, monkeypatch):
    """`crmcore serve` answers on the address it is given until it is stopped."""
    import crmcore.contrib.serve as room

    started = threading.Event()
    servers = []
    make = room.make_server

    def remember(*arguments, **settings):
        server = make(*arguments, **settings)
        servers.append(server)
        started.set()
        return server

    monkeypatch.setattr(room, "make_server", remember)
    codes = []
    thread = threading.Thread(
        target=lambda: codes.append(dealer("serve", "--host", "127.0.0.1", "--port", "0", "-q", **SECRETS).exit_code)
    )
    thread.start()
    assert started.wait(20)
    while not servers[0].started:
        thread.join(0.02)
    port = servers[0].servers[0].sockets[0].getsockname()[1]
    with urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        said = answer.read()
    servers[0].should_exit = True
    thread.join(20)

    assert b"ok" == said
    assert [0] == codes


def test_serve_needs_its_table(crm):
    """Without [serve] the message says what to add."""
    crm.toml()
    code, body = crm.json("serve")

    assert (3, "CRM-C141") == (code, body["code"])
    assert "[serve]" in json.dumps(body)
