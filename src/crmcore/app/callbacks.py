"""The callback desk: its worklist out and back: `crm.callbacks`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows.callbacks import Exported
    from crmcore.flows.callbacks_import import ImportReport


class Callbacks:
    """Calls as a workbook; what they are, and what was said in them, is read by `crm.touchpoints` and `crm.customers`."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def export(
        self, path: Path | str, *, by: str, store: str | None = None, mine: bool = False, limit: int | None = None
    ) -> Exported:
        """Write the worklist (.xlsx or .csv, for its owner alone); its rows are then in the hands of `by`.

        Args:
            mine: those alone that are assigned to `by`.
            limit: so many that can be taken.
        """
        from crmcore.flows.callbacks import Choice, export

        crm, who = self._crm, self._crm.signed(by)
        choice = Choice(store=None if store is None else crm.store(store).code, mine=mine, limit=limit)
        return export(crm.db, crm.desk(), Path(path), crm.clock.now(), lang=crm.lang, by=who, choice=choice)

    def take_in(self, path: Path | str, *, by: str) -> ImportReport:
        """Read an edited worklist back, every row whole or not at all; what cannot be taken is in the report.

        Raises:
            SourceError: CRM-S501 the file is no worklist, or cannot be read.
        """
        from crmcore.flows.callbacks_import import take_in

        return take_in(self._crm.db, self._crm.desk(), Path(path), self._crm.clock, by=self._crm.signed(by))
