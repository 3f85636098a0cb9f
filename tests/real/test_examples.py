"""The examples as their readme starts them, in Debian's Chromium: everybody can read the 360° of a customer, on a desk and on a phone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
#: What is said to the last command of each readme besides, so that three of them can run at once.
PORT = {"flask": "--port {}", "fastapi": "--port {}", "django": "--noreload {}"}
NUMBER, WORDS = "13800132123", "还是没修好"
USER, PASSWORD = "lin", "open-sesame"
WIDTHS = [375, 1100]


@attrs.frozen
class Site:
    """An example at work."""

    name: str
    url: str


def commands(name: str) -> list[str]:
    """The lines of the first block of a readme, without the installation."""
    block = re.search(r"```sh\n(.*?)```", (ROOT / f"examples/{name}_dealer/README.md").read_text("utf-8"), re.DOTALL)
    assert block
    lines = block[1].splitlines()
    assert lines[0].startswith("python -m pip install")
    return lines[1:]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright, which downloads nothing."""
    chromium = shutil.which("chromium")
    assert chromium, "tests/real/setup.sh installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["django", "fastapi", "flask"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The readme's commands in an empty folder beside which the examples lie, and a complaint that the gateway has pushed."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__", "tests"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    *before, last = commands(name)
    lines = [*before, f"exec {last} {PORT[name].format(port)}"]
    script = "\n".join(lines).replace("createsuperuser", f"createsuperuser --noinput --username {USER} --email ''")
    environ = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    log = folder / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(
            ["bash", "-euc", script], cwd=folder, env=environ, stdout=out, stderr=out, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait(server, port, log)
            pushed = f"{url}/hooks/try-me/sms/mo?from={NUMBER}&to=1069&text={quote(WORDS)}&coding=2&charset=UTF-8&id=1&unix=1795312800"
            assert 200 == requests.get(pushed, timeout=30).status_code, log.read_text("utf-8")
            yield Site(name, url)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + 120
    while server.poll() is None and time.monotonic() < ends:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(log.read_text("utf-8"))


@pytest.fixture
def opened(browser: Browser, site: Site) -> Iterator[object]:
    """Opens a page as somebody of the desk; every request and every word on the console is noted."""
    contexts = []

    def open_(path: str, width: int) -> tuple[Page, list[str], list[str]]:
        credentials = None if site.name == "django" else {"username": USER, "password": PASSWORD}
        context = browser.new_context(viewport={"width": width, "height": 900}, http_credentials=credentials)
        contexts.append(context)
        page, asked, said = context.new_page(), [], []
        if site.name == "django":
            page.goto(f"{site.url}/login/")
            page.fill("input[name=username]", USER)
            page.fill("input[name=password]", PASSWORD)
            page.click("main button")
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{site.url}{path}")
        return page, asked, said

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def file(opened):
    """Opens the 360° of the customer who has complained, by searching for his number as a person does."""

    def open_(width: int) -> tuple[Page, list[str], list[str]]:
        page, asked, said = opened(f"/customers?phone={NUMBER}", width)
        page.click("main li a")
        page.wait_for_selector("ol.line")
        return page, asked, said

    return open_


def test_it_shows_all_there_is(file):
    """File, car, visit, text, call, reply and complaint stand on one page, in Chinese, and nothing is asked of anybody else."""
    page, asked, said = file(1100)
    text = page.inner_text("main")

    assert "zh-CN" == page.get_attribute("html", "lang")
    for each in (NUMBER, WORDS, "车架号", "进厂维修", "短信", "电话", "客户来信", "投诉 K", "接下来"):
        assert each in text, each
    assert {"127.0.0.1"} == {each.split("/")[2].split(":")[0] for each in asked}
    assert [] == [each for each in said if "401" not in each]  # the browser's own word on being asked for the password


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["", "/complaints", "/customers"])
def test_everybody_can_read_it(site, file, opened, path, width):
    """Nothing overflows, and axe-core has nothing to object to; `path` "" is the 360°."""
    page = opened(path, width)[0] if path else file(width)[0]
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [] == [(each["id"], [node["html"][:120] for node in each["nodes"]][:3]) for each in found["violations"]]
    assert len(found["passes"]) > 15
