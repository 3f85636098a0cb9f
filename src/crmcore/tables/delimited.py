"""CSV and its kin, one record at a time: its line, its raw bytes without line ends, and its cells only when asked for.

Lines are split as bytes, so a record that was seen before is recognised by a digest of its bytes and never decoded. Only a
record with a quote in it has to be parsed to know where it ends, and what a quote swallowed is given back line by line.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from crmcore.errors import SourceError
from crmcore.tables import encoding as encodings
from crmcore.tables.headings import (
    DELIMITERS,
    FURNITURE_STARTS,
    Header,
    disambiguated,
    find_delimited,
    is_furniture,
    without_header,
)
from crmcore.tables.row import BadRow, Raw, Row

HEAD = 64 * 1024
#: A quote that is not closed within so many lines was never meant to be opened.
OPEN_LINES = 500
#: The longest cell: what Excel could never have written, four times over, is no cell.
CELL = 131_072
RECORD = 4 << 20

_QUOTE = 0x22


class Delimited:
    """A text table; iterate it for rows, or `scan()` it for raw records and `parse()` those that matter."""

    def __init__(
        self,
        path: Path,
        *,
        known: frozenset[str],
        at: str,
        encoding: str | None = None,
        delimiter: str | None = None,
        header: bool = True,
    ) -> None:
        self.path = path
        self.part = at
        self._encoding = encodings.detect(path, at, encoding)
        self.encoding = self._encoding.name
        self._codec = self._encoding.rows
        head, self._end = self._head()
        self._header = self._find(head, known, (delimiter,) if delimiter else DELIMITERS, header=header)
        self.delimiter = self._header.delimiter
        self.header_row = self._header.first
        self.columns = disambiguated(self._header.cells)
        self._guard = codecs.lookup(self._codec).name.startswith("gb")
        self._feed = _Feed(self._codec)
        self._reader = csv.reader(self._feed, delimiter=self.delimiter, strict=True)
        self._gate = _gate(self.delimiter, self._codec, self._header.cells)
        self._joint = f'"{self.delimiter}"'
        self._joint_bytes = self._joint.encode()
        self._stream: BinaryIO | None = None

    def _head(self) -> tuple[list[str], bytes]:
        """The first lines as text, and the line end of the file."""
        with self.path.open("rb") as stream:
            head = next(encodings.blocks(stream, self._encoding), b"")
        end = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
        cut = head[:HEAD].rfind(end) + 1 if len(head) > HEAD else len(head)
        lines = head[:cut].decode(self._codec, "replace").split(end.decode())
        return [line.rstrip("\r") + "\n" for line in lines], end

    def _find(self, head: list[str], known: frozenset[str], delimiters: Sequence[str], *, header: bool) -> Header:
        found = find_delimited(head, known, delimiters) if header else without_header(head, delimiters)
        if found is None:
            raise SourceError("CRM-S105", at=self.part, rows=20)
        return found

    # ---------------------------------------------------------------- reading

    def __enter__(self) -> Self:
        self._stream = self.path.open("rb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def __iter__(self) -> Iterator[Row]:
        """Every row below the header but the page's furniture; `reason` says why a row has no cells."""
        for number, raw, parsed in self.scan():
            try:
                yield Row(number, self.parse(raw, parsed), raw)
            except BadRow as bad:
                yield Row(number, [], raw, bad.reason)

    def parse(self, raw: bytes, parsed: list[str] | str | None) -> list[str]:
        """The cells of a record that `scan()` yielded; raises `BadRow` with the reason when it has none."""
        if isinstance(parsed, str):
            raise BadRow(parsed)
        if self._guard and encodings.mixed(raw):
            raise BadRow("ROW_MIXED_ENCODING")
        return self._cells(raw) if parsed is None else parsed

    def text(self, raw: bytes) -> str:
        """A raw record as text, also one that cannot be cut into cells."""
        return raw.decode(self._codec, "replace")

    def scan(self) -> Iterator[Raw]:
        """(line, raw bytes, None or its cells or why it is broken) of every record; see `parse`."""
        number = self._header.last + 1
        held: list[bytes] = []
        for lines, quoted in self._blocks():
            if not held and not quoted:
                yield from self._plain(lines, number)
                number += len(lines)
                continue
            held = held + lines if held else lines  # an open record goes on in this block
            done = yield from self._records(held, number, final=False)
            held, number = held[done:], number + done
        if held:
            yield from self._records(held, number, final=True)

    def _blocks(self) -> Iterator[tuple[list[bytes], bool]]:
        """The lines below the header, a block at a time, without their ends; and whether any has a quote."""
        stream = self._stream
        assert stream is not None, "a table is read inside `with`"
        rest, skip, end = b"", self._header.last, self._end
        for block in encodings.blocks(stream, self._encoding):
            lines = (rest + block if rest else block).split(end)
            rest = lines.pop()
            if len(rest) > RECORD:
                raise SourceError("CRM-S108", at=self.part)
            if skip:
                dropped = min(skip, len(lines))
                skip -= dropped
                lines = lines[dropped:]
            if lines:
                returns = b"\r" in block or b"\r" in lines[0]
                yield _without_returns(lines) if returns else lines, b'"' in block or b'"' in lines[0]
        if rest and not skip:
            yield _without_returns([rest]), b'"' in rest

    def _plain(self, lines: list[bytes], number: int) -> Iterator[Raw]:
        """Records of a block without a single quote: one line each."""
        gate = self._gate.match
        for line in lines:
            if gate(line) is None or not self._furniture(self._cells(line)):
                yield number, line, None
            number += 1

    def _furniture(self, cells: list[str]) -> bool:
        """No record: a blank row, a total, a footer, or the header once more where a new page begins."""
        return is_furniture(cells) or (self._header.first > 0 and tuple(cells) == self._header.cells)

    def _cells(self, raw: bytes) -> list[str]:
        """The cells of a record without a quote, or with quotes around every cell and none within."""
        text = raw.decode(self._codec)
        return text[1:-1].split(self._joint) if text[:1] == '"' else text.split(self.delimiter)

    def _records(self, lines: list[bytes], number: int, *, final: bool) -> Generator[Raw, None, int]:
        """Records of lines with quotes; returns how many lines were used up (the rest waits for the next block)."""
        position = 0
        gate = self._gate.match
        while position < len(lines):
            line = lines[position]
            used = 1
            parsed: list[str] | str | None = None
            if _QUOTE in line and not self._all_quoted(line):
                read = self._quoted(lines, position, final=final)
                if read is None:
                    return position
                parsed, used = read
                if used > 1:
                    line = b"\n".join(lines[position : position + used])
            if isinstance(parsed, str) or gate(line) is None or not self._furniture(parsed or self._cells(line)):
                yield number + position, line, parsed
            position += used
        return position

    def _all_quoted(self, line: bytes) -> bool:
        """Is this line `"…","…","…"` with no other quote in it, so that it needs no parser to be one record?"""
        if line[0] != _QUOTE or line[-1] != _QUOTE or len(line) == 1:
            return False
        inner = line[1:-1]
        return inner.count(b'"') == 2 * inner.count(self._joint_bytes)

    def _quoted(self, lines: list[bytes], position: int, *, final: bool) -> tuple[list[str] | str, int] | None:
        """Cells (or why there are none) and number of lines of the record at `position`; None: it goes on in the next block.

        A record that never closes its quote costs only its first line; what follows is read anew.
        """
        feed = self._feed
        feed.lines, feed.at, feed.until = lines, position, position + OPEN_LINES
        try:
            cells = next(self._reader)
        except _OutOfLinesError:
            if not final and feed.at < feed.until:
                return None
            return "ROW_QUOTE_UNCLOSED", 1
        except csv.Error as error:
            if "limit" in str(error):
                return "CELL_TOO_LONG", 1
            return ("CELL_BACKSLASH_QUOTE" if b'\\"' in lines[position] else "ROW_QUOTE_BROKEN"), 1
        return cells, feed.at - position


class _OutOfLinesError(LookupError):
    """The record goes on after the last line there is."""


class _Feed:
    """Hands lines to the one csv reader of a table, as many as a record asks for."""

    __slots__ = ("_codec", "at", "lines", "until")

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self.lines: Sequence[bytes] = ()
        self.at = 0
        self.until = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines) or self.at >= self.until:
            raise _OutOfLinesError
        line = self.lines[self.at]
        self.at += 1
        return line.decode(self._codec) + "\n"


def _without_returns(lines: list[bytes]) -> list[bytes]:
    return [line.removesuffix(b"\r") for line in lines]


def _gate(delimiter: str, codec: str, header: Sequence[str]) -> re.Pattern[bytes]:
    """Matches what may be furniture: an empty first cell, or one that begins like a total, a footer or the header."""
    starts = (*FURNITURE_STARTS, header[0].strip()) if header[0].strip() else FURNITURE_STARTS
    words = b"|".join(re.escape(word.encode(codec, "ignore")) for word in starts)
    cut = re.escape(delimiter.encode())
    return re.compile(rb'[\s"=]*(?:$|' + cut + rb"|" + words + rb")", re.IGNORECASE)
