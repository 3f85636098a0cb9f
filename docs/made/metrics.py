"""docs/reference/metrics.md: every figure with its formula, over whom it is counted and who says so; and the names that refuse."""

from __future__ import annotations

from collections.abc import Iterator

from made.markdown import code, plain, table

from crmcore import lang
from crmcore.rules.score.definition import Metric
from crmcore.rules.score.metrics import AMBIGUOUS, METRICS
from crmcore.rules.score.scores import STEPS, Unit

INTRO = """\
# Metrics

Every figure, with its formula and whom it counts; one name means one formula.
S0 to S4 are training manuals of dealers, C and a number are published sources, and J is judgement.
Every figure comes with n, an interval and its method, written `<metric>/<variant>:<interval>`, as in `top_box/2_of_10:wilson`.
Values stay exact until they are shown; then halves are rounded away from zero.
"""
INTERVALS = """\
## Intervals, and moved or noise

Intervals have the confidence that [crm.toml](config.md) says in `scores`, 95 % by default.
`t` is Student's, over people: who answers several items of a factor counts once; ends are cut off where the scale ends.
`t_cautious` adds up the factors' standard errors as if they went together fully, so it is never too narrow.
`wilson` is Wilson's score interval without continuity correction.
A mean of fewer than two people, or of people who all answered the same, has no interval.

Two scores are compared only where their methods are equal: means by Welch's t, shares by Newcombe's interval.
They moved when the interval of the difference leaves out zero; else it is noise, and with fewer than `min_n` on a side there is no verdict.
Comparisons that are read together share the error among them (Bonferroni).
One of several is compared with the others, never with a whole that contains it.
"""


def metrics_page() -> str:
    """Every metric, and the names that mean more than one."""
    units = [
        (code(unit), lang.say(f"unit.{unit}", "en"), lang.say(f"unit.{unit}", "zh"), str(STEPS[unit])) for unit in Unit
    ]
    parts = [INTRO, table(("unit", "shown as", "显示", "rounded to"), units)]
    for each in METRICS.values():
        parts.extend(section(each))
    parts.append(INTERVALS)
    parts.append("## Names that refuse\n")
    rows = [(code(name), ", ".join(map(code, ids))) for name, ids in AMBIGUOUS.items()]
    return "\n".join([*parts, table(("name", "could mean"), rows)])


def section(metric: Metric) -> Iterator[str]:
    yield f"## `{metric.id}`\n"
    yield f"{plain(metric.label['en'])} · {plain(metric.label['zh'])}.\n"
    for title, words in (("formula", metric.formula), ("population", metric.population)):
        yield f"- {title}: {plain(words['en'])} · {plain(words['zh'])}"
    yield f"- unit: {code(metric.unit)}, interval: {code(metric.method)}"
    yield f"- source: {plain(metric.source)}\n"
