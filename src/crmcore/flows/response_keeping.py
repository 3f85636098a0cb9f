"""A batch of responses on its way into the store: each with its flags, its invitation and its case, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import Connection

from crmcore.db import asked, invitations, survey_facts, surveys
from crmcore.flows.batch import Parsed
from crmcore.flows.response_owner import Owner
from crmcore.hooks.records import Gone
from crmcore.rules.surveys import integrity
from crmcore.types.store import Department
from crmcore.types.survey import Response, SurveyScope

if TYPE_CHECKING:
    from crmcore.flows.responses import SourceRun

_DEPARTMENT = {
    SurveyScope.SALES: Department.SALES.value,
    SurveyScope.SERVICE: Department.SERVICE.value,
    SurveyScope.COMPLAINT: Department.CR.value,
}


@attrs.define
class Changes:
    """See `flows.batch.Changes`."""

    changes: int = 0


class ResponseKeeper:
    """Keeps the responses of one batch, in the transaction that holds the cursor."""

    def __init__(self, source: SourceRun, connection: Connection, now: datetime) -> None:
        self.source, self.connection, self.now = source, connection, now
        self.unit = Changes()
        self.staff_phones = survey_facts.staff_phones(connection, source.scene.staff)
        self.about: dict[str, list[datetime]] = {}

    def load(self, parsed: Sequence[Parsed]) -> None:
        """Everything was fetched before; responses are few."""

    def keep(self, _entity: str, said: Any) -> None:
        """One response with what follows from it; one that is gone from its source stays, as what was said once."""
        if isinstance(said, Gone):
            return
        ready = self.source.ready[id(said)]
        response, owner = ready.response, ready.owner
        phone = said.customer.phones[0] if said.customer is not None and said.customer.phones else None
        flags = self._flags(response, owner, phone, said.key)
        more = {
            "invitation_id": owner.invitation_id,
            "attempt_id": None,
            "phone": phone,
            "sample_id": said.sample_id,
            "department": _DEPARTMENT[self.source.source.crosswalk.survey.scope],
        }
        kept = surveys.keep(
            self.connection,
            attrs.evolve(response, flags=flags),
            source=self.source.source.name,
            key=said.key,
            now=self.now,
            zone=self.source.zones[owner.store],
            more=more,
        )
        if owner.invitation_id is not None:
            invitations.answered(self.connection, owner.invitation_id, complete=response.complete, now=self.now)
        if kept.news:
            self.unit.changes += 1
            self.source.flagged.update(flags)
        if response.staff:
            self.about.setdefault(response.staff, []).append(response.completed_at)
        self.source.open_case(self.connection, ready.found, response, kept.id, phone=phone)

    def _flags(self, response: Response, owner: Owner, phone: str | None, key: str) -> tuple[str, ...]:
        numbers = survey_facts.phones_of(self.connection, owner.customer_id) | ({phone} if phone else set())
        facts = integrity.Facts(
            by_staff=not numbers.isdisjoint(self.staff_phones),
            customers=max((self._customers(number, owner.customer_id) for number in numbers), default=0),
            answered_before=self._answered_before(response, key),
            handed_at=owner.handed_at,
            completed_at=response.completed_at,
            answers=response.answers,
        )
        return integrity.flags(facts, self.source.source.crosswalk.survey, self.source.scene.policy)

    def _answered_before(self, response: Response, key: str) -> bool:
        visit = surveys.id_of(response.visit_id)
        mine = (self.source.source.name, key)
        return visit is not None and asked.before(self.connection, visit, response, but=mine)

    def _customers(self, number: str, customer_id: int | None) -> int:
        """Also counting the one who answers now, who may have another number in his file."""
        others = survey_facts.customers_with(self.connection, number, but=customer_id)
        return others + (customer_id is not None)

    def write(self) -> None:
        """Clusters are seen only once all are in."""
        policy, surveys_by_code = self.source.scene.policy, self.source.scene.surveys
        reach = timedelta(hours=policy.full_marks_hours)
        for staff, times in self.about.items():
            rows = survey_facts.of_staff(self.connection, staff, min(times) - reach, max(times) + reach)
            given = survey_facts.answers(self.connection, [row.id for row in rows])
            marks = [
                integrity.Mark(
                    row.id,
                    datetime.fromisoformat(row.completed_at).astimezone(UTC),
                    integrity.full_marks(given.get(row.id, ()), surveys_by_code[row.survey]),
                )
                for row in rows
                if row.survey in surveys_by_code
            ]
            found = integrity.clusters(marks, run=policy.full_marks_run, hours=policy.full_marks_hours)
            self.source.flagged[integrity.FULL_MARKS_CLUSTER] += survey_facts.flag(
                self.connection, found, integrity.FULL_MARKS_CLUSTER
            )
