"""The satisfaction report in words: one block of sections for each questionnaire, then how everything is counted."""

from __future__ import annotations

from collections.abc import Iterator

from crmcore.reports.csi import Csi
from crmcore.reports.csi_block import Block
from crmcore.reports.parts import Column, Grid, Kind, Mark, Report, Say, Section, made
from crmcore.reports.score_cells import share_of
from crmcore.rules.score.metrics import METRICS


def parts(csi: Csi, say: Say, lang: str) -> Report:
    """The page: what is said of each questionnaire, and by which formula."""
    blocks = [
        section
        for number, facts in enumerate(csi.surveys, start=1)
        for section in Block(facts, csi, say, f"s{number}").sections()
    ]
    silent = ", ".join(csi.words("survey", code) for code in csi.silent)
    head = csi.head
    meta = [
        made(head, say),
        say("reports.period", since=head.since, until=head.until),
        say("csi.how", confidence=f"{csi.confidence:.0%}", min_n=csi.min_n),
    ]
    if silent:
        meta.append(say("csi.silent", surveys=silent))
    return Report(
        key="csi",
        title=say("csi.title", store=head.store),
        made=head.made,
        meta=tuple(meta),
        sections=(*blocks, *_repairs(csi, say, lang), _metrics(csi, say, lang)),
    )


def _repairs(csi: Csi, say: Say, lang: str) -> Iterator[Section]:
    """First-time fix as the orders tell it, each figure under its own name."""
    if not csi.repairs:
        return
    columns = (Column(say("csi.metric"), Kind.MOMENT), Column(say("csi.label")), Column(say("csi.orders"), Kind.COUNT))
    shares = tuple(Column(say(f"csi.{name}"), Kind.SHARE) for name in ("share", "low", "high"))
    rows = tuple(
        (
            Mark(each.metric, to=f"metric-{each.metric}"),
            METRICS[each.metric].label[lang],
            each.n,
            *(share_of(value) for value in (each.value, each.low, each.high)),
        )
        for each in csi.repairs
    )
    yield Section(key="repairs", title=say("csi.repairs"), grid=Grid(columns=(*columns, *shares), rows=rows))


def _metrics(csi: Csi, say: Say, lang: str) -> Section:
    """The formulas of what stands on this page, from the metric dictionary."""
    used = {each.metric for facts in csi.surveys for each in facts.figures} | {each.metric for each in csi.repairs}
    used |= {facts.index.score.metric for facts in csi.surveys} | {"index_100", "loyalty_band"}
    shown = [each for code, each in METRICS.items() if code in used] if csi.surveys or csi.repairs else []
    return Section(
        key="metrics",
        title=say("csi.metrics"),
        grid=Grid(
            columns=tuple(
                Column(say(f"csi.{name}")) for name in ("metric", "label", "formula", "population", "source")
            ),
            rows=tuple(
                (each.id, each.label[lang], each.formula[lang], each.population[lang], each.source) for each in shown
            ),
            keys=tuple(f"metric-{each.id}" for each in shown),
        ),
        empty=say("csi.nobody"),
    )
