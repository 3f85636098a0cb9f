"""The adapter "csv" of surveys: one row a respondent, one column an item.

A column is a field of the response where the config or its heading says so, ignored where the config says so, and an item
otherwise: what an agency has added is reported by the core as unmapped, never dropped.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import attrs

from crmcore.errors import ConfigError, SourceError
from crmcore.hooks import Batch, Context, Entry, Folder, Parts, PullsResponses, Record, Reject, SurveyAdapter
from crmcore.tables import BadRow, Raw, Table, destroyed, files, heading_key, open_table, shape
from crmcore_survey_csv.config import CsvSurveyConfig

CATALOG = "crmcore_survey_csv"
#: Changes whenever the same row with the same config would be read differently.
MAPPING_VERSION = 2
#: Rows of one respondent stand near each other, and waves have some hundred; more than this is not kept in memory.
REMEMBERED = 10_000
#: One of these tells a respondent from the others.
KEYS = ("key", "sample_id", "visit")


@functools.cache
def headings() -> Mapping[str, tuple[str, ...]]:
    """Field -> the headings it usually has."""
    file = resources.files(__package__) / "headings.toml"
    return {field: tuple(names) for field, names in tomllib.loads(file.read_text("utf-8")).items()}


class CsvSurvey(SurveyAdapter[CsvSurveyConfig], PullsResponses):
    """Waves in files."""

    name: ClassVar[str] = "csv"
    Config: ClassVar[type] = CsvSurveyConfig

    def __init__(self, config: CsvSurveyConfig, context: Context) -> None:
        super().__init__(config, context)
        unknown = sorted(set(config.columns) - set(headings()))
        if unknown:
            known = ", ".join(headings())
            raise ConfigError("CRM-S460", at="columns", catalog=CATALOG, field=unknown[0], known=known)
        self._patterns = (config.path,) if isinstance(config.path, str) else tuple(config.path)
        self._fields = {heading_key(name): field for field, names in headings().items() for name in names}
        self._fields |= {heading_key(name): field for field, name in config.columns.items()}
        self._ignored = frozenset(heading_key(name) for name in config.ignore)

    def check(self) -> None:
        """Raise when no file matches, or when one cannot be read or has no column that tells respondents apart."""
        for name, path in self._files(must=True).items():
            with self._open(path, name) as table:
                self._layout(table, name)

    def pull_responses(self, cursor: str | None) -> Iterator[Batch]:
        """Every row of every file that is not byte for byte what it was."""
        mapping = blake2b(repr((MAPPING_VERSION, self.config)).encode(), digest_size=16, key=self.context.salt[:64])
        found = self._files(must=not files.state(cursor, mapping.hexdigest()).files)
        folder = Folder(found=found, mapping=mapping.hexdigest(), read=self._parts, logger=self.context.logger)
        yield from folder.pull(cursor)

    def _files(self, *, must: bool) -> dict[str, Path]:
        found = files.matching(self._patterns, self.context.folder)
        if not found and must:
            raise SourceError("CRM-S461", at=", ".join(self._patterns), catalog=CATALOG)
        return found

    def _open(self, path: Path, name: str) -> Table:
        config = self.config
        usual = (heading for names in headings().values() for heading in names)
        known = {*usual, *config.columns.values(), *config.ignore}
        return open_table(path, headings=known, sheet=config.sheet or None, encoding=config.encoding or None, name=name)

    def _parts(self, name: str, path: Path) -> Parts:
        with self._open(path, name) as table:
            layout = self._layout(table, name)
            yield table.part, map(functools.partial(_entry, table, layout), table.scan())

    def _layout(self, table: Table, name: str) -> Layout:
        """Which column is what; raises `SourceError` where nothing tells one respondent from the next."""
        fields: dict[str, int] = {}
        items: dict[str, int] = {}
        for position, heading in enumerate(table.columns):
            key = heading_key(heading)
            field = self._fields.get(key)
            if field is not None and field not in fields:
                fields[field] = position
            elif key not in self._ignored and not heading.startswith("#"):
                items[heading] = position
        if not any(field in fields for field in KEYS):
            needed, found = ", ".join(KEYS), ", ".join(table.columns)
            raise SourceError("CRM-S462", at=name, catalog=CATALOG, needed=needed, found=found)
        said = (MAPPING_VERSION, sorted(fields.items()), sorted(items.items()), self.config.wave)
        salt = blake2b(repr(said).encode(), digest_size=16, key=self.context.salt[:64]).digest()
        wave = self.config.wave or PurePosixPath(name).stem
        columns = {field: table.columns[position] for field, position in fields.items()}
        return Layout(fields=fields, items=items, wave=wave, salt=salt, columns=columns)


@attrs.frozen(kw_only=True)
class Layout:
    """Which column of a file is what.

    Attributes:
        fields / items: the field, or the item as the agency calls it -> position.
        wave: what the wave is called where no column says so.
        columns: field -> heading, so that a reject names the column.
        samples: key of a respondent -> what the rows so far say of him; of the last `REMEMBERED` respondents.
    """

    fields: Mapping[str, int]
    items: Mapping[str, int]
    wave: str
    salt: bytes
    columns: Mapping[str, str]
    samples: dict[str, list[str]] = attrs.field(factory=dict, eq=False, repr=False)

    def key(self, cells: list[str]) -> str:
        """The respondent of a row; "" where nothing tells who it is."""
        said = {field: cells[position] for field, position in self.fields.items()}
        return "/".join(part for part in (said.get("wave") or self.wave, *_key(said)) if part) if _key(said) else ""

    def contradicted(self, cells: list[str]) -> int | None:
        """The first item that another row of the same respondent answers otherwise: two people have one number."""
        key = self.key(cells)
        before = self.samples.setdefault(key, cells) if key else cells
        for position in self.items.values():
            if cells[position] and before[position] and cells[position] != before[position]:
                return position
        self.samples[key] = [new or old for new, old in zip(cells, before, strict=True)]
        if len(self.samples) > REMEMBERED:
            del self.samples[next(iter(self.samples))]
        return None


def _entry(table: Table, layout: Layout, row: Raw) -> Entry | Reject:
    """A row as the core takes it, unparsed."""
    number, raw, parsed = row
    at = (f"{table.part}:{number}",)
    digest = blake2b(raw, digest_size=16, salt=layout.salt).digest()
    if isinstance(parsed, str):
        return Reject(at, "", parsed, parsed, {table.columns[0]: table.text(raw)}, digest)
    cells = _cells(table, raw, parsed)
    wrong = None if cells is None else layout.contradicted(cells)
    if cells is not None and wrong is not None:
        names = dict(zip(table.columns, cells, strict=False))
        return Reject(at, table.columns[wrong], shape(cells[wrong]), "SAMPLE_TWICE", names, digest, CATALOG)
    return Entry(
        at,
        digest,
        functools.partial(_records, table, layout, at, digest, raw, parsed),
        functools.partial(_raw, table, raw, parsed),
        layout.columns,
    )


def _cells(table: Table, raw: bytes, parsed: list[str] | None) -> list[str] | None:
    """One cell for each column; None for a row that cannot be read, which is told when it is taken."""
    try:
        cells = [cell.strip() for cell in table.parse(raw, parsed)]
    except BadRow:
        return None
    return (cells + [""] * len(table.columns))[: len(table.columns)]


def _records(
    table: Table, layout: Layout, at: tuple[str, ...], digest: bytes, raw: bytes, parsed: list[str] | None
) -> list[Record | Reject]:
    """What a row says; a cell that was destroyed on its way rejects it."""
    try:
        cells = [cell.strip() for cell in table.parse(raw, parsed)]
    except BadRow as bad:
        return [Reject(at, "", "", bad.reason, {table.columns[0]: table.text(raw)}, digest)]
    cells += [""] * (len(table.columns) - len(cells))
    for heading, cell in zip(table.columns, cells, strict=False):
        reason = destroyed(cell, prose=heading in layout.items)
        if reason is not None and cell:
            return [Reject(at, heading, shape(cell), reason, dict(zip(table.columns, cells, strict=False)), digest)]
    said: dict[str, Any] = {field: cells[position] for field, position in layout.fields.items() if cells[position]}
    key = layout.key(cells)
    if not key:
        missing = next(field for field in KEYS if field in layout.fields)
        names = dict(zip(table.columns, cells, strict=False))
        return [Reject(at, layout.columns[missing], "", "RESPONDENT_UNKNOWN", names, digest, CATALOG)]
    data = _nested(said) | {"key": key, "wave": said.get("wave") or layout.wave}
    data["answers"] = [{"item": item, "value": cells[position] or None} for item, position in layout.items.items()]
    return [Record("response", data)]


def _key(said: Mapping[str, str]) -> tuple[str, ...]:
    """What tells this respondent from the others of the wave: the first of `KEYS` that the row has."""
    return next(((said[field],) for field in KEYS if said.get(field)), ())


def _nested(said: Mapping[str, str]) -> dict[str, Any]:
    """The record, with what stands under "customer.phone" as the phone of the customer."""
    data: dict[str, Any] = {}
    for field, value in said.items():
        group, dot, name = field.partition(".")
        if dot:
            data.setdefault(group, {})[name] = value
        else:
            data[field] = value
    return data


def _raw(table: Table, raw: bytes, parsed: list[str] | None) -> Mapping[str, str]:
    try:
        return dict(zip(table.columns, table.parse(raw, parsed), strict=False))
    except BadRow:
        return {table.columns[0]: table.text(raw)}
