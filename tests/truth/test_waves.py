"""What a research agency delivers: every row once, every answer about the right colleague, and sums that can be counted on one's fingers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction

import attrs

from crmcore.db import schema, scores
from crmcore.db.columns import instant, stamp
from crmcore.db.scores import Scope
from crmcore.rules.score import index
from crmcore.rules.score.compare import Verdict, compare
from crmcore.rules.score.league import league
from crmcore.rules.score.samples import INDEX, Sample, Spread
from crmcore.rules.score.scores import mean_score
from crmcore.sample.people import CHINA
from crmcore.sample.voices import HEADINGS, ITEMS, WAVES

LATEST = ("2026-Q2", "2026-Q3")
#: On a scale of 1 to 5: what lies below the limits of the questionnaire on 1 to 10, worked out by hand: 6 is 3.22, 5 is 2.78, 4 is 2.33, 3 is 1.89.
LOW = {
    "OVERALL": 3,
    "WORK_DONE": 2,
    "DIAGNOSIS": 2,
    "ATTITUDE": 2,
    "ON_TIME": 2,
    "COST_EXPLAINED": 2,
    "FACILITY_COMFORT": 1,
}


def wave_scope(wave: str) -> Scope:
    """The responses of one wave: its month and the next."""
    start = next(start for start, name in WAVES if name == wave)
    since = stamp(datetime.combine(start, datetime.min.time(), CHINA))
    until = stamp(datetime.combine(start + timedelta(days=30), datetime.min.time(), CHINA))
    return Scope(survey="aftersales", before=since, since=since, until=until, side="EXTERNAL")


def samples(told, wave: str, questions=None) -> Mapping[tuple[str | None, str], Sample]:
    """(advisor or None, question) -> the sample that the database sums up."""
    survey = told.world.crm.config.surveys["aftersales"]
    asked = {name: (name,) for name in ITEMS.values() if name not in {"", "RECOMMEND"}}
    found = {}
    with told.world.crm.db.reading() as connection:
        for keys in ((), ("staff",)):
            for row in scores.group_sums(connection, survey, questions or asked, wave_scope(wave), keys):
                sample = Sample.several(
                    INDEX, row.n, row.total, row.squares, answers=row.answers, crossed=row.crossed, counts=row.counts,
                    steps=scores.STEPS,
                )  # fmt: skip
                found[row.keys[0] if keys else None, row.part] = sample
    return found


def rows(told):
    """The agency's rows, by sample number: heading -> cell."""
    return {row[0]: dict(zip(HEADINGS, row, strict=True)) for wave in told.dealer.voices.rows.values() for row in wave}


def responses(told):
    return told.world.rows(schema.survey_response, source="survey.agency")


# ------------------------------------------------------------------ every row


def test_every_row_is_taken_once(told):
    """324 rows are accepted; when the files are read again all of them are known (promise 1)."""
    first, second = (
        next(each for each in report.surveys if each.source == "survey.agency") for report in told.collected
    )
    whole = sum(len(wave) for wave in told.dealer.voices.rows.values())

    assert 324 == whole
    assert (324, 324, 0, 0, 0) == (first.read, first.accepted, first.unchanged, first.duplicates, first.rejected)
    assert (324, 0, 324, 0, 0) == (second.read, second.accepted, second.unchanged, second.duplicates, second.rejected)
    assert 324 == len(responses(told))


def test_each_answer_is_what_stands_in_the_file(told):
    """Of each respondent: the wave, the minute, the advisor's code, and every answer under our question on the agency's scale."""
    codes = {one.name: one.code for one in told.dealer.staff}
    given: dict[int, dict[str, tuple]] = {}
    for row in told.world.rows(schema.survey_answer):
        given.setdefault(row.response_id, {})[row.question] = (row.value, row.minimum, row.maximum)
    stored = {
        row.sample_id: (row.wave, instant(row.completed_at), row.staff, row.side, row.mode, given[row.id])
        for row in responses(told)
    }
    scale = {"RECOMMEND": (0, 10), "": (None, None)}
    unmapped = told.dealer.voices.unmapped

    assert stored == {
        number: (
            cells["调研批次"],
            datetime.strptime(cells["访问时间"], "%Y-%m-%d %H:%M").replace(tzinfo=CHINA),
            codes[cells["服务顾问"]],
            "EXTERNAL",
            "PHONE",
            {
                question or f"?{unmapped}": (cells[item], *scale.get(question, (1, 5)))
                for item, question in ITEMS.items()
            },
        )
        for number, cells in rows(told).items()
    }


def test_an_item_that_nobody_has_mapped_is_told(told):
    """It is kept under its own name, and the report says how often."""
    (report,) = (each for each in told.collected[0].surveys if each.source == "survey.agency")

    assert {told.dealer.voices.unmapped: 324} == report.unmapped


def test_nothing_looks_odd_and_no_case_comes_of_it(told):
    """The agency's sample is honest. It names nobody who could be called, and most of it is history: low answers are counted."""
    (report,) = (each for each in told.collected[0].surveys if each.source == "survey.agency")
    low = [
        datetime.strptime(cells["访问时间"], "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)
        for cells in rows(told).values()
        if any(int(cells[item]) <= LOW.get(question, -1) for item, question in ITEMS.items())
    ]
    old = sum(at < told.at(datetime.min.time().replace(hour=10)) - timedelta(days=60) for at in low)

    assert (old, len(low) - old) == (report.too_old, report.anonymous)
    assert (0, 0) == (report.opened, report.joined)
    assert not any(report.flagged.values())
    assert {"[]"} == {row.flags for row in responses(told)}


# ------------------------------------------------------------------ every sum


def test_every_sum_is_the_truth(told):
    """For each wave, advisor and item, and for all advisors together: how many answered, and the mean on 0 to 100, exactly."""
    truth = {(each.wave, each.staff, each.question): (each.n, each.index) for each in told.dealer.voices.tallies}
    found = {
        (wave, staff, question): (sample.n, sample.mean)
        for _, wave in WAVES
        for (staff, question), sample in samples(told, wave).items()
    }

    assert 3 * 5 * 7 == len(truth)
    assert truth == found


def test_the_recommendation_is_the_truth(told):
    """Promoters less detractors, for each wave, advisor and all, exactly."""
    survey = told.world.crm.config.surveys["aftersales"]
    policy = told.world.crm.config.scores
    found: dict[tuple[str, str | None], Fraction | None] = {}
    with told.world.crm.db.reading() as connection:
        for _, wave in WAVES:
            spreads: dict[str | None, dict[int, int]] = {}
            for row in scores.spreads(connection, survey, wave_scope(wave), ("staff",)):
                if row.question == "RECOMMEND":
                    for staff in (row.staff, None):
                        counts = spreads.setdefault(staff, {})
                        counts[row.number] = counts.get(row.number, 0) + row.n
            found |= {
                (wave, staff): index.nps(Spread((0, 10), counts), policy).value for staff, counts in spreads.items()
            }

    assert dict(told.dealer.voices.nps) == found


def test_what_moved_and_what_is_noise(told):
    """From the second wave to the third three items of two advisors moved; of the newest too few have spoken; the rest is chance."""
    voices, policy = told.dealer.voices, told.world.crm.config.scores
    before, after = (samples(told, wave) for wave in LATEST)
    found = {
        key: compare(mean_score(before[key], policy), mean_score(sample, policy), policy).verdict
        for key, sample in after.items()
    }
    expected = {
        (staff, question): voices.moved.get(
            (staff, question), Verdict.TOO_FEW if staff == voices.unranked else Verdict.NOISE
        )
        for staff, question in found
    }

    assert set(voices.moved) <= found.keys()
    assert expected == found


def test_the_first_two_waves_say_the_same(told):
    """Nothing moved from the first wave to the second: the same answers, in another order."""
    policy = told.world.crm.config.scores
    before, after = (samples(told, wave) for wave in ("2026-Q1", "2026-Q2"))
    verdicts = [compare(mean_score(before[key], policy), mean_score(after[key], policy), policy) for key in after]

    assert {Verdict.NOISE, Verdict.TOO_FEW} == {each.verdict for each in verdicts}


def test_who_has_too_few_answers_has_no_rank(told):
    """The newest advisor stands last in the league, with his twelve answers and without a rank; the others by their means."""
    voices, policy = told.dealer.voices, told.world.crm.config.scores
    factored = [name for name in ITEMS.values() if name not in {"", "RECOMMEND", "OVERALL"}]
    found = samples(told, "2026-Q3", {"*": tuple(factored)})
    places = league({staff: sample for (staff, _), sample in found.items() if staff}, policy)
    means: dict[str, list[Fraction]] = {}
    for each in voices.tallies:
        if each.wave == "2026-Q3" and each.staff and each.question in factored:
            means.setdefault(each.staff, []).append(each.index)
    order = sorted(means.keys() - {voices.unranked}, key=lambda staff: -sum(means[staff]))

    assert [(*each, rank) for rank, each in enumerate(((staff, 32) for staff in order), 1)] + [
        (voices.unranked, 12, None)
    ] == [(place.key, place.score.n, place.rank) for place in places]
    assert {staff: sum(values) / 6 for staff, values in means.items()} == {
        place.key: place.score.value for place in places
    }


def test_the_same_is_summed_on_postgresql(on_postgresql, told):
    """The files give the same sums on both databases."""
    on_postgresql.sync()
    on_postgresql.crm.collect()

    for _, wave in WAVES:
        assert samples(told, wave) == samples(attrs.evolve(told, world=on_postgresql), wave)
