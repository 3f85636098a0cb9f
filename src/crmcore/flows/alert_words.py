"""What an alert says: case number, category, deadline, who is to act. It goes to a group chat, so it names no customer.

Every word comes from lang/, from the dealer's taxonomy, or is a number or a time: what a customer or a plugin wrote has no way in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from sqlalchemy import Row

from crmcore import lang as catalogue
from crmcore.db.columns import instant
from crmcore.types.complaint import Category, ClockKind, Severity
from crmcore.types.store import Role, Store

_OTHER = "OTHER"
_ZONE = "Asia/Shanghai"
#: From so many minutes on, hours are said; from so many hours on, days.
_MINUTES, _HOURS = 120, 48


@attrs.frozen(kw_only=True)
class Words:
    """The words of one run, in the dealer's language.

    Attributes:
        stopped: (complaint, round, clock) of the clocks that somebody has stopped since: nothing is asked for by them any more.
    """

    lang: str
    stores: Mapping[str, Store]
    categories: Mapping[str, Category]
    stopped: frozenset[tuple[int, int, str]] = frozenset()

    def head(self, store: str, count: int) -> str:
        """The first line of a message."""
        return self._say("head", store=self.stores[store].name if store in self.stores else store, count=count)

    def line(self, row: Row[Any], now: datetime) -> str:
        """One alert."""
        kind = row.kind if self._knows(row.kind) else _OTHER
        said = self._say(kind, level=row.level, round=row.round)
        wanted = [] if self.over(row) else [self._deadline(row, now), self._who(row)]
        parts = [said, self._about(row), *wanted]
        about = self._say("joint").join(part for part in parts if part)
        return about if row.complaint_id is None else self._say("case", case=f"K{row.complaint_id}", said=about)

    def over(self, row: Row[Any]) -> bool:
        """Was what the alert asks for done before it was told?"""
        return (row.complaint_id, row.round, json.loads(row.params).get("clock")) in self.stopped

    def today(self, store: str, now: datetime) -> date:
        """The date where the store is."""
        return now.astimezone(self._zone(store)).date()

    def _about(self, row: Row[Any]) -> str:
        """Category and, where it matters, severity; a category that the taxonomy does not know is not repeated."""
        if row.complaint_id is None:
            return ""
        category = self.categories.get(row.category) or self.categories.get(_OTHER)
        label = category.label.get(self.lang, "") if category is not None else ""
        if row.severity in {Severity.SERIOUS, Severity.CRITICAL}:
            return self._say("about", category=label, severity=self._say(f"severity.{row.severity}"))
        return label

    def _deadline(self, row: Row[Any], now: datetime) -> str:
        """What is due when, and how long that is from now; nothing for what has no deadline."""
        clock = json.loads(row.params).get("clock")
        if clock not in set(ClockKind):
            return ""
        due = instant(row.due_at)
        minutes = int((due - now).total_seconds() // 60)
        how = "late" if minutes < 0 else "left"
        amount = abs(minutes)
        unit = "minutes" if amount < _MINUTES else "hours" if amount < _HOURS * 60 else "days"
        shown = amount // {"minutes": 1, "hours": 60, "days": 1440}[unit]
        return self._say(
            f"{how}.{unit}",
            clock=self._say(f"clock.{clock}"),
            due=f"{due.astimezone(self._zone(row.store)):%m-%d %H:%M}",
            n=shown,
        )

    def _who(self, row: Row[Any]) -> str:
        if row.role not in set(Role):
            return ""
        return self._say("who", role=catalogue.say(f"role.{row.role}", self.lang))

    def _zone(self, store: str) -> ZoneInfo:
        return ZoneInfo(self.stores[store].timezone if store in self.stores else _ZONE)

    def _knows(self, kind: str) -> bool:
        return kind.isupper() and f"alert.{kind}" in catalogue.catalogue(self.lang).get("say", {})

    def _say(self, key: str, **params: str | int) -> str:
        template = catalogue.say(f"alert.{key}", self.lang)
        return catalogue.fill(template, params)
