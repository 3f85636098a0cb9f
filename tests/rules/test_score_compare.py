"""Moved, or noise: held against scipy and statsmodels."""

import random

import attrs
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from tests.rules.scoring import POLICY, sample
from tests.rules.test_score_factors import WEIGHTED

from crmcore.rules.score.compare import Verdict, compare
from crmcore.rules.score.factors import EVERYTHING, index_score
from crmcore.rules.score.samples import INDEX
from crmcore.rules.score.scores import Unit, mean_score, share_score

EASY = attrs.evolve(POLICY, min_n=2)
OPPOSITE = {
    Verdict.MOVED_UP: Verdict.MOVED_DOWN,
    Verdict.MOVED_DOWN: Verdict.MOVED_UP,
    Verdict.NOISE: Verdict.NOISE,
    Verdict.TOO_FEW: Verdict.TOO_FEW,
}
answers = st.lists(st.integers(1, 10), min_size=2, max_size=60)
counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def index(given_):
    return mean_score(sample(given_).on_index(), POLICY)


def share(counted):
    return share_score(*counted, POLICY, metric="csat")


@given(answers, answers)
def test_means_are_compared_by_welch(before, after):
    """Difference, interval and verdict are those of statsmodels' Welch test."""
    assume(len(set(before)) > 1 or len(set(after)) > 1)
    said = compare(mean_score(sample(before), POLICY), mean_score(sample(after), POLICY), EASY)
    both = CompareMeans(DescrStatsW(after), DescrStatsW(before))
    _, p_value, _ = both.ttest_ind(usevar="unequal")

    assert np.mean(after) - np.mean(before) == pytest.approx(float(said.difference), abs=1e-9)
    assert both.tconfint_diff(usevar="unequal") == pytest.approx((said.low, said.high), abs=1e-7)
    assume(abs(p_value - 0.05) > 1e-9)
    assert (p_value < 0.05) == (said.verdict is not Verdict.NOISE)
    assert "mean/1_to_10:welch" == said.method


def test_welch_needs_only_the_sums():
    """The verdict on published means is that of scipy's test from statistics: 78 against 74, 40 and 35 people."""
    before, after = [70, 74, 78, 74, 74] * 7, [70, 78, 86, 78] * 10
    said = compare(mean_score(sample(before, INDEX), POLICY), mean_score(sample(after, INDEX), POLICY), POLICY)
    spreads = [np.std(each, ddof=1) for each in (before, after)]
    test = stats.ttest_ind_from_stats(78, spreads[1], 40, 74, spreads[0], 35, equal_var=False)

    assert 4 == said.difference
    assert test.pvalue < 0.05
    assert Verdict.MOVED_UP is said.verdict


@given(counts, counts)
def test_shares_are_compared_by_newcombe(before, after):
    """The interval of a difference of shares is that of statsmodels."""
    assume(min(before[1], after[1]) > 1)
    said = compare(share(before), share(after), EASY)
    expected = confint_proportions_2indep(*after, *before, method="newcomb", compare="diff")

    assert expected == pytest.approx((said.low, said.high), abs=1e-9)
    assert ("csat:newcombe", Unit.SHARE) == (said.method, said.unit)


@given(answers)
def test_a_sample_has_not_moved_against_itself(given_):
    """The same answers twice are noise."""
    said = compare(index(given_), index(given_), EASY)

    assert (Verdict.NOISE, 0) == (said.verdict, said.difference)


@given(counts)
def test_a_share_has_not_moved_against_itself(counted):
    """Nor have the same counts."""
    assume(counted[1] > 1)

    assert Verdict.NOISE is compare(share(counted), share(counted), EASY).verdict


@given(answers, answers)
def test_forth_and_back_are_mirror_images(before, after):
    """What moved up from here to there moved down from there to here, by as much."""
    forth, back = compare(index(before), index(after), EASY), compare(index(after), index(before), EASY)

    assert OPPOSITE[forth.verdict] is back.verdict
    assert -forth.difference == back.difference
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))
    assert forth.low <= forth.difference <= forth.high or forth.low == pytest.approx(float(forth.difference))


@given(counts, counts)
def test_shares_forth_and_back_are_mirror_images(before, after):
    """Likewise for shares."""
    assume(min(before[1], after[1]) > 1)
    forth, back = compare(share(before), share(after), EASY), compare(share(after), share(before), EASY)

    assert OPPOSITE[forth.verdict] is back.verdict
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))


def test_29_answers_are_too_few_on_either_side():
    """Under min_n there is a difference and no verdict; with 30 there is one."""
    few, enough = index([1, 2] * 14 + [1]), index([9, 10] * 15)
    for before, after in ((few, enough), (enough, few)):
        said = compare(before, after, POLICY)

        assert (Verdict.TOO_FEW, None, None) == (said.verdict, said.low, said.high)
        assert said.difference is not None
    assert Verdict.MOVED_UP is compare(index([1, 2] * 15), enough, POLICY).verdict
    assert Verdict.MOVED_DOWN is compare(enough, index([1, 2] * 15), POLICY).verdict


def test_nobody_cannot_be_compared():
    """Without answers on one side there is not even a difference."""
    said = compare(index([]), index([9, 10] * 15), POLICY)

    assert (Verdict.TOO_FEW, None) == (said.verdict, said.difference)
    assert Verdict.TOO_FEW is compare(index([9, 10] * 15), index([]), POLICY).verdict


def test_full_marks_against_nines_have_moved():
    """Where nobody strays on either side, any difference is one."""
    assert Verdict.MOVED_UP is compare(index([9] * 30), index([10] * 30), POLICY).verdict
    assert Verdict.NOISE is compare(index([10] * 30), index([10] * 30), POLICY).verdict


def test_different_methods_say_nothing_about_each_other():
    """An index against a raw mean, or 70 against 80 as the limit of satisfied, is a fault of the caller."""
    strict = share_score(1, 40, POLICY, metric="csat/from_80")
    for other in (mean_score(sample([5] * 40), POLICY), strict):
        with pytest.raises(ValueError, match="different methods"):
            compare(index([5] * 40), other, POLICY)


def test_weighted_indices_are_compared_too():
    """By Welch with their cautious errors."""

    def year(team, quality):
        samples = {"TEAM": sample(team, INDEX), "QUALITY": sample(quality, INDEX), EVERYTHING: sample([], INDEX)}
        return index_score(WEIGHTED, samples, POLICY)

    low, high = year([50, 60] * 20, [50, 60] * 20), year([70, 80] * 20, [70, 80] * 20)

    assert Verdict.MOVED_UP is compare(low, high, POLICY).verdict
    assert "index_weighted:welch" == compare(low, high, POLICY).method


def test_one_of_twenty_advisors_does_not_stand_out_by_chance():
    """Read together, twenty comparisons of equals seldom hold one that moved; read alone they often do."""
    dice = random.Random(3)

    def any_moves(family):
        rounds = range(60)
        drawn = [[index([dice.randint(1, 10) for _ in range(40)]) for _ in range(40)] for _ in rounds]
        pairs = [zip(each[::2], each[1::2], strict=True) for each in drawn]
        moved = [
            any(compare(a, b, POLICY, family=family).verdict is not Verdict.NOISE for a, b in each) for each in pairs
        ]
        return sum(moved) / len(moved)

    assert any_moves(1) > 0.4
    assert any_moves(20) < 0.15
