"""Satisfaction: what the database sums up is what people answered."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction

import attrs
import pytest
from tests.reports import world

from crmcore.db.scores import STEPS, Scope, group_sums
from crmcore.errors import UsageError
from crmcore.reports import files
from crmcore.rules.score.compare import Verdict
from crmcore.rules.score.factors import EVERYTHING, groups
from crmcore.types.survey import Side


def scope(**more):
    return Scope(survey="aftersales", before="2026-01-01", since="2026-11-01", until="2027-01-01", **more)


def line(lines, code):
    return next(each for each in lines if each.code == code)


def test_sums_are_of_people_and_exact(db, voices):
    """Two answers of one person to one factor are one person; a reversed question counts from its other end; fractions stay exact."""
    voices.answered(ON_TIME=10, NOISE=1)  # 100 and 100
    voices.answered(ON_TIME=4, NOISE=10)  # 100/3 and 0
    with db.reading() as connection:
        rows = group_sums(connection, world.SURVEY, groups(world.SURVEY), scope(), ())
    quality = next(row for row in rows if row.part == "QUALITY")

    assert (2, 4) == (quality.n, int(quality.answers))
    assert Fraction(700, 3) == Fraction(int(quality.total), STEPS)
    assert Fraction(200**2) + Fraction(100, 3) ** 2 == Fraction(int(quality.squares), STEPS**2)
    assert (Fraction(1400, 3), 8) == (Fraction(int(quality.crossed), STEPS), int(quality.counts))


def test_every_scale_is_the_same_axis(db, voices):
    """4 of 1-5, 7.75 of 1-10 and 75 of 0-100 are the same answer."""
    voices.answered(ATTITUDE=4, ends=(1, 5))
    voices.answered(ATTITUDE=7.75)
    voices.answered(ATTITUDE=75, ends=(0, 100))
    with db.reading() as connection:
        (row,) = group_sums(connection, world.SURVEY, {"TEAM": ("ATTITUDE",)}, scope(), ())

    assert (3, 3 * 75 * STEPS, 3 * (75 * STEPS) ** 2) == (row.n, int(row.total), int(row.squares))


def test_an_answer_without_a_scale_is_on_that_of_its_question(db, voices):
    """Where the source names no scale, ours holds."""
    voices.answered(ATTITUDE=10, ends=(None, None))
    with db.reading() as connection:
        (row,) = group_sums(connection, world.SURVEY, {"TEAM": ("ATTITUDE",)}, scope(), ())

    assert 100 * STEPS == int(row.total)


def test_only_what_counts_is_counted(pages, voices):
    """Excluded, unfinished, "does not apply", off the scale, another survey, another period: none of them moves a score."""
    voices.answered(3, ATTITUDE=7)
    voices.answered(valid=0, ATTITUDE=1)
    voices.answered(complete=0, ATTITUDE=1)
    voices.answered(ATTITUDE=None)
    voices.insert(
        world.schema.survey_answer,
        [{"response_id": 1, "question": "COST", "value": "1", "number": 100, "minimum": 1, "maximum": 10, "na": 1}],
    )
    voices.answered(ATTITUDE=11)
    voices.answered(ATTITUDE=-3)
    voices.answered(survey="delivery", ATTITUDE=1)
    voices.answered(days=-1, ATTITUDE=1)
    voices.answered(store="S09", ATTITUDE=1)
    (facts,) = pages.csi().surveys
    team = line(facts.factors, "TEAM").score

    assert (3, Fraction(600, 9)) == (team.n, team.value)
    assert 0 == line(facts.factors, "VALUE").score.n
    assert {"INVALID": 1, "INCOMPLETE": 1} == facts.left_out
    assert {"INTERNAL": 6} == facts.respondents


def test_the_months_of_the_store_bound_the_period(pages, voices):
    """Midnight is that of the store: what was answered at 00:30 in Shanghai on the first belongs to the new month."""
    voices.answered(completed_at="2026-10-31T16:30:00Z", month="2026-11", ATTITUDE=10)
    voices.answered(completed_at="2026-10-31T15:30:00Z", month="2026-10", ATTITUDE=1)
    (facts,) = pages.csi(months=1).surveys

    assert ({"INTERNAL": 1}, {"INTERNAL": 1}) == (facts.respondents, facts.before)
    assert (Fraction(100), Fraction(0)) == (facts.index.score.value, facts.index.before.value)


def test_nobody_is_ranked_under_thirty(busy):
    """Two advisors have a rank; the third, whom twelve customers have answered for, has figures and none. Nor is the store ranked."""
    (facts,) = busy.csi().surveys
    report = files.parts(busy.csi(), "zh")
    shown = next(section for section in report.sections if section.key == "s1-league")

    assert [("A01", 1), ("A02", 2), ("A03", None)] == [(each.place.key, each.place.rank) for each in facts.league]
    assert 2 == shown.chart.rows
    assert "样本不足，不排名" == shown.grid.rows[2][1].text
    assert [("S01", 1), ("S02", None)] == [(each.key, each.rank) for each in facts.stores]
    assert facts.league[2].change.verdict is Verdict.TOO_FEW


def test_who_is_compared_with_whom(busy):
    """An advisor's profile stands beside the colleagues', without his own answers, and his name only on the page."""
    (facts,) = busy.csi().surveys
    first = facts.league[0]
    team = next(each for each in first.profile if each.item == "TEAM")

    assert {"TEAM", "QUALITY", "VALUE"} == {each.item for each in first.profile}
    assert (80, 90) == (team.score.n, line(facts.factors, "TEAM").score.n - team.score.n)
    assert first.place.rest.verdict is Verdict.MOVED_UP


def test_moved_or_noise(busy):
    """Period against period, side against side: the verdict is that of the rules."""
    (facts,) = busy.csi().surveys

    assert facts.index.change.verdict is Verdict.MOVED_UP
    assert {"INTERNAL", "EXTERNAL"} == set(facts.trend)
    assert facts.side is Side.INTERNAL
    assert line(facts.factors, "VALUE").gap.verdict is Verdict.MOVED_UP
    assert 12 == len(facts.trend["INTERNAL"])
    assert "2026-11" == facts.trend["INTERNAL"][-1].period


def test_one_side_alone_is_reported_as_it_is(pages, voices):
    """Where only an agency has asked, its answers are the report; the two sides are not compared."""
    voices.answered(30, side="EXTERNAL", staff=None, ATTITUDE=8)
    told = pages.csi()
    sides = next(section for section in files.parts(told, "en").sections if section.key == "s1-sides")

    assert told.surveys[0].side is Side.EXTERNAL
    assert ((), "Only one side has answers.") == (sides.grid.rows, sides.empty)
    assert () == told.surveys[0].league


@pytest.mark.parametrize(
    ("own", "theirs", "side"), [(29, 30, "EXTERNAL"), (30, 31, "INTERNAL"), (29, 29, "INTERNAL"), (4, 3, "INTERNAL")]
)
def test_the_side_that_can_speak(pages, voices, own, theirs, side):
    """The dealer's own answers are the report, unless they are too few to say anything and a third party has more."""
    voices.answered(own, ATTITUDE=8)
    voices.answered(theirs, side="EXTERNAL", ATTITUDE=8)

    assert side == pages.csi().surveys[0].side


def test_shares_and_nps_are_of_the_question(pages, voices):
    """Six promoters and four detractors are an NPS of 20; eight of ten are satisfied; seven were fixed at once."""
    voices.answered(6, RECOMMEND=10, OVERALL=10, FIXED_FIRST_TIME=1)
    voices.answered(2, RECOMMEND=3, OVERALL=8, FIXED_FIRST_TIME=0)
    voices.answered(2, RECOMMEND=6, OVERALL=5)
    (facts,) = pages.csi().surveys

    assert {
        "nps": (10, Fraction(20)),
        "csat": (10, Fraction(8, 10)),
        "top_box": (10, Fraction(6, 10)),
        "first_time_fix_customer": (8, Fraction(6, 8)),
    } == {each.metric: (each.score.n, each.score.value) for each in facts.figures}
    assert {"DISSATISFIED": 0, "NEUTRAL": 2, "BASICALLY_SATISFIED": 2, "VERY_SATISFIED": 6} == {
        name: int(score.value * score.n) for name, score in facts.bands.items()
    }


def test_another_scale_before_is_no_movement(pages, voices):
    """Where the question was asked on 1-5 before, its top box is not held against that of 1-10."""
    voices.answered(40, days=1, OVERALL=10)
    voices.answered(40, days=120, OVERALL=1, ends=(1, 5))
    (facts,) = pages.csi().surveys
    top = next(each for each in facts.figures if each.metric == "top_box")

    assert (Verdict.TOO_FEW, 0) == (top.change.verdict, top.before.n)


def test_the_weakest_comes_first_with_what_is_done(busy):
    """The lowest factor leads, with its distance to the target, its weakest item, and the action that is late."""
    weak = busy.csi().surveys[0].weakest

    assert ["VALUE", "QUALITY", "TEAM"] == [each.factor for each in weak]
    assert (Decimal("39.9"), "COST") == (weak[0].gap, weak[0].item)
    assert [("B1", True)] == [(each.id, each.late) for each in weak[0].actions]
    assert () == weak[1].actions


def test_marks_are_counted_and_delete_nothing(pages, voices):
    """A response with two marks stands under both, and still counts."""
    voices.answered(2, flags=json.dumps(["CLUSTER", "STRAIGHT_LINE"]), ATTITUDE=10)
    voices.answered(flags=json.dumps(["STRAIGHT_LINE"]), valid=0, ATTITUDE=10)
    (facts,) = pages.csi().surveys

    assert {"CLUSTER": 2, "STRAIGHT_LINE": 3} == facts.flags
    assert 2 == facts.index.score.n


def test_facts_are_codes(busy):
    """JSON holds codes and numbers, no words and no names; every score says its n, its interval and its method."""
    told = json.loads(files.content(busy.csi(), ".json", "zh"))
    text = json.dumps(told, ensure_ascii=False)

    assert "crmcore/report.csi@1" == told["schema"]
    assert not [word for word in ("周婷", "服务团队", "words") if word in text]
    score = told["surveys"][0]["index"]["score"]
    assert {"n", "value", "low", "high", "method", "unit", "error", "freedom"} == set(score)
    assert score["low"] < score["value"] < score["high"]
    assert ["2026-09-01", "2026-11-22"] == [told["head"]["since"], told["head"]["until"]]


def test_a_questionnaire_without_answers_is_named(pages, voices):
    """Who has heard nothing says so, instead of showing nought."""
    told = pages.csi()

    assert ((), ("aftersales",)) == (told.surveys, told.silent)
    assert "售后满意度" in files.html(told, "zh")


def test_both_databases_say_the_same(pg_db, tmp_path):
    """SQLite and PostgreSQL sum to the same bytes."""
    from sqlalchemy import text
    from tests.reports.conftest import Pages

    from crmcore.db import schema
    from crmcore.db.engine import Database

    names = ", ".join(f'"{table}"' for table in schema.metadata.tables)
    with pg_db.writing() as connection:
        connection.execute(text(f"TRUNCATE {names} CASCADE"))
    with Database(f"sqlite:///{tmp_path / 'crm.db'}") as here:
        schema.metadata.create_all(here.engine)
        told = []
        for db in (here, pg_db):
            world.busy(db)
            told.append([files.content(each, ".json", "zh") for each in Pages(db).all()])

    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ({"months": 3, "since": date(2026, 1, 1)}, "CRM-U401"),
        ({"since": date(2026, 2, 1), "until": date(2026, 1, 1)}, "CRM-U402"),
    ],
)
def test_a_window_that_cannot_be(window, code):
    """Two ways to name the days at once, or days that run backwards."""
    with pytest.raises(UsageError) as caught:
        world.of(**window)

    assert code == caught.value.code


def test_a_window_from_a_date_on():
    """--since alone runs to today; --until alone begins two months before; both are compared with as many days before."""
    since = world.of(since=date(2026, 11, 1)).period
    until = world.of(until=date(2026, 10, 31)).period

    assert (date(2026, 10, 10), date(2026, 11, 1), date(2026, 11, 22)) == attrs.astuple(since)
    assert (date(2026, 8, 1), date(2026, 10, 31)) == (until.since, until.until)


def test_every_group_has_its_sums(db, voices):
    """The whole questionnaire is summed beside its factors, in one statement."""
    voices.answered(ATTITUDE=10, COST=1)
    with db.reading() as connection:
        rows = group_sums(connection, world.SURVEY, groups(world.SURVEY), scope(), ("staff",))

    assert {(EVERYTHING, 1, 2), ("TEAM", 1, 1), ("VALUE", 1, 1)} == {
        (row.part, row.n, int(row.answers)) for row in rows
    }


def test_each_colleague_has_a_way_through_the_months(pages, voices):
    """Only months with answers stand there, each held against the one before it that has some."""
    voices.answered(30, days=1, staff="E01", ATTITUDE=10, COST=9)
    voices.answered(30, days=70, staff="E01", ATTITUDE=4, COST=3)
    voices.answered(1, days=1, staff="E02", ATTITUDE=10)
    (facts,) = pages.csi().surveys
    trends = {each.place.key: each.trend for each in facts.league}

    assert ["2026-09", "2026-11"] == [step.period for step in trends["E01"]]
    assert [None, Verdict.MOVED_UP] == [step.change and step.change.verdict for step in trends["E01"]]
    assert ["2026-11"] == [step.period for step in trends["E02"]]
