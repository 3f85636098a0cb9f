"""A report as one self-contained HTML file: no script, and its own policy forbids every request."""

from __future__ import annotations

from typing import Any

from crmcore import lang as catalogue
from crmcore.errors import MissingExtra
from crmcore.reports import charts
from crmcore.reports.parts import Cell, Kind, Mark, Report, plain

ROWS = 200  # a longer table is no longer read on a page; the workbook has it all


def environment() -> Any:
    """Jinja with escaping on and undefined names as errors."""
    try:
        import jinja2
    except ModuleNotFoundError:
        raise MissingExtra("CRM-X001", extra="app") from None
    return jinja2.Environment(
        loader=jinja2.PackageLoader("crmcore.reports", "pages"), autoescape=True, undefined=jinja2.StrictUndefined
    )


def speaker(lang: str) -> Any:
    """The catalogue's voice in one language."""

    def say(key: str, **params: object) -> str:
        return catalogue.say(key, lang, "crmcore", **params)

    return say


def written(cell: Cell, kind: Kind, lang: str) -> str:
    """A value as a person reads it; "─" where there is none."""
    if cell is None:
        return "─"
    if isinstance(cell, str | Mark):
        return plain(cell)
    match kind:
        case Kind.SCORE:
            return f"{cell:.1f}" if isinstance(cell, float) else f"{cell:,}"
        case Kind.SHARE:
            return f"{100 * cell:.1f}%"
        case Kind.MINUTES:
            length = duration(round(cell), lang)
            return length if cell >= 0 else catalogue.say("reports.late_by", lang, "crmcore", length=length)
        case _:
            return f"{cell:,}" if isinstance(cell, int) else f"{cell:g}"


def duration(minutes: int, lang: str) -> str:
    """Hours and minutes; a length, so the sign is left to the words around it."""
    hours, rest = divmod(abs(minutes), 60)
    key = "reports.minutes" if not hours else ("reports.hours" if not rest else "reports.hours_minutes")
    return catalogue.say(key, lang, "crmcore", hours=hours, minutes=rest)


def render(report: Report, lang: str) -> str:
    """The page; every value is escaped."""
    from markupsafe import Markup  # comes with Jinja, without which there is no page

    def write(cell: Cell, kind: Kind) -> str:
        return written(cell, kind, lang)

    def draw(section: Any) -> Any:
        return Markup(charts.svg(section.chart, section.grid, section.key, write))  # noqa: S704 - charts.py escapes

    page: str = (
        environment()
        .get_template("report.html")
        .render(
            report=report, say=speaker(lang), write=write, draw=draw, lang=lang, rows=ROWS, tone=_tone, target=_target
        )
    )
    return page


def _tone(cell: Cell) -> str:
    return cell.tone.value if isinstance(cell, Mark) else ""


def _target(cell: Cell) -> str:
    return cell.to if isinstance(cell, Mark) else ""
