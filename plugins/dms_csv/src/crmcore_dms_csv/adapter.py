"""The adapter "csv": pulls the files of a folder, skips those that have not changed, and hands their rows over unparsed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import ClassVar

import attrs

from crmcore.errors import ConfigError, CrmError, SourceError
from crmcore.hooks import Batch, Context, DmsAdapter, Entry, Reject
from crmcore.tables import Limits, Table, open_table, sheet_names
from crmcore_dms_csv import catalogue, files
from crmcore_dms_csv.catalogue import CATALOG
from crmcore_dms_csv.config import CsvConfig
from crmcore_dms_csv.layout import check_fields, fit, wanted
from crmcore_dms_csv.reader import Reader, config_salt

ROWS = 2_000


class CsvDms(DmsAdapter[CsvConfig]):
    """Files that a DMS exports.

    A file is one part, a sheet of a workbook too. A batch within a file carries the cursor of the files before it, so that
    after a crash the file is read again from its start, where the digests of its rows skip what is known.
    """

    name: ClassVar[str] = "csv"
    Config: ClassVar[type] = CsvConfig

    def __init__(self, config: CsvConfig, context: Context) -> None:
        super().__init__(config, context)
        check_fields(config)
        if config.delimiter and (len(config.delimiter) > 1 or config.delimiter in '"\r\n'):
            raise ConfigError("CRM-S144", at="delimiter", catalog=CATALOG, delimiter=config.delimiter)
        #: Columns that nobody claimed, by part, as of the last pull.
        self.unknown_columns: dict[str, tuple[str, ...]] = {}
        self._patterns = (config.path,) if isinstance(config.path, str) else tuple(config.path)
        self._limits = Limits(config.workbook_mb << 20, config.unpacked_mb << 20, config.ratio)
        self._headings = catalogue.known_headings() | {name for names in wanted(config).values() for name in names}

    def check(self) -> None:
        """Raise when no file matches, or when one cannot be read or lacks the column of its key."""
        for name, path in self._files(must=True).items():
            for table in self._tables(path, name):
                with table:
                    fit(self.config, table.columns, table.part)

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        """Every row of every file that is not byte for byte what it was.

        A file that cannot be read does not keep the others from being read: its `SourceError` is raised at the end.
        """
        before = files.state(cursor, config_salt(self.config, self.context.salt).hex() + _reading(self.config))
        found = self._files(must=not before.files)
        state = attrs.evolve(before, files={name: seen for name, seen in before.files.items() if name in found})
        failures: list[CrmError] = []
        changed: dict[str, tuple[Path, str]] = {}
        for name, path in found.items():
            try:
                sha = files.sha256(path, name)
            except SourceError as error:
                failures.append(error)
                continue
            if name not in state.files or state.files[name].sha256 != sha:
                changed[name] = path, sha
        yield from self._unchanged(state, changed, {error.at for error in failures})
        for name, (path, sha) in changed.items():
            try:
                state = yield from self._read(name, path, sha, state)
            except SourceError as error:
                failures.append(error)
        self._raise(failures)

    def _files(self, *, must: bool) -> dict[str, Path]:
        found = files.matching(self._patterns, self.context.folder)
        if not found and must:
            raise SourceError("CRM-S143", at=", ".join(self._patterns), catalog=CATALOG)
        return found

    def _unchanged(
        self, state: files.State, changed: dict[str, tuple[Path, str]], unreadable: set[str]
    ) -> Iterator[Batch]:
        """One batch for all files whose bytes are what they were."""
        parts = [
            (part, rows)
            for name, seen in state.files.items()
            if name not in changed and name not in unreadable
            for part, rows in seen.rows.items()
        ]
        if parts:
            names = tuple(part for part, _ in parts)
            yield Batch((), state.to_json(), unchanged=sum(rows for _, rows in parts), parts=names)

    def _read(self, name: str, path: Path, sha: str, state: files.State) -> Generator[Batch, None, files.State]:
        """The batches of one file; returns the state in which it is known."""
        rows: dict[str, int] = {}
        waiting: tuple[Entry | Reject, ...] = ()
        cursor = state.to_json()
        for table in self._tables(path, name):
            with table:
                reader = Reader(table, fit(self.config, table.columns, table.part), self.config, self.context.salt)
                self._report(table.part, reader.layout.unknown)
                rows[table.part] = 0
                for entries in _batches(table, reader):
                    if waiting:
                        yield Batch(waiting, cursor)
                    waiting = entries
                    rows[table.part] += len(entries)
        state = attrs.evolve(state, files={**state.files, name: files.Seen(sha, rows)})
        yield Batch(waiting, state.to_json())
        return state

    def _tables(self, path: Path, name: str) -> Iterator[Table]:
        """The table of a text file; of a workbook every sheet that has a header we know, or the one sheet configured."""
        sheets = (self.config.sheet,) if self.config.sheet else sheet_names(path, limits=self._limits, name=name)
        if len(sheets) < 2:
            yield self._open(path, name, sheets[0] if sheets else None)
            return
        failure: SourceError | None = None
        opened = 0
        for sheet in sheets:
            try:
                table = self._open(path, name, sheet)
            except SourceError as error:
                if error.code not in {"CRM-S102", "CRM-S105"}:
                    raise
                failure = error
                continue
            opened += 1
            yield table
        if not opened and failure is not None:
            raise failure

    def _open(self, path: Path, name: str, sheet: str | None) -> Table:
        return open_table(
            path,
            headings=self._headings,
            sheet=sheet,
            encoding=self.config.encoding or None,
            delimiter=self.config.delimiter or None,
            header=self.config.header and catalogue.preset(self.config.preset).get("header", True),
            limits=self._limits,
            name=name,
        )

    def _report(self, part: str, unknown: tuple[str, ...]) -> None:
        """Say once which columns are not used; headings are no personal data."""
        if unknown and self.unknown_columns.get(part) != unknown:
            self.context.logger.warning("%s: columns not used: %s", part, ", ".join(unknown))
        self.unknown_columns[part] = unknown

    def _raise(self, failures: list[CrmError]) -> None:
        for error in failures[1:]:
            self.context.logger.error("%s", error)
        if failures:
            raise failures[0]


def _batches(table: Table, reader: Reader) -> Iterator[tuple[Entry | Reject, ...]]:
    entries: list[Entry | Reject] = []
    entry = reader.entry
    for row in table.scan():
        entries.append(entry(row))
        if len(entries) == ROWS:
            yield tuple(entries)
            entries = []
    if entries:
        yield tuple(entries)


def _reading(config: CsvConfig) -> str:
    """What changes how a file is cut into rows; the digest of a row does not depend on it."""
    return repr((config.encoding, config.delimiter, config.header, config.sheet))
