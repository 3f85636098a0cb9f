"""Rows of a source that could not be used: `crm.rejects`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows.rejects import Rejected


class Rejects:
    """Each with its place, its reason and the row itself, until it is mended in the source or dismissed here."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def find(
        self, state: Literal["OPEN", "MENDED", "DISMISSED"] | None = "OPEN", source: str | None = None
    ) -> tuple[Rejected, ...]:
        """Those in this state, None: all, of one source ("main") or of all; the oldest first."""
        from crmcore.flows import rejects

        return tuple(rejects.find(self._crm.db, state=state, source_name=source))

    def retry(self, *rejects: str) -> int:
        """Have the next sync read these again ("J3"), default: all that are open; how many they are. CRM-S220 no such one."""
        from crmcore.flows.rejects import retry

        return retry(self._crm.db, rejects or None)

    def dismiss(self, *rejects: str) -> int:
        """They are not wanted; how many they are. CRM-S220 no such one."""
        from crmcore.flows.rejects import dismiss

        return dismiss(self._crm.db, rejects)
