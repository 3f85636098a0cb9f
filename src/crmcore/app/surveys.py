"""Questionnaires, what was answered, and what looks odd about it: `crm.surveys`; invitations are `crm.invite`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcore.types.survey import Response, Survey

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows.survey_review import Flagged, InUse


class Surveys:
    """A flag marks, a person decides, nothing is deleted; `by` as in `crm.customers`."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    # ------------------------------------------------------------------ reading

    def in_use(self) -> tuple[InUse, ...]:
        """Every questionnaire with its sources, and how many were invited and have answered."""
        from crmcore.flows.survey_review import in_use

        return in_use(self._crm.db, self._crm.config)

    def get(self, survey: str) -> Survey:
        """One questionnaire as it is asked; CRM-S403 there is none."""
        from crmcore.flows.survey_review import named

        return named(self._crm.config.surveys, survey)

    def responses(self, survey: str | None = None, limit: int = 200) -> tuple[Response, ...]:
        """What was answered, the newest first, to one questionnaire or to all; CRM-S403 there is none."""
        from crmcore.db import lookup

        code = None if survey is None else self.get(survey).code
        with self._crm.db.reading() as connection:
            return tuple(lookup.filled(connection, code, limit))

    def flagged(self, flag: str | None = None, limit: int = 200) -> tuple[Flagged, ...]:
        """What deserves a second look: responses by flag, the newest first, then advisors; of one flag or of all."""
        from crmcore.flows.survey_review import flagged

        crm = self._crm
        return flagged(crm.db, crm.config.surveying, crm.clock, flag=flag, limit=limit)

    # ------------------------------------------------------------------ what people do

    def exclude(self, response: str, why: str, *, by: str) -> None:
        """Keep a response ("Q12") out of the scores, for a reason that stands in the trail.

        Raises:
            UsageError: CRM-S404 there is none, CRM-S405 it is out already, CRM-S406 no reason.
        """
        self._judge(response, why, by, valid=False)

    def include(self, response: str, why: str = "", *, by: str) -> None:
        """Count it again; CRM-S404 and CRM-S405 as `exclude`."""
        self._judge(response, why, by, valid=True)

    def _judge(self, response: str, why: str, by: str, *, valid: bool) -> None:
        from crmcore.flows.casework import number_of
        from crmcore.flows.survey_review import judge

        crm, who = self._crm, self._crm.signed(by)
        judge(crm.db, number_of(response, "Q", "CRM-S404"), valid=valid, why=why, by=who, clock=crm.clock)
