"""take_in: what customers answered, from every survey source, into the store; a bad answer becomes a case in the same breath.

Rows go through the machine of `sync`: known by digest, counted once, rejected with a reason. Whose a response is, is worked out,
and every finder of complaints asked, before the transaction; the response, its invitation, its flags and its case are one commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import attrs
from sqlalchemy import Connection

from crmcore.db import invitations, survey_facts, surveys
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.errors import CrmError, StoreError
from crmcore.flows import rejects
from crmcore.flows.batch import Counts, Parsed
from crmcore.flows.evidence import Found, Opened
from crmcore.flows.pull import Pull, batches
from crmcore.flows.response_intake import Crosswalk, Filled, ResponseIntake
from crmcore.flows.response_owner import Owner, owners
from crmcore.flows.sync import SourceReport
from crmcore.hooks.adapters import Clock
from crmcore.hooks.records import Batch, Gone
from crmcore.rules.surveys import integrity
from crmcore.rules.surveys.policy import SurveyPolicy
from crmcore.types.complaint import ComplaintChannel, EvidenceKind
from crmcore.types.store import Department, Staff, Store
from crmcore.types.survey import Response, Survey, SurveyScope

#: A clock that is a little fast is no reason to refuse an answer.
AHEAD = timedelta(days=1)
_DEPARTMENT = {
    SurveyScope.SALES: Department.SALES.value,
    SurveyScope.SERVICE: Department.SERVICE.value,
    SurveyScope.COMPLAINT: Department.CR.value,
}


class CanPull(Protocol):
    """What is asked of an adapter here."""

    def pull_responses(self, cursor: str | None) -> Iterator[Batch]:
        """See `hooks.adapters.PullsResponses`."""


class Cases(Protocol):
    """Where complaints are found and kept; `flows.evidence.Cases`."""

    def look(self, evidence: Response, *, survey: Survey | None = None) -> tuple[Found, ...]:
        """What the finders make of it; outside any transaction."""

    def keep(
        self, connection: Connection, found: Sequence[Found], *, kind: EvidenceKind, evidence_id: int, store: str,
        customer_id: int | None, visit_id: int | None = None, vehicle_id: int | None = None, received_at: datetime,
        channel: ComplaintChannel, first_asked: str | None = None, now: datetime,
    ) -> Opened | None:  # fmt: skip
        """Open a case or join one, in the transaction of the caller."""


@attrs.frozen(kw_only=True)
class SurveySource:
    """One [survey.<name>] that can be asked; `name` is the whole one, "survey.lime"; `store` that of a row which names none."""

    name: str
    system: str
    adapter: CanPull = attrs.field(repr=False)
    store: str
    crosswalk: Crosswalk = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class ResponseReport(SourceReport):
    """As of a sync, and what the answers led to.

    Attributes:
        unmapped: items that stand for none of our questions -> how many answers; they are kept.
        opened / joined: cases.
        too_old: low answers that are older than `alert_within_days`.
        anonymous: low answers of which nobody knows whose they are.
        flagged: integrity flag -> how many responses got it.
    """

    unmapped: Mapping[str, int] = attrs.field(factory=dict)
    opened: int = 0
    joined: int = 0
    too_old: int = 0
    anonymous: int = 0
    flagged: Mapping[str, int] = attrs.field(factory=dict)


def take_in(
    db: Database,
    wanted: Sequence[SurveySource],
    cases: Cases,
    *,
    stores: Mapping[str, Store],
    policy: SurveyPolicy,
    surveys: Mapping[str, Survey],
    clock: Clock,
    folder: Path,
    lang: str = "zh",
    staff: Sequence[Staff] = (),
) -> tuple[ResponseReport, ...]:
    """Read every source from its cursor to its end; an error in one is reported, and the others go on.

    Args:
        surveys: every questionnaire of the dealer by code; a cluster of full marks may run over several.
        folder: where rejects.csv is written.
        staff: as configured; whom the DMS knows is found in the store.

    Raises:
        StoreError: the database refuses; what was committed stays.
    """
    scene = _Scene(db=db, cases=cases, stores=stores, policy=policy, surveys=surveys, clock=clock, staff=tuple(staff))
    reports = [_Source(scene, source).read() for source in wanted]
    if not wanted:
        return ()
    path = rejects.write_csv(db, folder / "rejects.csv", lang)
    return tuple(attrs.evolve(report, rejects=path if report.rejected else None) for report in reports)


@attrs.frozen(kw_only=True)
class _Scene:
    """What all sources of a run share."""

    db: Database
    cases: Cases
    stores: Mapping[str, Store]
    policy: SurveyPolicy
    surveys: Mapping[str, Survey]
    clock: Clock
    staff: tuple[Staff, ...]


@attrs.frozen
class _Ready:
    """A response whose owner is known and about which the finders have spoken."""

    response: Response
    owner: Owner
    found: tuple[Found, ...]


class _Source:
    """One source of a run."""

    def __init__(self, scene: _Scene, source: SurveySource) -> None:
        self.scene, self.source = scene, source
        self.zones = {code: store.timezone for code, store in scene.stores.items()}
        self.intake = ResponseIntake(source.crosswalk, source.store, self.zones, stamp(scene.clock.now() + AHEAD))
        self.ready: dict[int, _Ready] = {}
        self.tally: Counter[str] = Counter()
        self.flagged: Counter[str] = Counter()

    def read(self) -> ResponseReport:
        """Pull to the end, and say what came of it."""
        counts, error = Counts(), None
        readers: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {"response": self.intake.response}
        try:
            pull = Pull(
                self.scene.db, self.source.name, self.source.system, clock=self.scene.clock, read=readers, counts=counts
            )
            for batch in batches(self.source.name, self.source.adapter.pull_responses, pull.at.cursor, "CRM-S401"):
                pull.take(batch, self._keeper, self._prepare)
        except StoreError:
            raise
        except CrmError as caught:
            error = caught
        return ResponseReport(
            source=self.source.name,
            read=counts.read,
            accepted=counts.accepted,
            unchanged=counts.unchanged,
            duplicates=counts.duplicates,
            rejected=counts.rejected,
            warnings=dict(self.intake.people.warnings),
            unknown_fields=tuple(sorted(self.intake.people.unknown)),
            error=error,
            unmapped=dict(self.intake.unmapped),
            opened=self.tally["opened"],
            joined=self.tally["joined"],
            too_old=self.tally["too_old"],
            anonymous=self.tally["anonymous"],
            flagged=dict(self.flagged),
        )

    def _prepare(self, parsed: Sequence[Parsed]) -> None:
        """Whose each response is, and whether it is a complaint: all that may call others, before the transaction."""
        filled = [said for _, said in parsed if isinstance(said, Filled)]
        with self.scene.db.reading() as connection:
            codes = survey_facts.staff_codes(connection, self.scene.staff)
            found = owners(connection, filled, codes, system=self.source.system, store=self.source.store)
        self.ready = {}
        for said, owner in zip(filled, found, strict=True):
            if owner.stranger:
                self.intake.people.warnings["TOKEN_UNKNOWN"] += 1
            response = self._response(said, owner)
            look = self.scene.cases.look(response, survey=self.source.crosswalk.survey)
            self.ready[id(said)] = _Ready(response, owner, look)

    def _response(self, said: Filled, owner: Owner) -> Response:
        crosswalk = self.source.crosswalk
        return Response(
            id="",
            survey=crosswalk.survey.code,
            version=crosswalk.survey.version,
            side=crosswalk.side,
            mode=said.mode,
            store=owner.store,
            customer_id=_name("C", owner.customer_id),
            visit_id=_name("R", owner.visit_id),
            vehicle_id=_name("V", owner.vehicle_id),
            staff=owner.staff,
            wave=said.wave,
            started_at=datetime.fromisoformat(said.started_at) if said.started_at else None,
            completed_at=said.at,
            complete=said.complete,
            answers=said.answers,
        )

    def _keeper(self, connection: Connection, now: str) -> _Keeper:
        return _Keeper(self, connection, datetime.fromisoformat(now))


@attrs.define
class _Changes:
    changes: int = 0


class _Keeper:
    """Keeps the responses of one batch, in the transaction that holds the cursor."""

    def __init__(self, source: _Source, connection: Connection, now: datetime) -> None:
        self.source, self.connection, self.now = source, connection, now
        self.unit = _Changes()
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
        flags = self._flags(response, owner, phone)
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
        self._open_case(ready, kept.id, phone)

    def _flags(self, response: Response, owner: Owner, phone: str | None) -> tuple[str, ...]:
        numbers = survey_facts.phones_of(self.connection, owner.customer_id) | ({phone} if phone else set())
        facts = integrity.Facts(
            by_staff=not numbers.isdisjoint(self.staff_phones),
            customers=max((self._customers(number, owner.customer_id) for number in numbers), default=0),
            handed_at=owner.handed_at,
            completed_at=response.completed_at,
            answers=response.answers,
        )
        return integrity.flags(facts, self.source.source.crosswalk.survey, self.source.scene.policy)

    def _customers(self, number: str, customer_id: int | None) -> int:
        """Also counting the one who answers now, who may have another number in his file."""
        others = survey_facts.customers_with(self.connection, number, but=customer_id)
        return others + (customer_id is not None)

    def _open_case(self, ready: _Ready, number: int, phone: str | None) -> None:
        """A response that somebody takes for a complaint opens a case, unless it is history or nobody can be called."""
        if not ready.found:
            return
        response, owner, tally = ready.response, ready.owner, self.source.tally
        if response.completed_at < self.now - timedelta(days=self.source.scene.policy.alert_within_days):
            tally["too_old"] += 1
        elif owner.customer_id is None and owner.visit_id is None and phone is None:
            tally["anonymous"] += 1
        else:
            opened = self.source.scene.cases.keep(
                self.connection,
                ready.found,
                kind=EvidenceKind.RESPONSE,
                evidence_id=number,
                store=response.store,
                customer_id=owner.customer_id,
                visit_id=owner.visit_id,
                vehicle_id=owner.vehicle_id,
                received_at=response.completed_at,
                channel=ComplaintChannel.SURVEY,
                now=self.now,
            )
            if opened is not None:
                tally["joined" if opened.joined else "opened"] += 1

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


def _name(letter: str, number: int | None) -> str | None:
    return None if number is None else f"{letter}{number}"
