"""How sure a number is, held against scipy and statsmodels."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from crmcore.rules.score.intervals import incomplete_beta, normal_quantile, student, t_quantile, wilson

confidences = st.floats(0.5, 0.999)
counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(confidences, st.floats(1, 999_999))
def test_the_t_quantile_is_scipys(confidence, freedom):
    """For any degrees of freedom from 1 on, whole or not, the quantile agrees with scipy to eight digits."""
    assert stats.t.ppf((1 + confidence) / 2, freedom) == pytest.approx(t_quantile(confidence, freedom), rel=1e-8)


@given(confidences)
def test_beyond_a_million_t_is_normal(confidence):
    """Where the quantile goes over to the normal one, the step is a few millionths."""
    assert t_quantile(confidence, 1e6) == normal_quantile(confidence)
    assert stats.t.ppf((1 + confidence) / 2, 1e6) == pytest.approx(t_quantile(confidence, 1e6), rel=5e-6)


@pytest.mark.parametrize(("freedom", "printed"), [(1, 12.706), (2, 4.303), (10, 2.228), (29, 2.045), (120, 1.980)])
def test_the_t_quantile_is_the_printed_one(freedom, printed):
    """The values of the tables at the back of every textbook."""
    assert printed == round(t_quantile(0.95, freedom), 3)


@given(st.floats(0.5, 1e5), st.floats(0.5, 100), st.floats(1e-6, 1 - 1e-6))
def test_the_incomplete_beta_function_is_scipys(a, b, x):
    """On both sides of the point where the fraction is mirrored."""
    assert special.betainc(a, b, x) == pytest.approx(incomplete_beta(a, b, x), rel=1e-7, abs=1e-12)


@given(counts, confidences)
def test_wilsons_interval_is_that_of_statsmodels(counted, confidence):
    """Wilson's interval, for every share and confidence."""
    hits, n = counted
    low, high = proportion_confint(hits, n, alpha=1 - confidence, method="wilson")

    assert (low, high) == pytest.approx(wilson(hits, n, confidence), rel=1e-9, abs=1e-12)


@given(counts, confidences)
def test_a_share_lies_within_its_interval_and_that_within_0_and_1(counted, confidence):
    """No interval of a share leaves 0 to 1 or its own value, and none has no width."""
    hits, n = counted
    low, high = wilson(hits, n, confidence)

    assert 0 <= low <= hits / n <= high <= 1
    assert low < high


@given(counts, confidences)
def test_who_said_yes_and_who_said_no_are_equally_sure(counted, confidence):
    """The interval of the others is the mirror image."""
    hits, n = counted
    low, high = wilson(hits, n, confidence)

    assert (1 - high, 1 - low) == pytest.approx(wilson(n - hits, n, confidence), abs=1e-12)


def test_a_share_of_nothing_has_no_interval():
    """Nobody was asked, so nothing is known."""
    assert wilson(0, 0, 0.95) is None


@given(st.floats(-100, 100), st.floats(1e-3, 50), st.integers(1, 500), confidences)
def test_the_interval_of_a_mean_is_scipys(value, error, freedom, confidence):
    """Mean and standard error give scipy's interval."""
    expected = stats.t.interval(confidence, freedom, loc=value, scale=error)

    assert expected == pytest.approx(student(value, error, freedom, confidence), rel=1e-9, abs=1e-9)


def test_without_spread_there_is_no_width():
    """An error of nothing reaches nowhere."""
    assert (3.0, 3.0) == student(3.0, 0.0, 5, 0.95)
    assert not math.isnan(sum(student(3.0, 0.0, 5, 0.95)))
