"""What the way out over HTTP promises, against a server on loopback that fails in every way a server can."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import traceback
from email.utils import formatdate

import pytest

from crmcore.errors import AuthError, NotSent, PermanentError, TransientError
from crmcore.http import HttpClient, Policy, place, retry_after

QUICK = Policy(connect=1.0, read=0.4, total=3.0, pause=0.01, longest_pause=0.02, max_bytes=100_000)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class FaultServer:
    """Speaks what it is told: `script` holds one behaviour per connection, the last one repeats."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/send?username=crm&password=topsecret&to=13800138000"
        self.script: list = [OK]
        self.requests: list[bytes] = []
        self.connections = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                step = self.script[min(self.connections, len(self.script)) - 1]
                threading.Thread(target=self.speak, args=(connection, step), daemon=True).start()

    def speak(self, connection: socket.socket, step) -> None:
        with contextlib.suppress(OSError), connection:
            if step is reset:
                connection.recv(1, socket.MSG_PEEK)  # a reset before that would only refuse the connection
                reset(connection)
                return
            while head := connection.recv(65_536):
                self.requests.append(head)
                if callable(step):
                    step(connection)
                    return
                connection.sendall(step)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def server():
    server = FaultServer()
    yield server
    server.close()


@pytest.fixture
def client():
    client = HttpClient(QUICK)
    yield client
    client.close()


@pytest.fixture
def nobody() -> str:
    """An address on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}/send?password=topsecret"


def after_request(connection: socket.socket) -> None:
    reset(connection)


def silent(connection: socket.socket) -> None:
    time.sleep(1.0)


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"x")
        time.sleep(0.05)


def truncated(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n0: Accep")


def truncated_chunks(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0: Ac")


def garbage(connection: socket.socket) -> None:
    connection.sendall(b"\x00\x01\x02 SSH-2.0-nonsense\r\n\r\n")


def bad_gzip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip")


def headers_only(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-")


DOUBTS = {
    "reset after the request": (after_request, "CRM-H202"),
    "reset before it is read": (reset, "CRM-H202"),
    "no answer": (silent, "CRM-H201"),
    "an answer cut off": (truncated, "CRM-H203"),
    "chunks cut off": (truncated_chunks, "CRM-H202"),
    "garbage instead of HTTP": (garbage, "CRM-H202"),
    "a body that does not unpack": (bad_gzip, "CRM-H203"),
}


# ------------------------------------------------------------------ sends


@pytest.mark.parametrize("fault", DOUBTS)
def test_a_send_that_breaks_is_a_doubt_and_is_made_once(server, client, fault):
    """Whatever breaks after a connection stood may have been taken: one attempt, and never the claim that nothing left."""
    step, code = DOUBTS[fault]
    server.script = [step, OK]

    with pytest.raises(TransientError) as raised:
        client.send("GET", server.url)

    assert code == raised.value.code
    assert not isinstance(raised.value, NotSent)
    assert 1 == server.connections


def test_headers_that_stop_are_a_doubt(server, client):
    """An answer that ends within its headers does not count as an answer with a body."""
    server.script = [headers_only]

    assert 200 != _status_or_doubt(client, server.url)


def _status_or_doubt(client, url):
    try:
        response = client.send("GET", url)
    except TransientError as error:
        return error.code
    return response.status if response.body else "empty"


def test_a_dripping_answer_ends(server):
    """An answer that comes a byte at a time is given up when the time is over."""
    client = HttpClient(Policy(connect=1.0, read=0.4, total=0.5))
    server.script = [drip]
    began = time.monotonic()

    with pytest.raises(TransientError) as raised:
        client.send("GET", server.url)

    assert "CRM-H201" == raised.value.code
    assert time.monotonic() - began < 3


def test_an_answer_without_end_is_not_swallowed(server, client):
    """A body beyond the cap is a doubt for a send and a refusal for a read; memory is safe either way."""
    server.script = [answer("200 OK", body=b"x" * 200_000)]

    with pytest.raises(TransientError) as sent:
        client.send("GET", server.url)
    with pytest.raises(PermanentError) as read:
        client.read("GET", server.url)

    assert ("CRM-H204", "CRM-H204") == (sent.value.code, read.value.code)
    assert "100000 bytes" in str(sent.value)


def test_a_refused_connection_proves_that_nothing_left(nobody, client):
    """Nobody listens: nothing was taken."""
    with pytest.raises(NotSent) as raised:
        client.send("GET", nobody)

    assert "CRM-H101" == raised.value.code


def test_a_name_that_nobody_knows_proves_that_nothing_left(client):
    """A host name that does not resolve: nothing was taken."""
    with pytest.raises(NotSent) as raised:
        client.send("GET", "http://gateway.invalid/send?password=topsecret")

    assert "CRM-H102" == raised.value.code


def test_a_connection_that_is_not_taken_proves_that_nothing_left():
    """A full backlog: the connection never stood, so nothing was taken, however long it lasted."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        client = HttpClient(Policy(connect=0.3, read=0.3, total=2.0))

        with pytest.raises(NotSent) as raised:
            client.send("GET", f"http://127.0.0.1:{address[1]}/send")
        for one in waiting:
            one.close()

    assert "CRM-H101" == raised.value.code


@pytest.mark.parametrize("url", ["gateway/send", "ftp://127.0.0.1/send", "http:///send", "http://127.0.0.1:99999999/"])
def test_an_address_that_is_none_sends_nothing(client, url):
    """A malformed address is found before anything leaves."""
    with pytest.raises(NotSent):
        client.send("GET", url)


def test_a_header_that_would_break_the_request_is_not_sent(server, client):
    """A line break in a header value (say, from a customer's text) never reaches the wire."""
    with pytest.raises(NotSent) as raised:
        client.send("GET", server.url, headers={"X-Text": "a\r\nX-Evil: b"})

    assert "CRM-H105" == raised.value.code
    assert [] == server.requests


@pytest.mark.parametrize(
    ("headers", "expected"),
    [((), None), (("Retry-After: 7",), 7.0), (("Retry-After: soon",), None)],
)
def test_429_was_not_taken(server, client, headers, expected):
    """429 says that nothing was taken, and how long to wait if it says so."""
    server.script = [answer("429 Too Many Requests", *headers)]

    with pytest.raises(NotSent) as raised:
        client.send("GET", server.url)

    assert ("CRM-H103", expected) == (raised.value.code, raised.value.retry_after)


@pytest.mark.parametrize(
    "status", ["202 Accepted", "302 Found", "400 Bad Request", "403 Forbidden", "500 Oops", "503 No"]
)
def test_the_meaning_of_a_status_is_the_adapters(server, client, status):
    """A send gives back every answer as it is; redirects are not followed, errors are not raised, nothing is repeated."""
    server.script = [answer(status, "Location: http://127.0.0.1:1/elsewhere", body=b"0: text")]

    response = client.send("GET", server.url)

    assert (int(status[:3]), "0: text") == (response.status, response.text)
    assert 1 == len(server.requests)


def test_an_idle_connection_is_not_trusted_with_a_send(server, client):
    """A connection the server may be closing is not used again: it would turn a good send into a doubt."""
    client.send("GET", server.url)
    client.send("GET", server.url)
    client._mine.used -= 60
    client.send("GET", server.url)

    assert (2, 3) == (server.connections, len(server.requests))


def test_an_older_error_proves_nothing(server, nobody, client):
    """While a caller handles a refused connection of its own, a send of ours that breaks is still a doubt."""
    import requests

    server.script = [after_request]
    try:
        requests.get(nobody, timeout=1)
    except requests.ConnectionError:
        with pytest.raises(TransientError) as raised:
            client.send("GET", server.url)

    assert not isinstance(raised.value, NotSent)


# ------------------------------------------------------------------ TLS


def _certificate(folder):
    """A certificate for 127.0.0.1 that no authority knows."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def tls(tmp_path):
    cert, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    heard.append(connection.recv(65_536))
                    connection.sendall(OK)

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}/send?password=topsecret", cert, heard
    listener.close()


def test_an_unknown_certificate_sees_nothing(tls, client):
    """To a server whose certificate is not trusted nothing is said, not even the request line."""
    url, _, heard = tls

    with pytest.raises(NotSent) as raised:
        client.send("GET", url)

    assert "CRM-H104" == raised.value.code
    assert [] == heard


def test_a_private_authority_can_be_named(tls, client):
    """`ca` names the certificate file of a private authority, per client or per request."""
    url, cert, _ = tls

    assert 200 == client.send("GET", url, ca=cert).status
    assert 200 == HttpClient(QUICK, ca=cert).send("GET", url).status


# ------------------------------------------------------------------ reads


def test_a_read_is_repeated_until_it_succeeds(server, client):
    """A question may be asked again: resets, 5xx and 429 are survived."""
    server.script = [
        after_request,
        answer("503 No", "Connection: close") + b"",
        answer("429 Too Many Requests", "Retry-After: 0", "Connection: close"),
        OK,
    ]

    assert "ok" == client.read("GET", server.url).text
    assert 4 == server.connections


def test_a_read_gives_up(server, client):
    """After the attempts are used up the last error is told, with what the server asked for."""
    server.script = [answer("503 No", "Retry-After: 0", "Connection: close")]

    with pytest.raises(TransientError) as raised:
        client.read("GET", server.url)

    assert ("CRM-H301", 0.0) == (raised.value.code, raised.value.retry_after)
    assert QUICK.attempts == len(server.requests)


def test_retry_after_is_honoured(server):
    """A pause is at least as long as the server asks for, also when it names a date."""
    date = formatdate(time.time() + 2, usegmt=True)
    server.script = [
        answer("503 No", "Retry-After: 1", "Connection: close"),
        answer("429 Slow", f"Retry-After: {date}", "Connection: close"),
        OK,
    ]
    pauses: list[float] = []
    client = HttpClient(Policy(pause=0.01, longest_pause=0.02, total=30), sleep=pauses.append)

    client.read("GET", server.url)

    assert 1 <= pauses[0] <= 1.1
    assert 0.5 <= pauses[1] <= 2.1


def test_a_pause_longer_than_the_patience_is_not_begun(server):
    """When the server asks for more than the total time, the read ends at once and says how long."""
    server.script = [answer("503 No", "Retry-After: 3600")]
    pauses: list[float] = []
    client = HttpClient(QUICK, sleep=pauses.append)

    with pytest.raises(TransientError) as raised:
        client.read("GET", server.url)

    assert 3600.0 == raised.value.retry_after
    assert [] == pauses
    assert 1 == len(server.requests)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("401 Unauthorized", AuthError, "CRM-H302"),
        ("403 Forbidden", AuthError, "CRM-H302"),
        ("404 Not Found", PermanentError, "CRM-H303"),
        ("301 Moved", PermanentError, "CRM-H304"),
    ],
)
def test_what_repeating_does_not_mend_is_not_repeated(server, client, status, kind, code):
    """Refused credentials, a wrong address and a redirect are told at once."""
    server.script = [answer(status, "Location: https://crm.example.cn/new?token=topsecret")]

    with pytest.raises(kind) as raised:
        client.read("GET", server.url)

    assert code == raised.value.code
    assert 1 == len(server.requests)
    assert "topsecret" not in str(raised.value)


def test_an_answer_that_is_no_json_is_told(server, client):
    """A page instead of JSON is an error that names the place."""
    server.script = [answer("200 OK", body=b"<html>")]
    response = client.read("GET", server.url)

    with pytest.raises(PermanentError) as raised:
        response.json()

    assert ("CRM-H203", f"127.0.0.1:{server.port}/send") == (raised.value.code, raised.value.at)


def test_json_goes_and_comes(server, client):
    """Bodies travel as UTF-8 JSON."""
    server.script = [answer("200 OK", "X-Id: 7", body='{"名": 1}'.encode())]

    response = client.read("POST", server.url, json={"text": "保养"})

    assert ({"名": 1}, "7") == (response.json(), response.headers["x-id"])


# ------------------------------------------------------------------ discretion


def _every_failure(server, client, nobody):
    for step in (*[step for step, _ in DOUBTS.values()], answer("429 Slow")):
        server.script, server.connections = [step], 0
        yield lambda: client.send("GET", server.url)
    yield lambda: client.send("GET", nobody)
    named = "http://crm:topsecret@gateway.invalid/send?password=topsecret"
    yield lambda: client.send("GET", named)
    server.script, server.connections = [answer("403 No")], 0
    yield lambda: client.read("GET", server.url)


def test_no_failure_tells_the_password(server, client, nobody, caplog):
    """Neither the error, nor its traceback, nor any log at DEBUG shows the query, which holds password and number."""
    caplog.set_level(logging.DEBUG)
    told = []
    for fail in _every_failure(server, client, nobody):
        with pytest.raises((TransientError, PermanentError)) as raised:
            fail()
        told += [repr(raised.value), str(raised.value), *traceback.format_exception(raised.value)]
        assert raised.value.__context__ is None or "topsecret" not in repr(raised.value.__context__)
    server.script, server.connections = [OK], 0
    client.send("GET", server.url)
    told += [record.getMessage() for record in caplog.records]

    assert [] == [line for line in told if "topsecret" in line or "13800138000" in line]
    assert any("/send" in record.getMessage() for record in caplog.records)


def test_another_librarys_requests_are_logged_as_ever(server, caplog):
    """Only our own requests lose their query in the log; an application's other requests keep theirs."""
    import requests

    caplog.set_level(logging.DEBUG)
    HttpClient(QUICK).send("GET", server.url)
    with requests.get(f"http://127.0.0.1:{server.port}/other?page=2", timeout=2) as response:
        assert 200 == response.status_code

    assert any("/other?page=2" in record.getMessage() for record in caplog.records)


def test_a_place_is_host_and_path():
    """What may be said of an address is its host, port and path."""
    assert "gw.example.cn:8443/cgi-bin/sendsms" == place("https://u:p@gw.example.cn:8443/cgi-bin/sendsms?password=x#y")
    assert "" == place("http://[broken")


def test_the_environments_password_file_is_not_used(server, tmp_path, monkeypatch):
    """A .netrc on the machine adds no credentials to our requests."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password topsecret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    HttpClient(QUICK).send("GET", server.url)

    assert b"Authorization" not in server.requests[0]


def test_a_proxy_of_the_environment_is_used(server, monkeypatch):
    """Behind a proxy requests go through it; when it is dead, that proves that nothing left."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    HttpClient(QUICK).send("GET", "http://gateway.invalid/send?a=1")
    server.close()
    with pytest.raises(NotSent) as raised:
        HttpClient(QUICK).send("GET", "http://gateway.invalid/send?a=1")

    assert server.requests[0].startswith(b"GET http://gateway.invalid/send?a=1 ")
    assert "CRM-H101" == raised.value.code


# ------------------------------------------------------------------ the rest


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("", None), ("5", 5.0), ("-5", None), ("٥", None), ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0)],
)
def test_retry_after_is_read_or_ignored(value, expected):
    """Seconds and HTTP dates are read, a past date is now, nonsense is nothing."""
    assert expected == retry_after(value)


def test_threads_have_connections_of_their_own(server, client):
    """Threads do not share a connection, and closing the client closes all of them."""
    threads = [threading.Thread(target=client.send, args=("GET", server.url)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()

    assert 4 == server.connections
    assert [] == client._sessions


def test_importing_costs_nothing():
    """The libraries are loaded by the first request, not by the import."""
    code = "import sys, crmcore.http; sys.exit(bool({'requests', 'tenacity', 'urllib3'} & set(sys.modules)))"

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
