"""The numbers scores go by: packs/scores.toml, overridden by [scores] of crm.toml."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

import attrs

from crmcore.errors import ConfigError

#: S0's bands of satisfaction, upwards.
BANDS = ("DISSATISFIED", "NEUTRAL", "BASICALLY_SATISFIED", "VERY_SATISFIED")


@attrs.frozen(kw_only=True)
class ScorePolicy:
    """How scores are shown.

    Attributes:
        min_n: below it nobody is ranked and no verdict is given; at least 2.
        confidence: of the intervals, e.g. 0.95.
        top_box: answers counted as "top", of a scale's upper end; 2 means 9 and 10 of ten.
        satisfied_from: index (0-100) from which an answer counts as satisfied (CSAT).
        bands: lower end (index, 0-100) of S0's bands "NEUTRAL", "BASICALLY_SATISFIED", "VERY_SATISFIED"; below the first: "DISSATISFIED".
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

    def __attrs_post_init__(self) -> None:
        limits = [0, *(self.bands.get(name, 0) for name in BANDS[1:]), 101]
        sound = {
            "min_n": self.min_n >= 2,
            "confidence": 0.5 <= self.confidence <= 0.999,
            "top_box": self.top_box >= 1,
            "satisfied_from": 0 < self.satisfied_from <= 100,
            "bands": set(self.bands) == set(BANDS[1:]) and all(low < high for low, high in pairwise(limits)),
            "target": all(0 <= each <= 100 for each in self.target.values()),
        }
        wrong = [key for key, fine in sound.items() if not fine]
        if wrong:
            raise ConfigError("CRM-C180", keys=", ".join(wrong))
