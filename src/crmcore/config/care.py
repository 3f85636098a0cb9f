"""Care rules, message templates and dated events: packs, overridden by crm.toml, and checked so that nothing fails at night."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import attrs

from crmcore.config.document import Document
from crmcore.config.packs import Note, opened, overlaid, shipped, structured
from crmcore.config.places import Place
from crmcore.config.values import Mistake, choice, unknown_key
from crmcore.errors import ConfigError
from crmcore.rules.conditions import HINDRANCES, POPULATIONS
from crmcore.rules.durations import parse
from crmcore.rules.templates import check
from crmcore.types.contact import CareEvent, MessageClass, MessageTemplate, TouchpointRule

PACKS = ("sales", "aftersales")

Tables = Mapping[str, Mapping[str, Any]]


@attrs.frozen(kw_only=True)
class Care:
    """What the packs and the file say together, by code."""

    rules: dict[str, TouchpointRule] = attrs.field(factory=dict)
    templates: dict[str, MessageTemplate] = attrs.field(factory=dict)
    suffix: dict[str, dict[str, str]] = attrs.field(factory=dict)


def care(
    document: Document,
    packs: list[Document],
    overrides: Tables,
    templates: Tables,
    note: Note,
) -> Care:
    """The rules and templates of `packs`; each mistake is noted where it was made, in the pack or in the file."""
    found = Care()
    reader = Reader(document, note)
    for pack in packs:
        for key in set(pack.data) - {"rules", "templates", "suffix"}:
            note(unknown_key((key,), ("rules", "templates", "suffix")), pack)
        _merge(found.templates, reader.each("templates", ("templates",), pack, templates, MessageTemplate))
    named = {code for pack in packs for code in pack.data.get("templates", {})}
    for pack in packs:
        for code, rule in reader.each("rules", ("care", "rules"), pack, overrides, TouchpointRule):
            if code in found.rules:
                note(Mistake(("rules", code), "CRM-C161", {"rule": code}), pack)
            found.rules[code] = rule
            reader.check(rule, pack, overrides.get(code, {}), named)
    for template in found.templates.values():
        reader.check_words(template, packs, templates.get(template.code, {}), found.rules.values())
    found.suffix.update(_suffix(document, packs))
    reader.refuse_unknown(("care", "rules"), overrides, packs, "rules")
    reader.refuse_unknown(("templates",), templates, packs, "templates")
    return found


def check_events(events: tuple[CareEvent, ...], rules: Collection[str], stores: frozenset[str], note: Note) -> None:
    """What an event names must exist, and it must not end before it begins."""
    for number, event in enumerate(events):
        place: Place = ("events", number)
        if rules and event.rule not in rules:
            _refuse(note, (*place, "rule"), event.rule, rules)
        for index, store in enumerate(event.stores):
            if stores and store not in stores:
                _refuse(note, (*place, "stores", index), store, stores)
        if event.until is not None and event.until < event.on:
            note(Mistake((*place, "until"), "CRM-C162"), None)
        if event.code in {other.code for other in events[:number]}:
            note(Mistake((*place, "code"), "CRM-C156", {"value": event.code}), None)


def _refuse(note: Note, place: Place, value: str, known: Collection[str]) -> None:
    wrong = choice(value, sorted(known))
    note(Mistake(place, wrong.code, wrong.params), None)


def open_packs(
    document: Document, names: tuple[str, ...], note: Note, fail: Callable[[ConfigError], None]
) -> list[Document]:
    """What is always in force, and the packs that `[care] packs` names; one that cannot be read is told with its own place."""
    found = [shipped("messages")]
    for number, name in enumerate(names):
        try:
            found.append(opened(name, document.path.parent, PACKS))
        except ConfigError as error:
            if error.code == "CRM-C159":
                note(Mistake(("care", "packs", number), error.code, error.params), document)
            else:
                fail(error)
    return [*found, shipped("second_callback")]


def _merge(into: dict[str, Any], rows: Iterator[tuple[str, Any]]) -> None:
    into.update(rows)


@attrs.frozen
class Reader:
    """Reads tables of a pack, each laid over by the table of the same code in the file."""

    document: Document
    note: Note

    def each(
        self, table: str, place: Place, pack: Document, overrides: Tables, kind: type[Any]
    ) -> Iterator[tuple[str, Any]]:
        """Each row of `table` that can be read, by its code."""
        rows = pack.data.get(table, {})
        for code, row in rows.items() if isinstance(rows, Mapping) else ():
            if not isinstance(row, Mapping):
                self.note(Mistake((table, code), "CRM-C124"), pack)
                continue
            mine = overrides.get(code, {})
            origin = overlaid((*place, code), mine, self.document, pack, (table, code))
            made = structured({**_over(row, mine), "code": code}, kind, self.note, origin)
            if made is not None:
                yield code, made

    def check(self, rule: TouchpointRule, pack: Document, mine: Mapping[str, Any], templates: Collection[str]) -> None:
        """Durations that can be read, conditions and templates that exist."""
        origin = overlaid(("care", "rules", rule.code), mine, self.document, pack, ("rules", rule.code))
        for key in ("offset", "within", "expires", "repeat"):
            text = getattr(rule, key)
            try:
                parse(text or "P0D")
            except ValueError:
                path, where = origin((key,))
                self.note(Mistake(path, "CRM-C163", {"value": text}), where)
        named: tuple[tuple[str, Collection[str]], ...] = (
            ("population", POPULATIONS),
            ("stop_on", HINDRANCES),
            ("suppress_when", HINDRANCES),
        )
        for key, known in named:
            for number, code in enumerate(getattr(rule, key)):
                if code not in known:
                    wrong = choice(code, sorted(known))
                    path, where = origin((key, number))
                    self.note(Mistake(path, wrong.code, wrong.params), where)
        if rule.template is not None and rule.template not in templates:
            wrong = choice(rule.template, sorted(templates))
            path, where = origin(("template",))
            self.note(Mistake(path, wrong.code, wrong.params), where)

    def check_words(
        self,
        template: MessageTemplate,
        packs: list[Document],
        mine: Mapping[str, Any],
        rules: Collection[TouchpointRule],
    ) -> None:
        """Every variable of a text can be filled, and a neutral text names nobody."""
        pack = next(pack for pack in reversed(packs) if template.code in pack.data.get("templates", {}))
        origin = overlaid(("templates", template.code), mine, self.document, pack)
        for problem in check(template, rules):
            path, where = origin((problem.field,))
            self.note(
                Mistake(path, problem.code, {"word": problem.word, "field": problem.field, "template": template.code}),
                where,
            )

    def refuse_unknown(self, place: Place, overrides: Tables, packs: list[Document], table: str) -> None:
        """An override of something that no pack has does nothing, so it is a typo."""
        known = sorted({code for pack in packs for code in pack.data.get(table, {})})
        for code in overrides:
            if code not in known:
                wrong = choice(code, known)
                self.note(Mistake((*place, code), wrong.code, wrong.params), self.document)


def _suffix(document: Document, packs: list[Document]) -> dict[str, dict[str, str]]:
    """The refusal route of each message class, in both languages; [suffix] of the file lays over that of the packs."""
    found: dict[str, dict[str, str]] = {}
    for source in (*packs, document):
        for message_class, words in source.data.get("suffix", {}).items():
            if message_class in set(MessageClass) and isinstance(words, Mapping):
                found.setdefault(message_class, {}).update(words)
    return found


def _over(row: Mapping[str, Any], mine: Mapping[str, Any]) -> dict[str, Any]:
    """`row` with the keys of `mine`; inner tables (label, params) are laid over key by key as well."""
    merged = {**row, **mine}
    for key, value in mine.items():
        if isinstance(value, Mapping) and isinstance(row.get(key), Mapping):
            merged[key] = {**row[key], **value}
    return merged
