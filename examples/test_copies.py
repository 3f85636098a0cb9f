"""What the examples have in common is the same in each: a folder stands alone, and none falls behind."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("name", "count"), [("words.py", 3), ("style.css", 3), ("customers.html", 2), ("complaints.html", 2)]
)
def test_copies_are_the_same(name, count):
    """One stylesheet, one choice of words; the pages of the two that use Jinja differ in their addresses alone."""
    found = [
        path.read_text("utf-8")
        for path in sorted(HERE.glob(f"*/*_dealer/**/{name}"))
        if "templatetags" not in path.parts
    ]
    if name.endswith("html"):
        found = [text.replace("url_for('desk.", "url_for('") for text in found if "url_for" in text]

    assert count == len(found)
    assert 1 == len(set(found))
