"""The receiver that ships with crmcore, on a real port, with real requests."""

from __future__ import annotations

import socket
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from crmcore.app.webhooks import LARGEST
from crmcore.contrib import serve
from crmcore.hooks.adapters import WebhookResponse

SECRET = "a-secret"


@pytest.fixture(name="taken")
def _taken():
    return []


@pytest.fixture(name="url")
def _url(taken):
    def receive(name, request):
        if name != "sms":
            return None
        taken.append(request)
        return WebhookResponse(status=202, body="好".encode(), content_type="text/plain; charset=utf-8")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = serve.make_server(receive, SECRET, host="127.0.0.1", port=0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def get(url, data=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_push_reaches_its_instance_as_it_came(url, taken):
    """Method, path, decoded query, headers and body arrive, and the vendor's answer goes back."""
    answer = get(f"{url}/hooks/{SECRET}/sms/mo?text=%E9%80%80%E8%AE%A2&from=138", data=b"body")
    (pushed,) = taken

    assert (202, "好".encode()) == answer
    assert ("POST", "mo", {"text": "退订", "from": "138"}, b"body") == (
        pushed.method,
        pushed.path,
        pushed.query,
        pushed.body,
    )
    assert "content-length" in pushed.headers


def test_the_path_may_end_at_the_instance(url, taken):
    """A vendor that calls the bare callback URL is heard too."""
    assert 202 == get(f"{url}/hooks/{SECRET}/sms")[0]
    assert [""] == [pushed.path for pushed in taken]


@pytest.mark.parametrize("path", ["hooks/wrong/sms/mo", f"hooks/{SECRET}/other", "hooks", "", f"hooks/{SECRET}x/sms"])
def test_who_does_not_know_the_path_learns_nothing(url, taken, path):
    """A wrong secret, an unknown instance and a wrong path are the same 404, and nothing is stored."""
    assert 404 == get(f"{url}/{path}")[0]
    assert [] == taken


def test_a_push_larger_than_any_vendors_is_refused(url, taken):
    """More than a mebibyte is answered with 413 and never held."""
    assert 413 == get(f"{url}/hooks/{SECRET}/sms/mo", data=b"x" * (LARGEST + 1))[0]
    assert [] == taken


def test_it_says_that_it_lives(url):
    """A monitor can ask `/health` without knowing the secret."""
    assert (200, b"ok") == get(f"{url}/health")


def test_a_burst_is_taken_whole(url, taken):
    """Two hundred pushes at once are all answered and all kept."""
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: get(f"{url}/hooks/{SECRET}/sms/dlr?key={n}")[0], range(200)))

    assert {202} == set(answers)
    assert 200 == len({pushed.query["key"] for pushed in taken})


def test_the_queue_of_waiting_connections_is_long():
    """The listen backlog is what a gateway's burst needs: Python's default of 5 lost receipts."""
    server = serve.make_server(lambda _name, _request: None, SECRET, host="127.0.0.1", port=0)

    assert server.config.backlog >= 1024
    assert server.config.access_log is False
