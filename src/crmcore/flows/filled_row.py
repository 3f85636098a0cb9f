"""One filled row of a worklist, as far as it can be decided before anything is written: which call it tells of, or why none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import attempts, case_calls, leases, survey_facts
from crmcore.db.columns import instant
from crmcore.flows.asked_before import Before
from crmcore.flows.calling import Call, read_number
from crmcore.flows.case_calling import spoken
from crmcore.flows.desk import Desk
from crmcore.flows.planning import said_by
from crmcore.rules import calltimes
from crmcore.rules.surveys.integrity import ASKED_TWICE
from crmcore.rules.text import Bad, fold, shape
from crmcore.types.contact import AttemptOutcome, ContactAttempt, Effect
from crmcore.types.store import Role, Staff
from crmcore.types.survey import Answer, Mode, Response, Side, Survey
from crmcore.worklist.answers import Answers, Wrong, identity
from crmcore.worklist.form import word_key
from crmcore.worklist.read import Filled, Line


class Scene:
    """What is known of all calls of a file, fetched once; each is looked at again when it is recorded."""

    def __init__(
        self, connection: Connection, desk: Desk, filled: Filled, staff: Sequence[Staff], now: datetime
    ) -> None:
        ids = {number for line in filled.lines if (number := identity(line)) is not None}
        self.filled = filled
        self.calls = attempts.calls(connection, ids)
        self.riders = attempts.riders(connection, ids)
        self.leases = leases.of(connection, ids)
        self.cases = case_calls.cases(connection, self.calls.values())
        self.before = Before.of(connection, list(self.calls.values()), now, desk.cooldown)
        self.codes = survey_facts.staff_codes(connection, staff)


@attrs.frozen(kw_only=True)
class FilledRow:
    """A row that somebody has filled in, beside what is known of its call; `by` hands it in."""

    desk: Desk
    scene: Scene
    staff: Sequence[Staff]
    line: Line
    by: str

    def _exported(self, row: Row[Any], answers: Answers) -> datetime | None:
        lease = self.scene.leases.get(row.id)
        return answers.exported or (None if lease is None else instant(lease.leased_at))

    def left_out(self, row: Row[Any], answers: Answers) -> tuple[Answers, list[str]]:
        """The answers without the scores that the sheet did not ask for, and the reason codes why it did not."""
        exported = self._exported(row, answers)
        why = {column: self.scene.before.why_not(row, column.partition(".")[0], exported) for column in answers.scores}
        kept = {column: said for column, said in answers.scores.items() if why[column] is None}
        return attrs.evolve(answers, scores=kept), sorted({code for code in why.values() if code is not None})

    def call(self, row: Row[Any], answers: Answers, numbers: set[str], now: datetime) -> Call | list[Wrong]:
        """The call the row tells of; or every cell that does not fit what is known."""
        wrong: list[Wrong] = []
        zone = self.desk.settings.store(row.store).timezone
        rules = [row.rule, *self.scene.riders.get(row.id, ())]
        lease = self.scene.leases.get(row.id)
        exported = self._exported(row, answers)
        if _mixed(answers, row, numbers):
            wrong.append(Wrong("id", "ROW_MIXED", shape(self.line.cells["id"])))
        asked = {one.key for one in self.desk.asked(self.desk.asks(rules))}
        wrong += [Wrong(column, "ANSWER_NOT_ASKED") for column in answers.scores if column not in asked]
        at = self._time(row, answers, exported, now, wrong)
        next_at = self._booked(answers, at, zone, wrong)
        caller = self._caller(answers, lease, wrong)
        case = self.scene.cases.get(row.id)
        why_not = self.desk.why_not(caller, row, rules, case_calls.accused(case))
        if why_not is not None:
            wrong.append(Wrong("caller", why_not))
        if case is not None and at is not None and case.resolved_at is not None and at < instant(case.resolved_at):
            wrong.append(self.wrong("called_at", Bad("CALL_TIME_BEFORE_DUE")))
        if wrong or at is None:
            return wrong
        complains = answers.complaint or answers.category or answers.result.effect is Effect.COMPLAINT
        return Call(
            touchpoint=row.id,
            fingerprint="",
            at=at,
            result=answers.result,
            staff=None if caller is None else caller.code,
            number=read_number(answers.who.get("phone", "")),
            remark=answers.remark,
            category=(answers.category or "OTHER") if complains else None,
            referral=answers.referral,
            note=answers.note,
            next_at=next_at,
            next_channel=None if answers.next_channel is None else answers.next_channel.value,
            since=exported,
            by=self.by,
        )

    def _time(
        self, row: Row[Any], answers: Answers, exported: datetime | None, now: datetime, wrong: list[Wrong]
    ) -> datetime | None:
        zone = self.desk.settings.store(row.store).timezone
        at = calltimes.called(answers.called, zone, exported, now)
        due = instant(_first_due(row))
        bad = at if isinstance(at, Bad) else calltimes.plausible(at, due, now, self.desk.policy.import_days)
        if isinstance(bad, Bad):
            wrong.append(self.wrong("called_at", bad))
            return None
        return at if isinstance(at, datetime) else None

    def _booked(self, answers: Answers, at: datetime | None, zone: str, wrong: list[Wrong]) -> datetime | None:
        if answers.next_at is None or at is None:
            return None
        found = calltimes.booked(answers.next_at, zone, at)
        if isinstance(found, Bad):
            wrong.append(self.wrong("next_at", found))
            return None
        return found

    def _caller(self, answers: Answers, lease: Row[Any] | None, wrong: list[Wrong]) -> Staff | None:
        """Who called: as written, else who has taken the row, else who hands it in; None where none of them works here."""
        if answers.caller:
            said = word_key(answers.caller)
            found = [one for one in self.staff if said in {word_key(one.code), word_key(one.name)}]
            if len(found) != 1:
                wrong.append(self.wrong("caller", Bad("CALLER_AMBIGUOUS" if found else "CALLER_UNKNOWN")))
            return found[0] if len(found) == 1 else None
        by_code = {one.code: one for one in self.staff}
        return (by_code.get(lease.holder) if lease is not None else None) or by_code.get(self.by)

    def wrong(self, column: str, bad: Bad) -> Wrong:
        """This cell, with why it cannot be taken."""
        return Wrong(column, bad.reason, shape(self.line.cells.get(column, "")))

    # -------------------------------------------------------------- looking for complaints, outside any transaction

    def looked(self, row: Row[Any], call: Call, answers: Answers) -> Call:
        """The call with the complaints that are found in it, and what it says of the case it is about."""
        attempt = ContactAttempt(
            id="",
            touchpoint_id=f"T{row.id}",
            customer_id=f"C{row.customer_id}",
            at=call.at,
            staff=call.staff,
            outcome=call.result.outcome,
            result=call.result.code,
            remark=call.remark,
            category=call.category,
            referral=call.referral,
            note=call.note,
            next_at=call.next_at,
            next_channel=answers.next_channel,
        )
        rules = [row.rule, *self.scene.riders.get(row.id, ())]
        responses = [
            (survey, said) for survey in self.desk.asks(rules) if (said := _given(survey, answers)) is not None
        ]
        cases, case = self.desk.cases, self.scene.cases.get(row.id)
        filled = [(self._response(row, call, survey, said), survey) for survey, said in responses]
        return attrs.evolve(
            call,
            found=cases.look(attempt),
            responses=tuple((response, cases.look(response, survey=survey)) for response, survey in filled),
            case=None
            if case is None
            else spoken(self.desk, case, call.result, call.category, [response for response, _ in filled]),
        )

    def _response(self, row: Row[Any], call: Call, survey: Survey, said: tuple[Answer, ...]) -> Response:
        """What was answered; complete once the call came to its end, as who is angry or has no bill answers less."""
        return Response(
            id="",
            survey=survey.code,
            version=survey.version,
            side=Side.INTERNAL,
            mode=Mode.PHONE,
            store=row.store,
            customer_id=f"C{row.customer_id}",
            visit_id=None if row.visit_id is None else f"R{row.visit_id}",
            vehicle_id=None if row.vehicle_id is None else f"V{row.vehicle_id}",
            staff=self._advisor(row) if survey.role in _ADVISED else None,
            completed_at=call.at,
            flags=(ASKED_TWICE,) if self.scene.before.why_not(row, survey.code) is not None else (),
            complete=call.result.outcome is AttemptOutcome.SUCCESS and call.result.ends,
            answers=said,
        )

    def _advisor(self, row: Row[Any]) -> str | None:
        """The code of whom the answers are about, whatever the DMS calls him: one colleague has one score."""
        named = row.advisor or row.customer_advisor
        return self.scene.codes.get(named, named) if named else None


_ADVISED = frozenset({Role.SERVICE_ADVISOR, Role.SALES_CONSULTANT})


def _given(survey: Survey, answers: Answers) -> tuple[Answer, ...] | None:
    """The answers to one questionnaire; None where nothing was answered."""
    found = tuple(each for column, each in answers.scores.items() if column.partition(".")[0] == survey.code)
    return found or None


def _mixed(answers: Answers, row: Row[Any], numbers: set[str]) -> bool:
    """Does the row name another customer than its id, as after sorting some columns only? Only what can be read counts."""
    number = read_number(answers.who.get("phone", ""))
    name = fold(answers.who.get("customer", ""))
    against = [name != fold(row.name)] if name else []
    against += [number not in numbers] if number is not None else []
    return len(against) > 1 and all(against)


def _first_due(row: Row[Any]) -> str:
    """When it was due before any attempt moved it."""
    return str(said_by(row).get("first_due", row.due_at))
