"""Which encoding a text file is in: byte-order mark, then strict UTF-8, then strict GB18030; never a guess, never mojibake.

The whole file is decoded once, block by block, before its first row is read: a byte in the last row that is not UTF-8 decides
as much as one in the first. Statistical detectors fail on Chinese work orders of a few kilobytes; this ladder does not.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import attrs

from crmcore.errors import SourceError

BLOCK = 1 << 20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

#: In these a line end, a quote, a comma or a tab is always that one byte and never half of a letter; the rest is transcoded.
_BYTEWISE = re.compile(
    r"ascii|utf_8|gb18030|gbk|gb2312|big5|cp9\d\d|euc_\w+|shift_jis|cp125\d|cp437|cp850|latin_?1|iso8859_\d+"
)

_WIDE_UTF8 = re.compile(rb"[\xe3-\xe9][\x80-\xbf][\x80-\xbf]")


@attrs.frozen
class Encoding:
    """How to read the bytes of a file.

    Attributes:
        name: the encoding of the file, e.g. "gb18030".
        mark: length of the byte-order mark.
        rows: the encoding of the bytes that `blocks` yields; differs from `name` where lines cannot be split by bytes.
    """

    name: str
    mark: int = 0

    @property
    def rows(self) -> str:
        """The encoding of the blocks: that of the file, or UTF-8 for one that has to be transcoded."""
        return self.name if _BYTEWISE.fullmatch(codecs.lookup(self.name).name.replace("-", "_")) else "utf-8"


def detect(path: Path, at: str, wanted: str | None = None) -> Encoding:
    """The encoding of `path`, proven by decoding all of it; `wanted` is what the config insists on.

    Raises `SourceError` naming the first line that fits no encoding.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise SourceError("CRM-S102", at=at)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return _insist(path, at, Encoding(name, len(mark)))
    if wanted:
        try:
            codecs.lookup(wanted)
        except LookupError:
            raise SourceError("CRM-S114", at=at, encoding=wanted) from None
        return _insist(path, at, Encoding(wanted))
    if head.count(0) > len(head) // 5:
        raise SourceError("CRM-S107", at=at)
    return _ladder(path, at)


def _insist(path: Path, at: str, encoding: Encoding) -> Encoding:
    failure = _first_failure(path, encoding)
    if failure is not None:
        raise SourceError("CRM-S115", at=f"{at}:{failure.line}", encoding=encoding.name)
    return encoding


def _ladder(path: Path, at: str) -> Encoding:
    failure = _first_failure(path, Encoding("utf-8"))
    if failure is None:
        return Encoding("utf-8")
    if failure.looks_like_utf8:  # GB18030 would read it too, as other words
        raise SourceError("CRM-S106", at=f"{at}:{failure.line}")
    other = _first_failure(path, Encoding("gb18030"))
    if other is not None:
        raise SourceError("CRM-S104", at=f"{at}:{other.line}", utf8_line=failure.line)
    return Encoding("gb18030")


@attrs.frozen
class _Failure:
    """The first line that cannot be decoded, and whether the text before it and around it was UTF-8 all the same."""

    line: int
    looks_like_utf8: bool


def _first_failure(path: Path, encoding: Encoding) -> _Failure | None:
    decoder = codecs.getincrementaldecoder(encoding.name)("strict")
    lines, wide = 0, False
    with path.open("rb") as stream:
        stream.seek(encoding.mark)
        while True:
            block = stream.read(BLOCK)
            held = decoder.getstate()[0]
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line = lines + _newlines(error.object[: error.start], encoding) + 1
                return _Failure(line, wide or _mostly_utf8(held + block))
            wide = wide or not text.isascii()
            lines += text.count("\n")
            if not block:
                return None


def _newlines(prefix: bytes, encoding: Encoding) -> int:
    return prefix.decode(encoding.name, "ignore").count("\n")


def _mostly_utf8(block: bytes) -> bool:
    """More than half of the non-ASCII bytes are sound UTF-8; of GB18030 text about a sixth is, by accident."""
    foreign = len(block.translate(None, bytes(range(128))))
    kept = block.decode("utf-8", "ignore").encode()
    return 2 * len(kept.translate(None, bytes(range(128)))) > foreign


def mixed(raw: bytes) -> bool:
    """Is this row of a GB18030 file really UTF-8? Such a row decodes without an error, into other words."""
    if _WIDE_UTF8.search(raw) is None:
        return False
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(char >= "\u0800" or char < "\u0080" for char in text)


def blocks(stream: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    """The bytes of the file after its mark, in an encoding in which lines and quotes can be found byte by byte."""
    stream.seek(encoding.mark)
    if encoding.rows == encoding.name:
        while block := stream.read(BLOCK):
            yield block
        return
    decoder = codecs.getincrementaldecoder(encoding.name)("strict")
    while block := stream.read(BLOCK):
        yield decoder.decode(block).encode()
