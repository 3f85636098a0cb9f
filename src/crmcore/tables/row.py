"""A row of a table, in the shape that everybody shares and in the raw shape that is cheap."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

#: (line or row number, raw bytes, its cells | why it is broken | None: not parsed yet)
Raw: TypeAlias = "tuple[int, bytes, list[str] | str | None]"


class Row(NamedTuple):
    """One record.

    Attributes:
        number: the line in the editor or the row in Excel on which it begins, 1-based.
        cells: text, one for each column; empty when the row is broken.
        raw: its bytes without line ends (of a workbook: its cells, joined), for digests.
        reason: why it is broken, a reason code; "" for a sound row.
    """

    number: int
    cells: list[str]
    raw: bytes
    reason: str = ""


class BadRow(Exception):
    """This row has no cells; `reason` is a reason code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
