"""Packs are defaults with their sources, as data; crm.toml overrides them key by key, and each mistake is told where it was made."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import attrs
import cattrs

from crmcore.config.document import Document, decode, parse
from crmcore.config.model import Bundling, Contact
from crmcore.config.places import Place
from crmcore.config.values import Mistake, mistakes, plain
from crmcore.errors import ConfigError
from crmcore.rules.alerts import AlertPolicy
from crmcore.rules.attempts import CallbackPolicy
from crmcore.rules.complaints.policy import ComplaintPolicy
from crmcore.rules.messages import BreakerPolicy, SendPolicy
from crmcore.rules.rework import ReworkPolicy
from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.surveys.policy import SurveyPolicy

T = TypeVar("T")
Note = Callable[[Mistake, Document | None], None]


#: Table of crm.toml -> the pack with its defaults (a table of the same name) and what it becomes.
POLICIES: Mapping[str, tuple[str, type]] = {
    "contact": ("contact", Contact),
    "sending": ("contact", SendPolicy),
    "breaker": ("contact", BreakerPolicy),
    "bundling": ("contact", Bundling),
    "callbacks": ("callbacks", CallbackPolicy),
    "surveys": ("surveys", SurveyPolicy),
    "scores": ("scores", ScorePolicy),
    "complaints": ("complaints", ComplaintPolicy),
    "alerts": ("alerts", AlertPolicy),
    "rework": ("rework", ReworkPolicy),
}


@functools.cache
def shipped(name: str) -> Document:
    """A pack of the package."""
    file = resources.files("crmcore") / "packs" / f"{name}.toml"
    return parse(file.read_text("utf-8"), Path(f"{name}.toml"), f"packs/{name}.toml")


def policies(document: Document, note: Note) -> dict[str, Any]:
    """Each table of `POLICIES`, overridden by the table of the same name; what is wrong is left out."""
    found: dict[str, Any] = {}
    for table, (name, kind) in POLICIES.items():
        defaults, mine = shipped(name), document.data.get(table, {})
        if isinstance(mine, Mapping):
            merged = {**defaults.data[table], **mine}
            found[table] = structured(merged, kind, note, overlaid((table,), mine, document, defaults))
    return found


Origin = Callable[[Place], tuple[Place, Document]]


def overlaid(
    place: Place, mine: Mapping[str, Any], document: Document, pack: Document, below: Place | None = None
) -> Origin:
    """Tells whether a key of a merged table stands in the file (at `place`) or in the pack (at `below`)."""

    def origin(path: Place) -> tuple[Place, Document]:
        if not path or path[0] in mine:
            return (*place, *path), document
        return (*(place if below is None else below), *path), pack

    return origin


def structured(data: Mapping[str, Any], kind: type[T], note: Note, origin: Origin) -> T | None:
    """`data` as a `kind`, or None with its mistakes noted where they were made."""
    try:
        return plain().structure(data, kind)
    except cattrs.BaseValidationError as error:
        for mistake in mistakes(error):
            path, where = origin(mistake.path)
            note(attrs.evolve(mistake, path=path), where)
    return None


def opened(name: str, folder: Path, known: tuple[str, ...]) -> Document:
    """A shipped pack by its name, or a file of the dealer by its path."""
    if name in known:
        return shipped(name)
    path = folder / name
    try:
        return parse(decode(path.read_bytes(), path.name), path, path.name)
    except OSError as error:
        raise ConfigError("CRM-C159", pack=name, known=", ".join(known), why=type(error).__name__) from None
