"""What a column needs beyond being copied: a time beside its date, a first and a last name, miles, another date order.

A layout gets only the steps that its columns ask for; the usual Chinese export needs one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from crmcore.tables import heading_key
from crmcore_dms_csv import catalogue
from crmcore_dms_csv.config import CsvConfig
from crmcore_dms_csv.layout import Layout

Data = dict[str, Any]
Step = Callable[[Data, list[str]], None]

_CLOCK = re.compile(r"\d{1,2}[:：]\d{2}.*")
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(.*)", re.DOTALL)
_MILES = 1.609344

_DISTANCES = ("km_in", "km_out", "vehicle.warranty_km", "vehicle.service_interval_km")
_REFUSED = {
    "退订": "是",
    "已退订": "是",
    "拒收": "是",
    "拒绝": "是",
    "不接收": "是",
    "td": "是",
    "正常": "否",
    "接收": "否",
    "未退订": "否",
}
_REFUSALS = ("customer.opted_out", "opted_out", "customer.do_not_call", "do_not_call", "do_not_message")
_ACTIVE = {"在职": "是", "在岗": "是", "试用": "是", "离职": "否", "已离职": "否", "停用": "否"}
_INJURY = {"人伤": "是", "有人伤": "是", "有": "是", "事故": "是", "无人伤": "否", "无": "否"}


def steps(layout: Layout, config: CsvConfig) -> tuple[Step, ...]:
    """The steps for the columns of this file, in the order in which they must run."""
    at = {field: position for position, field in layout.columns}
    found: list[Step] = []
    if layout.entity == "visit":
        found.append(_kind(config))
    found += [_clock(field.removesuffix(".time"), place) for field, place in at.items() if field.endswith(".time")]
    found += _people(layout, at)
    found += _translations(at, config)
    distance = config.distance or catalogue.preset(config.preset).get("distance", "km")
    if distance == "miles":
        found += [_changed(field, _kilometres) for field in _DISTANCES if field in at]
    order = config.date_order or catalogue.preset(config.preset).get("date_order", "")
    if order:
        found += [_changed(field, _iso(order)) for field in at if _is_date(field)]
    return tuple(found)


def _is_date(field: str) -> bool:
    return field.endswith(("_at", "_on", "_until", "birth_date", "start"))


def _kind(config: CsvConfig) -> Step:
    default, words = config.kind.value, {**catalogue.kinds(), **_keyed(config.words.get("kind", {}))}

    def step(data: Data, _cells: list[str]) -> None:
        said = data.get("kind")
        data["kind"] = words.get(heading_key(said), said) if said else default

    return step


def _keyed(words: Mapping[str, str]) -> dict[str, str]:
    return {heading_key(word): code for word, code in words.items()}


def _translations(at: Mapping[str, int], config: CsvConfig) -> list[Step]:
    """Their words for ours; a word that is not in the table stays as it is, for the core to judge."""
    tables: dict[str, dict[str, str]] = {}
    tables |= dict.fromkeys(_REFUSALS, _REFUSED)
    tables |= {"active": _ACTIVE, "injury_accident": _INJURY}
    for field, words in config.words.items():
        if field != "kind":
            tables[field] = {**tables.get(field, {}), **_keyed(words)}
    if config.store_codes:
        tables["store"] = _keyed(config.store_codes)
    return [_changed(field, _translated(table)) for field, table in tables.items() if field in at]


def _translated(table: Mapping[str, str]) -> Callable[[str], str]:
    return lambda value: table.get(heading_key(value), value)


def _changed(path: str, change: Callable[[str], str]) -> Step:
    """Replace the value at `path`, if there is one."""
    *groups, name = path.split(".")

    def step(data: Data, _cells: list[str]) -> None:
        part: Any = data
        for group in groups:
            part = part.get(group)
            if not isinstance(part, dict):
                return
        if name in part:
            part[name] = change(part[name])

    return step


def _clock(path: str, position: int) -> Step:
    """A date column with its time in another one."""

    def step(data: Data, cells: list[str]) -> None:
        clock, day = cells[position], data.get(path)
        if day and ":" not in day and _CLOCK.fullmatch(clock):
            data[path] = f"{day} {clock}"

    return step


def _people(layout: Layout, at: Mapping[str, int]) -> list[Step]:
    prefix = "" if layout.entity == "customer" else "customer."
    found: list[Step] = []
    first, last = at.get(f"{prefix}first_name"), at.get(f"{prefix}last_name")
    if first is not None or last is not None:
        found.append(_full_name(prefix, first, last))
    others = tuple(position for position, field in layout.columns if field == f"{prefix}phones")
    if others:
        found.append(_phones(prefix, others))
    if (accepts := at.get(f"{prefix}accepts_messages")) is not None:
        found.append(_accepts(prefix, accepts))
    family = {
        name: at[field] for name in ("name", "relation", "birth_date") if (field := f"{prefix}relatives.{name}") in at
    }
    if "name" in family:
        found.append(_relative(prefix, family))
    found += [
        _consent(prefix, field.rpartition(".")[2], at[field]) for field in at if field.startswith(f"{prefix}consents.")
    ]
    owner = {name: at[field] for name in ("name", "phone") if (field := f"vehicle.owner.{name}") in at}
    if owner:
        found.append(_owner(owner))
    return found


def _person(data: Data, prefix: str) -> Data:
    return data.setdefault("customer", {}) if prefix else data


def _full_name(prefix: str, first: int | None, last: int | None) -> Step:
    def step(data: Data, cells: list[str]) -> None:
        given, family = (cells[place] if place is not None else "" for place in (first, last))
        chinese = any(char >= "\u2e80" for char in given + family)
        name = family + given if chinese else f"{given} {family}".strip()
        if name:
            _person(data, prefix).setdefault("name", name)

    return step


def _phones(prefix: str, positions: tuple[int, ...]) -> Step:
    def step(data: Data, cells: list[str]) -> None:
        numbers = [cells[position] for position in positions if cells[position]]
        if numbers:
            person = _person(data, prefix)
            if "phone" not in person:
                person["phone"] = numbers.pop(0)
            if numbers:
                person["phones"] = numbers

    return step


def _accepts(prefix: str, position: int) -> Step:
    """否 in a column of consent to texts is a refusal; 是 is no proof of anything."""

    def step(data: Data, cells: list[str]) -> None:
        if heading_key(cells[position]) in {"否", "n", "no", "0", "false", "不接收", "不同意", "拒绝"}:
            _person(data, prefix).setdefault("opted_out", "是")

    return step


def _relative(prefix: str, family: Mapping[str, int]) -> Step:
    def step(data: Data, cells: list[str]) -> None:
        said = {name: cells[position] for name, position in family.items() if cells[position]}
        if "name" in said:
            _person(data, prefix)["relatives"] = [said]

    return step


def _consent(prefix: str, purpose: str, position: int) -> Step:
    def step(data: Data, cells: list[str]) -> None:
        if cells[position]:
            _person(data, prefix).setdefault("consents", []).append({"purpose": purpose, "granted": cells[position]})

    return step


def _owner(places: Mapping[str, int]) -> Step:
    def step(data: Data, cells: list[str]) -> None:
        said = {name: cells[position] for name, position in places.items() if cells[position]}
        if said and "vehicle" in data:
            data["vehicle"]["owner"] = said

    return step


def _kilometres(value: str) -> str:
    try:
        return str(round(float(value.replace(",", "")) * _MILES))
    except ValueError:
        return value


def _iso(order: str) -> Callable[[str], str]:
    def change(value: str) -> str:
        found = _SLASHED.fullmatch(value)
        if found is None:
            return value
        first, second, year, rest = found.groups()
        month, day = (first, second) if order == "mdy" else (second, first)
        return f"{year}-{int(month):02d}-{int(day):02d}{rest}"

    return change
