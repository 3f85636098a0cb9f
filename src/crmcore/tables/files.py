"""The files behind a path with wildcards, what they are called, and which of them are byte for byte what they were.

For adapters that read what a dealer or an agency puts into a folder.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from crmcore.errors import SourceError

__all__ = ["Seen", "State", "matching", "state"]

_VERSION = 1


@attrs.frozen
class Seen:
    """A file that was read to its end: the hash of its bytes, and the rows of each of its parts."""

    sha256: str
    rows: Mapping[str, int]


@attrs.frozen
class State:
    """What the cursor remembers; `mapping` makes it worthless once the config or a rule has changed."""

    mapping: str
    files: Mapping[str, Seen] = attrs.field(factory=dict)

    def to_json(self) -> str:
        """The opaque cursor."""
        files = {name: [seen.sha256, dict(seen.rows)] for name, seen in self.files.items()}
        return json.dumps(
            {"v": _VERSION, "mapping": self.mapping, "files": files}, ensure_ascii=False, separators=(",", ":")
        )


def state(cursor: str | None, mapping: str) -> State:
    """The state behind `cursor`; an empty one when there is none or it was written under another mapping."""
    try:
        said: Any = json.loads(cursor or "{}")
        if said.get("v") != _VERSION or said["mapping"] != mapping:
            return State(mapping)
        return State(mapping, {name: Seen(sha, rows) for name, (sha, rows) in said["files"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return State(mapping)


def matching(patterns: tuple[str, ...], folder: Path) -> dict[str, Path]:
    """Name -> file, sorted by name; the name is the path below the fixed part of the patterns."""
    found = {folder / name for pattern in patterns for name in glob.glob(pattern, root_dir=folder, recursive=True)}  # noqa: PTH207 - takes `root_dir`
    files = [path for path in found if path.is_file() and not path.name.startswith(("~$", "."))]
    base: Path | None
    try:
        base = Path(os.path.commonpath([folder / _fixed(pattern) for pattern in patterns]))
    except ValueError:  # two drives
        base = None
    return dict(sorted((_below(path, base), path) for path in files))


def _below(path: Path, base: Path | None) -> str:
    return (path if base is None else path.relative_to(base)).as_posix()


def _fixed(pattern: str) -> Path:
    """The folder of a pattern before its first wildcard."""
    return next((parent for parent in Path(pattern).parents if not glob.has_magic(str(parent))), Path())


def sha256(path: Path, name: str) -> str:
    """The hash of the file's bytes; raises `SourceError` when it is gone or locked."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise SourceError("CRM-S101", at=name) from None
    except OSError:
        raise SourceError("CRM-S103", at=name) from None
