"""What holds for a pull in motion: whatever happens at the vendor's or to us meanwhile, every row arrives, and is new once."""

from __future__ import annotations

import gc
import itertools
import json
import logging
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from crmcore.errors import CrmError
from crmcore.hooks.records import Batch, Entry, Gone, Record, Reject
from crmcore.testing import guard
from crmcore.testing.contract import check
from crmcore.testing.digests import DigestContract
from crmcore.testing.ledger import digests, entries, last, ledger, missing, said
from crmcore.testing.rig import Rig
from crmcore.testing.rows import PULLS

#: Rows of the largest source, and the part of them that is read, of a file and over HTTP: what is kept of that part tells enough.
MANY = 1_000_000
_OF_A_FILE, _OVER_HTTP = 5, 50
#: A source that is many times as large may take so much more memory: a factor, and bytes.
_MORE, _SLACK = 1.3, 512 * 1024
#: What may come to stay: blocks of memory for each row, and anyhow.
_KEPT, _NOISE = 0.1, 2_000
#: Texts that no adapter has written as a cursor.
_GARBAGE = ("", " ", "garbage", "null", "[]", "{", '{"v": 99}', "é\u2028字", "x" * 5_000)


class PullContract(DigestContract):
    """What holds for an adapter whose `pulling` yields batches."""

    # ------------------------------------------------------------------ going on from a cursor

    @check(needs=PULLS)
    def test_going_on_after_any_batch_loses_nothing(self, rig: Rig) -> None:
        """A new instance that goes on from the cursor of any batch yields what was still to come, and nothing else that is new.

        Why: each cursor is committed with its batch, so a crash, a deployment or a full disk ends a pull after any of them.
        If this fails: a batch's cursor says what was handed over up to and with that batch, and not what was fetched ahead.
        """
        batches = self._several(rig)
        whole = ledger(rig.world, batches)
        wrong = []
        for number, batch in enumerate(batches, 1):
            after = digests(batches[:number] + self.pull(rig, batch.cursor))
            lost, more = len(whole.seen - after), len(after - whole.seen)
            if lost or more:
                wrong.append(
                    f"batch {number} of {len(batches)}: {lost} rows never came, {more} came as if they were new"
                )

        assert not wrong, "\n".join(wrong)
        assert [] == missing(rig.world, whole)
        assert [] == whole.strange

    @check(needs=PULLS)
    def test_a_cursor_is_text_that_can_be_kept(self, rig: Rig) -> None:
        """A cursor is a `str` that JSON, UTF-8 and a database give back as it was; None is no resume point.

        Why: it lies in the dealer's database between two nights.
        If this fails: write `json.dumps(…)` or plain text; no bytes, no NUL, no half surrogates.
        """
        rig.world.add(60)
        cursors = [batch.cursor for batch in self.pull(rig)]
        wrong = [repr(cursor)[:40] for cursor in cursors if not (cursor is None or _can_be_kept(cursor))]

        assert cursors
        assert not wrong, "\n".join(wrong)

    @check(needs=PULLS)
    def test_a_cursor_of_somebody_else_loses_nothing(self, rig: Rig) -> None:
        """A cursor that this adapter has not written raises an error of ours, or starts from the beginning.

        Why: an instance is renamed, an older version wrote another format, a backup is played back.
        If this fails: read the cursor strictly, and take None for anything that you have not written.
        """
        wrong = []
        for cursor in _GARBAGE:
            try:
                lost = missing(rig.world, ledger(rig.world, self.pull(rig, cursor)))
            except CrmError:
                continue
            if lost:
                wrong.append(f"{cursor[:20]!r}: {len(lost)} rows never came")

        assert not wrong, "\n".join(wrong)

    @check(needs=PULLS)
    def test_two_pulls_say_the_same(self, rig: Rig) -> None:
        """Two instances that read the same source say the same of it, also on another day.

        Why: what is rejected, or stays undone in a crash, is read again and must be the same fact.
        If this fails: put no time of reading, no random and no running number into a record or a digest.
        """
        first = _facts(self.pull(rig))
        rig.clock.tick(days=1, minutes=1)

        assert first == _facts(self.pull(rig))

    # ------------------------------------------------------------------ what vendors do to a reader

    @check(needs=PULLS)
    def test_no_row_is_lost_among_equal_times(self, rig: Rig) -> None:
        """More rows than a page holds, all changed in the same second: all of them come.

        Why: somebody imports a thousand orders at once, or closes a day's orders with one click.
        If this fails: page by (time, id), or by the vendor's own token; `since > last time` drops the rest of that second.
        """
        size = max((len(batch.entries) for batch in self._several(rig)), default=1)
        rig.world.vanish(*rig.world.held)
        rig.world.add(2)
        rig.world.add(2 * size + 1, apart=0.0)
        rig.world.add(2)

        assert [] == missing(rig.world, ledger(rig.world, self.pull(rig)))

    @check(needs=PULLS)
    def test_a_row_of_the_last_second_is_not_lost(self, rig: Rig) -> None:
        """A row that is written in the second of the last one that was read, and after that, comes with the next pull.

        Why: vendors' clocks tick in seconds, and their transactions do not end in the order of their ids.
        If this fails: begin the next pull with the last second, not after it; what was seen is known by its digest.
        """
        late = rig.world.begin()
        (newest,) = rig.world.add()
        rig.clock.at = newest.changed_at
        first = self.pull(rig)
        rig.world.finish(late, at=newest.changed_at)

        assert [] == missing(rig.world, ledger(rig.world, first, self.pull(rig, last(first))))

    @check(needs=PULLS)
    def test_rows_that_are_shown_twice_are_one(self, rig: Rig) -> None:
        """Pages that overlap or come twice lose nothing, make nothing new, and do not keep the pull from ending.

        Why: a row that is inserted in front of a listing moves the others onto the next page.
        If this fails: take a repeated row as it comes (the core knows it by its digest); a page that repeats is not the end.
        """
        plain = digests(self.pull(rig))
        rig.world.show(twice=True)

        assert plain == digests(self.pull(rig))

    @check(needs=PULLS)
    def test_the_order_of_rows_means_nothing(self, rig: Rig) -> None:
        """Rows that come in no order all come, also when the pull has to go on after its first batch.

        Why: few vendors promise an order, fewer keep the promise, and a file is as its last reader has sorted it.
        If this fails: a cursor may not pass a row that was not handed over; take the highest time only of what is sorted.
        """
        rig.world.show(shuffled=True)
        first, *_ = self.pull(rig)

        assert [] == missing(rig.world, ledger(rig.world, self.pull(rig)))
        assert [] == missing(rig.world, ledger(rig.world, [first], self.pull(rig, first.cursor)))

    @check(needs=PULLS)
    def test_a_row_that_vanishes_takes_no_other_with_it(self, rig: Rig) -> None:
        """A row that is deleted while its listing is paged loses no other row.

        Why: with `page=2` every row behind it has moved up by one, and the first of the next page was never shown.
        If this fails: page by what rows hold (time and id, the vendor's token), not by counting them.
        """
        batches: list[Batch] = []
        for batch in self._bounded(rig):
            batches.append(batch)
            if len(batches) == 1:
                rig.world.vanish(rig.world.held[0], rig.world.held[-1])

        assert [] == missing(rig.world, ledger(rig.world, batches, self.pull(rig, last(batches))))

    @check(needs=PULLS)
    def test_absence_deletes_nothing(self, rig: Rig) -> None:
        """A row that the source shows no more is not `Gone`; only where the source itself says "deleted" is it.

        Why: an export of one day, a filter in the vendor's settings or half a file would cancel everybody's callbacks.
        If this fails: say `Gone` for tombstones only.
        """
        first = self.pull(rig)
        rig.world.vanish(*rig.world.held[: len(rig.world.held) // 2])
        deleted = [each.key for each in said(self.pull(rig, last(first)) + self.pull(rig)) if isinstance(each, Gone)]

        assert [] == deleted

    @check(needs=PULLS)
    def test_an_empty_source_is_no_error(self, rig: Rig) -> None:
        """A source without rows yields none, and what is written afterwards comes with the next pull.

        Why: a new branch opens, and its first night must not end in a traceback.
        If this fails: look for `max()` of nothing, and for a cursor that is made out of the present time.
        """
        rig.world.vanish(*rig.world.held)
        first = self.pull(rig)
        rig.clock.tick(minutes=5)
        rig.world.add(3, at=rig.clock.now() - timedelta(minutes=1))

        assert [] == list(entries(first))
        assert [] == missing(rig.world, ledger(rig.world, first, self.pull(rig, last(first))))

    # ------------------------------------------------------------------ what a pull does to its host

    @check(needs=PULLS)
    def test_a_pull_that_is_broken_off_leaves_nothing_open(self, rig: Rig) -> None:
        """A pull that nobody takes to its end closes what it has opened when it is thrown away.

        Why: an error in the core ends the night's pull after any batch, and the file stays locked until somebody restarts.
        If this fails: open with `with` inside the generator, and keep nothing open in `self`.
        """
        rig.world.add(60)
        self.pull(rig)
        rig.http.close()
        before = guard.opened()
        pulled = iter(self.pulling(rig.fresh(), None))
        next(pulled)
        pulled.close()  # type: ignore[attr-defined]
        rig.http.close()

        assert set() == guard.opened() - before

    @check(needs=PULLS)
    def test_a_very_large_source_takes_no_more_memory(self, rig: Rig) -> None:
        """A source of a million rows, read to a fifth from files and to a fiftieth over HTTP, takes the memory of a small part.

        Why: a dealer's first pull is everything since he opened, on the smallest machine there is.
        If this fails: yield a batch as soon as it is full; keep no rows, keys or digests of earlier batches; read files by lines.
        """
        read = MANY // (_OVER_HTTP if self.over_http else _OF_A_FILE)
        part = read // (4 if self.over_http else 10)
        small, _ = self._walk(rig, rows=part, traced=part, read=part)
        large, kept = self._walk(rig, rows=MANY, traced=part, read=read)

        assert large <= small * _MORE + _SLACK
        assert kept <= (read - part) * _KEPT + _NOISE

    # ------------------------------------------------------------------ helpers

    def _several(self, rig: Rig) -> list[Batch]:
        """A pull of at least three batches with rows, where the adapter can be brought to make so many."""
        batches: list[Batch] = []
        for more in (0, 60, 600, 6_000):
            rig.world.add(more)
            batches = self.pull(rig)
            if sum(bool(batch.entries) for batch in batches) > 2:
                break
        return batches

    def _bounded(self, rig: Rig) -> Iterator[Batch]:
        """A pull from the beginning, given out batch by batch."""
        return itertools.islice(self.pulling(rig.fresh(), None), 20_000)

    def _walk(self, rig: Rig, *, rows: int, traced: int, read: int) -> tuple[int, int]:
        """Reading `read` of `rows` rows: the most bytes that the first `traced` took, and the blocks that came to stay after them."""
        rig.world.crowd(rows)
        pulled, taken, peak, blocks = iter(self.pulling(rig.fresh(), None)), 0, 0, [0]
        logging.disable()  # what is logged is kept by pytest
        gc.collect()
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for batch in pulled:
                taken += sum(len(entry.at) for entry in batch.entries)
                rig.world.served = 0
                rig.forget()
                if taken >= traced and tracemalloc.is_tracing():
                    peak = tracemalloc.get_traced_memory()[1] - before
                    tracemalloc.stop()
                    blocks = [sys.getallocatedblocks()]
                blocks.append(sys.getallocatedblocks())
                if taken >= read:
                    break
        finally:
            tracemalloc.stop()
            logging.disable(logging.NOTSET)
        pulled.close()  # type: ignore[attr-defined]
        assert taken >= read, f"{taken} of {read} rows came"
        return peak, max(blocks) - blocks[0]


def _can_be_kept(cursor: Any) -> bool:
    try:
        return (
            type(cursor) is str
            and json.loads(json.dumps(cursor)) == cursor
            and "\0" not in cursor
            and bool(cursor.encode())
        )
    except ValueError:
        return False


def _facts(batches: list[Batch]) -> list[tuple[Any, ...]]:
    """All that a pull says, in an order of its own."""
    return sorted(
        (
            (entry.at, entry.digest, tuple(map(_plain, entry.records() if isinstance(entry, Entry) else (entry,))))
            for entry in entries(batches)
        ),
        key=lambda fact: fact[:2],
    )


def _plain(each: Record | Gone | Reject) -> tuple[str, str]:
    content = each.data if isinstance(each, Record) else each
    return type(each).__name__, json.dumps(content, sort_keys=True, default=repr)
