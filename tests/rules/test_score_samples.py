"""Sums stand for the answers: any order, any scale, pooled or taken apart."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS
from tests.rules.scoring import POLICY, TEN, people, sample

from crmcore.rules.score.samples import INDEX, Sample, Spread, pooled
from crmcore.rules.score.scores import Unit, mean_score, rounded, share_score

answers = st.lists(st.integers(1, 10), min_size=2, max_size=60)
of_people = st.lists(st.lists(st.integers(1, 10), min_size=1, max_size=5), min_size=2, max_size=40)


@given(answers)
def test_the_mean_and_its_interval_are_scipys(given_):
    """Mean, standard error and interval of plain answers, cut off at the ends of the scale."""
    score = mean_score(sample(given_), POLICY)

    assert Fraction(sum(given_), len(given_)) == score.value
    assert stats.sem(given_) == pytest.approx(score.error, abs=1e-12)
    if len(set(given_)) > 1:
        low, high = stats.t.interval(0.95, len(given_) - 1, loc=np.mean(given_), scale=stats.sem(given_))

        assert (max(low, 1), min(high, 10)) == pytest.approx((score.low, score.high))
        assert score.low <= score.value <= score.high


@given(of_people)
def test_several_answers_of_one_person_count_as_one_voice(given_):
    """The standard error is that of a regression with errors clustered by person, as statsmodels computes it."""
    flat = np.array([each for person in given_ for each in person], dtype=float)
    person = np.array([number for number, each in enumerate(given_) for _ in each])
    clustered = OLS(flat, np.ones_like(flat)).fit(cov_type="cluster", cov_kwds={"groups": person})
    score = mean_score(people(given_), POLICY)

    assert len(given_) == score.n
    assert flat.mean() == pytest.approx(float(score.value))
    assert clustered.bse[0] == pytest.approx(score.error, abs=1e-9)


def test_the_same_answer_twice_makes_nobody_surer():
    """A factor whose two items are always answered alike is as sure as one item."""
    given_ = [4, 9, 7, 10, 2, 8]
    once, twice = mean_score(sample(given_), POLICY), mean_score(people([[each, each] for each in given_]), POLICY)

    assert (once.value, once.low, once.high) == (twice.value, twice.low, twice.high)


@given(answers, st.randoms())
def test_the_order_of_answers_is_nothing(given_, random):
    """A sample is the same, however its answers are shuffled."""
    shuffled = random.sample(given_, len(given_))

    assert sample(given_) == sample(shuffled)


@given(of_people, of_people)
def test_samples_are_pooled_and_taken_apart(ones, others):
    """Two groups as one are what they are together, and the whole without one is the other."""
    assert people(ones + others) == people(ones) + people(others)
    assert people(others) == people(ones + others) - people(ones)
    assert people(ones + others) == pooled([people(ones), people(others)], TEN)


@given(of_people, st.booleans())
def test_sums_move_to_the_index_as_answers_do(given_, reverse):
    """Moving the sums to 0-100 is exactly moving every answer."""
    index = people(given_).on_index(reverse=reverse)
    by_hand = [[Fraction(10 - each if reverse else each - 1) * 100 / 9 for each in person] for person in given_]

    assert INDEX == index.scale
    assert sum(map(sum, by_hand)) == index.total
    assert sum(sum(person) ** 2 for person in by_hand) == index.squares
    assert sum(sum(person) * len(person) for person in by_hand) == index.crossed
    assert 0 <= index.mean <= 100


@given(answers)
def test_a_reversed_scale_is_the_mirror(given_):
    """Best and worst change places, and nobody is surer or less sure."""
    straight, mirrored = sample(given_).on_index(), sample(given_).on_index(reverse=True)

    assert 100 == straight.mean + mirrored.mean
    assert straight.variance == mirrored.variance


def test_an_agencys_scale_meets_ours_on_the_index():
    """5 of 1-5 and 10 of 1-10 are both 100, and only there they may be pooled."""
    ours, theirs = sample([10, 1]), sample([5, 1], (1, 5))

    assert ours.on_index() == theirs.on_index()
    assert 4 == (ours.on_index() + theirs.on_index()).n
    with pytest.raises(ValueError, match="different scales"):
        ours + theirs


def test_postgresqls_decimals_and_other_steps_are_taken():
    """Sums come as Decimal from PostgreSQL, and as finer steps than hundredths where scales were mixed."""
    taken = Sample.single(INDEX, 2, Decimal(150 * 2520), Decimal((100 * 2520) ** 2 + (50 * 2520) ** 2), steps=2520)

    assert sample([100, 50], INDEX) == taken


@pytest.mark.parametrize(("scale", "n", "total"), [((1, 10), 2, 2100), ((1, 10), 2, 100), ((5, 5), 0, 0), (TEN, -1, 0)])
def test_sums_that_cannot_be_are_refused(scale, n, total):
    """A mean beyond its scale, a scale without width or fewer than nobody is a fault of the caller."""
    with pytest.raises(ValueError, match="no sums"):
        Sample.single(scale, n, total, 0)


def test_the_rest_is_never_less_than_nobody():
    """What is not in the whole cannot be taken out of it."""
    with pytest.raises(ValueError, match="no sums"):
        sample([5]) - sample([5, 5])


def test_nobody_and_one_person_say_little():
    """Without answers there is no value, of one person no interval: nobody knows the spread of one."""
    nobody, one = mean_score(Sample.empty(), POLICY), mean_score(sample([7]), POLICY)

    assert (0, None, None, None) == (nobody.n, nobody.value, nobody.low, nobody.error)
    assert (1, 7, None, None) == (one.n, one.value, one.high, one.error)


def test_full_marks_all_round_have_no_interval():
    """Five customers who all gave ten do not prove that everybody would."""
    score = mean_score(sample([10] * 5), POLICY)

    assert (10, None, None, 0.0) == (score.value, score.low, score.high, score.error)


def test_an_interval_ends_where_its_scale_ends():
    """No index is shown as reaching 104."""
    score = mean_score(sample([10, 10, 10, 9]).on_index(), POLICY)

    assert 100.0 == score.high
    assert 88 < score.low < 89


def test_methods_name_metric_and_interval():
    """The method of a score leads to its metric."""
    raw, index = mean_score(sample([3, 4]), POLICY), mean_score(sample([3, 4]).on_index(), POLICY)

    assert ("mean/1_to_10:t", "mean", Unit.SCALE) == (raw.method, raw.metric, raw.unit)
    assert ("index_100:t", "index_100", Unit.INDEX_100) == (index.method, index.metric, index.unit)


@given(st.lists(st.integers(1, 10), max_size=50), st.booleans())
def test_counts_are_sums_too(given_, reverse):
    """How often each answer was given makes the same sample."""
    spread = Spread(TEN, Counter(100 * each for each in given_), reverse)

    assert sample(given_) == spread.sample()
    assert len(given_) == spread.n


@pytest.mark.parametrize("spread", [(TEN, {1100: 1}), (TEN, {0: 1}), ((3, 3), {})])
def test_counts_outside_their_scale_are_refused(spread):
    """An 11 of ten was never given."""
    with pytest.raises(ValueError, match="outside its scale"):
        Spread(*spread)


def test_a_share_is_a_part_of_a_whole():
    """More hits than people, or fewer than none, is a fault of the caller."""
    for hits, n in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="part of a whole"):
            share_score(hits, n, POLICY, metric="csat")


def test_a_share_of_nothing_has_no_value():
    """Nobody was asked."""
    score = share_score(0, 0, POLICY, metric="csat")

    assert (0, None, None, None) == (score.n, score.value, score.low, score.high)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (Fraction(175, 2), Unit.INDEX_100, "87.5"),
        (Fraction(1, 20), Unit.INDEX_100, "0.1"),
        (Fraction(-1, 20), Unit.INDEX_100, "-0.1"),
        (Fraction(1751, 2), Unit.INDEX_1000, "876"),
        (Fraction(1, 3), Unit.SHARE, "33.3"),
        (0.9999, Unit.SHARE, "100.0"),
        (Fraction(-1, 3) * 100, Unit.NPS, "-33"),
        (Fraction(23, 3), Unit.SCALE, "7.67"),
    ],
)
def test_halves_are_rounded_away_from_zero_when_shown(value, unit, shown):
    """As a clerk rounds, not as a computer does; shares as percent."""
    assert shown == str(rounded(value, unit))
