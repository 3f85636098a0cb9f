"""What one call of the command knows: the global options, the language, and what is opened for it and closed after it."""

from __future__ import annotations

import contextlib
import functools
import json
import locale
import os
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from crmcore import lang as catalogue
from crmcore.errors import ConfigError, CrmError, UsageError

if TYPE_CHECKING:
    from crmcore.app import Crm
    from crmcore.config import Config, Document
    from crmcore.hooks.adapters import Clock
    from crmcore.hooks.manager import Plugins

CONFIG = "crm.toml"
#: Columns that hold codes -> the kind of their words in lang/ ("state.DUE").
LABELLED = {"state": "state", "role": "role", "executor": "role", "channel": "channel", "message_class": "class"}
_STORED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")  # an instant as `db.columns.stamp` writes it
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


class State:
    """Handed to every command as `click.pass_obj`.

    Everything that is slow to load (plugins, SQLAlchemy) is loaded by the property that needs it and by nothing else.
    """

    def __init__(self) -> None:
        self.path = Path(CONFIG)
        self.lang_option: str | None = None
        self.json = False
        self.now_text: str | None = None
        self.verbosity = 0
        self.closing = contextlib.ExitStack()

    # ------------------------------------------------------------------ words

    @property
    def lang(self) -> str:
        """--lang, else CRMCORE_LANG, else what the file says, else the language of the system."""
        for wanted in (self.lang_option, os.environ.get("CRMCORE_LANG"), self._lang_of_file):
            if wanted in catalogue.LANGUAGES:
                return str(wanted)
        return _system_lang()

    @functools.cached_property
    def _lang_of_file(self) -> str | None:
        """A glance at the file: it may be missing, no TOML or not UTF-8, and even then its mistakes are told in its language."""
        try:
            raw = self.path.read_bytes()
        except OSError:
            return None
        top = re.split(rb"^\s*\[", raw.removeprefix(b"\xef\xbb\xbf"), maxsplit=1, flags=re.MULTILINE)[0]
        said = re.search(rb"""^\s*lang\s*=\s*["'](\w+)["']""", top, flags=re.MULTILINE)
        return said[1].decode("ascii", errors="replace") if said else None

    def say(self, key: str, **params: object) -> str:
        """A sentence of lang/, in the reader's language."""
        return catalogue.say(key, self.lang, "crmcore", **params)

    def knows(self, key: str) -> bool:
        """Is there such a sentence?"""
        return key in catalogue.catalogue(self.lang).get("say", {})

    def reason(self, code: str | None, catalog: str = "crmcore") -> str:
        """The words of a reason code; the code itself where it has none."""
        return catalogue.reason(code, self.lang, catalog)[0] if code else ""

    # ------------------------------------------------------------------ what is said

    def emit(self, schema: str, body: Mapping[str, Any]) -> None:
        """One JSON object on stdout; escaped where the stream could not hold every character."""
        encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
        text = json.dumps(
            {"schema": f"crmcore/{schema}@1", **body}, ensure_ascii=encoding != "utf8", indent=2, default=_plain
        )
        _write(sys.stdout, text)

    def tell(self, text: str) -> None:
        """Something for a person: the result itself. Nothing with --json or -q."""
        if not self.json and self.verbosity >= 0:
            _write(sys.stdout, text)

    def note(self, text: str) -> None:
        """Something beside the result: stderr, so that it never mixes with data."""
        if self.verbosity >= 0:
            _write(sys.stderr, text)

    def show(self, schema: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
        """A list: as JSON under its plural name, or as a table of `columns` (default: all) with headings from lang/."""
        if self.json:
            self.emit(schema, {schema: list(rows)})
            return
        if not rows:
            self.tell(self.say("nothing"))
            return
        names = list(columns or rows[0])
        self.tell(
            table(
                [self.word(name, schema) for name in names],
                [[self.cell(row.get(name), (schema, name)) for name in names] for row in rows],
            )
        )

    def word(self, name: str, schema: str = "") -> str:
        """What a column or field is called, in this list where it has a word of its own; its code where lang/ has none."""
        keys = (f"column.{schema}.{name}", f"column.{name}")
        return next((self.say(key) for key in keys if self.knows(key)), name)

    def cell(self, value: object, of: tuple[str, str] = ("", "")) -> str:
        """A value of (list, column), on one line: codes in words, an instant as the clock of the first store shows it."""
        kind = LABELLED.get(of[1], "")
        for key in (f"{kind}.{of[0]}.{value}", f"{kind}.{value}"):
            if self.knows(key):
                return self.say(key)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "√" if value else "×"
        if isinstance(value, list | tuple):
            return ", ".join(map(str, value))
        text = " ".join(str(value).split())
        return f"{self.local(text):%Y-%m-%d %H:%M}" if _INSTANT.fullmatch(text) else text

    # ------------------------------------------------------------------ what is opened

    @functools.cached_property
    def document(self) -> Document:
        """The file, read but not checked."""
        from crmcore.config import read

        return read(self.path.absolute())

    @functools.cached_property
    def plugins(self) -> Plugins:
        """What is installed; without a file nothing is disabled. What a plugin prints while it loads is no result."""
        from crmcore.hooks.manager import Plugins

        try:
            disabled = self.document.disabled
        except ConfigError:
            disabled = frozenset()
        with contextlib.redirect_stdout(sys.stderr):
            return Plugins(disabled=disabled)

    @functools.cached_property
    def config(self) -> Config:
        """The file, checked."""
        from crmcore.config import load

        return load(self.document, self.plugins)

    @functools.cached_property
    def clock(self) -> Clock:
        """The machine's clock, or --now; a time without an offset is that of the first store."""
        from crmcore.app import FixedClock, SystemClock

        if self.now_text is None:
            return SystemClock()
        return FixedClock(self.instant(self.now_text))

    def local(self, text: str) -> datetime:
        """An ISO instant in the zone of the first store."""
        from zoneinfo import ZoneInfo

        return datetime.fromisoformat(text).astimezone(ZoneInfo(self.config.stores[0].timezone))

    def instant(self, text: str) -> datetime:
        """An ISO date or time; without an offset it is that of the first store."""
        from zoneinfo import ZoneInfo

        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError("CRM-U105", value=text) from None
        return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(self.config.stores[0].timezone))

    @functools.cached_property
    def crm(self) -> Crm:
        """Everything together, with the store open; closed when the command ends."""
        from crmcore.app import Crm

        return self.closing.enter_context(Crm(self.config, plugins=self.plugins, clock=self.clock, lang=self.lang))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns that stand in line also where a character is two wide."""
    lines = [list(headings), *rows]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(headings))]
    ruled = [lines[0], ["-" * width for width in widths], *lines[1:]]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in ruled
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _plain(value: object) -> object:
    """What JSON has no word for."""
    if isinstance(value, CrmError):
        return value.code
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()


def _system_lang() -> str:
    name = (locale.getlocale()[0] or os.environ.get("LANG") or "").lower()
    return "zh" if name.startswith(("zh", "chinese")) else "en"
