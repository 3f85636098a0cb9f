"""Scores as cells: rounded as everywhere else, half up, by their unit."""

from __future__ import annotations

from fractions import Fraction

from crmcore.rules.score.scores import Score, Unit, rounded


def value_of(score: Score) -> float | None:
    """As it is shown everywhere: half up, by its unit; shares as percent."""
    return None if score.value is None else _cell(score.value, score.unit)


def end_of(end: float | None, unit: Unit) -> float | None:
    """One end of an interval."""
    return None if end is None else _cell(end, unit)


def _cell(value: Fraction | float, unit: Unit) -> float:
    """Whole points are whole numbers, which are shown without a decimal wherever they stand."""
    said = rounded(value, unit)
    return int(said) if said.as_tuple().exponent == 0 else float(said)


def shown(score: Score) -> tuple[int, float | None, float | None, float | None]:
    """The n, the value and both ends."""
    return score.n, value_of(score), end_of(score.low, score.unit), end_of(score.high, score.unit)


def share_of(value: Fraction | float | None) -> float | None:
    """A share between 0 and 1, to a tenth of a per cent."""
    return None if value is None else round(float(value), 3)
