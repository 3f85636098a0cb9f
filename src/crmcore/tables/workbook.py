"""XLSX, XLS, XLSB and ODS through calamine, after their sizes were checked: a small zip can hold a very large sheet."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import attrs

from crmcore.errors import MissingExtra, SourceError
from crmcore.tables.headings import SEARCHED, Header, disambiguated, find, is_furniture
from crmcore.tables.row import Raw, Row

if TYPE_CHECKING:
    import python_calamine

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_SEPARATOR = "\x1f"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: Excel keeps 15 digits; what is longer and came as a number has lost its last ones.
_EXACT = 1e15


@attrs.frozen
class Limits:
    """How large a workbook may be: bytes of the file, bytes unpacked, and how many times it may grow."""

    packed: int = 50 << 20
    unpacked: int = 256 << 20
    ratio: int = 200


def is_workbook(head: bytes) -> bool:
    """Do these first bytes begin a workbook, whatever the file is called?"""
    return head.startswith((ZIP, OLE))


def check_size(path: Path, at: str, limits: Limits) -> None:
    """Raise `SourceError` for a workbook that is larger, packed or unpacked, than `limits`."""
    packed = path.stat().st_size
    if packed > limits.packed:
        raise SourceError("CRM-S112", at=at, megabytes=packed >> 20, limit=limits.packed >> 20)
    with path.open("rb") as stream:
        if stream.read(8) == OLE:
            stream.seek(0)
            if _ENCRYPTED in stream.read():
                raise SourceError("CRM-S111", at=at)
            return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError):
        raise SourceError("CRM-S109", at=at) from None
    if unpacked > limits.unpacked or unpacked > limits.ratio * max(packed, 1):
        raise SourceError("CRM-S113", at=at, megabytes=unpacked >> 20, limit=limits.unpacked >> 20, ratio=limits.ratio)


def load(path: Path, at: str, limits: Limits) -> python_calamine.CalamineWorkbook:
    """The opened workbook; raises `SourceError` for one that is too large, encrypted or damaged."""
    check_size(path, at, limits)
    try:
        import python_calamine
    except ImportError:
        raise MissingExtra("CRM-X110", at=at, extra="tables") from None
    try:
        return python_calamine.load_workbook(path)
    except python_calamine.PasswordError:
        raise SourceError("CRM-S111", at=at) from None
    except python_calamine.CalamineError:
        raise SourceError("CRM-S109", at=at) from None


class Sheet:
    """One sheet of a workbook, as a table of text."""

    encoding = ""
    delimiter = ""

    def __init__(
        self,
        path: Path,
        *,
        known: frozenset[str],
        at: str,
        sheet: str | None = None,
        header: bool = True,
        limits: Limits | None = None,
    ) -> None:
        self.path = path
        self._book: python_calamine.CalamineWorkbook | None = load(path, at, limits or Limits())
        name, self._rows, self._header = self._choose(at, sheet, known, header=header)
        self.part = f"{at}!{name}"
        self.header_row = self._header.first
        self.columns = disambiguated(self._header.cells)

    def _choose(
        self, at: str, wanted: str | None, known: frozenset[str], *, header: bool
    ) -> tuple[str, python_calamine.CalamineSheet, Header]:
        """The sheet `wanted`, or the first one with a header we know."""
        assert self._book is not None
        names = self._book.sheet_names
        if wanted is not None and wanted not in names:
            raise SourceError("CRM-S116", at=at, sheet=wanted, sheets=len(names))
        for name in [wanted] if wanted is not None else names:
            sheet = self._book.get_sheet_by_name(name)
            found = _header(sheet, known, header=header)
            if found is not None:
                return name, sheet, found
        raise SourceError(
            "CRM-S105" if any(_has_cells(self._book, name) for name in names) else "CRM-S102", at=at, rows=SEARCHED
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._book is not None:
            self._book.close()
            self._book = None

    def __iter__(self) -> Iterator[Row]:
        """Every row below the header but the page's furniture."""
        for number, raw, parsed in self.scan():
            yield Row(number, self.parse(raw, parsed), raw)

    def scan(self) -> Iterator[Raw]:
        """(row, raw bytes, cells) of every row below the header."""
        width = len(self.columns)
        for number, values in enumerate(self._rows.iter_rows(), start=1):
            if number <= self._header.last:
                continue
            cells = [_text(value) for value in values]
            cells += [""] * (width - len(cells))
            if not is_furniture(cells) and (not self._header.first or tuple(cells) != self._header.cells):
                yield number, _SEPARATOR.join(cells).encode(), cells

    def parse(self, raw: bytes, parsed: list[str] | str | None) -> list[str]:
        """The cells of a row that `scan()` yielded."""
        return parsed if isinstance(parsed, list) else raw.decode().split(_SEPARATOR)

    def text(self, raw: bytes) -> str:
        """A raw row as text."""
        return raw.decode().replace(_SEPARATOR, "\t")


def _header(sheet: python_calamine.CalamineSheet, known: frozenset[str], *, header: bool) -> Header | None:
    if sheet.end is None:  # empty: calamine before 0.9 panics over its rows
        return None
    if not header:
        return Header(("",) * (sheet.end[1] + 1), 0, 0)
    rows = ((number, number, [_text(value) for value in row]) for number, row in enumerate(sheet.iter_rows(), start=1))
    found = find(rows, known)
    return found[1] if found else None


def _has_cells(book: python_calamine.CalamineWorkbook, name: str) -> bool:
    return book.get_sheet_by_name(name).end is not None


def _text(value: Any) -> str:
    """A cell as the text a person would have typed: whole numbers without ".0", dates as ISO."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, datetime):
        value = _whole_second(value)
    return str(value)  # ISO, for dates and times


def _whole_second(moment: datetime) -> datetime:
    """A serial number is a fraction of a day; what it says is a second, give or take a rounding error."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
