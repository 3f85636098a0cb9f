"""What the pages and workbooks of the morning show is the truth, rounded once."""

from __future__ import annotations

import io
from collections import Counter
from datetime import time
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest
from tests.truth.morning import SCALES, index_of
from tests.truth.test_voices import own_cases

from crmcore.flows.callbacks import due_rows
from crmcore.reports import files
from crmcore.rules.score.compare import Verdict
from crmcore.rules.score.scores import Unit, rounded
from crmcore.sample.voices import HEADINGS, ITEMS

FACTORS = {
    "WELCOME_DIAGNOSTICS": ("DIAGNOSIS",),
    "TEAM": ("ATTITUDE",),
    "FACILITY": ("FACILITY_COMFORT",),
    "QUALITY": ("WORK_DONE", "ON_TIME"),
    "VALUE": ("COST_EXPLAINED",),
}
MONTHS = {"2026-03": "2026-Q1", "2026-06": "2026-Q2", "2026-09": "2026-Q3"}
LAST, BEFORE = "2026-Q3", "2026-Q2"


class Tables(HTMLParser):
    """Every table row of a page: the words of its cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self.open = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            self.rows[-1][-1] += data.strip()


@pytest.fixture(name="pages", scope="module", params=["zh", "en"])
def _pages(told, request):
    """(lang, facts by page, rows of the HTML by page, rows of the workbook by page)."""
    told.world.crm.lang = request.param
    reports = told.world.crm.reports
    facts = {"csi": reports.csi(), "board": reports.board(), "calls": reports.calls()}
    pages, books = {}, {}
    for name, each in facts.items():
        pages[name] = Tables(files.content(each, files.HTML, request.param).decode()).rows
        book = openpyxl.load_workbook(io.BytesIO(files.content(each, files.XLSX, request.param)))
        books[name] = [list(row) for sheet in book for row in sheet.iter_rows(values_only=True)]
    told.world.crm.lang = "zh"
    return request.param, facts, pages, books


@pytest.fixture(name="after")
def _after(pages):
    """The questionnaire's facts."""
    (found,) = pages[1]["csi"].surveys
    return found


def tally(told, wave, staff=None):
    """Question -> the truth of a wave."""
    return {each.question: each for each in told.dealer.voices.tallies if (each.wave, each.staff) == (wave, staff)}


def mean(truth, questions) -> Fraction:
    """Of several items that the same people have answered."""
    return sum((truth[question].index for question in questions), Fraction()) / len(questions)


def given(told, question):
    """What everybody of the last wave answered to one question."""
    (item,) = (item for item, ours in ITEMS.items() if ours == question)
    return [int(row[HEADINGS.index(item)]) for row in told.dealer.voices.rows[LAST]]


def own(told, questions):
    """What the dealer's own customers answered to these questions: people, and the mean."""
    said = [[said[name] for name in questions if name in said] for said in told.answered().values()]
    answers = [value for each in said for value in each]
    return sum(bool(each) for each in said), index_of(answers) if answers else None


# ------------------------------------------------------------------ satisfaction


def test_who_was_heard(pages, after):
    """108 of the agency's last wave and of the one before it, five of the dealer's own; nobody is left out or flagged."""
    assert ({"EXTERNAL": 108, "INTERNAL": 5}, {"EXTERNAL": 108}) == (dict(after.respondents), dict(after.before))
    assert ({}, {}) == (dict(after.left_out), dict(after.flags))
    assert {"delivery", "complaint_followup"} == set(pages[1]["csi"].silent)


def test_every_item_and_factor_is_the_truth(told, after):
    """On both sides, now and before; what nobody was asked has no figure."""
    last, before = tally(told, LAST), tally(told, BEFORE)
    found = {each.code: each for each in (*after.factors, *after.items, after.index)}
    wanted = {name: (name,) for name in SCALES} | FACTORS | {"*": SCALES}
    for code, questions in wanted.items():
        each = found.pop(code)

        assert (108, mean(last, questions)) == (each.external.n, each.external.value)
        assert (108, mean(before, questions)) == (each.before.n, each.before.value)
        assert own(told, questions) == (each.internal.n, each.internal.value)
        assert each.external == each.score
        assert Verdict.TOO_FEW is each.gap.verdict
    assert {"RESERVATION", "RESERVATION_EASE", "WELCOME", "WORK_EXPLAINED", "CAR_CLEAN"} == found.keys()
    assert {(0, None)} == {(each.score.n, each.score.value) for each in found.values()}


def test_of_everybody_together_no_item_moved(told, after):
    """One advisor in four is not the house: every item is noise."""
    assert {Verdict.NOISE} == {each.change.verdict for each in after.items if each.code in SCALES}


def test_recommendation_satisfaction_and_top_box(told, after):
    """Counted in the rows of the last wave; whether it was fixed the agency did not ask."""
    overall = given(told, "OVERALL")
    satisfied = Fraction(sum(value >= 4 for value in overall), 108)
    found = {each.metric: each.score for each in after.figures}

    assert {
        "nps": (108, told.dealer.voices.nps[LAST, None]),
        "csat": (108, satisfied),
        "top_box": (108, satisfied),
        "first_time_fix_customer": (0, None),
    } == {metric: (score.n, score.value) for metric, score in found.items()}
    assert {
        "DISSATISFIED": sum(value <= 2 for value in overall),
        "NEUTRAL": overall.count(3),
        "BASICALLY_SATISFIED": overall.count(4),
        "VERY_SATISFIED": overall.count(5),
    } == {name: (score.value or 0) * 108 for name, score in after.bands.items()}


def test_the_league_is_the_truth(told, after):
    """By the means of the last wave; one has fallen, the newest has no rank."""
    voices = told.dealer.voices
    (fallen,) = {staff for (staff, _), verdict in voices.moved.items() if verdict == "MOVED_DOWN"}
    truth = {each.staff: tally(told, LAST, each.staff) for each in voices.tallies if each.staff}
    ranked = sorted(truth.keys() - {voices.unranked}, key=lambda staff: -mean(truth[staff], SCALES))
    verdicts = dict.fromkeys(truth, Verdict.NOISE)
    verdicts |= {fallen: Verdict.MOVED_DOWN, voices.unranked: Verdict.TOO_FEW}

    assert [(staff, rank, mean(truth[staff], SCALES)) for rank, staff in enumerate(ranked, 1)] + [
        (voices.unranked, None, mean(truth[voices.unranked], SCALES))
    ] == [(each.place.key, each.place.rank, each.place.score.value) for each in after.league]
    assert verdicts == {each.place.key: each.change.verdict for each in after.league}
    for each in after.league:
        mine = truth[each.place.key]

        assert {code: mean(mine, questions) for code, questions in FACTORS.items()} == {
            ability.item: ability.score.value for ability in each.profile if ability.score.n
        }


def test_the_trend_has_a_point_for_each_wave(told, after):
    """Three months with answers of the agency, one with the dealer's own; between them nothing is drawn."""
    found = {
        side: {step.period: step.score.value for step in steps if step.score.n} for side, steps in after.trend.items()
    }

    assert {
        "EXTERNAL": {month: mean(tally(told, wave), SCALES) for month, wave in MONTHS.items()},
        "INTERNAL": {"2026-11": own(told, SCALES)[1]},
    } == found


def test_the_weakest_comes_first(told, after):
    """What to mend, from the lowest up."""
    last = tally(told, LAST)
    lowest = [(mean(last, questions), code) for code, questions in FACTORS.items()]

    assert [code for _, code in sorted(lowest)] == [each.factor for each in after.weakest]


def test_page_and_workbook_show_the_same_figures(told, pages, after):
    """Every item and factor of the last wave and the one before stands there under its words, rounded to a tenth, half up."""
    lang, _, html, book = pages
    survey = told.world.crm.config.surveys["aftersales"]
    last, before = tally(told, LAST), tally(told, BEFORE)
    words = {name: (survey.questions[name].text[lang], (name,)) for name in SCALES}
    words |= {code: (survey.factors[code].label[lang], questions) for code, questions in FACTORS.items()}
    for label, questions in words.values():
        now, then = (rounded(mean(wave, questions), Unit.INDEX_100) for wave in (last, before))
        inside, value = own(told, questions)
        mine = rounded(value, Unit.INDEX_100)

        assert ["108", f"{now}", f"{then}"] in [[row[1], row[2], row[5]] for row in html["csi"] if row[0] == label]
        assert [f"{inside}", f"{mine}", "108", f"{now}"] in [row[1:5] for row in html["csi"] if row[0] == label]
        assert [108, float(now), float(then)] in [[row[1], row[2], row[5]] for row in book["csi"] if row[0] == label]
        assert [inside, float(mine), 108, float(now)] in [row[1:5] for row in book["csi"] if row[0] == label]


def test_page_and_workbook_show_the_league(told, pages, after):
    """Each advisor under his name with rank, n and mean; the newest has words in the place of a rank."""
    _, _, html, book = pages
    names = {one.code: one.name for one in told.dealer.staff}
    for each in after.league:
        truth = tally(told, LAST, each.place.key)
        name, count = names[each.place.key], truth["OVERALL"].n
        shown = rounded(mean(truth, SCALES), Unit.INDEX_100)
        (line,) = (row for row in html["csi"] if row[0] == name and len(row) == 9)
        cells = next(row for row in book["csi"] if row[0] == name)

        assert [f"{count}", f"{shown}"] == line[2:4]
        assert [line[1], count, float(shown)] == cells[1:4]
        assert line[1] == f"{each.place.rank}" or (each.place.key == told.dealer.voices.unranked and len(line[1]) > 2)


# ------------------------------------------------------------------ complaints


def test_the_board_is_the_truth(told, pages):
    """Three cases by what is left of their clocks: three minutes over, twenty to go, eighty store minutes until lunch."""
    board = pages[1]["board"]
    people = {f"K{row.id}": person for person, row in own_cases(told.world).items()}
    category = {case.person: case.category for case in told.dealer.voices.cases}

    assert [
        ("P0009", "OVERDUE", "HANDOVER", -3, 1, "RECEIVED"),
        ("P0003", "SOON", "HANDOVER", 20, 0, "RECEIVED"),
        ("P0007", "SOON", "RESPONSE", 80, 0, "HANDED_OVER"),
    ] == [(people[each.id], each.lane, each.clock, each.left, each.level, each.state) for each in board.cases]
    assert [category[people[each.id]] for each in board.cases] == [each.category for each in board.cases]
    assert Counter(category.values()) == {bar.code: bar.n for bar in board.categories}
    assert (3, 3, 0) == (board.received, board.complainants, board.repeaters)
    assert sum(each.open for each in told.dealer.complaints) == board.elsewhere
    assert [("HANDOVER", 1, 2)] == [(each.clock, each.kept, each.n) for each in board.kept]
    assert [("P0009", 1, 0)] == [(people[each.id], each.level, each.late) for each in board.escalations]
    assert {"HANDED_OVER": (1, 20)} == {each.code: (each.n, each.median) for each in board.steps if each.n}


def test_page_and_workbook_show_the_board(told, pages):
    """Each case under its number with its category; nobody's whole name or number stands there."""
    lang, _, html, book = pages
    config = told.world.crm.config
    left = {"P0009": -3, "P0003": 20, "P0007": 80}
    for person, row in own_cases(told.world).items():
        label = config.categories[row.category].label[lang]
        (line,) = (cells for cells in html["board"] if cells[0] == f"K{row.id}" and label in cells)
        (cells,) = (cells for cells in book["board"] if cells[0] == f"K{row.id}" and label in cells)

        assert f"{abs(left[person]) % 60}" in line[2]
        assert left[person] == cells[2]
    for page in ("board", "calls"):
        shown = {str(cell) for rows in (html[page], book[page]) for row in rows for cell in row}
        people = told.dealer.people.values()
        staff = {one.name for one in told.dealer.staff}

        assert shown.isdisjoint({phone for person in people for phone in person.phones})
        assert shown.isdisjoint({person.name for person in people} - staff)


# ------------------------------------------------------------------ calls


def test_the_calls_are_the_truth(told, pages):
    """Six calls to six customers: four reached, two not, one number bad; by advisor as the orders say, all by one clerk."""
    found = pages[1]["calls"].quality
    calls = told.dealer.voices.calls
    reached = {"DONE", "COMPLAINT", "OTHER_TIME"}
    by_advisor: dict[str, list[bool]] = {}
    for call in calls:
        by_advisor.setdefault(told.advisor(call.person), []).append(call.result in reached)

    assert (6, 4, 2, 0, 6, 4) == (
        found.calls, found.success, found.failed, found.invalid, found.customers, found.reached,
    )  # fmt: skip
    assert (0, 0, 0, 1) == (found.late, found.given_up, found.instead, found.proposals)
    assert Counter(call.result for call in calls) == {each.result: each.calls for each in found.results}
    assert {("CUSTOMER", 1), ("NUMBER", 1)} == {(each.cause, each.calls) for each in found.causes}
    assert {staff: (len(each), sum(each)) for staff, each in by_advisor.items()} == {
        each.code: (each.calls, each.success) for each in found.advisors
    }
    assert [(told.clerk, 6)] == [(each.code, each.calls) for each in found.callers]
    assert [("dms", "2026-11", 6, 1)] == [(each.source, each.month, each.dialled, each.bad) for each in found.decay]


def test_what_is_still_to_be_called(told, pages):
    """The worklist of the page is that of the desk: neither what is done, nor what comes at 14:47 or 16:30, nor the dead number."""
    crm = told.world.crm
    desk = due_rows(crm.db, crm.desk(), crm.clock.now(), lang="zh", masked=True)
    called = {told.touchpoint(call.person) for call in told.dealer.voices.calls}
    listed = {each.id for each in pages[1]["calls"].due}

    assert {row.id for row in desk} == listed
    assert not called & listed
    assert told.imported[0].read - 6 == len(listed)


def test_page_and_workbook_show_the_calls(told, pages):
    """Results with their count and share, under the words of the list."""
    lang, _, html, book = pages
    results = told.world.crm.config.results
    for code, count in Counter(call.result for call in told.dealer.voices.calls).items():
        label = results[code].label[lang]
        share = rounded(Fraction(count, 6), Unit.SHARE)

        assert [label, f"{count}", f"{share}%"] in html["calls"]
        assert [label, count, round(float(share) / 100, 3)] in [row[:3] for row in book["calls"]]


def test_the_pages_are_of_twenty_to_eleven(told, pages):
    """Each says when it was made and up to when it knows."""
    made = told.at(time(10, 40)).replace(tzinfo=None)

    assert {made} == {each.head.made for each in pages[1].values()}
    assert {"csi": "2026-11-22 10:30", "board": "2026-11-22 10:40", "calls": "2026-11-22 10:34"} == {
        name: each.head.through for name, each in pages[1].items()
    }
