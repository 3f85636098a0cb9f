"""What a figure is: its words, its formula, over whom it is counted, who says so, and what computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from crmcore.rules.score.scores import Score, Unit

Words = Mapping[str, str]


@attrs.frozen(kw_only=True)
class Metric:
    """One figure.

    Attributes:
        id: what code, JSON and files call it.
        label / formula / population: {"zh": …, "en": …}; the population says who or what is counted, and who is not.
        source: a manual, a publication, or J for judgement.
        method: how its interval comes about: the end of `Score.method`.
        function: makes the score from sums or counts, and the policy.
    """

    id: str
    label: Words
    formula: Words
    population: Words
    source: str
    unit: Unit
    method: str
    function: Callable[..., Score]
