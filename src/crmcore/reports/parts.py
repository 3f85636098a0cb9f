"""What a report is made of: figures, tables, charts over tables. The page and the workbook both read this, so they say the same.

Facts become parts in words of one language (`csi_parts`, `board_parts`, `calls_parts`); what draws them knows nothing of scores
or complaints.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import attrs

from crmcore.reports.facts import Head


class Kind(StrEnum):
    """How a value is written; it stays a number until it is."""

    TEXT = "TEXT"
    MOMENT = "MOMENT"  # a date or time as text, kept on one line
    COUNT = "COUNT"
    SCORE = "SCORE"  # one decimal
    SHARE = "SHARE"  # 0 to 1, written as per cent
    MINUTES = "MINUTES"


class Tone(StrEnum):
    """A colour that stands beside a word, never instead of one."""

    PLAIN = "plain"
    GOOD = "good"
    SOON = "soon"
    BAD = "bad"
    DIM = "dim"


class Shape(StrEnum):
    """RADAR: one axis a row; TREND: rows are moments; BARS: one bar a row."""

    RADAR = "RADAR"
    TREND = "TREND"
    BARS = "BARS"


@attrs.frozen
class Mark:
    """A word with a tone; `to`: the key of what on this page says more about it."""

    text: str
    tone: Tone = Tone.PLAIN
    to: str = ""


Cell = str | int | float | Mark | None


@attrs.frozen
class Column:
    """A column and how its values are written."""

    name: str
    kind: Kind = Kind.TEXT


@attrs.frozen(kw_only=True)
class Grid:
    """A table; the first column names the row. `keys` names rows that a `Mark` points to."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    keys: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Chart:
    """A picture of columns of a table: it has no values of its own.

    Attributes:
        description: what a reader who cannot see it must know.
        columns: numbers of the columns that are drawn, each a series named like its column.
        interval: columns of the lower and upper end around the first series.
        rows: how many rows are drawn, from the top; None: all.
        top: upper end of the axis; None: what the values need.
    """

    shape: Shape
    title: str
    description: str
    columns: tuple[int, ...]
    interval: tuple[int, int] | None = None
    rows: int | None = None
    top: float | None = None


@attrs.frozen(kw_only=True)
class Tile:
    """One figure that is read first."""

    name: str
    value: Cell
    kind: Kind = Kind.TEXT
    note: str = ""
    tone: Tone = Tone.PLAIN


@attrs.frozen(kw_only=True)
class Section:
    """One question and its answer.

    Attributes:
        key: [a-z0-9_-], unique on the page.
        notes: how it is counted, and what must be known to read it.
        empty: said where the table has no row.
    """

    key: str
    title: str
    notes: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    grid: Grid | None = None
    chart: Chart | None = None
    empty: str = ""


@attrs.frozen(kw_only=True)
class Report:
    """One page, or one workbook.

    Attributes:
        made: local time of the store; the same facts make the same file.
        meta: when it was made, how far the data goes, what is counted.
    """

    key: str
    title: str
    made: datetime
    meta: tuple[str, ...]
    tiles: tuple[Tile, ...] = ()
    sections: tuple[Section, ...]


Say = Callable[..., str]


def made(head: Head, say: Say) -> str:
    """When the page was made, and how far its data goes."""
    return say("reports.made", generated=head.generated_at, through=head.through or say("reports.no_data_yet"))


def drawn(grid: Grid, chart: Chart) -> tuple[tuple[Cell, ...], ...]:
    """The rows of the table that are on the chart."""
    return grid.rows[: chart.rows]


def series_of(grid: Grid, chart: Chart) -> tuple[int, ...]:
    """The columns that have something to draw."""
    rows = drawn(grid, chart)
    return tuple(column for column in chart.columns if any(number(row[column]) is not None for row in rows))


def number(cell: Cell) -> float | None:
    """The value of a cell where it is one."""
    return float(cell) if isinstance(cell, int | float) else None


def plain(cell: Cell) -> str:
    """The text of a cell that is one."""
    if cell is None:
        return ""
    return cell.text if isinstance(cell, Mark) else str(cell)
