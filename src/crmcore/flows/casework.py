"""What every step on a case shares: the row is locked, the table of states is asked, clocks stop, the history gets its line."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Table

from crmcore.db import complaint_clocks, complaint_history, complaints, touchpoints
from crmcore.db.engine import LONGEST, Database, take_ids
from crmcore.errors import UsageError
from crmcore.flows import second_callback
from crmcore.flows.colleague import colleague, signed
from crmcore.flows.evidence import Cases, keep_clocks, tell
from crmcore.flows.plan_who import staff_of
from crmcore.hooks.adapters import Clock
from crmcore.rules import worktime
from crmcore.rules.complaints import clocks as sla
from crmcore.rules.complaints import owners, states
from crmcore.types.complaint import Complaint, ComplaintEvent, ComplaintState, EventKind, Origin, SlaClock
from crmcore.types.store import Role, Staff, Store


@attrs.frozen(kw_only=True)
class Office:
    """Where cases are worked on: the store, what it goes by, the clock."""

    db: Database
    cases: Cases
    clock: Clock

    @contextlib.contextmanager
    def at_work(self, case: str, *, at: datetime | None = None, by: str, ahead: Table | None = None) -> Iterator[File]:
        """One case, locked until the block ends, with its second callback; `at`: when it happened, if not now.

        Args:
            ahead: a table that gets a row: whoever keeps evidence takes its ids before it locks the case, and so do we.

        Raises:
            UsageError: CRM-T501 there is none of this number, CRM-T502 the DMS keeps it, CRM-T507 `at` lies ahead or before it,
                CRM-U117 or CRM-U118 `by` is nobody who works here.
        """
        with self.db.writing() as connection:
            now = self.clock.now()
            signed(connection, self.cases, by)
            touchpoints.lock(connection)  # first, as whoever records a call does
            if ahead is not None:
                take_ids(connection, ahead, 0)
            file = File.open(connection, self.cases, case, by=by, at=at or now, now=now)
            if file.case.origin is Origin.DMS:
                raise UsageError("CRM-T502", id=file.case.id)
            if not file.case.received_at <= file.at <= now:
                raise UsageError("CRM-T507", id=file.case.id)
            yield file
            second_callback.follow(file)


@attrs.define(kw_only=True)
class File:
    """A case on somebody's desk.

    Attributes:
        by: who works on it: a staff code, or "cli".
        at: when it happened; `now` when it is written down.
    """

    connection: Connection
    cases: Cases
    case: Complaint
    number: int
    by: str
    at: datetime
    now: datetime

    @classmethod
    def open(cls, connection: Connection, cases: Cases, case: str, *, by: str, at: datetime, now: datetime) -> File:
        """Take a case out, locked."""
        number = number_of(case)
        found = complaints.find(connection, number, lock=True)
        if found is None:
            raise UsageError("CRM-T501", id=case)
        return cls(connection=connection, cases=cases, case=found, number=number, by=by, at=at, now=now)

    @property
    def store(self) -> Store:
        """The store of the case."""
        return self.cases.store(self.case.store)

    @property
    def today(self) -> date:
        """The local date of the store."""
        return worktime.local(self.now, self.store.timezone).date()

    def staff(self) -> list[Staff]:
        """Everybody, as configured and as the DMS knows them."""
        return staff_of(self.connection, self.cases)

    def person(self, code: str) -> Staff:
        """The colleague of this code; raises `UsageError` CRM-U117 for nobody."""
        return colleague(self.staff(), code)

    def refuse(self, reason: str | None) -> None:
        """Stop with the words of a reason code of `rules.complaints`; None: go on."""
        if reason is not None:
            raise UsageError("CRM-T504", id=self.case.id, reason=reason)

    def among(self, value: str, known: Collection[str], what: str) -> str:
        """`value`, which must be one of `known`."""
        if value not in known:
            raise UsageError("CRM-T505", value=value, what=what, known=", ".join(known))
        return value

    # -------------------------------------------------------------- what happens

    def happen(
        self,
        event: EventKind,
        *,
        values: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] | None = None,
        note: str = "",
        reached: bool = True,
    ) -> None:
        """Let `event` happen, if it can: state, clocks, columns and the line in the history, together.

        Raises:
            UsageError: CRM-T503, it cannot happen in this state.
        """
        before = self.case.state
        after = states.transition(before, event)
        if after is None:
            raise UsageError("CRM-T503", id=self.case.id, event=event.value, state=before.value, can=_can(before))
        self.keep_clocks(sla.stop(self.case.clocks, states.stops(event, reached=reached), self.store, self.at))
        complaints.change(self.connection, self.number, {**(values or {}), "state": after}, self.now)
        line = ComplaintEvent(
            at=self.at,
            recorded_at=self.now,
            who=self.by,
            kind=event,
            before=before,
            after=after,
            detail=detail or {},
            note=note,
        )
        complaint_history.note(self.connection, self.number, line)
        self.read_again()

    def read_again(self) -> None:
        """What is written now."""
        found = complaints.find(self.connection, self.number)
        assert found is not None
        self.case = found

    def keep_clocks(self, clocks: Sequence[SlaClock]) -> None:
        """Write what became of the clocks."""
        keep_clocks(self.connection, self.case, clocks)
        self.case = attrs.evolve(self.case, clocks=tuple(clocks))

    def start_clocks(self, clocks: Sequence[SlaClock]) -> None:
        """Let new clocks run."""
        complaint_clocks.start(self.connection, self.number, clocks)
        self.case = attrs.evolve(self.case, clocks=(*self.case.clocks, *clocks))

    def running(self) -> list[SlaClock]:
        """The clocks that were not stopped."""
        return [clock for clock in self.case.clocks if clock.stopped_at is None]

    def tell(self, kind: str, *, role: Role, staff: str | None = None, level: int = 0) -> None:
        """Owe the colleagues an alert, which speaks of the deadline that comes first."""
        clock = min(self.running(), key=lambda each: each.due_at, default=None)
        if clock is not None:
            tell(self.connection, self.case, kind, self.now, clock=clock, role=role, staff=staff, level=level)

    # -------------------------------------------------------------- whose it is

    def give(self, to: str | None, *, note: str = "", why: str = "") -> Staff:
        """Put the case on somebody's desk: `to`, or whom the rules choose.

        Raises:
            UsageError: CRM-U117 nobody has this code, CRM-T504 the person may not own it, CRM-T506 nobody is there who may.
        """
        if to is not None:
            chosen = self.person(to)
            self.refuse(owners.may_own(chosen, self.case, self.today))
        else:
            found = owners.choose_owner(self.staff(), self.case, self.today, self.case.department)
            if found is None:
                raise UsageError("CRM-T506", id=self.case.id)
            chosen = found
        waits = self.case.state in states.WAITING
        values: dict[str, Any] = {"owner": chosen.code} | ({"handed_over_at": self.at} if waits else {})
        detail = {"to": chosen.code, "from": self.case.owner} | ({"why": why} if why else {})
        self.happen(EventKind.HAND_OVER if waits else EventKind.ASSIGN, values=values, detail=detail, note=note)
        told = "HANDED_OVER" if waits else "ASSIGNED"
        self.tell(told, role=chosen.role, staff=chosen.code, level=0 if waits else self._lines())
        return chosen

    def take_away(self, why: str) -> Staff | None:
        """The owner may not keep it (`why`): somebody else gets it; None: nobody may, and the CR manager is told."""
        found = owners.choose_owner(self.staff(), self.case, self.today, self.case.department)
        if found is not None:
            return self.give(found.code, why=why)
        detail = {"to": None, "from": self.case.owner, "why": why}
        self.happen(EventKind.ASSIGN, values={"owner": None}, detail=detail)
        self.tell("OWNERLESS", role=Role.CR_MANAGER, level=self._lines())
        return None

    def _lines(self) -> int:
        """The length of the history: each alert of one kind is told apart by it."""
        return len(complaint_history.events(self.connection, self.number))


def number_of(case: str, letter: str = "K", code: str = "CRM-T501") -> int:
    """The 12 of "K12"; raises `UsageError` for what is no such id."""
    digits = case.strip().upper().removeprefix(letter)
    if not (digits.isascii() and digits.isdecimal() and len(digits) < LONGEST):
        raise UsageError(code, id=case)
    return int(digits)


def _can(state: ComplaintState) -> str:
    """What may happen in a state, as the commands call it."""
    return ", ".join(event.value for event in EventKind if states.transition(state, event) is not None)
