"""Bad input: one clear message with a code, the place and the fix, the right exit code, no traceback, and nothing lost.

Each case starts from a store that holds two orders, breaks one thing, looks at what is said in both languages, as JSON and on a
GBK console, finds the store as it was, mends the thing, and sees the third order arrive.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.cli import mistakes
from tests.cli.mistakes import check_everywhere, check_message

from crmcore.db import engine
from crmcore.lang import LANGUAGES

NOW = ("--now", "2026-11-22T10:00+08:00")
SECRETS = {"SMS_PASSWORD": "gateway-password", "CRM_HOOK_SECRET": "hook-secret-0123456789", "NO_PROXY": "*"}
HEADINGS = "工单号,客户姓名,手机,车牌,进厂日期,交车日期,进厂里程,维修类型,项目\n"
THIRD = "RO3,赵云,13800130003,京A12347,2026-11-19 09:10,2026-11-19 17:00,32000,保养,更换机油\n"
#: What a failed command must leave as it was; `source` itself counts pulls.
KEPT = (
    "customer",
    "contact_point",
    "vehicle",
    "visit",
    "visit_line",
    "external_ref",
    "source_row",
    "reject",
    "touchpoint",
)


@attrs.define
class Dealer:
    """A folder with two orders in the store and a third one in an export."""

    shell: Any
    url: str = ""
    environ: dict[str, str] = attrs.field(factory=lambda: dict(SECRETS))

    @property
    def folder(self) -> Path:
        return self.shell.folder

    @property
    def toml(self) -> Path:
        return self.folder / "crm.toml"

    @property
    def third(self) -> Path:
        return self.folder / "exports" / "third.csv"

    def lay_out(self) -> None:
        """Write the configuration and the exports as they should be."""
        (self.folder / "exports").mkdir(exist_ok=True)
        self.toml.write_text(mistakes.TOML.format(url=self.url, suffix=""), "utf-8")
        rows = (
            "RO1,王小明,13800130001,京A12345,2026-11-18 09:00,2026-11-18 16:00,12000,保养,更换机油\n"
            "RO2,李四,13800130002,京A12346,2026-11-18 10:00,2026-11-18 16:30,22000,保养,更换机油\n"
        )
        (self.folder / "exports" / "ro.csv").write_text(HEADINGS + rows, "utf-8")

    def __call__(self, *arguments: str, **environ: str) -> Any:
        return self.shell(*NOW, *arguments, **{**self.environ, **environ})

    def really(self, *arguments: str, code: str = "", **environ: str) -> Any:
        return self.shell.really(*NOW, *arguments, code=code, **{**self.environ, **environ})

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return mistakes.sql(self.folder, statement, *values)

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything a dealer would miss."""
        return mistakes.snapshot(self.folder, KEPT)

    def orders(self) -> set[str]:
        return {number for (number,) in self.sql("select ro_number from visit")}

    def text(self) -> None:
        """A text that is due now."""
        self.sql(
            "insert into message(id, customer_id, value, channel, message_class, purpose, template, params, text, store, key, dedupe,"
            " state, due_at, created_at, state_at, names_customer, attempts) values (1, 1, '+8613800130001', 'SMS', 'SERVICE',"
            " 'REMINDER', 'READY_FOR_PICKUP', '{}', '【示范店】您的爱车已可提车。', 'S01', 'k1', 'd1', 'QUEUED', ?1, ?1, ?1, 0, 0)",
            "2026-11-22T01:00:00Z",
        )


@pytest.fixture(name="dealer")
def _dealer(crm, monkeypatch) -> Dealer:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # nobody listens there once this block ends
    dealer = Dealer(crm, f"http://127.0.0.1:{port}/cgi-bin/sendsms")
    dealer.lay_out()
    first = dealer("sync")
    assert 0 == first.exit_code, first.stderr
    dealer.third.write_text(HEADINGS + THIRD, "utf-8")
    return dealer


# ------------------------------------------------------------------ the end of each


def check_mended(dealer: Dealer) -> None:
    """The next run goes through and brings what was missing, once."""
    again = dealer("sync")

    assert 0 == again.exit_code, again.stderr
    assert {"RO1", "RO2", "RO3"} == dealer.orders()
    assert 3 == len(dealer.sql("select id from visit"))


# ------------------------------------------------------------------ exports


def _no_number_column(dealer: Dealer) -> None:
    lines = (HEADINGS + THIRD).splitlines()
    dealer.third.write_text("\n".join(line.partition(",")[2] for line in lines), "utf-8")


def _write(content: bytes) -> Callable[[Dealer], None]:
    return lambda dealer: dealer.third.write_bytes(content)


def _with_password(dealer: Dealer) -> None:
    """The container Excel wraps an encrypted workbook in."""
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    dealer.third.with_suffix(".xlsx").write_bytes(content)
    dealer.third.unlink()


def _called_a_table(dealer: Dealer) -> None:
    dealer.third.rename(dealer.third.with_suffix(".xls")).write_bytes(
        b"<html><table><tr><td>x</td></tr></table></html>"
    )


SOURCES = {
    "a missing column": (_no_number_column, "CRM-S141", "third.csv"),
    "no heading that is known": (_write(b"a,b,c\n1,2,3\n"), "CRM-S105", "third.csv"),
    "an unreadable encoding": (_write(HEADINGS.encode("gb18030") + b"RO3,\xff\xff\n"), "CRM-S104", "third.csv:2"),
    "two encodings in one file": (_write((HEADINGS + THIRD).encode() + b"RO4,\xff\xff\n"), "CRM-S106", "third.csv:3"),
    "an empty file": (_write(b""), "CRM-S102", "third.csv"),
    "a web page called a table": (
        _called_a_table,
        "CRM-S110",
        "third.xls",
    ),
    "a workbook with a password": (_with_password, "CRM-S111", "third.xlsx"),
}


@pytest.mark.parametrize("case", SOURCES)
def test_an_export_that_cannot_be_read(dealer, case):
    """The file is named, exit 4, the store is as it was, and the file's successor is read."""
    spoil, code, place = SOURCES[case]
    spoil(dealer)
    before = dealer.snapshot()
    check_everywhere(dealer, ("sync",), code=code, place=place, exit_code=4)

    assert before == dealer.snapshot()

    for file in (dealer.folder / "exports").glob("third.*"):
        file.unlink()
    dealer.lay_out()
    dealer.third.write_text(HEADINGS + THIRD, "utf-8")
    check_mended(dealer)


def test_a_path_where_nothing_ever_was(dealer):
    """Exports that were never there are a mistake in crm.toml, exit 4; later a folder may be empty."""
    _edit("exports/*", "export/*")(dealer)
    dealer.sql("update source set cursor = null")
    check_everywhere(dealer, ("sync",), code="CRM-S143", place="export/*", exit_code=4)

    dealer.lay_out()
    check_mended(dealer)


def test_one_bad_source_of_two_is_done_in_part(dealer):
    """The good source is read, the bad one is told with its words also as JSON, exit 1."""
    (dealer.folder / "more").mkdir()
    (dealer.folder / "more" / "x.csv").write_bytes(b"")
    dealer.toml.write_text(dealer.toml.read_text("utf-8") + "[dms.more]\nadapter = 'csv'\npath = 'more/*'\n", "utf-8")
    told = dealer("sync", "--json")
    body = json.loads(told.stdout)

    assert (1, "crmcore/sync@1") == (told.exit_code, body["schema"])
    assert [("main", None), ("more", "CRM-S102")] == [(row["source"], row.get("error")) for row in body["sources"]]
    assert ["x.csv"] == [error["at"] for error in body["errors"]]
    assert {"RO1", "RO2", "RO3"} == dealer.orders()


# ------------------------------------------------------------------ crm.toml


def _edit(old: str, new: str) -> Callable[[Dealer], None]:
    def spoil(dealer: Dealer) -> None:
        text = dealer.toml.read_text("utf-8")
        assert old in text
        dealer.toml.write_text(text.replace(old, new), "utf-8")

    return spoil


def _save_as_gbk(dealer: Dealer) -> None:
    dealer.toml.write_bytes(dealer.toml.read_text("utf-8").encode("gbk"))


CONFIGS = {
    "a misspelt key": (_edit("public_url", "publc_url"), "CRM-C111", "crm.toml:14", "public_url"),
    "a misspelt table": (_edit("[dms.main]", "[dsm.main]"), "CRM-C111", "crm.toml:5", "dms"),
    "no TOML": (_edit('lang = "zh"', 'lang = "zh"\nx = ['), "CRM-C106", "crm.toml:3", ""),
    "saved as GBK": (_save_as_gbk, "CRM-C103", "crm.toml:4", "UTF-8"),
    "an address that is none": (_edit("http://127.0.0.1:", "htp://127.0.0.1:"), "CRM-G301", "crm.toml:8", "http://"),
    "a plugin that is not there": (_edit('"gateway"', '"aliyun_sms"'), "CRM-C164", "crm.toml:9", "plugins list"),
    "a misspelt plugin": (_edit('"gateway"', '"gatway"'), "CRM-C132", "crm.toml:9", "gateway"),
    "another database": (_edit("[store]", '[database]\nurl = "mysql://x/y"\n[store]'), "CRM-D102", "", "SQLite"),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_mistake_in_the_configuration(dealer, case):
    """Its line, what was probably meant, exit 3; nothing was touched, and the mended file works."""
    spoil, code, place, meant = CONFIGS[case]
    before = dealer.snapshot()
    spoil(dealer)
    check_everywhere(dealer, ("sync",), code=code, place=place, exit_code=3)

    assert meant in json.loads(dealer("sync", "--json").stdout)["fix"]
    assert before == dealer.snapshot()

    dealer.lay_out()
    check_mended(dealer)


@pytest.mark.parametrize("case", ["no TOML", "saved as GBK"])
def test_a_file_that_cannot_be_parsed_is_told_in_its_own_language(dealer, case):
    """The language a broken file asks for is the one its mistakes are told in."""
    CONFIGS[case][0](dealer)

    check_message(dealer("sync").stderr, "zh", CONFIGS[case][1], CONFIGS[case][2])


def test_no_configuration(dealer):
    """A file that is not there is named, with the command that makes one."""
    check_everywhere(dealer, ("-c", "nope.toml", "sync"), code="CRM-C101", place="nope.toml", exit_code=3)


# ------------------------------------------------------------------ the gateway


def test_a_missing_secret(dealer):
    """Reading needs no SMS password and works without; sending names the line and the variable, and the text stays due."""
    del dealer.environ["SMS_PASSWORD"]
    dealer.text()
    before = dealer.sql("select * from message")
    check_everywhere(dealer, ("send", "--yes"), code="CRM-C140", place="crm.toml:12", exit_code=3)

    assert "SMS_PASSWORD" in json.loads(dealer("send", "--yes", "--json").stdout)["fix"]
    assert before == dealer.sql("select * from message")
    check_mended(dealer)


@pytest.mark.parametrize(
    ("host", "code"), [("", "CRM-H101"), ("http://gateway.invalid:13013/cgi-bin/sendsms", "CRM-H102")]
)
def test_a_gateway_that_cannot_be_reached(dealer, host, code):
    """Nobody listens, or there is no such host: named with its address, exit 4; the text is kept and goes when it is back."""
    dealer.url = host or dealer.url
    dealer.lay_out()
    dealer.text()
    for lang in LANGUAGES:
        said = dealer("send", "--yes", "--lang", lang)
        assert 4 == said.exit_code
        check_message(said.stderr, lang, code, dealer.url.partition("//")[2])
        dealer.sql("update message set due_at = '2026-11-22T01:00:00Z'")
    body = json.loads(dealer("send", "--yes", "--json").stdout)
    (row,) = dealer.sql("select state, attempts from message")

    assert ("crmcore/error@1", code, {"sms": code}) == (body["schema"], body["code"], body["failed"])
    assert ["QUEUED"] == [line["state"] for line in body["messages"]]
    assert ("QUEUED", 3) == row

    with taking_gateway() as url:
        dealer.url = url
        dealer.lay_out()
        dealer.sql("update message set due_at = '2026-11-22T01:00:00Z'")
        assert 0 == dealer("send", "--yes").exit_code
    assert [("ACCEPTED",)] == dealer.sql("select state from message")


@contextlib.contextmanager
def taking_gateway() -> Iterator[str]:
    """Somebody who takes every text, as Kannel answers."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Taking(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(202)
            self.end_headers()
            self.wfile.write(b"0: Accepted for delivery")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/cgi-bin/sendsms"
        server.shutdown()


def test_a_receiver_whose_address_is_taken(dealer):
    """`crmcore serve` beside another one says so at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        check_everywhere(dealer, ("serve", "--port", port), code="CRM-W202", place=f"127.0.0.1:{port}", exit_code=3)


# ------------------------------------------------------------------ the store


def test_a_second_process_on_the_same_database(dealer):
    """While another process writes: told as busy, exit 3, nothing changed; once it is done the same command goes through."""
    before = dealer.snapshot()
    holding = "import sqlite3, sys; c = sqlite3.connect('crm.db', isolation_level=None); c.execute('begin immediate'); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=dealer.folder
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        check_everywhere(dealer, ("sync",), code="CRM-D110", place="crm.db", exit_code=3)
        assert before == dealer.snapshot()
        assert 0 == dealer.really("callbacks", "list").returncode, "who only reads is not kept waiting"
        other.communicate(b"")

    check_mended(dealer)


def test_a_newer_schema(dealer):
    """A store of a later version is refused by every command that opens it, and by `db upgrade`."""
    (known,) = dealer.sql("select version_num from alembic_version")
    dealer.sql("update alembic_version set version_num = '9999'")
    before = dealer.snapshot()
    for arguments in (("sync",), ("plan",), ("callbacks", "list"), ("db", "upgrade")):
        check_everywhere(dealer, arguments, code="CRM-D121", place="crm.db", exit_code=3)

    assert before == dealer.snapshot()

    dealer.sql("update alembic_version set version_num = ?", *known)
    check_mended(dealer)


def test_a_file_that_is_no_database(dealer):
    """Something else under the name of the store is left as it is."""
    good = (dealer.folder / "crm.db").read_bytes()
    for old in dealer.folder.glob("crm.db*"):
        old.unlink()
    (dealer.folder / "crm.db").write_bytes(b"these are the minutes of a meeting " * 40)
    before = (dealer.folder / "crm.db").read_bytes()
    check_everywhere(dealer, ("sync",), code="CRM-D114", place="crm.db", exit_code=3)

    assert before == (dealer.folder / "crm.db").read_bytes()

    (dealer.folder / "crm.db").write_bytes(good)
    check_mended(dealer)


#: A disk that takes no more: SQLite may not grow the file; no file of the process may grow.
FULL = {
    "no page left": (
        (
            "import sqlite3\n"
            "class Full(sqlite3.Connection):\n"
            "    def __init__(self, *a, **k):\n"
            "        super().__init__(*a, **k)\n"
            "        pages = self.execute('pragma page_count').fetchone()[0]\n"
            "        self.execute(f'pragma max_page_count={pages}')\n"
            "from crmcore.db import engine\n"
            "real = engine.create_engine\n"
            "def full(url, connect_args, **k):\n"
            "    return real(url, connect_args={**connect_args, 'factory': Full}, **k)\n"
            "engine.create_engine = full\n"
        ),
        "CRM-D111",
    ),
    "no byte left": (
        (
            "import os, resource\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))\n"
        ),
        "CRM-D112",
    ),
}


@pytest.mark.parametrize("case", FULL)
def test_a_full_disk(dealer, case):
    """The step that did not fit is undone as a whole and told; with room again the same command brings everything."""
    code, told = FULL[case]
    rows = "".join(
        f"RX{number},孙{'甲乙丙丁'[number % 4]},1390013{number:04d},京B{number:05d},2026-11-17 09:10,,32000,保养,更换机油{number}\n"
        for number in range(3000)
    )
    dealer.third.write_text(HEADINGS + THIRD + rows, "utf-8")
    before = dealer.snapshot()
    for lang in LANGUAGES:
        said = dealer.really("sync", "--lang", lang, code=code)
        assert 3 == said.returncode, said.stderr.decode()
        check_message(said.stderr.decode(), lang, told, "crm.db")
    body = json.loads(dealer.really("sync", "--json", code=code).stdout)

    assert ("crmcore/error@1", told) == (body["schema"], body["code"])
    assert before == dealer.snapshot()
    assert [("ok",)] == dealer.sql("pragma integrity_check")

    assert 0 == dealer("sync").exit_code
    assert 3003 == len(dealer.orders())


#: Where a process is killed: with the transaction open, and with everything committed but the file of rejects.
DEATHS = {
    "inside the transaction": "from crmcore.flows import batch\nbatch.Reading.record = die",
    "after the commit": "from crmcore.flows import rejects\nrejects.write_csv = die",
}


@pytest.mark.parametrize("case", DEATHS)
def test_a_killed_sync_is_made_good_by_the_next(dealer, crm, tmp_path_factory, case):
    """Killed with -9 in the middle, then run again: the store is that of a dealer whose sync was never disturbed."""
    bad = "RO4,钱五,1.38E+10,京A12348,2026-11-19 09:10,,32000,保养,更换机油\n"
    dealer.third.write_text(HEADINGS + THIRD + bad, "utf-8")
    before = dealer.snapshot()
    killed = dealer.really("sync", code=f"import os\ndef die(*_, **__): os.kill(os.getpid(), 9)\n{DEATHS[case]}")

    assert -9 == killed.returncode
    if case == "inside the transaction":
        assert before == dealer.snapshot()

    check_mended(dealer)
    assert (dealer.folder / "rejects.csv").exists()

    other = Dealer(attrs.evolve(crm, folder=tmp_path_factory.mktemp("undisturbed")), dealer.url)
    other.lay_out()
    assert 0 == other.really("sync").returncode
    other.third.write_text(HEADINGS + THIRD + bad, "utf-8")
    assert 0 == other.really("sync").returncode
    assert other.snapshot() == dealer.snapshot()


# ------------------------------------------------------------------ what is written


def test_an_output_that_cannot_be_written(dealer):
    """A worklist, a page, a backup into a place that takes no file: named, exit 3, and nothing half-written is left."""
    (dealer.folder / "notes.txt").write_text("x")
    for arguments, code, name in (
        (("callbacks", "export", "notes.txt/list.xlsx"), "CRM-D130", "list.xlsx"),
        (("report", "daily", "-o", "notes.txt/day.html"), "CRM-D130", "day.html"),
        (("report", "daily", "-o", "exports"), "CRM-D130", "exports"),
        (("db", "backup", "notes.txt/copy.db"), "CRM-D124", "copy.db"),
        (("init", "--yes", "-c", "notes.txt/crm.toml"), "CRM-D130", "crm.toml"),
        (("demo", "--folder", "notes.txt/demo"), "CRM-D130", "notes.txt"),
    ):
        check_everywhere(dealer, arguments, code=code, place=name, exit_code=3)

    assert "x" == (dealer.folder / "notes.txt").read_text()
    assert {"crm.toml", "exports", "notes.txt"} == {
        file.name for file in dealer.folder.iterdir() if not file.name.startswith("crm.db")
    }


def test_rejects_that_cannot_be_written_are_kept(dealer):
    """rejects.csv open in another program: told, the rows are committed and the rejects kept; the next sync writes the file."""
    with dealer.third.open("a", encoding="utf-8") as file:
        file.write("RO4,钱五,1.38E+10,京A12348,2026-11-19 09:10,,32000,保养,更换机油\n")
    (dealer.folder / "rejects.csv").mkdir()
    check_everywhere(dealer, ("sync",), code="CRM-D130", place="rejects.csv", exit_code=3)

    assert [("OPEN",)] == dealer.sql("select state from reject")

    (dealer.folder / "rejects.csv").rmdir()
    check_mended(dealer)
    assert "1.38E+10" in (dealer.folder / "rejects.csv").read_text("utf-8-sig")


# ------------------------------------------------------------------ the command line


@pytest.mark.parametrize(
    ("arguments", "code", "place"),
    [
        (("snyc",), "CRM-U101", "sync"),
        (("abracadabra",), "CRM-U102", "sync"),
        (("sync", "--fats"), "CRM-U103", "--fats"),
        (("--now", "yesterday", "sync"), "CRM-U105", "yesterday"),
        (("--now", "2026-13-45T10:00", "sync"), "CRM-U105", "2026-13-45"),
        (("explain", "X9"), "CRM-T201", "X9"),
        (("explain", "T999999"), "CRM-T202", "T999999"),
        (("explain", "T99999999999999999999999"), "CRM-T201", "T999"),
        (("rejects", "dismiss", "J99999999999999999999999"), "CRM-S220", "J999"),
        (("customer", "show", "C99999999999999999999999"), "CRM-S230", ""),
        (("messages", "settle", "M99999999999999999999999", "sent"), "CRM-U107", "M999"),
        (("callbacks", "export", "list.doc"), "CRM-U210", "list.doc"),
    ],
)
def test_a_wrong_command_line(dealer, arguments, code, place):
    """What does not exist or does not fit is told with what was meant, exit 2."""
    before = dealer.snapshot()
    for lang in LANGUAGES:
        said = dealer.shell("--lang", lang, *arguments, **dealer.environ)
        lines = said.stderr.splitlines()
        assert (2, 1) == (said.exit_code, len(lines)), said.stderr
        check_message(said.stderr, lang, code, place)
    told = dealer.shell("--json", *arguments, **dealer.environ)
    body = json.loads(told.stdout)

    assert ("crmcore/error@1", code, 2, 2) == (body["schema"], body["code"], body["exit_code"], told.exit_code)
    assert before == dealer.snapshot()


def test_only_vv_shows_a_traceback(dealer):
    """-v says more, -vv shows where; without it nobody reads a traceback."""
    dealer.third.write_bytes(b"")
    dealer.sql("update alembic_version set version_num = '9999'")

    assert "Traceback" not in dealer.really("sync", "-v").stderr.decode()
    assert "Traceback" in dealer.really("sync", "-vv").stderr.decode()


def test_a_reader_that_is_gone(dealer):
    """`crmcore … | head` ends quietly: whoever read us has what it wanted."""
    command = [sys.executable, "-m", "crmcore", *NOW, "rejects", "list", "--json"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=dealer.folder,
        env={**os.environ, **dealer.environ},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()

    assert "" == said


def test_a_screen_output_that_does_not_fit_on_the_disk(dealer):
    """`crmcore report daily > day.html` on a full disk: told, exit 3."""
    code = "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
    for arguments in (("report", "daily"), ("rejects", "list", "--json"), ("--help",)):
        said = dealer.really(*arguments, code=code)
        assert 3 == said.returncode, said.stderr.decode()
        check_message(said.stderr.decode(), "zh", "CRM-D130", "stdout")
