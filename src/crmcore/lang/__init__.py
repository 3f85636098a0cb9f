"""Every sentence a person reads, by code: `<room>.en.toml` and `<room>.zh.toml`, of the core and of each plugin.

The files of one language are read as one catalogue of three tables: `errors."CRM-C104"` and `reasons.PHONE_SCIENTIFIC` (each `text` and `fix`), and `say.<key>`
(plain strings). The files are packaged data and never change while the process lives, so reading them once is enough.
"""

from __future__ import annotations

import functools
import sys
import tomllib
from collections.abc import Mapping
from importlib import metadata, resources
from typing import Any

__all__ = ["LANGUAGES", "reason", "say"]

LANGUAGES = ("zh", "en")
_PLUGIN = "plugin:"


@functools.cache
def catalogue(lang: str, package: str = "crmcore") -> Mapping[str, Any]:
    """The tables of one language of one package; empty for a package that brings none."""
    merged: dict[str, dict[str, Any]] = {}
    if not package:
        return merged
    try:
        files = [file for file in (resources.files(package) / "lang").iterdir() if file.name.endswith(f".{lang}.toml")]
    except (FileNotFoundError, ModuleNotFoundError):
        return merged
    for file in files:
        for table, entries in tomllib.loads(file.read_text("utf-8")).items():
            merged.setdefault(table, {}).update(entries)
    return merged


class _Shy(dict[str, object]):
    """Leaves a placeholder that has no value as it stands: a wrong sentence must not hide the error it tells of."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def fill(template: str, params: Mapping[str, object]) -> str:
    """`template` with its `{placeholders}` filled; unknown ones stay visible."""
    return template.format_map(_Shy(params))


def error(code: str, lang: str, package: str, params: Mapping[str, object]) -> tuple[str, str]:
    """What happened and what to do, for an error code; a code without words still shows its parameters.

    A parameter `reason` that is a reason code is said in words, and `{remedy}` is its own fix: whoever raises it does not know the
    reader's language.
    """
    why = params.get("reason")
    if isinstance(why, str):
        said, remedy = reason(why, lang, package)
        params = {"remedy": remedy, **params, "reason": said}
    return _entry("errors", code, lang, package, params)


def reason(
    code: str, lang: str, package: str = "crmcore", params: Mapping[str, object] | None = None
) -> tuple[str, str]:
    """Text and fix of a reason code: why a row was rejected, a message held or refused, a touchpoint suppressed.

    "plugin:<name>:<CODE>" is what a plugin has said: it is named, and has its own words where it brings some.
    """
    if code.startswith(_PLUGIN):
        name, _, own = code.removeprefix(_PLUGIN).rpartition(":")
        said, fix = _entry("reasons", own, lang, _package(name), params or {})
        text, _ = _entry("reasons", "PLUGIN_SAYS", lang, "crmcore", {"plugin": name, "said": said})
        return text, fix
    return _entry("reasons", code, lang, package, params or {})


def _package(plugin: str) -> str:
    """Where a plugin has its words: the package of its entry point, or of the code of that name if it is loaded already."""
    installed = _installed(plugin)
    if installed:
        return installed
    own = plugin.partition(".")[0].partition("#")[0]
    return own if hasattr(sys.modules.get(own), "__path__") else ""


@functools.cache
def _installed(plugin: str) -> str:
    return next((each.module.partition(".")[0] for each in metadata.entry_points(group="crmcore", name=plugin)), "")


def say(key: str, lang: str, /, package: str = "crmcore", **params: object) -> str:
    """A sentence of the program's own voice."""
    template = catalogue(lang, package).get("say", {}).get(key)
    return fill(template, params) if template is not None else key


def _entry(table: str, code: str, lang: str, package: str, params: Mapping[str, object]) -> tuple[str, str]:
    entry = catalogue(lang, package).get(table, {}).get(code)
    if entry is None and package != "crmcore":
        entry = catalogue(lang).get(table, {}).get(code)
    if entry is None:
        shown = ", ".join(f"{name}={value}" for name, value in params.items())
        return shown or code, ""
    return fill(entry["text"], params), fill(entry.get("fix", ""), params)
