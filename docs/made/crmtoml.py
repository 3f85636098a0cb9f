"""docs/reference/config.md: every key of crm.toml, its type and default from the classes that read it."""

from __future__ import annotations

import enum
import functools
import tomllib
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import attrs
from made.markdown import code, pack, plain, table

from crmcore.config import instances, model
from crmcore.config.load import CareTable, DatabaseTable, File, PluginsTable, SystemsTable
from crmcore.config.values import members
from crmcore.hooks.adapters import Secret
from crmcore.hooks.manager import Plugins
from crmcore.rules.alerts import AlertPolicy
from crmcore.rules.attempts import CallbackPolicy
from crmcore.rules.complaints.policy import ComplaintPolicy
from crmcore.rules.messages import BreakerPolicy, SendPolicy
from crmcore.rules.permit import QuietHours
from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.surveys.policy import SurveyPolicy
from crmcore.types.complaint import Category
from crmcore.types.contact import CallResult, CareEvent, MessageTemplate, TouchpointRule
from crmcore.types.store import Opening, Role, Staff, Store

DOCS = Path(__file__).parents[1]
INTRO = """\
# crm.toml

Every key, with its default; what is not written has the default.
Relative paths are relative to the file, which is UTF-8.
A key that does not exist is a mistake, and all mistakes are told at once, each with its line.
A value that must stay secret is written as `{ env = "NAME" }` and comes from the environment.
"""


#: A default that is longer than this is no help in a table.
LONG = 200


@functools.cache
def words() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((DOCS / "config.toml").read_text("utf-8"))


def config_page() -> str:
    """Every table and key of crm.toml."""
    contact = pack("contact")
    parts = [
        INTRO,
        *section("The top of the file", "file", File, only=("lang",)),
        *section("`[store]`, or `[[stores]]` for several", "store", Store),
        *section("`[[staff]]`", "staff", Staff),
        "Roles: " + ", ".join(code(role.value) for role in Role) + ".\n",
        *section("`[contact]`", "contact", model.Contact, pack=contact["contact"]),
        *section("`[sending]`", "sending", SendPolicy, pack=contact["sending"]),
        *section("`[breaker]`", "breaker", BreakerPolicy, pack=contact["breaker"]),
        *section("`[bundling]`", "bundling", model.Bundling, pack=contact["bundling"]),
        *section("`[callbacks]`", "callbacks", CallbackPolicy, pack=pack("callbacks")["callbacks"]),
        *section("`[results.<code>]`", "result", CallResult, but=("code", "source")),
        *results_section(),
        *section("`[complaints]`", "complaints", ComplaintPolicy, pack=pack("complaints")["complaints"]),
        *section("`[categories.<code>]`", "category", Category, but=("code", "source")),
        "The codes and what each category says by itself: [complaints](complaints.md).\n",
        *section("`[surveys]`", "surveys", SurveyPolicy, pack=pack("surveys")["surveys"]),
        *section("`[scores]`", "scores", ScorePolicy, pack=pack("scores")["scores"]),
        *section("`[alerts]`", "alerts", AlertPolicy, pack=pack("alerts")["alerts"]),
        *section("`[database]`", "database", DatabaseTable),
        *section("`[care]`", "care", CareTable),
        *section("`[care.rules.<code>]`", "rule", TouchpointRule, but=("code", "source")),
        "The codes and what each rule says by itself: [care rules](rules.md).\n",
        *section("`[templates.<code>]`", "template", MessageTemplate, but=("code", "source")),
        *suffix_section(),
        *section("`[[events]]`", "event", CareEvent),
        *section("`[dms.<name>]`", "instance", instances.Core),
        *plugin_sections(),
        *section("`[survey.<name>]`", "instance", instances.SurveyCore),
        *section("`[serve]`", "serve", model.Serve),
        *section("`[systems]`", "systems", SystemsTable),
        *section("`[plugins]`", "plugins", PluginsTable),
    ]
    check_words(parts)
    return "\n".join(parts)


def section(
    title: str,
    name: str,
    cls: type[Any],
    *,
    only: Sequence[str] = (),
    but: Sequence[str] = (),
    pack: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """A table of the file: one row a key, its words from docs/config.toml."""
    attrs.resolve_types(cls)
    rows = []
    for field in attrs.fields(cls):
        if (only and field.name not in only) or field.name in {*but, "sources"}:
            continue
        said = words()[name][field.name]
        default = toml(pack[field.name]) if pack is not None else default_of(field)
        default = default if len(default) <= LONG else "as the pack says"
        rows.append((code(field.name), kind(field.type), default, said["en"], said["zh"]))
    yield f"## {title}\n"
    yield table(("key", "type", "default", "meaning", "含义"), rows)
    if pack is not None:
        yield "Where the numbers come from:\n"
        yield "\n".join(f"- {code(key)}: {plain(source)}" for key, source in pack["sources"].items()) + "\n"


def results_section() -> Iterator[str]:
    """The shipped call results, by family."""
    rows = [
        (code(name), row["label"]["en"], row["label"]["zh"], code(row["outcome"]), code(row.get("effect", "NONE")))
        for name, row in pack("results")["results"].items()
    ]
    yield "What comes with crmcore:\n"
    yield table(("code", "result", "结果", "family", "effect"), sorted(rows, key=lambda row: row[3]))


def suffix_section() -> Iterator[str]:
    """[suffix]: by message class and language."""
    yield "## `[suffix]`\n"
    rows = [
        (
            code(f"{name}.{key}"),
            "text",
            code(toml_text(texts[key])),
            words()["suffix"][key]["en"],
            words()["suffix"][key]["zh"],
        )
        for name, texts in pack("messages")["suffix"].items()
        if name != "sources"
        for key in ("zh", "en")
    ]
    yield table(("key", "type", "default", "meaning", "含义"), rows)


def plugin_sections() -> Iterator[str]:
    """What each shipped adapter reads, from the `help` of its Config."""
    found = Plugins().adapters
    yield from plugin_section('`[dms.<name>]` with `adapter = "csv"`', found["dms", "csv"].Config)
    yield from section("`[messaging.<name>]`", "instance", instances.MessagingCore)
    gateway = found["messaging", "gateway"].Config
    title = '`[messaging.<name>]` with `adapter = "gateway"`'
    yield from plugin_section(title, gateway)
    for name in ("answer", "receipts", "replies"):
        inner = getattr(attrs.fields(gateway), name).type
        cls = next(member for member in (inner, *get_args(inner)) if attrs.has(member))
        yield from plugin_section(f"`[messaging.<name>.{name}]`", cls)


def plugin_section(title: str, cls: type[Any]) -> Iterator[str]:
    attrs.resolve_types(cls)
    rows = []
    for field in attrs.fields(cls):
        said = field.metadata["help"]
        rows.append((code(field.name), kind(field.type), default_of(field), plain(said["en"]), plain(said["zh"])))
    yield f"## {title}\n"
    yield table(("key", "type", "default", "meaning", "含义"), rows)


def check_words(parts: Sequence[str]) -> None:
    """No word without its key: a key that is gone must not live on in the page's words."""
    page = "\n".join(parts)
    for table_, keys in words().items():
        for key in keys:
            if f"`{key}`" not in page and f".{key}`" not in page:
                raise SystemExit(f"docs/config.toml: [{table_}] {key} is no key of crm.toml")


SIMPLE: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    object: "text",
    Opening: '`"HH:MM-HH:MM"`',
    QuietHours: '`"HH:MM-HH:MM"`',
    Secret: "secret",
    Path: "path",
    Role: "role",
}


def kind(of: Any) -> str:
    """A type in words."""
    if of in SIMPLE:
        return SIMPLE[of]
    origin, inside = get_origin(of), get_args(of)
    if origin in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(kind(each) for each in inside if each is not type(None)))
    if origin is Literal or (isinstance(of, type) and issubclass(of, enum.Enum)):
        return " ".join(code(f'"{each}"') for each in inside or [member.value for member in members(of)])
    if origin in {tuple, list, frozenset, set}:
        return f"list of {kind(inside[0])}"
    return "table" if origin is not None or attrs.has(of) else of.__name__


def default_of(field: Any) -> str:
    """A default as TOML; "needed" where there is none."""
    value = field.default
    if value is attrs.NOTHING:
        return "needed"
    if isinstance(value, attrs.Factory):
        value = value.factory()
    return toml(value)


def toml(value: Any) -> str:
    """A value as it is written in crm.toml."""
    if isinstance(value, Opening):
        return code(f'"{value.start:%H:%M}-{value.end:%H:%M}"')
    if value is None or value == "" or isinstance(value, Secret) or attrs.has(type(value)):
        return ""
    if isinstance(value, tuple | list | frozenset | set):
        inner = [toml(each).strip("`") for each in (sorted(value) if isinstance(value, frozenset | set) else value)]
        return code(f"[{', '.join(inner)}]")
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {toml(each).strip('`')}" for key, each in value.items())
        return code(f"{{ {inside} }}" if inside else "{}")
    return code(
        toml_text(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value
    )


def toml_text(value: str) -> str:
    return f'"{value}"'
