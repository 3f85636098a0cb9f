"""What the facts of all reports begin with, and how they become JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Head:
    """Whose facts, of when.

    Attributes:
        store: the name; `stores` the codes that are counted.
        made: when they were gathered; local time of the store.
        through: the newest fact among them, local time, minutes; "" without any.
        since / until: local dates of the period, both inclusive.
    """

    store: str
    stores: tuple[str, ...]
    made: datetime
    through: str
    since: date
    until: date

    @property
    def generated_at(self) -> str:
        """`made`, as a person reads it."""
        return f"{self.made:%Y-%m-%d %H:%M}"


@attrs.frozen
class Named:
    """Words for codes in the language of the page, by kind ("category", "staff", …); not part of the facts."""

    words: Mapping[str, Mapping[str, str]]

    def __call__(self, kind: str, code: str | None) -> str:
        """The words of a code; the code itself where it has none; "─" for nobody and nothing."""
        return self.words.get(kind, {}).get(code, code) if code else "─"


def plainly(schema: str, facts: Any) -> dict[str, Any]:
    """Facts as JSON takes them, without the words."""
    values = {key: _plain(value) for key, value in _fields(facts).items() if not isinstance(value, Named)}
    return {"schema": f"crmcore/{schema}@1", **values}


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}


def _plain(value: Any) -> Any:
    if attrs.has(type(value)):
        return {key: _plain(each) for key, each in _fields(value).items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Fraction | float | Decimal):
        return round(float(value), 6)
    return value.isoformat() if isinstance(value, date) else value
