"""How sure a number is: Wilson's interval for shares, Student's for means. Floats live here, and nowhere before.

The quantile of Student's t is our own: it is the only thing a statistics library would be needed for at run time.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

#: Both ends of an interval, in the unit of the value; None where no interval can be told.
Interval = tuple[float, float]

_TINY = 1e-300
_EXACT = 1e-15
NEARLY_NORMAL = 1e6  # degrees of freedom from which on t and the normal differ by a few millionths


@functools.lru_cache(maxsize=64)
def normal_quantile(confidence: float) -> float:
    """What a normal value exceeds, on both sides together, with probability 1 - `confidence`: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


@functools.lru_cache(maxsize=4096)
def t_quantile(confidence: float, freedom: float) -> float:
    """The same for Student's t with `freedom` (at least 1, need not be whole) degrees of freedom.

    Newton's method on the two tails, from the normal quantile upwards: the curve is convex there, so no step overshoots.
    """
    found = normal_quantile(confidence)
    if freedom >= NEARLY_NORMAL:
        return found
    wanted = 1 - confidence
    peak = _log_beta(freedom / 2, 0.5) + math.log(freedom) / 2
    while True:
        tails = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + found * found))
        density = math.exp(-peak - (freedom + 1) / 2 * math.log1p(found * found / freedom))
        step = (tails - wanted) / (2 * density)
        found += step
        if step <= found * 1e-12:
            return found


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function of 0 < x < 1, by its continued fraction (Lentz; DLMF 8.17.22)."""
    if x > (a + 1) / (a + b + 2):  # beyond it the fraction of the mirrored function converges faster
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - _log_beta(a, b)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value, m = d, 0
    while True:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            c = 1 + term / c or _TINY
            d = 1 / (1 + term * d or _TINY)
            value *= c * d
        if abs(c * d - 1) < _EXACT:
            return front * value


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def wilson(hits: int, n: int, confidence: float) -> Interval | None:
    """Wilson's score interval of a share, without continuity correction; None for a share of nothing.

    It never leaves 0 to 1 and says something even where everybody or nobody said yes.
    """
    if n == 0:
        return None
    z, share = normal_quantile(confidence), hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (max(0.0, centre - half) if hits else 0.0), (min(1.0, centre + half) if hits < n else 1.0)


def student(value: float, error: float, freedom: float, confidence: float) -> Interval:
    """`value` plus and minus its standard error times the t quantile."""
    half = t_quantile(confidence, freedom) * error if error else 0.0
    return value - half, value + half
