"""One name, one formula."""

from fractions import Fraction

import attrs
import pytest
from tests.rules.scoring import POLICY, sample
from tests.rules.test_score_factors import TREE, WEIGHTED

from crmcore.errors import UsageError
from crmcore.rules.score.factors import EVERYTHING
from crmcore.rules.score.metrics import AMBIGUOUS, METRICS, metric
from crmcore.rules.score.samples import INDEX, Spread

RECOMMENDS = Spread((0, 10), {1000: 3, 700: 1, 200: 1})
ON_INDEX = sample([80, 90, 100], INDEX)
ARGUMENTS = {
    "mean": (sample([8, 9]),),
    "index_100": (ON_INDEX,),
    "index_1000": (ON_INDEX,),
    "index_plain": (TREE, {EVERYTHING: ON_INDEX}),
    "index_weighted": (WEIGHTED, {"TEAM": ON_INDEX, "QUALITY": ON_INDEX}),
    "top_box": (RECOMMENDS,),
    "csat": (RECOMMENDS,),
    "nps": (RECOMMENDS,),
}


@pytest.mark.parametrize("entry", METRICS.values(), ids=METRICS)
def test_every_metric_computes_what_it_says(entry):
    """The function of an entry makes a score of its id, its unit and its interval."""
    score = entry.function(*ARGUMENTS.get(entry.id, (3, 4)), POLICY)

    assert (entry.id, entry.unit) == (score.metric, score.unit)
    assert entry.method == score.method.partition(":")[2]
    assert score.value is not None


@pytest.mark.parametrize("entry", METRICS.values(), ids=METRICS)
def test_every_metric_is_told_in_both_languages(entry):
    """Label, formula and population in Chinese and in English, printable on a GBK console, and a source."""
    for words in (entry.label, entry.formula, entry.population):
        assert ["en", "zh"] == sorted(words)
        assert all(words.values())
        "".join(words.values()).encode("gbk")
    assert entry.source
    assert entry.id.isascii()


@pytest.mark.parametrize("name", [*METRICS, "NPS", " Top Box ", "净推荐值", "客户掌握率", "top-box"])
def test_a_name_with_one_meaning_is_found(name):
    """By its id or its label, in either language."""
    assert metric(name).id in METRICS


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_a_name_with_two_meanings_refuses_and_lists_them(name):
    """Return rate of those due or of those reminded? Who asks has to say."""
    with pytest.raises(UsageError) as caught:
        metric(name)

    assert "CRM-T701" == caught.value.code
    assert all(each in str(caught.value) for each in AMBIGUOUS[name])
    assert set(AMBIGUOUS[name]) <= set(METRICS)
    assert len(AMBIGUOUS[name]) > 1


def test_no_ambiguous_name_is_also_a_metric():
    """Nor the label of one."""
    names = {each.lower() for entry in METRICS.values() for each in (entry.id, *entry.label.values())}

    assert set() == names & set(AMBIGUOUS)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("top_boxx", "top_box"), ("return_rat", "return_rate_target, return_rate_reminded"), ("净推荐", "nps")],
)
def test_a_misspelt_name_is_guessed(name, meant):
    """A guess names what it could mean, also where it could mean two."""
    with pytest.raises(UsageError) as caught:
        metric(name)

    assert ("CRM-T702", meant) == (caught.value.code, caught.value.params["guess"])


def test_an_unknown_name_lists_what_there_is():
    """Nothing like it: every metric is named."""
    with pytest.raises(UsageError) as caught:
        metric("zzzzzz")

    assert "CRM-T703" == caught.value.code
    assert all(each in caught.value.render("zh") for each in METRICS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first_time_fix_same_fault", Fraction(9, 10)),
        ("first_time_fix_dms_flag", Fraction(9, 10)),
        ("first_time_fix_customer", Fraction(1, 10)),
        ("avoidable_rate", Fraction(1, 10)),
        ("retention_12_of_36", Fraction(1, 10)),
        ("hold_13_24", Fraction(1, 10)),
        ("churn_month_12", Fraction(1, 10)),
        ("churn_cohort_6", Fraction(9, 10)),
        ("return_rate_target", Fraction(1, 10)),
        ("return_rate_reminded", Fraction(1, 10)),
    ],
)
def test_a_rate_counts_what_its_formula_says(name, expected):
    """Those that begin with "1 -" count who is not in the numerator, the others who is."""
    score = METRICS[name].function(1, 10, POLICY)

    assert expected == score.value
    assert (expected == Fraction(9, 10)) == METRICS[name].formula["en"].startswith("1 -")
    assert score.low < expected < score.high


def test_metrics_are_frozen():
    """Nobody changes a formula under way."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        METRICS["nps"].source = "other"
