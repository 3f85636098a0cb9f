"""`DmsContract`: what an adapter keeps that reads visits out of a dealer management system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from crmcore.hooks.records import Batch, Gone, Record
from crmcore.testing.contract import check
from crmcore.testing.ledger import last, ledger, said
from crmcore.testing.pull import PullContract
from crmcore.testing.rig import Clock, Rig
from crmcore.testing.rows import PULLS, ROWS, other
from crmcore.testing.source import SourceWorld

_NAMES = ("张三", "李四", "王五", "赵六")
_ADVISORS = ("陈静", "周敏")


def visit(number: int) -> tuple[str, dict[str, Any]]:
    """Key and content of one visit of the sample dealer's."""
    key = f"RO{number:08d}"
    day = f"2026-11-{number % 20 + 1:02d}"
    return key, {
        "key": key,
        "ro_number": key,
        "store": "S01",
        "customer": {"key": f"C{number:08d}", "name": _NAMES[number % 4], "phone": f"1380013{number % 10_000:04d}"},
        "vehicle": {"vin": f"LSVAA49E6J2{number % 1_000_000:06d}", "plate_number": f"沪A{number % 100_000:05d}"},
        "advisor": _ADVISORS[number % 2],
        "opened_at": f"{day} 09:00",
        "delivered_at": f"{day} 17:30",
        "km_in": str(10_000 + number % 90_000),
        "reason_verbatim": f"刹车异响{number % 97}",
    }


#: What a source may not have, or have and leave empty; every adapter reads some of it.
_OPTIONAL = (
    "customer.phone",
    "customer.name",
    "vehicle.plate_number",
    "vehicle.vin",
    "advisor",
    "delivered_at",
    "km_in",
    "reason_verbatim",
)


class DmsContract(PullContract):
    """Subclass it for an adapter of kind "dms".

    The vendor's rows are visits of the sample dealer, spelled as `VisitRecord` spells them; `vendor()` shows them as the vendor would.

    Attributes:
        tells_deletions: True where the vendor says that a row was deleted, and the adapter says `Gone`.
        tells_empty: False where what is empty cannot be told from what the vendor does not have: then it is not said at all.
    """

    entity: ClassVar[str] = "visit"
    alike: ClassVar[tuple[str, str, str]] = ("ro_number", "store", "S02")
    touched: ClassVar[str] = "customer.phone"
    written: ClassVar[Mapping[str, str]] = {
        "customer.name": '张三（"小张"）, 李四',
        "customer.phone": "13800138042",
        "vehicle.plate_number": "沪AD10042",
        "advisor": "0042",
        "opened_at": "2026-11-05 00:30",
        "delivered_at": "2026-11-05 23:30",
        "km_in": "20042",
        "reason_verbatim": '左前轮 "吱吱" 响, 50% & a+b=c; <b>&amp;</b> \\n {x} 1.0',
    }
    tells_deletions: ClassVar[bool] = False
    tells_empty: ClassVar[bool] = True

    def pulling(self, adapter: Any, cursor: str | None) -> Iterator[Batch]:
        """`pull`."""
        return adapter.pull(cursor)  # type: ignore[no-any-return]

    @classmethod
    def has(cls, needs: str) -> bool:
        """A DMS can always be pulled."""
        return needs == PULLS or super().has(needs)

    def make_world(self, folder: Path, clock: Clock) -> SourceWorld:
        """A dealer's system with a few visits."""
        world = SourceWorld(
            folder=folder, clock=clock, make=visit, pattern=r"RO\d{8}", keys=("key", "ro_number"),
            tombstones=self.tells_deletions,
        )  # fmt: skip
        world.add(ROWS)
        return world

    def personal(self, world: SourceWorld) -> list[str]:
        """Names, numbers, plates, and what customers said."""
        paths = ("customer.name", "customer.phone", "vehicle.plate_number", "vehicle.vin", "reason_verbatim")
        return [str(found) for row in world.held for path in paths if (found := row.get(path))]

    # ------------------------------------------------------------------ what changes

    @check()
    def test_a_row_that_changes_while_it_is_paged_is_not_lost(self, rig: Rig) -> None:
        """A row that changes during a pull, or just after it by the vendor's clock, is known as it is now after the next pull.

        Why: the workshop works while we read, and the vendor's clock is some minutes behind ours.
        If this fails: the cursor is the time of the last row that was read, never the time at which the pull began or ended.
        """
        world, batches = rig.world, []
        for batch in self._bounded(rig):
            batches.append(batch)
            if len(batches) == 1:
                for row in (world.held[0], world.held[-1]):
                    world.change(row, self.touched, other(row.get(self.touched)))
                rig.clock.tick(minutes=5)
        late = rig.clock.now() - timedelta(minutes=4)
        world.change(world.held[1], self.touched, other(world.held[1].get(self.touched)), at=late)
        known = ledger(world, batches, self.pull(rig, last(batches)))
        now = ledger(world, self.pull(rig))

        assert now.newest == known.newest

    @check(needs="tells_deletions")
    def test_a_deleted_row_is_gone(self, rig: Rig) -> None:
        """A row that the vendor calls deleted is `Gone`, under the key that its records had, and once.

        Why: a cancelled order must not be called about, and under another key nothing is cancelled.
        If this fails: make the key of `Gone` as you make the key of the record.
        """
        row = rig.world.held[1]
        first = self.pull(rig)
        keys = ledger(rig.world, first).keys[row.key]
        rig.world.delete(row)
        gone = [each for each in said(self.pull(rig, last(first))) if isinstance(each, Gone)]

        assert [("visit", True)] == [(each.entity, each.key in keys) for each in gone]

    # ------------------------------------------------------------------ what is not there

    @check()
    def test_what_the_source_does_not_have_is_not_said(self, rig: Rig) -> None:
        """A field that the source's rows do not have at all is no key of a record.

        Why: an explicit None empties ours, and a source without phone numbers would erase those that another one knows.
        If this fails: copy the keys that are there (`if "phone" in row`) instead of asking for each (`row.get("phone")`).
        """
        read = self._read(rig)
        for row in rig.world.held:
            for path in read:
                row.drop(path)
        rig.world.export()
        records = self._records(rig)
        made_up = [path for path in read for record in records if _at(record.data, path) is not _ABSENT]

        assert read
        assert [] == sorted(set(made_up))

    @check()
    def test_what_the_source_leaves_empty_is_empty(self, rig: Rig) -> None:
        """A field that a row leaves empty is an explicit None, or is not said where the vendor cannot tell it from one it does not have.

        Why: a number that was deleted at the dealer's must not be called any more; and "" or "null" is a name of nobody.
        If this fails: hand the vendor's null over as None; where an empty cell may mean both, set `tells_empty = False` and leave it out.
        """
        read = self._read(rig)
        row = rig.world.held[2]
        for path in read:
            row.set(path, None)
        rig.world.export()
        (record,) = (
            each for each in self._records(rig) if row.key in str(each.data.get("ro_number") or each.data["key"])
        )
        expected = None if self.tells_empty else _ABSENT
        wrong = [path for path in read if _at(record.data, path) is not expected]

        assert not wrong, "\n".join(wrong)

    def _records(self, rig: Rig) -> list[Record]:
        return [each for each in said(self.pull(rig)) if isinstance(each, Record) and each.entity == self.entity]

    def _read(self, rig: Rig) -> list[str]:
        """The optional fields that this adapter reads."""
        records = self._records(rig)
        return [path for path in _OPTIONAL if all(_at(each.data, path) is not _ABSENT for each in records)]


#: Not even the key is there.
_ABSENT = object()


def _at(data: Any, path: str) -> Any:
    """What a record says at a path."""
    for name in path.split("."):
        if not isinstance(data, Mapping) or name not in data:
            return _ABSENT
        data = data[name]
    return data
