"""report csi: what customers answered, as scores; what moved, and what is noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import scores as query
from crmcore.db.engine import Database
from crmcore.db.scores import BEFORE, NOW, Scope
from crmcore.flows import report_scores as sums
from crmcore.flows.report_head import Frame
from crmcore.flows.report_scores import Answers, Parts
from crmcore.flows.report_words import csi_words
from crmcore.reports.csi import Action, Advisor, Csi, Figure, Measured, SurveyFacts, Weak
from crmcore.rules import periods
from crmcore.rules.score import index
from crmcore.rules.score.compare import compare
from crmcore.rules.score.factors import EVERYTHING, factor_scores, groups, index_score, weakest
from crmcore.rules.score.league import Place, Step, league, profile, trend
from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.score.rates import rate
from crmcore.rules.score.samples import Sample, Spread, pooled
from crmcore.rules.score.scores import Score, Unit, mean_score, rounded
from crmcore.types.survey import Question, QuestionKind, Side, Survey

OVERALL = "OVERALL"  # how questionnaires call the question about all of it
TREND = 12  # months, at least

_Score = Callable[[Answers], Score]
_Scores = Callable[[Answers], Iterator[tuple[str, str, Score]]]
_Measure = Callable[[Spread, ScorePolicy], Score]


def csi(
    db: Database,
    surveys: Mapping[str, Survey],
    policy: ScorePolicy,
    frame: Frame,
    *,
    first_fix: str = "FIXED_FIRST_TIME",
    repairs: Sequence[Score] = (),
    lang: str,
) -> Csi:
    """Scores of the period and of the one before it.

    Args:
        db: the store.
        surveys: the questionnaires to report on, by code.
        policy: how scores are shown.
        frame: which stores, which days.
        first_fix: the question whose "yes" means that it was fixed the first time.
        repairs: first-time-fix rates of the same period that rest on orders.
        lang: of the words.
    """
    with db.reading() as connection:
        told = [_Teller(connection, each, policy, frame, first_fix).facts() for each in surveys.values()]
        words = csi_words(connection, surveys, frame, lang)
        newest = query.last(connection, frame.codes)
    loud = tuple(each for each in told if each is not None)
    return Csi(
        head=frame.head(newest),
        surveys=loud,
        silent=tuple(code for code in surveys if code not in {each.survey for each in loud}),
        repairs=tuple(repairs),
        min_n=policy.min_n,
        confidence=policy.confidence,
        words=words,
    )


@attrs.frozen
class _Teller:
    """One questionnaire in one period; each figure is a sum of the database, put through the rules."""

    connection: Connection
    survey: Survey
    policy: ScorePolicy
    frame: Frame
    first_fix: str

    @property
    def scope(self) -> Scope:
        """Both periods, both sides."""
        start, since, until = self.frame.instants()
        return Scope(survey=self.survey.code, before=start, since=since, until=until, stores=self.frame.codes)

    def facts(self) -> SurveyFacts | None:
        """None where nobody has answered, in the period or in the one before."""
        counts = {(row.period, row.side): int(row.n) for row in self._respondents()}
        if not counts:
            return None
        side = self._side(counts)
        said = sums.by_side(self.connection, self.survey, self.scope)
        factors = tuple(self._measured(said, side, self._factor))
        items = tuple(self._measured(said, side, self._item))
        main = attrs.evolve(self.scope, side=side.value)
        now = said[NOW, side]
        return SurveyFacts(
            survey=self.survey.code,
            side=side,
            respondents={of: n for (period, of), n in counts.items() if period == NOW},
            before={of: n for (period, of), n in counts.items() if period == BEFORE},
            left_out=query.left_out(self.connection, self.scope),
            flags=query.flags(self.connection, self.scope),
            target=self.policy.target.get(self.survey.code),
            index=self._one(said, side, EVERYTHING, "", lambda each: index_score(self.survey, each.parts, self.policy)),
            figures=tuple(self._figures(now, said[BEFORE, side])),
            bands=self._bands(now),
            factors=factors,
            items=items,
            trend=self._trends(),
            league=self._league(main),
            stores=self._stores(main),
            weakest=self._weakest(factors, items),
        )

    def _side(self, counts: Mapping[tuple[str, str], int]) -> Side:
        """The dealer's own answers; where they are too few to say anything and a third party has more, theirs."""
        internal, external = (sum(n for (_, of), n in counts.items() if of == side) for side in Side)
        return Side.EXTERNAL if internal < min(self.policy.min_n, external) else Side.INTERNAL

    def _respondents(self) -> Sequence[Row[Any]]:
        return query.respondents(self.connection, self.scope, ("period", "side"))

    # ------------------------------------------------------------------ factors and items

    def _factor(self, said: Answers) -> Iterator[tuple[str, str, Score]]:
        for each in factor_scores(self.survey, said.parts, {}, self.policy):
            yield each.factor, "", each.score

    def _item(self, said: Answers) -> Iterator[tuple[str, str, Score]]:
        for code in groups(self.survey)[EVERYTHING]:
            factor = self.survey.questions[code].factor or ""
            yield code, factor, mean_score(said.item(self.survey, code), self.policy)

    def _measured(self, said: Mapping[tuple[str, str], Answers], side: Side, of: _Scores) -> Iterator[Measured]:
        """The same list for both periods and both sides, line by line."""
        wanted = ((NOW, side), (BEFORE, side), (NOW, Side.INTERNAL), (NOW, Side.EXTERNAL))
        for lines in zip(*(of(said[key]) for key in wanted), strict=True):
            code, factor, _ = lines[0]
            yield self._line(code, factor, *(score for _, _, score in lines))

    def _one(self, said: Mapping[tuple[str, str], Answers], side: Side, code: str, factor: str, of: _Score) -> Measured:
        wanted = ((NOW, side), (BEFORE, side), (NOW, Side.INTERNAL), (NOW, Side.EXTERNAL))
        return self._line(code, factor, *(of(said[key]) for key in wanted))

    def _line(self, code: str, factor: str, now: Score, before: Score, internal: Score, external: Score) -> Measured:
        return Measured(
            code=code,
            factor=factor,
            score=now,
            before=before,
            change=compare(before, now, self.policy),
            internal=internal,
            external=external,
            gap=compare(internal, external, self.policy),
        )

    # ------------------------------------------------------------------ figures over one question

    def _figures(self, now: Answers, before: Answers) -> Iterator[Figure]:
        """The recommendation, the overall satisfaction in two forms, and whether it was fixed."""
        asked, fixed = self.survey.questions, rate("first_time_fix_customer")
        wanted: tuple[tuple[str, Question | None, _Measure], ...] = (
            ("nps", next((each for each in asked.values() if each.kind is QuestionKind.NPS), None), index.nps),
            ("csat", asked.get(OVERALL), index.csat),
            ("top_box", asked.get(OVERALL), index.top_box),
            (
                "first_time_fix_customer",
                asked.get(self.first_fix),
                lambda spread, policy: fixed(spread.where(lambda said: said == 1), spread.n, policy),
            ),
        )
        for metric, question, measure in wanted:
            if question is None:
                continue
            scores = [measure(said.spread(self.survey, question.code), self.policy) for said in (before, now)]
            # another scale before: a change of the question, not of the answer
            if scores[0].method != scores[1].method:
                scores[0] = attrs.evolve(scores[1], n=0, value=None, low=None, high=None, error=None)
            change = compare(scores[0], scores[1], self.policy)
            yield Figure(metric=metric, question=question.code, score=scores[1], before=scores[0], change=change)

    def _bands(self, now: Answers) -> Mapping[str, Score]:
        question = self.survey.questions.get(OVERALL)
        return {} if question is None else index.bands(now.spread(self.survey, question.code), self.policy)

    # ------------------------------------------------------------------ over time, over people

    def _trends(self) -> dict[str, tuple[Step, ...]]:
        """The index month by month, of each side that has answers; at least a year, months without answers included."""
        wanted, scope = self._months(self.scope)
        found = sums.by(self.connection, self.survey, scope, "month", "side", parts=sums.for_index(self.survey))
        sides = [side.value for side in Side if any(of == side for _, of in found)]
        return {side: self._trend([(month, found.get((month, side), {})) for month in wanted]) for side in sides}

    def _months(self, scope: Scope) -> tuple[Sequence[str], Scope]:
        """At least a year, ending with the period: the months by name, and the answers of all of them."""
        period = self.frame.period
        first = min(periods.month_back(period.until, TREND - 1), periods.month_back(period.since, 0))
        start = self.frame.instant(first)
        return periods.names(first, period.until), attrs.evolve(scope, before=start, since=start)

    def _trend(self, months: Sequence[tuple[str, Parts]]) -> tuple[Step, ...]:
        steps: list[Step] = []
        for month, parts in months:
            score = index_score(self.survey, parts, self.policy)
            change = compare(steps[-1].score, score, self.policy) if steps else None
            steps.append(Step(period=month, score=score, change=change))
        return tuple(steps)

    def _league(self, main: Scope) -> tuple[Advisor, ...]:
        """Colleagues from the best down; answers that name nobody stand in the profiles' whole, and on no line."""
        found = sums.by(self.connection, self.survey, main, "period", "staff")
        now = {staff: parts for (period, staff), parts in found.items() if period == NOW}
        codes = [code for code in groups(self.survey) if code != EVERYTHING]
        everybody = {code: pooled(parts[code] for parts in now.values() if code in parts) for code in codes}
        known = {staff: _all(parts) for staff, parts in now.items() if staff}
        months, scope = self._months(main)
        whole = {EVERYTHING: groups(self.survey)[EVERYTHING]}
        monthly = sums.by(self.connection, self.survey, scope, "month", "staff", parts=whole)
        return tuple(
            attrs.evolve(
                self._advisor(place, now[place.key], found.get((BEFORE, place.key), {}), everybody),
                trend=trend(
                    [(month, _all(parts)) for month in months if (parts := monthly.get((month, place.key)))],
                    self.policy,
                ),
            )
            for place in league(known, self.policy)
        )

    def _advisor(self, place: Place, own: Parts, earlier: Parts, everybody: Parts) -> Advisor:
        before = mean_score(_all(earlier), self.policy)
        mine = {code: own[code] for code in everybody if code in own}
        return Advisor(
            place=place,
            before=before,
            change=compare(before, place.score, self.policy),
            profile=profile(mine, everybody, self.policy),
        )

    def _stores(self, main: Scope) -> tuple[Place, ...]:
        """Stores side by side; one alone is compared with nothing."""
        if len(self.frame.codes) < 2:
            return ()
        found = sums.by(self.connection, self.survey, attrs.evolve(main, before=main.since), "store")
        return league({store: _all(parts) for (store,), parts in found.items()}, self.policy)

    # ------------------------------------------------------------------ what to mend

    def _weakest(self, factors: Sequence[Measured], items: Sequence[Measured]) -> tuple[Weak, ...]:
        by_code = {each.code: each for each in factors}
        known = query.actions(self.connection, self.survey.code, self.frame.codes)
        under: dict[str, list[Action]] = {}
        for row in known:
            under.setdefault(row.factor, []).append(
                Action(
                    id=f"B{row.id}",
                    item=row.item,
                    measure=row.measure,
                    responsible=row.responsible,
                    due_on=row.due_on,
                    status=row.status,
                    late=row.status in {"OPEN", "DOING"} and row.due_on < self.frame.today.isoformat(),
                )
            )
        order = weakest({code: each.score for code, each in by_code.items()}, self.policy)
        return tuple(self._weak(by_code[code], items, tuple(under.get(code, ()))) for code in order)

    def _weak(self, factor: Measured, items: Sequence[Measured], actions: tuple[Action, ...]) -> Weak:
        mine = {each.code: each.score for each in items if each.code in groups(self.survey)[factor.code]}
        lowest = next(iter(weakest(mine, self.policy)), "")
        return Weak(
            factor=factor.code,
            score=factor.score,
            gap=_gap(self.policy.target.get(self.survey.code), factor.score),
            item=lowest,
            item_score=mine.get(lowest),
            actions=actions,
        )


def _gap(target: Decimal | None, score: Score) -> Decimal | None:
    return None if target is None or score.value is None else target - rounded(score.value, Unit.INDEX_100)


def _all(parts: Parts) -> Sample:
    return parts.get(EVERYTHING, Sample.empty())
