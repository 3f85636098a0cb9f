"""The pages in Debian's Chromium: nothing is fetched, everybody can read them, on a phone, on paper and without JavaScript."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.reports import world
from tests.reports.conftest import Pages

from crmcore.db import schema
from crmcore.db.engine import Database
from crmcore.flows.report import daily
from crmcore.reports import files

pytestmark = pytest.mark.real

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
NAMES = [f"{name}.{lang}" for name in ("csi", "board", "calls", "daily") for lang in ("zh", "en")]
PHONE, DESK = 360, 1100
PAPER = 703  # pixels of A4 between the margins


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every page in both languages, of a dealer with something to say."""
    where = tmp_path_factory.mktemp("pages")
    with Database(f"sqlite:///{where / 'crm.db'}") as db:
        schema.metadata.create_all(db.engine)
        world.busy(db)
        for lang in ("zh", "en"):
            for name, facts in zip(("csi", "board", "calls"), Pages(db).all(lang), strict=True):
                (where / f"{name}.{lang}.html").write_bytes(files.content(facts, ".html", lang))
            today = daily(db, {world.RULE.code: world.RULE}, world.S01, world.NOW, lang=lang)
            (where / f"daily.{lang}.html").write_text(files.html(today, lang), "utf-8")
    return where


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright, which downloads nothing."""
    chromium = shutil.which("chromium")
    assert chromium, "tests/real/setup.sh installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@attrs.define
class Opened:
    """A page in the browser, and what it tried to do."""

    page: Page
    asked: list[str]
    said: list[str]


@pytest.fixture
def opened(browser: Browser, folder: Path) -> Iterator[object]:
    """Opens a page by name; every request is noted, and refused unless it is for the page itself."""
    contexts = []

    def open_(name: str, *, width: int = DESK, script: bool = True) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=script, offline=True
        )
        contexts.append(context)
        page, address = context.new_page(), (folder / f"{name}.html").as_uri()
        found = Opened(page, [], [])
        page.on("request", lambda request: found.asked.append(request.url))
        page.on("console", lambda message: found.said.append(message.text))
        page.on("pageerror", lambda error: found.said.append(str(error)))
        page.route("**/*", lambda route: route.continue_() if route.request.url == address else route.abort())
        page.goto(address)
        return found

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_and_nothing_goes_wrong(opened, folder, name):
    """One request, for the file itself; not a word on the console."""
    found = opened(name)

    assert [(folder / f"{name}.html").as_uri()] == found.asked
    assert [] == found.said


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_shows_it_without_scrolling_sideways(opened, name):
    """At 360 pixels only tables and drawings scroll, inside their own frames."""
    page = opened(name, width=PHONE).page

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert [] == page.evaluate(
        """() => [...document.querySelectorAll('body *')]
             .filter(e => !e.closest('.scroll, .draw') && e.getBoundingClientRect().right > innerWidth + 0.5)
             .map(e => e.outerHTML.slice(0, 80))"""
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_words_are_of_its_language(opened, name):
    """A Chinese page has Chinese headings everywhere, an English one none; people's names are as they are."""
    page = opened(name).page
    headings = page.locator("h1, h2, th[scope=col], nav a").all_inner_texts()
    lang = page.locator("html").get_attribute("lang")

    assert len(headings) > 5
    chinese = [each for each in headings if re.search(r"[\u4e00-\u9fff]", each)]
    if name.endswith("zh"):
        assert "zh-CN" == lang
        assert len(chinese) >= 0.9 * len(headings)
    else:
        assert "en" == lang
        assert [] == [each for each in chinese if "示范店" not in each]


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", NAMES)
def test_everybody_can_read_it(opened, name, width):
    """axe-core has nothing to object to: contrast, headings, tables, names of drawings, keyboard."""
    page = opened(name, width=width).page
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")

    assert [] == [(each["id"], [node["html"][:120] for node in each["nodes"]][:3]) for each in found["violations"]]
    assert len(found["passes"]) > 15


@pytest.mark.parametrize("name", NAMES)
def test_it_needs_no_javascript(opened, name):
    """With JavaScript off it says the same and draws the same."""
    with_script, without = opened(name).page, opened(name, script=False).page

    assert with_script.locator("body").inner_text() == without.locator("body").inner_text()
    assert with_script.locator("svg").count() == without.locator("svg").count()
    for drawing in without.locator("svg").all():
        box = drawing.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) > 60


@pytest.mark.parametrize("name", NAMES)
def test_it_prints(opened, name):
    """A few sheets of A4, with ink on them, and nothing beyond their edge."""
    page = opened(name, width=PAPER).page
    printed = page.pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", printed))

    assert printed.startswith(b"%PDF")
    assert len(printed) > 10_000
    assert 1 <= sheets <= 12
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER


def test_text_stands_beside_each_colour(opened):
    """In black and white the board still says which case burns."""
    page = opened("board.en").page
    marks = page.locator("#cases .mark").all_inner_texts()

    assert {"overdue", "due within 2 hours", "later", "waiting for callback", "clock paused"} <= set(marks)
