"""Answers that deserve a second look (C29): flags, which mark and never delete; and one finding, about an advisor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import attrs

from crmcore.rules.surveys.policy import SurveyPolicy
from crmcore.rules.surveys.reading import number_of
from crmcore.types.survey import Answer, QuestionKind, Survey

STAFF_PHONE, SHARED_PHONE, BEFORE_HANDOVER = "STAFF_PHONE", "SHARED_PHONE", "BEFORE_HANDOVER"
STRAIGHT_LINE, FULL_MARKS_CLUSTER, ASKED_TWICE = "STRAIGHT_LINE", "FULL_MARKS_CLUSTER", "ASKED_TWICE"
FLAGS = (STAFF_PHONE, SHARED_PHONE, BEFORE_HANDOVER, STRAIGHT_LINE, FULL_MARKS_CLUSTER, ASKED_TWICE)
DROPPED_AFTER_BAD_VISIT = "DROPPED_AFTER_BAD_VISIT"


@attrs.frozen(kw_only=True)
class Facts:
    """What is known of one response.

    Attributes:
        by_staff: the respondent's number is that of a colleague.
        customers: so many different customers have, or answered from, that number.
        answered_before: somebody has answered the same about this visit.
        handed_at: when the car of the visit was handed over; None: unknown.
    """

    by_staff: bool = False
    customers: int = 0
    answered_before: bool = False
    handed_at: datetime | None = None
    completed_at: datetime
    answers: tuple[Answer, ...] = ()


def flags(facts: Facts, survey: Survey, policy: SurveyPolicy) -> tuple[str, ...]:
    """The codes that this response earns by itself; clusters are seen only side by side."""
    found = {
        STAFF_PHONE: facts.by_staff,
        SHARED_PHONE: facts.customers >= policy.shared_phone,
        BEFORE_HANDOVER: facts.handed_at is not None and facts.completed_at < facts.handed_at,
        ASKED_TWICE: facts.answered_before,
        STRAIGHT_LINE: straight_line(facts.answers, survey, policy.straight_line),
    }
    return tuple(code for code, true in found.items() if true)


def straight_line(answers: Iterable[Answer], survey: Survey, least: int) -> bool:
    """Is every scale answered with the same number, and are there at least `least` of them?"""
    given = [(number_of(each.value), each.minimum, each.maximum) for each in _scales(answers, survey)]
    return len(given) >= least and len(set(given)) == 1


def full_marks(answers: Iterable[Answer], survey: Survey) -> bool:
    """Is every scale answered with the best there is?"""
    given = _scales(answers, survey)
    return bool(given) and all(
        number_of(each.value) == (each.minimum if survey.questions[each.question].reverse else each.maximum)
        for each in given
    )


def _scales(answers: Iterable[Answer], survey: Survey) -> list[Answer]:
    kinds = {code: question.kind for code, question in survey.questions.items()}
    return [each for each in answers if kinds.get(each.question) is QuestionKind.SCALE and not each.na]


@attrs.frozen
class Mark:
    """One response of an advisor, in short."""

    id: int
    at: datetime
    full: bool


def clusters(marks: Iterable[Mark], *, run: int, hours: int) -> frozenset[int]:
    """The responses of one advisor that belong to `run` full marks in a row within `hours`; one lower mark ends a row."""
    found: set[int] = set()
    ordered = sorted(marks, key=lambda each: (each.at, each.id))
    for full, group in groupby(ordered, key=lambda each: each.full):
        row = list(group) if full else []
        for first in range(len(row) - run + 1):
            part: Sequence[Mark] = row[first : first + run]
            if part[-1].at - part[0].at <= timedelta(hours=hours):
                found.update(each.id for each in part)
    return frozenset(found)


@attrs.frozen(kw_only=True)
class Treated:
    """One visit of which a customer could have been asked.

    Attributes:
        bad: it led to a complaint or to rework.
        asked: the customer was invited, or has answered.
    """

    staff: str
    bad: bool
    asked: bool


@attrs.frozen(kw_only=True)
class Dropped:
    """An advisor after whose bad visits customers are asked less often than after his good ones."""

    staff: str
    bad: int
    bad_asked: int
    good: int
    good_asked: int


def dropped(visits: Iterable[Treated], *, least: int) -> tuple[Dropped, ...]:
    """A finding for each advisor of whose bad visits at least `least` were left out, at less than half the rate of the good.

    Leave out visits that nobody could ask about, e.g. while a complaint was open: those are no choice of his.
    """
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for visit in visits:
        counts[visit.staff][0 if visit.bad else 2] += 1
        counts[visit.staff][1 if visit.bad else 3] += visit.asked
    return tuple(
        Dropped(staff=staff, bad=bad, bad_asked=bad_asked, good=good, good_asked=good_asked)
        for staff, (bad, bad_asked, good, good_asked) in sorted(counts.items())
        if bad - bad_asked >= least and good and 2 * bad_asked * good < good_asked * bad
    )
