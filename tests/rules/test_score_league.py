"""Advisors side by side, and one of them alone."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.scoring import POLICY, sample

from crmcore.rules.score.compare import Verdict, compare
from crmcore.rules.score.league import league, profile, trend
from crmcore.rules.score.samples import INDEX, Sample
from crmcore.rules.score.scores import mean_score

GOOD, FAIR, WEAK = [90, 100] * 15, [70, 80] * 15, [40, 50] * 15


def on_index(answers):
    return sample(answers, INDEX)


def test_nobody_is_ranked_under_30_answers():
    """29 full marks give no place, however good they are; 30 do. Who has none stands behind, by code."""
    rows = {"A3": [100, 99] * 14 + [100], "A2": FAIR, "A1": GOOD, "A0": [100]}
    table = league({key: on_index(answers) for key, answers in rows.items()}, POLICY)

    assert [("A1", 1), ("A2", 2), ("A0", None), ("A3", None)] == [(place.key, place.rank) for place in table]
    assert Verdict.TOO_FEW is table[3].rest.verdict


def test_equals_share_a_rank_and_leave_the_next_out():
    """Two firsts are followed by a third, and stand by their codes."""
    rows = {"B": GOOD, "A": list(reversed(GOOD)), "C": FAIR, "D": FAIR, "E": WEAK}
    table = league({key: on_index(answers) for key, answers in rows.items()}, POLICY)

    assert [("A", 1), ("B", 1), ("C", 3), ("D", 3), ("E", 5)] == [(place.key, place.rank) for place in table]


def test_each_is_held_against_the_others_only():
    """An advisor's own answers are not part of what he is compared with."""
    table = league({"A": on_index(GOOD), "B": on_index(FAIR), "C": on_index(FAIR)}, POLICY)
    best, second, _ = table

    assert (Verdict.MOVED_UP, 20) == (best.rest.verdict, best.rest.difference)
    assert (Verdict.MOVED_DOWN, Fraction(-10)) == (second.rest.verdict, second.rest.difference)


def test_a_league_of_equals_is_noise():
    """There are ranks, and they say little."""
    table = league({"A": on_index(FAIR), "B": on_index([*FAIR[:-1], 81])}, POLICY)

    assert [1, 2] == [place.rank for place in table]
    assert {Verdict.NOISE} == {place.rest.verdict for place in table}


def test_the_more_are_looked_at_the_more_it_takes_to_stand_out():
    """What would be a move between two alone is noise as one of three in a league, or of three items in a profile."""
    own, rest = [each + 2.5 for each in FAIR], FAIR * 2
    alone = compare(mean_score(on_index(rest), POLICY), mean_score(on_index(own), POLICY), POLICY)
    first, *_ = league({"A": on_index(own), "B": on_index(FAIR), "C": on_index(FAIR)}, POLICY)
    items = ("ATTITUDE", "DIAGNOSIS", "TIME")
    shown = profile(dict.fromkeys(items, on_index(own)), dict.fromkeys(items, on_index(own + rest)), POLICY)

    assert Verdict.MOVED_UP is alone.verdict
    assert (alone.difference, Verdict.NOISE) == (first.rest.difference, first.rest.verdict)
    assert [(alone.difference, Verdict.NOISE)] * 3 == [(each.rest.difference, each.rest.verdict) for each in shown]


def test_a_league_of_one_has_a_first_and_nobody_to_compare_with():
    """And a league of nobody is empty."""
    (alone,) = league({"A": on_index(GOOD)}, POLICY)

    assert (1, Verdict.TOO_FEW, None) == (alone.rank, alone.rest.verdict, alone.rest.difference)
    assert () == league({}, POLICY)


def test_nobody_with_enough_answers_gives_a_league_without_ranks():
    """A new shop has scores, and no ranks yet."""
    table = league({"B": on_index([80, 90]), "A": on_index([])}, POLICY)

    assert [("A", None), ("B", None)] == [(place.key, place.rank) for place in table]


@given(
    st.dictionaries(st.text("ABCDEF", min_size=1, max_size=3), st.lists(st.integers(0, 100), max_size=60)), st.randoms()
)
def test_a_league_does_not_depend_on_the_order_of_its_rows(rows, dice):
    """Shuffled rows make the same league, and a better value never has the worse rank."""
    samples = {key: on_index(answers) for key, answers in rows.items()}
    shuffled = dict(dice.sample(list(samples.items()), len(samples)))
    table = league(samples, POLICY)
    ranked = [place for place in table if place.rank is not None]

    assert table == league(shuffled, POLICY)
    assert all(place.score.n >= POLICY.min_n for place in ranked)
    assert all((a.rank < b.rank) == (a.score.value > b.score.value) for a, b in pairwise(ranked))


def test_a_profile_shows_each_item_beside_the_colleagues():
    """Items keep their order; the person is not his own colleague."""
    own = {"ATTITUDE": on_index(GOOD), "DIAGNOSIS": on_index([60])}
    everybody = {"ATTITUDE": on_index(GOOD + WEAK), "DIAGNOSIS": on_index([60, 80]), "OTHER": on_index(WEAK)}
    first, second = profile(own, everybody, POLICY)

    assert ("ATTITUDE", 95, 45, Verdict.MOVED_UP) == (
        first.item,
        first.score.value,
        first.colleagues.value,
        first.rest.verdict,
    )
    assert ("DIAGNOSIS", 60, 80, Verdict.TOO_FEW) == (
        second.item, second.score.value, second.colleagues.value, second.rest.verdict,
    )  # fmt: skip


def test_a_trend_compares_each_period_with_the_one_before():
    """The first has nothing to be compared with; a month without answers breaks no report."""
    periods = [("2026-08", WEAK), ("2026-09", GOOD), ("2026-10", []), ("2026-11", GOOD)]
    steps = trend([(period, on_index(answers)) for period, answers in periods], POLICY)

    assert ["2026-08", "2026-09", "2026-10", "2026-11"] == [step.period for step in steps]
    assert [None, Verdict.MOVED_UP, Verdict.TOO_FEW, Verdict.TOO_FEW] == [
        None if step.change is None else step.change.verdict for step in steps
    ]
    assert steps[2].score.value is None
    assert () == trend([], POLICY)


def test_a_league_of_different_scales_is_refused():
    """One in hundredths and one in ten are not ranked together."""
    with pytest.raises(ValueError, match="different scales"):
        league({"A": on_index(GOOD), "B": Sample.empty((1, 10))}, POLICY)
