"""escalate: what is overdue climbs the ladder, each rung once, and colleagues are owed the alert.

A run that comes late, or twice, changes when a rung is climbed and nothing else: the key (case, round, level) is the promise, and
how late it was noticed is kept. One transaction for each case.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection

from crmcore.db import complaint_history, complaints
from crmcore.db.columns import instant
from crmcore.db.engine import Database
from crmcore.errors import StoreError
from crmcore.flows.casework import File
from crmcore.flows.evidence import Cases, tell
from crmcore.hooks.adapters import Clock
from crmcore.rules import people
from crmcore.rules.complaints.ladder import escalations
from crmcore.types.complaint import ClockKind, Escalation, EventKind, SlaClock
from crmcore.types.store import Role, Staff

#: How far before the last run a case may have been written by somebody whose transaction took long.
_OVERLAP = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Climbed:
    """One rung that was climbed; `late`: it was noticed late, or only after the thing was done."""

    case: str
    round: int
    level: int
    clock: ClockKind
    role: Role
    staff: str | None
    due_at: datetime
    late: bool


@attrs.define
class EscalateReport:
    """What a run did.

    Attributes:
        looked: cases with a deadline that has passed.
        climbed: the rungs, by case and level.
    """

    looked: int = 0
    climbed: list[Climbed] = attrs.field(factory=list)

    @property
    def late(self) -> int:
        """Rungs that were noticed late."""
        return sum(each.late for each in self.climbed)


def escalate(db: Database, cases: Cases, clock: Clock) -> EscalateReport:
    """Climb every rung that is due; a case that fails keeps no other from climbing, and is raised in the end."""
    now, report = clock.now(), EscalateReport()
    failed: list[Exception] = []
    with db.reading() as connection:
        last = complaints.escalated_at(connection)
        since = None if last is None else instant(last) - _OVERLAP
        numbers = complaints.overdue(connection, now, since)
    for number in numbers:
        report.looked += 1
        try:
            with db.writing() as connection:
                climbed = _climb(File.open(connection, cases, f"K{number}", by="crmcore", at=now, now=now))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - told below, after the others had their turn
            failed.append(error)
        else:
            report.climbed += climbed
    if failed:
        raise failed[0]
    with db.writing() as connection:
        complaints.keep_escalated_at(connection, now)
    return report


def _climb(file: File) -> list[Climbed]:
    """The rungs of one case, under its lock."""
    before = {(each.round, each.level) for each in complaint_history.climbed(file.connection, file.number)}
    done = []
    for step in escalations(file.case, file.cases.policy, before, file.now):
        named = attrs.evolve(step, staff=_who(file, step))
        if complaint_history.climb(file.connection, file.number, named):
            done.append(_climbed(file, named))
    return done


def _climbed(file: File, step: Escalation) -> Climbed:
    detail = {
        "round": step.round,
        "level": step.level,
        "clock": step.clock.value,
        "role": step.role.value,
        "staff": step.staff,
        "due_at": step.due_at.isoformat(),
        "late": step.late,
    }
    file.happen(EventKind.ESCALATE, detail=detail)
    _alert(file.connection, file, step)
    return Climbed(
        case=file.case.id,
        round=step.round,
        level=step.level,
        clock=step.clock,
        role=step.role,
        staff=step.staff,
        due_at=step.due_at,
        late=step.late,
    )


def _alert(connection: Connection, file: File, step: Escalation) -> None:
    """Colleagues are told of what still waits to be done; what was done late is only kept."""
    clock = _clock(file, step)
    if clock.stopped_at is None:
        case = attrs.evolve(file.case, round=step.round)
        tell(connection, case, "ESCALATED", file.now, clock=clock, role=step.role, staff=step.staff, level=step.level)


def _clock(file: File, step: Escalation) -> SlaClock:
    return next(each for each in file.case.clocks if (each.kind, each.round) == (step.clock, step.round))


def _who(file: File, step: Escalation) -> str | None:
    """The colleague of that role who is there; None: the role alone is told."""
    there: list[Staff] = people.there(file.staff(), file.store.code, step.role, file.today)
    return there[0].code if len(there) == 1 else None
