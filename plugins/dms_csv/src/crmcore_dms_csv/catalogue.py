"""The packaged tables: which heading means which field, the published layouts, the words of a 类型 column."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from crmcore.tables import heading_key

ENTITIES = ("visit", "appointment", "complaint", "staff", "customer")
CATALOG = "crmcore_dms_csv"

#: Fields that hold sentences: question marks at their end are punctuation.
PROSE = frozenset({"remark", "reason_verbatim", "lines.complaint", "lines.cause", "lines.correction", "lines.op_name"})
#: The core's own cleaning says best what is wrong with a destroyed number.
PHONES = frozenset(
    {"phone", "customer.phone", "customer.phones", "brought_by.phone", "payer.phone", "vehicle.owner.phone"}
)


@functools.cache
def _table(name: str) -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / name).read_text("utf-8"))


@functools.cache
def fields(entity: str) -> Mapping[str, tuple[str, ...]]:
    """Our fields of `entity` in order of priority, each with the keys of its headings."""
    table = _table("headings.toml")
    own: dict[str, list[str]] = dict(table.get(entity, {}))
    if entity != "staff":
        own |= {(_bare(path) if entity == "customer" else path): names for path, names in table["parties"].items()}
    return {path: tuple(dict.fromkeys(heading_key(name) for name in names)) for path, names in own.items()}


def _bare(path: str) -> str:
    return path.removeprefix("customer.")


@functools.cache
def known_headings() -> frozenset[str]:
    """Every heading of every entity: what the header row is found by."""
    table = _table("headings.toml")
    groups = [table[name] for name in ("parties", "visit", "appointment", "complaint", "staff")]
    found = {heading for group in groups for headings in group.values() for heading in headings}
    return frozenset(found | set(table["ignored"]["headings"]))


@functools.cache
def ignored() -> frozenset[str]:
    """Headings that are known and not wanted."""
    return frozenset(heading_key(heading) for heading in _table("headings.toml")["ignored"]["headings"])


@functools.cache
def kinds() -> Mapping[str, str]:
    """A word of a 类型 column -> the kind of visit."""
    table: Mapping[str, list[str]] = _table("headings.toml")["kinds"]
    return {heading_key(word): kind for kind, words in table.items() for word in [kind, *words]}


def preset(name: str) -> Mapping[str, Any]:
    """A published layout; empty for ""."""
    layout: Mapping[str, Any] = _table("presets.toml").get(name, {})
    return layout
