"""A folder to write tables into, byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path) -> Write:
    """Write `content` (text in UTF-8, or bytes as they are) and return the path."""

    def written(content: str | bytes, name: str = "ro.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return written
