"""Cells into what is stored: text and integers that both databases keep; what repeats is cleaned once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crmcore.rules import clean
from crmcore.rules.text import blank

LONGEST_NOTHING = 6
Cleaner = Callable[[Any], Any]


class Memo(dict[Any, Any]):
    """What a cleaner made of a cell, so that what repeats costs a look-up; emptied when full, so memory stays flat."""

    def __init__(self, cleaner: Cleaner, most: int = 16_384) -> None:
        super().__init__()
        self._cleaner = cleaner
        self._most = most

    def __missing__(self, raw: Any) -> Any:
        if len(self) >= self._most:
            self.clear()
        value = self[raw] = self._cleaner(raw)
        return value


def stored_instant(raw: object, zone: str) -> Any:
    """An instant as it is stored, None, or `Bad`."""
    found = clean.instant(str(raw), zone)
    return found.isoformat()[:19] + "Z" if found.__class__ is datetime else found


class Instants:
    """Cleans instants of one zone. Most cells are `2026-11-03 09:15`, and the hour alone decides what they become."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._hours = Memo(self._hour)
        self._others = Memo(lambda raw: stored_instant(raw, zone))

    def __call__(self, raw: Any) -> Any:
        """As `stored_instant`."""
        if raw.__class__ is str and len(raw) == 16 and raw[13] == ":" and raw[14:] in _MINUTES:
            hour = self._hours[raw[:13]]
            if hour is not None:
                return f"{hour}{raw[14:]}:00Z"
        return self._others[raw]

    def _hour(self, hour: str) -> str | None:
        """What this hour is in UTC, "2026-11-03T01:"; None where it is none, or its minutes are not those of UTC."""
        first, last = (stored_instant(f"{hour}:{minute}", self._zone) for minute in ("00", "59"))
        if first.__class__ is not str or last.__class__ is not str or first[:14] != last[:14]:
            return None
        return first[:14] if (first[14:16], last[14:16]) == ("00", "59") else None


_MINUTES = frozenset(f"{minute:02d}" for minute in range(60))


def stored_day(raw: object) -> Any:
    """A date as it is stored, None, or `Bad`."""
    found = clean.day(str(raw))
    return found.isoformat() if isinstance(found, date) else found


def _local_hour(hour_and_zone: tuple[str, str]) -> str | None:
    """The local date of a stored hour, "2026-11-22T00"; None when midnight falls inside it."""
    hour, zone = hour_and_zone
    first, last = (_local(f"{hour}:{rest}Z", zone) for rest in ("00:00", "59:59"))
    return first if first == last else None


def _local(stored: str, zone: str) -> str:
    return datetime.fromisoformat(stored).astimezone(ZoneInfo(zone)).date().isoformat()


_LOCAL_HOURS = Memo(_local_hour)


def local_day(stored: str, zone: str) -> str:
    """The date of a stored instant in `zone`, as it is stored."""
    return _LOCAL_HOURS[stored[:13], zone] or _local(stored, zone)


def text(raw: object) -> str | None:
    """Stripped text; None where nothing is said ("", "-", 无)."""
    said = str(raw).strip()
    return None if len(said) <= LONGEST_NOTHING and blank(said) else said


def flag(raw: object) -> Any:
    """1, 0, None or `Bad` for what says yes or no."""
    if raw.__class__ is bool:
        return int(raw)
    found = clean.yes_no(str(raw))
    return int(found) if found.__class__ is bool else found


def extra(raw: Mapping[str, str]) -> str | None:
    """The vendor's own fields as JSON; None for none."""
    return json.dumps(dict(raw), ensure_ascii=False, sort_keys=True) if raw else None


day = Memo(stored_day).__getitem__
short_text = Memo(text, 4096).__getitem__
km = Memo(lambda raw: clean.km(str(raw))).__getitem__
hours = Memo(lambda raw: clean.hours(str(raw))).__getitem__
money = Memo(lambda raw: clean.money(str(raw))).__getitem__
flag_word = Memo(flag, 256).__getitem__
