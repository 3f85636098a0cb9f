"""What the dealer's customers say when they are asked: three waves of a research agency, two forms on the web, a morning of calls.

The distributions are written down, so what the scores must be is a matter of counting on one's fingers: no rule of crmcore has a
part in it. An agency's sample is anonymous and on the agency's own scale, 1 to 5; the web and the telephone use ours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Final

import attrs

from crmcore.sample.people import CHINA, Colleague
from crmcore.types.store import Role

#: The agency's heading of an item -> our question; the one without is its own, and nobody has mapped it.
ITEMS: Final[Mapping[str, str]] = {
    "A1 总体满意度": "OVERALL",
    "A2 接待与诊断": "DIAGNOSIS",
    "A3 服务态度": "ATTITUDE",
    "A4 休息环境": "FACILITY_COMFORT",
    "A5 维修质量": "WORK_DONE",
    "A6 按时交车": "ON_TIME",
    "A7 费用说明": "COST_EXPLAINED",
    "A8 推荐意愿": "RECOMMEND",
    "B1 茶水点心": "",
}
LOWEST, HIGHEST = 1, 5
#: LimeSurvey's question codes have no underscores.
WEB_ITEMS: Final[Mapping[str, str]] = {
    "FACILITY": "FACILITY_COMFORT",
    "WORKDONE": "WORK_DONE",
    "ONTIME": "ON_TIME",
    "COST": "COST_EXPLAINED",
    "FIRSTFIX": "FIXED_FIRST_TIME",
}
WEB_QUESTIONS: Final = (
    "OVERALL",
    "DIAGNOSIS",
    "ATTITUDE",
    "FACILITY",
    "WORKDONE",
    "ONTIME",
    "COST",
    "FIRSTFIX",
    "RECOMMEND",
    "ADVICE",
)
#: How 32 people answer one item: of the best advisor, of an ordinary one, of one who does badly.
GOOD: Final = {5: 16, 4: 12, 3: 4}
FAIR: Final = {5: 8, 4: 14, 3: 8, 2: 2}
WEAK: Final = {5: 3, 4: 9, 3: 12, 2: 6, 1: 2}
#: How the few of the newest advisor answer: too few to rank anybody by.
FEW: Final = {5: 6, 4: 4, 3: 2}
#: "Would you recommend us?", 0 to 10: promoters, passives, detractors.
PROMOTERS: Final = {10: 10, 9: 8, 8: 6, 7: 4, 6: 2, 3: 2}
PROMOTERS_FEW: Final = {10: 5, 8: 4, 6: 3}
WAVES: Final = ((date(2026, 3, 10), "2026-Q1"), (date(2026, 6, 10), "2026-Q2"), (date(2026, 9, 10), "2026-Q3"))
HEADINGS: Final = ("样本编号", "调研批次", "服务顾问", "访问时间", "受访电话", *ITEMS)


@attrs.frozen(kw_only=True)
class Tally:
    """What the answers to one item of one wave add up to.

    Attributes:
        staff: the advisor's code; None: all of them.
        index: the mean on a scale from 0 to 100, exact.
    """

    wave: str
    staff: str | None
    question: str
    n: int
    index: Fraction


@attrs.frozen(kw_only=True)
class OnlineAnswer:
    """What a customer fills in on the web, so long after he got the link."""

    person: str
    after: timedelta
    answers: Mapping[str, str] = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class ClerkCall:
    """What the clerk writes into one row of the worklist.

    Attributes:
        person: whose callback it is.
        at / next_at: the store's clock, on the dealer's day.
        result: a code of packs/results.toml; `category` one of packs/categories.toml.
    """

    person: str
    at: time
    result: str
    scores: Mapping[str, str] = attrs.field(factory=dict)
    verbatim: str = ""
    category: str = ""
    next_at: time | None = None


@attrs.frozen(kw_only=True)
class Case:
    """A complaint that must come of it.

    Attributes:
        evidence: RESPONSE, ATTEMPT or REPLY.
        breached: its thirty minutes run out before anybody has it on his desk.
        closed: through its second callback.
    """

    evidence: str
    person: str
    category: str
    breached: bool = False
    closed: bool = False


@attrs.frozen(kw_only=True)
class Voices:
    """All that is said, and what must come of it.

    Attributes:
        rows: of the agency's files, wave -> rows.
        tallies: what they add up to, for each advisor and all together.
        moved: (advisor, question) -> MOVED_UP or MOVED_DOWN from the second wave to the third; every other item is noise.
        unranked: the advisor with too few answers.
        unmapped: the agency's item that is none of our questions.
    """

    rows: Mapping[str, tuple[tuple[str, ...], ...]] = attrs.field(repr=False)
    tallies: tuple[Tally, ...] = attrs.field(repr=False)
    nps: Mapping[tuple[str, str | None], Fraction] = attrs.field(repr=False)
    moved: Mapping[tuple[str, str], str]
    unranked: str
    unmapped: str
    online: tuple[OnlineAnswer, ...]
    calls: tuple[ClerkCall, ...]
    cases: tuple[Case, ...]


def speak(staff: tuple[Colleague, ...], seed: int) -> Voices:
    """Everything the customers of a dealer with these colleagues say."""
    advisors = [one for one in staff if one.role is Role.SERVICE_ADVISOR]
    rng = Random(f"{seed}:voices")  # noqa: S311 - the same each time, not secret
    rows: dict[str, tuple[tuple[str, ...], ...]] = {}
    counted: dict[tuple[str, str], dict[str, dict[int, int]]] = {}
    for start, wave in WAVES:
        asked: list[tuple[str, ...]] = []
        for number, advisor in enumerate(advisors):
            said = {question: _spread(number, question, wave) for question in ITEMS.values()}
            counted[wave, advisor.code] = said
            asked += _forms(rng, wave, start, advisor, said, first=len(asked))
        rows[wave] = tuple(asked)
    worst, best = advisors[1].code, advisors[2].code
    return Voices(
        rows=rows,
        tallies=tuple(_tallies(counted)),
        nps=dict(_recommendations(counted)),
        moved={(worst, "WORK_DONE"): "MOVED_DOWN", (worst, "ON_TIME"): "MOVED_DOWN", (best, "ATTITUDE"): "MOVED_UP"},
        unranked=advisors[3].code,
        unmapped="B1 茶水点心",
        online=ONLINE,
        calls=CALLS,
        cases=CASES,
    )


def write_waves(voices: Voices, folder: Path) -> tuple[Path, ...]:
    """The agency's files below `folder/waves/`, as they are mailed: CSV with a BOM, one a wave."""
    target = folder / "waves"
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for wave, rows in voices.rows.items():
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows([HEADINGS, *rows])
        path = target / f"csi-{wave}.csv"
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_bytes(text.getvalue().encode("utf-8-sig"))
        written.append(path)
    return tuple(written)


# ------------------------------------------------------------------ the agency


def _spread(number: int, question: str, wave: str) -> dict[int, int]:
    """How the customers of an advisor answer: the first is good, the second falls in the third wave, the third rises, the fourth is new."""
    if question == "RECOMMEND":
        return PROMOTERS_FEW if number == 3 else PROMOTERS
    if number == 3:
        return FEW
    if number == 1 and question in {"WORK_DONE", "ON_TIME"} and wave == "2026-Q3":
        return WEAK
    if number == 0 or (number == 2 and question == "ATTITUDE" and wave == "2026-Q3"):
        return GOOD
    return FAIR


def _forms(
    rng: Random, wave: str, start: date, advisor: Colleague, said: Mapping[str, Mapping[int, int]], *, first: int
) -> Iterator[tuple[str, ...]]:
    """One row a respondent, an hour and a half apart; each item's answers are dealt out like a shuffled pack of cards."""
    decks = {
        question: [value for value, count in spread.items() for _ in range(count)] for question, spread in said.items()
    }
    for deck in decks.values():
        rng.shuffle(deck)
    people = len(next(iter(decks.values())))
    for number in range(people):
        day, turn = divmod(first + number, 8)
        at = datetime.combine(start + timedelta(days=day), time(9), CHINA) + timedelta(minutes=90 * turn)
        yield (
            f"{wave}-{first + number + 1:03d}",
            wave,
            advisor.name,
            f"{at:%Y-%m-%d %H:%M}",
            "",
            *(str(decks[question][number]) for question in ITEMS.values()),
        )


def _tallies(counted: Mapping[tuple[str, str], Mapping[str, Mapping[int, int]]]) -> Iterator[Tally]:
    """Counting on one's fingers, for each advisor and for all."""
    totals: dict[tuple[str, str | None, str], list[int]] = {}
    for (wave, staff), items in counted.items():
        for question, spread in items.items():
            if question in {"", "RECOMMEND"}:
                continue
            for who in (staff, None):
                n_and_sum = totals.setdefault((wave, who, question), [0, 0])
                n_and_sum[0] += sum(spread.values())
                n_and_sum[1] += sum(value * count for value, count in spread.items())
    for (wave, who, question), (n, total) in totals.items():
        index = (Fraction(total, n) - LOWEST) * 100 / (HIGHEST - LOWEST)
        yield Tally(wave=wave, staff=who, question=question, n=n, index=index)


def _recommendations(
    counted: Mapping[tuple[str, str], Mapping[str, Mapping[int, int]]],
) -> Iterator[tuple[tuple[str, str | None], Fraction]]:
    """NPS: the share of nines and tens less the share of sixes and below, in points."""
    totals: dict[tuple[str, str | None], list[int]] = {}
    for (wave, staff), items in counted.items():
        for who in (staff, None):
            tally = totals.setdefault((wave, who), [0, 0])
            for value, count in items["RECOMMEND"].items():
                tally[0] += count
                tally[1] += count * ((value >= 9) - (value <= 6))
    for key, (n, net) in totals.items():
        yield key, Fraction(100 * net, n)


# ------------------------------------------------------------------ the web and the telephone

#: Two customers whose car was handed over yesterday open the link; one of them is not content.
ONLINE: Final = (
    OnlineAnswer(
        person="P0009",
        after=timedelta(minutes=7),
        answers={
            "OVERALL": "3", "DIAGNOSIS": "4", "ATTITUDE": "7", "FACILITY": "8", "WORKDONE": "3", "ONTIME": "6",
            "COST": "5", "FIRSTFIX": "N", "RECOMMEND": "2", "ADVICE": "空调修了还是不冷",
        },
    ),
    OnlineAnswer(
        person="P0010",
        after=timedelta(minutes=12),
        answers={
            "OVERALL": "9", "DIAGNOSIS": "9", "ATTITUDE": "10", "FACILITY": "8", "WORKDONE": "9", "ONTIME": "9",
            "COST": "8", "FIRSTFIX": "Y", "RECOMMEND": "9", "ADVICE": "",
        },
    ),
)  # fmt: skip

HAPPY: Final = {
    "OVERALL": "9",
    "DIAGNOSIS": "9",
    "ATTITUDE": "10",
    "WORK_DONE": "9",
    "ON_TIME": "8",
    "COST_EXPLAINED": "9",
}
#: The clerk's morning; every row that is not named here is left as it was, because lunch comes.
CALLS: Final = (
    ClerkCall(person="P0001", at=time(10, 8), result="DONE", scores=HAPPY | {"FIXED_FIRST_TIME": "1"}, verbatim="都挺好"),
    ClerkCall(person="P0002", at=time(10, 12), result="DONE", scores=HAPPY | {"ON_TIME": "7", "FIXED_FIRST_TIME": "1"}),
    ClerkCall(
        person="P0003",
        at=time(10, 30),
        result="COMPLAINT",
        scores={"OVERALL": "4", "WORK_DONE": "3", "FIXED_FIRST_TIME": "0"},
        verbatim="异响修完第二天又出来了",
        category="REPAIR_QUALITY.REPEAT_FAULT",
    ),
    ClerkCall(person="P0004", at=time(10, 17), result="NO_ANSWER"),
    ClerkCall(person="P0005", at=time(10, 19), result="EMPTY_NUMBER"),
    ClerkCall(person="P0006", at=time(10, 22), result="OTHER_TIME", next_at=time(16, 30)),
)  # fmt: skip

#: Three complaints: one out of a low score, one out of a call, one out of a text.
CASES: Final = (
    Case(evidence="RESPONSE", person="P0009", category="REPAIR_QUALITY.NOT_FIXED_FIRST", breached=True),
    Case(evidence="ATTEMPT", person="P0003", category="REPAIR_QUALITY.REPEAT_FAULT"),
    Case(evidence="REPLY", person="P0007", category="REPAIR_QUALITY.NOT_FIXED_FIRST", closed=True),
)
