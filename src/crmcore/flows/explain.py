"""explain: why a touchpoint, a text or a case exists, when it is due, what it was bundled with or stopped by.

First a flat dict of codes, then the same as sentences; both from what was stored when it was decided (promise 8).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row, select

from crmcore.db import touchpoints
from crmcore.db.engine import LONGEST, Database
from crmcore.db.schema import message, message_event
from crmcore.errors import UsageError
from crmcore.flows import naming
from crmcore.flows.evidence import Cases
from crmcore.flows.explain_case import explain_case
from crmcore.flows.planning import Settings, said_by, when
from crmcore.lang import reason as reason_of
from crmcore.lang import say
from crmcore.rules.worktime import local


@attrs.frozen(kw_only=True)
class Explanation:
    """One answer.

    Attributes:
        facts: flat; codes, ids and times with offset, for `--json`.
        lines: the same in words.
    """

    facts: Mapping[str, Any]
    lines: tuple[str, ...]


def explain(
    db: Database,
    identity: str,
    settings: Settings,
    *,
    lang: str | None = None,
    cases: Cases | None = None,
    now: datetime | None = None,
) -> Explanation:
    """Explain the touchpoint "T12", the text "M3" or, with `cases` and `now`, the complaint "K12".

    Raises:
        UsageError: CRM-T201 for an id of another kind, CRM-T202 when there is none of this number.
    """
    lang = lang or settings.lang
    letter, digits = identity[:1].upper(), identity[1:]
    complaint = letter == "K" and cases is not None and now is not None
    if not (letter in {"T", "M"} or complaint) or not digits.isdecimal() or len(digits) >= LONGEST:
        raise UsageError("CRM-T201", id=identity)
    with db.reading() as connection:
        if cases is not None and now is not None and complaint:
            told = explain_case(connection, cases, int(digits), now, lang)
            found = None if told is None else Explanation(facts=told[0], lines=tuple(told[1]))
        else:
            found = (_touchpoint if letter == "T" else _message)(connection, int(digits), settings, lang)
    if found is None:
        raise UsageError("CRM-T202", id=identity)
    return found


def _touchpoint(connection: Connection, number: int, settings: Settings, lang: str) -> Explanation | None:
    row = touchpoints.find(connection, number)
    if row is None:
        return None
    texts = list(
        connection.execute(
            select(message.c.id, message.c.state, message.c.code)
            .where(message.c.touchpoint_id == number)
            .order_by(message.c.id)
        )
    )
    riders = touchpoints.riders(connection, number)
    said = said_by(row)
    rule = settings.rules.get(row.rule)
    store = settings.store(row.store)
    facts: dict[str, Any] = {
        "id": f"T{row.id}",
        "rule": row.rule,
        "state": row.state,
        "reason": row.reason,
        "customer": f"C{row.customer_id}",
        "vehicles": [f"V{car}" for car in said.get("vehicles", ())],
        "visits": [f"R{visit}" for visit in said.get("visits", ())],
        "orders": said.get("orders", []),
        "anchor": said.get("anchor"),
        "anchor_on": said.get("on"),
        "anchor_at": shown(said.get("at"), store.timezone),
        "basis": said.get("basis"),
        "offset": said.get("offset"),
        "within": said.get("within"),
        "expires": said.get("expires"),
        "occurrence": row.occurrence,
        "booked": bool(said.get("booked")),
        "calendar": store.calendar.value,
        "timezone": store.timezone,
        "provisional": bool(said.get("provisional")),
        "known_late": bool(said.get("known_late")),
        "due_at": shown(row.due_at, store.timezone),
        "deadline_at": shown(row.deadline_at, store.timezone),
        "expires_at": shown(row.expires_at, store.timezone),
        "channel": row.channel,
        "passed_over": dict(said.get("passed", {})),
        "executor": row.executor,
        "supervisors": json.loads(row.supervisors),
        "bundled_into": None if row.bundled_into is None else f"T{row.bundled_into}",
        "carries": [f"T{rider.id}" for rider in riders],
        "decided_by": said.get("decided"),
        "messages": [f"M{text.id}" for text in texts],
        "source": "" if rule is None else rule.source,
    }
    lines = _touchpoint_lines(facts, row, riders, settings, naming.staff_names(connection), lang)
    lines += [
        say("explain.text", lang, id=f"M{text.id}", state=_state(text.state, lang), reason=_words(text.code, lang))
        for text in texts
    ]
    for entry in touchpoints.trail(connection, number):
        at = naming.minute(shown(entry.at, store.timezone))
        lines.append(say("explain.trail", lang, at=at, who=entry.who, verb=_state(entry.verb, lang)))
    return Explanation(facts=facts, lines=tuple(lines))


def _touchpoint_lines(
    facts: Mapping[str, Any],
    row: Row[Any],
    riders: list[Row[Any]],
    settings: Settings,
    names: Mapping[str, str],
    lang: str,
) -> list[str]:
    rule = settings.rules.get(row.rule)
    label = row.rule if rule is None else rule.label.get(lang, row.rule)
    return [
        say("explain.what", lang, id=facts["id"], rule=label, code=row.rule, customer=facts["customer"]),
        *_why_lines(facts, lang),
        *_when_lines(facts, lang),
        *_how_lines(facts, riders, names, lang),
        say("explain.state", lang, state=_state(facts["state"], lang), reason=_words(facts["reason"], lang)),
        say("explain.source", lang, source=facts["source"]),
    ]


def _why_lines(facts: Mapping[str, Any], lang: str) -> list[str]:
    event = say(f"explain.anchor.{facts['anchor']}", lang)
    lines = [say("explain.anchor", lang, event=event, at=naming.minute(facts["anchor_at"] or facts["anchor_on"]))]
    about = facts["orders"] or facts["visits"]
    for key, things in (("explain.orders", about), ("explain.vehicles", facts["vehicles"])):
        if things:
            lines.append(say(key, lang, things=", ".join(things)))
    if facts["basis"] == "INVOICED":
        lines.append(say("explain.settlement", lang))
    elif facts["basis"] in {"MODEL", "FIXED", "PREDICTED", "MANUAL"}:
        lines.append(say(f"explain.basis.{facts['basis']}", lang))
    return lines


def _when_lines(facts: Mapping[str, Any], lang: str) -> list[str]:
    timing = "explain.booked" if facts["booked"] else "explain.offset"
    lines = [say(timing, lang, offset=naming.distance(facts["offset"], lang), due=naming.minute(facts["due_at"]))]
    if facts["deadline_at"] is not None:
        lines.append(say("explain.deadline", lang, deadline=naming.minute(facts["deadline_at"])))
    if facts["expires_at"] is not None:
        lines.append(say("explain.expires", lang, expires=naming.minute(facts["expires_at"])))
    lines.append(say("explain.calendar", lang, calendar=facts["calendar"], timezone=facts["timezone"]))
    return lines + [say(f"explain.{flag}", lang) for flag in ("provisional", "known_late") if facts[flag]]


def _how_lines(facts: Mapping[str, Any], riders: list[Row[Any]], names: Mapping[str, str], lang: str) -> list[str]:
    lines = [
        say("explain.passed", lang, channel=naming.labelled("channel", channel, lang), reason=_words(why, lang))
        for channel, why in facts["passed_over"].items()
    ]
    lines.append(
        say(
            "explain.people",
            lang,
            channel=naming.labelled("channel", facts["channel"], lang),
            executor=naming.colleague(facts["executor"], names, lang),
            supervisors=", ".join(naming.colleague(code, names, lang) for code in facts["supervisors"]),
        )
    )
    if facts["bundled_into"] is not None:
        lines.append(say("explain.bundled", lang, id=facts["bundled_into"]))
    return lines + [say("explain.carries", lang, id=f"T{rider.id}", rule=rider.rule) for rider in riders]


def _message(connection: Connection, number: int, settings: Settings, lang: str) -> Explanation | None:
    row = connection.execute(select(message).where(message.c.id == number)).one_or_none()
    if row is None:
        return None
    zone = settings.store(row.store).timezone
    facts: dict[str, Any] = {
        "id": f"M{row.id}",
        "touchpoint": None if row.touchpoint_id is None else f"T{row.touchpoint_id}",
        "customer": f"C{row.customer_id}",
        "template": row.template,
        "message_class": row.message_class,
        "purpose": row.purpose,
        "channel": row.channel,
        "account": row.account,
        "names_customer": bool(row.names_customer),
        "state": row.state,
        "reason": row.code,
        "due_at": shown(row.due_at, zone),
        "expires_at": shown(row.expires_at, zone),
        "attempts": row.attempts,
    }
    lines = [
        say(
            "explain.message",
            lang,
            **{
                **facts,
                "message_class": naming.labelled("class", row.message_class, lang),
                "due_at": naming.minute(facts["due_at"]),
            },
        ),
        say("explain.state", lang, state=_state(row.state, lang), reason=_words(row.code, lang)),
    ]
    events = connection.execute(
        select(message_event).where(message_event.c.message_id == number).order_by(message_event.c.id)
    )
    for event in events:
        at = naming.minute(shown(event.at, zone))
        lines.append(
            say("explain.event", lang, at=at, state=_state(event.state, lang), reason=_words(event.code, lang))
        )
    if row.touchpoint_id is not None:
        behind = _touchpoint(connection, row.touchpoint_id, settings, lang)
        lines += behind.lines if behind is not None else ()
    return Explanation(facts=facts, lines=tuple(lines))


def _state(code: str, lang: str) -> str:
    return naming.labelled("state", code, lang)


def _words(code: str | None, lang: str) -> str:
    """A reason code with its words; nothing for none."""
    if code is None:
        return "-"
    text, _ = reason_of(code, lang)
    if code.startswith("plugin:"):  # its words name the plugin, as the code does
        return text
    return code if text == code else f"{code}: {text}"


def shown(stored: str | None, zone: str) -> str | None:
    """A stored instant with the store's offset."""
    at: datetime | None = when(stored)
    return None if at is None else local(at, zone).isoformat()
