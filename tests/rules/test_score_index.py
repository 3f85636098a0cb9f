"""The figures a dealer knows, from how often each answer was given."""

from collections import Counter
from fractions import Fraction
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from tests.rules.scoring import POLICY, TEN, sample

from crmcore.config import load_config
from crmcore.errors import ConfigError
from crmcore.rules.score.index import band, bands, csat, index_100, index_1000, nps, nps_sample, top_box
from crmcore.rules.score.policy import BANDS
from crmcore.rules.score.samples import NPS, Sample, Spread
from crmcore.rules.score.scores import Unit, mean_score

answers = st.lists(st.integers(1, 10), min_size=1, max_size=60)
recommends = st.lists(st.integers(0, 10), min_size=2, max_size=60)


def spread(given_, scale=TEN, reverse=False):
    return Spread(scale, Counter(100 * each for each in given_), reverse)


@given(st.integers(-5, 5), st.integers(1, 20), st.data())
def test_an_index_lies_between_0_and_100(minimum, width, data):
    """On any scale the worst answer is 0, the best 100, and reversing mirrors."""
    value = data.draw(st.integers(minimum, minimum + width))
    index = index_100(value, minimum, minimum + width)

    assert 0 <= index <= 100
    assert 100 == index + index_100(value, minimum, minimum + width, reverse=True)
    assert (0, 100) == (
        index_100(minimum, minimum, minimum + width),
        index_100(minimum + width, minimum, minimum + width),
    )


@pytest.mark.parametrize(("value", "scale"), [(0, TEN), (11, TEN), (3, (3, 3))])
def test_an_answer_outside_its_scale_has_no_index(value, scale):
    """Nor has a scale with one end."""
    with pytest.raises(ValueError, match="outside its scale"):
        index_100(value, *scale)


@given(answers)
def test_a_thousand_points_are_ten_times_a_hundred(given_):
    """Value and interval of the 1,000-point index are those of the index, times ten."""
    hundred = mean_score(sample(given_).on_index(), POLICY)
    thousand = index_1000(sample(given_).on_index(), POLICY)

    assert 10 * hundred.value == thousand.value
    assert (hundred.low is None) == (thousand.low is None)
    if hundred.low is not None:
        assert (10 * hundred.low, 10 * hundred.high) == (thousand.low, thousand.high)
    assert ("index_1000:t", Unit.INDEX_1000) == (thousand.method, thousand.unit)


def test_a_thousand_points_of_nobody_are_none():
    """Without answers there is no index, on whichever scale."""
    assert index_1000(Sample.empty(), POLICY).value is None


def test_a_raw_mean_is_never_shown_on_a_thousand():
    """8.2 of ten is not 82 of a thousand."""
    with pytest.raises(ValueError, match="only an index"):
        index_1000(sample([8, 9]), POLICY)


@given(answers)
def test_the_top_box_is_9_and_10_of_ten(given_):
    """Two best boxes, with the interval of statsmodels."""
    hits = sum(each >= 9 for each in given_)
    score = top_box(spread(given_), POLICY)

    assert Fraction(hits, len(given_)) == score.value
    assert proportion_confint(hits, len(given_), method="wilson") == pytest.approx((score.low, score.high))
    assert "top_box/2_of_10:wilson" == score.method


def test_the_top_box_of_a_reversed_scale_is_its_low_end():
    """Where 1 is the best answer, 1 and 2 are the top."""
    assert Fraction(2, 3) == top_box(spread([1, 2, 10], reverse=True), POLICY).value


@pytest.mark.parametrize(("scale", "method"), [((1, 5), "2_of_5"), ((0, 1), "1_of_2"), ((0, 10), "2_of_11")])
def test_the_top_box_of_another_scale_is_another_method(scale, method):
    """2 of 5 is not 2 of 10, and of two answers only one can be the top."""
    assert f"top_box/{method}:wilson" == top_box(Spread(scale, {100: 3}), POLICY).method


@pytest.mark.parametrize(("scale", "satisfied"), [(TEN, {8, 9, 10}), ((1, 5), {4, 5}), ((0, 10), {7, 8, 9, 10})])
def test_satisfied_is_who_reaches_70_of_100(scale, satisfied):
    """The same limit on every scale: from 8 of 1-10 and from 4 of 1-5 on."""
    everything = range(scale[0], scale[1] + 1)
    score = csat(spread(everything, scale), POLICY)

    assert Fraction(len(satisfied), len(everything)) == score.value
    assert satisfied == {each for each in everything if csat(spread([each], scale), POLICY).value == 1}
    assert "csat/from_70:wilson" == score.method


@given(recommends)
def test_the_nps_is_promoters_minus_detractors(given_):
    """Percent of 9-10 minus percent of 0-6, with scipy's interval over 100, 0 and -100."""
    votes = [100 if each >= 9 else -100 if each <= 6 else 0 for each in given_]
    score = nps(spread(given_, (0, 10)), POLICY)

    assert Fraction(sum(votes), len(votes)) == score.value
    if len(set(votes)) > 1:
        low, high = stats.t.interval(0.95, len(votes) - 1, loc=np.mean(votes), scale=stats.sem(votes))

        assert (max(low, -100), min(high, 100)) == pytest.approx((score.low, score.high))
    assert ("nps:t", Unit.NPS) == (score.method, score.unit)
    assert score == mean_score(nps_sample(spread(given_, (0, 10))), POLICY)


def test_there_is_no_nps_on_another_scale():
    """Who was asked on 1-10 or 1-5 gives no NPS, rather than a wrong one."""
    assert Sample.empty(NPS) == nps_sample(spread([9, 10]))
    assert (0, None) == (nps(spread([9, 10]), POLICY).n, nps(spread([9, 10]), POLICY).value)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ((1, 5), [0, 0, 1, 2, 3]),
        (TEN, [0, 0, 0, 0, 1, 1, 2, 2, 3, 3]),
        ((0, 10), [0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 3]),
    ],
)
def test_an_answer_has_a_band_of_loyalty(scale, expected):
    """S0's four bands, on every scale: 9 of ten and 5 of five are very satisfied."""
    found = [BANDS.index(band(index_100(each, *scale), POLICY)) for each in range(scale[0], scale[1] + 1)]

    assert expected == found


@given(answers, st.booleans())
def test_everybody_is_in_one_band(given_, reverse):
    """The four shares make one whole."""
    shares = bands(spread(given_, reverse=reverse), POLICY)

    assert BANDS == tuple(shares)
    assert 1 == sum(score.value for score in shares.values())
    assert "loyalty_band/neutral_40_60_85:wilson" == shares["NEUTRAL"].method


def test_a_reversed_question_has_the_mirrored_bands():
    """Where 1 is the best answer, who gave it is very satisfied."""
    assert 1 == bands(spread([1], reverse=True), POLICY)["VERY_SATISFIED"].value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("min_n", 1),
        ("confidence", 95),
        ("confidence", 0.2),
        ("top_box", 0),
        ("satisfied_from", 0),
        ("satisfied_from", 101),
        ("bands", {"NEUTRAL": 40}),
        ("bands", {"NEUTRAL": 0, "BASICALLY_SATISFIED": 60, "VERY_SATISFIED": 85}),
        ("bands", {"NEUTRAL": 70, "BASICALLY_SATISFIED": 60, "VERY_SATISFIED": 85}),
        ("bands", {"NEUTRAL": 40, "BASICALLY_SATISFIED": 60, "VERY_SATISFIED": 101}),
        ("bands", {"NEUTRAL": 40, "BASICALLY_SATISFIED": 60, "VERY_SATISFIED": 85, "GOOD": 1}),
        ("target", {"aftersales": 850}),
    ],
)
def test_numbers_that_scores_cannot_go_by_are_refused(key, value):
    """95 for 0.95, 850 for 85, bands that fall: told by their key, with what would be right."""
    with pytest.raises(ConfigError) as caught:
        attrs.evolve(POLICY, **{key: value})

    assert ("CRM-C180", key) == (caught.value.code, caught.value.params["keys"])


def test_a_confidence_of_95_is_told_at_its_place(tmp_path: Path):
    """The mistake stands with its table and its code when crm.toml is read, never as a traceback."""
    file = tmp_path / "crm.toml"
    text = '[store]\ncode = "S01"\nname = "示范店"\n[scores]\nconfidence = 95\n'
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file)

    assert "CRM-C180 crm.toml" in str(caught.value)
    assert "confidence" in caught.value.render("zh")
