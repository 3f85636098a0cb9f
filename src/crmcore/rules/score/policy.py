"""The numbers scores go by: packs/scores.toml, overridden by [scores] of crm.toml."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs


@attrs.frozen(kw_only=True)
class ScorePolicy:
    """How scores are shown.

    Attributes:
        min_n: below it nobody is ranked and no verdict is given.
        confidence: of the intervals, e.g. 0.95.
        top_box: answers counted as "top", of a scale's upper end; 2 means 9 and 10 of ten.
        satisfied_from: share of the scale (0-100) from which an answer counts as satisfied (CSAT).
        bands: lower end (0-100) of S0's bands "NEUTRAL", "BASICALLY_SATISFIED", "VERY_SATISFIED"; below the first: "DISSATISFIED".
        target: index (0-100) the dealer aims at, by survey; drawn into the trend.
        sources: where each number comes from, by field.
    """

    min_n: int
    confidence: float
    top_box: int
    satisfied_from: int
    bands: Mapping[str, int]
    target: Mapping[str, Decimal] = attrs.field(factory=dict)
    sources: Mapping[str, str] = attrs.field(factory=dict)
