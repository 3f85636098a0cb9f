"""docs/reference/complaints.md: the life of a case drawn from its table, its deadlines and ladder, and what complaints are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from made.markdown import code, pack, plain, table

from crmcore import lang
from crmcore.rules.complaints.clocks import PAUSES
from crmcore.rules.complaints.closing import WAIVERS
from crmcore.rules.complaints.states import TRANSITIONS, drawn, stops
from crmcore.types.complaint import ClockKind, ComplaintState, EventKind

INTRO = """\
# Complaints

What can happen to a case, within what time, who hears of it when time runs out, and what complaints are about.
Deadlines, ladder, limits and words are data that [crm.toml](config.md#complaints) overrides.
S0 to S4 are training manuals of dealers, C and a number are published sources, and J is judgement.
"""
STATES = """\
## The life of a case

Drawn from the table that the program goes by; what leaves a case in its state is not drawn.
Whom the customer told first stands in the record and never changes.
A case is closed after a second callback in which the customer was content, or with a waiver that names its reason.
Who is not content reopens the case; its history is kept, and its clocks start anew.
"""
CLOCKS = """\
## Deadlines

A deadline is inclusive: late is only what comes after it. `WALL` time runs day and night, `STORE` time only in store hours.
All clocks of a round start with the receipt by customer relations, that of the second callback with the solution.
A new severity aims the running clocks anew from where they started.
A clock that waits for somebody else can be paused, with a reason; the handover never.
"""
LADDER = """\
## The ladder

After a deadline has passed, a level is climbed once in each round of a case.
A rung that nobody noticed in time is climbed late and marked so, even when the clock has stopped since.
"""
CATEGORIES = """\
## What complaints are about

The words are what customers say; one that is denied, or part of a harmless phrase, does not count.
What has no words is for a person to judge.
"""


def complaints_page() -> str:
    """The state machine, the deadlines, the ladder, the reasons, the taxonomy."""
    policy = pack("complaints")["complaints"]
    parts = [
        INTRO,
        STATES,
        f"```mermaid\n{drawn()}\n```\n",
        table(("state", "English", "中文", "what can happen"), list(map(state, ComplaintState))),
        table(("what happens", "stops the clocks"), list(stopping())),
        CLOCKS,
        table(("clock", "severity", "minutes", "time"), list(deadlines(policy))),
        LADDER,
        table(
            ("level", "clock", "minutes after", "who is told", "only for"), [rung(each) for each in policy["ladder"]]
        ),
        "## Who approves what\n",
        table(("role", "yuan, up to"), [(code(role), str(limit)) for role, limit in policy["approval"].items()]),
        *reasons("Waivers", WAIVERS),
        *reasons("Pauses", PAUSES),
        CATEGORIES,
        table(
            ("code", "English", "中文", "department", "severity", "words", "source"), list(map(category, taxonomy()))
        ),
        *(
            f"**{title}**: {words(policy[name])}\n"
            for title, name in (
                ("Safety, legal, media", "critical_words"),
                ("A demand", "demand_words"),
                ("Harmless", "harmless_words"),
            )
        ),
        "Where the numbers come from:\n",
        "\n".join(f"- {code(name)}: {plain(source)}" for name, source in policy["sources"].items()),
    ]
    return "\n".join(parts)


def state(one: ComplaintState) -> tuple[str, ...]:
    events = [code(event) for before, event in TRANSITIONS if before is one]
    return code(one), *said(f"state.complaint.{one}"), ", ".join(events)


def stopping() -> Iterator[tuple[str, str]]:
    for event in EventKind:
        if stops(event):
            stopped = ", ".join(code(kind) for kind in ClockKind if kind in stops(event))
            yield code(event), stopped + (" once the customer was reached" if event is EventKind.CALL_BACK else "")


def deadlines(policy: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield "HANDOVER", "all", *target(policy["handover"])
    for kind in ("response", "close"):
        for severity, each in policy[kind].items():
            yield kind.upper(), severity, *target(each)
    yield "CALLBACK", "all", *target(policy["callback"])


def target(each: Mapping[str, Any]) -> tuple[str, str]:
    return str(each["minutes"]), each.get("basis", "STORE")


def rung(each: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(each["level"]),
        each["clock"],
        str(each.get("after_minutes", 0)),
        code(each["role"]) if "role" in each else "who leads the department",
        ", ".join(each.get("severities", ())),
    )


def reasons(title: str, codes: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    rows = [(code(each), *(lang.reason(each, language)[0] for language in ("en", "zh"))) for each in codes]
    yield table(("code", "English", "中文"), rows)


def taxonomy() -> list[tuple[str, Mapping[str, Any]]]:
    return list(pack("categories")["categories"].items())


def category(row: tuple[str, Mapping[str, Any]]) -> tuple[str, ...]:
    key, each = row
    label = each["label"]
    severity = each.get("severity", "NORMAL")
    return (
        code(key),
        label["en"],
        label["zh"],
        each["department"],
        severity,
        words(each.get("words", ())),
        plain(each["source"]),
    )


def words(each: list[str]) -> str:
    return plain(", ".join(each))


def said(key: str) -> tuple[str, str]:
    return lang.say(key, "en"), lang.say(key, "zh")
