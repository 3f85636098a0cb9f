"""The doors of the frameworks: what a vendor pushes reaches the same `Crm`, whichever stands in front of it."""

from __future__ import annotations

import ast
import asyncio
import inspect
import socket
import threading
import time
import urllib.error
import urllib.request
import wsgiref.simple_server
from contextlib import contextmanager

import attrs
import httpx
import pytest
import uvicorn
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory
from django.test.client import MULTIPART_CONTENT
from django.urls import clear_url_caches, path
from django.utils.functional import empty
from flask import Flask
from flask import request as flask_request
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Route

from crmcore.app import Crm
from crmcore.app.webhooks import LARGEST
from crmcore.contrib import django as djangos
from crmcore.contrib import flask as flasks
from crmcore.contrib import starlette as starlettes
from crmcore.errors import ConfigError
from crmcore.hooks import MessagingAdapter, Parsed, ParsesReplies, WebhookRequest, WebhookResponse
from crmcore.types.contact import Accepted, Reply
from crmcore.types.customer import Channel

SECRET = "a-secret"
urlpatterns = []


@attrs.frozen
class Nothing:
    pass


class Post(MessagingAdapter, ParsesReplies):
    """A vendor that pushes replies: who, and in the body what."""

    name = "post"
    channels = frozenset({Channel.SMS})
    Config = Nothing
    seen = []

    def send(self, message, *, key):
        return Accepted()

    def parse_replies(self, request):
        self.seen.append(request)
        reply = Reply(sender=request.query["from"], text=request.body.decode())
        return Parsed(events=(reply,), answer=WebhookResponse(status=202, body="好".encode(), content_type="text/x-ok"))


@pytest.fixture(name="crm")
def _crm(tmp_path):
    Post.seen.clear()
    said = {
        "store": {"code": "S01", "name": "示范店"},
        "database": {"url": f"sqlite:///{tmp_path / 'crm.db'}"},
        "serve": {"public_url": "https://crm.example", "secret": SECRET},
        "messaging": {"sms": {"adapter": "post"}, "off": {"adapter": "post", "enabled": False}},
    }
    with Crm(said, adapters=[Post]) as crm:
        yield crm


# ------------------------------------------------------------------ three applications


def starlette_app(crm):
    return Starlette(
        routes=[Route("/hooks/{path:path}", starlettes.webhook(crm.handle_webhook), methods=["GET", "POST"])]
    )


def flask_app(crm):
    app = Flask(__name__)
    app.add_url_rule("/hooks/<path:path>", "hooks", flasks.webhook(crm.handle_webhook), methods=["GET", "POST"])
    return app


@pytest.fixture(name="project", autouse=True)
def _project():
    """Settings of a project of Django, for one test; neither they nor its logging stay in this process."""
    before, settings._wrapped = settings._wrapped, empty
    guard = "django.middleware.csrf.CsrfViewMiddleware"
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", USE_TZ=True, MIDDLEWARE=[guard])
    yield
    settings._wrapped = before


def django_app(crm):
    urlpatterns[:] = [path("hooks/<path:path>", djangos.webhook(crm.handle_webhook))]
    clear_url_caches()
    return WSGIHandler()


def by_starlette(crm):
    through = httpx.ASGITransport(starlette_app(crm), raise_app_exceptions=False)

    async def ask(where, body, method):
        async with httpx.AsyncClient(transport=through, base_url="http://dealer") as client:
            answer = await client.request(method or ("POST" if body else "GET"), where, content=body)
            return answer.status_code, answer.content, answer.headers["content-type"]

    return lambda where, body=b"", method="": asyncio.run(ask(where, body, method))


def by_flask(crm):
    client = flask_app(crm).test_client()

    def push(where, body=b"", method=""):
        with client.open(where, method=method or ("POST" if body else "GET"), data=body) as answer:
            return answer.status_code, answer.data, answer.headers["content-type"]

    return push


def by_django(crm):
    django_app(crm)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def push(where, body=b"", method=""):
        answer = client.generic(method or ("POST" if body else "GET"), where, body, content_type="text/plain")
        return answer.status_code, answer.content, answer.headers.get("content-type")

    return push


DOORS = [by_starlette, by_flask, by_django]


@pytest.fixture(name="push", params=DOORS)
def _push(request, crm):
    """Push to the application of one framework, through its own test client."""
    return request.param(crm)


def test_a_push_reaches_its_instance_as_it_came(push, crm):
    """Method, rest of the path, decoded query, headers and body arrive, the reply is stored, and the vendor's answer goes back."""
    answer = push(f"/hooks/{SECRET}/sms/mo/x?from=%2B8613800130001&a=1&a=2&word=%E9%80%80%E8%AE%A2", "退订".encode())
    (pushed,) = Post.seen

    assert (202, "好".encode()) == answer[:2]
    assert answer[2].startswith("text/x-ok")
    assert ("POST", "mo/x", "退订".encode()) == (pushed.method, pushed.path, pushed.body)
    assert {"from": "+8613800130001", "a": "2", "word": "退订"} == pushed.query
    assert str(len("退订".encode())) == pushed.headers["content-length"]
    assert ["退订"] == [row.text for row in replies(crm)]


def replies(crm):
    from sqlalchemy import select

    from crmcore.db.schema import reply

    with crm.db.reading() as connection:
        return connection.execute(select(reply)).all()


def test_the_path_may_end_at_the_instance(push):
    """A vendor that calls the bare callback URL is heard too."""
    assert 202 == push(f"/hooks/{SECRET}/sms?from=1")[0]
    assert [("GET", "")] == [(pushed.method, pushed.path) for pushed in Post.seen]


@pytest.mark.parametrize(
    "where",
    ["wrong/sms/mo", f"{SECRET}/other", f"{SECRET}/off", SECRET, f"{SECRET}x/sms", "sms", f"x/{SECRET}/sms", "é/sms"],
)
def test_who_does_not_know_the_path_learns_nothing(push, where):
    """A wrong secret, an instance that is unknown or off, and a wrong path are the same 404, and nothing is read."""
    wrong, other = push(f"/hooks/{where}?from=1"), push("/hooks/nobody/nowhere?from=1", b"x" * (LARGEST + 1))

    assert 404 == wrong[0]
    assert wrong == other
    assert [] == Post.seen


def test_a_push_larger_than_any_vendors_is_refused(push, crm):
    """A mebibyte is taken; one byte more is answered with 413 and not stored."""
    at_most, too_much = (push(f"/hooks/{SECRET}/sms?from=1", b"x" * size)[0] for size in (LARGEST, LARGEST + 1))

    assert (202, 413) == (at_most, too_much)
    assert 1 == len(Post.seen)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
def test_only_a_push_is_taken_for_one(push, method):
    """Who looks whether there is a door, or wants something else of it, has not pushed, and nothing is read."""
    assert 405 == push(f"/hooks/{SECRET}/sms?from=1", method=method)[0]
    assert [] == Post.seen


def test_a_push_that_was_cut_off_is_not_confirmed(crm):
    """Fewer bytes than announced are no push: the vendor is told, and nothing is read. Packed ones are counted by nobody."""

    def pushed(**headers):
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        request = WebhookRequest(method="POST", path=f"{SECRET}/sms", query={"from": "1"}, headers=asked, body=b"hell")
        return crm.handle_webhook(request).status

    found = [pushed(content_length=said) for said in ("5", "4", "3", "", "five", "9" * 5000)]

    assert [400, 202, 202, 202, 202, 202] == found
    assert 202 == pushed(content_length="5", content_encoding="gzip")
    assert 6 == len(Post.seen)


def test_an_application_may_have_read_the_body_before(crm):
    """One that looks at each request, as many log or sign them, takes nothing away; what is gone is not confirmed."""

    def pushed(look):
        app = flask_app(crm)
        app.before_request(lambda: look(flask_request) and None)
        where, kind = f"/hooks/{SECRET}/sms?from=1", "application/x-www-form-urlencoded"
        with app.test_client().post(where, data="text=hello", content_type=kind) as answer:
            return answer.status_code

    assert 202 == pushed(lambda request: request.get_data())
    assert 400 == pushed(lambda request: request.form)
    assert ["text=hello"] == [row.text for row in replies(crm)]


@pytest.mark.parametrize(
    ("look", "kind", "status"),
    [
        (lambda request: request.body, "application/x-www-form-urlencoded", 202),
        (lambda request: request.POST, "application/x-www-form-urlencoded", 202),
        (lambda request: request.POST, MULTIPART_CONTENT, 400),
    ],
    ids=["body", "form", "multipart"],
)
def test_a_middleware_of_django_may_have_read_the_body_before(crm, look, kind, status):
    """Django keeps what it has read, but for the parts of a form: where they are gone nothing is confirmed."""
    data = {"text": "hello"} if kind is MULTIPART_CONTENT else "text=hello"
    request = RequestFactory().post("/hooks/x?from=1", data, content_type=kind)
    look(request)

    assert status == djangos.webhook(crm.handle_webhook)(request, path=f"{SECRET}/sms").status_code


def test_a_middleware_of_starlette_may_have_read_the_body_before(crm):
    """What it read is handed on by Starlette itself."""

    class Looks(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            await request.body()
            return await call_next(request)

    app = starlette_app(crm)
    app.add_middleware(Looks)

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://dealer") as client:
            return await client.post(f"/hooks/{SECRET}/sms?from=1", content=b"hello")

    assert 202 == asyncio.run(ask()).status_code
    assert ["hello"] == [row.text for row in replies(crm)]


def test_what_could_not_be_stored_is_not_confirmed(push, crm):
    """When the store is gone the vendor gets a 500, and pushes again later."""
    with crm.db.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox RENAME TO elsewhere")

    assert 500 == push(f"/hooks/{SECRET}/sms?from=1", b"hello")[0]
    assert [] == Post.seen


def test_without_a_secret_nobody_is_let_in(tmp_path):
    """Where [serve] is missing the door does not open for everybody: the mistake is told."""
    said = {"store": {"code": "S01", "name": "示范店"}, "database": {"url": f"sqlite:///{tmp_path / 'crm.db'}"}}
    with Crm(said) as crm, pytest.raises(ConfigError) as caught:
        crm.handle_webhook(WebhookRequest(method="GET", path="/sms"))

    assert "CRM-C141" == caught.value.code


@pytest.mark.parametrize("module", [starlettes, flasks, djangos])
def test_a_door_is_thin(module):
    """What a framework needs of its own is at most ten statements: the decisions are made behind it, once for all."""
    [door] = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)]
    [view] = [node for node in door.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    statements = [node for node in ast.walk(view) if isinstance(node, ast.stmt) and node is not view]

    assert 0 < len(statements) <= 10


# ------------------------------------------------------------------ once over a socket


@contextmanager
def served_wsgi(app):
    class Quiet(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            pass

    with wsgiref.simple_server.make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def served_asgi(app):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize(
    ("make", "served"), [(starlette_app, served_asgi), (flask_app, served_wsgi), (django_app, served_wsgi)]
)
def test_a_real_server_in_front(crm, make, served):
    """Over a socket, as a vendor does it: the push is taken, and a stranger gets 404."""
    with served(make(crm)) as port:
        url = f"http://127.0.0.1:{port}/hooks"
        with urllib.request.urlopen(
            f"{url}/{SECRET}/sms?from=%2B8613800130001", data="谢谢".encode(), timeout=10
        ) as answer:
            taken = answer.status, answer.read()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/stranger/sms", timeout=10)
        refused.value.close()

    assert (202, "好".encode()) == taken
    assert 404 == refused.value.code
    assert ["谢谢"] == [row.text for row in replies(crm)]
