"""The sums of one questionnaire, as the rules of scores take them: by side, period, month, colleague and store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import scores as query
from crmcore.db.scores import BEFORE, NOW, STEPS, Scope
from crmcore.rules.score.factors import groups
from crmcore.rules.score.samples import INDEX, Sample, Spread, pooled
from crmcore.types.survey import QuestionKind, Survey

#: Samples by group of questions (`rules.score.factors.groups`).
Parts = Mapping[str, Sample]
Scaled = Mapping[tuple[int, int], Mapping[int, int]]


@attrs.frozen
class Answers:
    """What one side said in one period: samples by group, and how often each answer was given, by question and scale."""

    parts: Parts
    given: Mapping[str, Scaled]

    def item(self, survey: Survey, question: str) -> Sample:
        """One question on the index, whatever scales it was asked on."""
        asked = self.given.get(question, {})
        mirrored = survey.questions[question].reverse
        return pooled(Spread(scale, counts).sample().on_index(reverse=mirrored) for scale, counts in asked.items())

    def spread(self, survey: Survey, question: str) -> Spread:
        """One question on the scale that most people answered it on: shares of answers know one scale."""
        asked, known = self.given.get(question, {}), survey.questions[question]
        if not asked:
            ends = (0, 1) if known.kind is QuestionKind.YESNO else (known.minimum or 0, known.maximum or 10)
            return Spread(ends, {}, known.reverse)
        scale = max(asked, key=lambda each: (sum(asked[each].values()), each))
        return Spread(scale, asked[scale], known.reverse)


def by_side(connection: Connection, survey: Survey, scope: Scope) -> dict[tuple[str, str], Answers]:
    """(NOW or BEFORE, side) -> what was said."""
    keys = ("period", "side")
    sums = gathered(query.group_sums(connection, survey, groups(survey), scope, keys), keys)
    given: dict[tuple[str, ...], dict[str, dict[tuple[int, int], dict[int, int]]]] = {}
    for row in query.spreads(connection, survey, scope, keys):
        scales = given.setdefault((row.period, row.side), {}).setdefault(row.question, {})
        scales.setdefault((int(row.low), int(row.high)), {})[int(row.number)] = int(row.n)
    return {
        (period, side): Answers(sums.get((period, side), {}), given.get((period, side), {}))
        for period in (NOW, BEFORE)
        for side in ("INTERNAL", "EXTERNAL")
    }


def by(connection: Connection, survey: Survey, scope: Scope, *keys: str) -> dict[tuple[str, ...], dict[str, Sample]]:
    """Samples by the values of `keys`."""
    return gathered(query.group_sums(connection, survey, groups(survey), scope, keys), keys)


def gathered(rows: Iterable[Row[Any]], keys: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, Sample]]:
    """Rows of `group_sums` as samples."""
    found: dict[tuple[str, ...], dict[str, Sample]] = {}
    for row in rows:
        values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        found.setdefault(tuple(values[key] for key in keys), {})[row.part] = _sample(row)
    return found


def _sample(row: Row[Any]) -> Sample:
    """PostgreSQL's sums are decimals without decimals."""
    return Sample(
        scale=INDEX,
        n=int(row.n),
        answers=int(row.answers),
        total=Fraction(int(row.total), STEPS),
        squares=Fraction(int(row.squares), STEPS**2),
        crossed=Fraction(int(row.crossed), STEPS),
        counts=int(row.counts),
    )
