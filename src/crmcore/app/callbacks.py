"""The callback desk: its worklist out and back: `crm.callbacks`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows.callbacks import Exported
    from crmcore.flows.callbacks_import import ImportReport
    from crmcore.flows.notes import Note
    from crmcore.worklist.rows import WorklistRow


class Callbacks:
    """Calls as a sheet and as a workbook; what was said in them is read by `crm.customers`."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def due(self, store: str | None = None, by: str = "") -> tuple[WorklistRow, ...]:
        """The calls that are due, the nearest deadline first, in words as the sheet has them; personal data in full.

        Args:
            by: who asks; a row that somebody else has taken says so, and one of his own customers is not for him.
        """
        from crmcore.flows.callbacks import due_rows

        crm, code = self._crm, None if store is None else self._crm.store(store).code
        return tuple(due_rows(crm.db, crm.desk(), crm.clock.now(), lang=crm.lang, masked=False, store=code, by=by))

    def notes(self, advisor: str | None = None, days: int = 30) -> tuple[Note, ...]:
        """What callers have written down for an advisor (a code), or for all, in so many days; the newest first, in full.

        Raises:
            UsageError: CRM-U117 or CRM-U118, nobody has this code.
        """
        from crmcore.flows.notes import notes

        crm = self._crm
        return tuple(notes(crm.db, crm.settings(), crm.clock.now(), advisor=advisor, days=days, masked=False))

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
