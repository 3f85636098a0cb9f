"""What is to be mended, and the meetings that decide it (S3: 改善计划; domain: 改善, 会议)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import attrs

from crmcore.types.complaint import ActionStatus, MeetingKind
from crmcore.types.survey import Side

__all__ = ["Action", "Meeting"]


@attrs.frozen(kw_only=True)
class Action:
    """One row of the improvement plan; scores are indices, from 0 to 100.

    Attributes:
        factor / item: of the questionnaire; without `survey` any words, e.g. a complaint's category.
        wave: the one that was weak, with `last_score` as it was then.
        side: whose survey; None: both.
        staff: the colleague whose work it is about; None: everybody's.
        priority: 1 is the most urgent, 3 the least.
        result_wave / result_score / verdict: what a later wave says of it: MOVED_UP, MOVED_DOWN, NOISE or TOO_FEW; "": nothing yet.
        cases: the complaints it comes from.
    """

    id: str
    store: str
    factor: str
    item: str = ""
    survey: str = ""
    wave: str = ""
    side: Side | None = None
    staff: str | None = None
    cause: str
    measure: str
    responsible: str
    supervisor: str
    due_on: date
    priority: int = 2
    status: ActionStatus = ActionStatus.OPEN
    last_score: Decimal | None = None
    target_score: Decimal | None = None
    result_wave: str = ""
    result_score: Decimal | None = None
    verdict: str = ""
    cases: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Meeting:
    """The record of a meeting.

    Attributes:
        chair / attendees: staff codes.
        wave: the round of a survey it was about.
        record: what was said; may name colleagues, not customers.
        actions: the rows of the plan that it decided or went through.
    """

    id: str
    store: str
    kind: MeetingKind
    held_on: date
    chair: str | None = None
    attendees: tuple[str, ...] = ()
    wave: str = ""
    record: str = attrs.field(default="", repr=False)
    actions: tuple[str, ...] = ()
