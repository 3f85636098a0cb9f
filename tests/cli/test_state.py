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


def test_codes_are_read_as_words():
    """In a list a state, a role and a channel are words of the reader's language; a code without words stays."""
    state = State()
    state.lang_option = "zh"
    cells = [
        state.cell(value, of)
        for value, of in [
            ("DELIVERED", ("messages", "state")),
            ("REJECTED", ("proposals", "state")),
            ("CR_AGENT", ("touchpoints", "executor")),
            ("E01", ("touchpoints", "executor")),
            ("SMS", ("touchpoints", "channel")),
            ("DELIVERED", ("messages", "template")),
        ]
    ]

    assert ["已送达", "不采纳", "客户关系专员", "E01", "短信", "DELIVERED"] == cells
