"""A guest in somebody else's process: nothing is changed there, nothing is looked for, and a fork is survived."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from crmcore.db.engine import Database
from crmcore.db.upgrade import upgrade


def guest(folder, wanted, url=""):
    """What `guest.py` says, from a process in which nothing else has happened."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::ResourceWarning",
            str(Path(__file__).with_name("guest.py")),
            str(folder),
            url,
            wanted,
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "CRMCORE_LANG": "en", "DATABASE_URL": "sqlite:///never.db"},
    )

    assert "" == done.stderr
    return json.loads(done.stdout)


def test_nothing_of_the_process_is_changed(tmp_path):
    """Signals, loggers, collector, locale, random numbers, umask, folder, hooks and threads are as they were."""
    assert [] == guest(tmp_path, "changes")


def test_the_environment_is_asked_for_what_the_settings_name(tmp_path):
    """`{ env = "DMS_TOKEN" }` asks for that variable; nothing else is looked for, also not by the verbs."""
    assert ["DMS_TOKEN"] == guest(tmp_path, "asked")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_fork_takes_no_connection_along(tmp_path, request, kind):
    """Parent and child go on with the `Crm` that was opened before the fork, on connections of their own."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    if kind == "postgresql":
        with Database(request.getfixturevalue("pg_url")) as db, db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("CREATE DATABASE forked"))
            url = db.url.set(database="forked").render_as_string(hide_password=False)
    with Database(url) as db:
        upgrade(db)

    assert [0, 0] == guest(tmp_path, "forked", url)


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every request with nothing and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.lines.append(self.client_address[1])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_fork_talks_on_a_line_of_its_own(tmp_path):
    """A kept connection to a vendor stays with the parent: on one line two processes would read each other's answers."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.lines = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert 0 == guest(tmp_path, "talked", f"http://127.0.0.1:{server.server_port}/")
    finally:
        server.shutdown()
        server.server_close()

    before, child, after = server.lines
    assert before == after
    assert child != before
