"""Pulling from a folder: files that have not changed are skipped, one that cannot be read does not keep the others from it.

A file is read to its end or not at all: batches within it carry the cursor of the files before it, so that after a crash it is
read again from its start, where the digests of its rows skip what is known.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import attrs

from crmcore.errors import CrmError, SourceError
from crmcore.hooks.records import Batch, Entry, Reject
from crmcore.tables import files

ROWS = 2_000  # of one batch

#: The parts of a file (a sheet is one) with their rows, in order.
Parts = Iterator[tuple[str, Iterator[Entry | Reject]]]


@attrs.frozen(kw_only=True)
class Folder:
    """The files of one instance.

    Attributes:
        found: name -> file, of all that match.
        mapping: changes whenever the same bytes would be read differently; then everything is read again.
        read: opens a file and yields its parts; called with the file's name and path.
        logger: is told of failures beyond the first, which is raised.
    """

    found: Mapping[str, Path]
    mapping: str
    read: Callable[[str, Path], Parts]
    logger: logging.Logger

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        """Every row of every file that is not byte for byte what it was; the first `SourceError` is raised at the end."""
        before = files.state(cursor, self.mapping)
        state = attrs.evolve(before, files={name: seen for name, seen in before.files.items() if name in self.found})
        failures: list[CrmError] = []
        changed: dict[str, tuple[Path, str]] = {}
        for name, path in self.found.items():
            try:
                sha = files.sha256(path, name)
            except SourceError as error:
                failures.append(error)
                continue
            if name not in state.files or state.files[name].sha256 != sha:
                changed[name] = path, sha
        yield from _unchanged(state, {*changed, *(error.at for error in failures)})
        for name, (path, sha) in changed.items():
            try:
                state = yield from self._file(name, path, sha, state)
            except SourceError as error:
                failures.append(error)
        for failure in failures[1:]:
            self.logger.error("%s", failure)
        if failures:
            raise failures[0]

    def _file(self, name: str, path: Path, sha: str, state: files.State) -> Generator[Batch, None, files.State]:
        """The batches of one file; returns the state in which it is known."""
        rows: dict[str, int] = {}
        waiting: tuple[Entry | Reject, ...] = ()
        cursor = state.to_json()
        for part, entries in self.read(name, path):
            rows[part] = 0
            while block := tuple(itertools.islice(entries, ROWS)):
                if waiting:
                    yield Batch(waiting, cursor)
                waiting = block
                rows[part] += len(block)
        state = attrs.evolve(state, files={**state.files, name: files.Seen(sha, rows)})
        yield Batch(waiting, state.to_json())
        return state


def _unchanged(state: files.State, others: set[str]) -> Iterator[Batch]:
    """One batch for all files whose bytes are what they were."""
    parts = [
        (part, rows) for name, seen in state.files.items() if name not in others for part, rows in seen.rows.items()
    ]
    if parts:
        names = tuple(part for part, _ in parts)
        yield Batch((), state.to_json(), unchanged=sum(rows for _, rows in parts), parts=names)
