"""Where a key stands in a TOML file: `tomllib` forgets it, and a mistake without its line is a mistake to search for.

The text has already been read by `tomllib`, so the scan may trust it to be valid and only has to keep count of lines.
"""

from __future__ import annotations

import re
from typing import Final

Place = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_INLINE_BLANK: Final = re.compile(r"[ \t]*")
_KEY: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_BARE: Final = re.compile(r"[^,\]}\n#]*")


class Places:
    """The line of every key, by its path: `("stores", 0, "name")`, `("messaging", "sms", "url")`."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._lines: dict[Place, int] = {}
        self._rows: dict[Place, int] = {}  # arrays of tables: how many elements so far
        self._scan()

    def line(self, path: Place) -> int:
        """The line of `path`, or of the nearest table around it; 1 where nothing of it is written."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def _scan(self) -> None:
        table: Place = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Place:
        array = self._text.startswith("[[", self._at)
        here = self._note_line()
        self._at += 2 if array else 1
        path = self._keys()
        self._at += 2 if array else 1
        resolved: Place = ()
        for part in path[:-1]:
            resolved = self._latest((*resolved, part))
            self._lines.setdefault(resolved, here)
        resolved = (*resolved, path[-1])
        if array:
            self._rows[resolved] = self._rows.get(resolved, -1) + 1
            self._lines.setdefault(resolved, here)
        resolved = self._latest(resolved)
        self._lines.setdefault(resolved, here)
        return resolved

    def _latest(self, path: Place) -> Place:
        """A header below an array of tables speaks of its last element."""
        return (*path, self._rows[path]) if path in self._rows else path

    def _pair(self, table: Place) -> None:
        here = self._note_line()
        path = (*table, *self._keys())
        for length in range(len(table) + 1, len(path) + 1):
            self._lines.setdefault(path[:length], here)
        self._skip(_INLINE_BLANK)
        self._at += 1  # the equals sign
        self._skip(_INLINE_BLANK)
        self._value(path)

    def _keys(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self._skip(_INLINE_BLANK)
            found = _KEY.match(self._text, self._at)
            if found is None:
                return tuple(parts) or ("",)
            self._at = found.end()
            parts.append(_unquoted(found.group()))
            self._skip(_INLINE_BLANK)
            if not self._text.startswith(".", self._at):
                return tuple(parts)
            self._at += 1

    def _value(self, path: Place) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening == "{":
            self._within(path, "}")
        elif opening == "[":
            self._within(path, "]")
        elif opening in {'"', "'"}:
            self._skip(_STRING)
        else:
            self._skip(_BARE)

    def _within(self, path: Place, closing: str) -> None:
        """The members of an inline table or an array."""
        self._at += 1
        count = 0
        while self._skip(_BLANK) < len(self._text) and self._text[self._at] != closing:
            if self._text[self._at] == ",":
                self._at += 1
            elif closing == "}":
                self._pair(path)
            else:
                self._lines.setdefault((*path, count), self._note_line())
                self._value((*path, count))
                count += 1
        self._at += 1

    def _note_line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at


def _unquoted(key: str) -> str:
    if key.startswith('"'):
        return re.sub(r"\\(.)", r"\1", key[1:-1])
    return key.strip("'")


def dotted(path: Place) -> str:
    """`stores[0].name`, as a person would say where it is."""
    said = ""
    for part in path:
        said += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if said else part
    return said
