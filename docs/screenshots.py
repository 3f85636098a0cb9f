"""Pictures of the pages for the docs: the demo is run, and what it wrote is opened in Debian's Chromium.

Run it as `.venv/bin/python docs/screenshots.py` after a change of the pages; `tests/real/setup.sh` installs the browser.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
PAGES = ("csi", "board", "calls", "report")
WIDTH, HEIGHT = 1000, 1150
LARGEST = 200_000  # bytes; a page of the docs is read on a phone as well


def main() -> None:
    """One picture a page: what is seen of it first."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        subprocess.run(
            [sys.executable, "-m", "crmcore", "demo", "--folder", folder, "--lang", "zh"], check=True, stdout=subprocess.DEVNULL
        )  # fmt: skip
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name in PAGES:
            page.goto((Path(folder) / f"{name}.html").as_uri())
            picture = page.screenshot(path=IMAGES / f"{name}.png")
            print(f"{name}.png {len(picture):,} bytes")
            if len(picture) > LARGEST:
                raise SystemExit(f"{name}.png is larger than {LARGEST:,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
