"""The adapter "csv": pulls the files of a folder, skips those that have not changed, and hands their rows over unparsed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from crmcore.errors import ConfigError, SourceError
from crmcore.hooks import Batch, Context, DmsAdapter, Folder, Parts
from crmcore.tables import Limits, Table, files, open_table, sheet_names
from crmcore_dms_csv import catalogue
from crmcore_dms_csv.catalogue import CATALOG
from crmcore_dms_csv.config import CsvConfig
from crmcore_dms_csv.layout import check_fields, fit, wanted
from crmcore_dms_csv.reader import Reader, config_salt


class CsvDms(DmsAdapter[CsvConfig]):
    """Files that a DMS exports.

    A file is one part, a sheet of a workbook too; `crmcore.hooks.Folder` knows which of them are to be read.
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
        mapping = config_salt(self.config, self.context.salt).hex() + _reading(self.config)
        found = self._files(must=not files.state(cursor, mapping).files)
        yield from Folder(found=found, mapping=mapping, read=self._parts, logger=self.context.logger).pull(cursor)

    def _files(self, *, must: bool) -> dict[str, Path]:
        found = files.matching(self._patterns, self.context.folder)
        if not found and must:
            raise SourceError("CRM-S143", at=", ".join(self._patterns), catalog=CATALOG)
        return found

    def _parts(self, name: str, path: Path) -> Parts:
        """The tables of one file, each with its rows."""
        for table in self._tables(path, name):
            with table:
                reader = Reader(table, fit(self.config, table.columns, table.part), self.config, self.context.salt)
                self._report(table.part, reader.layout.unknown)
                yield table.part, map(reader.entry, table.scan())

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


def _reading(config: CsvConfig) -> str:
    """What changes how a file is cut into rows; the digest of a row does not depend on it."""
    return repr((config.encoding, config.delimiter, config.header, config.sheet))
