"""callbacks: the calls that are due, as the clerk needs them: who, why, which car, what to ask, and in whose hands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from sqlalchemy import Connection, Row

from crmcore import lang as catalogue
from crmcore.db import attempts, case_calls, leases
from crmcore.db import worklist as query
from crmcore.db.columns import instant, stamp
from crmcore.db.engine import Database
from crmcore.flows import naming
from crmcore.flows.asked_before import Before
from crmcore.flows.desk import Desk
from crmcore.flows.plan_who import staff_of
from crmcore.rules.complaints.heard import SOLVED
from crmcore.rules.masking import mask_name, mask_phone, mask_plate
from crmcore.types.contact import TouchpointRule
from crmcore.types.survey import Survey
from crmcore.worklist.rows import WorklistRow
from crmcore.worklist.write import write


def due_rows(
    db: Database, desk: Desk, now: datetime, *, lang: str, masked: bool, store: str | None = None, by: str = ""
) -> list[WorklistRow]:
    """The worklist at `now`, the nearest deadline first; `masked` for a screen, full for the clerk's own file.

    Args:
        by: who asks; a row that somebody else has taken says so, one of his own customers is not for him.
    """
    with db.reading() as connection:
        return _Listing(connection, desk, now, lang=lang, masked=masked, by=by).rows(store)


@attrs.frozen(kw_only=True)
class Choice:
    """Which calls go onto a sheet.

    Attributes:
        mine: those alone that are assigned to who exports.
        limit: so many that he can take; what others have taken stands between them and does not count.
    """

    store: str | None = None
    mine: bool = False
    limit: int | None = None


EVERY_CALL = Choice()


def export(
    db: Database, desk: Desk, path: Path, now: datetime, *, lang: str, by: str, choice: Choice = EVERY_CALL
) -> Exported:
    """Write the worklist to `path` (.xlsx or .csv, mode 0600); its rows are then in the hands of `by`.

    What somebody else has taken stays with him and is marked; the file is written before anything is taken, so that no row
    is in the hands of somebody who has no file.
    """
    with db.reading() as connection:
        listing = _Listing(connection, desk, now, lang=lang, masked=False, by=by)
        rows = _first(listing.rows(choice.store, by if choice.mine else None), choice.limit)
        staff = staff_of(connection, desk.settings)
    form = desk.form(desk.asked(listing.surveys), staff)
    write(path, rows, lang=lang, title=catalogue.say("worklist.title", lang), form=form)
    until = now + timedelta(hours=desk.policy.lease_hours)
    with db.writing() as connection:
        ids = {int(row.id[1:]) for row in rows if not row.shut}
        others = {number for number, row in leases.running(connection, ids, now).items() if row.holder != by}
        leases.take(connection, ids - others, by, now, until, path.name)
    nobody = bool(staff) and by not in {one.code for one in staff}
    return Exported(callbacks=len(rows), leased=len(ids - others), others=len(others), until=until, nobody=nobody)


@attrs.frozen(kw_only=True)
class Exported:
    """What an export did: rows on the sheet, those now in the hands of who exported, those that somebody else has.

    Attributes:
        nobody: the people of the dealer are known, and who exported is none of them.
    """

    callbacks: int
    leased: int
    others: int
    until: datetime
    nobody: bool = False


def _first(rows: list[WorklistRow], limit: int | None) -> list[WorklistRow]:
    """The rows up to the last of the first `limit` that can be taken."""
    free = [number for number, row in enumerate(rows, start=1) if not row.lease]
    return rows if limit is None or limit >= len(free) else rows[: free[limit - 1]]


class _Listing:
    """The calls that are due, with what the clerk must know before he dials."""

    def __init__(self, connection: Connection, desk: Desk, now: datetime, *, lang: str, masked: bool, by: str) -> None:
        self.connection, self.desk, self.now = connection, desk, now
        self.lang, self.masked, self.by = lang, masked, by
        self.names = naming.staff_names(connection) | {one.code: one.name for one in desk.settings.staff}
        self.caller = next((one for one in staff_of(connection, desk.settings) if one.code == by), None)
        self.surveys: list[Survey] = []

    def rows(self, store: str | None, executor: str | None = None) -> list[WorklistRow]:
        """Every call, in order; `surveys` then holds the questionnaires that any of them asks."""
        calls = query.due_calls(self.connection, self.now, store=store, executor=executor)
        self._load(calls)
        return [self._row(number, row) for number, row in enumerate(calls, start=1)]

    def _load(self, calls: Sequence[Row[Any]]) -> None:
        people, ids = {row.customer_id for row in calls}, [row.id for row in calls]
        self.phones = query.phones(self.connection, people)
        self.visits = query.last_visits(self.connection, people)
        self.tries = query.attempts(self.connection, ids)
        self.riders = attempts.riders(self.connection, ids)
        self.silent = query.refuses_surveys(self.connection, people)
        self.cases = case_calls.cases(self.connection, calls)
        self.before = Before.of(self.connection, calls, self.now, self.desk.cooldown)
        self.leases = leases.running(self.connection, ids, self.now)
        self.cars_of = {row.id: _cars_of(row) for row in calls}
        self.cars = query.cars(self.connection, {car for each in self.cars_of.values() for car in each})
        self.surveys = self.desk.asks(code for row in calls for code in self._rules(row))

    def _rules(self, row: Row[Any]) -> list[str]:
        return [row.rule, *self.riders.get(row.id, ())]

    def _row(self, number: int, row: Row[Any]) -> WorklistRow:
        rules, zone = self.desk.settings.rules, ZoneInfo(self.desk.settings.store(row.store).timezone)
        codes = self._rules(row)
        surveys, shut = self._asked(row, codes)
        phone = self.phones.get(row.customer_id, "")
        theirs = [self.cars[car] for car in self.cars_of[row.id] if car in self.cars]
        plates = (mask_plate(car.plate) if self.masked and car.plate else car.plate for car in theirs)
        case = self.cases.get(row.id)
        why_not = self.desk.why_not(self.caller, row, codes, case_calls.accused(case))
        return WorklistRow(
            id=f"T{row.id}",
            priority=str(number),
            due=_local(row.due_at, zone),
            deadline=_local(row.deadline_at, zone),
            task=" + ".join(_label(rules, code, self.lang) for code in codes),
            reason=" · ".join([*_reason(row, self.lang), *self._of_case(row, phone)]),
            customer=mask_name(row.name) if self.masked else row.name,
            phone=mask_phone(phone) if self.masked else phone.removeprefix("+86"),
            plate=_listed(plates),
            vehicle=_listed(" ".join(part for part in (car.series, car.model) if part) for car in theirs),
            last_visit=self.visits.get(row.customer_id, ""),
            advisor=naming.colleague(row.advisor or row.customer_advisor, self.names, self.lang),
            executor=naming.colleague(row.executor, self.names, self.lang),
            supervisors="、".join(
                naming.colleague(one, self.names, self.lang) for one in json.loads(row.supervisors or "[]")
            ),
            attempts=str(self.tries.get(row.id, 0)),
            lease=self._lease(row, zone) if why_not is None else catalogue.reason(why_not, self.lang)[0],
            exported=_local(stamp(self.now), zone),
            questions=_questions(rules, codes, surveys, shut, self.lang),
            asked=tuple(one.key for one in self.desk.asked(surveys)),
            late=row.deadline_at is not None and instant(row.deadline_at) < self.now,
            shut=why_not is not None,
        )

    def _asked(self, row: Row[Any], codes: list[str]) -> tuple[list[Survey], list[tuple[Survey, str]]]:
        """The questionnaires that this call asks, and those that it leaves out, each with the reason code."""
        surveys = self.desk.asks(codes)
        why = {survey.code: self.before.why_not(row, survey.code) for survey in surveys}
        asked = [survey for survey in surveys if why[survey.code] is None]
        if row.customer_id in self.silent:  # whether it is solved is no question of opinion
            asked = [_only(survey, SOLVED) for survey in asked if row.id in self.cases and SOLVED in survey.questions]
        return asked, [(survey, code) for survey in surveys if (code := why[survey.code]) is not None]

    def _of_case(self, row: Row[Any], phone: str) -> list[str]:
        """Which case it is the second callback of; and where nobody may be called, what must be done instead."""
        case = self.cases.get(row.id)
        if case is None:
            return []
        category = self.desk.categories.get(case.category)
        found = [f"K{case.id}", case.category if category is None else category.label.get(self.lang, case.category)]
        if not phone:
            numbers = attempts.numbers(self.connection, row.customer_id)
            code = "DO_NOT_CALL" if any(one.refused for one in numbers) else "NO_NUMBER"
            found += [catalogue.reason(each, self.lang)[0] for each in (code, "CASE_NEEDS_WAIVER")]
        return found

    def _lease(self, row: Row[Any], zone: ZoneInfo) -> str:
        """Who else has taken this row; nothing for one's own."""
        taken = self.leases.get(row.id)
        if taken is None or taken.holder == self.by:
            return ""
        until = instant(taken.until).astimezone(zone)
        same_day = until.date() == self.now.astimezone(zone).date()
        shown = until.strftime("%H:%M" if same_day else "%m-%d %H:%M")
        who = naming.colleague(taken.holder, self.names, self.lang)
        return catalogue.say("worklist.taken", self.lang, "crmcore", who=who, until=shown)


def _only(survey: Survey, code: str) -> Survey:
    return attrs.evolve(survey, questions={code: survey.questions[code]})


def _cars_of(row: Row[Any]) -> tuple[int, ...]:
    """The cars that a call is about: a fleet's are in its explanation."""
    said = query.explanation(row).get("vehicles", ())
    return tuple(said) or ((row.vehicle_id,) if row.vehicle_id is not None else ())


def _listed(words: Iterable[str | None]) -> str:
    return "、".join(dict.fromkeys(word for word in words if word))


def _local(stored: str | None, zone: ZoneInfo) -> str:
    return instant(stored).astimezone(zone).strftime("%Y-%m-%d %H:%M") if stored else ""


def _label(rules: Mapping[str, TouchpointRule], code: str, lang: str) -> str:
    return rules[code].label.get(lang, code) if code in rules else code


def _reason(row: Row[Any], lang: str) -> list[str]:
    """Why this call: the event it hangs on and its orders, and why it became a call where a text could not go."""
    said = query.explanation(row)
    event = catalogue.say(f"explain.anchor.{said['anchor']}", lang) if "anchor" in said else ""
    parts = [f"{event} {row.anchor_on[:10]}".strip(), *said.get("orders", ())]
    if said.get("booked_next"):
        parts.append(_booked(said.get("booked_by"), lang))
    if row.reason:
        parts.append(catalogue.reason(row.reason, lang)[0])
    return parts


def _booked(channel: str | None, lang: str) -> str:
    if not channel:
        return catalogue.say("worklist.booked_only", lang)
    return catalogue.say("worklist.booked", lang, "crmcore", how=naming.labelled("channel", channel, lang))


def _questions(
    rules: Mapping[str, TouchpointRule],
    codes: list[str],
    surveys: Sequence[Survey],
    shut: Sequence[tuple[Survey, str]],
    lang: str,
) -> str:
    """The script: what the rules ask, then what the questionnaires ask on the phone; a question of both once.

    What a questionnaire asks that is left out is not asked by a rule either, and the last line says why.
    """
    answered = {code for survey, _ in shut for code in survey.questions}
    asked = (question for code in codes if code in rules for question in rules[code].questions)
    script = dict.fromkeys(code for code in asked if code not in answered)
    said = {code: catalogue.say(f"question.{code}", lang) for code in script}
    items = [item for survey in surveys for item in survey.questions.values() if item.phone]
    said |= {item.code: item.text.get(lang, item.code) for item in items if item.code not in said}
    lines = [f"{number}. {words}" for number, words in enumerate(said.values(), start=1)]
    lines += [
        catalogue.say("worklist.not_asked", lang, survey=survey.label.get(lang, survey.code), why=why)
        for survey, code in shut
        for why in catalogue.reason(code, lang)[:1]
    ]
    return "\n".join(lines)
