"""The facts of the satisfaction report: scores with their n and interval, and what two of them say about each other."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from crmcore.reports.facts import Head, Named, plainly
from crmcore.rules.score.compare import Comparison
from crmcore.rules.score.league import Ability, Place, Step
from crmcore.rules.score.scores import Score
from crmcore.types.survey import Side


@attrs.frozen(kw_only=True)
class Measured:
    """A factor, an item or the whole questionnaire.

    Attributes:
        code: of the factor or the question; "*" for all of it.
        factor: the factor an item belongs to; "" for a factor.
        score: of the period, on the side the report is about.
        before / change: of the period before, and what has become of it.
        internal / external / gap: both sides in the period, and whether they differ.
    """

    code: str
    factor: str = ""
    score: Score
    before: Score
    change: Comparison
    internal: Score
    external: Score
    gap: Comparison


@attrs.frozen(kw_only=True)
class Figure:
    """One figure over one question: NPS, CSAT, top box, fixed the first time."""

    metric: str
    question: str
    score: Score
    before: Score
    change: Comparison


@attrs.frozen(kw_only=True)
class Advisor:
    """One colleague: the place in the league, the period before, the profile by factor, and the months with answers."""

    place: Place
    before: Score
    change: Comparison
    profile: tuple[Ability, ...]
    trend: tuple[Step, ...] = ()


@attrs.frozen(kw_only=True)
class Action:
    """An improvement action that is under way; staff codes."""

    id: str
    item: str
    measure: str
    responsible: str
    due_on: str
    status: str
    late: bool


@attrs.frozen(kw_only=True)
class Weak:
    """A factor, the lowest first; `gap` points below the target (None without one), and the item that pulls it down most."""

    factor: str
    score: Score
    gap: Decimal | None
    item: str
    item_score: Score | None
    actions: tuple[Action, ...]


@attrs.frozen(kw_only=True)
class SurveyFacts:
    """One questionnaire.

    Attributes:
        side: whose answers `score` speaks of everywhere: the dealer's own, or the external ones where the
            dealer's are too few to say anything.
        respondents: questionnaires that count, by side; `before` likewise for the period before.
        left_out: why others do not ("INVALID", "INCOMPLETE"); `flags`: integrity marks, which mark and never delete.
        bands: share of people in each of S0's bands of satisfaction.
        trend: by side, month by month.
        stores: side by side; empty for a single one.
    """

    survey: str
    side: Side
    respondents: Mapping[str, int]
    before: Mapping[str, int]
    left_out: Mapping[str, int]
    flags: Mapping[str, int]
    target: Decimal | None
    index: Measured
    figures: tuple[Figure, ...]
    bands: Mapping[str, Score]
    factors: tuple[Measured, ...]
    items: tuple[Measured, ...]
    trend: Mapping[str, tuple[Step, ...]]
    league: tuple[Advisor, ...]
    stores: tuple[Place, ...]
    weakest: tuple[Weak, ...]


@attrs.frozen(kw_only=True)
class Csi:
    """Everything on the page.

    Attributes:
        surveys: those with answers in the period or the one before it, in the order of the configuration.
        silent: codes of the others.
        repairs: first-time-fix rates, each under its own metric; they rest on orders, not on answers.
        min_n / confidence: what the numbers were shown by.
    """

    head: Head
    surveys: tuple[SurveyFacts, ...]
    silent: tuple[str, ...]
    repairs: tuple[Score, ...]
    min_n: int
    confidence: float
    words: Named

    def as_json(self) -> dict[str, Any]:
        """The same facts for machines: codes, not prose."""
        return plainly("report.csi", self)
