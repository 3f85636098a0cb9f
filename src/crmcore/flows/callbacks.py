"""callbacks: the calls that are due, as the clerk needs them: who, why, which car, what to ask."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from crmcore import lang as catalogue
from crmcore.db import worklist as query
from crmcore.db.columns import instant
from crmcore.db.engine import Database
from crmcore.flows import naming
from crmcore.rules.masking import mask_name, mask_phone, mask_plate
from crmcore.types.contact import TouchpointRule
from crmcore.types.store import Store
from crmcore.worklist.rows import WorklistRow
from crmcore.worklist.write import write


def due_rows(
    db: Database,
    rules: Mapping[str, TouchpointRule],
    stores: Mapping[str, Store],
    now: datetime,
    *,
    lang: str,
    masked: bool,
    store: str | None = None,
) -> list[WorklistRow]:
    """The worklist at `now`, the nearest deadline first; `masked` for a screen, full for the clerk's own file."""
    with db.reading() as connection:
        calls = query.due_calls(connection, now, store=store)
        people = {row.customer_id for row in calls}
        ids = [row.id for row in calls]
        phones = query.phones(connection, people)
        visits = query.last_visits(connection, people)
        tries = query.attempts(connection, ids)
        riders = query.bundled(connection, ids)
        names = naming.staff_names(connection)
        named = {row.id: _cars_of(row) for row in calls}
        cars = query.cars(connection, {car for each in named.values() for car in each})
    rows = []
    for number, row in enumerate(calls, start=1):
        zone = ZoneInfo(stores[row.store].timezone) if row.store in stores else ZoneInfo("Asia/Shanghai")
        rules_here = [row.rule, *riders.get(row.id, ())]
        phone = phones.get(row.customer_id, "")
        theirs = [cars[car] for car in named[row.id] if car in cars]
        rows.append(
            WorklistRow(
                id=f"T{row.id}",
                priority=str(number),
                due=_local(row.due_at, zone),
                deadline=_local(row.deadline_at, zone),
                task=" + ".join(_label(rules, code, lang) for code in rules_here),
                reason=_reason(row, lang),
                customer=mask_name(row.name) if masked else row.name,
                phone=mask_phone(phone) if masked else phone.removeprefix("+86"),
                plate=_listed(mask_plate(car.plate) if masked and car.plate else car.plate for car in theirs),
                vehicle=_listed(" ".join(part for part in (car.series, car.model) if part) for car in theirs),
                last_visit=visits.get(row.customer_id, ""),
                advisor=naming.colleague(row.advisor or row.customer_advisor, names, lang),
                executor=naming.colleague(row.executor, names, lang),
                supervisors="、".join(
                    naming.colleague(one, names, lang) for one in json.loads(row.supervisors or "[]")
                ),
                attempts=str(tries.get(row.id, 0)),
                questions=_questions(rules, rules_here, lang),
                late=row.deadline_at is not None and instant(row.deadline_at) < now,
            )
        )
    return rows


def export(
    db: Database,
    rules: Mapping[str, TouchpointRule],
    stores: Mapping[str, Store],
    path: Path,
    now: datetime,
    *,
    lang: str,
    store: str | None = None,
) -> int:
    """Write the worklist to `path` (.xlsx or .csv, mode 0600); returns how many calls are on it."""
    rows = due_rows(db, rules, stores, now, lang=lang, masked=False, store=store)
    write(path, rows, lang=lang, title=catalogue.say("worklist.title", lang))
    return len(rows)


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


def _reason(row: Row[Any], lang: str) -> str:
    """Why this call: the event it hangs on and its orders, and why it became a call where a text could not go."""
    said = query.explanation(row)
    event = catalogue.say(f"explain.anchor.{said['anchor']}", lang) if "anchor" in said else ""
    parts = [f"{event} {row.anchor_on[:10]}".strip(), *said.get("orders", ())]
    if row.reason:
        parts.append(catalogue.reason(row.reason, lang)[0])
    return " · ".join(parts)


def _questions(rules: Mapping[str, TouchpointRule], codes: list[str], lang: str) -> str:
    asked = dict.fromkeys(question for code in codes if code in rules for question in rules[code].questions)
    return "\n".join(
        f"{number}. {catalogue.say(f'question.{code}', lang)}" for number, code in enumerate(asked, start=1)
    )
