"""improve: what is to be mended, out of a weak score or a complaint, and what the next wave says of it (S3: 改善计划).

The nine fields are S3's: factor, item, last score, target, cause, measure, responsible, supervisor, finish date.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import improvement as query
from crmcore.db import scores, values
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.hooks.adapters import Clock
from crmcore.rules.improvement import after_measure, may_follow
from crmcore.rules.score.compare import Verdict, compare
from crmcore.rules.score.factors import groups
from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.score.samples import INDEX, Sample
from crmcore.rules.score.scores import Score, mean_score
from crmcore.types.complaint import ActionStatus
from crmcore.types.improvement import Action
from crmcore.types.survey import Survey

HUNDREDTHS = 100
HIGHEST = 100  # index
#: What is still to be done or measured.
LIVE = (ActionStatus.OPEN, ActionStatus.DOING, ActionStatus.DONE)
PRIORITIES = (1, 2, 3)


@attrs.frozen(kw_only=True)
class Plan:
    """A new row of the improvement plan.

    Attributes:
        factor / item: of the questionnaire; without `survey` any words, e.g. a complaint's category.
        wave: the one that was weak; its score is looked up.
        staff: the colleague whose work it is about; "": everybody's.
        cases: the complaints it comes from, by number.
    """

    store: str
    factor: str
    cause: str
    measure: str
    responsible: str
    supervisor: str
    due_on: date
    survey: str = ""
    item: str = ""
    wave: str = ""
    side: str = ""
    staff: str = ""
    target: Decimal | None = None
    priority: int = 2
    cases: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class Measured:
    """What the next wave says of an action ("B3"); scores are indices."""

    action: str
    wave: str
    score: Decimal | None
    verdict: Verdict


def find(
    db: Database,
    *,
    states: Collection[ActionStatus] = LIVE,
    store: str = "",
    numbers: Collection[int] | None = None,
) -> tuple[Action, ...]:
    """The rows of the plan, the most urgent first; no `states`: in any, no `store`: of all."""
    with db.reading() as connection:
        rows = query.actions(connection, states=states, store=store, numbers=numbers)
        cases = query.cases_of(connection, [row.id for row in rows])
    return tuple(values.action(row, cases.get(row.id, ())) for row in rows)


def add(db: Database, plan: Plan, surveys: Mapping[str, Survey], policy: ScorePolicy, clock: Clock) -> int:
    """Keep a new action; its number.

    Raises:
        UsageError: CRM-U130 and CRM-U131 for a questionnaire, factor, item, wave, case or priority that does not exist, CRM-U134
            for a target that is no index.
    """
    _known("priority", plan.priority, PRIORITIES)
    if plan.target is not None and not (plan.target.is_finite() and 0 <= plan.target <= HIGHEST):
        raise UsageError("CRM-U134", value=str(plan.target))
    if plan.survey:
        _known("survey", plan.survey, surveys)
        _known("factor", plan.factor, surveys[plan.survey].factors)
        if plan.item:
            _known("item", plan.item, surveys[plan.survey].questions)
    with db.writing() as connection:
        missing = sorted(set(plan.cases) - query.known_cases(connection, plan.cases))
        if missing:
            raise UsageError("CRM-U131", id=f"K{missing[0]}")
        last = None
        if plan.survey and plan.wave:
            _known("wave", plan.wave, query.waves(connection, plan.survey, store=plan.store, side=plan.side))
            last = _score(connection, surveys[plan.survey], _question(plan), plan, plan.wave, policy).value
        row = {
            "store": plan.store, "survey": plan.survey, "factor": plan.factor, "item": plan.item, "wave": plan.wave,
            "side": plan.side, "staff": plan.staff or None, "cause": plan.cause, "measure": plan.measure,
            "responsible": plan.responsible, "supervisor": plan.supervisor, "due_on": plan.due_on.isoformat(),
            "priority": plan.priority, "status": ActionStatus.OPEN.value, "last_score": _stored(last),
            "target_score": None if plan.target is None else int(plan.target * HUNDREDTHS),
        }  # fmt: skip
        return query.add_action(connection, row, plan.cases, clock.now())


def move(db: Database, number: int, to: ActionStatus, clock: Clock) -> None:
    """Take an action on to its next status; raises `UsageError` when it does not exist or is past that."""
    with db.writing() as connection:
        row = query.locked(connection, number)
        if row is None:
            raise UsageError("CRM-U132", id=f"B{number}")
        before = ActionStatus(row.status)
        if not may_follow(before, to):
            raise UsageError("CRM-U133", id=f"B{number}", state=before.value, to=to.value)
        query.change(connection, number, clock.now(), status=to.value)


def measure(db: Database, surveys: Mapping[str, Survey], policy: ScorePolicy, clock: Clock) -> tuple[Measured, ...]:
    """Hold every action that waits for it against the next wave: moved, or noise.

    One that moved up is VERIFIED; one that did not stays where it is, with what was found, for people to decide on.
    """
    found = []
    with db.writing() as connection:
        for row in query.to_measure(connection):
            survey = surveys.get(row.survey)
            later = [
                each for each in query.waves(connection, row.survey, store=row.store, side=row.side) if each > row.wave
            ]
            if survey is None or not later:
                continue
            part = row.item or row.factor
            before, after = (_score(connection, survey, part, row, wave, policy) for wave in (row.wave, later[0]))
            verdict = compare(before, after, policy).verdict
            if verdict is Verdict.TOO_FEW and len(later) == 1:
                continue  # the wave may still be coming in
            _write(connection, row, later[0], after, verdict, clock)
            found.append(Measured(action=f"B{row.id}", wave=later[0], score=_shown(after.value), verdict=verdict))
    return tuple(found)


def _write(connection: Connection, row: Row[Any], wave: str, after: Score, verdict: Verdict, clock: Clock) -> None:
    query.change(
        connection,
        row.id,
        clock.now(),
        result_wave=wave,
        result_score=_stored(after.value),
        verdict=verdict.value,
        status=after_measure(ActionStatus(row.status), verdict).value,
    )


def _score(connection: Connection, survey: Survey, part: str, about: Any, wave: str, policy: ScorePolicy) -> Score:
    """The index of one factor or item in one wave; `about` says which store, side and colleague."""
    parts = {**groups(survey), **{code: (code,) for code in survey.questions}}
    scope = query.wave_of(survey.code, wave, store=about.store, side=about.side, staff=about.staff or "")
    for row in scores.group_sums(connection, survey, {part: parts[part]}, scope, ()):
        return mean_score(
            Sample.several(
                INDEX,
                row.n,
                row.total,
                row.squares,
                answers=row.answers,
                crossed=row.crossed,
                counts=row.counts,
                steps=scores.STEPS,
            ),
            policy,
        )
    return mean_score(Sample.empty(), policy)


def _question(plan: Plan) -> str:
    return plan.item or plan.factor


def _known(what: str, value: object, known: Collection[object]) -> None:
    if value not in known:
        raise UsageError("CRM-U130", what=what, value=value, known=", ".join(map(str, known)))


def _stored(value: Fraction | None) -> int | None:
    """An index as it is kept: hundredths, half up."""
    return None if value is None else int(value * HUNDREDTHS + Fraction(1, 2))


def _shown(value: Fraction | None) -> Decimal | None:
    hundredths = _stored(value)
    return None if hundredths is None else Decimal(hundredths) / HUNDREDTHS
