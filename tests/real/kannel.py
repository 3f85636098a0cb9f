"""Real Kannel on free loopback ports, a small SMSC behind it, a receiver before it; nothing of it outlives the test run.

`bearerbox` and `smsbox` are started with `setpriv --pdeathsig KILL`, so the kernel ends them with us, even after kill -9; the SMSC ends
when its standard input does.
"""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import attrs

from crmcore.hooks import WebhookRequest, WebhookResponse

HERE = Path(__file__).parent
USERNAME, PASSWORD, SENDER = "crm", "crmpw", "10690000"
PATIENCE = 20.0


def eventually(found: Callable[[], object], what: str, patience: float = PATIENCE):
    """What `found` returns as soon as it is true; an error that says what was waited for."""
    ends = time.monotonic() + patience
    while True:
        if result := found():
            return result
        if time.monotonic() > ends:
            raise AssertionError(f"waited {patience:.0f} s for {what}")
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Ports that nobody has at the moment, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


# ------------------------------------------------------------------ the SMSC


@attrs.frozen(kw_only=True)
class Submit:
    """One part as it reached the SMSC; `status` is what it answered, 0 is taken."""

    id: str
    to: str
    sender: str
    coding: int
    text: str
    udh: tuple[str, ...]
    status: int

    @property
    def place(self) -> tuple[str, int, int]:
        """(reference, parts, number of this part) of the concatenation header."""
        for part in self.udh:
            raw = bytes.fromhex(part)
            if raw[0] == 0 and len(raw) == 5:
                return (f"{self.to}/{raw[2]}", raw[3], raw[4])
        return (self.id, 1, 1)


@attrs.frozen(kw_only=True)
class Text:
    """A text that was taken, its parts joined."""

    to: str
    sender: str
    coding: int
    text: str
    parts: int


class Smsc:
    """The SMSC behind Kannel; see smsc.js for what the last two digits of a number do."""

    def __init__(self, port: int = 0) -> None:
        node = shutil.which("node")
        assert node, "node is missing: run tests/real/setup.sh"
        self.process = subprocess.Popen(
            [node, str(HERE / "smsc.js"), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.submits: list[Submit] = []
        self.bound = threading.Event()
        self._ports: queue.Queue[int] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = self._ports.get(timeout=PATIENCE)

    @property
    def messages(self) -> list[Text]:
        """The texts it took, whole ones only, in the order of their first parts."""
        groups: dict[str, dict[int, Submit]] = {}
        for submit in list(self.submits):
            if submit.status == 0:
                reference, _, number = submit.place
                parts = groups.setdefault(reference, {})
                if number in parts:  # the reference is used again, by a later text or a repeated one
                    groups[f"{reference}+{submit.id}"] = groups.pop(reference)
                    parts = groups.setdefault(reference, {})
                parts[number] = submit
        return [_joined(parts) for parts in groups.values() if len(parts) == next(iter(parts.values())).place[1]]

    def texts_to(self, number: str) -> list[str]:
        return [message.text for message in self.messages if message.to == number]

    def reply(self, sender: str, text: str, to: str = SENDER) -> None:
        """A customer texts, in UCS-2."""
        self._command({"reply": {"from": sender, "to": to, "text": text}})

    def cut(self) -> None:
        """Cut Kannel's connection; it comes back by itself."""
        self._command({"line": "cut"})
        eventually(lambda: not self.bound.is_set(), "the line to break")

    @contextlib.contextmanager
    def offline(self) -> Iterator[None]:
        """While it lasts, Kannel cannot reach the SMSC."""
        self._command({"line": "down"})
        eventually(lambda: not self.bound.is_set(), "the line to break")
        try:
            yield
        finally:
            self._command({"line": "up"})

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()

    def _command(self, command: dict) -> None:
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def _read(self) -> None:
        for line in self.process.stdout:
            said = json.loads(line)
            match said["event"]:
                case "listening":
                    self._ports.put(said["port"])
                case "bound":
                    self.bound.set()
                case "unbound":
                    self.bound.clear()
                case "submit":
                    self.submits.append(
                        Submit(
                            id=said["id"],
                            to=said["to"],
                            sender=said["from"],
                            coding=said["coding"],
                            text=said["text"],
                            udh=tuple(said["udh"]),
                            status=said["status"],
                        )
                    )


def _joined(parts: dict[int, Submit]) -> Text:
    ordered = [parts[number] for number in sorted(parts)]
    first = ordered[0]
    halves = "".join(part.text for part in ordered)  # Kannel cuts between parts without regard for surrogate pairs
    text = halves.encode("utf-16", "surrogatepass").decode("utf-16")
    return Text(to=first.to, sender=first.sender, coding=first.coding, text=text, parts=len(ordered))


# ------------------------------------------------------------------ the receiver


class Receiver:
    """Takes what Kannel pushes; `handler` may be replaced by the receiver under test.

    `public_url` and `secret` go to [serve], and the instance must be called `instance`: then `url` is its callback URL.
    """

    secret, instance = "loopback-secret-0123456789", "sms"

    def __init__(self) -> None:
        self.requests: list[WebhookRequest] = []
        self.handler: Callable[[WebhookRequest], WebhookResponse] = lambda _request: WebhookResponse()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.receiver = self
        self.public_url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{self.public_url}/hooks/{self.secret}/{self.instance}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def take(self, request: WebhookRequest) -> WebhookResponse:
        self.requests.append(request)
        return self.handler(request)

    def at(self, path: str) -> list[WebhookRequest]:
        return [request for request in list(self.requests) if request.path == path]

    def receipts(self, key: str) -> list[tuple[int, str]]:
        """(type, Kannel's text) of the receipts for our key, as they came."""
        mine = [request.query for request in self.at("dlr") if request.query.get("key") == key]
        return [(int(query["type"]), query["code"]) for query in mine]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        answer = self.server.receiver.take(
            WebhookRequest(
                method="GET",
                path=parts.path.removeprefix(f"/hooks/{Receiver.secret}/{Receiver.instance}/"),
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
            )
        )
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_args: object) -> None:
        pass


# ------------------------------------------------------------------ Kannel

CONF = """
group = core
admin-port = {admin}
admin-interface = "127.0.0.1"
admin-password = adminpw
status-password = statuspw
admin-allow-ip = "127.0.0.1"
admin-deny-ip = "*.*.*.*"
smsbox-port = {box}
smsbox-interface = "127.0.0.1"
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-level = 1
log-file = "{folder}/bearerbox.log"
dlr-storage = internal
sms-resend-freq = 1
sms-resend-retry = 2
store-type = file
store-location = "{folder}/kannel.store"

group = smsc
smsc = smpp
smsc-id = SMPP
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = test
smsc-password = test
system-type = "crm"
interface-version = 34
throughput = 500
max-pending-submits = 50
wait-ack = 10
wait-ack-expire = 0x00
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = "127.0.0.1"
sendsms-chars = "0123456789 +-"
global-sender = {sender}
log-level = 1
log-file = "{folder}/smsbox.log"
mo-recode = true
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = {username}
password = {password}
concatenation = true
max-messages = 6
user-allow-ip = "127.0.0.1"

group = sms-service
keyword = default
catch-all = true
max-messages = 0
accepted-smsc = "SMPP"
get-url = "{mo}/mo?from=%p&to=%P&text=%b&coding=%c&charset=%C&ts=%t&smsc=%i&id=%I&unix=%T"
"""


def _box(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert found, f"{name} is missing: run tests/real/setup.sh"
    return found


class Kannel:
    """bearerbox and smsbox, with their SMSC and their receiver.

    Attributes:
        sendsms_url: for `[messaging.<name>] url`; `username`, `password` beside it.
        smsc: what reached the radio network, and who texts back.
        receiver: where receipts and replies go; its `url` is the `callback_url`.
    """

    username, password, sender = USERNAME, PASSWORD, SENDER

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.folder = folder
        self.receiver = receiver
        self.smsc = Smsc()
        admin, box, sendsms = free_ports(3)
        self.sendsms_port = sendsms
        self.admin_url = f"http://127.0.0.1:{admin}"
        self.sendsms_url = f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms"
        self._conf = folder / "kannel.conf"
        self._conf.write_text(
            CONF.format(
                folder=folder, admin=admin, box=box, sendsms=sendsms, smsc=self.smsc.port, mo=receiver.url,
                username=USERNAME, password=PASSWORD, sender=SENDER,
            )
        )  # fmt: skip
        self._ports = (box, sendsms)
        self._boxes: list[subprocess.Popen[bytes]] = []
        self.start()

    def start(self) -> None:
        """Both boxes, ready to take texts and bound to the SMSC."""
        for name, port in zip(("bearerbox", "smsbox"), self._ports, strict=True):
            self._boxes.append(self._spawn(name))
            eventually(
                lambda port=port: self._alive() and listening(port), f"{name} to listen; see {self.folder}/{name}.log"
            )
        assert self.smsc.bound.wait(PATIENCE), "Kannel did not bind to the SMSC"

    def kill(self) -> None:
        """SIGKILL to both boxes at once: as if the machine had lost its power."""
        for box in self._boxes:
            box.send_signal(signal.SIGKILL)
        for box in self._boxes:
            box.wait()
        self._boxes.clear()
        eventually(lambda: not listening(self.sendsms_port), "the port to close")
        eventually(lambda: not self.smsc.bound.is_set(), "the SMSC to notice")

    def restart(self) -> None:
        """Start again after `kill`, with what the store file kept."""
        self.start()

    def stop(self) -> None:
        for box in reversed(self._boxes):
            box.terminate()
        for box in self._boxes:
            try:
                box.wait(5)
            except subprocess.TimeoutExpired:
                box.kill()
                box.wait()
        self._boxes.clear()
        self.smsc.stop()

    def admin(self, command: str) -> str:
        """An order to the administration port: "status.txt", "suspend", "stop-smsc?smsc=SMPP" …"""
        joint = "&" if "?" in command else "?"
        with urllib.request.urlopen(f"{self.admin_url}/{command}{joint}password=adminpw", timeout=5) as response:
            return response.read().decode()

    @contextlib.contextmanager
    def unroutable(self) -> Iterator[None]:
        """While it lasts, Kannel knows no SMSC: its operator has stopped the only one."""
        self.admin("stop-smsc?smsc=SMPP")
        eventually(lambda: not self.smsc.bound.is_set(), "the line to close")
        try:
            yield
        finally:
            self.admin("start-smsc?smsc=SMPP")

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """While it lasts, Kannel takes at most one more text, and lets those who bring others wait without an answer."""
        self.admin("suspend")
        try:
            yield
        finally:
            self.admin("resume")

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        command = ["setpriv", "--pdeathsig", "KILL", "--", _box(name), "-v", "4", str(self._conf)]
        with (self.folder / f"{name}.out").open("ab") as out:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder)

    def _alive(self) -> bool:
        dead = [box.args for box in self._boxes if box.poll() is not None]
        assert not dead, f"{dead} ended; see {self.folder}"
        return True
