"""What the vendor's system holds while a contract runs: rows that are added, changed and deleted, and the ways a vendor shows them.

A vendor of pages shows `after()` or `page()`, a vendor of files writes `rows()`; both show what the world holds at that moment.
Whatever a real system does to a reader is done here: equal times, pages that repeat or are out of order, rows that vanish.
"""

from __future__ import annotations

import bisect
import csv
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, overload

import attrs

from crmcore.testing.rig import NOW, World

#: A pull that has been served so many rows of a very large source and has yielded none is loading it whole.
_PATIENCE = 50_000
#: So many rows of a crowd say different things; the others say the same under keys of their own, which takes a third of the time.
_LIKES = 1_000


@attrs.define
class Row:
    """One row of the vendor's system.

    Attributes:
        key: the vendor's own; also of a row that does not show it.
        number: the vendor's running number, from 1; given when the row is begun.
        changed_at: when the vendor last touched it.
        data: what it says, as our records spell it; a field that is not there is one the vendor does not have.
        deleted: it is a tombstone.
        open: it is begun and not yet to be seen.
    """

    key: str
    number: int
    changed_at: datetime
    data: dict[str, Any] = attrs.field(repr=False)
    deleted: bool = False
    open: bool = False

    @property
    def stamp(self) -> str:
        """`changed_at` as text that sorts: 2026-11-21T18:00:05Z."""
        return f"{self.changed_at:%Y-%m-%dT%H:%M:%SZ}"

    def get(self, path: str, default: Any = "") -> Any:
        """What it says at a path such as "customer.phone"; `default` where it says nothing, or None."""
        found: Any = self.data
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return default if found is None else found

    def set(self, path: str, value: Any) -> None:
        """Say something else at a path."""
        _parent(self.data, path)[path.rpartition(".")[2]] = value

    def drop(self, path: str) -> None:
        """The vendor has no such field."""
        _parent(self.data, path).pop(path.rpartition(".")[2], None)


def _parent(data: dict[str, Any], path: str) -> dict[str, Any]:
    for name in path.split(".")[:-1]:
        data = data.setdefault(name, {})
    return data


def _cell(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """What `Row.get` does, for a path that is asked for a million times; None is an empty cell."""
    table, _, field = path.rpartition(".")
    if not table:
        return lambda data: data.get(field)
    return lambda data: (data.get(table) or {}).get(field)


class Crowd(Sequence[Row]):
    """Very many rows, each made when it is looked at."""

    def __init__(self, count: int, make: Callable[[int], Row]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        """Row `index`, from 0."""
        if isinstance(index, slice):
            return [self._make(number + 1) for number in range(*index.indices(self._count))]
        if index >= self._count:
            raise IndexError(index)
        return self._make(index + 1)


@attrs.define(kw_only=True)
class SourceWorld(World):
    """A vendor's system with rows in it.

    Attributes:
        make: number -> key and content of a row, each kind of contract has its own; what `keys` lead to ends in the number, of
            eight digits.
        pattern: what the key of a row looks like; it stands in the key or the number of each record.
        keys: the paths that tell which row it is.
        tombstones: does a deleted row stay, marked?
        shuffled: rows are shown in no order; pages of `after` are still the right ones.
        twice: rows are shown twice: neighbouring pages overlap, or the same page comes again.
        served: rows that pages have shown so far.
    """

    make: Callable[[int], tuple[str, dict[str, Any]]]
    pattern: str
    keys: tuple[str, ...]
    tombstones: bool = False
    shuffled: bool = False
    twice: bool = False
    served: int = 0
    _rows: Sequence[Row] = attrs.field(factory=list, repr=False)
    _last: list[Row] | None = attrs.field(default=None, repr=False)
    _numbers: int = 0

    # ------------------------------------------------------------------ what a vendor shows

    def rows(self) -> Iterator[Row]:
        """Every row that is to be seen, tombstones included, in the order in which a listing has them."""
        return iter(self._listing())

    def page(self, number: int, size: int, since: str | None = None) -> list[Row]:
        """Page `number` (from 1) of the listing, of what changed at `since` or later."""
        listing = self._listing()
        if since is not None:
            listing = [row for row in listing if row.stamp >= since]
        return self._serve(list(listing[(number - 1) * size : number * size]))

    def count(self, since: str | None = None) -> int:
        """How many rows the listing has, of what changed at `since` or later."""
        listing = self._listing()
        return len(listing) if since is None else sum(row.stamp >= since for row in listing)

    def after(self, since: str | None, limit: int, key: str = "") -> list[Row]:
        """The next `limit` rows in the order of (time, key): those changed later than `since`, or then with a later key.

        Without a key those of `since` itself are among them.
        """
        if self.twice and self._last:
            again, self._last = self._last, None
            return self._serve(again)
        ordered = self._ordered()
        start = 0 if since is None else bisect.bisect_right(ordered, (since, key), key=lambda row: (row.stamp, row.key))
        found = list(ordered[start : start + limit])
        self._last = found
        return self._serve(found[::-1] if self.shuffled else found)

    def numbered(self, first: int, last: int) -> list[Row]:
        """The rows with these running numbers, both included, in their order."""
        if isinstance(self._rows, Crowd):
            return self._serve(self._rows[max(first, 1) - 1 : last])
        return self._serve([row for row in self._listing() if first <= row.number <= last])

    def find(self, key: str) -> Row:
        """The row of `key`; raises `LookupError`."""
        for row in self._rows:
            if row.key == key:
                return row
        raise LookupError(key)

    def write_csv(self, name: str, headings: Mapping[str, str]) -> None:
        """Write the rows into `folder`: their heading -> our path, e.g. {"工单号": "ro_number", "手机号": "customer.phone"}."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(headings)
            cells = [_cell(path) for path in headings.values()]
            writer.writerows([cell(row.data) for cell in cells] for row in self.rows())

    def _listing(self) -> Sequence[Row]:
        if isinstance(self._rows, Crowd):
            return self._rows
        seen = [row for row in self._rows if not row.open]
        if self.shuffled:
            random.Random(len(seen)).shuffle(seen)  # noqa: S311 - the same disorder in every run
        if self.twice:
            half = len(seen) // 2
            seen = [*seen[:half], *seen[:half], *seen[half:]]
        return seen

    def _ordered(self) -> Sequence[Row]:
        if isinstance(self._rows, Crowd):
            return self._rows
        return sorted((row for row in self._rows if not row.open), key=lambda row: (row.stamp, row.key))

    def _serve(self, rows: list[Row]) -> list[Row]:
        self.served += len(rows)
        if isinstance(self._rows, Crowd) and self.served > _PATIENCE:
            msg = f"{self.served} rows were read before one was handed over"
            raise AssertionError(msg)
        return rows

    # ------------------------------------------------------------------ what happens there

    @property
    def held(self) -> list[Row]:
        """The rows that are to be seen and are no tombstones, in the order in which they came."""
        return [row for row in self._rows if not row.open and not row.deleted]

    def add(self, count: int = 1, *, at: datetime | None = None, apart: float = 1.0) -> list[Row]:
        """So many new rows, `apart` seconds from each other; the first at `at`, or a second after the last there is."""
        last = max((row.changed_at for row in self._rows), default=NOW - timedelta(days=3))
        begins = last + timedelta(seconds=1) if at is None else at
        made = [self._row(begins + number * timedelta(seconds=apart)) for number in range(count)]
        self._rows = [*self._rows, *made]
        self.export()
        return made

    def begin(self) -> Row:
        """Somebody begins a row: it has its number, and is not to be seen."""
        row = attrs.evolve(self._row(self.clock.now()), open=True)
        self._rows = [*self._rows, row]
        return row

    def finish(self, row: Row, at: datetime | None = None) -> None:
        """From now on it is to be seen, as of `at`, or of now."""
        row.open, row.changed_at = False, self.clock.now() if at is None else at
        self.export()

    def change(self, row: Row, path: str, value: Any, *, at: datetime | None = None) -> None:
        """Somebody at the vendor's changes a row, now, or unnoticed: with the time it had."""
        row.set(path, value)
        row.changed_at = self.clock.now() if at is None else at
        self.export()

    def spoil(self, row: Row) -> None:
        """A row loses what tells which one it is."""
        row.key = ""
        for path in self.keys:
            row.set(path, None)
        self.export()

    def delete(self, row: Row) -> None:
        """Somebody deletes a row, and the vendor says so."""
        row.deleted, row.changed_at = True, self.clock.now()
        self.export()

    def vanish(self, *rows: Row) -> None:
        """Rows are not there any more, without a word."""
        self._rows = [each for each in self._rows if not any(each is row for row in rows)]
        self.export()

    def crowd(self, count: int) -> None:
        """The system holds `count` rows, a second apart, and no others."""
        begins = NOW - timedelta(seconds=count + 10)
        likes = [self.make(number) for number in range(min(count, _LIKES))]

        def row(number: int) -> Row:
            key, data = likes[number % len(likes)]
            digits = f"{number:08d}"
            own = {path: data[path][:-8] + digits for path in self.keys}
            return Row(key[:-8] + digits, number, begins + timedelta(seconds=number), {**data, **own})

        self._rows, self.served = Crowd(count, row), 0
        self.export()

    def show(self, *, shuffled: bool = False, twice: bool = False) -> None:
        """Show the same rows in this way."""
        self.shuffled, self.twice, self._last = shuffled, twice, None
        self.export()

    def _row(self, at: datetime) -> Row:
        self._numbers += 1
        key, data = self.make(self._numbers)
        return Row(key, self._numbers, at, data)
