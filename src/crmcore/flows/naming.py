"""How colleagues, channels, states and times are called where a person reads them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from crmcore import lang as catalogue
from crmcore.db.schema import staff
from crmcore.rules import durations


def staff_names(connection: Connection) -> dict[str, str]:
    """Who is behind a staff code."""
    return {row.code: row.name for row in connection.execute(select(staff.c.code, staff.c.name))}


def colleague(code: str | None, names: Mapping[str, str], lang: str) -> str:
    """The name behind a staff code, or the label of a role that nobody fills yet."""
    if not code:
        return ""
    return names.get(code) or labelled("role", code, lang)


def labelled(kind: str, code: str, lang: str) -> str:
    """The words of a code of one kind: "role", "state", "channel", "class"; the code itself where it has none."""
    key = f"{kind}.{code}"
    words = catalogue.say(key, lang)
    return code if words == key else words


def minute(iso: str | None) -> str:
    """Write an instant as people do, "2026-11-15 08:30"; a date stays a date."""
    return (iso or "")[:16].replace("T", " ")


def distance(offset: str | None, lang: str) -> str:
    """An ISO 8601 offset in words: "-PT72H" is "72 hours before", "P3D" "3 days after", "P0D" "on the day"."""
    found = durations.parse(offset or "P0D")
    hours = int(found.clock.total_seconds() // 3600) if found.clock is not None else 0
    parts = [(found.months, "months"), (found.days, "days"), (hours, "hours")]
    words = "".join(catalogue.say(f"distance.{unit}", lang, "crmcore", n=abs(count)) for count, unit in parts if count)
    if not words:
        return catalogue.say("distance.at_once" if found.clock is not None else "distance.same_day", lang)
    before = any(count < 0 for count, _ in parts)
    return catalogue.say("distance.before" if before else "distance.after", lang, "crmcore", distance=words.strip())
