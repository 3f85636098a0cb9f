"""`DmsContract`: what an adapter keeps that reads visits out of a dealer management system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from crmcore.hooks.records import Batch
from crmcore.testing.contract import Clock
from crmcore.testing.pull import ROWS, PullContract
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


class DmsContract(PullContract):
    """Subclass it for an adapter of kind "dms".

    The vendor's rows are visits of the sample dealer, spelled as `VisitRecord` spells them; `vendor()` shows them as the vendor would.

    Attributes:
        tells_deletions: True where the vendor says that a row was deleted, and the adapter says `Gone`.
    """

    tells_deletions: ClassVar[bool] = False

    def pulling(self, adapter: Any, cursor: str | None) -> Iterator[Batch]:
        """`pull`."""
        return adapter.pull(cursor)  # type: ignore[no-any-return]

    def make_world(self, folder: Path, clock: Clock) -> SourceWorld:
        """A dealer's system with a few visits."""
        world = SourceWorld(folder=folder, clock=clock, make=visit, tombstones=self.tells_deletions)
        world.add(ROWS)
        return world

    def personal(self, world: SourceWorld) -> list[str]:
        """Names, numbers, plates, and what customers said."""
        paths = ("customer.name", "customer.phone", "vehicle.plate_number", "vehicle.vin", "reason_verbatim")
        return [str(found) for row in world.held for path in paths if (found := row.get(path))]
