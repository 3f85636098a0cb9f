"""The example of FastAPI, on a real port: pushes, pages, what has happened, and the dealer's own do-not-contact list."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from contextlib import contextmanager
from html import escape

import attrs
import pytest
import requests
import uvicorn
from fastapi_dealer import create_app, desk

from crmcore.types.contact import MessageState

ENVIRON = {"CRM_HOOK_SECRET": "s3cret-of-the-hooks", "SMS_PASSWORD": "…"}
DESK = ("lin", "open-sesame")


@attrs.frozen
class Site:
    """The application at work."""

    url: str
    app: object

    @property
    def crm(self):
        return self.app.state.crm

    def get(self, path, **given):
        return requests.get(f"{self.url}{path}", **{"auth": DESK, "timeout": 20, **given})


@contextmanager
def served(dealer):
    """The application on a port of loopback, from its start to its end."""
    settings = {"CRM_TOML": dealer.toml, "OWN_LIST": dealer.folder / "own-list.txt", "DESK_PASSWORD": DESK[1]}
    app = create_app(settings, clock=dealer.clock, environ=ENVIRON)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", app)
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(name="site")
def _site(dealer):
    with served(dealer) as site:
        yield site


def test_a_text_that_complains_becomes_a_case_that_the_pages_show(site, dealer, mo):
    """What Kannel pushes opens a case with a deadline, on the list and in the file of who wrote it."""
    number, words = dealer.angry
    answer = site.get(mo(number, words), auth=None)
    [customer] = site.crm.customers.find(phone=number)
    page, board = site.get(f"/customers/{customer.id}").text, site.get("/complaints").text

    assert 200 == answer.status_code
    assert "投诉处理中" in page
    assert words in page
    assert words in board
    assert "2026-11-22 10:30" in board  # half an hour until it must be handed over


@pytest.mark.parametrize("wrong", [{"secret": "guessed"}, {"instance": "other"}])
def test_who_does_not_know_the_address_learns_nothing(site, dealer, mo, wrong):
    """A wrong secret and an unknown instance are 404, and nothing is kept."""
    before = len(site.crm.complaints.open())

    assert 404 == site.get(mo(*dealer.angry, **wrong), auth=None).status_code
    assert before == len(site.crm.complaints.open())


def test_the_pages_ask_who_it_is(site):
    """Without the password there is no page, no event and no list, and with a wrong one neither."""
    for path in ("/", "/customers", "/customers/C1", "/complaints", "/events"):
        assert 401 == site.get(path, auth=None).status_code, path
        assert 401 == site.get(path, auth=("lin", "guessed")).status_code, path
    assert 401 == requests.put(f"{site.url}/do-not-contact/13800130000", timeout=20).status_code


def test_without_a_password_it_does_not_start(dealer):
    """Personal data is never open by forgetting."""
    with pytest.raises(SystemExit, match="DESK_PASSWORD"):
        create_app({"CRM_TOML": dealer.toml, "DESK_PASSWORD": ""})


def test_a_customer_is_found_by_his_number(site, dealer):
    """The search leads to the file; a number that nobody has is said to be nobody's, an id that nobody has is 404."""
    [customer] = site.crm.customers.find(phone=dealer.angry[0])

    assert f'/customers/{customer.id}">{customer.full_name}' in site.get(f"/customers?phone={dealer.angry[0]}").text
    assert "没有使用这个号码的客户" in site.get("/customers?phone=13800130000").text
    assert 404 == site.get("/customers/C99999").status_code
    assert 404 == site.get("/customers/nonsense").status_code


def test_what_a_customer_writes_is_no_markup(site, dealer, mo):
    """Words of strangers stand on the page as they were written, and do nothing."""
    words = "<script>alert(1)</script> 没修好"
    site.get(mo(dealer.angry[0], words), auth=None)
    [customer] = site.crm.customers.find(phone=dealer.angry[0])
    page = site.get(f"/customers/{customer.id}").text

    assert "<script>" not in page
    assert escape(words) in page


@pytest.mark.parametrize("typed", ["{0}", "+86{0}", "+86 {1} {2} {3}", "{1}-{2}-{3}"])
def test_who_is_on_the_own_list_is_not_texted_and_the_page_says_why(site, dealer, typed):
    """The hook refuses the text that was due, however the number was typed; everybody else's is no affair of the list."""
    customer, number = dealer.texted
    typed = typed.format(number, number[:3], number[3:7], number[7:])
    added = requests.put(f"{site.url}/do-not-contact/{typed}", auth=DESK, timeout=20)
    report = site.crm.send(yes=True)
    [text] = [each for each in site.crm.messages.of(customer) if each.state is MessageState.REFUSED]
    page = site.get(f"/customers/{customer}").text

    assert 204 == added.status_code
    assert text.reason is not None
    assert text.reason.endswith(":ON_OWN_LIST")
    assert "号码在本店的免打扰名单上" in page
    assert 1 == report.counts()["REFUSED"]
    assert len(report.lines) > 1


def test_what_is_no_number_does_not_get_on_the_own_list(site, dealer):
    """It would stand there and hold nobody back, while its author believes that it does."""
    added = requests.put(f"{site.url}/do-not-contact/1380013", auth=DESK, timeout=20)

    assert 400 == added.status_code
    assert "" == (dealer.folder / "own-list.txt").read_text("utf-8")


def test_a_list_that_cannot_be_read_lets_nothing_out(site, dealer):
    """Not knowing is no permission: no text leaves, all of them stay due, and the report says so."""
    (dealer.folder / "own-list.txt").unlink()
    report = site.crm.send(yes=True)
    states = {each.state for each in site.crm.messages.of(dealer.texted[0])}

    assert report.left["GATE_FAILED"] > 0
    assert {MessageState.QUEUED} == states


def test_what_has_happened_is_told_once_to_who_keeps_the_cursor(site, dealer, mo):
    """`/events` goes on where the last answer ended; ids and codes, no words and no numbers of anybody."""
    seen = []
    answer = site.get("/events?limit=500").json()
    while answer["events"]:
        seen += [each["id"] for each in answer["events"]]
        answer = site.get(f"/events?limit=500&cursor={answer['cursor']}").json()
    site.get(mo(*dealer.angry), auth=None)
    news = site.get(f"/events?cursor={answer['cursor']}")

    assert len(seen) == len(set(seen)) > 0
    assert {"ReplyCame", "CaseOpened"} <= {each["event"] for each in news.json()["events"]}
    assert not set(seen) & {each["id"] for each in news.json()["events"]}
    assert dealer.angry[0] not in news.text
    assert dealer.angry[1] not in news.text
    assert 400 == site.get("/events?cursor=nonsense").status_code


def test_a_page_that_takes_long_keeps_nobody_else_waiting(site, dealer, monkeypatch):
    """What the Crm does for a page runs in a thread and not in the loop."""
    began, go_on, real = threading.Event(), threading.Event(), desk.file_of

    def slow(crm, id_):
        began.set()
        assert go_on.wait(30)
        return real(crm, id_)

    monkeypatch.setattr(desk, "file_of", slow)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(site.get(f"/customers/{dealer.texted[0]}")))
    waiting.start()
    try:
        assert began.wait(20)
        assert 200 == site.get("/complaints", timeout=10).status_code
    finally:
        go_on.set()
        waiting.join()

    assert [200] == [answer.status_code for answer in answers]


def test_two_in_one_process_never_meet(site, dealer, planned, tmp_path, mo):
    """A push to one application opens no case in the other."""
    shutil.copytree(planned.folder, tmp_path / "other")
    with served(attrs.evolve(dealer, folder=tmp_path / "other")) as other:
        before = len(other.crm.complaints.open())
        site.get(mo(*dealer.angry), auth=None)

        assert before + 1 == len(site.crm.complaints.open())
        assert before == len(other.crm.complaints.open())
