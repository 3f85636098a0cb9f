"""What the sample dealer's customers say: counted in the files, odd in no way by accident, and the same each time."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from datetime import datetime, time, timedelta
from fractions import Fraction
from importlib import resources

import pytest

from crmcore.sample import generate
from crmcore.sample.people import CHINA
from crmcore.sample.voices import (
    CALLS,
    CASES,
    FAIR,
    FEW,
    GOOD,
    HEADINGS,
    ITEMS,
    ONLINE,
    PROMOTERS,
    PROMOTERS_FEW,
    WAVES,
    WEAK,
    WEB_ITEMS,
    WEB_QUESTIONS,
    speak,
    write_waves,
)
from crmcore.types.store import Role

SCALES = tuple(item for item, question in ITEMS.items() if question not in {"", "RECOMMEND"})


def pack(name):
    return tomllib.loads((resources.files("crmcore.packs") / f"{name}.toml").read_text("utf-8"))


@pytest.fixture(name="dealer", scope="module")
def _dealer():
    return generate()


@pytest.fixture(name="advisors", scope="module")
def _advisors(dealer):
    """Names in the order of their codes: the good one, the one who falls, the one who rises, the new one."""
    return [one.name for one in dealer.staff if one.role is Role.SERVICE_ADVISOR]


@pytest.fixture(name="waves", scope="module")
def _waves(dealer, tmp_path_factory):
    """Wave -> its rows as they stand in the file, heading -> cell."""
    paths = write_waves(dealer.voices, tmp_path_factory.mktemp("agency"))
    texts = {path.stem.removeprefix("csi-"): path.read_bytes().decode("utf-8-sig") for path in paths}
    return {wave: list(csv.DictReader(io.StringIO(text, newline=""))) for wave, text in texts.items()}


def cells(waves, wave, item, advisor=None):
    return [int(row[item]) for row in waves[wave] if advisor in {None, row["服务顾问"]}]


def test_three_waves_of_108(waves, advisors):
    """32 of each of three advisors, twelve of the newest; every respondent has a number of his own."""
    assert {wave for _, wave in WAVES} == set(waves)
    for wave, rows in waves.items():
        assert dict(zip(advisors, (32, 32, 32, 12), strict=True)) == Counter(row["服务顾问"] for row in rows)
        assert {wave} == {row["调研批次"] for row in rows}
        assert [f"{wave}-{number:03d}" for number in range(1, 109)] == [row["样本编号"] for row in rows]


def test_every_item_is_answered_as_it_is_written_down(waves, advisors):
    """Each pack of cards is dealt out whole: the good, the fair and the few, and what moves in the third wave."""
    good, falls, rises, new = advisors
    for wave in waves:
        last = wave == "2026-Q3"
        for item in (*SCALES, "B1 茶水点心"):
            question = ITEMS[item]

            assert Counter(GOOD) == Counter(cells(waves, wave, item, good))
            assert Counter(FEW) == Counter(cells(waves, wave, item, new))
            assert Counter(WEAK if last and question in {"WORK_DONE", "ON_TIME"} else FAIR) == Counter(
                cells(waves, wave, item, falls)
            )
            assert Counter(GOOD if last and question == "ATTITUDE" else FAIR) == Counter(
                cells(waves, wave, item, rises)
            )
        assert Counter(PROMOTERS_FEW) == Counter(cells(waves, wave, "A8 推荐意愿", new))
        for advisor in (good, falls, rises):
            assert Counter(PROMOTERS) == Counter(cells(waves, wave, "A8 推荐意愿", advisor))


def test_the_tallies_are_what_the_files_add_up_to(dealer, waves):
    """For each wave, advisor and item, and for all: n and the mean on 0 to 100."""
    names = {one.code: one.name for one in dealer.staff}
    by_question = {question: item for item, question in ITEMS.items() if question}
    for each in dealer.voices.tallies:
        said = cells(waves, each.wave, by_question[each.question], names.get(each.staff))

        assert (len(said), (Fraction(sum(said), len(said)) - 1) * 25) == (each.n, each.index)
    for (wave, staff), nps in dealer.voices.nps.items():
        said = cells(waves, wave, "A8 推荐意愿", names.get(staff))
        net = sum(value >= 9 for value in said) - sum(value <= 6 for value in said)

        assert Fraction(100 * net, len(said)) == nps
    assert (3 * 5 * len(SCALES), 3 * 5) == (len(dealer.voices.tallies), len(dealer.voices.nps))


def test_figures_one_can_do_in_the_head(dealer):
    """Good is 84.375, fair 71.875, weak 53.90625, the few 83 and a third; NPS 43.75 and 16 and two thirds."""
    code = {role: [one.code for one in dealer.staff if one.role is role] for role in Role}
    good, falls, rises, new = code[Role.SERVICE_ADVISOR]
    index = {(each.wave, each.staff, each.question): each.index for each in dealer.voices.tallies}

    assert Fraction("84.375") == index["2026-Q3", good, "WORK_DONE"] == index["2026-Q3", rises, "ATTITUDE"]
    assert Fraction("71.875") == index["2026-Q2", falls, "WORK_DONE"] == index["2026-Q3", falls, "ATTITUDE"]
    assert Fraction("53.90625") == index["2026-Q3", falls, "WORK_DONE"] == index["2026-Q3", falls, "ON_TIME"]
    assert Fraction(250, 3) == index["2026-Q1", new, "OVERALL"]
    assert (Fraction("43.75"), Fraction(50, 3)) == (
        dealer.voices.nps["2026-Q1", good],
        dealer.voices.nps["2026-Q1", new],
    )


def test_nobody_answers_in_a_straight_line(waves):
    """No respondent gives all items the same number: an honest sample has no flags."""
    for rows in waves.values():
        assert not [row["样本编号"] for row in rows if len({row[item] for item in SCALES}) == 1]


def test_no_full_marks_follow_each_other(waves):
    """Of one advisor never five full marks in a row; nobody gives full marks at all."""
    for rows in waves.values():
        assert not [row for row in rows if {"5"} == {row[item] for item in SCALES}]


def test_an_interview_is_an_hour_and_a_half(waves):
    """From nine in the morning on, eight a day, from the day of the wave on; never on a day to come."""
    for (start, wave), rows in zip(WAVES, waves.values(), strict=True):
        times = [datetime.strptime(row["访问时间"], "%Y-%m-%d %H:%M").replace(tzinfo=CHINA) for row in rows]
        first = datetime.combine(start, time(9), CHINA)

        assert [first + timedelta(days=n // 8, minutes=90 * (n % 8)) for n in range(108)] == times
        assert wave == f"{start.year}-Q{(start.month + 2) // 3}"


def test_an_agency_names_no_customer(dealer, tmp_path):
    """There is no number and no customer's name in its files; the only names are those of advisors."""
    text = "".join(path.read_text("utf-8-sig") for path in write_waves(dealer.voices, tmp_path))
    staff = {one.name for one in dealer.staff}

    assert not re.findall(r"1[3-9]\d{9}", text)
    assert not [person.name for person in dealer.people.values() if person.name in text and person.name not in staff]


def test_the_same_dealer_says_the_same(tmp_path):
    """Byte for byte; another seed shuffles the cards and adds up to the same."""
    first, second, other = (generate(seed=seed) for seed in (1, 1, 2))
    written = [
        [path.read_bytes() for path in write_waves(each.voices, tmp_path / name)]
        for name, each in (("a", first), ("b", second))
    ]

    assert written[0] == written[1]
    assert first.voices.rows != speak(first.staff, 2).rows
    assert [(each.n, each.index) for each in first.voices.tallies] == [
        (each.n, each.index) for each in other.voices.tallies
    ]


def test_files_as_an_agency_mails_them(dealer, tmp_path):
    """A BOM, CRLF, our headings in their order; for their owner alone, also where a file was there before."""
    (tmp_path / "waves").mkdir()
    (tmp_path / "waves" / "csi-2026-Q1.csv").touch(0o644)
    paths = write_waves(dealer.voices, tmp_path)

    for path in paths:
        content = path.read_bytes()

        assert content.startswith(b"\xef\xbb\xbf")
        assert 109 == content.count(b"\r\n") == content.count(b"\n")
        assert ",".join(HEADINGS) == content.decode("utf-8-sig").splitlines()[0]
        assert 0o600 == path.stat().st_mode & 0o777


def test_every_item_but_one_is_a_question_of_ours(dealer):
    """The agency's and the web's items stand for questions of the questionnaire; one is the agency's own."""
    asked = pack("survey_aftersales")["questions"]
    web = {WEB_ITEMS.get(item, item) for item in WEB_QUESTIONS}

    assert {"", *(question for question in asked if question in ITEMS.values())} == set(ITEMS.values())
    assert [dealer.voices.unmapped] == [item for item, question in ITEMS.items() if not question]
    assert web <= set(asked)
    assert not [item for item in WEB_QUESTIONS if not item.isalnum()]
    for voice in ONLINE:
        assert set(WEB_QUESTIONS) == set(voice.answers)


def test_the_clerk_asks_what_is_asked_by_phone():
    """Results, categories and questions of the morning are those of the packs, and answers lie on their scales."""
    asked = pack("survey_aftersales")["questions"]
    results, categories = pack("results")["results"], pack("categories")["categories"]
    for call in CALLS:
        assert call.result in results
        assert call.category in {"", *categories}
        for question, value in call.scores.items():
            scale = (0, 1) if asked[question].get("kind") == "YESNO" else (1, 10)

            assert asked[question].get("phone", True)
            assert scale[0] <= int(value) <= scale[1]
    assert {case.category for case in CASES} <= set(categories)


def test_who_says_what(dealer):
    """Those who are called had their cars back three days ago, those who answer on the web yesterday; each case has somebody who spoke."""
    handed = {call.customer: (dealer.today - call.delivered.date()).days for call in dealer.visits if call.delivered}
    spoke = {
        "ATTEMPT": {call.person for call in CALLS},
        "RESPONSE": {voice.person for voice in ONLINE},
        "REPLY": {answer.person for answer in dealer.answers},
    }

    assert {3} == {handed[call.person] for call in CALLS}
    assert {1} == {handed[voice.person] for voice in ONLINE}
    assert 3 == len(CASES) == len({case.evidence for case in CASES})
    assert all(case.person in spoke[case.evidence] for case in CASES)
    assert [1, 1] == [sum(case.breached for case in CASES), sum(case.closed for case in CASES)]


def test_numbers_are_of_the_blocks_of_the_sample(dealer):
    """Whoever speaks does so from one of two blocks of numbers that the sample owns."""
    people = {case.person for case in CASES} | {call.person for call in CALLS} | {voice.person for voice in ONLINE}
    phones = {phone for person in people for phone in dealer.people[person].phones}

    assert phones
    assert not [phone for phone in phones if not re.fullmatch(r"(1380013|1390013)\d{4}", phone)]


def test_what_moved_moved_by_more_than_chance():
    """By hand: between fair and weak lie 0.72 of a point, between fair and good 0.5; both more than two standard errors."""

    def mean_and_error(spread):
        n = sum(spread.values())
        mean = sum(value * count for value, count in spread.items()) / n
        spread_of = sum(count * (value - mean) ** 2 for value, count in spread.items()) / (n - 1)
        return mean, spread_of / n

    for before, after in ((FAIR, WEAK), (FAIR, GOOD)):
        (first, ours), (second, theirs) = mean_and_error(before), mean_and_error(after)

        assert abs(second - first) > 2 * (ours + theirs) ** 0.5
