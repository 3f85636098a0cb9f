"""The facts of the pages about a period: `crm.reports`; today's page is `crm.report`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows import reporting
    from crmcore.flows.report_head import Frame
    from crmcore.reports.board import Board
    from crmcore.reports.calls import Calls
    from crmcore.reports.csi import Csi


class Reports:
    """What customers answer, what they complain about, what calls come to; words are in the language of the `Crm`.

    Args of each: `store`: a code, default all stores together; `since` and `until`: local dates, inclusive; `months`: this one and
    those before it, default 3, not together with dates.

    Raises, each: CRM-U113 no such store, CRM-U401 months and dates together, CRM-U402 the period ends before it begins.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def csi(
        self,
        *surveys: str,
        store: str | None = None,
        since: date | None = None,
        until: date | None = None,
        months: int | None = None,
    ) -> Csi:
        """Satisfaction by these questionnaires, default all; CRM-U404 there is none of this code."""
        return self._gather().csi(self._frame(store, since, until, months), surveys)

    def board(
        self,
        *,
        store: str | None = None,
        since: date | None = None,
        until: date | None = None,
        months: int | None = None,
    ) -> Board:
        """Complaints that are open, and those of the period."""
        return self._gather().board(self._frame(store, since, until, months))

    def calls(
        self,
        *,
        store: str | None = None,
        since: date | None = None,
        until: date | None = None,
        months: int | None = None,
    ) -> Calls:
        """The worklist, and what calls came to."""
        return self._gather().calls(self._frame(store, since, until, months))

    def _gather(self) -> reporting.Reports:
        from crmcore.flows.reporting import Reports as Gathering

        return Gathering(self._crm.db, self._crm.config, self._crm.clock, self._crm.lang)

    def _frame(self, store: str | None, since: date | None, until: date | None, months: int | None) -> Frame:
        chosen = None if store is None else self._crm.store(store)
        return self._gather().frame(chosen, since=since, until=until, months=months)
