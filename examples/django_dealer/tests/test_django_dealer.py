"""The example of Django as it runs: manage.py in processes of its own, a browser's session, a gateway that pushes."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from html import escape
from pathlib import Path

import attrs
import pytest
import requests

from crmcore.lang import reason
from crmcore.types.contact import MessageState

PROJECT = Path(__file__).parents[1]
USER = ("lin", "open-sesame-4S")


@attrs.frozen
class Site:
    """The project at work.

    Attributes:
        crm: one of this process, on the same store: what a colleague's command line would see.
    """

    url: str
    dealer: object
    crm: object
    environ: dict[str, str]

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, PROJECT / "manage.py", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        return done.stdout

    def push(self, address: str) -> int:
        return requests.get(f"{self.url}{address}", timeout=20).status_code


@pytest.fixture(name="site", scope="module")
def _site(planned, tmp_path_factory):
    """manage.py runserver on a free port of loopback, with one user who may log in."""
    folder = tmp_path_factory.mktemp("django")
    dealer = attrs.evolve(planned, folder=folder / "dealer")
    shutil.copytree(planned.folder, dealer.folder)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "tests"), *filter(None, sys.path)]),
        "PYTHONUTF8": "1",
        "DJANGO_SETTINGS_MODULE": "settings_of_tests",
        "DJANGO_DB": str(folder / "users.db"),
        "DJANGO_SUPERUSER_PASSWORD": USER[1],
        "CRM_TOML": str(dealer.toml),
        "CRM_HOOK_SECRET": "s3cret-of-the-hooks",
        "SMS_PASSWORD": "…",
    }
    with dealer.crm() as crm:
        site = Site(f"http://127.0.0.1:{port}", dealer, crm, environ)
        site.manage("migrate", "--verbosity", "0")
        site.manage("createsuperuser", "--noinput", "--username", USER[0], "--email", "")
        server = subprocess.Popen(
            [sys.executable, PROJECT / "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(server, port)
            yield site
        finally:
            server.terminate()
            server.wait()


def _wait(server, port):
    ends = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < ends:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the server did not start")


@pytest.fixture(name="browser")
def _browser(site):
    """A session that has logged in through the form."""
    with requests.Session() as session:
        form = session.get(f"{site.url}/login/", timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)[1]
        said = {"csrfmiddlewaretoken": token, "username": USER[0], "password": USER[1]}
        done = session.post(f"{site.url}/login/", data=said, timeout=20)
        assert f"{site.url}/customers" == done.url
        yield lambda path: session.get(f"{site.url}{path}", timeout=20)


def test_a_text_that_complains_becomes_a_case_that_the_pages_show(site, browser, mo):
    """What Kannel pushes, without a session and without a token, opens a case with a deadline that the pages show."""
    number, words = site.dealer.angry
    answer = site.push(mo(number, words))
    [customer] = site.crm.customers.find(phone=number)
    page, board = browser(f"/customers/{customer.id}").text, browser("/complaints").text

    assert 200 == answer
    assert "投诉处理中" in page
    assert words in page
    assert words in board
    assert "2026-11-22 10:30" in board  # half an hour until it must be handed over


@pytest.mark.parametrize("wrong", [{"secret": "guessed"}, {"instance": "other"}])
def test_who_does_not_know_the_address_learns_nothing(site, mo, wrong):
    """A wrong secret and an unknown instance are 404, and nothing is kept."""
    before = len(site.crm.complaints.open())

    assert 404 == site.push(mo("13800130000", "没修好", **wrong))
    assert before == len(site.crm.complaints.open())


@pytest.mark.parametrize("path", ["/", "/customers", "/customers/C1", "/complaints"])
def test_who_has_not_logged_in_is_asked_to(site, path):
    """Every page leads to the login, which lets nobody in with a wrong password."""
    asked = requests.get(f"{site.url}{path}", timeout=20)

    assert "登录" in asked.text
    assert f"{site.url}/login/?next={path}" == asked.url


def test_a_wrong_password_lets_nobody_in(site):
    """The form comes again and says so."""
    with requests.Session() as session:
        form = session.get(f"{site.url}/login/", timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)[1]
        said = {"csrfmiddlewaretoken": token, "username": USER[0], "password": "guessed"}

        assert "用户名或密码不对" in session.post(f"{site.url}/login/", data=said, timeout=20).text
        assert "登录" in session.get(f"{site.url}/customers", timeout=20).text


def test_a_customer_is_found_by_his_number(site, browser):
    """The search leads to the file; a number that nobody has is said to be nobody's, an id that nobody has is 404."""
    [customer] = site.crm.customers.find(phone=site.dealer.angry[0])

    assert (
        f'href="/customers/{customer.id}">{customer.full_name}'
        in browser(f"/customers?phone={site.dealer.angry[0]}").text
    )
    assert "没有使用这个号码的客户" in browser("/customers?phone=13800130000").text
    assert 404 == browser("/customers/C99999").status_code
    assert 404 == browser("/customers/nonsense").status_code


def test_what_a_customer_writes_is_no_markup(site, browser, mo):
    """Words of strangers stand on the page as they were written, and do nothing."""
    words = "<script>alert(1)</script> 没修好"
    site.push(mo(site.dealer.angry[0], words, id_="2"))
    [customer] = site.crm.customers.find(phone=site.dealer.angry[0])
    page = browser(f"/customers/{customer.id}").text

    assert "<script>" not in page
    assert escape(words) in page


def test_a_number_that_said_no_is_not_texted_and_the_page_says_why(site, browser):
    """The command of cron takes back the text that was due, and the file says why."""
    customer, number = site.dealer.texted
    site.crm.customers.opt_out(number, by="api")
    said = site.manage("crm_run", "--yes")
    [text] = site.crm.messages.of(customer)
    page = browser(f"/customers/{customer}").text

    assert said.startswith("read ")
    assert "'QUEUED': " in said  # others were really tried; nobody listens where the gateway would be
    assert MessageState.CANCELLED is text.state
    assert text.reason is not None
    assert "已取消" in page
    assert f"原因：{reason(text.reason, 'zh')[0]}" in page
    assert "已拒绝：短信" in page
