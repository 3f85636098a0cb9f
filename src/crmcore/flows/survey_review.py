"""What looks odd about surveys, and a person's word on it: a flag marks, a person decides, nothing is deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import attrs

from crmcore.config import Config
from crmcore.db import invitations, survey_facts, survey_lists
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.flows.invitations import KINDS
from crmcore.hooks.adapters import Clock
from crmcore.rules.surveys.integrity import DROPPED_AFTER_BAD_VISIT, Dropped, Treated, dropped
from crmcore.rules.surveys.policy import SurveyPolicy
from crmcore.types.survey import InvitationState, Survey

#: So far back visits are compared. [J]
LOOK_BACK = timedelta(days=90)


@attrs.frozen(kw_only=True)
class InUse:
    """A questionnaire, and how much there is of it.

    Attributes:
        sources: instances that ask it, "survey.web".
        invited: how many invitations are in each state.
        responses: filled or begun.
        unmapped: answers to items that stand for none of our questions.
    """

    survey: Survey
    sources: tuple[str, ...]
    invited: Mapping[InvitationState, int]
    responses: int
    unmapped: int


@attrs.frozen(kw_only=True)
class Flagged:
    """Something that deserves a second look.

    Attributes:
        flag: a reason code.
        response: "Q12"; None for what is said of an advisor, with `dropped`.
        staff: whose work it is about.
        valid: does the response count? None without one.
    """

    flag: str
    response: str | None = None
    staff: str | None = None
    valid: bool | None = None
    dropped: Dropped | None = None


def named(surveys: Mapping[str, Survey], code: str) -> Survey:
    """The questionnaire of this code; raises `UsageError` CRM-S403 for another."""
    if code not in surveys:
        raise UsageError("CRM-S403", name=code, known=", ".join(surveys))
    return surveys[code]


def in_use(db: Database, config: Config) -> tuple[InUse, ...]:
    """Every questionnaire that is configured."""
    with db.reading() as connection:
        invited, filled = invitations.counts(connection), survey_lists.response_counts(connection)
        strange = survey_lists.unmapped(connection)
    found = []
    for code, survey in config.surveys.items():
        sources = tuple(each.full_name for each in config.survey.values() if each.survey == code)
        by_state: dict[InvitationState, int] = {}
        for (asked, _, reached), count in invited.items():
            if asked == code:
                state = InvitationState(reached)
                by_state[state] = by_state.get(state, 0) + count
        found.append(
            InUse(
                survey=survey,
                sources=sources,
                invited=by_state,
                responses=sum(count for (answered, _), count in filled.items() if answered == code),
                unmapped=sum(sum(strange.get(name, {}).values()) for name in sources),
            )
        )
    return tuple(found)


def flagged(
    db: Database, policy: SurveyPolicy, clock: Clock, *, flag: str | None = None, limit: int = 200
) -> tuple[Flagged, ...]:
    """Responses by flag, the newest first, then advisors; of one flag or of all."""
    with db.reading() as connection:
        rows = survey_lists.responses(connection, flagged=True, flag=flag, limit=limit)
    found = [
        Flagged(flag=code, response=f"Q{row.id}", staff=row.staff, valid=bool(row.valid))
        for row in rows
        for code in json.loads(row.flags)
        if flag in {None, code}
    ]
    if flag in {None, DROPPED_AFTER_BAD_VISIT}:
        about = dropped_after_bad_visits(db, policy, clock)
        found += [Flagged(flag=DROPPED_AFTER_BAD_VISIT, staff=each.staff, dropped=each) for each in about]
    return tuple(found)


def dropped_after_bad_visits(db: Database, policy: SurveyPolicy, clock: Clock) -> tuple[Dropped, ...]:
    """Advisors after whose bad visits customers are not asked; visits too fresh to have been asked about are left out."""
    until = clock.now().date() - timedelta(days=policy.invite_after_days + policy.invite_window_days)
    found: list[Treated] = []
    with db.reading() as connection:
        codes = survey_facts.staff_codes(connection)
        for kind in KINDS.values():
            rows = survey_facts.treated(connection, kind, until - LOOK_BACK, until, policy.invite_after_days)
            found += [
                Treated(staff=codes.get(row.staff, row.staff), bad=bool(row.bad), asked=bool(row.asked)) for row in rows
            ]
    return dropped(found, least=policy.dropped_visits)


def judge(db: Database, number: int, *, valid: bool, why: str, by: str, clock: Clock) -> None:
    """Count one response, or keep it out of the scores.

    Raises:
        UsageError: there is none of this number, it is so already, or it is to be kept out for no reason.
    """
    if not valid and not why.strip():
        raise UsageError("CRM-S406")
    with db.writing() as connection:
        done = survey_lists.judge(connection, number, valid=valid, why=why.strip(), by=by, now=clock.now())
    if done is None:
        raise UsageError("CRM-S404", id=f"Q{number}")
    if not done:
        raise UsageError("CRM-S405", id=f"Q{number}")
