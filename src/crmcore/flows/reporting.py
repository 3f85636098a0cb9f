"""report: what each page is given, from the configuration and the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs

from crmcore.config import Config
from crmcore.db.engine import Database
from crmcore.errors import UsageError
from crmcore.flows.report_head import Frame, frame
from crmcore.hooks.adapters import Clock
from crmcore.reports.board import Board
from crmcore.reports.calls import Calls
from crmcore.reports.csi import Csi
from crmcore.rules.score.rates import inverse
from crmcore.rules.score.scores import Score
from crmcore.types.store import Store
from crmcore.types.visit import ReworkBasis

_REPAIRS = {
    "first_time_fix_same_fault": ReworkBasis.SAME_FAULT,
    "first_time_fix_dms_flag": ReworkBasis.DMS_FLAG,
}


@attrs.frozen
class Reports:
    """The facts of the pages; `lang` is that of their words."""

    db: Database
    config: Config
    clock: Clock
    lang: str

    def frame(
        self,
        store: Store | None = None,
        *,
        since: date | None = None,
        until: date | None = None,
        months: int | None = None,
    ) -> Frame:
        """Which store (None: all of them) and which days; default: this month and the two before it."""
        stores = self.config.stores if store is None else (store,)
        return frame(stores, self.clock.now(), since=since, until=until, months=months, lang=self.lang)

    def csi(self, frame: Frame, surveys: Sequence[str] = ()) -> Csi:
        """Satisfaction by these questionnaires, default all; raises `UsageError` CRM-U404 for one that is not configured."""
        from crmcore.flows.report_csi import csi

        known = self.config.surveys
        for code in surveys:
            if code not in known:
                raise UsageError("CRM-U404", survey=code, known=", ".join(known))
        wanted = {code: known[code] for code in surveys or known}
        return csi(
            self.db,
            wanted,
            self.config.scores,
            frame,
            first_fix=self.config.rework.question,
            repairs=self._repairs(frame),
            lang=self.lang,
        )

    def board(self, frame: Frame) -> Board:
        """Complaints that are open, and those of the period."""
        from crmcore.flows.report_board import board

        return board(self.db, self.config.categories, self.config.complaints.repeat_days, frame, lang=self.lang)

    def calls(self, frame: Frame) -> Calls:
        """The worklist, and what calls came to."""
        from crmcore.flows.calls import call_quality
        from crmcore.flows.report_calls import calls

        quality = call_quality(self.db, self.config, frame, lang=self.lang)
        return calls(self.db, self.config.rules, quality, frame, lang=self.lang)

    def _repairs(self, frame: Frame) -> tuple[Score, ...]:
        """First-time fix by orders: as their lines tell it, and as the DMS marks it where it does."""
        from crmcore.flows.rework import look_up

        policy, period = self.config.rework, frame.period
        told = [look_up(self.db, policy, store, period.since, period.until, self.clock).rates for store in frame.stores]
        came, heard = [each.returned for each in told], [each.heard for each in told]
        scores = []
        for metric, basis in _REPAIRS.items():
            returned, orders = (sum(each.get(basis, 0) for each in stores) for stores in (came, heard))
            if orders:
                scores.append(inverse(metric)(returned, orders, self.config.scores))
        return tuple(scores)
