"""take_in: what customers answered, from every survey source, into the store; a bad answer becomes a case in the same breath.

Rows go through the machine of `sync`: known by digest, counted once, rejected with a reason. Whose a response is, is worked out,
and every finder of complaints asked, before the transaction; the response, its invitation, its flags and its case are one commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import attrs
from sqlalchemy import Connection

from crmcore.db import survey_facts, surveys
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.errors import CrmError, StoreError
from crmcore.flows import rejects
from crmcore.flows.batch import Counts, Parsed
from crmcore.flows.evidence import Found, Opened
from crmcore.flows.pull import Pull, batches
from crmcore.flows.response_intake import UNMAPPED, Crosswalk, Filled, ResponseIntake
from crmcore.flows.response_keeping import ResponseKeeper
from crmcore.flows.response_owner import Owner, owners
from crmcore.flows.sync import SourceReport
from crmcore.hooks.adapters import Clock
from crmcore.hooks.records import Batch
from crmcore.rules.surveys.policy import SurveyPolicy
from crmcore.types.complaint import ComplaintChannel, EvidenceKind
from crmcore.types.store import Staff, Store
from crmcore.types.survey import Answer, Response, Survey

#: A clock that is a little fast is no reason to refuse an answer.
AHEAD = timedelta(days=1)


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
    reports = [SourceRun(scene, source).read() for source in wanted]
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


class SourceRun:
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
            self._map_anew()
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

    def _map_anew(self) -> None:
        """What was kept under the name of its item becomes an answer to our question once somebody has mapped it."""
        mapped: dict[int, dict[str, Answer]] = {}
        with self.scene.db.reading() as connection:
            for row in survey_facts.unmapped_answers(connection, self.source.name):
                item = row.question.removeprefix(UNMAPPED)
                answer = self.intake.mapped(item, row.value, row.comment or "")
                if isinstance(answer, Answer):
                    mapped.setdefault(row.response_id, {})[row.question] = answer
            known = surveys.load(connection, mapped)
        for number, answers in mapped.items():
            response = attrs.evolve(known[number], answers=tuple(answers.values()))
            found = self.scene.cases.look(response, survey=self.source.crosswalk.survey)
            with self.scene.db.writing() as connection:
                for instead_of, answer in answers.items():
                    surveys.keep_answer(connection, number, answer, instead_of=instead_of)
                self.open_case(connection, found, response, number, phone=None)

    def open_case(
        self, connection: Connection, found: Sequence[Found], response: Response, number: int, *, phone: str | None
    ) -> None:
        """A response that somebody takes for a complaint opens a case, unless it is history or nobody can be called."""
        now = self.scene.clock.now()
        if not found:
            return
        if response.completed_at < now - timedelta(days=self.scene.policy.alert_within_days):
            self.tally["too_old"] += 1
        elif response.customer_id is None and response.visit_id is None and phone is None:
            self.tally["anonymous"] += 1
        else:
            opened = self.scene.cases.keep(
                connection,
                found,
                kind=EvidenceKind.RESPONSE,
                evidence_id=number,
                store=response.store,
                customer_id=surveys.id_of(response.customer_id),
                visit_id=surveys.id_of(response.visit_id),
                vehicle_id=surveys.id_of(response.vehicle_id),
                received_at=response.completed_at,
                channel=ComplaintChannel.SURVEY,
                now=now,
            )
            if opened is not None:
                self.tally["joined" if opened.joined else "opened"] += 1

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

    def _keeper(self, connection: Connection, now: str) -> ResponseKeeper:
        return ResponseKeeper(self, connection, datetime.fromisoformat(now))


def _name(letter: str, number: int | None) -> str | None:
    return None if number is None else f"{letter}{number}"
