"""One row -> what it says: compiled once per file into positions, so that a row costs a few microseconds.

The row is not touched before the core asks for it. Empty cells say nothing (they never erase what another export knows),
and a row that is broken, too short or destroyed is a reject that names its column.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from crmcore.hooks import Entry, Record, Reject
from crmcore.tables import BadRow, Raw, Table, destroyed, shape, suspicious
from crmcore_dms_csv.catalogue import CATALOG, PHONES, PROSE
from crmcore_dms_csv.config import CsvConfig
from crmcore_dms_csv.layout import Layout, wanted
from crmcore_dms_csv.steps import Data, Step, steps

#: Changes whenever the same row with the same config would be read differently; every digest is salted with it.
MAPPING_VERSION = 1

_GROUPS = ("customer", "brought_by", "payer", "vehicle", "lines", "extra")
_EXCEL_TEXT = re.compile(r'=\s*"([^"]*)"')

Pairs = tuple[tuple[int, str], ...]


def config_salt(config: CsvConfig, salt: bytes) -> bytes:
    """16 bytes that change with the mapping, its version and the salt of the core."""
    said = (MAPPING_VERSION, config.entity, config.kind.value, config.preset, config.distance, config.date_order)
    tables = (sorted(wanted(config).items()), sorted((k, sorted(v.items())) for k, v in config.words.items()))
    return blake2b(
        repr((said, tables, sorted(config.store_codes.items()))).encode(), digest_size=16, key=salt[:64]
    ).digest()


class Reader:
    """Reads the rows of one table."""

    def __init__(self, table: Table, layout: Layout, config: CsvConfig, salt: bytes) -> None:
        self.table = table
        self.layout = layout
        self.entity = layout.entity
        #: Where a field came from, shared by all entries of the file.
        self.columns = layout.headings
        self._salt = blake2b(repr(layout.columns).encode(), digest_size=16, key=config_salt(config, salt)).digest()
        self._width = len(table.columns)
        self._least = max(position for position, _ in layout.columns) + 1
        self._own, self._groups = _compiled(layout)
        self._steps: tuple[Step, ...] = steps(layout, config)
        self._key = layout.headings.get("ro_number") or layout.headings.get("key", "")
        self._build: Callable[[list[str]], Record | str] = getattr(self, f"_{self.entity}")

    def entry(self, row: Raw) -> Entry | Reject:
        """A row as the core takes it: its place, its digest, and how to get at its records and cells."""
        number, raw, parsed = row
        digest = blake2b(raw, digest_size=16, salt=self._salt).digest()
        if isinstance(parsed, str):
            return self._reject(number, digest, self._raw(raw, parsed), "", parsed)
        return Entry(
            (f"{self.table.part}:{number}",),
            digest,
            functools.partial(self._records, number, digest, raw, parsed),
            functools.partial(self._raw, raw, parsed),
            self.columns,
        )

    # ------------------------------------------------------------------ records

    def _records(self, number: int, digest: bytes, raw: bytes, parsed: list[str] | str | None) -> list[Record | Reject]:
        try:
            cells = self.table.parse(raw, parsed)
        except BadRow as bad:
            return [self._reject(number, digest, self._raw(raw, parsed), "", bad.reason)]
        cells = list(map(str.strip, cells))
        if len(cells) != self._width and (fault := self._fit(cells)):
            return [self._reject(number, digest, self._raw(raw, parsed), "", "ROW_CELL_COUNT", fault)]
        text = "\n".join(cells)
        if '="' in text or "'" in text:
            cells = list(map(_unwrapped, cells))
        if suspicious(text) and (found := self._damage(cells)):
            position, reason = found
            heading = self.table.columns[position]
            return [self._reject(number, digest, self._raw(raw, parsed), heading, reason, shape(cells[position]))]
        record = self._build(cells)
        if isinstance(record, str):
            column = self.columns.get("kind", "") if record == "KIND_UNKNOWN" else self._key
            return [self._reject(number, digest, self._raw(raw, parsed), column, record, catalog=CATALOG)]
        return [record, *self._also(record)]

    def _fit(self, cells: list[str]) -> str:
        """Mend a row that lacks, or has too many, blank cells; else what to tell: found/expected."""
        if len(cells) > self._width and not any(cells[self._width :]):
            del cells[self._width :]
            return ""
        if self._least <= len(cells) < self._width:
            unnamed = all(name.startswith("#") for name in self.table.columns[len(cells) :])
            if unnamed:
                cells += [""] * (self._width - len(cells))
                return ""
        return f"{len(cells)}/{self._width}"

    def _damage(self, cells: Sequence[str]) -> tuple[int, str] | None:
        """The first mapped cell that was destroyed before it reached us."""
        for position, field in self.layout.columns:
            reason = destroyed(cells[position], prose=field in PROSE)
            if reason is not None and not (reason == "CELL_SCIENTIFIC" and field in PHONES):
                return position, reason
        return None

    def _said(self, cells: list[str]) -> Data:
        """The mapped cells that are not empty, nested as the record wants them."""
        data: Data = {field: value for position, field in self._own if (value := cells[position])}
        for group, pairs in self._groups:
            part = {field: value for position, field in pairs if (value := cells[position])}
            if part:
                data[group] = part
        for step in self._steps:
            step(data, cells)
        return data

    def _visit(self, cells: list[str]) -> Record | str:
        data = self._said(cells)
        number = data.get("ro_number") or data.get("key")
        if not number:
            return "ORDER_NUMBER_MISSING"
        key = data.get("key") or number
        store = data.get("store")
        data["key"] = f"{store}/{key}" if store else key
        lines = data.get("lines")
        if lines:
            data["lines"] = [lines]
        kind = data["kind"]
        return Record("visit", data) if kind in {"SERVICE", "DELIVERY", "SHOWROOM"} else "KIND_UNKNOWN"

    def _keyed(self, cells: list[str]) -> Record | str:
        data = self._said(cells)
        return Record(self.entity, data) if data.get("key") else "KEY_MISSING_IN_ROW"

    _appointment = _complaint = _staff = _keyed

    def _customer(self, cells: list[str]) -> Record | str:
        data = self._said(cells)
        who = {field: value for field, value in data.items() if field != "vehicle"}
        return Record("customer", {**who, "vehicle": data.get("vehicle")}) if who else "KEY_MISSING_IN_ROW"

    def _also(self, record: Record) -> tuple[Record, ...]:
        """The car beside its owner in a customer file."""
        if self.entity != "customer":
            return ()
        data: Any = record.data
        vehicle = data.pop("vehicle")
        if not vehicle:
            return ()
        return (Record("vehicle", {**vehicle, "owner": data}),)

    # ------------------------------------------------------------------ rejects

    def _raw(self, raw: bytes, parsed: list[str] | str | None) -> Mapping[str, str]:
        """The row by heading; a row without cells as the text it is, under the first heading."""
        try:
            cells = self.table.parse(raw, parsed)
        except BadRow:
            cells = [self.table.text(raw)]
        names = self.table.columns + tuple(f"#{n}" for n in range(self._width + 1, len(cells) + 1))
        return dict(zip(names, cells, strict=False))

    def _reject(
        self,
        number: int,
        digest: bytes,
        raw: Mapping[str, str],
        column: str,
        reason: str,
        seen: str = "",
        catalog: str = "crmcore",
    ) -> Reject:
        at = (f"{self.table.part}:{number}",)
        return Reject(at=at, column=column, value_shape=seen, reason=reason, raw=raw, digest=digest, catalog=catalog)


def _compiled(layout: Layout) -> tuple[Pairs, tuple[tuple[str, Pairs], ...]]:
    """Positions of the record's own fields, and of those of each nested record; what is more complicated is a step."""
    own: list[tuple[int, str]] = []
    nested: dict[str, list[tuple[int, str]]] = {}
    for position, field in layout.columns:
        group, dot, name = field.partition(".")
        if not dot:
            own.append((position, field))
        elif group in _GROUPS and "." not in name:
            nested.setdefault(group, []).append((position, name))
    pseudo = {"first_name", "last_name", "accepts_messages", "phones"}
    groups = {group: tuple(pair for pair in pairs if pair[1] not in pseudo) for group, pairs in nested.items()}
    plain = tuple(pair for pair in own if pair[1] not in pseudo)
    return plain, tuple((group, pairs) for group, pairs in groups.items() if pairs)


def _unwrapped(cell: str) -> str:
    """Out of what Excel users do to keep leading zeros: `="007"` and `'007`."""
    if cell.startswith("="):
        found = _EXCEL_TEXT.fullmatch(cell)
        return found[1].strip() if found else cell
    return cell[1:] if cell.startswith("'") and cell[1:2].isdigit() else cell
