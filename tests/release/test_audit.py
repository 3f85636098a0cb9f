"""`make audit` against a service on loopback: what is known, what is not, and who did not answer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.dist

ROOT = Path(__file__).parents[2]


class Service(BaseHTTPRequestHandler):
    """Speaks as the OSV database does; `server.holes` says what it knows: package -> id."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
        hole = self.server.holes.get(asked)
        found = {
            "id": hole,
            "modified": "2026-11-01T00:00:00Z",
            "affected": [{"package": {"name": asked, "ecosystem": "PyPI"}}],
        }
        body = json.dumps({"vulns": [found]} if hole else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(name="service")
def _service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.holes = {}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def audit(port: int, *options: str) -> tuple[int, str]:
    told = ["--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{port}", *options]
    done = subprocess.run(
        [sys.executable, str(ROOT / "release" / "audit.py"), *told], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.strip()


def test_nothing_known_is_only_said_when_all_were_looked_up(service):
    """A service that knows of nothing ends in 0, and the line says how many packages it was asked about."""
    code, said = audit(service.server_port)

    assert 0 == code
    assert said.startswith("audited: nothing is known against any of ")
    assert int(said.split()[-2]) > 20


def test_a_known_vulnerability_fails(service):
    """One hole in one package that comes along is named and fails, also where silence would pass."""
    service.holes = {"requests": "OSV-2026-1"}
    code, said = audit(service.server_port, "--or-silence")

    assert 1 == code
    assert said.startswith("vulnerable: requests ")
    assert said.endswith(": OSV-2026-1")


def test_a_vulnerability_that_was_weighed_passes(service):
    """What a maintainer has looked into is left out by its id, through pip-audit's own option."""
    service.holes = {"requests": "OSV-2026-1"}

    assert 0 == audit(service.server_port, "--ignore-vuln", "OSV-2026-1")[0]


def test_an_option_that_is_misspelt_is_no_silence(service):
    """An option that pip-audit does not know fails, also where silence would pass."""
    assert (1, "") == audit(service.server_port, "--or-silence", "--ignore-vuls", "OSV-2026-1")


def test_silence_is_no_clean_bill(service):
    """Where nobody answers, nothing is known: the line says so, and only --or-silence lets it pass."""
    service.shutdown()
    service.server_close()
    strict, said = audit(service.server_port)
    lenient, said_again = audit(service.server_port, "--or-silence")

    assert (3, 0) == (strict, lenient)
    assert said == said_again
    assert said.startswith("NOT AUDITED: nobody answered for ")
