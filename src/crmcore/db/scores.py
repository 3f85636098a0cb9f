"""Answers summed up by the database: a few whole numbers for any number of answers, the same on SQLite and PostgreSQL.

Every answer is moved to one axis first, so that an agency's 1-5 and our 1-10 can stand in one sum: the index (0 to 100) in steps
of 1/`STEPS`. That is a whole number for every scale of up to ten steps; for others it is cut off at a hundred-thousandth of an
index point, by both databases alike, since what is divided is never negative.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, literal, select

from crmcore.db.schema import improvement_action, survey_answer, survey_response
from crmcore.types.survey import Question, QuestionKind, Survey

STEPS = 2520  # the smallest number that 1 to 10 all divide
HUNDREDTHS = 100
SCALES = (QuestionKind.SCALE, QuestionKind.NPS)
COUNTED = (*SCALES, QuestionKind.YESNO)  # no is 0, yes is 1

answer, response = survey_answer.c, survey_response.c

#: What sums may be kept apart by.
BY = {"side": response.side, "store": response.store, "staff": response.staff, "month": response.month}
PERIOD = "period"
NOW, BEFORE = "NOW", "BEFORE"


@attrs.frozen(kw_only=True)
class Scope:
    """Which responses are meant: valid, complete, of one survey.

    Attributes:
        before / since / until: stored instants; `since` to `until` (exclusive) is NOW, `before` to `since` is BEFORE.
        stores: empty: all of them; `side`: empty: both.
    """

    survey: str
    before: str
    since: str
    until: str
    stores: Collection[str] = ()
    side: str = ""

    def where(self) -> ColumnElement[bool]:
        """The condition on responses."""
        counts = (response.valid == 1, response.complete == 1)
        return and_(response.survey == self.survey, self._between(self.before), *counts, *self._narrowed())

    def every(self) -> ColumnElement[bool]:
        """The same with those that do not count: what is marked is looked for among all of NOW."""
        return and_(response.survey == self.survey, self._between(self.since), *self._narrowed())

    def _between(self, start: str) -> ColumnElement[bool]:
        return and_(response.completed_at >= start, response.completed_at < self.until)

    def _narrowed(self) -> Iterator[ColumnElement[bool]]:
        if self.stores:
            yield response.store.in_(self.stores)
        if self.side:
            yield response.side == self.side

    def column(self, name: str) -> ColumnElement[Any]:
        """What `by` calls it."""
        if name == PERIOD:
            return case((response.completed_at >= self.since, literal(NOW)), else_=literal(BEFORE)).label(PERIOD)
        return func.coalesce(BY[name], "").label(name)


@attrs.frozen(kw_only=True)
class Sums:
    """Sums over people, of the index in steps of 1/STEPS, as `rules.score.samples.Sample` explains them.

    Attributes:
        keys: the values of what they are kept apart by.
        part: the group of questions.
    """

    keys: tuple[Any, ...]
    part: str
    n: int
    answers: int
    total: int
    squares: int
    crossed: int
    counts: int


_SUMS = tuple(field.name for field in attrs.fields(Sums))[2:]


def group_sums(
    connection: Connection, survey: Survey, groups: Mapping[str, Sequence[str]], scope: Scope, by: tuple[str, ...]
) -> list[Sums]:
    """What the answers to each group add up to, kept apart by the columns `by`.

    A person's answers to the questions of one group are summed first, since they are no strangers to each other; one question
    may stand in several groups (`rules.score.factors.groups`). Every answer is read once, however many groups there are.
    """
    parts = {part: tuple(questions) for part, questions in groups.items() if questions}
    if not parts:
        return []
    keys = [scope.column(name) for name in by]
    low, high = _ends(survey)
    asked = sorted({question for questions in parts.values() for question in questions})
    steps = _steps(survey, low, high)
    within = [answer.question.in_(questions) for questions in parts.values()]
    own = [func.sum(case((each, steps))).label(f"s{number}") for number, each in enumerate(within)]
    own += [func.count(case((each, 1))).label(f"k{number}") for number, each in enumerate(within)]
    told = _answers(scope, low, high, select(*keys, *own)).where(answer.question.in_(asked))
    people = told.group_by(response.id, *keys).subquery()
    names, sums = [people.c[name] for name in by], []
    for number in range(len(parts)):
        s, k = people.c[f"s{number}"], people.c[f"k{number}"]
        sums += [
            func.sum(case((k > 0, 1), else_=0)),
            func.sum(k),
            func.sum(s),
            func.sum(s * s),
            func.sum(s * k),
            func.sum(k * k),
        ]
    query = select(*names, *(each.label(f"v{number}") for number, each in enumerate(sums)))
    query = query.group_by(*names).order_by(*names) if names else query
    return [line for row in connection.execute(query) for line in _by_part(row, len(by), tuple(parts))]


def _by_part(row: Row[Any], width: int, parts: tuple[str, ...]) -> Iterator[Sums]:
    """One line for each part that somebody has answered."""
    keys, values = tuple(row[:width]), row[width:]
    for part, start in zip(parts, range(0, len(values), len(_SUMS)), strict=True):
        if values[start]:
            own = map(int, values[start : start + len(_SUMS)])  # PostgreSQL sums whole numbers into a Decimal
            yield Sums(keys=keys, part=part, **dict(zip(_SUMS, own, strict=True)))


def spreads(connection: Connection, survey: Survey, scope: Scope, by: tuple[str, ...]) -> list[Row[Any]]:
    """(*by, question, low, high, number, n): how often each answer was given; `number` in hundredths, on the scale low-high."""
    asked = [code for code, each in survey.questions.items() if each.kind in COUNTED]
    if not asked:
        return []
    low, high = _ends(survey)
    names = [*(scope.column(name) for name in by), answer.question, low.label("low"), high.label("high"), answer.number]
    query = _answers(scope, low, high, select(*names, func.count().label("n"))).where(answer.question.in_(asked))
    return list(connection.execute(query.group_by(*names).order_by(*names)))


def respondents(connection: Connection, scope: Scope, by: tuple[str, ...]) -> list[Row[Any]]:
    """(*by, n): how many filled the questionnaire in."""
    keys = [scope.column(name) for name in by]
    query = select(*keys, func.count().label("n")).where(scope.where())
    return list(connection.execute(query.group_by(*keys).order_by(*keys) if keys else query))


def flags(connection: Connection, scope: Scope) -> dict[str, int]:
    """How many responses of the period carry each integrity mark; excluded ones carry theirs as well."""
    found: dict[str, int] = {}
    query = select(response.flags, func.count().label("n")).where(scope.every(), response.flags != "[]")
    for row in connection.execute(query.group_by(response.flags)):
        for code in json.loads(row.flags):
            found[code] = found.get(code, 0) + row.n
    return dict(sorted(found.items()))


def left_out(connection: Connection, scope: Scope) -> dict[str, int]:
    """How many responses of the period do not count, and why: "INVALID" (excluded by a person) or "INCOMPLETE"."""
    why = case((response.valid == 0, literal("INVALID")), else_=literal("INCOMPLETE"))
    query = select(why.label("why"), func.count().label("n")).where(
        scope.every(), (response.valid == 0) | (response.complete == 0)
    )
    return {row.why: row.n for row in connection.execute(query.group_by(why).order_by(why))}


def actions(connection: Connection, survey: str, stores: Collection[str]) -> list[Row[Any]]:
    """Improvement actions of a survey's factors that are still to be done or to be measured."""
    query = select(improvement_action).where(
        improvement_action.c.survey == survey, improvement_action.c.status.in_(["OPEN", "DOING", "DONE"])
    )
    if stores:
        query = query.where(improvement_action.c.store.in_(stores))
    return list(connection.execute(query.order_by(improvement_action.c.priority, improvement_action.c.id)))


def last(connection: Connection, stores: Collection[str]) -> str | None:
    """The newest answer that is known."""
    query = select(func.max(response.completed_at))
    newest: str | None = connection.execute(query.where(response.store.in_(stores)) if stores else query).scalar_one()
    return newest


def _answers(scope: Scope, low: ColumnElement[int], high: ColumnElement[int], query: Select[Any]) -> Select[Any]:
    """Only what can be placed on its scale: "does not apply" counts for nothing, and a slip of the pen neither."""
    return query.join_from(survey_response, survey_answer, answer.response_id == response.id).where(
        scope.where(), answer.na == 0, answer.number >= HUNDREDTHS * low, answer.number <= HUNDREDTHS * high
    )


def _ends(survey: Survey) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """The scale an answer was given on: its own where it says so, else that of the question."""
    ends = {code: _scale(each) for code, each in survey.questions.items() if each.kind in COUNTED}
    lowest = case({code: low for code, (low, _) in ends.items()}, value=answer.question)
    highest = case({code: high for code, (_, high) in ends.items()}, value=answer.question)
    return func.coalesce(answer.minimum, lowest), func.coalesce(answer.maximum, highest)


def _scale(question: Question) -> tuple[int | None, int | None]:
    return (0, 1) if question.kind is QuestionKind.YESNO else (question.minimum, question.maximum)


def _steps(survey: Survey, low: ColumnElement[int], high: ColumnElement[int]) -> ColumnElement[int]:
    """An answer on the index, best on top, in steps of 1/STEPS; whole, and never negative."""
    mirrored = [code for code, each in survey.questions.items() if each.reverse]
    up, down = answer.number - HUNDREDTHS * low, HUNDREDTHS * high - answer.number
    distance = case((answer.question.in_(mirrored), down), else_=up) if mirrored else up
    return (distance * STEPS) // (high - low)
