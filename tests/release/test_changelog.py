"""What the next release will say, one file a change."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRAGMENTS = sorted(path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md")
KINDS = [
    kind["directory"]
    for kind in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]["type"]
]


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_change_is_one_line_of_a_known_kind(fragment):
    """A fragment is one whole sentence for a reader of the release, and its name says what kind of change it is."""
    assert re.fullmatch(rf"\+[a-z0-9-]+\.({'|'.join(KINDS)})\.md", fragment.name)
    assert re.fullmatch(r"\S[^\n]*\.\n", fragment.read_text("utf-8"))


def test_the_kinds_are_those_that_are_explained():
    """The readme of the folder names every kind, in the order of the release."""
    told = (ROOT / "changelog.d" / "README.md").read_text("utf-8")

    assert f"- The kinds are `{'`, `'.join(KINDS[:-1])}` and `{KINDS[-1]}`.\n" in told


def test_the_next_release_has_its_place():
    """CHANGELOG.md keeps the line below which a release is written."""
    marker = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]["start_string"]

    assert 1 == (ROOT / "CHANGELOG.md").read_text("utf-8").count(marker)
