"""Factors, items, and the one index above them."""

import math
from decimal import Decimal
from fractions import Fraction

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.rules.scoring import POLICY, people, sample

from crmcore.rules.score.factors import EVERYTHING, factor_scores, groups, index_score, weakest
from crmcore.rules.score.samples import INDEX
from crmcore.types.survey import Factor, Question, QuestionKind, Survey, SurveyScope

WORDS = {"zh": "示例", "en": "sample"}


def factor(code, weight=None, parent=None):
    return Factor(code=code, label=WORDS, weight=None if weight is None else Decimal(weight), parent=parent)


def question(code, of, kind=QuestionKind.SCALE):
    return Question(code=code, text=WORDS, kind=kind, factor=of, minimum=1, maximum=10)


def survey(factors, questions):
    return Survey(
        code="aftersales",
        version="1",
        label=WORDS,
        scope=SurveyScope.SERVICE,
        factors={each.code: each for each in factors},
        questions={each.code: each for each in questions},
        source="示例",
    )


TREE = survey(
    [factor("TEAM"), factor("ADVISOR", parent="TEAM"), factor("QUALITY"), factor("EMPTY")],
    [
        question("OVERALL", None),
        question("ATTITUDE", "ADVISOR"),
        question("CLEAN", "TEAM"),
        question("WORK", "QUALITY"),
        question("FIXED", "QUALITY", QuestionKind.YESNO),
        question("ADVICE", "QUALITY", QuestionKind.TEXT),
    ],
)
WEIGHTED = survey(
    [factor("TEAM", "0.3"), factor("ADVISOR", parent="TEAM"), factor("QUALITY", "0.7")],
    [question("CLEAN", "TEAM"), question("ATTITUDE", "ADVISOR"), question("WORK", "QUALITY")],
)


def test_a_factor_is_asked_by_its_own_questions_and_those_below():
    """Free text and questions of no factor are summed up nowhere."""
    expected = {
        EVERYTHING: ("ATTITUDE", "CLEAN", "WORK", "FIXED"),
        "TEAM": ("ATTITUDE", "CLEAN"),
        "ADVISOR": ("ATTITUDE",),
        "QUALITY": ("WORK", "FIXED"),
        "EMPTY": (),
    }

    assert expected == groups(TREE)


def test_a_factor_above_itself_counts_once():
    """A tree that bites its own tail does not keep a report running for ever."""
    circle = survey([factor("A", parent="B"), factor("B", parent="A")], [question("Q", "A")])

    assert {EVERYTHING: ("Q",), "A": ("Q",), "B": ("Q",)} == groups(circle)


def test_factors_come_with_their_items():
    """In the order of the questionnaire; what nobody has answered stands there as nobody's."""
    team = people([[50, 70], [90]], INDEX)
    found = factor_scores(TREE, {"TEAM": team}, {"CLEAN": sample([50, 90], INDEX)}, POLICY)

    assert ["TEAM", "ADVISOR", "QUALITY"] == [each.factor for each in found]
    assert (2, 70) == (found[0].score.n, found[0].score.value)
    assert {"ATTITUDE": (0, None), "CLEAN": (2, 70)} == {
        code: (score.n, score.value) for code, score in found[0].items.items()
    }
    assert (0, None, None) == (found[2].score.n, found[2].score.value, found[2].weight)


def test_without_all_weights_the_index_is_the_plain_mean():
    """One unknown weight is enough: no weight is invented, and the method says so."""
    half = attrs.evolve(WEIGHTED, factors={**WEIGHTED.factors, "QUALITY": factor("QUALITY")})
    samples = {EVERYTHING: sample([60, 80], INDEX), "TEAM": sample([0, 1], INDEX), "QUALITY": sample([0, 1], INDEX)}
    score = index_score(half, samples, POLICY)

    assert (70, 2, "index_plain:t") == (score.value, score.n, score.method)


def test_weights_of_nothing_weigh_nothing():
    """Where all weights are 0, or there is no factor, the plain mean stands."""
    nothing = survey([factor("TEAM", "0")], [question("CLEAN", "TEAM")])

    assert "index_plain:t" == index_score(nothing, {}, POLICY).method
    assert "index_plain:t" == index_score(survey([], []), {}, POLICY).method


def test_with_all_weights_the_index_is_weighted():
    """0.3 of the one and 0.7 of the other; only the top factors weigh."""
    samples = {"TEAM": sample([40, 60, 50], INDEX), "QUALITY": sample([90, 80], INDEX)}
    score = index_score(WEIGHTED, samples, POLICY)
    error = 0.3 * stats.sem([40, 60, 50]) + 0.7 * stats.sem([90, 80])
    low, high = stats.t.interval(0.95, 1, loc=74.5, scale=error)

    assert (Fraction(149, 2), 2, "index_weighted:t_cautious") == (score.value, score.n, score.method)
    assert (max(low, 0), min(high, 100)) == pytest.approx((score.low, score.high))
    assert Fraction(3, 10) == factor_scores(WEIGHTED, samples, {}, POLICY)[0].weight


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=3, max_size=40))
def test_the_cautious_interval_is_never_too_narrow(pairs):
    """However the answers of one person go together, it is at least as wide as that of his own weighted index."""
    team, quality = zip(*pairs, strict=True)
    own = np.array([0.3 * a + 0.7 * b for a, b in pairs])
    score = index_score(WEIGHTED, {"TEAM": sample(team, INDEX), "QUALITY": sample(quality, INDEX)}, POLICY)

    assert float(score.value) == pytest.approx(own.mean())
    assert score.error >= stats.sem(own) - 1e-9


def test_a_factor_without_answers_leaves_no_weighted_index():
    """Another formula for one month would look like a change."""
    score = index_score(WEIGHTED, {"TEAM": sample([40, 60], INDEX), EVERYTHING: sample([40, 60], INDEX)}, POLICY)

    assert (0, None, "index_weighted:t_cautious") == (score.n, score.value, score.method)


def test_a_weighted_index_of_one_person_has_no_interval():
    """Nobody knows the spread of one."""
    score = index_score(WEIGHTED, {"TEAM": sample([40], INDEX), "QUALITY": sample([90, 80], INDEX)}, POLICY)

    assert (1, None, None) == (score.n, score.low, score.error)
    assert math.isclose(0.3 * 40 + 0.7 * 85, score.value)


def test_the_weakest_comes_first():
    """What to mend: from the lowest up, and only what enough people have answered."""
    scores = {
        "GOOD": sample([90] * 30, INDEX),
        "WEAK": sample([50] * 30, INDEX),
        "ALSO_WEAK": sample([50] * 31, INDEX),
        "FEW": sample([0] * 29, INDEX),
        "NONE": sample([], INDEX),
    }
    tree = survey([factor("F")], [question(code, "F") for code in scores])
    items = factor_scores(tree, {}, scores, POLICY)[0].items

    assert ("ALSO_WEAK", "WEAK", "GOOD") == weakest(items, POLICY)
