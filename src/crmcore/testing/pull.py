"""What holds for everything that is pulled in batches: nothing is lost, nothing counts twice, nothing is made up."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from crmcore.hooks.records import Batch, Entry
from crmcore.testing.common import AdapterContract
from crmcore.testing.contract import Operation

#: So many rows the vendor has when a check begins.
ROWS = 12


class PullContract(AdapterContract):
    """What holds for an adapter whose `pulling` yields batches."""

    @abstractmethod
    def pulling(self, adapter: Any, cursor: str | None) -> Iterator[Batch]:
        """The pull of this kind of adapter."""

    def operations(self, world: Any) -> Mapping[str, Operation]:
        """A pull to the end, with what every entry says."""
        return {
            **super().operations(world),
            "pull": Operation("read", lambda adapter: _read(self.pulling(adapter, None))),
        }


def _read(batches: Iterator[Batch]) -> list[object]:
    """A pull to the end, with all that its entries say."""
    found: list[object] = []
    for batch in batches:
        found += [batch, *(said for entry in batch.entries if isinstance(entry, Entry) for said in entry.records())]
    return found
