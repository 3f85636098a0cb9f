"""Where the header is, what its columns are called, and which rows are furniture of the page instead of data."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

DELIMITERS = (",", ";", "\t", "|")
SEARCHED = 20

_TAIL = re.compile(r"[(\[【][^()\[\]【】]*[)\]】]$")
_FILL = re.compile(r"[\s_\-:*.。、/\\·'\"]+")

_TOTAL = r"合\s*计|小\s*计|总\s*计|共\s*计"
_SUMMARY = re.compile(
    rf"(?:本页|本日|本月|本年|当日|当月|全部|累计)?(?:{_TOTAL})(?:[:：(（].*)?|(?:grand\s+|sub-?)?totals?\s*:?",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"(?:制表|打印|导出|审核|复核)(?:人|时间|日期|员)?\s*[:：].*|第\s*\d+\s*页.*|共\s*\d+\s*[条页行笔].*", re.DOTALL
)

#: What the first cell of a page's furniture begins with; the row splitter looks no further where it does not.
FURNITURE_STARTS = (
    "合",
    "小",
    "总",
    "共",
    "本",
    "当",
    "全",
    "累",
    "制",
    "打",
    "导",
    "审",
    "复",
    "第",
    "total",
    "grand",
    "sub",
)


def heading_key(heading: str) -> str:
    """A heading as it is compared: full-width folded, without case, spaces, punctuation and a unit in brackets."""
    text = unicodedata.normalize("NFKC", heading).strip().casefold()
    text = _TAIL.sub("", text.rstrip("*: ")) or text
    return _FILL.sub("", text)


@attrs.frozen
class Header:
    """The header row of a table.

    Attributes:
        cells: the headings as written.
        first / last: the lines it stands on, 1-based; 0 when there is none.
        delimiter: "" for a workbook.
    """

    cells: tuple[str, ...]
    first: int
    last: int
    delimiter: str = ""


def find(
    rows: Iterable[tuple[int, int, Sequence[str]]], known: frozenset[str], delimiter: str = ""
) -> tuple[int, Header] | None:
    """The row with most known headings among the first twenty `(first, last, cells)`; None when none has two."""
    best: tuple[int, Header] | None = None
    for count, (first, last, cells) in enumerate(rows):
        if count == SEARCHED:
            break
        score = len({heading_key(cell) for cell in cells if cell.strip()} & known)
        enough = score >= 2 or (score == 1 and sum(1 for cell in cells if cell.strip()) == 1)
        if enough and (best is None or score > best[0]):
            best = score, Header(tuple(cells), first, last, delimiter)
    return best


def find_delimited(lines: Sequence[str], known: frozenset[str], delimiters: Sequence[str]) -> Header | None:
    """The header of a text table: each delimiter is tried on the first rows, the most known headings win."""
    found = [find(parsed(lines, delimiter), known, delimiter) for delimiter in delimiters]
    candidates = [candidate for candidate in found if candidate is not None]
    return max(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def without_header(lines: Sequence[str], delimiters: Sequence[str]) -> Header:
    """A table without a header row: the delimiter that cuts the first rows into the same number of cells, named #1, #2, …"""
    best = (0, 1, delimiters[0])
    for delimiter in delimiters:
        widths = Counter(len(cells) for _, _, cells in list(parsed(lines, delimiter))[:SEARCHED] if any(cells))
        if widths:
            width, rows = widths.most_common(1)[0]
            best = max(best, (rows if width > 1 else 0, width, delimiter), key=lambda item: item[:2])
    return Header(("",) * best[1], 0, 0, best[2])


def parsed(lines: Sequence[str], delimiter: str) -> Iterable[tuple[int, int, list[str]]]:
    """The first rows of a text with the lines they stand on; stops at what is no table in this delimiter."""
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            return
        yield first, reader.line_num, cells


def disambiguated(headings: Sequence[str]) -> tuple[str, ...]:
    """Every column a name of its own: a second 手机号 is "手机号 (2)", one without a heading "#7"."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for position, heading in enumerate(headings, start=1):
        name = " ".join(heading.split()) or f"#{position}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def is_furniture(cells: Sequence[str]) -> bool:
    """Is this no record but furniture: an empty row, a 合计/小计/总计 row, the footer of a printed page?"""
    first = next((cell.strip() for cell in cells if cell and not cell.isspace()), "")
    return not first or _SUMMARY.fullmatch(first) is not None or _FOOTER.fullmatch(first) is not None
