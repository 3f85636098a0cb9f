"""explain K12: what a case rests on, how each deadline was counted line by line, which rungs were climbed and how late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from crmcore.db import complaint_history, complaints
from crmcore.flows import naming
from crmcore.flows.complaint_view import at, clock_row, event_row, evidence_rows, rung_row, stored
from crmcore.flows.complaint_words import Words
from crmcore.flows.evidence import Cases
from crmcore.flows.plan_who import staff_of
from crmcore.lang import reason as reason_of
from crmcore.lang import say
from crmcore.rules.complaints import clocks as sla
from crmcore.types.complaint import ClockKind, Complaint, SlaClock

#: Written down later than this after it was received, and the explanation says so.
_LATE_IMPORT = timedelta(minutes=5)
_SOURCES = {
    ClockKind.HANDOVER: "handover",
    ClockKind.RESPONSE: "response",
    ClockKind.CLOSE: "close",
    ClockKind.CALLBACK: "callback",
}


def explain_case(
    connection: Connection, cases: Cases, number: int, now: datetime, lang: str
) -> tuple[dict[str, Any], list[str]] | None:
    """Facts, flat and by code, and the same in words; None when there is no such case."""
    case, row = complaints.find(connection, number), complaints.row_of(connection, number)
    if case is None or row is None:
        return None
    zone = cases.store(case.store).timezone
    facts: dict[str, Any] = {
        "id": case.id,
        "state": case.state.value,
        "origin": case.origin.value,
        "customer": case.customer_id,
        "category": case.category,
        "severity": case.severity.value,
        "form": case.form.value,
        "round": case.round,
        "owner": case.owner,
        "first_asked": case.first_asked,
        "received_at": at(case.received_at, zone),
        "recorded_at": stored(row.recorded_at, zone),
        "timezone": zone,
        "clocks": [_clock_facts(cases, case, clock, now, zone) for clock in case.clocks],
        "evidence": evidence_rows(complaint_history.evidence_of(connection, number), zone),
        "escalations": [rung_row(step, zone) for step in complaint_history.climbed(connection, number)],
        "events": [event_row(event, zone) for event in complaint_history.events(connection, number)],
    }
    return facts, _lines(facts, cases, {one.code: one.name for one in staff_of(connection, cases)}, lang)


def _clock_facts(cases: Cases, case: Complaint, clock: SlaClock, now: datetime, zone: str) -> dict[str, Any]:
    lines = [
        {
            "code": line.code,
            "start": at(line.start, zone),
            "end": at(line.end, zone),
            "total_minutes": int(line.total.total_seconds() // 60),
            "why": line.why or None,
        }
        for line in sla.explain(clock, cases.store(case.store), now)
    ]
    source = cases.policy.sources.get(_SOURCES[clock.kind], "")
    return {**clock_row(clock, now, zone), "lines": lines, "source": source}


def _lines(facts: Mapping[str, Any], cases: Cases, names: Mapping[str, str], lang: str) -> list[str]:
    words = Words(cases, lang)
    said = {name: words.coded(name, facts[name]) for name in ("severity", "form")}
    category, state = words.category(facts["category"]), words.coded("state.complaint", facts["state"])
    lines = [
        say("explain.case", lang, id=facts["id"], round=facts["round"], category=category, state=state, **said),
        *_received(facts, lang),
        say(
            "explain.case.owner",
            lang,
            owner=naming.colleague(facts["owner"], names, lang) or "-",
            first=naming.colleague(facts["first_asked"], names, lang) or "-",
        ),
    ]
    for each in facts["evidence"]:
        what, at_ = say(f"evidence.{each['kind']}", lang), naming.minute(each["at"])
        by = ", ".join(words.coded("by", who) for who in each["by"])
        why = ", ".join(words.why(reason) for reason in each["why"])
        lines.append(say("explain.case.evidence", lang, what=what, id=each["id"], at=at_, by=by, why=why))
    for clock in facts["clocks"]:
        lines += _clock_lines(clock, lang)
    lines += [_rung(step, lang) for step in facts["escalations"]]
    for event in facts["events"]:
        who = naming.colleague(event["who"], names, lang)
        happened = words.event(event["event"], event["detail"])
        lines.append(say("explain.case.event", lang, at=naming.minute(event["at"]), who=who, event=happened))
    return lines


def _received(facts: Mapping[str, Any], lang: str) -> list[str]:
    if facts["recorded_at"] is None:
        return []
    received, recorded = (datetime.fromisoformat(facts[name]) for name in ("received_at", "recorded_at"))
    times = {name: naming.minute(facts[f"{name}_at"]) for name in ("received", "recorded")}
    lines = [say("explain.case.received", lang, at=times["received"], recorded=times["recorded"])]
    if recorded - received > _LATE_IMPORT:
        minutes = int((recorded - received).total_seconds() // 60)
        lines.append(say("explain.case.late_import", lang, minutes=minutes))
    return lines


def _clock_lines(clock: Mapping[str, Any], lang: str) -> list[str]:
    if clock["stopped_at"]:
        ended = "done_late" if clock["breached"] else "in_time"
        standing = say(f"explain.case.{ended}", lang, at=naming.minute(clock["stopped_at"]))
    else:
        runs = "overdue" if clock["breached"] else "resting" if clock["paused"] else "running"
        standing = say(f"explain.case.{runs}", lang)
    lines = [
        say(
            "explain.case.clock",
            lang,
            clock=say(f"clock.{clock['kind']}", lang),
            round=clock["round"],
            target=clock["target_minutes"],
            basis=say(f"basis.{clock['basis']}", lang),
            start=naming.minute(clock["started_at"]),
            due=naming.minute(clock["due_at"]),
            standing=standing,
        )
    ]
    for line in clock["lines"]:
        times = {"start": naming.minute(line["start"]), "end": naming.minute(line["end"])}
        total = say("clock.minutes", lang, n=line["total_minutes"])
        why = reason_of(line["why"], lang)[0] if line["why"] else ""
        lines.append("  " + say(f"clock.{line['code']}", lang, total=total, why=why, **times))
    return [*lines, say("explain.case.source", lang, source=clock["source"])] if clock["source"] else lines


def _rung(step: Mapping[str, Any], lang: str) -> str:
    return say(
        "explain.case.rung_late" if step["late"] else "explain.case.rung",
        lang,
        at=naming.minute(step["at"]),
        role=say(f"role.{step['role']}", lang),
        level=step["level"],
        clock=say(f"clock.{step['clock']}", lang),
        due=naming.minute(step["due_at"]),
        minutes=step["minutes_late"],
    )
