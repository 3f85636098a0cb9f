"""The matrix of the documentation is what the contract tests prove today."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_matrix_is_what_the_contracts_prove(monkeypatch):
    """docs/reference/matrix.md is computed from the contract tests of the shipped plugins, and from nothing else."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import generate  # type: ignore[import-not-found]

    ((path, text),) = generate.proven_page().items()

    assert path.read_text("utf-8") == text
    assert "| every adapter | √ |" in text
