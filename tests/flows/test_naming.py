"""Codes become words where a person reads them, and stay codes where there are none."""

from __future__ import annotations

import pytest

from crmcore.flows import naming


@pytest.mark.parametrize(
    ("offset", "zh", "en"),
    [
        ("P3D", "之后 3 天", "3 days after"),
        ("-PT72H", "之前 72 小时", "72 hours before"),
        ("P12M", "之后 12 个月", "12 months after"),
        ("P1DT2H", "之后 1 天2 小时", "1 days 2 hours after"),
        ("P0D", "当天", "on the day of"),
        ("PT0H", "发生时起", "from the moment of"),
        (None, "当天", "on the day of"),
    ],
)
def test_a_distance_in_words(offset, zh, en):
    """Nobody has to read ISO 8601."""
    assert (zh, en) == (naming.distance(offset, "zh"), naming.distance(offset, "en"))


def test_a_colleague_is_called_by_name():
    """A staff code by its name, an unfilled role by its label, an unknown code by itself, nobody by nothing."""
    said = [naming.colleague(code, {"E01": "甲"}, "zh") for code in ("E01", "CR_MANAGER", "E99", None)]

    assert ["甲", "客户关系经理", "E99", ""] == said


def test_a_minute_is_short():
    """An instant without seconds and offset, a date as it is, nothing for nothing."""
    assert ["2026-11-15 08:30", "2026-11-15", ""] == [
        naming.minute(at) for at in ("2026-11-15T08:30:00+08:00", "2026-11-15", None)
    ]
