"""What a person sees of a value."""

from __future__ import annotations

import pytest

from crmcore.cli.state import State


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22T00:30:00Z", "2026-11-22 08:30"),
        ("2026-11-22T08:30:00+08:00", "2026-11-22 08:30"),
        ("2026-11-22", "2026-11-22"),
        (None, ""),
        (True, "√"),
        (["a", "b"], "a, b"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_cell_is_one_line_in_the_time_of_the_store(crm, value, expected):
    """Instants are kept in UTC and shown as the clock on the wall of the store shows them."""
    state = State()
    state.path = crm.toml()

    assert expected == state.cell(value)
