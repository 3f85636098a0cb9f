"""Reading a TOML file: its bytes, its text, its keys and where they stand; nothing of what they mean."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from crmcore.config.places import Place, Places, dotted
from crmcore.config.values import Mistake
from crmcore.errors import ConfigError

_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@attrs.frozen
class Document:
    """A TOML file that can be read, or what would stand in one.

    Attributes:
        name: how messages call it, e.g. "crm.toml".
        places: None for a mapping, which has no lines.
    """

    path: Path
    name: str
    data: dict[str, Any] = attrs.field(repr=False)
    places: Places | None = attrs.field(repr=False)

    def error(self, mistake: Mistake) -> ConfigError:
        """A mistake with its place and its key."""
        params: dict[str, Any] = {"path": dotted(mistake.path) or self.name, **mistake.params}
        return ConfigError(mistake.code, at=self.at(mistake.path), catalog=mistake.catalog, **params)

    def at(self, path: Place) -> str:
        """How messages say where something stands: "crm.toml:12", in a mapping "messaging.sms.url"."""
        return dotted(path) or self.name if self.places is None else f"{self.name}:{self.places.line(path)}"

    @property
    def disabled(self) -> frozenset[str]:
        """The plugins that must not even be imported; read before anything is checked, because checking needs the others."""
        plugins = self.data.get("plugins")
        names = plugins.get("disabled") if isinstance(plugins, Mapping) else None
        return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


def read(path: Path) -> Document:
    """The file at `path`; raises `ConfigError` when there is none, or it is not UTF-8, or no TOML."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ConfigError("CRM-C101", at=path.name) from None
    except OSError as error:
        raise ConfigError("CRM-C102", at=path.name, why=type(error).__name__) from None
    return parse(decode(raw, path.name), path, path.name)


def from_mapping(data: Mapping[str, Any]) -> Document:
    """What would stand in crm.toml, from a program's own settings; relative paths in it start in the current folder."""
    return Document(Path("crm.toml").absolute(), "config", {key: _plain(value) for key, value in data.items()}, None)


def _plain(value: object) -> Any:
    """A copy in the types of TOML: a tuple is a list, a path is its text; a `Secret` stays one."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def decode(raw: bytes, name: str) -> str:
    """The text of a file that should be UTF-8, with or without a BOM."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError("CRM-C104", at=name, encoding="UTF-16")
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        raise ConfigError("CRM-C105", at=f"{name}:{line}") from None
    raise ConfigError("CRM-C103", at=f"{name}:{line}")


def parse(text: str, path: Path, name: str) -> Document:
    """TOML text; a syntax error is named with its line."""
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = str(error)
        found = _POSITION.search(said)
        line = found.group(1) if found and found.group(1) else str(text.count("\n") + 1)
        code = "CRM-C107" if "\\" in said or "hex value" in said else "CRM-C106"
        raise ConfigError(code, at=f"{name}:{line}", why=_POSITION.sub("", said)) from None
    return Document(path, name, data, Places(text))


def raise_all(errors: Iterable[ConfigError]) -> None:
    """Raise one `ConfigError` that holds them all, in the order of the file; nothing when there is none."""
    found = tuple(sorted(errors, key=_line))
    if found:
        raise ConfigError(found[0].code, at=found[0].at, catalog=found[0].catalog, errors=found, **found[0].params)


def _line(error: ConfigError) -> tuple[str, int]:
    name, _, line = error.at.rpartition(":")
    return (name, int(line)) if line.isdigit() else (error.at, 0)
