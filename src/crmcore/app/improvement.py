"""The improvement plan and the meetings about it: `crm.actions`, `crm.meetings`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from crmcore.errors import UsageError
from crmcore.types.complaint import ActionStatus, MeetingKind
from crmcore.types.improvement import Action, Meeting
from crmcore.types.survey import Side

if TYPE_CHECKING:
    from crmcore.app.crm import Crm
    from crmcore.flows.improve import Measured
    from crmcore.flows.meetings import Agenda


class Actions:
    """From a weak score or a complaint to the wave that measures what was done about it."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def find(
        self,
        states: Collection[ActionStatus] = (ActionStatus.OPEN, ActionStatus.DOING, ActionStatus.DONE),
        store: str | None = None,
    ) -> tuple[Action, ...]:
        """Rows in one of these states, none named: in any; the most urgent first. CRM-U113 there is no such store."""
        from crmcore.flows import improve

        code = "" if store is None else self._crm.store(store).code
        return improve.find(self._crm.db, states=states, store=code)

    def get(self, action: str) -> Action:
        """One row, "B3"; CRM-U132 there is none."""
        from crmcore.flows import improve

        found = improve.find(self._crm.db, states=(), numbers=[_number(action)])
        if not found:
            raise UsageError("CRM-U132", id=action)
        return found[0]

    def add(
        self,
        factor: str,
        *,
        cause: str,
        measure: str,
        responsible: str,
        supervisor: str,
        due_on: date,
        survey: str = "",
        item: str = "",
        wave: str = "",
        side: Side | None = None,
        about: str = "",
        target: Decimal | None = None,
        priority: int = 2,
        cases: Collection[str] = (),
        store: str | None = None,
    ) -> Action:
        """A new row, out of a weak score or of complaints.

        Args:
            factor / item: of the questionnaire; without `survey` any words.
            wave: the one that was weak; its score is looked up.
            about: the colleague whose work it is about.
            target: an index, from 0 to 100.
            priority: 1 is the most urgent, 3 the least.
            cases: complaints, "K3".

        Raises:
            UsageError: CRM-U130 no such questionnaire, factor, item, wave or priority; CRM-U131 and CRM-T501 no such case; CRM-U134
                the target is no index; CRM-U113 no such store.
        """
        from crmcore.flows import improve
        from crmcore.flows.casework import number_of

        crm = self._crm
        plan = improve.Plan(
            store=crm.store(store).code,
            factor=factor,
            cause=cause,
            measure=measure,
            responsible=responsible,
            supervisor=supervisor,
            due_on=due_on,
            survey=survey,
            item=item,
            wave=wave,
            side=side or "",
            staff=about,
            target=target,
            priority=priority,
            cases=tuple(number_of(case) for case in cases),
        )
        number = improve.add(crm.db, plan, crm.config.surveys, crm.config.scores, crm.clock)
        return self.get(f"B{number}")

    def move(self, action: str, to: ActionStatus) -> Action:
        """Take a row on; CRM-U132 there is none, CRM-U133 it is past that."""
        from crmcore.flows import improve

        improve.move(self._crm.db, _number(action), to, self._crm.clock)
        return self.get(action)

    def measure(self) -> tuple[Measured, ...]:
        """Hold what was done against the next wave: moved, or noise; what moved up is VERIFIED."""
        from crmcore.flows import improve

        return improve.measure(self._crm.db, self._crm.config.surveys, self._crm.config.scores, self._crm.clock)


class Meetings:
    """What lies on the table, and the record that is left."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def sheet(
        self, kind: MeetingKind, since: date | None = None, until: date | None = None, store: str | None = None
    ) -> Agenda:
        """What a meeting goes through; no customer is named.

        Args:
            until: default: today; `since`: the first of the seven days that end with it.
            store: default the first; CRM-U113 for another.
        """
        from crmcore.flows.meetings import agenda

        crm = self._crm
        return agenda(crm.db, kind, crm.store(store), since, until, crm.config.rework, crm.clock)

    def find(self, kind: MeetingKind | None = None, store: str | None = None, limit: int = 200) -> tuple[Meeting, ...]:
        """Records, the latest first; CRM-U113 there is no such store."""
        from crmcore.flows import meetings

        code = "" if store is None else self._crm.store(store).code
        return meetings.find(self._crm.db, kind=kind, store=code, limit=limit)

    def add(
        self,
        kind: MeetingKind,
        *,
        held_on: date | None = None,
        chair: str = "",
        attendees: Collection[str] = (),
        record: str = "",
        wave: str = "",
        actions: Collection[str] = (),
        store: str | None = None,
    ) -> Meeting:
        """Keep the record of a meeting, with the rows of the plan that it decided ("B3").

        Args:
            held_on: default: today.

        Raises:
            UsageError: CRM-U132 no such row, CRM-U113 no such store.
        """
        from crmcore.flows import meetings

        crm = self._crm
        number = meetings.record(
            crm.db,
            kind,
            store=crm.store(store),
            held_on=held_on,
            chair=chair,
            attendees=attendees,
            said=record,
            actions=[_number(action) for action in actions],
            clock=crm.clock,
            wave=wave,
        )
        return meetings.find(crm.db, numbers=[number])[0]


def _number(action: str) -> int:
    from crmcore.flows.casework import number_of

    return number_of(action, "B", "CRM-U132")
