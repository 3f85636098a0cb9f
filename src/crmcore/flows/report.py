"""report: the facts of the day, gathered and put into words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crmcore import lang as catalogue
from crmcore.db import daily as query
from crmcore.db import worklist
from crmcore.db.columns import instant, stamp
from crmcore.db.engine import Database
from crmcore.reports.daily import Daily, Line
from crmcore.rules.masking import mask_name
from crmcore.rules.templates import OWN
from crmcore.types.contact import TouchpointRule
from crmcore.types.store import Store

LINES = 200  # beyond that a page is no longer read; the commands list them all
AHEAD = timedelta(days=7)


def daily(db: Database, rules: Mapping[str, TouchpointRule], store: Store, now: datetime, *, lang: str) -> Daily:
    """The day so far, in the zone of `store`; names are masked."""
    zone = ZoneInfo(store.timezone)
    today = datetime.combine(now.astimezone(zone).date(), time(0), zone)
    with db.reading() as connection:
        sources = query.sources(connection)
        calls = worklist.due_calls(connection, now)
        texts: dict[str, dict[str, int]] = {}
        for row in query.texts(connection, today):
            texts.setdefault(row.template, {})[row.state] = row.n
        ahead: dict[str, dict[str, int]] = {}
        for row in query.ahead(connection, now, now + AHEAD):
            rules_of_day = ahead.setdefault(instant(row.due_at).astimezone(zone).date().isoformat(), {})
            rules_of_day[row.rule] = rules_of_day.get(row.rule, 0) + 1
        lines = _lines(connection, today, lang)
        waiting = query.waiting(connection) | query.voices(connection, now, today)
    pulled = min((row.pulled_at for row in sources if row.pulled_at), default=None)
    return Daily(
        store=store.name,
        generated_at=now.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        data_through=_minute(pulled, zone),
        sources=[
            {"name": row.name, "pulled_at": _minute(row.pulled_at, zone), "rejects": row.rejects} for row in sources
        ],
        calls=len(calls),
        calls_late=sum(1 for row in calls if row.deadline_at is not None and row.deadline_at < stamp(now)),
        waiting=waiting,
        texts=texts,
        ahead=ahead,
        lines=lines,
        labels=_labels(rules, lang),
    )


def _lines(connection: Connection, since: datetime, lang: str) -> list[Line]:
    """Everything that did not happen, texts first, each with its reason in words."""
    lines = []
    for row in query.stopped_texts(connection, since, LINES):
        why, fix = catalogue.reason(row.code or row.state, lang)
        lines.append(
            Line(
                id=f"M{row.id}",
                what=row.template,
                who=mask_name(row.name),
                state=row.state,
                code=row.code or "",
                why=why,
                fix=fix,
            )
        )
    for row in query.stopped_touchpoints(connection, since, LINES):
        why, fix = catalogue.reason(row.reason or row.state, lang)
        lines.append(
            Line(
                id=f"T{row.id}",
                what=row.rule,
                who=mask_name(row.name),
                state=row.state,
                code=row.reason or "",
                why=why,
                fix=fix,
            )
        )
    for row in query.open_rejects(connection, LINES):
        why, fix = catalogue.reason(row.reason, lang, row.catalog)
        lines.append(
            Line(
                id=f"J{row.id}",
                what=row.at,
                who=f"{row.column} {row.shape}".strip(),
                state="REJECTED",
                code=row.reason,
                why=why,
                fix=fix,
            )
        )
    return lines[: 2 * LINES]


def _labels(rules: Mapping[str, TouchpointRule], lang: str) -> dict[str, str]:
    states = {
        key.removeprefix("state."): words
        for key, words in catalogue.catalogue(lang)["say"].items()
        if key.startswith("state.")
    }
    labels = {code: rule.label.get(lang, code) for code, rule in rules.items()}
    templates = {rule.template: labels[code] for code, rule in rules.items() if rule.template}
    own = {code: catalogue.say(f"template.{code}", lang) for code in OWN}
    return {**own, **templates, **labels, **states}


def _minute(stored: str | None, zone: ZoneInfo) -> str:
    return instant(stored).astimezone(zone).strftime("%Y-%m-%d %H:%M") if stored else "─"
