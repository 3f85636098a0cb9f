"""Charts as inline SVG: a title and a description, no script, no style of their own, the same bytes for the same table.

pygal draws; what it writes beside the drawing (a script, a dated comment, tooltips) is left out, and what remains is written
here, since its two XML libraries order attributes differently.
"""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from typing import Any

import attrs

from crmcore.errors import MissingExtra
from crmcore.reports.parts import Chart, Grid, Kind, Shape, drawn, number, plain, series_of

WIDTH, HEIGHT = 760, 400
SQUARE = (500, 540)  # of a radar, so that its plot is as wide as high
BAR = 30  # height of one bar with the space around it
LETTER = 12  # size of a label
AXES = 3  # a radar of fewer is a line
MARKS = 5  # on an axis whose end is known
_DROPPED = {"script", "style", "title", "desc", "defs"}
_FRACTION = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def svg(chart: Chart, grid: Grid, key: str, write: Any) -> str:
    """The drawing; `write(value, kind)` writes its values as the table does. Empty where nothing can be drawn."""
    columns, rows = series_of(grid, chart), drawn(grid, chart)
    if chart.shape is Shape.BARS:
        rows = rows[::-1]  # pygal stacks upwards; the first row belongs on top, as in the table
    if chart.shape is Shape.RADAR:  # it draws what is not there as nought
        rows = tuple(row for row in rows if number(row[chart.columns[0]]) is not None)
        columns = tuple(column for column in columns if all(number(row[column]) is not None for row in rows))
    if not columns or (chart.shape is Shape.RADAR and len(rows) < AXES):
        return ""
    values = [[number(row[column]) for row in rows] for column in columns]
    kind = grid.columns[columns[0]].kind
    labels = [plain(row[0]) for row in rows]
    if chart.shape is Shape.BARS and len(columns) == 1:
        labels = [f"{label}  {write(value, kind)}" for label, value in zip(labels, values[0], strict=True)]
    picture = _pygal(
        attrs.evolve(chart, columns=columns, top=chart.top or _whole(values, kind)),
        labels,
        lambda value: write(value, kind) if value is not None else "",
    )
    for place, column in enumerate(columns):
        points: list[Any] = values[place]
        if column == chart.columns[0] and chart.interval is not None:
            ends = [(number(row[chart.interval[0]]), number(row[chart.interval[1]])) for row in rows]
            points = [_between(value, *end) for value, end in zip(values[0], ends, strict=True)]
        level = len(set(values[place])) == 1 and len(rows) > 1  # a target is a line, not measurements
        picture.add(grid.columns[column].name, points, show_dots=not level)
    return _root(picture.render_tree(), chart, key)


def _pygal(chart: Chart, labels: list[str], formatter: Any) -> Any:
    pygal = _library()
    common: dict[str, Any] = {
        "js": [],
        "css": [],
        "no_prefix": True,
        "x_labels": labels,
        "formatter": formatter,
        "legend_at_bottom": True,
        "truncate_legend": -1,
        "truncate_label": -1,
        "show_legend": len(chart.columns) > 1,
        "width": WIDTH,
        "height": HEIGHT,
        "margin": 16,
        "dots_size": 3,
        "style": pygal.style.Style(label_font_size=LETTER, major_label_font_size=LETTER, value_font_size=LETTER),
    }
    if chart.top is not None:
        common |= {"range": (0, chart.top), "y_labels": [_tick(mark, chart.top) for mark in range(MARKS + 1)]}
    match chart.shape:
        case Shape.RADAR:
            return pygal.Radar(fill=False, **{**common, "width": SQUARE[0], "height": SQUARE[1]})
        case Shape.TREND:
            slope = 35 if len(labels) > 8 else 0
            return pygal.Line(fill=False, x_label_rotation=slope, allow_interruptions=True, **common)
        case Shape.BARS:
            common |= {
                "height": 90 + BAR * len(labels) * len(chart.columns),
                "margin_left": 16 + _unseen(labels),
                "margin_right": 48,
                "print_values": len(chart.columns) > 1,
                "print_values_position": "top",
            }
            return pygal.HorizontalBar(**common)


def _library() -> Any:
    """Import pygal, without the finder for its plugins that it leaves in the import system, where others trip over it."""
    try:
        import pygal
    except ModuleNotFoundError:
        raise MissingExtra("CRM-X001", extra="app") from None
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]
    return pygal


def _whole(values: list[list[float | None]], kind: Kind) -> float | None:
    """The end of an axis of counts, which has no halves."""
    highest = max(value or 0 for points in values for value in points)
    return max(MARKS, -(-highest // MARKS) * MARKS) if kind is Kind.COUNT else None


def _tick(mark: int, top: float) -> dict[str, Any]:
    """A mark of an axis that ends at `top`: whole points, or per cent where the end is a whole."""
    value = top * mark / MARKS
    return {"value": value, "label": f"{value:.0%}" if top <= 1 else f"{value:.0f}"}


def _between(value: float | None, low: float | None, high: float | None) -> Any:
    if value is None or low is None or high is None:
        return value
    return {"value": value, "ci": {"low": low, "high": high}}


def _unseen(labels: list[str]) -> int:
    """How much wider the widest label is than pygal, which counts letters, believes."""
    believed = max(map(len, labels), default=0) * 0.6 * LETTER
    return max(0, round(max((_width(label) for label in labels), default=0) - believed))


def _width(label: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.6 for letter in label) * LETTER


def _root(tree: Any, chart: Chart, key: str) -> str:
    """The drawing under a name of its own: what a screen reader says in its place."""
    title, description = html.escape(chart.title), html.escape(chart.description)
    shape = chart.shape.lower()
    out = [
        f'<svg viewBox="{tree.get("viewBox")}" class="chart {shape}" role="img" aria-labelledby="{key}-t {key}-d">',
        f'<title id="{key}-t">{title}</title><desc id="{key}-d">{description}</desc>',
    ]
    for child in tree:
        _serialise(child, out, turned=chart.shape is not Shape.RADAR)
    return "".join((*out, "</svg>"))


def _serialise(node: Any, out: list[str], *, turned: bool) -> None:
    """Write an element without what needs a script, and without ids, which pygal gives twice; `turned`: texts may be."""
    if not isinstance(node.tag, str) or node.tag in _DROPPED or "tooltip-overlay" in node.get("class", "").split():
        return
    dropped = {"id"} if turned or node.tag != "text" else {"id", "transform"}
    given = sorted((name, value) for name, value in node.attrib.items() if name not in dropped and ":" not in name)
    marks = "".join(f' {name}="{_rounded(value)}"' for name, value in given)
    out.append(f"<{node.tag}{marks}>{html.escape(node.text or '')}")
    for child in node:
        _serialise(child, out, turned=turned)
        out.append(html.escape(child.tail or ""))
    out.append(f"</{node.tag}>")


def _rounded(value: str) -> str:
    """One decimal is finer than a pixel, and the same on every machine."""
    return html.escape(_FRACTION.sub(lambda found: f"{float(found[0]):.1f}", value))
