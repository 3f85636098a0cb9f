"""The sums of one questionnaire, as the rules of scores take them: by side, period, month, colleague and store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import attrs
from sqlalchemy import Connection

from crmcore.db import scores as query
from crmcore.db.scores import BEFORE, NOW, STEPS, Scope, Sums
from crmcore.rules.score.factors import EVERYTHING, groups
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
    sums = gathered(query.group_sums(connection, survey, groups(survey), scope, keys))
    given: dict[tuple[str, ...], dict[str, dict[tuple[int, int], dict[int, int]]]] = {}
    for row in query.spreads(connection, survey, scope, keys):
        scales = given.setdefault((row.period, row.side), {}).setdefault(row.question, {})
        scales.setdefault((int(row.low), int(row.high)), {})[int(row.number)] = int(row.n)
    return {
        (period, side): Answers(sums.get((period, side), {}), given.get((period, side), {}))
        for period in (NOW, BEFORE)
        for side in ("INTERNAL", "EXTERNAL")
    }


def by(
    connection: Connection,
    survey: Survey,
    scope: Scope,
    *keys: str,
    parts: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[tuple[str, ...], dict[str, Sample]]:
    """Samples by the values of `keys`; only of these `parts` of the questionnaire (default: all), as each costs a pass."""
    wanted = groups(survey) if parts is None else parts
    return gathered(query.group_sums(connection, survey, wanted, scope, keys))


def for_index(survey: Survey) -> Mapping[str, tuple[str, ...]]:
    """The parts that the index needs: all questions together, and the factors only where each of them has a weight."""
    every = groups(survey)
    weighted = all(factor.weight is not None for factor in survey.factors.values() if factor.parent is None)
    return every if weighted else {EVERYTHING: every[EVERYTHING]}


def gathered(rows: Iterable[Sums]) -> dict[tuple[str, ...], dict[str, Sample]]:
    """Rows of `group_sums` as samples."""
    found: dict[tuple[str, ...], dict[str, Sample]] = {}
    for row in rows:
        found.setdefault(row.keys, {})[row.part] = _sample(row)
    return found


def _sample(row: Sums) -> Sample:
    return Sample(
        scale=INDEX,
        n=row.n,
        answers=row.answers,
        total=Fraction(row.total, STEPS),
        squares=Fraction(row.squares, STEPS**2),
        crossed=Fraction(row.crossed, STEPS),
        counts=row.counts,
    )
