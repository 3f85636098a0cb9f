"""callbacks import: an edited worklist is read back, each row whole or not at all, each row once.

Fetch what the rows are about, decide row by row whether it can be taken, look for complaints outside any transaction, and
record each call in a transaction of its own. Clocks start at the time of the call on the sheet, not at the import.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Row

from crmcore.db import attempts
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.flows.calling import Call, record
from crmcore.flows.desk import Desk
from crmcore.flows.filled_row import FilledRow, Scene
from crmcore.flows.plan_who import staff_of
from crmcore.hooks.adapters import Clock
from crmcore.rules.text import Bad, shape
from crmcore.worklist.answers import Answers, Reader, Wrong, identity, plain
from crmcore.worklist.read import read


@attrs.frozen(kw_only=True)
class Rejected:
    """A cell for which its row was left out: "K17", the column, what the value looks like, and why."""

    row: int
    cell: str
    id: str
    column: str
    shape: str
    reason: str


@attrs.frozen(kw_only=True)
class Notice:
    """Something the clerk should know of a row that was taken."""

    row: int
    id: str
    reason: str


@attrs.define(kw_only=True)
class ImportReport:
    """What became of the rows; `read` is the sum of recorded, unchanged, not_called and rejected rows.

    Attributes:
        late: recorded rows whose call was written down later than the handover clock allows.
        follows: DONE, RETRY, BOOKED, GIVEN_UP, MEND or OVER -> rows.
        opened / joined / closed / reopened: complaints.
        ignored: headings of columns that are none of ours.
    """

    file: str
    read: int = 0
    recorded: int = 0
    unchanged: int = 0
    not_called: int = 0
    late: int = 0
    responses: int = 0
    proposals: int = 0
    opted_out: int = 0
    texts: int = 0
    follows: dict[str, int] = attrs.field(factory=dict)
    opened: list[int] = attrs.field(factory=list)
    joined: list[int] = attrs.field(factory=list)
    closed: list[int] = attrs.field(factory=list)
    reopened: list[int] = attrs.field(factory=list)
    rejected: list[Rejected] = attrs.field(factory=list)
    notices: list[Notice] = attrs.field(factory=list)
    ignored: tuple[str, ...] = ()

    @property
    def rejected_rows(self) -> int:
        """How many rows were left out; one may have several wrong cells."""
        return len({each.row for each in self.rejected})


def take_in(db: Database, desk: Desk, path: Path, clock: Clock, *, by: str) -> ImportReport:
    """Read an edited worklist back.

    Args:
        by: who hands it in; the caller of rows that name none and are in nobody's hands, where he works here.

    Raises:
        SourceError: the file is no worklist (CRM-S501) or cannot be read.
    """
    with db.reading() as connection:
        staff = staff_of(connection, desk.settings)
    form = desk.form(desk.asked(desk.surveys.values()), staff)
    filled = read(path, form)
    reader = Reader(form, desk.results)
    with db.reading() as connection:
        scene = Scene(connection, desk, filled, staff, clock.now())
    report = ImportReport(file=path.name, ignored=filled.ignored)
    for line in filled.lines:
        report.read += 1
        row = FilledRow(desk=desk, scene=scene, staff=staff, line=line, by=by)
        _Row(db, reader, row, report).take(clock)
    return report


@attrs.frozen
class _Row:
    """One row on its way in."""

    db: Database
    reader: Reader
    filled: FilledRow
    report: ImportReport

    def take(self, clock: Clock) -> None:
        """Decide about the row, and record it; what is wrong with it goes into the report."""
        if self.filled.line.reason:
            self._reject([Wrong("", self.filled.line.reason)])
        elif not self.reader.answered(self.filled.line):
            self.report.not_called += 1
        else:
            number = identity(self.filled.line)
            row = None if number is None else self.filled.scene.calls.get(number)
            if row is None:
                reason = "ROW_ID_DAMAGED" if number is None else "ROW_ID_UNKNOWN"
                self._reject([Wrong("id", reason, shape(self.filled.line.cells.get("id", "")))])
            else:
                self._answered(row, clock)

    def _answered(self, row: Row[Any], clock: Clock) -> None:
        store = self.filled.desk.settings.store(row.store)
        answers = self.reader.read(self.filled.line, store.timezone)
        if not isinstance(answers, Answers):
            self._reject(answers)
            return
        print_ = answers.fingerprint(row.id)
        answers, left_out = self.filled.left_out(row, answers)
        now = clock.now()
        with self.db.reading() as connection:
            before = attempts.of_call(connection, [row.id]).get(row.id, [])
            if any(one.fingerprint == print_ for one in before):
                self.report.unchanged += 1
                return
            numbers = {one.value for one in attempts.numbers(connection, row.customer_id)}
        call = self.filled.call(row, answers, numbers, now)
        if not isinstance(call, Call):
            self._reject(call)
            return
        same = [one for one in before if one.at == stamp(call.at)]
        if same:
            self._same_call(same[0], call, answers)
            return
        looked = self.filled.looked(row, attrs.evolve(call, fingerprint=print_), answers)
        if looked.case is not None and looked.case.missing:
            self._reject([Wrong(looked.case.missing, "CALLBACK_UNHEARD")])
            return
        self._record(row, looked, clock, left_out)

    def _same_call(self, before: Row[Any], call: Call, answers: Answers) -> None:
        """The same call again: as it was, or told otherwise, which nobody can decide here."""
        with self.db.reading() as connection:
            scores = {column: plain(value) for column, value in attempts.answers(connection, before.id).items()}
        said = (call.result.code, call.remark or None, call.category, call.referral or None, call.note or None)
        kept = (before.result, before.remark, before.category, before.referral, before.note)
        if said == kept and answers.values() == scores:
            self.report.unchanged += 1
        else:
            self._reject([self.filled.wrong("called_at", Bad("CALL_RECORDED_OTHERWISE"))])

    # -------------------------------------------------------------- recording

    def _record(self, row: Row[Any], call: Call, clock: Clock, left_out: Sequence[str]) -> None:
        now = clock.now()
        with self.db.writing() as connection:
            done = record(connection, self.filled.desk, call, now)
        if done is None:
            self.report.unchanged += 1
            return
        report = self.report
        report.recorded += 1
        report.late += now - call.at > self.filled.desk.handover
        report.follows[done.follows] = report.follows.get(done.follows, 0) + 1
        for name in ("responses", "proposals", "opted_out", "texts"):
            setattr(report, name, getattr(report, name) + getattr(done, name))
        for name in ("opened", "joined", "closed", "reopened"):
            getattr(report, name).extend(getattr(done, name))
        twice = {code for response, _ in call.responses for code in response.flags}
        codes = [*done.notices, *left_out, *sorted(twice), *(["CALLER_MISSING"] if call.staff is None else [])]
        if now - call.at > self.filled.desk.handover and done.opened:
            codes.append("COMPLAINT_LATE")
        report.notices += [Notice(row=self.filled.line.number, id=f"T{row.id}", reason=code) for code in codes]

    def _reject(self, wrong: Sequence[Wrong]) -> None:
        place, number = self.filled.scene.filled.place, self.filled.line.number
        id_ = identity(self.filled.line)
        self.report.rejected += [
            Rejected(
                row=number,
                cell=place(number, each.column),
                id="" if id_ is None else f"T{id_}",
                column=each.column,
                shape=each.shape,
                reason=each.reason,
            )
            for each in wrong
        ]
