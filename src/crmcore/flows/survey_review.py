"""What looks odd about surveys, and a person's word on it: a flag marks, a person decides, nothing is deleted."""

from __future__ import annotations

from datetime import timedelta

from crmcore.db import survey_facts, survey_lists
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.flows.invitations import KINDS
from crmcore.hooks.adapters import Clock
from crmcore.rules.surveys.integrity import Dropped, Treated, dropped
from crmcore.rules.surveys.policy import SurveyPolicy

#: So far back visits are compared. [J]
LOOK_BACK = timedelta(days=90)


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
