"""Answers that deserve a second look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.test_survey_packs import config_of

from crmcore.rules.surveys.integrity import Dropped, Facts, Mark, Treated, clusters, dropped, flags, full_marks
from crmcore.types.survey import Answer, Question

CONFIG = config_of()
SURVEY, POLICY = CONFIG.surveys["aftersales"], CONFIG.surveying
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SCALES = ("OVERALL", "DIAGNOSIS", "ATTITUDE", "WORK_DONE", "ON_TIME")


def answers(*values, **known):
    return tuple(
        Answer(question=code, value=value, minimum=1, maximum=10, **known)
        for code, value in zip(SCALES, values, strict=False)
    )


def facts(**known):
    return Facts(**{"completed_at": NOW} | known)


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ({}, ()),
        ({"by_staff": True}, ("STAFF_PHONE",)),
        ({"customers": 2}, ()),
        ({"customers": 3}, ("SHARED_PHONE",)),
        ({"handed_at": NOW}, ()),
        ({"handed_at": NOW + timedelta(minutes=1)}, ("BEFORE_HANDOVER",)),
        ({"answers": answers("8", "8", "8", "8", "8")}, ("STRAIGHT_LINE",)),
        ({"answers": answers("8", "8", "8", "8", "9")}, ()),
        ({"answers": answers("8", "8", "8", "8")}, ()),
        ({"answers": (*answers("8", "8", "8", "8"), Answer(question="ON_TIME", value="", na=True))}, ()),
        ({"answered_before": True}, ("ASKED_TWICE",)),
        ({"by_staff": True, "customers": 9}, ("STAFF_PHONE", "SHARED_PHONE")),
    ],
)
def test_each_oddity_has_its_flag(said, flag):
    """And what is not odd has none."""
    assert flag == flags(facts(**said), SURVEY, POLICY)


def test_only_scales_make_a_straight_line():
    """Five times 8 with a yes among them is one; a recommendation is another scale."""
    mixed = (*answers("8", "8", "8", "8"), Answer(question="RECOMMEND", value="8", minimum=0, maximum=10))

    assert () == flags(facts(answers=mixed), SURVEY, POLICY)


@pytest.mark.parametrize(("values", "full"), [(("10", "10"), True), (("10", "9"), False), ((), False)])
def test_full_marks_are_the_best_of_every_scale(values, full):
    """Nothing answered is no full mark."""
    assert full == full_marks(answers(*values), SURVEY)


def test_full_marks_where_low_is_good():
    """The best is the low end, on whatever scale."""
    wait = Question(code="OVERALL", text={}, minimum=1, maximum=10, reverse=True)
    survey = attrs.evolve(SURVEY, questions={"OVERALL": wait})

    assert full_marks([Answer(question="OVERALL", value="1", minimum=1, maximum=5)], survey)
    assert not full_marks([Answer(question="OVERALL", value="5", minimum=1, maximum=5)], survey)


def marks(*said):
    return [Mark(number, NOW + timedelta(hours=hour), full) for number, (hour, full) in enumerate(said, 1)]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([(0, True), (1, True), (2, True)], {1, 2, 3}),
        ([(0, True), (1, False), (2, True), (3, True)], set()),
        ([(0, True), (1, True), (25, True)], set()),
        ([(0, True), (20, True), (24, True), (40, True)], {1, 2, 3, 4}),
        ([(2, True), (1, True), (0, True), (90, True)], {1, 2, 3}),
        ([(0, True), (1, True)], set()),
    ],
)
def test_a_run_of_full_marks_is_a_cluster(said, found):
    """Three in a row within a day here; one lower mark ends the row, and the order they came in does not matter."""
    assert found == clusters(marks(*said), run=3, hours=24)


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=12), st.integers(1, 5))
def test_a_cluster_holds_full_marks_only(said, run):
    """Never fewer than a run of them."""
    found = clusters(marks(*said), run=run, hours=24)

    assert all(said[number - 1][1] for number in found)
    assert len(found) >= run or not found


def visits(staff, *, bad=(), good=()):
    return [
        Treated(staff=staff, bad=kind, asked=asked) for kind, many in ((True, bad), (False, good)) for asked in many
    ]


@pytest.mark.parametrize(
    ("bad", "good", "found"),
    [
        ((0, 0, 0), (1, 1, 1, 0), True),
        ((0, 0, 0, 1), (1, 1, 1, 0), True),
        ((0, 0), (1, 1, 1, 1), False),
        ((0, 0, 0), (0, 0, 0, 0), False),
        ((0, 0, 0, 1, 1, 1), (1, 1, 1, 1), False),
        ((0, 0, 0), (), False),
    ],
)
def test_an_advisor_whose_bad_visits_nobody_is_asked_about_is_found(bad, good, found):
    """Compared with his own good visits, and not for one or two."""
    said = dropped(visits("E05", bad=bad, good=good), least=3)

    expected = Dropped(staff="E05", bad=len(bad), bad_asked=sum(bad), good=len(good), good_asked=sum(good))
    assert said == ((expected,) if found else ())


def test_findings_are_one_for_each_advisor():
    """In the order of their codes; one does not speak for another."""
    said = dropped([*visits("E06", bad=(0, 0, 0), good=(1, 1)), *visits("E05", bad=(1, 1, 1), good=(1, 1))], least=3)

    assert ["E06"] == [each.staff for each in said]
