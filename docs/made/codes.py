"""docs/reference/errors.md and reasons.md: every code with its words and what to do, from lang/."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from made.markdown import plain

from crmcore import lang

_PLUGINS = sorted(path.parent.name for path in Path(__file__).parents[2].glob("plugins/*/pyproject.toml"))
PACKAGES = {"crmcore": "crmcore"} | {f"crmcore_{name}": f"crmcore-{name.replace('_', '-')}" for name in _PLUGINS}
ERRORS = """\
# Error codes

Every error has a code that stays, says what happened and what to do, and loses nothing that was committed.
Words in braces are filled in.
"""
REASONS = """\
# Reason codes

Why a row was rejected, a text was held or refused, a contact was held back or cancelled.
Lists show the words, `--json` shows the code.
"""

LETTERS = {
    "B": "Faults of crmcore",
    "C": "crm.toml",
    "D": "Database and files",
    "G": "The SMS gateway plugin",
    "H": "HTTP",
    "L": "The LimeSurvey plugin",
    "M": "Messages",
    "P": "Plugins",
    "S": "Sources and customers",
    "T": "Touchpoints",
    "U": "The command line",
    "W": "The receiver",
    "X": "Missing extras",
}


def errors_page() -> str:
    """Every error code, with what happened and what to do."""
    entries = {each: package for package in PACKAGES for each in lang.catalogue("en", package).get("errors", {})}
    parts = [
        ERRORS,
    ]
    letter = ""
    for each in sorted(entries):
        if each[4] != letter:
            letter = each[4]
            parts.append(f"## {letter}: {LETTERS[letter]}\n")
        parts.extend(entry("errors", each, entries[each]))
    return "\n".join(parts)


def reasons_page() -> str:
    """Every reason code: why a row was rejected, a text held or refused, a contact not planned."""
    parts = [
        REASONS,
    ]
    for package, distribution in PACKAGES.items():
        found = sorted(lang.catalogue("en", package).get("reasons", {}))
        if found:
            parts.append(f"## {distribution}\n")
        for each in found:
            parts.extend(entry("reasons", each, package))
    return "\n".join(parts)


def entry(kind_: str, name: str, package: str) -> Iterator[str]:
    """One code in both languages."""
    yield f"### `{name}`\n"
    for language in ("en", "zh"):
        said = lang.catalogue(language, package)[kind_][name]
        text, fix = (plain(lang.fill(said.get(part, ""), {})) for part in ("text", "fix"))
        yield f"- {text}{' → ' + fix if fix else ''}"
    yield ""
